//! Text from outside, a cluster's, a webhook's or a file's, as it may be shown: what would move the
//! cursor, colour the terminal, turn the reading direction or hide is shown and not obeyed.

use std::fmt::Write;
use std::sync::LazyLock;

/// Whether the locale has more than ASCII; by the same variables, in the same order, as libc.
pub static UNICODE: LazyLock<bool> = LazyLock::new(|| {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = variables.into_iter().filter_map(|name| std::env::var(name).ok());
    is_utf8(locale.into_iter().find(|value| !value.is_empty()).as_deref())
});

fn is_utf8(locale: Option<&str>) -> bool {
    let Some(locale) = locale else { return cfg!(not(unix)) };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// On one line, as this terminal can show it.
pub fn clean(text: &str) -> String {
    cleaned(text, *UNICODE)
}

fn cleaned(text: &str, unicode: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = colour(rest);
        match c {
            // Programs colour what they log, and without the colour it reads as it was meant.
            _ if colour > 0 => {}
            '\t' | '\n' | '\r' => shown.push(' '),
            c if is_obeyed(c) => shown.extend(c.escape_unicode()),
            c if c.is_ascii() || unicode => shown.push(c),
            _ => shown.push('?'),
        }
        rest = &rest[colour.max(c.len_utf8())..];
    }
    shown
}

/// The length of the sequence that sets a colour or a style, if one begins here.
fn colour(text: &str) -> usize {
    let parameters = text.strip_prefix("\u{1b}[").or_else(|| text.strip_prefix('\u{9b}'));
    let Some(parameters) = parameters else { return 0 };
    let after = parameters.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == ':');
    match after.strip_prefix('m') {
        Some(after) => text.len() - after.len(),
        None => 0,
    }
}

/// JSON, whose strings say the same with such characters escaped: serde escapes only the ASCII ones.
/// They stand in strings alone.
pub fn json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if is_obeyed(c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                // A String takes what it is given.
                let _ = write!(plain, "\\u{unit:04x}");
            }),
            c => plain.push(c),
        }
    }
    plain
}

/// What a terminal does something about, instead of showing it, or what shows as nothing at all.
fn is_obeyed(c: char) -> bool {
    let turns = matches!(
        c,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    // Two that join letters are part of some languages, and of pictures: 200c and 200d.
    let hides = matches!(
        c,
        '\u{00ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    c.is_control() || turns || breaks || hides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_unicode_if_it_says_so() {
        assert!(is_utf8(Some("en_GB.UTF-8")) && is_utf8(Some("C.utf8")));
        assert!(!is_utf8(Some("C")) && !is_utf8(Some("de_DE.ISO-8859-1")));
        assert_eq!(is_utf8(None), cfg!(not(unix)));
    }

    #[test]
    fn what_would_be_obeyed_is_shown() {
        for (text, shown) in [
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("\u{1b}]8;;http://x\u{1b}\\x", r"\u{1b}]8;;http://x\u{1b}\x"),
            ("\u{9b}2J\u{9d}0;t\u{9c}", r"\u{9b}2J\u{9d}0;t\u{9c}"),
            ("\u{1b}P1\u{7f}\u{8}", r"\u{1b}P1\u{7f}\u{8}"),
            ("a\u{202e}b\u{2066}c\u{200b}d", r"a\u{202e}b\u{2066}c\u{200b}d"),
            ("\u{1b}", r"\u{1b}"),
            ("\u{1b}[31", r"\u{1b}[31"),
            ("a\tb\r\nc", "a b  c"),
            ("ü 🦜", "ü 🦜"),
        ] {
            assert_eq!(cleaned(text, true), shown);
            assert_eq!(cleaned(shown, true), shown, "what is clean stays as it is");
        }
        assert_eq!(cleaned("ü\u{202e}", false), r"?\u{202e}");
    }

    #[test]
    fn colours_go() {
        let text = "\u{1b}[1;31mpanic\u{1b}[0m: \u{1b}[38:5:1mno\u{9b}m perch\u{1b}[m";
        assert_eq!(cleaned(text, true), "panic: no perch");
    }

    #[test]
    fn json_says_the_same_without_such_characters() {
        let said = "\u{1b}[31m \u{9b}31m \u{7f} \u{202e} \u{2028} \u{e0041} ü";
        let text = serde_json::json!({"said": said}).to_string();
        assert!(text.chars().any(is_obeyed));
        let text = json(&text);
        assert!(!text.chars().any(is_obeyed), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["said"], said);
    }
}
