//! How releases have ended.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confirmed, GateKind, Record};
use crate::model::Colour;

/// How many finished releases are remembered. The last that went live is always one of them.
pub const HISTORY: usize = 10;

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

impl Record {
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
