//! The core: what a release is, and what the next step of one is. No I/O, no clock, no kube client.

pub mod beside;
mod beyond;
mod calico;
pub mod carried;
pub mod checks;
pub mod complaints;
pub mod condition;
mod direct;
mod drift;
mod endpoints;
pub mod expected;
mod fault;
pub mod goal;
mod hands;
pub mod history;
mod instant;
mod managed;
pub mod marker;
mod memory;
mod names;
pub mod news;
mod objects;
mod outcome;
mod phase;
pub mod plan;
pub mod pods;
mod ports;
mod probed;
mod reach;
mod readiness;
mod record;
mod selector;
pub mod settings;
mod slot;
mod snapshot;
mod stamps;
pub mod status;
mod strangers;
mod switching;
pub mod template;
pub mod ways;
mod whose;

pub use beyond::{Beyond, Elsewhere, Sought};
pub use condition::{Aim, Condition, Need, State};
pub use direct::{Reach, reach};
pub use drift::Drift;
pub use endpoints::SLICE_SERVICE;
pub use expected::{Expected, ExpectedService};
pub use fault::Fault;
pub use goal::{Change, Deploy, Gate, Goal, Init, Me, PreviewHost, PreviewTls};
pub use hands::{Hand, Tool};
pub use memory::{ANSWERS, Answer, Answered, Memory, Reading, SaidBefore, Tried};
pub use names::Names;
pub use news::News;
pub use outcome::{Cause, Outcome};
pub use phase::Phase;
pub use plan::{Doing, Fresh, Next, Question, Step, WaitFor};
pub use probed::{
    Arrival, ENOUGH, ENOUGH_ANSWERS, Failed, LATELY, Mark, NOT_ASKED, Probed, Rule, Sight, Streak,
    Telling, Unserved, Voice, are_enough, is_lasting,
};
pub use record::{
    Before, Challenge, Confirmed, Driver, Ending, Finished, GateKind, GateState, HISTORY, Intent,
    LAST_NUMBER, Observed, RECORD_KEY, Record, Release, Verdict,
};
pub use settings::Settings;
pub use slot::Slot;
pub use snapshot::{Snapshot, Unreadable};
pub use ways::Way;
