//! What the controllers read off objects, and write into them.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::Scene;
use crate::resources::{ALL, Resource, of_kind};
use crate::store::{Key, Store};

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

pub fn uid(object: &Value) -> &str {
    text(&object["metadata"]["uid"])
}

pub fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether it has been told to go.
pub fn is_going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub fn owners(object: &Value) -> &[Value] {
    items(&object["metadata"]["ownerReferences"])
}

/// The reference to the owner that looks after it.
pub fn controller(object: &Value) -> Option<&Value> {
    owners(object).iter().find(|owner| owner["controller"] == true)
}

/// Where an owner is, if its kind is known here.
pub fn owner_key(namespace: &str, owner: &Value) -> Option<Key> {
    let resource = of_kind(text(&owner["apiVersion"]), text(&owner["kind"]))?;
    Some(Key::new(resource, namespace, text(&owner["name"])))
}

/// A reference to an object, as what it makes has it.
pub fn owned_by(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

/// What one of the cluster's own resources is, by the name in its key.
pub fn resource(key: &Key) -> Option<Resource> {
    ALL.into_iter().find(|resource| resource.plural == key.plural)
}

/// The objects of a resource that an owner's controller looks after.
pub fn owned_objects(scene: &Scene, resource: Resource, owner: &Value) -> Vec<Arc<Value>> {
    let uid = uid(owner);
    let keys = scene.owned.of(uid).filter(|key| key.plural == resource.plural);
    keys.filter_map(|key| scene.store.get(key))
        .filter(|object| controller(object).is_some_and(|it| it["uid"] == uid))
        .collect()
}

/// What is zero is left out.
pub fn set_count(fields: &mut Value, field: &str, count: usize) {
    if count > 0 {
        fields[field] = json!(count);
    }
}

pub fn is_selected(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    selector.as_object().is_some_and(|wanted| {
        !wanted.is_empty() && wanted.iter().all(|(label, value)| labels[label] == *value)
    })
}

/// Whether a pod is ready, and since when.
pub fn ready_since(pod: &Value) -> Option<&str> {
    let mut conditions = items(&pod["status"]["conditions"]).iter();
    let ready = conditions.find(|it| it["type"] == "Ready" && it["status"] == "True")?;
    Some(text(&ready["lastTransitionTime"]))
}

/// Whether it has ended for good.
pub fn is_over(pod: &Value) -> bool {
    matches!(text(&pod["status"]["phase"]), "Succeeded" | "Failed")
}

/// The moment at which the cluster's clock will show a time.
pub fn moment(store: &Store, time: jiff::Timestamp) -> Instant {
    let wait = time.duration_since(store.clock().now());
    Instant::now() + std::time::Duration::try_from(wait).unwrap_or_default()
}

/// A number that texts that differ do not share (FNV-1a).
pub fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
