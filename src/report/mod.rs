//! Events and results, as a person or a program reads them. Progress goes to stderr, results to
//! stdout.

mod checks;
mod heard;
mod history;
mod live;
mod paper;
mod picture;
mod plain;
mod redraw;
mod region;
mod status;
mod text;
mod view;
mod why;
mod words;

use clap::ColorChoice;
use console::Style;
use serde::Serialize;

pub use checks::checks;
pub use history::history;
pub use paper::{Paper, Stream, is_read, is_watched, onto};
pub use picture::Picture;
pub use status::status;
pub use text::lasted;
pub use words::Commands;

use crate::clean::{self, clean};
use crate::cli::Output;
use crate::error::Error;
use crate::event::{Event, What};
use crate::release::plan::Step;
use live::Live;
use plain::Plain;
use text::fitted;

/// What happens, said as it happens.
pub enum Reporter {
    Json,
    Plain(Plain),
    Live(Live),
}

impl Reporter {
    pub fn new(output: Output, commands: Commands) -> Reporter {
        match output {
            Output::Json => Reporter::Json,
            Output::Human if is_live(Stream::Err) => Reporter::Live(Live::new(commands)),
            Output::Human => Reporter::Plain(Plain::new(commands)),
        }
    }

    pub fn event(&mut self, event: &Event) {
        match self {
            Reporter::Json => json(event),
            Reporter::Live(live) => live.event(event),
            Reporter::Plain(plain) => {
                plain.lines(event).iter().for_each(|line| say(&clean(line)));
            }
        }
    }
}

/// What an outage has to say beside a picture.
pub fn beside(what: &What) -> Vec<String> {
    match what {
        What::Unreachable { why } => vec![words::away(why)],
        what => words::settled(what).into_iter().map(|line| line.text).collect(),
    }
}

/// Whether what was written can be rewritten in place: in a terminal that knows how, with a person
/// before it.
fn is_live(stream: Stream) -> bool {
    stream.is_terminal() && !is_ci() && !is_dumb()
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(&*value, "" | "0" | "false"))
}

fn is_dumb() -> bool {
    match std::env::var("TERM") {
        Ok(terminal) => terminal == "dumb",
        Err(_) => cfg!(unix),
    }
}

/// Colours as asked for; otherwise where there is a terminal and `NO_COLOR` is not set.
pub fn set_colours(choice: ColorChoice) {
    match choice {
        // A CI's log may pass for a terminal.
        ColorChoice::Auto if is_ci() => set_colours(ColorChoice::Never),
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
        line.lines().for_each(|line| print_fitted(&clean(line)));
    }
}

/// Something that has to be known before it begins, whatever form the output has: it goes to stderr.
pub fn notice(line: &str) {
    fitted(&clean(line), Stream::Err.width()).iter().for_each(|line| say(line));
}

pub fn json(value: &impl Serialize) {
    print(&clean::json(&serde_json::to_string(value).expect("what is reported is plain data")));
}

/// What was asked for itself, not a word about it.
pub fn document(text: &str) {
    print(text);
}

pub fn error(error: &Error) {
    let red = Style::new().red().bold().for_stderr();
    let width = Stream::Err.width();
    let parts = std::iter::once(("error", &error.what))
        .chain(error.causes.iter().map(|cause| ("caused by", cause)))
        .chain(error.hints.iter().map(|hint| ("hint", hint)));
    for (label, text) in parts {
        let label = match label {
            "error" => red.apply_to("error:").to_string(),
            label => format!("{label}:"),
        };
        let mut lines = text.lines().map(clean);
        let first = lines.next().unwrap_or_default();
        fitted(&format!("{label} {first}"), width).iter().for_each(|line| say(line));
        // A part of a file as it stands there. Nothing that is quoted can pass for a line of ours.
        lines.for_each(|line| say(&format!("  {line}")));
    }
}

pub fn dry_run(step: &Step) -> String {
    let id = step.write.id();
    clean(&format!("would {} {id}: {}", step.write.verb(), words::would(&step.action)))
}

fn print_fitted(line: &str) {
    fitted(line, Stream::Out.width()).iter().for_each(|line| print(line));
}

fn print(line: &str) {
    Stream::Out.line(line);
}

fn say(line: &str) {
    Stream::Err.line(line);
}
