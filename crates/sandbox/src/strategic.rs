//! Strategic merge patches, which kubectl sends: as merge patches, but the elements of some lists
//! have a key by which they are merged, and some fields of the patch are orders.

use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// What to do with the object that it stands in, other than to merge it: `replace` or `delete`.
const DIRECTIVE: &str = "$patch";
/// The fields that stay; all others go.
const RETAIN: &str = "$retainKeys";
/// What is taken out of a list of texts.
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
/// In which order the elements of a list that are named here are to be.
const ORDER: &str = "$setElementOrder/";

pub fn merge(old: &mut Value, patch: &Value) {
    match patch {
        Value::Object(patch) => object(old, patch, &[]),
        patch => *old = patch.clone(),
    }
}

/// By which field the elements of a list are told apart. None: the list is one value.
fn key_of(path: &[&str]) -> Option<&'static str> {
    match path {
        ["spec", "ports"] => Some("port"),
        [.., "containers" | "initContainers", "ports"] => Some("containerPort"),
        [.., "containers" | "initContainers" | "ephemeralContainers"]
        | [.., "env" | "volumes" | "imagePullSecrets" | "schedulingGates" | "resourceClaims"] => {
            Some("name")
        }
        [.., "volumeMounts"] => Some("mountPath"),
        [.., "volumeDevices"] => Some("devicePath"),
        [.., "hostAliases" | "hostIPs" | "podIPs"] => Some("ip"),
        [.., "topologySpreadConstraints"] => Some("topologyKey"),
        [.., "conditions"] => Some("type"),
        [.., "ownerReferences"] => Some("uid"),
        _ => None,
    }
}

/// Lists of texts that are merged as sets are.
fn is_set(path: &[&str]) -> bool {
    matches!(path, ["metadata", "finalizers"])
}

fn object(old: &mut Value, patch: &Object, path: &[&str]) {
    if patch.get(DIRECTIVE).is_some_and(|it| it == "replace") || !old.is_object() {
        *old = Value::Object(Object::new());
    }
    let Value::Object(old) = old else { return };
    if let Some(Value::Array(kept)) = patch.get(RETAIN) {
        old.retain(|field, _| kept.iter().any(|kept| kept == field));
    }
    let before = old.clone();
    for (field, value) in patch {
        let path = &[path, &[field.as_str()]].concat()[..];
        if let Some(field) = field.strip_prefix(DELETE_FROM) {
            without(old.get_mut(field), value);
        } else if field.starts_with('$') {
            // An order: it was, or will be, obeyed with the list that it is about.
        } else if value.is_null() || value[DIRECTIVE] == "delete" {
            old.remove(field);
        } else {
            let there = old.entry(field.clone()).or_insert(Value::Null);
            match (value, key_of(path)) {
                (Value::Object(value), _) => object(there, value, path),
                (Value::Array(patch), Some(key)) => elements(there, patch, key, path),
                (Value::Array(patch), None) if is_set(path) => add(there, patch),
                (value, _) => *there = value.clone(),
            }
        }
    }
    for (field, order) in patch {
        if let Some(field) = field.strip_prefix(ORDER)
            && let Some(Value::Array(list)) = old.get_mut(field)
            && let Value::Array(order) = order
        {
            let key = key_of(&[path, &[field]].concat());
            let stood = before.get(field).and_then(Value::as_array).map(Vec::as_slice);
            arrange(list, order, key, stood.unwrap_or_default());
        }
    }
}

fn elements(old: &mut Value, patch: &[Value], key: &str, path: &[&str]) {
    if patch.iter().any(|item| item[DIRECTIVE] == "replace") || !old.is_array() {
        *old = Value::Array(Vec::new());
    }
    let Value::Array(old) = old else { return };
    for item in patch {
        let found = old.iter().position(|it| it[key] == item[key]);
        match (item[DIRECTIVE].as_str(), found, item) {
            (Some("delete"), found, _) => {
                found.map(|at| old.remove(at));
            }
            // It stands for the whole list, which is empty by now.
            (Some("replace"), _, item) if item[key].is_null() => {}
            (_, Some(at), Value::Object(item)) => object(&mut old[at], item, path),
            (_, _, Value::Object(item)) => {
                let mut new = Value::Null;
                object(&mut new, item, path);
                old.push(new);
            }
            (_, _, item) => old.push(item.clone()),
        }
    }
}

fn add(old: &mut Value, patch: &[Value]) {
    match old {
        Value::Array(old) => {
            let new: Vec<_> = patch.iter().filter(|item| !old.contains(item)).cloned().collect();
            old.extend(new);
        }
        old => *old = Value::Array(patch.to_vec()),
    }
}

