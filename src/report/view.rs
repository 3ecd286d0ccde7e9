//! What a terminal shows of a command in progress: lines that have settled, and below them the wait
//! that is under way. Pure: the time is given.

use jiff::Timestamp;

use super::text::{glyphs, lasted, wrap};
use super::words::{self, Commands, Line, Mark};
use crate::clean::clean;
use crate::event::{Event, What};
use crate::release::Action;
use crate::release::plan::WaitFor;

/// A settled line, with the time that it took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settled {
    pub line: Line,
    pub took: Option<String>,
}

pub struct View {
    commands: Commands,
    /// When the last line settled: the steps follow one another.
    last: Option<Timestamp>,
    preview: Option<String>,
    running: Option<Running>,
}

/// What is under way, and since when.
struct Running {
    what: Under,
    since: Timestamp,
}

enum Under {
    Step(Action),
    Wait { on: WaitFor, until: Option<Timestamp> },
    Away { why: String },
}

impl View {
    pub fn new(commands: Commands) -> View {
        View { commands, last: None, preview: None, running: None }
    }

    /// Takes an event in; what has settled with it.
    pub fn take(&mut self, event: &Event) -> Vec<Settled> {
        let since = *self.last.get_or_insert(event.at);
        match &event.what {
            What::Doing(action) => self.run(Under::Step(action.clone()), event.at),
            What::Waiting { on, until } => {
                self.run(Under::Wait { on: on.clone(), until: *until }, event.at);
            }
            What::Unreachable { why } => self.run(Under::Away { why: why.clone() }, event.at),
            What::Preview { address } => self.preview = Some(address.clone()),
            What::GateAsked { .. } if !self.is_at_the_gate() => {
                self.run(Under::Wait { on: WaitFor::Answer, until: None }, event.at);
            }
            What::Reachable | What::Ended { .. } | What::Failed { .. } => self.running = None,
            // One that is part of a wait leaves that as it is.
            What::Done(_) if self.is_at_a_step() => self.running = None,
            _ => {}
        }
        let lines = words::settled(&event.what);
        if !lines.is_empty() {
            self.last = Some(event.at);
        }
        let took = lasted(event.at.duration_since(since));
        lines
            .into_iter()
            .map(|line| {
                let took = (line.mark == Mark::Good).then(|| took.clone());
                Settled { line, took }
            })
            .collect()
    }

    fn is_at_the_gate(&self) -> bool {
        let running = self.running.as_ref().map(|running| &running.what);
        matches!(running, Some(Under::Wait { on: WaitFor::Gate { .. }, .. }))
    }

    fn is_at_a_step(&self) -> bool {
        self.running.as_ref().is_some_and(|running| matches!(running.what, Under::Step(_)))
    }

    fn run(&mut self, what: Under, now: Timestamp) {
        // A write of the count, or the next try, is part of the wait that is shown.
        match (&what, &mut self.running) {
            (Under::Step(action), Some(_)) if action.is_part_of_a_wait() => {}
            (Under::Wait { on, .. }, Some(running)) if running.is_like(on) => running.what = what,
            (Under::Away { .. }, Some(running)) if matches!(running.what, Under::Away { .. }) => {
                running.what = what;
            }
            _ => self.running = Some(Running { what, since: now }),
        }
    }

    /// The lines of what is under way, none longer than the terminal is wide.
    pub fn region(&self, now: Timestamp, width: usize) -> Vec<String> {
        let Some(running) = &self.running else { return Vec::new() };
        let frames = glyphs().frames;
        let elapsed = now.duration_since(running.since);
        let frame = elapsed.as_millis().max(0) / 100 % frames.len() as i128;
        let frame = frames[usize::try_from(frame).unwrap_or_default()];
        let (head, below) = self.sentences(running, now);
        let head = format!("{frame} {head} ({})", lasted(elapsed));
        // One column less: a full line makes some terminals begin another.
        let width = width.saturating_sub(1).max(8);
        let mut lines = wrap(&clean(&head), width, 2);
        for line in below {
            lines.extend(wrap(&format!("  {}", clean(&line)), width, 4));
        }
        lines.extend(self.choices(running).iter().map(|line| clean(line)));
        lines
    }

    /// What a person may type meanwhile: whole lines, so that they can be pasted.
    fn choices(&self, running: &Running) -> Vec<String> {
        let Under::Wait { on, .. } = &running.what else { return Vec::new() };
        let Commands { promote, abort } = &self.commands;
        match words::is_a_decision(on) {
            true => vec![format!("  yes      {promote}"), format!("  no       {abort}")],
            false => Vec::new(),
        }
    }

    fn sentences(&self, running: &Running, now: Timestamp) -> (String, Vec<String>) {
        match &running.what {
            Under::Step(action) => (words::would(action), Vec::new()),
            Under::Away { why } => (words::away(why), Vec::new()),
            Under::Wait { on, until } => {
                let (head, mut below) = words::waiting(on, *until, now);
                if words::is_a_decision(on) {
                    let preview = self.preview.as_ref();
                    below.extend(preview.map(|address| format!("preview  {address}")));
                }
                (head, below)
            }
        }
    }
}

impl Running {
    /// Whether it is the same wait, with other numbers.
    fn is_like(&self, on: &WaitFor) -> bool {
        let Under::Wait { on: was, .. } = &self.what else { return false };
        std::mem::discriminant(was) == std::mem::discriminant(on)
            || words::is_a_decision(was) && words::is_a_decision(on)
            || words::is_about_a_driver(was) && words::is_about_a_driver(on)
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
