//! What varies from run to run, replaced by what is always the same.

use std::sync::LazyLock;

use regex::Regex;

/// In order. All but the times keep their length: where lines are broken stays true, but for a time that
/// ends a line, which its length may bring onto the next.
static VARIES: LazyLock<[(Regex, &str); 9]> = LazyLock::new(|| {
    let all = [
        (r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", "⠋"),
        (r"\bbed-\d{3}\b", "bed-NNN"),
        (r"\(pid(\s+)\d{5}\)", "(pid${1}NNNNN)"),
        (r"127\.0\.0\.1:\d{5}\b", "127.0.0.1:NNNNN"),
        (r"\b(parrot-green-[0-9a-z]+)-[0-9a-z]{5}\b", "$1-xxxxx"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "DATE"),
        (r"\b\d\d:\d\d:\d\dZ", "HH:MM:SSZ"),
        (r"\b(\d+ms|\d+\.\ds|\d+s|\d+m \d\ds|\d+h \d\dm)\b", "#s"),
        (r"(?m)\n  \(#s\)$", " (#s)"),
    ];
    all.map(|(pattern, usual)| (Regex::new(pattern).expect("a valid pattern"), usual))
});

pub fn usual(text: &str) -> String {
    let mut text = text.to_owned();
    for (varies, usual) in VARIES.iter() {
        text = varies.replace_all(&text, *usual).into_owned();
    }
    text
}
