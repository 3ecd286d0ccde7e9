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
    /// The object that it is about, where it is about a certain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    pub state: State,
    /// What there is now, in words.
    pub now: String,
    /// What has to be, in words.
    pub wanted: String,
    /// When time alone changes its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The process that alone knows what there is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_by: Option<String>,
}

/// How it stands with a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// What has to be is.
    Met,
    /// It is not yet.
    Waiting,
    /// Only the process that drives the release can tell: it does not write down what it hears.
    Unknown,
}

/// What a condition is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A process has to drive the release.
    Driver,
    /// The driver was asked whether it is alive.
    SignOfLife,
    /// Another release has to end first.
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
    /// All pods have the present template.
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
    /// A Service that is led over reaches no fewer pods afterwards.
    NoLess,
    /// How long getting ready may take.
    Timeout,
    /// The app was heard before the switch.
    FirstAnswers,
    /// The gate, or a person, says yes.
    Gate,
    /// The ingress controller has had time to learn the candidate's pods.
    Settled,
    /// The selector of a fixed Service.
    Selector,
    /// The ports that the Ingresses ask for.
    Ports,
    /// An Ingress leads to the new version.
    Ingress,
    /// The objects were switched by this release.
    Stamp,
    /// What answers through the ingress.
    Answers,
    /// The rule that was added after the switch is served, where the answers can't tell.
    Marker,
    /// The time that a switch takes to arrive, where the answers can't tell.
    SettleTime,
    /// The switch was seen not to arrive in its time.
    Doubt,
    /// The bake time.
    Bake,
    /// The drain time.
    Drain,
    /// Nobody but the new version answers any more.
    NotAsked,
    /// The pods of the old version have ended.
    PodsEnded,
    /// The old version is not missed.
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
    /// Write down that the candidate is ready.
    Ready,
    /// Switch the Ingresses to the candidate.
    Switch,
    /// Take the switch for arrived: the drain begins.
    Confirm,
    /// Scale the old version to 0.
    PutAway,
    /// End the release.
    Finish,
    /// Switch back to the version that was live before.
    SwitchBack,
    /// Take the candidate away, after a switch back.
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
