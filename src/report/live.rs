//! Progress in a terminal: lines settle one after the other, what is under way moves below them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use console::{Style, Term};

use super::heard::Heard;
use super::redraw::Redraw;
use super::text::{glyphs, text_begins, wrap};
use super::view::{Settled, View};
use super::words::{Commands, Mark};
use crate::clean::clean;
use crate::event::Event;

const REDRAW: Duration = Duration::from_millis(100);

pub struct Live {
    region: Redraw,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    view: View,
    /// The last event's time; before the first there is nothing to show.
    heard: Option<Heard>,
}

impl Live {
    pub fn new(commands: Commands) -> Live {
        let shown = Arc::new(Mutex::new(Shown { view: View::new(commands), heard: None }));
        let drawn = Arc::clone(&shown);
        let text = move || {
            let shown = drawn.lock().expect("no holder panics");
            let region = shown.heard.map(|heard| shown.view.region(heard.now(), width()));
            painted(&region.unwrap_or_default())
        };
        let region = Redraw::new(Term::stderr(), REDRAW, text);
        Live { region, shown }
    }

    pub fn event(&mut self, event: &Event) {
        let settled = {
            let mut shown = self.shown.lock().expect("no holder panics");
            shown.heard = Some(Heard::just(event.at));
            shown.view.take(event)
        };
        self.region.settle(settled.iter().map(written));
    }
}

fn width() -> usize {
    usize::from(Term::stderr().size().1)
}

/// The first line with its moving mark in colour; of the others what has a name is to be read, the
/// rest is dimmed.
fn painted(lines: &[String]) -> String {
    let (mark, dim) = (Style::new().cyan().for_stderr(), Style::new().dim().for_stderr());
    let mut painted = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        painted.push(match (line.split_once(' '), line.split_at_checked(text_begins(line))) {
            (Some((frame, rest)), _) if i == 0 => format!("{} {rest}", mark.apply_to(frame)),
            (_, Some((name, text))) if !name.trim().is_empty() => {
                format!("{}{text}", dim.apply_to(name))
            }
            _ => dim.apply_to(line).to_string(),
        });
    }
    painted.join("\n")
}

fn written(settled: &Settled) -> String {
    let glyphs = glyphs();
    let style = Style::new().for_stderr();
    let (mark, style) = match settled.line.mark {
        Mark::Good => (glyphs.good, style.green()),
        Mark::Bad => (glyphs.bad, style.red()),
        Mark::News => (glyphs.news, style.yellow()),
        Mark::More => (" ", style),
    };
    let text = clean(&settled.line.text);
    let took = settled.took.as_ref().map(|took| format!(" ({took})")).unwrap_or_default();
    let lines = wrap(&format!("{text}{took}"), width().saturating_sub(3).max(8), 0);
    let last = lines.len().saturating_sub(1);
    let dim = Style::new().dim().for_stderr();
    let mut written = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let mark = if i == 0 { style.apply_to(mark) } else { style.apply_to(" ") };
        // The time that it took is less important than what happened.
        let line = match line.strip_suffix(took.trim_start()).filter(|_| i == last) {
            Some(text) if !took.is_empty() => {
                format!("{text}{}", dim.apply_to(took.trim_start()))
            }
            _ => line.clone(),
        };
        written.push(format!("{mark} {line}"));
    }
    written.join("\n")
}
