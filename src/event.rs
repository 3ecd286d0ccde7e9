//! What happens in the course of a command, as data: reporters turn it into lines or JSON. The doc
//! comments of what is serialised are the descriptions in `bluegreen schema`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::model::Kind;
use crate::release::status::Status;
use crate::release::{Action, AnswerKind, Outcome, RemoteChange, WaitFor};

/// A line of a command's output with `-o json`: what happens, while it happens.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Event {
    #[serde(flatten)]
    pub what: What,
    /// When, by the API server's clock; never before the event above it.
    pub at: Timestamp,
    /// The app: its Deployment's name.
    pub app: String,
    /// The number of the release that it belongs to; null if there is none.
    pub release: Option<u64>,
}

#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum What {
    /// A step is about to be carried out: one write.
    Doing(Action),
    /// The step is done: the API server has acknowledged the write.
    Done(Action),
    /// Nothing to do until something changes. Repeated every minute while it lasts.
    Waiting {
        on: WaitFor,
        /// When the wait times out; null if it does not.
        until: Option<Timestamp>,
    },
    /// A warning: from one of the checks that `check` runs, before a release begins, or about what the
    /// candidate answers when it is queried directly.
    Warned {
        /// The check's name.
        check: &'static str,
        /// What was found.
        what: String,
        /// What to do about it; null if there is nothing to do.
        hint: Option<String>,
    },
    /// What another process did to the release.
    News(RemoteChange),
    /// What the app looks like now, for whoever watches it.
    // `status -w` prints the status itself.
    #[schemars(skip)]
    Seen(Box<Status>),
    /// The candidate can be tested.
    Preview {
        /// The address.
        address: String,
    },
    /// A request to the webhook is being sent.
    GateAsked {
        /// Its scheme and host; the rest of the address is secret.
        gate: String,
    },
    /// What the webhook answered.
    GateAnswered {
        /// `pass` is an approval, `reject` a final no, `broken` no valid answer.
        answer: AnswerKind,
        /// What it said instead of an approval, or why there was no valid answer; empty with `pass`.
        said: String,
    },
    /// The last log lines of a container that keeps the candidate from being ready.
    Logs { pod: String, container: String, lines: Vec<String> },
    /// The API server is unreachable; the command continues when it is reachable again.
    Unreachable { why: String },
    /// It is reachable again.
    Reachable,
    /// With `--dry-run=server`: a step of the release, checked by the API server and not carried out.
    #[serde(rename = "dry-run")]
    DryRun {
        #[serde(flatten)]
        action: Action,
        #[schemars(extend("enum" = ["create", "patch", "delete"]))]
        verb: &'static str,
        /// Of the object that would be written.
        kind: Kind,
        /// Of the object that would be written.
        name: String,
        /// What would be sent: the `object` that is created, or the JSON Patch (`patch`).
        #[schemars(with = "serde_json::Map<String, Value>")]
        write: Value,
    },
    /// The last event of a command that completed. The exit code says whether it succeeded.
    Ended { outcome: Outcome },
    /// The last event of a command that can't continue; stderr has the same as text, with what to do.
    Failed {
        /// The exit code of the command.
        exit_code: u8,
        error: String,
        /// Each is the cause of the one before.
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

/// Keeps the events of a command in a row. Of several API servers one may be behind the others, and
/// a program that sorts by time must not have to know.
#[derive(Default)]
pub struct Order(Timestamp);

impl Order {
    /// The time of an event that happens now.
    pub fn at(&mut self, now: Timestamp) -> Timestamp {
        self.0 = self.0.max(now);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_event_is_before_the_one_above_it() {
        let mut order = Order::default();
        let [early, late] = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:09Z"];
        let [early, late] = [early, late].map(|at| at.parse::<Timestamp>().unwrap());
        assert_eq!(order.at(early), early);
        assert_eq!(order.at(late), late);
        assert_eq!(order.at(early), late);
    }
}
