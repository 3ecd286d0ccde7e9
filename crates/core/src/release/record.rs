//! The record: the app's durable state, one ConfigMap. It holds only what cannot be read off other
//! objects, and it is the lock as well: one compare-and-swap covers both.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::carried::Found;
use super::instant::{earlier, later};
use super::settings::SETTLE_SECONDS;
use super::{Came, Names, Settings, Slot, template};
use crate::model::{APP_LABEL, Colour, MANAGED_BY, MANAGER};
use crate::route::{Label, RouteKind};

/// The key of the ConfigMap's data that holds the record.
pub const RECORD_KEY: &str = "record";
/// How many finished releases are remembered. The last that went live is always one of them.
pub const HISTORY: usize = 10;
/// Longer than any setting may be: about 10 years.
const LONGEST_SECONDS: u64 = 10 * 366 * 24 * 3600;
/// No release gets as far: whatever is more is somebody's edit.
pub const LAST_NUMBER: u64 = u64::MAX / 2;
/// The form of the record that this version reads and writes.
const FORM: u32 = 1;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    form: u32,
    /// The live Service's name.
    pub service: String,
    /// What leads people to the app. 0.1.0 knew Ingresses alone.
    #[serde(default, skip_serializing_if = "RouteKind::is_ingress")]
    pub route: RouteKind,
    pub label: Label,
    /// The number of the last release that was started.
    pub number: u64,
    /// Raised by every driver that takes over from one which did not answer.
    pub epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// What `init` was given for the releases to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// The host under which our own Ingress shows the candidate to people outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_host: Option<String>,
    /// The Secret of its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_tls_secret: Option<String>,
    /// Which controller serves the class of the app's Ingresses, as it was read when a release began last:
    /// whoever goes on with it, or goes back, does not ask again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controllers: BTreeMap<String, String>,
    /// The last finished releases, oldest first.
    #[serde(default)]
    pub history: Vec<Finished>,
}

/// The process that now advances the release.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    pub id: String,
    /// `user@host (pid)`, for people.
    pub holder: String,
    pub since: Timestamp,
    pub seen: Timestamp,
    /// Counts the driver's writes to the record: it grows while the driver lives.
    pub writes: u64,
}

/// Asks the driver for a sign of life.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Challenge {
    pub by: String,
    pub at: Timestamp,
}

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
    pub answer: Option<String>,
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

/// How a release ended, or why it must end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Verdict")]
pub enum ReleaseOutcome {
    /// The new version is live.
    Promoted,
    /// The gate rejected it, or threshold or deadline passed.
    Rejected,
    /// The candidate never became ready, or failed later.
    Unhealthy,
    /// By somebody.
    Aborted,
}

impl ReleaseOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            ReleaseOutcome::Promoted => "promoted",
            ReleaseOutcome::Rejected => "rejected",
            ReleaseOutcome::Unhealthy => "unhealthy",
            ReleaseOutcome::Aborted => "aborted",
        }
    }
}

/// The decision to remove the candidate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ending {
    pub outcome: ReleaseOutcome,
    pub reason: String,
    /// Who aborted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub at: Timestamp,
}

/// A release that is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    pub number: u64,
    /// The colour that was live.
    pub from: Colour,
    /// The candidate's colour.
    pub to: Colour,
    /// Of the new version's pod template, as it was sent.
    pub hash: String,
    /// The new version's images, by container, as they were sent.
    pub images: BTreeMap<String, String>,
    /// The same as the API server stored them, if admission changed them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observed: BTreeMap<String, String>,
    /// The images of the version that it started from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaces: BTreeMap<String, String>,
    /// Of that version's pod template, as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Of the new version's pod template, as the API server gave it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sighted: Option<String>,
    /// Whether it was a rollback: the version was live before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback: bool,
    pub started: Timestamp,
    /// When the candidate was ready, if it needed approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Timestamp>,
    /// When the routes had been changed, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Timestamp>,
    /// How the switch was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// Why the switch could not be confirmed, if it was only waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<String>,
    /// When that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived: Option<Timestamp>,
    /// The requests that failed after the old version was scaled down, so that it was started
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
    /// What is not as it should be though the version is live.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether the old version was left running.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    pub ended: Timestamp,
    pub outcome: ReleaseOutcome,
    /// Why it was not promoted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who promoted or aborted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

fn settle_seconds() -> u64 {
    SETTLE_SECONDS
}

