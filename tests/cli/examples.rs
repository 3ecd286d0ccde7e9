//! The examples in a help, as command lines.

/// Of a help's text, as a shell would join their lines.
pub fn of(help: &str) -> Vec<String> {
    let Some((_, examples)) = help.split_once("\nExamples:\n") else { return Vec::new() };
    let joined = examples.replace("\\\n", "");
    let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// What a shell makes of a line: quotes hold words together, and where the output goes is not for the
/// program to see.
pub fn words(line: &str) -> Vec<String> {
    let line = line.split(" > ").next().unwrap_or_default();
    let line = line.split(" | ").next().unwrap_or_default();
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}
