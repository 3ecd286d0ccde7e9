//! A part of the terminal that is drawn again and again in its place.

use std::fmt;
use std::io::{self, Write as _};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use tokio::task::AbortHandle;

use super::region::Region;

pub struct Redraw {
    bar: ProgressBar,
    canvas: Canvas,
    stops: Option<AbortHandle>,
}

impl Redraw {
    /// `text` is what it shows at that moment; it is asked at least so often.
    pub fn new(
        term: Term,
        every: Duration,
        text: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> Redraw {
        let draw = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            // It goes into a string, which takes it.
            let _ = out.write_str(&text());
        };
        let style = ProgressStyle::with_template("{text}").expect("it is a valid template");
        let canvas = Canvas { term, drawing: Arc::default() };
        let target = ProgressDrawTarget::term_like(Box::new(canvas.clone()));
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style.with_key("text", draw));
        bar.enable_steady_tick(every);
        let stops = stops(canvas.clone(), bar.clone());
        Redraw { bar, canvas, stops }
    }

    /// Lines that stay, above it.
    pub fn settle(&self, lines: impl IntoIterator<Item = String>) {
        self.canvas.drawing().settled.extend(lines);
        self.redraw();
    }

    pub fn redraw(&self) {
        // Its `tick` leaves that to the steady one.
        self.bar.force_draw();
    }
}

/// Leaves the terminal to the shell while the process is suspended (Ctrl-Z), and comes back.
#[cfg(unix)]
fn stops(canvas: Canvas, bar: ProgressBar) -> Option<AbortHandle> {
    use rustix::process::{Signal, getpid, kill_process};
    use tokio::signal::unix::{SignalKind, signal};

    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw())).ok()?;
    let task = tokio::spawn(async move {
        while stop.recv().await.is_some() {
            canvas.drawing().is_hidden = true;
            bar.force_draw();
            // What the signal does where nobody listens for it.
            let _ = kill_process(getpid(), Signal::STOP);
            canvas.drawing().is_hidden = false;
            bar.force_draw();
        }
    });
    Some(task.abort_handle())
}

#[cfg(not(unix))]
fn stops(_: Canvas, _: ProgressBar) -> Option<AbortHandle> {
    None
}

impl Drop for Redraw {
    fn drop(&mut self) {
        self.stops.iter().for_each(AbortHandle::abort);
        self.bar.finish_and_clear();
    }
}

/// Takes indicatif's lines and none of its movements: it counts the rows that it has written and
/// fills them to the right edge, and both are wrong after a resize.
#[derive(Clone, Debug)]
struct Canvas {
    term: Term,
    drawing: Arc<Mutex<Drawing>>,
}

#[derive(Default, Debug)]
struct Drawing {
    settled: Vec<String>,
    lines: Vec<String>,
    region: Region,
    is_hidden: bool,
}

impl Canvas {
    fn drawing(&self) -> MutexGuard<'_, Drawing> {
        self.drawing.lock().expect("no holder panics")
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
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
        // What is blank only fills a line.
        if !text.trim_matches(' ').is_empty() {
            self.drawing().lines.push(text.to_owned());
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let (height, width) = self.term.size();
        let mut drawing = self.drawing();
        let (settled, mut lines) = (take(&mut drawing.settled), take(&mut drawing.lines));
        if drawing.is_hidden {
            lines.clear();
        }
        let text = drawing.region.draw(&settled, lines, (height.into(), width.into()));
        (&self.term).write_all(text.as_bytes())
    }
}
