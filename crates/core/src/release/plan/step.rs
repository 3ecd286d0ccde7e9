//! The kinds of steps, and of waits between them. Their doc comments are the descriptions in
//! `bluegreen schema event`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Colour, Id};
use crate::release::pods::Unready;
use crate::release::{AnswerKind, Confirmed, Ending, Phase};

/// What a pause waits for.
// It decides what has to be watched as well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum WaitFor {
    /// A colour to be ready, at this size.
    Ready {
        colour: Colour,
        /// The Deployment's name.
        deployment: String,
        /// How many of its pods are ready.
        ready: u64,
        /// How many must be ready.
        desired: u64,
        /// How many of them can be reached through its Service.
        endpoints: u64,
        /// Some of those that are not ready, the worst first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pods: Vec<Unready>,
        /// What keeps it from becoming ready, if anything does.
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// The gate's answer to a request in progress.
    // The question was an event already, and its answer will be one.
    #[schemars(skip)]
    Answer,
    /// The next request to the webhook.
    Gate {
        /// Answers in a row that were no approval.
        failures: u64,
        /// After this many the candidate is deleted.
        threshold: u64,
        /// The last answer; null if there was none yet.
        answer: Option<AnswerKind>,
        /// What it said, if this process received it.
        said: Option<String>,
        /// When the candidate is deleted if the gate does not approve.
        expires: Option<Timestamp>,
    },
    /// A person's `promote` or `abort`.
    Person,
    /// The ingress controller to pick up the endpoints of a colour that has just become ready.
    Settle { colour: Colour },
    /// A switch to take effect: an Ingress has no acknowledgement.
    Arrival {
        /// The colour that must answer.
        colour: Colour,
        /// How that will be confirmed.
        by: Confirmed,
        /// What answers instead, or why it can't be confirmed.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The end of the bake: the new version is watched, and a colour is kept at its full size.
    Bake { colour: Colour },
    /// The drain of the old version.
    Drain { colour: Colour },
    /// The pods of a colour that was scaled down to 0 to end, and requests that fail without them.
    Ended { colour: Colour },
    /// Another process, which runs the release: this one follows it.
    Driver {
        /// Who that is.
        holder: String,
        /// The phase of the release.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<Phase>,
    },
    /// An answer from the process that runs the release. Without one it is replaced.
    SignOfLife {
        /// Who that is.
        holder: String,
    },
    /// Another release to be over (`deploy --wait`).
    Turn {
        number: u64,
        images: Vec<String>,
        /// The process that runs it; null if none does, and it waits for a promote or an abort.
        holder: Option<String>,
    },
    /// A change of anything that a status shows.
    // `status -w` prints the status, not that it waits.
    #[schemars(skip)]
    Change,
}

/// A step: one write to the cluster.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[schemars(rename = "Doing")]
pub enum Action {
    /// Create the app's record, the ConfigMap with the state of its releases.
    MakeRecord,
    /// Create one of the app's Services.
    MakeService { service: String },
    /// Update the ports of a Service to the live Service's.
    AlignPorts { service: String },
    /// Create the Ingress that keeps the app's Services as backends in the ingress controller.
    MakeIngress { ingress: String },
    /// Update it to match the user's Ingress.
    AlignIngress { ingress: String },
    /// Start a release.
    Start {
        number: u64,
        /// The colour that is live.
        from: Colour,
        /// The colour of the new version.
        to: Colour,
        /// The new version's.
        images: Vec<String>,
    },
    /// Become the release's driver.
    #[serde(rename = "hold")]
    Acquire,
    /// Change the settings of the release in progress to those of this command.
    Set,
    /// Check whether the release's driver is still running.
    Challenge {
        /// Who that is.
        holder: String,
    },
    /// Replace a driver that did not respond.
    TakeOver {
        /// Who it was.
        holder: String,
    },
    /// Answer that this driver is still running.
    Answer,
    /// Fence a write that got no reply, so that it can't take effect late.
    RaiseEpoch,
    /// Fence an object against late writes.
    Stamp { object: Id },
    /// Delete a Deployment left over from an earlier release.
    RemoveLeftover { deployment: String },
    /// Create a PodDisruptionBudget for the candidate's pods, a copy of the live version's.
    MakeBudget { budget: String },
    /// Delete it, with its colour, or with the user's own that it is a copy of.
    RemoveBudget { budget: String },
    /// Update the live version's PodDisruptionBudget to match the user's own.
    AlignBudget { budget: String },
    /// Create a HorizontalPodAutoscaler for the version that has just become live, a copy of the
    /// previous one's.
    MakeAutoscaler { autoscaler: String, deployment: String },
    /// Delete it, with its colour, or with the user's own that it is a copy of.
    RemoveAutoscaler { autoscaler: String },
    /// Update the live version's HorizontalPodAutoscaler to match the user's own.
    AlignAutoscaler { autoscaler: String },
    /// Pin the autoscaler of the colour that is not live at its current size.
    #[serde(rename = "hold-autoscaler")]
    PinAutoscaler { autoscaler: String, replicas: u64 },
    /// Unpin an autoscaler.
    #[serde(rename = "free-autoscaler")]
    UnpinAutoscaler { autoscaler: String },
    /// Point the preview Service at a colour.
    FollowPreview { colour: Colour },
    /// Start the new version.
    MakeCandidate { deployment: String, replicas: u64 },
    /// Record the candidate's pod template as the API server stored it, admission included.
    MarkMade {
        deployment: String,
        /// Its images, by container, if admission changed them.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        observed: BTreeMap<String, String>,
    },
    /// Scale a Deployment.
    Resize { deployment: String, replicas: u64 },
    /// Record that the candidate is ready.
    MarkReady,
    /// Record that it no longer is.
    MarkUnready,
    /// Count an answer of the webhook that was no approval.
    Count {
        answer: AnswerKind,
        /// What it said, or why there was no valid answer.
        said: String,
        /// Such answers in a row, this one included.
        failures: u64,
        /// After this many the candidate is deleted.
        threshold: u64,
    },
    /// Record a person's approval.
    Approve { number: u64 },
    /// Record that the release is rejected, unhealthy or aborted, and why. The next steps undo it.
    End { ending: Ending },
    /// Switch traffic to the new version: once per release and Ingress.
    Switch {
        ingress: String,
        /// The Service that it names from now on.
        service: String,
        /// Those that it named before.
        was: Vec<String>,
    },
    /// Switch traffic to the new version by the live Service's selector, where that is the app's route:
    /// once per release.
    SwitchService {
        service: String,
        /// The colour that it selects from now on.
        colour: Colour,
    },
    /// Point the live Service, or another one that selects the same pods, at a colour, for callers
    /// inside the cluster.
    FollowLive { service: String, colour: Colour },
    /// Record that the routes have been changed.
    MarkSwitched,
    /// Record that the Services that were switched reach only the new version's pods, or no longer do.
    MarkReached {
        /// Whether they do.
        only: bool,
    },
    /// Record that the switch was not confirmed in time.
    Doubt,
    /// Add a rule to the Ingress that `init` creates: the ingress controller serves it once it has
    /// applied the switch.
    Mark {
        ingress: String,
        /// The host of the rule; only the probe requests it.
        host: String,
    },
    /// Remove that rule.
    Unmark { ingress: String },
    /// Record how long the old version is kept.
    StartDrain {
        seconds: u64,
        /// How the switch was confirmed; absent after a switch back.
        #[serde(skip_serializing_if = "Option::is_none")]
        confirmed: Option<Confirmed>,
    },
    /// Scale the old version's Deployment down to 0.
    #[serde(rename = "put-away")]
    ScaleDown { deployment: String },
    /// Record that requests fail without the old version: it is started again.
    Revive {
        /// The answers through the ingress.
        said: String,
    },
    /// Switch traffic back to the previous version.
    SwitchBack {
        ingress: String,
        /// The Service that it names from now on.
        service: String,
    },
    /// Switch traffic back to the previous version by the live Service's selector.
    SwitchServiceBack {
        service: String,
        /// The colour that it selects from now on.
        colour: Colour,
    },
    /// Delete the candidate's Deployment.
    Destroy { deployment: String },
    /// Scale the candidate's Deployment down to 0, with its previous pod template.
    Restore { deployment: String },
    /// Add the release to the history.
    Finish,
    /// Stop driving the release, and leave it unchanged.
    LetGo,
}

impl Action {
    /// Whether a release does without it, where the API server refuses it.
    pub fn is_dispensable(&self) -> bool {
        matches!(self, Action::Mark { .. } | Action::Unmark { .. })
    }

    /// Whether it is a word on the side: what is waited for goes on.
    pub fn is_part_of_a_wait(&self) -> bool {
        matches!(self, Action::Count { .. } | Action::Answer | Action::Challenge { .. })
    }
}
