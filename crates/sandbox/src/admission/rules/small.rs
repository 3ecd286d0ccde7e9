//! The kinds with few rules: Namespaces, ConfigMaps, Events, PodDisruptionBudgets.

use serde_json::Value;

use super::{counts, selectors};
use crate::admission::fields::{Errors, entries, items, text};
use crate::admission::metadata::of_somebody;
use crate::admission::names;

/// So many bytes a ConfigMap may hold.
const SIZE: usize = 1 << 20;

pub fn config_map(map: &Value, old: Option<&Value>, errors: &mut Errors) {
    if let Some(old) = old.filter(|old| old["immutable"] == true) {
        let why = "field is immutable when `immutable` is set";
        if map["immutable"] != true {
            errors.forbidden("immutable", why);
        }
        for field in ["data", "binaryData"] {
            if map[field] != old[field] {
                errors.forbidden(field, why);
            }
        }
    }
    for (key, _) in entries(&map["data"]) {
        let field = format!("data[{key}]");
        errors.malformed(&field, key, names::config_key(key));
        if !map["binaryData"][key].is_null() {
            let again = "duplicate of key present in binaryData".to_owned();
            errors.malformed(&field, key, vec![again]);
        }
    }
    for (key, _) in entries(&map["binaryData"]) {
        errors.malformed(&format!("binaryData[{key}]"), key, names::config_key(key));
    }
    // Four letters stand for three bytes.
    let plain = entries(&map["data"]).map(|(_, value)| text(value).len());
    let coded = entries(&map["binaryData"]).map(|(_, value)| text(value).len() / 4 * 3);
    if plain.chain(coded).sum::<usize>() > SIZE {
        errors.too_long("", SIZE);
    }
}

pub fn namespace(namespace: &Value, errors: &mut Errors) {
    for finalizer in items(&namespace["spec"]["finalizers"]) {
        of_somebody(finalizer, "spec.finalizers", errors);
    }
}

pub fn event(event: &Value, errors: &mut Errors) {
    let (namespace, of) =
        (text(&event["metadata"]["namespace"]), text(&event["involvedObject"]["namespace"]));
    let is_same = of == namespace || (of.is_empty() && namespace == "default");
    if !is_same && event["eventTime"].is_null() {
        let why = "does not match event.namespace".to_owned();
        errors.malformed("involvedObject.namespace", of, vec![why]);
    }
}

pub fn budget(spec: &Value, errors: &mut Errors) {
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.invalid("spec", spec, why);
    }
    for field in ["minAvailable", "maxUnavailable"] {
        let (value, field) = (&spec[field], format!("spec.{field}"));
        if !value.is_null() {
            counts::number_or_percent(value, &field, errors);
            counts::at_most_all(value, &field, errors);
        }
    }
    selectors::check(&spec["selector"], "spec.selector", errors);
    let policy = &spec["unhealthyPodEvictionPolicy"];
    if !policy.is_null() {
        let known = ["AlwaysAllow", "IfHealthyBudget"];
        errors.one_of("spec.unhealthyPodEvictionPolicy", policy, &known);
    }
}
