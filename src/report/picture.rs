//! A status that stays current: redrawn in its place in a terminal, else printed again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use console::Term;
use jiff::Timestamp;

use super::heard::Heard;
use super::redraw::Redraw;
use super::status::{Next, lines, status};
use super::text::fitted;
use super::{Stream, is_live, print_fitted, say};
use crate::clean::clean;
use crate::release::status::Status;

/// The ages in it are counted on.
const REDRAW: Duration = Duration::from_secs(1);

pub struct Picture(Manner);

enum Manner {
    Printed,
    Drawn { region: Redraw, shown: Arc<Mutex<Option<Shown>>> },
}

struct Shown {
    status: Status,
    next: Next,
    heard: Heard,
}

impl Shown {
    fn lines(&self) -> Vec<String> {
        lines(&self.status, self.heard.now(), &self.next)
    }
}

impl Picture {
    pub fn here() -> Picture {
        if !is_live(Stream::Out) {
            return Picture(Manner::Printed);
        }
        let shown = Arc::new(Mutex::new(None::<Shown>));
        let drawn = Arc::clone(&shown);
        let text = move || {
            let shown = drawn.lock().expect("no holder panics");
            let lines = shown.as_ref().map(Shown::lines).unwrap_or_default();
            let width = usize::from(Term::stdout().size().1);
            let lines = lines.iter().flat_map(|line| fitted(line, Some(width)));
            lines.collect::<Vec<_>>().join("\n")
        };
        let region = Redraw::new(Term::stdout(), REDRAW, text);
        Picture(Manner::Drawn { region, shown })
    }

    pub fn show(&mut self, new: &Status, at: Timestamp, command: &dyn Fn(&str) -> String) {
        match &self.0 {
            Manner::Printed => status(new, at, command),
            Manner::Drawn { region, shown } => {
                let (next, heard) = (Next::of(new, command), Heard::just(at));
                let new = Shown { status: new.clone(), next, heard };
                *shown.lock().expect("no holder panics") = Some(new);
                region.redraw();
            }
        }
    }

    /// Something that has to be known beside it.
    pub fn note(&mut self, text: &str) {
        match &self.0 {
            Manner::Printed => say(&clean(text)),
            Manner::Drawn { region, .. } => region.settle([clean(text)]),
        }
    }

    /// The last picture stays.
    pub fn leave(self) {
        let Manner::Drawn { region, shown } = self.0 else { return };
        drop(region);
        let shown = shown.lock().expect("no holder panics");
        shown.iter().flat_map(Shown::lines).for_each(|line| print_fitted(&line));
    }
}
