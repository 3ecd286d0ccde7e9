//! Whose a pod is: its owners say it. A release's number is no sign of it: every app counts its own.

use serde_json::Value;

use super::{Slot, selector};
use crate::model::{COLOUR_LABEL, Kind, Objects, label, string_map};

/// The object that keeps another one as it is, if one does.
pub fn controller(object: &Value) -> Option<&Value> {
    let mut owners = object["metadata"]["ownerReferences"].as_array()?.iter();
    owners.find(|owner| owner["controller"] == true)
}

/// Whether a pod is one of a slot's, of whatever template.
pub fn is_of(objects: &Objects, slot: Slot, pod: &Value) -> bool {
    let Some(owner) = controller(pod).filter(|owner| owner["kind"] == "ReplicaSet") else {
        return false;
    };
    match set_of(objects, owner) {
        Some(set) => {
            controller(set).is_some_and(|owner| owner["uid"] == slot.version().uid.as_str())
        }
        None => is_selected(slot, pod),
    }
}

/// Whether it runs what stands in the slot now.
pub fn is_present(slot: Slot, pod: &Value) -> bool {
    let wanted = string_map(&slot.template()["metadata"]["labels"]);
    let has = string_map(&pod["metadata"]["labels"]);
    wanted.iter().all(|(key, value)| has.get(key) == Some(value))
}

/// Whether it runs no more, and never will again: what keeps a Deployment's size has another in its
/// place already.
pub fn is_over(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
        || ["Failed", "Succeeded"].iter().any(|phase| pod["status"]["phase"] == *phase)
}

/// A pod's ReplicaSet, if that was read: no watch brings one that was made since.
fn set_of<'a>(objects: &'a Objects, owner: &Value) -> Option<&'a Value> {
    let set = objects.get(Kind::ReplicaSet, owner["name"].as_str()?)?;
    (set["metadata"]["uid"] == owner["uid"]).then_some(set)
}

/// By what the slot selects, and by the colour that its pods bear if a release has made them.
fn is_selected(slot: Slot, pod: &Value) -> bool {
    let colour = slot.template()["metadata"]["labels"][COLOUR_LABEL].as_str();
    selector::matches(&slot.0["spec"]["selector"], &string_map(&pod["metadata"]["labels"]))
        && colour.is_none_or(|colour| label(pod, COLOUR_LABEL) == Some(colour))
}

#[cfg(test)]
#[path = "whose_tests.rs"]
mod tests;
