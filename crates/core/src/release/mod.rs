//! The core: what a release is, and what the next step of one is. No I/O, no clock, no kube client.

pub mod autoscaling;
mod beyond;
mod calico;
pub mod carried;
pub mod changes_by_others;
pub mod checks;
pub mod complaints;
pub mod condition;
mod direct;
mod drift;
mod endpoints;
mod failed;
mod fault;
mod field_managers;
pub mod file_vs_cluster;
pub mod goal;
pub mod history;
mod instant;
mod managed;
mod manifests;
pub mod marker;
mod memory;
mod names;
mod outcome;
mod phase;
pub mod plan;
pub mod pods;
mod ports;
mod probe_result;
mod reach;
mod readiness;
mod record;
mod routes;
mod selector;
pub mod settings;
mod slot;
mod snapshot;
mod stamps;
pub mod status;
mod strangers;
pub mod template;
pub mod ways;
mod whose;

pub use beyond::{Beyond, Class, Elsewhere, Sought, default_controller};
pub use changes_by_others::RemoteChange;
pub use condition::{Aim, Condition, Need, State};
pub use direct::{Reach, reach};
pub use drift::Drift;
pub use endpoints::SLICE_SERVICE;
pub use failed::{Failed, Spell};
pub use fault::Fault;
pub use field_managers::{GitOpsTool, LastWriter};
pub use file_vs_cluster::{Declared, DeclaredService};
pub use goal::{Change, Deploy, Gate, Goal, Init, Me, PreviewHost, PreviewTls};
pub use memory::{Answer, AnswerKind, Answered, Memory, Reading, SaidBefore, Tried};
pub use names::Names;
pub use outcome::{Cause, Outcome};
pub use phase::Phase;
pub use plan::{Action, Fresh, Next, Question, Step, WaitFor};
pub use probe_result::{
    Arrival, Came, ENOUGH, ENOUGH_ANSWERS, LATELY, Mark, NOT_ASKED, Probed, Rule, Sight, Streak,
    Telling, Unserved, Voice, are_enough, is_lasting,
};
pub use record::{
    Approval, Before, Challenge, Confirmed, Driver, Ending, Finished, GateKind, GateState, HISTORY,
    LAST_NUMBER, Observed, RECORD_KEY, Record, Release, ReleaseOutcome,
};
pub use settings::Settings;
pub use slot::Slot;
pub use snapshot::{Snapshot, Unreadable};
pub use ways::Way;
