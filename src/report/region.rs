//! The lines that move, and how a terminal gets from one picture of them to the next.
//!
//! The cursor rests where they begin. A terminal that is resized breaks the lines anew, or cuts
//! them off, and how many rows they take then is its secret; but it keeps the cursor where it was in
//! the text, and what has to go is everything from there on.

use std::fmt::Write;

use console::measure_text_width;

const ERASE_BELOW: &str = "\x1b[J";
const ERASE_RIGHT: &str = "\x1b[K";
/// What fits when it is written may not fit any more when it arrives. It is cut off then rather than
/// broken: a row more, and the cursor would not get back to where the region begins.
const CUT: &str = "\x1b[?7l";
const BREAK: &str = "\x1b[?7h";
/// Every so many pictures everything is drawn anew: somebody may have typed into it.
const AFRESH: u32 = 50;

#[derive(Default, Debug)]
pub struct Region {
    lines: Vec<String>,
    width: usize,
    drawn: u32,
}

impl Region {
    /// What to write so that `settled` stays above, and below it stands `lines`.
    pub fn draw(
        &mut self,
        settled: &[String],
        mut lines: Vec<String>,
        (height, width): (usize, usize),
    ) -> String {
        let mut rows = 0;
        lines.retain(|line| {
            rows += height_of(line, width);
            rows <= height
        });
        self.drawn = (self.drawn + 1) % AFRESH;
        let same_place = settled.is_empty() && width == self.width && self.drawn != 0;
        let changes = if same_place { self.changes(&lines) } else { None };
        let text = changes.unwrap_or_else(|| {
            let mut text = format!("\r{ERASE_BELOW}");
            for line in settled {
                text += &format!("{line}\r\n");
            }
            let written = lines.iter().map(|line| match height_of(line, width) {
                1 => format!("{CUT}{line}{BREAK}"),
                _ => line.clone(),
            });
            text += &written.collect::<Vec<_>>().join("\r\n");
            let rows: usize = lines.iter().map(|line| height_of(line, width)).sum();
            text + &back(rows.saturating_sub(1))
        });
        self.lines = lines;
        self.width = width;
        text
    }

    /// Only what is different, so that what somebody marks to copy it is left alone; if each line
    /// keeps its rows.
    fn changes(&self, lines: &[String]) -> Option<String> {
        if lines.len() != self.lines.len() {
            return None;
        }
        let mut text = String::from("\r");
        // Where the cursor is, and where the line begins.
        let (mut at, mut row) = (0, 0);
        for (old, new) in self.lines.iter().zip(lines) {
            if old != new {
                // At the right edge a cursor stands on the last letter, which would be erased.
                if [old, new].into_iter().any(|line| measure_text_width(line) >= self.width) {
                    return None;
                }
                if row > at {
                    let _ = write!(text, "\x1b[{}B", row - at);
                }
                let _ = write!(text, "{CUT}{new}{BREAK}{ERASE_RIGHT}\r");
                at = row;
            }
            row += height_of(old, self.width);
        }
        Some(text + &back(at))
    }
}

/// To the beginning of the line that is so many rows above.
fn back(rows: usize) -> String {
    if rows == 0 { "\r".to_owned() } else { format!("\r\x1b[{rows}A") }
}

fn height_of(line: &str, width: usize) -> usize {
    measure_text_width(line).div_ceil(width.max(1)).max(1)
}

#[cfg(test)]
#[path = "region_tests.rs"]
mod tests;
