//! How a command ends.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Fault, Finished, Hand};

/// What came of a command.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// The app is ready for releases.
    Initialised,
    /// The release is over; its `outcome` says how.
    Finished(Box<Finished>),
    /// The version that was asked for is live already.
    AlreadyLive {
        images: Vec<String>,
        /// Labels and annotations of the Deployment, by their names, in which the live one differs from the
        /// file: they come with the next version.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        differs: Vec<String>,
    },
    /// The candidate is ready and waits, with nobody driving.
    Detached {
        number: u64,
        /// Where the candidate can be tested.
        preview: Option<String>,
    },
    /// Another process drives the release.
    Busy {
        /// Who that is.
        holder: String,
        /// Since when it drives.
        since: Timestamp,
    },
    /// Another process took the release over while this one did not answer.
    TakenOver {
        /// Who that is.
        holder: String,
    },
    /// Something stopped what was under way, as a rule an edit by somebody else: both versions are kept.
    Changed {
        what: String,
        /// What kind of thing that was.
        cause: Cause,
        /// Who wrote last, besides this tool, to an object that the release stands on.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<Hand>,
    },
    /// There is nothing that this command could do now.
    NothingToDo { why: String },
    /// An unfinished release of another version is in the way.
    InTheWay { number: u64, images: Vec<String> },
    /// The candidate is not ready, and the command does not wait for it.
    NotReady {
        number: u64,
        why: String,
        /// Whether the same deploy again would wait for it.
        deploy_again: bool,
    },
    /// `init` has not taken the app in yet.
    NotInitialised,
    /// Something that init makes is missing, or no longer fits: init mends it.
    Unprepared { reasons: Vec<String> },
    /// Nothing says when the new version may go live, and nobody would see that it waits.
    Ungated,
    /// With `--dry-run=server`: every change was checked, none was made.
    Rehearsed,
    /// The app can't be released as it is.
    Unfit { reasons: Vec<String> },
    /// What was asked for makes no sense for this app.
    Misfit { why: String },
    /// The API server can't take the template in the file as it is written there.
    Misread { fields: Vec<Fault> },
}

/// What stops a command with both versions kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody changed what it stands on.
    #[default]
    Edited,
    /// Something else than the version that is to answer answers through the ingress, or nobody can tell.
    NotArrived,
    /// The ingress controller says that it does not apply changes.
    NotApplied,
    /// The API server refuses to switch an Ingress back.
    Refused,
    /// The version to go back to does not become ready.
    NotReady,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Colour;
    use crate::release::Verdict;

    #[test]
    fn no_key_stands_twice() {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let finished = Finished {
            number: 7,
            from: Colour::Blue,
            to: Colour::Green,
            hash: "h".to_owned(),
            images: BTreeMap::new(),
            replaces: BTreeMap::new(),
            base: None,
            sighted: None,
            observed: BTreeMap::new(),
            rollback: false,
            ready: None,
            switched: None,
            confirmed: None,
            unconfirmed: None,
            arrived: None,
            missed: None,
            warnings: Vec::new(),
            kept: false,
            outcome: Verdict::Promoted,
            reason: String::new(),
            by: None,
            started: at,
            ended: at,
        };
        let text = serde_json::to_string(&Outcome::Finished(Box::new(finished))).unwrap();
        assert_eq!(text.matches("\"outcome\"").count(), 1, "{text}");
        assert!(
            text.contains(r#""result":"finished""#) && text.contains(r#""outcome":"promoted""#)
        );
    }
}
