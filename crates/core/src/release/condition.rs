//! What a step waits for, one by one, each with its present value. The code that decides makes these
//! and decides by them, so that what is explained is what decides.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One condition of a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    pub name: Need,
    /// The step that it is a condition of.
    pub step: Aim,
    /// The object that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    pub state: State,
    /// The present value, in words.
    pub now: String,
    /// The required value, in words.
    pub wanted: String,
    /// When time alone changes its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The only process that knows the present value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_by: Option<String>,
}

/// How it stands with a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is as it must be.
    Met,
    /// Not yet.
    Waiting,
    /// Only the process that drives the release knows: it does not record the answers.
    Unknown,
}

/// What a condition is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A process must drive the release.
    Driver,
    /// The driver was asked whether it is still running.
    SignOfLife,
    /// Another release must end first.
    Turn,
    /// Nothing keeps the app from being released.
    Checks,
    /// The version in the other slot can be put back.
    ReplicaSet,
    /// The release's deadline.
    Deadline,
    /// The candidate's Deployment is there.
    Candidate,
    /// The Deployment controller has seen the last change.
    Observed,
    /// The Deployment is not paused.
    NotPaused,
    /// The Deployment has as many replicas as it needs.
    Size,
    /// All pods have the current template.
    Updated,
    /// All pods are available.
    Available,
    /// No pod of an older template is left.
    NoOtherPods,
    /// No pod of the candidate says that it is not ready.
    PodsReady,
    /// The Service reaches as many ready pods.
    Endpoints,
    /// The Service reaches no pods but the candidate's.
    OwnPods,
    /// A Service that is switched, too, reaches no fewer pods afterwards.
    NoLess,
    /// How long getting ready may take.
    Timeout,
    /// The app has answered before the switch.
    FirstAnswers,
    /// The gate, or a person, approves the candidate.
    Gate,
    /// The ingress controller has had time to pick up the candidate's endpoints.
    Settled,
    /// The selector of a fixed Service.
    Selector,
    /// The ports that the Ingresses name, or those of the live Service if that is the route.
    Ports,
    /// An Ingress, or the Service that is the app's route, points to the new version.
    Ingress,
    /// The objects were switched by this release.
    Stamp,
    /// What answers through the ingress.
    Answers,
    /// The EndpointSlices of the Services that were switched name only the new version's pods.
    Reached,
    /// The rule that was added after the switch is served, if the answers can't tell.
    Marker,
    /// The time that a switch takes to take effect, if the answers can't tell.
    SettleTime,
    /// The switch was not confirmed in time.
    Doubt,
    /// The bake time.
    Bake,
    /// The drain time.
    Drain,
    /// Only the new version answers.
    NotAsked,
    /// The pods of the old version have ended.
    PodsEnded,
    /// No request fails without the old version.
    NotMissed,
}

/// The step that conditions lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// Begin a release.
    Begin,
    /// Drive the release that is in progress.
    Drive,
    /// Record that the candidate is ready.
    Ready,
    /// Switch the Ingresses to the candidate.
    Switch,
    /// Accept the switch as confirmed: the drain begins.
    Confirm,
    /// Scale the old version down to 0.
    #[serde(rename = "put-away")]
    ScaleDown,
    /// End the release.
    Finish,
    /// Switch back to the version that was live before.
    SwitchBack,
    /// Remove the candidate, after a switch back.
    Withdraw,
}

impl Condition {
    pub fn new(
        name: Need,
        is_met: bool,
        now: impl Into<String>,
        wanted: impl Into<String>,
    ) -> Condition {
        Condition {
            name,
            step: Aim::Begin,
            object: None,
            state: if is_met { State::Met } else { State::Waiting },
            now: now.into(),
            wanted: wanted.into(),
            until: None,
            known_by: None,
        }
    }

    /// Met when the time has come.
    pub fn after(name: Need, now: Timestamp, until: Timestamp, wanted: &str) -> Condition {
        let is_over = now >= until;
        let word = if is_over { "over" } else { "running" };
        Condition { until: Some(until), ..Condition::new(name, is_over, word, wanted) }
    }

    /// Met as long as the time has not come.
    pub fn before(name: Need, now: Timestamp, until: Timestamp, wanted: &str) -> Condition {
        let is_left = now < until;
        let word = if is_left { "not passed" } else { "passed" };
        Condition { until: Some(until), ..Condition::new(name, is_left, word, wanted) }
    }

    pub fn of(self, object: impl Into<String>) -> Condition {
        Condition { object: Some(object.into()), ..self }
    }

    pub fn until(self, until: Option<Timestamp>) -> Condition {
        Condition { until, ..self }
    }

    /// The same, seen by a process that can't tell.
    pub fn unknown(self, known_by: Option<String>) -> Condition {
        let now = match known_by {
            Some(_) => "known only to its driver",
            None => "not known: no process probes the ingress",
        };
        Condition { state: State::Unknown, now: now.to_owned(), known_by, ..self }
    }

    pub fn is_met(&self) -> bool {
        self.state == State::Met
    }
}

/// Whether all of them are met.
pub fn all_met(conditions: &[Condition]) -> bool {
    conditions.iter().all(Condition::is_met)
}
