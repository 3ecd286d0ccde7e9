//! Progress in a terminal: lines settle one after the other, what is under way moves below them.

use std::fmt;
use std::io::{self, Write as _};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use console::{Style, Term};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use jiff::{SignedDuration, Timestamp};

use super::region::Region;
use super::text::{clean, glyphs, wrap};
use super::view::{Settled, View};
use super::words::{Commands, Mark};
use crate::event::Event;

const REDRAW: Duration = Duration::from_millis(100);

pub struct Live {
    bar: ProgressBar,
    shown: Arc<Mutex<Shown>>,
    canvas: Canvas,
}

struct Shown {
    view: View,
    /// The last event's time, and when it came: the clock of what is shown.
    at: Option<(Timestamp, Instant)>,
}

impl Shown {
    fn now(&self) -> Timestamp {
        let Some((at, came)) = self.at else { return Timestamp::UNIX_EPOCH };
        at + SignedDuration::try_from(came.elapsed()).unwrap_or_default()
    }
}

impl Live {
    pub fn new(commands: Commands) -> Live {
        let shown = Arc::new(Mutex::new(Shown { view: View::new(commands), at: None }));
        let region = Arc::clone(&shown);
        let draw = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let shown = region.lock().expect("no holder panics");
            let lines = shown.view.region(shown.now(), width());
            let lines: Vec<String> = lines.iter().map(|line| clean(line)).collect();
            // It goes into a string, which takes it.
            let _ = out.write_str(&painted(&lines));
        };
        let style = ProgressStyle::with_template("{region}").expect("it is a valid template");
        let canvas = Canvas::default();
        let target = ProgressDrawTarget::term_like(Box::new(canvas.clone()));
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style.with_key("region", draw));
        bar.enable_steady_tick(REDRAW);
        Live { bar, shown, canvas }
    }

    pub fn event(&mut self, event: &Event) {
        // Held together: a picture in between would show a line twice, or not at all.
        let mut canvas = self.canvas.drawing();
        let settled = {
            let mut shown = self.shown.lock().expect("no holder panics");
            shown.at = Some((event.at, Instant::now()));
            shown.view.take(event)
        };
        canvas.settled.extend(settled.iter().map(written));
        drop(canvas);
        self.bar.force_draw();
    }
}

/// What settled stays; what was under way goes.
impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Takes indicatif's lines, and none of its movements: it counts the rows that it has written, and
/// fills them to the right edge, which is wrong after a resize.
#[derive(Clone, Default, Debug)]
struct Canvas(Arc<Mutex<Drawing>>);

#[derive(Default, Debug)]
struct Drawing {
    settled: Vec<String>,
    lines: Vec<String>,
    region: Region,
}

impl Canvas {
    fn drawing(&self) -> MutexGuard<'_, Drawing> {
        self.0.lock().expect("no holder panics")
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        Term::stderr().size().1
    }

    fn height(&self) -> u16 {
        Term::stderr().size().0
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        // The others fill the line.
        if !text.trim_matches(' ').is_empty() {
            self.drawing().lines.push(text.to_owned());
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let (height, width) = Term::stderr().size();
        let mut drawing = self.drawing();
        let (settled, lines) = (take(&mut drawing.settled), take(&mut drawing.lines));
        let text = drawing.region.draw(&settled, lines, (height.into(), width.into()));
        io::stderr().write_all(text.as_bytes())
    }
}

fn width() -> usize {
    usize::from(Term::stderr().size().1)
}

/// The first line with its moving mark in colour, the others dimmed.
fn painted(lines: &[String]) -> String {
    let (mark, dim) = (Style::new().cyan().for_stderr(), Style::new().dim().for_stderr());
    let mut painted = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        painted.push(match line.split_once(' ').filter(|_| i == 0) {
            Some((frame, rest)) => format!("{} {rest}", mark.apply_to(frame)),
            None => dim.apply_to(line).to_string(),
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
