//! How text is written for a person: so that it fits the terminal.

use jiff::SignedDuration;

use crate::clean::UNICODE;

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
/// below in line with the text. A command and an address stay whole, so that they can be pasted.
pub fn fitted(line: &str, width: Option<usize>) -> Vec<String> {
    let plain = console::strip_ansi_codes(line);
    let is_whole = ["bluegreen ", "kubectl ", "://"].iter().any(|it| plain.contains(it));
    match width {
        Some(width) if !is_whole => wrap(line, width, text_begins(&plain)),
        _ => vec![line.to_owned()],
    }
}

/// Where the text of `  name      text` begins, before whose name a mark may stand; of other lines,
/// where what is below them does.
pub fn text_begins(line: &str) -> usize {
    let Some(rest) = line.strip_prefix("  ") else { return 2 };
    let (mark, named) = match rest.split_once(' ') {
        Some((mark, named)) if mark.chars().count() == 1 => (2, named),
        _ => (0, rest),
    };
    let name = named.find(' ').unwrap_or(named.len());
    let gap = named[name..].chars().take_while(|c| *c == ' ').count();
    if gap > 1 { 2 + mark + named[..name].chars().count() + gap } else { 2 }
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
        let checked = "  ✓ quota    there is room for two";
        let below = "             for two";
        assert_eq!(fitted(checked, Some(28)), ["  ✓ quota    there is room", below]);
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
