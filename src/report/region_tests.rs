use std::num::NonZeroU16;

use super::*;

const WIDE: u16 = 30;
const HIGH: u16 = 6;

struct Screen {
    terminal: vt100::Parser,
    region: Region,
}

impl Screen {
    fn new() -> Screen {
        let size = |n| NonZeroU16::new(n).unwrap();
        let terminal = vt100::Parser::new(size(HIGH), size(WIDE), 100);
        Screen { terminal, region: Region::default() }
    }

    fn draw(&mut self, settled: &[&str], lines: &[&str]) -> String {
        let own = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let (height, width) = self.terminal.screen().size();
        let size = (height.get().into(), width.get().into());
        let text = self.region.draw(&own(settled), own(lines), size);
        self.terminal.process(text.as_bytes());
        text
    }

    fn shows(&self) -> String {
        self.terminal.screen().contents().trim_end().to_owned()
    }
}

#[test]
fn lines_settle_above_what_moves() {
    let mut screen = Screen::new();
    screen.draw(&[], &["| one", "  more"]);
    assert_eq!(screen.shows(), "| one\n  more");
    screen.draw(&["+ one"], &["| two"]);
    assert_eq!(screen.shows(), "+ one\n| two");
    screen.draw(&["+ two"], &[]);
    assert_eq!(screen.shows(), "+ one\n+ two");
    // Whatever is written next stands where the region was.
    screen.terminal.process(b"$");
    assert_eq!(screen.shows(), "+ one\n+ two\n$");
}

#[test]
fn only_what_is_different_is_written() {
    let mut screen = Screen::new();
    let long = "  yes  bluegreen promote parrot -n birds";
    screen.draw(&[], &["| a (1)", long, "  b"]);
    let text = screen.draw(&[], &["/ a (2)", long, "  c"]);
    assert!(!text.contains("promote"), "{text:?}");
    assert_eq!(screen.shows(), format!("/ a (2)\n{long}\n  c"));
    assert_eq!(screen.terminal.screen().cursor_position(), (0, 0));
    screen.draw(&[], &["- a", "  no", "  c"]);
    assert_eq!(screen.shows(), "- a\n  no\n  c");
}

/// Which this terminal does not know: its lines fit.
#[test]
fn what_fits_is_never_broken() {
    let mut screen = Screen::new();
    let long = "  yes  bluegreen promote parrot -n birds";
    let text = screen.draw(&["+ settled"], &["| a (1)", long]);
    assert!(text.contains("\x1b[?7l| a (1)\x1b[?7h"), "{text:?}");
    assert!(text.contains("J+ settled\r\n"), "{text:?}");
    assert!(text.contains(&format!("\n{long}\r")), "{text:?}");
    let text = screen.draw(&[], &["/ a (2)", long]);
    assert!(text.contains("\x1b[?7l/ a (2)\x1b[?7h"), "{text:?}");
}

#[test]
fn a_line_as_wide_as_the_terminal_keeps_its_last_letter() {
    let mut screen = Screen::new();
    let full = "x".repeat(WIDE.into());
    screen.draw(&[], &["| a", "  b"]);
    screen.draw(&[], &["/ a", &full]);
    assert_eq!(screen.shows(), format!("/ a\n{full}"));
    screen.draw(&[], &["- a", &full]);
    assert_eq!(screen.shows(), format!("- a\n{full}"));
}

#[test]
fn what_is_higher_than_the_terminal_is_cut() {
    let mut screen = Screen::new();
    screen.draw(&["+ settled"], &["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(screen.shows(), "1\n2\n3\n4\n5\n6");
    screen.draw(&[], &["|"]);
    assert_eq!(screen.shows(), "|");
    screen.terminal.screen_mut().set_scrollback(1);
    assert_eq!(screen.shows(), "+ settled\n|");
}

#[test]
fn what_somebody_types_goes_after_a_while() {
    let mut screen = Screen::new();
    screen.draw(&["+ settled"], &["| a", "  b"]);
    screen.terminal.process(b"\r\n");
    for _ in 0..AFRESH {
        screen.draw(&[], &["| a", "  b"]);
    }
    assert_eq!(screen.shows(), "+ settled\n| a\n| a\n  b");
}
