//! A resize as most terminals do it (those of GNOME and Windows, kitty, tmux, …), which vt100 can't:
//! a line that the right edge broke is one line, and broken anew; the cursor stays at its letter.

use vt100::{Parser, Screen};

/// The lines of a screen; what the right edge broke is one.
pub fn lines(screen: &Screen) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut broken = false;
    for (row, text) in (0..).zip(screen.rows(0, screen.size().1.get())) {
        match lines.last_mut().filter(|_| broken) {
            Some(line) => line.push_str(&text),
            None => lines.push(text),
        }
        broken = screen.row_wrapped(row);
    }
    lines
}

/// Whether the cursor is where a line begins, as ours is between two pictures.
pub fn is_between_pictures(screen: &Screen) -> bool {
    let (row, column) = screen.cursor_position();
    column == 0 && (row == 0 || !screen.row_wrapped(row - 1))
}

/// What `old` shows, in `new`. The cursor must be where a line begins.
pub fn reflow(old: &Parser, mut new: Parser) -> Parser {
    let (screen, columns) = (old.screen(), usize::from(new.screen().size().1.get()));
    let (row, _) = screen.cursor_position();
    let above = (0..row).filter(|row| !screen.row_wrapped(*row)).count();

    let mut lines = lines(screen);
    let used = lines.iter().rposition(|line| !line.trim_end().is_empty()).map_or(0, |i| i + 1);
    lines.truncate(used.max(above + 1));
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    new.process(lines.join("\r\n").as_bytes());
    let height = |line: &&str| line.chars().count().div_ceil(columns).max(1);
    let all: usize = lines.iter().map(height).sum();
    let gone = all.saturating_sub(new.screen().size().0.get().into());
    let row = lines[..above].iter().map(height).sum::<usize>().saturating_sub(gone);
    new.process(format!("\x1b[{};1H", row + 1).as_bytes());
    new
}
