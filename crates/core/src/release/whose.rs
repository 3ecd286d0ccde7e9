//! Whose a pod is: its owners say it. A release's number is no sign of it: every app counts its own.

use serde_json::Value;

use super::{Slot, Snapshot, selector};
use crate::model::{COLOUR_LABEL, Colour, Kind, Objects, label as label_of, name, string_map};
use crate::route::Label;

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

/// What keeps a pod, as a person would look for it: `StatefulSet nest`.
pub fn keeper(objects: &Objects, pod: &Value) -> String {
    let Some(owner) = controller(pod) else {
        return format!("pod {}, which nothing owns", name(pod));
    };
    let set = Some(owner).filter(|owner| owner["kind"] == "ReplicaSet");
    let owner = set.and_then(|set| controller(set_of(objects, set)?)).unwrap_or(owner);
    let text = |field: &str| owner[field].as_str().unwrap_or_default();
    format!("the pods of {} {}", text("kind"), text("name"))
}

/// Whether it is there for a while only.
pub fn is_of_a_job(pod: &Value) -> bool {
    controller(pod).is_some_and(|owner| owner["kind"] == "Job")
}

/// Whether it is known what keeps a pod. Of one whose ReplicaSet is not there it is not: that has been made
/// since, or has gone before its pods, which go by themselves then.
pub fn has_known_keeper(objects: &Objects, pod: &Value) -> bool {
    let set = controller(pod).filter(|owner| owner["kind"] == "ReplicaSet");
    set.is_none_or(|set| set_of(objects, set).is_some())
}

/// Whether it is what a slot has left behind that was deleted, and perhaps made again: it goes by itself.
pub fn is_left_of(s: &Snapshot, label: &Label, colour: Colour, pod: &Value) -> bool {
    let Some(owner) = controller(pod).filter(|owner| owner["kind"] == "ReplicaSet") else {
        return false;
    };
    match set_of(&s.objects, owner) {
        Some(set) => controller(set).is_some_and(|owner| {
            owner["kind"] == "Deployment" && owner["name"] == s.names.deployment(colour).as_str()
        }),
        // It has gone before its pods.
        None => {
            label_of(pod, COLOUR_LABEL) == Some(colour.as_str())
                && label_of(pod, &label.key) == Some(&label.value(colour))
        }
    }
}

/// Whether nobody of the app's has made it.
pub fn is_strange(s: &Snapshot, label: &Label, pod: &Value) -> bool {
    !Colour::BOTH.into_iter().any(|colour| {
        s.slot(colour).is_some_and(|slot| is_of(&s.objects, slot, pod))
            || is_left_of(s, label, colour, pod)
    })
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
        && colour.is_none_or(|colour| label_of(pod, COLOUR_LABEL) == Some(colour))
}

#[cfg(test)]
#[path = "whose_tests.rs"]
mod tests;
