//! What stands in a Deployment beside its pod template, of which the API server is not asked.

use k8s_openapi::api::apps::v1::Deployment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::tree::{Node, What};
use crate::release::Fault;

/// The fields that it can't have. Those of the pod template are left to the API server, which may know newer
/// ones.
pub fn unknown(deployment: &Value) -> Vec<Fault> {
    let mut given = deployment.clone();
    // Without one it is no Deployment, whatever else stands there.
    match given.get_mut("spec").and_then(Value::as_object_mut) {
        Some(spec) => drop(spec.insert("template".to_owned(), json!({}))),
        None => return keys(&given, &["apiVersion", "kind", "metadata", "spec", "status"]),
    }
    if let Some(metadata) = given.get_mut("metadata").and_then(Value::as_object_mut) {
        // Whoever copies a live object has these, in forms of every version.
        metadata.retain(|key, _| {
            !["managedFields", "creationTimestamp", "selfLink"].contains(&key.as_str())
        });
    }
    if let Some(object) = given.as_object_mut() {
        object.remove("status");
    }
    // What has the wrong type is passed over with the rest.
    let Ok(read) = Deployment::deserialize(&given) else { return Vec::new() };
    let Ok(known) = serde_json::to_value(read) else { return Vec::new() };
    let mut faults = Vec::new();
    compare(&given, &known, "", &mut faults);
    faults
}

fn keys(object: &Value, known: &[&str]) -> Vec<Fault> {
    let found = object.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    found.filter(|key| !known.contains(key)).map(|key| Fault::new(key, "unknown field")).collect()
}

/// Whatever has not come through.
fn compare(given: &Value, known: &Value, path: &str, faults: &mut Vec<Fault>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match known.get(key) {
                    Some(known) => compare(value, known, &path, faults),
                    None => faults.push(Fault::new(path, "unknown field")),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (n, (given, known)) in given.iter().zip(known).enumerate() {
                compare(given, known, &format!("{path}[{n}]"), faults);
            }
        }
        _ => {}
    }
}

/// The fields of a Deployment that are passed over, as far as somebody may have meant something by them.
pub fn left(deployment: &Node) -> Vec<String> {
    let spec = deployment.get("spec").map(|node| &node.what);
    let entries = match spec {
        Some(What::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    let keys = entries.iter().map(|(key, _)| key.name.as_str());
    let keys = keys.filter(|key| !["selector", "template"].contains(key));
    keys.map(|key| format!("spec.{key}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_in(deployment: &Value) -> Vec<String> {
        unknown(deployment).into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_field_that_no_deployment_has_is_found_wherever_it_stands() {
        let whole = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "birds", "labels": {"a": "b"}, "annotations": {},
                "creationTimestamp": null, "managedFields": [{"x": 1}], "generation": 3, "uid": "u"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "strategy": {},
                "minReadySeconds": 1, "revisionHistoryLimit": 2, "paused": false,
                "progressDeadlineSeconds": 60, "template": {"spec": {"whatever": 1}}},
            "status": {"replicas": 2, "newer": true},
        });
        assert_eq!(unknown_in(&whole), Vec::<String>::new());
        for (pointer, key, field) in [
            ("", "spce", "spce"),
            ("/metadata", "lables", "metadata.lables"),
            ("/spec", "replcas", "spec.replcas"),
            ("/spec", "tmeplate", "spec.tmeplate"),
            ("/spec/selector", "matchLabel", "spec.selector.matchLabel"),
            ("/spec/strategy", "typ", "spec.strategy.typ"),
        ] {
            let mut wrong = whole.clone();
            wrong.pointer_mut(pointer).unwrap()[key] = json!("x");
            assert_eq!(unknown_in(&wrong), [field]);
        }
        let none =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spce": {}});
        assert_eq!(unknown_in(&none), ["spce"]);
    }
}
