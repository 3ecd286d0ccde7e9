//! How a command ends.

use serde::Serialize;

use super::{Driver, Finished};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    Initialised,
    /// The release is over; `Finished` says how.
    Finished(Finished),
    /// The version that was asked for is live already.
    AlreadyLive {
        images: Vec<String>,
    },
    /// The candidate is ready and waits, with nobody driving.
    Detached {
        number: u64,
        /// Where the candidate can be tested.
        preview: Option<String>,
    },
    Busy {
        driver: Driver,
    },
    TakenOver {
        holder: String,
    },
    /// Somebody changed what the release stands on.
    Changed {
        what: String,
    },
    NothingToDo {
        why: String,
    },
    /// An unfinished release of another version is in the way.
    InTheWay {
        number: u64,
        images: Vec<String>,
    },
    NotReady {
        number: u64,
        why: String,
        deploy_again: bool,
    },
    NotInitialised,
    /// Something that init makes is missing, or no longer fits: init mends it.
    Unprepared {
        reasons: Vec<String>,
    },
    /// Nothing says when the new version may go live, and nobody would see that it waits.
    Ungated,
    /// Every change was checked, none was made.
    Rehearsed,
    /// The app can't be released as it is.
    Unfit {
        reasons: Vec<String>,
    },
    /// What was asked for makes no sense for this app.
    Misfit {
        why: String,
    },
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
            ready: None,
            switched: None,
            outcome: Verdict::Promoted,
            reason: String::new(),
            by: None,
            started: at,
            ended: at,
        };
        let text = serde_json::to_string(&Outcome::Finished(finished)).unwrap();
        assert_eq!(text.matches("\"outcome\"").count(), 1, "{text}");
        assert!(
            text.contains(r#""result":"finished""#) && text.contains(r#""outcome":"promoted""#)
        );
    }
}
