//! A resize as most terminals do it (those of GNOME and Windows, kitty, tmux, …), which vt100 can't:
//! a line that the right edge broke is one line, and broken anew; the cursor stays at its letter.

use vt100::{Parser, Screen};

/// What `old` shows, in `new`.
pub fn reflow(old: &Parser, mut new: Parser) -> Parser {
    let (screen, columns) = (old.screen(), columns(new.screen()));
    let (row, column) = screen.cursor_position();
    let (mut lines, mut broken) = (Vec::<String>::new(), false);
    // The line that the cursor is in, and how far.
    let mut cursor = (0, 0);
    for (i, text) in screen.rows(0, screen.size().1.get()).enumerate() {
        if !broken {
            lines.push(String::new());
        }
        if i == usize::from(row) {
            let before = lines.last().map_or(0, |line| line.chars().count());
            cursor = (lines.len() - 1, before + usize::from(column));
        }
        let line = lines.last_mut().expect("the first row begins a line");
        line.push_str(&text);
        broken = screen.row_wrapped(u16::try_from(i).expect("few rows"));
    }
    let used = lines.iter().rposition(|line| !line.trim_end().is_empty()).map_or(0, |i| i + 1);
    lines.truncate(used.max(cursor.0 + 1));

    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    new.process(lines.join("\r\n").as_bytes());
    let height = |line: &&str| line.chars().count().div_ceil(columns).max(1);
    let above: usize = lines[..cursor.0].iter().map(height).sum();
    let all: usize = lines.iter().map(height).sum();
    let gone = all.saturating_sub(new.screen().size().0.get().into());
    let row = (above + cursor.1 / columns).saturating_sub(gone);
    new.process(format!("\x1b[{};{}H", row + 1, cursor.1 % columns + 1).as_bytes());
    new
}

fn columns(screen: &Screen) -> usize {
    screen.size().1.get().into()
}
