//! What happens in the course of a command, as data: reporters turn it into lines or JSON.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::model::Kind;
use crate::release::status::Status;
use crate::release::{Doing, News, Outcome, WaitFor};

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Event {
    #[serde(flatten)]
    pub what: What,
    /// By the API server's clock.
    pub at: Timestamp,
    pub app: String,
    pub release: Option<u64>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum What {
    /// A write is about to be sent.
    Doing(Doing),
    /// The API server has acknowledged it.
    Done(Doing),
    /// Nothing to do until something changes.
    Waiting {
        on: WaitFor,
        until: Option<Timestamp>,
    },
    /// What another process did to the release.
    News(News),
    /// What the app looks like now, for whoever watches it.
    Seen(Box<Status>),
    /// The candidate can be looked at.
    Preview {
        address: String,
    },
    GateAsked {
        gate: String,
    },
    GateAnswered {
        answer: String,
        said: String,
    },
    /// The last lines of a container that keeps the candidate from being ready.
    Logs {
        pod: String,
        container: String,
        lines: Vec<String>,
    },
    /// The API server does not answer; the command goes on when it does.
    Unreachable {
        why: String,
    },
    Reachable,
    /// A step that a release would take: checked by the API server, not carried out.
    #[serde(rename = "dry-run")]
    Rehearsed {
        #[serde(flatten)]
        doing: Doing,
        verb: &'static str,
        kind: Kind,
        name: String,
        write: Value,
    },
    /// The command is over.
    Ended {
        outcome: Outcome,
    },
    /// It can't go on; stderr has the same in words.
    Failed {
        exit_code: u8,
        error: String,
        causes: Vec<String>,
    },
}

impl What {
    pub fn failed(error: &Error) -> What {
        What::Failed {
            exit_code: error.kind.exit_code(),
            error: error.what.clone(),
            causes: error.causes.clone(),
        }
    }
}
