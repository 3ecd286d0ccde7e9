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
    /// The candidate never became healthy, or failed after the switch.
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

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The README's table is what scripts are written by.
    #[test]
    fn exit_codes_are_the_documented_ones() {
        let readme = include_str!("../README.md");
        let row = |kind: Kind, words: &str| {
            let line = format!("| {} | {words}", kind.exit_code());
            assert!(readme.contains(&line), "README has no line {line:?}");
        };
        row(Kind::Unexpected, "unexpected");
        row(Kind::Usage, "usage");
        row(Kind::Rejected, "the gate said no");
        row(Kind::Unhealthy, "the candidate never became healthy");
        row(Kind::Aborted, "aborted");
        row(Kind::Busy, "another driver");
        row(Kind::Changed, "the cluster was changed");
        row(Kind::NotPermitted, "not permitted");
        row(Kind::Unreachable, "the cluster can't be reached");
        row(Kind::Unfit, "the app can't be released");
        row(Kind::NothingToDo, "nothing to do");
        assert_eq!(Kind::Interrupted(2).exit_code(), 130);
        assert_eq!(Kind::Interrupted(15).exit_code(), 143);
    }

    #[test]
    fn an_error_says_what_why_and_the_next_command() {
        let error = Error::new(Kind::Unfit, "it can't").because("a").because("b").hint("try");
        assert_eq!(error.to_string(), "error: it can't\ncaused by: a\ncaused by: b\nhint: try");
    }
}
