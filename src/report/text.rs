//! How text is written for a person: nothing in it can move the cursor, and it fits the terminal.

use std::sync::LazyLock;

use jiff::SignedDuration;

/// Whether the locale has more than ASCII; by the same variables, in the same order, as libc.
static UNICODE: LazyLock<bool> = LazyLock::new(|| {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = variables.into_iter().filter_map(|name| std::env::var(name).ok());
    is_utf8(locale.into_iter().find(|value| !value.is_empty()).as_deref())
});

fn is_utf8(locale: Option<&str>) -> bool {
    let Some(locale) = locale else { return cfg!(not(unix)) };
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The marks that lines begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glyphs {
    pub good: &'static str,
    pub bad: &'static str,
    pub news: &'static str,
    pub frames: &'static [&'static str],
}

pub fn glyphs() -> Glyphs {
    match *UNICODE {
        true => Glyphs {
            good: "✓",
            bad: "✗",
            news: "•",
            frames: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
        },
        false => Glyphs { good: "+", bad: "x", news: "*", frames: &["|", "/", "-", "\\"] },
    }
}

/// Text from a cluster or a webhook, as this terminal can show it: it can't move the cursor, colour
/// the terminal or turn the reading direction.
pub fn clean(text: &str) -> String {
    cleaned(text, *UNICODE)
}

fn cleaned(text: &str, unicode: bool) -> String {
    // Programs colour what they log: that is no text.
    let text = console::strip_ansi_codes(text);
    let other = if unicode { '\u{fffd}' } else { '?' };
    let shown = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if c.is_control() || turns(c) => other,
        c if c.is_ascii() || unicode => c,
        _ => other,
    };
    text.chars().map(shown).collect()
}

/// The characters that turn the reading direction.
fn turns(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Broken at words to a width, or within a word that has no room; the later lines indented.
pub fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let indent = " ".repeat(indent.min(width / 2));
    let options = textwrap::Options::new(width.max(1))
        .subsequent_indent(&indent)
        // Names and images have hyphens of their own.
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let lines = textwrap::wrap(text, options).into_iter().map(|line| line.into_owned());
    let mut style = String::new();
    lines.map(|line| styled_alone(&line, &mut style)).collect()
}

/// A line of a text, by itself: with the style that is on where it begins, which then ends with it.
fn styled_alone(line: &str, style: &mut String) -> String {
    let begins = style.clone();
    for (code, is_code) in console::AnsiCodeIterator::new(line) {
        match code {
            "\u{1b}[0m" => style.clear(),
            code if is_code => *style += code,
            _ => {}
        }
    }
    let ends = if style.is_empty() { "" } else { "\u{1b}[0m" };
    format!("{begins}{line}{ends}")
}

/// A line as a terminal of this width, if there is one, shows it best: broken at words, what is
/// below in line with the text. A command stays whole, so that it can be pasted.
pub fn fitted(line: &str, width: Option<usize>) -> Vec<String> {
    let plain = console::strip_ansi_codes(line);
    match width {
        Some(width) if !plain.contains("bluegreen ") && !plain.contains("kubectl ") => {
            wrap(line, width, text_begins(&plain))
        }
        _ => vec![line.to_owned()],
    }
}

/// Where the text of `  name      text` begins; of other lines, where what is below them does.
pub fn text_begins(line: &str) -> usize {
    let Some(rest) = line.strip_prefix("  ") else { return 2 };
    let name = rest.find(' ').unwrap_or(rest.len());
    let gap = rest[name..].chars().take_while(|c| *c == ' ').count();
    if gap > 1 { 2 + rest[..name].chars().count() + gap } else { 2 }
}

/// `20ms`, `4.3s`, `12s`, `4m 05s`, `2h 10m`.
pub fn lasted(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0 => format!("{}ms", duration.as_millis().max(0)),
        1..=9 => format!("{:.1}s", duration.as_secs_f64().max(0.0)),
        10..=59 => format!("{seconds}s"),
        60..=3599 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// A time that is still to come, in whole seconds.
pub fn left(duration: SignedDuration) -> String {
    whole(duration.as_secs_f64().max(0.0).ceil() as i64)
}

/// A time that has passed, in whole seconds.
pub fn ago(duration: SignedDuration) -> String {
    format!("{} ago", whole(duration.as_secs().max(0)))
}

fn whole(seconds: i64) -> String {
    match seconds {
        0..=9 => format!("{seconds}s"),
        _ => lasted(SignedDuration::from_secs(seconds)),
    }
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
    fn nothing_can_move_the_cursor() {
        let evil = "a\u{1b}[2J\u{9b}1m\r\u{7f}\u{202e}\tb\nü";
        assert_eq!(cleaned(evil, true), "a \u{fffd}\u{fffd} b ü");
        assert_eq!(cleaned(evil, false), "a ?? b ?");
        // What is no whole sequence, or none that is known, is still no control character.
        for evil in
            ["\u{1b}", "a\u{1b}", "\u{1b}]8;;http://x\u{7}x", "\u{1b}P1", "\u{1b}[31", "\u{9b}"]
        {
            assert!(!cleaned(evil, true).chars().any(char::is_control), "{evil:?}");
        }
    }

    #[test]
    fn durations_are_as_long_as_they_need_to_be() {
        let said = |millis| lasted(SignedDuration::from_millis(millis));
        assert_eq!(said(-5), "0ms");
        assert_eq!(said(340), "340ms");
        assert_eq!(said(4_340), "4.3s");
        assert_eq!(said(12_900), "12s");
        assert_eq!(said(245_000), "4m 05s");
        assert_eq!(said(7_800_000), "2h 10m");
        assert_eq!(left(SignedDuration::from_millis(6_200)), "7s");
        assert_eq!(left(SignedDuration::from_millis(9_500)), "10s");
        assert_eq!(left(SignedDuration::from_secs(-3)), "0s");
        assert_eq!(ago(SignedDuration::from_millis(6_900)), "6s ago");
    }

    #[test]
    fn a_line_fits_the_terminal() {
        let row = "  live       green  parrot-app:v1.2, 1 of 1 ready";
        assert_eq!(fitted(row, None), [row]);
        let below = "             parrot-app:v1.2, 1";
        assert_eq!(fitted(row, Some(32))[..2], ["  live       green", below]);
        assert_eq!(fitted("caused by: a b", Some(12)), ["caused by: a", "  b"]);
        assert_eq!(fitted("  pod a:  b c", Some(11)), ["  pod a:  b", "  c"]);
        let command = "  yes        bluegreen promote parrot -n birds";
        assert_eq!(fitted(command, Some(20)), [command]);
        let red = "  \u{1b}[31mred all the way\u{1b}[0m";
        let lines = ["  \u{1b}[31mred all\u{1b}[0m", "\u{1b}[31m  the way\u{1b}[0m"];
        assert_eq!(fitted(red, Some(11)), lines);
    }

    #[test]
    fn long_lines_are_broken_at_words() {
        let text = "waiting for the gate: not yet";
        assert_eq!(wrap(text, 20, 2), ["waiting for the", "  gate: not yet"]);
        assert_eq!(
            wrap("kmharish/parrot-app:v2.2", 10, 2),
            ["kmharish", "  /parrot-", "  app:v2.2"]
        );
    }
}
