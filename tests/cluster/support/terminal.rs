//! A terminal with a program in it, and what it shows.
//!
//! ```ignore
//! let mut terminal = Terminal::start(command, 100)?;
//! terminal.shows("waiting for approval").await?;
//! terminal.resize(40, Resize::BreaksAnew).await?;
//! terminal.type_keys("\x03")?;
//! assert_eq!(terminal.ends().await?, 130);
//! ```

mod reflow;
mod usual;

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
pub use portable_pty::CommandBuilder;
use portable_pty::{Child, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use usual::usual;

pub const ROWS: u16 = 30;
/// Lines that have left the screen at its top are kept.
const SCROLLBACK: usize = 1000;
/// Past this what is waited for does not come.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a screen is looked at. Longer than the program takes between two pictures, so that two
/// looks at the same are not two at half a picture.
const LOOK: Duration = Duration::from_millis(150);

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    line: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<Shown>>,
}

/// What becomes of lines that are longer than a new width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resize {
    /// As most terminals do it.
    BreaksAnew,
    /// As xterm does it: what is right of the edge is lost.
    Cuts,
}

struct Shown {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Terminal {
    pub fn start(command: CommandBuilder, columns: u16) -> Result<Self> {
        let pair = native_pty_system().openpty(size(columns))?;
        let child = pair.slave.spawn_command(command)?;
        // Else its end would never show.
        drop(pair.slave);
        let parser = parser(columns);
        let shown = Arc::new(Mutex::new(Shown { parser, raw: Vec::new(), ended: false }));
        let mut from = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let sink = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut chunk = [0u8; 4096];
            while let Ok(n @ 1..) = from.read(&mut chunk) {
                let mut shown = lock(&sink);
                shown.raw.extend_from_slice(&chunk[..n]);
                shown.parser.process(&chunk[..n]);
            }
            lock(&sink).ended = true;
        });
        Ok(Self { child, line: pair.master, keys, shown })
    }

    pub fn type_keys(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes()).context("nobody reads what is typed")
    }

    pub async fn resize(&self, columns: u16, manner: Resize) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !self.resize_between_pictures(columns, manner).await? {
            ensure!(Instant::now() < end, "the cursor is in a line:\n{}", self.screen());
        }
        Ok(())
    }

    /// While the program is stopped and all that it wrote has been read: what was written for one
    /// width and arrives at another is another story, which takes a terminal that can do more.
    async fn resize_between_pictures(&self, columns: u16, manner: Resize) -> Result<bool> {
        let pid = self.pid()?;
        kill_process(pid, Signal::STOP)?;
        self.is_suspended().await?;
        let resized = self.resize_now(columns, manner);
        kill_process(pid, Signal::CONT)?;
        resized
    }

    fn pid(&self) -> Result<Pid> {
        let pid = self.child.process_id().and_then(|id| Pid::from_raw(id as i32));
        pid.context("it has ended already")
    }

    /// Waits until it has stopped, and all that it wrote has been read.
    pub async fn is_suspended(&self) -> Result<()> {
        let stat = format!("/proc/{}/stat", self.pid()?.as_raw_nonzero());
        let end = Instant::now() + PATIENCE;
        let mut read = None;
        // Its name, in brackets, then its state.
        while !std::fs::read_to_string(&stat)?.contains(") T ")
            || read.replace(self.raw().len()) != Some(self.raw().len())
        {
            ensure!(Instant::now() < end, "it goes on:\n{}", self.screen());
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    pub fn goes_on(&self) -> Result<()> {
        Ok(kill_process(self.pid()?, Signal::CONT)?)
    }

    fn resize_now(&self, columns: u16, manner: Resize) -> Result<bool> {
        let mut shown = lock(&self.shown);
        if !reflow::is_between_pictures(shown.parser.screen()) {
            return Ok(false);
        }
        match manner {
            Resize::BreaksAnew => {
                shown.parser = reflow::reflow(&shown.parser, parser(columns));
            }
            Resize::Cuts => shown.parser.set_size(nonzero(ROWS), nonzero(columns)),
        }
        self.line.resize(size(columns)).map(|()| true)
    }

    /// Waits until the screen shows `text`, however it is broken into lines, and is at rest.
    pub async fn shows(&self, text: &str) -> Result<String> {
        self.rests(text, |screen| words(screen).contains(text)).await
    }

    /// Waits until `text` has gone, and the screen is at rest.
    pub async fn shows_no(&self, text: &str) -> Result<String> {
        self.rests(text, |screen| !words(screen).contains(text)).await
    }

    async fn rests(&self, what: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        let mut last = String::new();
        loop {
            let (screen, ended) = {
                let shown = lock(&self.shown);
                (contents(&shown.parser), shown.ended)
            };
            if fits(&screen) && (ended || screen == last) {
                return Ok(screen);
            }
            if ended || Instant::now() > end {
                bail!("{what:?} is not what this shows (ended: {ended}):\n{screen}");
            }
            last = screen;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Its exit code, when it ends by itself.
    pub async fn ends(&mut self) -> Result<u32> {
        let end = Instant::now() + PATIENCE;
        loop {
            // What it said last has to be read as well.
            if lock(&self.shown).ended
                && let Some(status) = self.child.try_wait()?
            {
                return Ok(status.exit_code());
            }
            if Instant::now() > end {
                bail!("it does not end:\n{}", self.screen());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// The screen as text, with the usual values in place of what varies.
    pub fn screen(&self) -> String {
        contents(&lock(&self.shown).parser)
    }

    /// The screen with its colours, nothing replaced.
    pub fn painted(&self) -> String {
        lock(&self.shown).parser.screen().contents_formatted_basic()
    }

    /// All that was written to it.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&lock(&self.shown).raw).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(|error| error.into_inner())
}

/// The screen with the usual values; what the right edge broke is broken there again.
fn contents(parser: &vt100::Parser) -> String {
    let lines = reflow::lines(parser.screen());
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    let columns = usize::from(parser.screen().size().1.get());
    let text = usual(&lines.join("\n"));
    let broken: Vec<String> = text.lines().map(|line| broken(line, columns)).collect();
    broken.join("\n").trim_end().to_owned()
}

fn broken(line: &str, columns: usize) -> String {
    let letters: Vec<char> = line.chars().collect();
    let rows = letters.chunks(columns).map(|row| row.iter().collect::<String>());
    rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// On one line, so that it does not matter where the lines of a screen end.
fn words(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn parser(columns: u16) -> vt100::Parser {
    vt100::Parser::new(nonzero(ROWS), nonzero(columns), SCROLLBACK)
}

fn nonzero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has rows and columns")
}

fn size(columns: u16) -> PtySize {
    PtySize { rows: ROWS, cols: columns, ..PtySize::default() }
}
