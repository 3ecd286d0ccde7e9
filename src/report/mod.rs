//! Events and results, as a person or a program reads them. Progress goes to stderr, results to
//! stdout.

mod status;
mod words;

use std::io::Write;

use clap::ColorChoice;
use console::Style;
use serde::Serialize;

pub use status::{status, unprepared};

use crate::cli::Output;
use crate::error::Error;
use crate::event::{Event, What};
use crate::release::plan::Step;
use words::clean;

/// What happens, said as it happens.
pub struct Reporter<'a> {
    output: Output,
    /// Words the command line of a verb.
    command: &'a dyn Fn(&str) -> String,
}

impl<'a> Reporter<'a> {
    pub fn new(output: Output, command: &'a dyn Fn(&str) -> String) -> Reporter<'a> {
        Reporter { output, command }
    }

    pub fn event(&mut self, event: &Event) {
        match self.output {
            Output::Json => json(event),
            Output::Human => {
                let time = event.at.strftime("%H:%M:%S");
                for line in words::lines(&event.what, self.command) {
                    let line = clean(&line);
                    let style = match &event.what {
                        What::Unreachable { .. } => Style::new().yellow(),
                        _ => Style::new(),
                    };
                    say(&format!("{time}  {}", style.for_stderr().apply_to(line)));
                }
            }
        }
    }
}

/// Colours as asked for; otherwise where there is a terminal and `NO_COLOR` is not set.
pub fn set_colours(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => {}
        ColorChoice::Always => {
            console::set_colors_enabled(true);
            console::set_colors_enabled_stderr(true);
        }
        ColorChoice::Never => {
            console::set_colors_enabled(false);
            console::set_colors_enabled_stderr(false);
        }
    }
}

/// The line that a command ends with. In JSON the last event has said it already.
pub fn result(output: Output, line: &str) {
    if output == Output::Human {
        print(&clean(line));
    }
}

pub fn json(value: &impl Serialize) {
    print(&plain(&serde_json::to_string(value).expect("what is reported is plain data")));
}

/// JSON whose text can't move the cursor or colour the terminal: serde escapes only the ASCII ones
/// of the characters that could. They stand in strings alone.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' => plain += &format!("\\u{:04x}", u32::from(c)),
            c => plain.push(c),
        }
    }
    plain
}

pub fn error(error: &Error) {
    let red = Style::new().red().bold().for_stderr();
    let text = error.to_string();
    let text = text.lines().map(clean).collect::<Vec<_>>().join("\n");
    let rest = text.strip_prefix("error:").unwrap_or(&text);
    say(&format!("{}{rest}", red.apply_to("error:")));
}

pub fn rehearsal(step: &Step) -> String {
    let id = step.write.id();
    format!("would {} {id}: {}", step.write.verb(), words::would(&step.doing))
}

/// Nobody reads any more: that is no failure of the release.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_control_characters() {
        let said = "\u{1b}[31m \u{9b}31m \u{7f} ü";
        let json = serde_json::json!({"said": said}).to_string();
        assert!(json.chars().any(char::is_control));
        let json = plain(&json);
        assert!(!json.chars().any(char::is_control), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["said"], said);
    }
}
