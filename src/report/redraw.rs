//! A part of the terminal that is drawn again and again in its place.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

pub struct Redraw(ProgressBar);

impl Redraw {
    /// `text` is what it shows at that moment; it is asked at least so often.
    pub fn new(
        target: ProgressDrawTarget,
        every: Duration,
        text: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> Redraw {
        let draw = move |_: &ProgressState, out: &mut dyn Write| {
            // Nobody can be told that a terminal does not take it.
            let _ = out.write_str(&text());
        };
        let style = ProgressStyle::with_template("{text}").expect("it is a valid template");
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style.with_key("text", draw));
        bar.enable_steady_tick(every);
        Redraw(bar)
    }

    /// Lines that stay, above it.
    pub fn settle(&self, lines: &str) {
        self.0.println(lines);
    }

    pub fn redraw(&self) {
        self.0.tick();
    }
}

impl Drop for Redraw {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
