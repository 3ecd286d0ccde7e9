//! How a command fails: what, why, and the next command. Few kinds, each with an exit code.

use std::fmt;

/// The kinds of failures. The exit codes are an interface: scripts rely on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Unexpected,
    /// Usage, or a file that can't be understood or asks for what we don't do.
    Usage,
    /// The gate said no, or threshold or deadline passed: the candidate was destroyed.
    Rejected,
    /// The candidate never became healthy, or went bad after the switch.
    Unhealthy,
    Aborted,
    /// Another driver holds the release, or took it over.
    Busy,
    /// The cluster was changed under us.
    Changed,
    NotPermitted,
    Unreachable,
    /// The app can't be released as it is.
    Unfit,
    /// Nothing to do, or not in that state.
    NothingToDo,
    /// By a signal: 128 and its number.
    Interrupted(u8),
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Unexpected => 1,
            Kind::Usage => 2,
            Kind::Rejected => 3,
            Kind::Unhealthy => 4,
            Kind::Aborted => 5,
            Kind::Busy => 6,
            Kind::Changed => 7,
            Kind::NotPermitted => 8,
            Kind::Unreachable => 9,
            Kind::Unfit => 10,
            Kind::NothingToDo => 11,
            Kind::Interrupted(signal) => 128 + signal,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Error {
    pub kind: Kind,
    pub what: String,
    pub causes: Vec<String>,
    /// Each a command that works when pasted, or a sentence that says what to do.
    pub hints: Vec<String>,
}

impl Error {
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), causes: Vec::new(), hints: Vec::new() }
    }

    pub fn because(mut self, cause: impl Into<String>) -> Error {
        self.causes.push(cause.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        for cause in &self.causes {
            write!(f, "\ncaused by: {cause}")?;
        }
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}
