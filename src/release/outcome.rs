//! How a command ends.

use serde::Serialize;

use super::{Driver, Finished};

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
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
    /// The app can't be released as it is.
    Unfit {
        reasons: Vec<String>,
    },
    /// What was asked for makes no sense for this app.
    Misfit {
        why: String,
    },
}
