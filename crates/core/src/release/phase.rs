//! Where a release stands, read off the record and the routes.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{GateKind, Release};

/// Where a release stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The candidate is not ready yet.
    Starting,
    /// It is ready; the gate has not said yes.
    Waiting,
    /// The gate said yes; the routes are being changed.
    Switching,
    /// They have been changed; whether that has arrived at the ingress controller is being found out.
    Confirming,
    /// The new version serves, and is watched; the old one is kept at its full size.
    Baking,
    /// The new version serves; the old one is kept until it is no longer asked.
    Draining,
}

impl Phase {
    pub fn of(release: &Release, switched: bool) -> Phase {
        if switched || release.switched.is_some() || release.drain_back_until.is_some() {
            match release {
                Release { ending: Some(_), .. } => Phase::Draining,
                Release { drain_until: None, .. } => Phase::Confirming,
                _ if release.bake_until > release.drain_until => Phase::Baking,
                _ => Phase::Draining,
            }
        } else if release.waiting.is_none() {
            Phase::Starting
        } else if release.approved.is_some() || release.gate.kind == GateKind::Open {
            Phase::Switching
        } else {
            Phase::Waiting
        }
    }

    /// Whether the new version still has to show that it may go live.
    pub fn has_candidate(self) -> bool {
        matches!(self, Phase::Starting | Phase::Waiting)
    }

    /// When it began, as far as that was written down.
    pub fn since(self, release: &Release) -> Timestamp {
        if let Some(ending) = &release.ending {
            return ending.at;
        }
        let began = match self {
            Phase::Starting => None,
            Phase::Waiting => release.waiting,
            Phase::Switching => release.approved.as_ref().map(|yes| yes.at).max(release.waiting),
            Phase::Confirming => release.switched,
            Phase::Baking | Phase::Draining => release.arrived,
        };
        // Of one that has just begun and is not written down yet, the last that was.
        let gate = release.gate.asked.max(release.approved.as_ref().map(|yes| yes.at));
        began.or(release.waiting.max(gate)).unwrap_or(release.started)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Starting => "starting",
            Phase::Waiting => "waiting",
            Phase::Switching => "switching",
            Phase::Confirming => "confirming",
            Phase::Baking => "baking",
            Phase::Draining => "draining",
        })
    }
}
