//! Where lines go: to this process's streams, or to whoever runs a command line in a process of his
//! own.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Results.
    Out,
    /// Progress, and errors.
    Err,
}

/// Takes each line as it is said.
pub type Paper = Arc<dyn Fn(Stream, &str) + Send + Sync>;

tokio::task_local! {
    static PAPER: Paper;
}

/// Runs what prints, with its lines put down there. It is not at a terminal then.
pub async fn onto<T>(paper: Option<Paper>, printing: impl Future<Output = T>) -> T {
    match paper {
        Some(paper) => PAPER.scope(paper, printing).await,
        None => printing.await,
    }
}

/// Whether a result could not be written any more.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether somebody may still read the results.
pub fn is_read() -> bool {
    !IS_CLOSED.load(Ordering::Relaxed)
}

impl Stream {
    pub(super) fn line(self, line: &str) {
        let put_down = PAPER.try_with(|paper| paper(self, line));
        let written = match (put_down, self) {
            (Ok(()), _) => Ok(()),
            (Err(_), Stream::Out) => writeln!(std::io::stdout(), "{line}"),
            (Err(_), Stream::Err) => writeln!(std::io::stderr(), "{line}"),
        };
        // Nobody reads any more: that is no failure of the release.
        if written.is_err() && self == Stream::Out {
            IS_CLOSED.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_terminal(self) -> bool {
        let is_paper = PAPER.try_with(|_| ()).is_ok();
        !is_paper
            && match self {
                Stream::Out => std::io::stdout().is_terminal(),
                Stream::Err => std::io::stderr().is_terminal(),
            }
    }

    /// Of its terminal, if it is one.
    pub(super) fn width(self) -> Option<usize> {
        let terminal = match self {
            Stream::Out => Term::stdout(),
            Stream::Err => Term::stderr(),
        };
        self.is_terminal().then(|| terminal.size().1.into())
    }
}

/// Whether somebody may see progress at once, and act on it.
pub fn is_watched() -> bool {
    Stream::Err.is_terminal()
}
