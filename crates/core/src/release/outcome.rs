//! How a command ends.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Fault, Finished, LastWriter};

/// The result of a command.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// The app is ready for releases.
    Initialised,
    /// The release is over; its `outcome` says how.
    Finished(Box<Finished>),
    /// The requested version is live already.
    AlreadyLive {
        images: Vec<String>,
        /// Labels and annotations of the Deployment, by their names, in which the live one differs from
        /// the file: they are applied with the next version.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        differs: Vec<String>,
    },
    /// The candidate is ready and waits for approval; no process is running the release.
    Detached {
        number: u64,
        /// The address at which to test the candidate.
        preview: Option<String>,
    },
    /// Another process is running the release.
    Busy {
        /// Who that is.
        holder: String,
        /// Since when it has been running it.
        since: Timestamp,
    },
    /// Another process took over the release while this one did not respond.
    TakenOver {
        /// Who that is.
        holder: String,
    },
    /// The release was stopped, usually by somebody else's edit: both versions are kept.
    Changed {
        what: String,
        /// The kind of cause.
        cause: Cause,
        /// The last writer, besides this tool, of an object that the release depends on.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<LastWriter>,
    },
    /// There is nothing to do for this command now.
    NothingToDo { why: String },
    /// There is an unfinished release of another version.
    InTheWay { number: u64, images: Vec<String> },
    /// The candidate is not ready, and the command does not wait for it.
    NotReady {
        number: u64,
        why: String,
        /// Whether running the same deploy again would wait for it.
        deploy_again: bool,
    },
    /// The app is not set up yet: run `init`.
    NotInitialised,
    /// Something that `init` creates is missing, or no longer fits: run `init` again.
    Unprepared { reasons: Vec<String> },
    /// It is not set how the new version is approved, and nobody would see that it waits.
    Ungated,
    /// With `--dry-run=server`: every change was checked, none was made.
    #[serde(rename = "rehearsed")]
    DryRun,
    /// The app can't be released as it is.
    Unfit { reasons: Vec<String> },
    /// The request does not fit this app.
    Misfit { why: String },
    /// The API server does not accept the template in the file.
    Misread { fields: Vec<Fault> },
}

/// Why a command stopped with both versions kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Somebody changed an object that the release depends on.
    #[default]
    Edited,
    /// The switch was not confirmed: another version answers through the ingress, or it can't be told.
    NotArrived,
    /// The ingress controller reports that it does not apply changes.
    NotApplied,
    /// The API server rejects switching an Ingress, or switching it back.
    Refused,
    /// The version to go back to does not become ready.
    NotReady,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Colour;
    use crate::release::ReleaseOutcome;

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
            outcome: ReleaseOutcome::Promoted,
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
