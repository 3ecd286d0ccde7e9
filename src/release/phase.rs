//! Where a release stands, read off the record and the routes.

use std::fmt;

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
    /// The new version serves; the old one is kept until it is no longer asked.
    Draining,
}

impl Phase {
    pub fn of(release: &Release, switched: bool) -> Phase {
        if switched || release.drain_until.is_some() || release.drain_back_until.is_some() {
            Phase::Draining
        } else if release.waiting.is_none() {
            Phase::Starting
        } else if release.approved.is_some() || release.gate.kind == GateKind::Open {
            Phase::Switching
        } else {
            Phase::Waiting
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Starting => "starting",
            Phase::Waiting => "waiting",
            Phase::Switching => "switching",
            Phase::Draining => "draining",
        })
    }
}
