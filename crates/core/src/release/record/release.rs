//! A release under way, and what it knows of its switch.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::model::Colour;
use crate::release::carried::Found;
use crate::release::instant::{earlier, later};
use crate::release::settings::SETTLE_SECONDS;
use crate::release::{AnswerKind, Came, Slot, template};
use crate::route::Label;

/// One attempt to make a new version live.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    pub number: u64,
    pub from: Colour,
    pub to: Colour,
    /// Of the template as it is sent, without colours and our own labels.
    pub hash: String,
    /// Of the live template that it started from, as it was read.
    pub base: String,
    pub images: BTreeMap<String, String>,
    /// The images of the version that it started from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaces: BTreeMap<String, String>,
    /// Of a rollback: the hash of the template that it found in the slot, as it was read. That is
    /// the version to make live again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    /// Of a rollback to a certain release: its number. Its template may stand in an old ReplicaSet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_release: Option<u64>,
    pub started: Timestamp,
    /// When a candidate that is not ready is given up.
    pub ready_by: Timestamp,
    pub timeout_seconds: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    pub drain_seconds: u64,
    /// How long the ingress controller is given where nothing can be asked. An older version did not
    /// write it down.
    #[serde(default = "settle_seconds")]
    pub settle_seconds: u64,
    /// Somebody has said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settle_said: bool,
    /// How long the old version is kept at its full size after the switch, and the new one watched.
    #[serde(default)]
    pub bake_seconds: u64,
    /// The old version stays as it is when the release is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_old: bool,
    /// Of a rollback: the version runs already, and the ingress controller knows its pods.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
    pub gate: GateState,
    /// What stood in the slot before, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// Since when the candidate has been ready, as far as its driver knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Timestamp>,
    /// What the API server made of the candidate that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// Of the template as it was when the candidate was ready first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sighted: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
    /// The decision that the candidate goes, written down before anything is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// When the routes had been changed. From then on nobody may change them but by a switch back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Timestamp>,
    /// Since when the Services that were switched have reached the new version's pods alone, where a
    /// Service is the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Timestamp>,
    /// The rules that were answered through the ingress until then: errors there are the switch's doing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<String>,
    /// Those of them that were answered by an error until then, and with which status: who has to log in
    /// with the ingress, say, is no failure of the switch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub erred: BTreeMap<String, u16>,
    /// By which parts of an answer the app's were known there until then: status, content-type, location, body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known_by: BTreeMap<String, BTreeSet<String>>,
    /// How they were answered through the ingress until then: that is known without asking any version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub came: BTreeMap<String, Came>,
    /// It was seen not to have arrived, after the time that the ingress controller is given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubted: bool,
    /// Of that: errors alone were heard, which may end. The old version's answers were not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erring: bool,
    /// How it was made sure that the switch has arrived, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// Why the switch could not be confirmed, if it was only waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Timestamp>,
    /// Set when the switch has arrived: until then both versions must stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_until: Option<Timestamp>,
    /// The same, where the new version is to be watched longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake_until: Option<Timestamp>,
    /// When the old version was started again, since it was missed after it had been put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revived: Option<Timestamp>,
    /// What was heard then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
    /// The same after a switch back, for the candidate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_back_until: Option<Timestamp>,
    /// On objects that several apps share, whoever has driven it wrote stamps of this app alone. 0.1.0
    /// did not, and leaves this out of whatever it writes down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_stamps: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Nothing has to say yes.
    Open,
    /// A person's `promote`.
    Person,
    /// A webhook, whose address is a secret and not in the record.
    Webhook,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateState {
    pub kind: GateKind,
    pub interval_seconds: u64,
    pub threshold: u64,
    /// Consecutive answers that were not a yes.
    pub failures: u64,
    /// How many of those were a gate that could not be asked.
    pub broken: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerKind>,
    /// Not before then does it want to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// How a switch was confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmed {
    /// The app was probed through the ingress until only the new version answered.
    Probe,
    /// Both versions answer alike, but the ingress served a rule that was added after the switch.
    Marker,
    /// Not confirmed: the versions could not be told apart, and bluegreen waited for the ingress
    /// controller.
    Settle,
    /// The EndpointSlices of the Services name only the new version's pods, and bluegreen waited for
    /// the nodes to follow. Nothing was probed.
    Endpoints,
}

/// A candidate as the API server took it, admission included: what differs from that afterwards,
/// somebody has changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observed {
    /// The Deployment's. One that was deleted before it was ready is made again.
    pub uid: String,
    /// The hash of its pod template.
    pub template: String,
    /// Its images, where they are others than were sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
}

/// What a slot held before a release wrote to it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Before {
    /// The ReplicaSet that has the template.
    pub replica_set: String,
    /// The size, where it was not put away.
    #[serde(default)]
    pub replicas: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Its labels and annotations that the release changes, as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Found>,
}

/// Who requested it, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Intent")]
pub struct Approval {
    pub by: String,
    pub at: Timestamp,
}

fn settle_seconds() -> u64 {
    SETTLE_SECONDS
}

impl GateState {
    pub fn new(kind: GateKind, interval_seconds: u64, threshold: u64) -> GateState {
        let (failures, broken, asked, answer, not_before) = (0, 0, None, None, None);
        GateState { kind, interval_seconds, threshold, failures, broken, asked, answer, not_before }
    }

    /// When it is asked next, once it has been asked.
    pub fn again(&self) -> Option<Timestamp> {
        let next = later(self.asked?, self.interval_seconds);
        Some(self.not_before.map_or(next, |not_before| not_before.max(next)))
    }
}

impl Release {
    /// Whether somebody has changed the candidate's template since it was written down what it is.
    pub fn is_edited(&self, slot: Slot, label: &Label) -> bool {
        let known = match &self.observed {
            Some(observed) => {
                Some(&observed.template).filter(|_| observed.uid == slot.version().uid)
            }
            None => self.sighted.as_ref(),
        };
        known.is_some_and(|known| *known != template::hash(&slot.neutral_template(label)))
    }

    /// How long the old version stays once a switch has arrived. Behind one address may be several
    /// controllers, each late by itself: what the last of them may take is never undercut, unless somebody
    /// said that none takes any time.
    pub fn kept_seconds(&self) -> u64 {
        self.drain_seconds.max(self.settle_seconds)
    }

    /// When the candidate goes if nobody ever says yes.
    pub fn expires(&self) -> Option<Timestamp> {
        let gate = &self.gate;
        let left = gate.threshold.saturating_sub(gate.failures + 1);
        let last = gate.again().map(|next| later(next, gate.interval_seconds.saturating_mul(left)));
        earlier(last, self.deadline)
    }
}
