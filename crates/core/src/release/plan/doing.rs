//! The kinds of steps, and of waits between them. Their doc comments are the descriptions in
//! `bluegreen schema event`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Colour, Id};
use crate::release::pods::Unready;
use crate::release::{ANSWERS, Confirmed, Ending, Phase};

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
        /// How many have to be.
        desired: u64,
        /// How many of them can be reached through its Service.
        endpoints: u64,
        /// Some of those that are not ready, the worst first.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pods: Vec<Unready>,
        /// What keeps it from becoming ready, where something does.
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<String>,
    },
    /// The gate's answer to a question that is under way.
    // The question was an event already, and its answer will be one.
    #[schemars(skip)]
    Answer,
    /// The next question to the webhook.
    Gate {
        /// Answers in a row that were no yes.
        failures: u64,
        /// So many of them destroy the candidate.
        threshold: u64,
        /// The last answer; null where it was not asked yet.
        #[schemars(extend("enum" = ["pass", "not-yet", "later", "reject", "broken", null]))]
        answer: Option<String>,
        /// What it said, if this process heard it.
        said: Option<String>,
        /// When the candidate is destroyed, if the gate never says anything else.
        expires: Option<Timestamp>,
    },
    /// A person's `promote` or `abort`.
    Person,
    /// The ingress controller to know the pods of a colour that has just become ready.
    Settle { colour: Colour },
    /// A switch to arrive: an Ingress has no acknowledgement.
    Arrival {
        /// The colour that is to answer.
        colour: Colour,
        /// By what that will be known.
        by: Confirmed,
        /// What answers instead, or why nothing can be told from the answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The new version to prove itself, while a colour is kept at its full size.
    Bake { colour: Colour },
    /// Requests that a colour on its way out still answers.
    Drain { colour: Colour },
    /// The pods of a colour that was put away to end, and nobody to miss them.
    Ended { colour: Colour },
    /// Another process, which drives the release: this one follows it.
    Driver {
        /// Who that is.
        holder: String,
        /// Where the release stands.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<Phase>,
    },
    /// A sign of life of the process that drives the release. Without one it is taken over.
    SignOfLife {
        /// Who that is.
        holder: String,
    },
    /// A release of somebody else to be over (`deploy --wait`).
    Turn {
        number: u64,
        images: Vec<String>,
        /// Who drives it; null where nobody does, and it waits for a promote or an abort.
        holder: Option<String>,
    },
    /// Anything that a status shows.
    // `status -w` prints the status, not that it waits.
    #[schemars(skip)]
    Change,
}