fn without(old: Option<&mut Value>, patch: &Value) {
    if let (Some(Value::Array(old)), Value::Array(patch)) = (old, patch) {
        old.retain(|item| !patch.contains(item));
    }
}

/// Those that are named come in the order given; each of the others stays before whichever of them it
/// stood before.
fn arrange(list: &mut Vec<Value>, order: &[Value], key: Option<&str>, stood: &[Value]) {
    let is_same = |one: &Value, other: &Value| match key {
        Some(key) => one[key] == other[key],
        None => one == other,
    };
    let place = |item: &Value, list: &[Value]| list.iter().position(|it| is_same(it, item));
    let (mut named, others): (Vec<_>, Vec<_>) =
        std::mem::take(list).into_iter().partition(|item| place(item, order).is_some());
    named.sort_by_key(|item| place(item, order));
    let mut others = others.into_iter().peekable();
    for item in named {
        if let Some(at) = place(&item, stood) {
            let is_before = |other: &Value| place(other, stood).is_some_and(|other| other < at);
            while let Some(other) = others.next_if(is_before) {
                list.push(other);
            }
        }
        list.push(item);
    }
    list.extend(others);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(mut old: Value, patch: Value) -> Value {
        merge(&mut old, &patch);
        old
    }

    #[test]
    fn elements_are_merged_by_their_keys() {
        let pod = |containers: Value| json!({ "spec": { "containers": containers } });
        let old = pod(json!([
            { "name": "a", "image": "a:1", "ports": [{ "containerPort": 1 }] }, { "name": "b" },
        ]));
        let change = json!({
            "name": "a", "image": "a:2", "ports": [{ "containerPort": 2, "name": "x" }],
        });
        let patch = pod(json!([change, { "name": "b", "$patch": "delete" }, { "name": "c" }]));
        let ports = json!([{ "containerPort": 1 }, { "containerPort": 2, "name": "x" }]);
        let new = pod(json!([{ "name": "a", "image": "a:2", "ports": ports }, { "name": "c" }]));
        assert_eq!(merged(old, patch), new);
    }

    #[test]
    fn what_has_no_key_is_replaced() {
        let old =
            json!({ "a": [{ "name": "x", "b": 1 }], "ports": [{ "port": 1 }], "c": { "d": 1 } });
        let patch = json!({ "a": [{ "name": "x" }], "ports": [{ "port": 2 }], "c": { "e": null } });
        let new = json!({ "a": [{ "name": "x" }], "ports": [{ "port": 2 }], "c": { "d": 1 } });
        assert_eq!(merged(old, patch), new);
    }

    #[test]
    fn directives_are_obeyed_and_not_kept() {
        for (old, patch, new) in [
            (json!({ "a": { "b": 1 } }), json!({ "a": { "$patch": "delete" } }), json!({})),
            (
                json!({ "a": { "b": 1 } }),
                json!({ "a": { "$patch": "replace", "c": 2 } }),
                json!({ "a": { "c": 2 } }),
            ),
            (
                json!({ "a": { "type": "x", "x": 1, "y": 2 } }),
                json!({ "a": { "$retainKeys": ["type", "y"], "type": "y" } }),
                json!({ "a": { "type": "y", "y": 2 } }),
            ),
            (
                json!({ "volumes": [{ "name": "a" }, { "name": "b" }] }),
                json!({ "volumes": [{ "$patch": "replace" }, { "name": "c" }] }),
                json!({ "volumes": [{ "name": "c" }] }),
            ),
            (
                json!({ "metadata": { "finalizers": ["a", "b"] } }),
                json!({ "metadata": {
                    "finalizers": ["c", "b"], "$deleteFromPrimitiveList/finalizers": ["a"],
                } }),
                json!({ "metadata": { "finalizers": ["b", "c"] } }),
            ),
        ] {
            assert_eq!(merged(old, patch.clone()), new, "{patch}");
        }
    }

    #[test]
    fn elements_come_in_the_order_that_is_asked_for() {
        let named = |names: &str| {
            json!(names.chars().map(|name| json!({ "name": name.to_string() })).collect::<Vec<_>>())
        };
        // b is somebody else's, and stays before c, before which it stood.
        for (order, new) in [("acd", "abcd"), ("dca", "dbca"), ("ca", "bca")] {
            let patch = json!({ "$setElementOrder/env": named(order), "env": named("d") });
            let patched = merged(json!({ "env": named("abc") }), patch);
            let new = if order == "ca" { "bcad" } else { new };
            assert_eq!(patched, json!({ "env": named(new) }), "{order}");
        }
    }
}
