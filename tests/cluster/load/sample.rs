//! What is written down of one request.

use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Sample {
    /// When it was due, since the start of the load.
    pub at: Duration,
    /// From then to the end of its answer: a request that had to wait for its turn waited.
    pub took: Duration,
    pub connection: Connection,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Connection {
    /// Of its own.
    Fresh,
    Kept,
    /// One that the server closed under the request, before any of the answer: as every reload of
    /// nginx does to some kept-alive ones. The outcome is that of its retry on a fresh one.
    Reopened,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Answered { status: u16, version: Arc<str> },
    Failed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// No connection was to be had.
    Connect,
    /// The connection ended before an answer.
    Closed,
    /// The connection ended within the answer.
    CutOff,
    TimedOut,
}

impl Sample {
    /// When its answer was there, or it had failed.
    pub fn done(&self) -> Duration {
        self.at + self.took
    }

    pub fn failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Answered { status: 200..=299, .. })
    }

    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Answered { status, .. } => Some(status),
            Outcome::Failed(_) => None,
        }
    }

    /// Whether a pod of this version gave the answer.
    pub fn is_of(&self, tag: &str) -> bool {
        matches!(&self.outcome, Outcome::Answered { status: 200..=299, version } if **version == *tag)
    }
}