impl Record {
    /// A record's beginning. Where there was one before, its numbers go on: what it wrote still
    /// bears them.
    pub fn new(service: String, label: Label, number: u64, epoch: u64) -> Record {
        Record {
            form: FORM,
            service,
            route: RouteKind::default(),
            label,
            number,
            epoch,
            driver: None,
            challenge: None,
            release: None,
            settings: None,
            preview_host: None,
            preview_tls_secret: None,
            controllers: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    /// Reads the record out of its ConfigMap.
    pub fn read(config_map: &Value) -> Result<Record, String> {
        let text = config_map["data"][RECORD_KEY]
            .as_str()
            .ok_or_else(|| format!("its data has no key {RECORD_KEY:?}"))?;
        let form: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        match form["form"].as_u64() {
            Some(n) if n == u64::from(FORM) => {
                // Once more from the text, for the place of what is wrong.
                let record: Record =
                    serde_json::from_str(text).map_err(|error| error.to_string())?;
                record.check()?;
                Ok(record)
            }
            Some(n) if n > u64::from(FORM) => Err(format!(
                "its format is {n}, written by a newer bluegreen: this one ({}) reads {FORM}",
                env!("CARGO_PKG_VERSION")
            )),
            Some(n) => Err(format!("its format is {n}, this version of bluegreen reads {FORM}")),
            None => Err("it has no format number".to_owned()),
        }
    }

    /// Whether a later bluegreen wrote it.
    pub fn is_later(config_map: &Value) -> bool {
        let text = config_map["data"][RECORD_KEY].as_str().unwrap_or_default();
        let form: Value = serde_json::from_str(text).unwrap_or_default();
        form["form"].as_u64().is_some_and(|form| form > u64::from(FORM))
    }

    /// What no bluegreen writes: somebody edited it, and nothing is decided on it.
    fn check(&self) -> Result<(), String> {
        self.numbers()?;
        if self.service.is_empty() || self.label.key.is_empty() || self.label.blue.is_empty() {
            return Err("it names no Service, or no label that tells the colours apart".to_owned());
        }
        let past = self.history.iter().map(|finished| finished.number).max().unwrap_or(0);
        if past > self.number {
            let last = self.number;
            return Err(format!(
                "its history has release {past}, and its last one is number {last}"
            ));
        }
        let Some(release) = &self.release else { return Ok(()) };
        if release.from == release.to {
            return Err(format!("its release is from {0} to {0}", release.from));
        }
        if release.number > self.number {
            let (number, last) = (release.number, self.number);
            return Err(format!("its release is number {number}, and its last one number {last}"));
        }
        Ok(())
    }

    fn numbers(&self) -> Result<(), String> {
        let seconds = self.release.iter().flat_map(|release| {
            let Release { timeout_seconds, drain_seconds, settle_seconds, bake_seconds, .. } =
                *release;
            let interval_seconds = release.gate.interval_seconds;
            [timeout_seconds, drain_seconds, settle_seconds, bake_seconds, interval_seconds]
        });
        let settings = self.settings.iter().flat_map(|settings| {
            let Settings { interval_seconds, timeout_seconds, deadline_seconds, .. } = *settings;
            let Settings { drain_seconds, settle_seconds, bake_seconds, .. } = *settings;
            [interval_seconds, timeout_seconds, deadline_seconds].into_iter().chain([
                drain_seconds,
                settle_seconds,
                bake_seconds,
            ])
        });
        let seconds = seconds.chain(settings.flatten());
        let gate = self.release.as_ref().map(|release| &release.gate);
        let counts = [
            self.number,
            self.epoch,
            self.driver.as_ref().map_or(0, |driver| driver.writes),
            gate.map_or(0, |gate| gate.failures),
            gate.map_or(0, |gate| gate.broken),
        ];
        match seconds.max().is_some_and(|longest| longest > LONGEST_SECONDS)
            || counts.into_iter().any(|count| count > LAST_NUMBER)
        {
            true => Err("a number in it is out of range".to_owned()),
            false => Ok(()),
        }
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a record is plain data")
    }

    /// The ConfigMap of a record that was not there before.
    pub fn config_map(&self, names: &Names) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": names.record().name,
                "namespace": names.namespace,
                "labels": {MANAGED_BY: MANAGER, APP_LABEL: names.app},
            },
            "data": {RECORD_KEY: self.text()},
        })
    }

    pub fn finished(&self, number: u64) -> Option<&Finished> {
        self.history.iter().rev().find(|finished| finished.number == number)
    }

    /// Puts the release that is under way into the history.
    pub fn finish(&mut self, outcome: ReleaseOutcome, now: Timestamp) {
        let Some(release) = self.release.take() else { return };
        let (reason, by) = match &release.ending {
            Some(ending) => (ending.reason.clone(), ending.by.clone()),
            None => (String::new(), release.approved.as_ref().map(|intent| intent.by.clone())),
        };
        self.history.push(Finished {
            number: release.number,
            from: release.from,
            to: release.to,
            hash: release.hash,
            images: release.images,
            observed: release.observed.map(|observed| observed.images).unwrap_or_default(),
            replaces: release.replaces,
            base: Some(release.base),
            sighted: release.sighted,
            rollback: release.back.is_some(),
            started: release.started,
            ready: release.waiting.filter(|_| release.gate.kind != GateKind::Open),
            switched: release.switched,
            confirmed: release.confirmed,
            unconfirmed: release.unconfirmed,
            arrived: release.arrived,
            kept: (release.keep_old || release.missed.is_some())
                && outcome == ReleaseOutcome::Promoted,
            missed: release.missed,
            warnings: Vec::new(),
            ended: now,
            outcome,
            reason,
            by,
        });
        // However many fail after it: a rollback goes by the last one that went live.
        let kept = self.last_promoted().map(|finished| finished.number);
        while self.history.len() > HISTORY {
            let oldest = usize::from(self.history[0].number == kept.unwrap_or(0));
            self.history.remove(oldest);
        }
    }

    /// The release that made the present version live.
    pub fn last_promoted(&self) -> Option<&Finished> {
        self.promoted().next()
    }

    /// The releases that went live, the newest first.
    pub fn promoted(&self) -> impl Iterator<Item = &Finished> {
        self.history.iter().rev().filter(|finished| finished.outcome == ReleaseOutcome::Promoted)
    }
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

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
