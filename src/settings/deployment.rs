//! What stands in a Deployment beside its pod template, of which the API server is not asked.

use k8s_openapi::api::apps::v1::Deployment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::tree::{Node, What};
use crate::release::Fault;

/// What is wrong with it: what it can't have, and what is of another type.
pub fn faults(deployment: &Value) -> Vec<Fault> {
    let mut faults = mistyped(deployment);
    let mut given = deployment.clone();
    // One that is wrong must not hide the others.
    for fault in &faults {
        let field = fault.field.split('.').take(2).collect::<Vec<_>>().join("/");
        let (parent, key) = field.rsplit_once('/').unwrap_or(("", &field));
        let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
        if let Some(parent) = given.pointer_mut(&parent).and_then(Value::as_object_mut) {
            parent.remove(key);
        }
    }
    faults.extend(unknown(given));
    faults
}

/// Where another type stands than has to.
fn mistyped(deployment: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut wants = |field: &str, is_it: fn(&Value) -> bool, what: &str| {
        let pointer = format!("/{}", field.replace('.', "/"));
        let value = deployment.pointer(&pointer).filter(|value| !value.is_null());
        if value.is_some_and(|value| !is_it(value)) {
            faults.push(Fault::new(field, format!("this must be {what}")));
        }
    };
    let counts = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
    for field in counts {
        let is_count = |value: &Value| value.as_u64().is_some_and(|n| i32::try_from(n).is_ok());
        wants(&format!("spec.{field}"), is_count, "a whole number");
    }
    wants("spec.paused", Value::is_boolean, "true or false");
    wants("spec.selector", Value::is_object, "a mapping");
    wants("spec.strategy", Value::is_object, "a mapping");
    let is_strategy = |value: &Value| value == "RollingUpdate" || value == "Recreate";
    wants("spec.strategy.type", is_strategy, "RollingUpdate or Recreate");
    wants("metadata.name", Value::is_string, "text");
    wants("metadata.namespace", Value::is_string, "text");
    wants("status", Value::is_object, "a mapping");
    wants("metadata.labels", Value::is_object, "a mapping");
    wants("metadata.annotations", Value::is_object, "a mapping");
    for (map, is_value) in [("labels", is_label as fn(&str) -> bool), ("annotations", |_| true)] {
        let field = format!("metadata.{map}");
        for (key, value) in deployment["metadata"][map].as_object().into_iter().flatten() {
            let what = match value.as_str() {
                None => "this must be text: put it in quotes",
                Some(value) if !is_value(value) => {
                    "a label's value has at most 63 letters, digits, -, _ and ., and begins and \
                     ends with a letter or digit"
                }
                Some(_) => continue,
            };
            faults.push(Fault::new(format!("{field}.{key}"), what));
        }
    }
    faults
}

fn is_label(value: &str) -> bool {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let ends = value.starts_with(is_end) && value.ends_with(is_end);
    let is_inside = |c: char| is_end(c) || "-_.".contains(c);
    value.is_empty() || value.len() <= 63 && ends && value.chars().all(is_inside)
}

/// The fields that it can't have. Those of the pod template are left to the API server, which may know newer
/// ones.
fn unknown(mut given: Value) -> Vec<Fault> {
    // Without one it is no Deployment, whatever else stands there.
    match given.get_mut("spec").and_then(Value::as_object_mut) {
        Some(spec) => drop(spec.insert("template".to_owned(), json!({}))),
        None => return keys(&given),
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
    let Ok(read) = Deployment::deserialize(&given) else { return Vec::new() };
    let Ok(known) = serde_json::to_value(read) else { return Vec::new() };
    let mut faults = Vec::new();
    compare(&given, &known, "", &mut faults);
    faults
}

fn keys(object: &Value) -> Vec<Fault> {
    let known = ["apiVersion", "kind", "metadata", "spec", "status"];
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
        faults(deployment).into_iter().map(|fault| fault.field).collect()
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

    #[test]
    fn another_type_is_told_and_hides_nothing() {
        let whole = |metadata: Value, spec: Value| {
            let mut spec = spec;
            spec["template"] = json!({});
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
        };
        let quotes = "this must be text: put it in quotes";
        for (metadata, spec, wanted) in [
            (
                json!({}),
                json!({"replicas": "three"}),
                vec!["spec.replicas: this must be a whole number"],
            ),
            (
                json!({}),
                json!({"replicas": -3}),
                vec!["spec.replicas: this must be a whole number"],
            ),
            (json!({}), json!({"replicas": 0, "paused": true, "strategy": null}), vec![]),
            (
                json!({}),
                json!({"strategy": {"type": "Foo"}}),
                vec!["spec.strategy.type: this must be RollingUpdate or Recreate"],
            ),
            (
                json!({"labels": {"a": 1, "b": "x"}, "annotations": {"prometheus.io/port": 9102}}),
                json!({}),
                vec![
                    &format!("metadata.labels.a: {quotes}"),
                    &format!("metadata.annotations.prometheus.io/port: {quotes}"),
                ],
            ),
            (
                json!({"annotations": [1]}),
                json!({}),
                vec!["metadata.annotations: this must be a mapping"],
            ),
            (
                json!({"labelz": {}}),
                json!({"replicas": "3", "replica": 3}),
                vec![
                    "spec.replicas: this must be a whole number",
                    "metadata.labelz: unknown field",
                    "spec.replica: unknown field",
                ],
            ),
        ] {
            let found = faults(&whole(metadata, spec));
            let found: Vec<String> = found.iter().map(Fault::sentence).collect();
            assert_eq!(found, wanted);
        }
        let spaced = faults(&whole(json!({"labels": {"v": "a b"}}), json!({})));
        assert!(
            spaced[0].sentence().starts_with("metadata.labels.v: a label's value has"),
            "{spaced:?}"
        );
    }

    #[test]
    fn a_field_is_explained_by_what_it_stands_in() {
        for (field, what, path) in [
            ("metadata.labelz", "unknown field", "metadata"),
            ("spec.replcas", "unknown field", "spec"),
            ("speck", "unknown field", ""),
            (
                "spec.template.spec.containers[0].portz",
                "unknown field",
                "spec.template.spec.containers",
            ),
            ("metadata.labels.app.kubernetes.io/name", "wrong", "metadata.labels"),
            ("spec.replicas", "wrong", "spec.replicas"),
        ] {
            assert_eq!(Fault::new(field, what).explained(), path);
        }
    }
}