/// A step: one write to the cluster.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Doing {
    /// Make the app's record, the ConfigMap that holds all that is known of its releases.
    MakeRecord,
    /// Make one of the app's Services.
    MakeService { service: String },
    /// Give a Service the ports that the live Service has now.
    AlignPorts { service: String },
    /// Make the Ingress that keeps the app's Services known to the ingress controller.
    MakeIngress { ingress: String },
    /// Let it name them as the user's Ingress does now.
    AlignIngress { ingress: String },
    /// Begin a release.
    Start {
        number: u64,
        /// The colour that is live.
        from: Colour,
        /// The colour that the new version goes into.
        to: Colour,
        /// The new version's.
        images: Vec<String>,
    },
    /// Become the release's driver.
    Hold,
    /// Change the settings of the release under way to those of this command.
    Set,
    /// Ask the release's driver for a sign of life.
    Challenge {
        /// Who that is.
        holder: String,
    },
    /// Become the release's driver in place of one that gave no sign of life.
    TakeOver {
        /// Who it was.
        holder: String,
    },
    /// Give another process a sign of life.
    Answer,
    /// Make sure that a write which got no reply can't arrive late.
    RaiseEpoch,
    /// Mark an object so that no older write of it can arrive late.
    Stamp { object: Id },
    /// Remove a Deployment that a release which is over left behind.
    RemoveLeftover { deployment: String },
    /// Make a PodDisruptionBudget for the candidate's pods, as the live ones have it.
    MakeBudget { budget: String },
    /// Remove it again, with the colour that it was made for, or with the user's own that it is like.
    RemoveBudget { budget: String },
    /// Give the live version's PodDisruptionBudget what the user's own has by now.
    AlignBudget { budget: String },
    /// Make a HorizontalPodAutoscaler for the version that has just become live, as the one before has
    /// it.
    MakeAutoscaler { autoscaler: String, deployment: String },
    /// Remove it again, with the colour that it was made for, or with the user's own that it is like.
    RemoveAutoscaler { autoscaler: String },
    /// Give the live version's HorizontalPodAutoscaler what the user's own has by now.
    AlignAutoscaler { autoscaler: String },
    /// Let the autoscaler of the colour that is not live keep that at its size.
    HoldAutoscaler { autoscaler: String, replicas: u64 },
    /// Let an autoscaler that was held scale freely again.
    FreeAutoscaler { autoscaler: String },
    /// Let the preview Service lead to a colour.
    FollowPreview { colour: Colour },
    /// Start the new version.
    MakeCandidate { deployment: String, replicas: u64 },
    /// Write down what the API server made of the candidate's pod template, admission included.
    MarkMade {
        deployment: String,
        /// Its images, by container, where it made others of those that were sent.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        observed: BTreeMap<String, String>,
    },
    /// Give a Deployment the size that it needs.
    Resize { deployment: String, replicas: u64 },
    /// Write down that the candidate is ready.
    MarkReady,
    /// Write down that it no longer is.
    MarkUnready,
    /// Write down an answer of the webhook that was no yes.
    Count {
        #[schemars(extend("enum" = ANSWERS))]
        answer: String,
        /// What it said, or why it could not be asked.
        said: String,
        /// Such answers in a row, this one included.
        failures: u64,
        /// So many of them destroy the candidate.
        threshold: u64,
    },
    /// Write down a person's yes.
    Approve { number: u64 },
    /// Write down that the candidate goes, and why. What follows undoes the release.
    End { ending: Ending },
    /// Send people to the new version: the switch of a release, once for each Ingress.
    Switch {
        ingress: String,
        /// The Service that it names from now on.
        service: String,
        /// Those that it named before.
        was: Vec<String>,
    },
    /// Let the live Service, or one that follows it, lead to a colour, for callers inside the cluster.
    FollowLive { service: String, colour: Colour },
    /// Write down that the routes have been changed.
    MarkSwitched,
    /// Write down that the switch was seen not to have arrived in its time.
    Doubt,
    /// Add a rule to the Ingress that `init` made: the ingress controller serves it once it has taken in
    /// what came before.
    Mark {
        ingress: String,
        /// The rule's, which nobody asks for but to see whether it is served.
        host: String,
    },
    /// Take it away again.
    Unmark { ingress: String },
    /// Write down how long the colour on its way out is kept.
    StartDrain {
        seconds: u64,
        /// How it was made sure that the switch had arrived; absent after a switch back.
        #[serde(skip_serializing_if = "Option::is_none")]
        confirmed: Option<Confirmed>,
    },
    /// Scale the old version's Deployment to 0.
    PutAway { deployment: String },
    /// Write down that the old version is missed: it is started again.
    Revive {
        /// What was heard through the ingress.
        said: String,
    },
    /// Send people back to the version that they came from.
    SwitchBack {
        ingress: String,
        /// The Service that it names from now on.
        service: String,
    },
    /// Delete the candidate's Deployment.
    Destroy { deployment: String },
    /// Scale the candidate's Deployment to 0, with the pod template that it had before.
    Restore { deployment: String },
    /// Put the release into the history.
    Finish,
    /// Leave the release as it is, with nobody driving it.
    LetGo,
}

impl Doing {
    /// Whether a release does without it, where the API server refuses it.
    pub fn is_dispensable(&self) -> bool {
        matches!(self, Doing::Mark { .. } | Doing::Unmark { .. })
    }

    /// Whether it is a word on the side: what is waited for goes on.
    pub fn is_part_of_a_wait(&self) -> bool {
        matches!(self, Doing::Count { .. } | Doing::Answer | Doing::Challenge { .. })
    }
}
