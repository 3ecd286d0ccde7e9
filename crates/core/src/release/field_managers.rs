//! Whose hand was in an object last: what the API server notes of every writer.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Record, Slot, Snapshot};
use crate::model::{Colour, MANAGER, name};
use crate::route::Route;

/// A writer's last write of an object.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hand")]
pub struct LastWriter {
    /// The name that the program gives itself.
    pub manager: String,
    /// The object's kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    pub at: Timestamp,
}

/// A tool that brings objects back to what is in a repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GitOpsTool {
    ArgoCd,
    Flux,
}

impl LastWriter {
    pub fn tool(&self) -> Option<GitOpsTool> {
        match self.manager.as_str() {
            "argocd-controller" | "argocd-application-controller" => Some(GitOpsTool::ArgoCd),
            "kustomize-controller" | "helm-controller" => Some(GitOpsTool::Flux),
            _ => None,
        }
    }
}

/// The last write of somebody else to what the release in progress stands on, since it began.
pub fn last(s: &Snapshot, record: &Record) -> Option<LastWriter> {
    let began = record.release.as_ref()?.started;
    let slots = Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour));
    let slots = slots.map(|Slot(object)| object);
    let objects =
        s.routes(record).into_iter().map(Route::object).chain(s.live_service(record)).chain(slots);
    let hands = objects.flat_map(hands).filter(|hand| hand.at.as_second() >= began.as_second());
    // The time has whole seconds: among equals a tool is the likelier one.
    hands.max_by_key(|hand| (hand.at, hand.tool().is_some()))
}

/// Whether somebody else has set a field of a slot's pod template since then. What admission sets in
/// the course of a write, nobody owns; what somebody only takes away leaves no trace.
pub fn in_template(slot: Slot, since: Timestamp) -> bool {
    let managed = slot.0["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut others = managed.filter(|entry| {
        entry["manager"] != MANAGER && !entry["fieldsV1"]["f:spec"]["f:template"].is_null()
    });
    // The time has whole seconds.
    others.any(|entry| {
        let at = entry["time"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        at.is_some_and(|at| at.as_second() >= since.as_second())
    })
}

fn hands(object: &Value) -> impl Iterator<Item = LastWriter> {
    let managed = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    managed.filter_map(|entry| {
        let manager = entry["manager"].as_str()?;
        // A status says what has come of an object; nobody changed it by that.
        let is_other = manager != MANAGER && entry["subresource"] != "status";
        is_other.then_some(())?;
        Some(LastWriter {
            manager: manager.to_owned(),
            kind: object["kind"].as_str()?.to_owned(),
            name: name(object).to_owned(),
            at: entry["time"].as_str()?.parse().ok()?,
        })
    })
}
