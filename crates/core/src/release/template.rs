//! The pod template of a slot, edited as JSON so that fields which nobody here knows survive.
//!
//! A template is compared and hashed in its neutral form: blue's value of the one rewritten label,
//! none of our own labels. The same version so has the same hash in either slot.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::goal::{Change, ImageChange};
use crate::model::{COLOUR_LABEL, Colour, RELEASE, string_map};
use crate::route::Label;

/// Labels that are taken, in this order, for the one that tells the colours apart.
pub(super) const USUAL_KEYS: [&str; 5] =
    ["app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "name", "k8s-app"];
/// What the Deployment controller adds to a ReplicaSet's template.
const REPLICA_SET_LABEL: &str = "pod-template-hash";

/// The label to rewrite, from a Deployment's selector: one by which the live Service selects, too, so that
/// it can follow. Where green stands already, it is the one by which that differs.
pub fn label(deployment: &Value, live: Option<&Value>, green: Option<&Value>) -> Option<Label> {
    let selector = string_map(&deployment["spec"]["selector"]["matchLabels"]);
    let labels = || {
        let usual = USUAL_KEYS.into_iter().filter_map(|key| selector.get_key_value(key));
        let others = selector.iter().filter(|(key, _)| !USUAL_KEYS.contains(&key.as_str()));
        let all = usual.chain(others);
        all.map(|(key, blue)| Label { key: key.clone(), blue: blue.clone() })
    };
    let differs = |label: &Label| {
        let has = green.and_then(|it| it["spec"]["selector"]["matchLabels"][&label.key].as_str());
        has.is_some_and(|value| label.colour(value) == Some(Colour::Green))
    };
    let is_followed = |label: &Label| {
        let has = live.and_then(|live| live["spec"]["selector"][&label.key].as_str());
        has.is_some_and(|value| label.colour(value).is_some())
    };
    labels().find(differs).or_else(|| labels().find(is_followed)).or_else(|| labels().next())
}

/// The template without what tells a slot: blue's label value, none of our labels.
pub fn neutral(template: &Value, label: &Label) -> Value {
    let mut template = template.clone();
    if let Some(labels) = object_at(&mut template, "/metadata/labels") {
        for ours in [COLOUR_LABEL, RELEASE, REPLICA_SET_LABEL] {
            labels.remove(ours);
        }
    }
    // The API server writes a null here, which nobody sent.
    if let Some(metadata) = object_at(&mut template, "/metadata")
        && metadata.get("creationTimestamp").is_some_and(Value::is_null)
    {
        metadata.remove("creationTimestamp");
    }
    let green = label.value(Colour::Green);
    rewrite(&mut template, &label.key, &green, &label.blue);
    template
}

fn object_at<'a>(value: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    value.pointer_mut(pointer).and_then(Value::as_object_mut)
}

/// A neutral template as one slot sends it.
pub fn coloured(neutral: &Value, label: &Label, colour: Colour, release: u64) -> Value {
    let mut template = neutral.clone();
    rewrite(&mut template, &label.key, &label.blue, &label.value(colour));
    if let Some(labels) = object_at(&mut template, "/metadata/labels") {
        labels.insert(COLOUR_LABEL.to_owned(), json!(colour.as_str()));
        labels.insert(RELEASE.to_owned(), json!(release.to_string()));
    }
    template
}

/// The template that a Deployment had when this ReplicaSet was made for it.
pub fn of_replica_set(set: &Value) -> Value {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = object_at(&mut template, "/metadata/labels") {
        labels.remove(REPLICA_SET_LABEL);
    }
    template
}

/// The hash of a neutral template.
pub fn hash(neutral: &Value) -> String {
    let digest = Sha256::digest(canonical(neutral).to_string());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with the keys of every object in order, whatever order they arrived in.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<_, _> = object.iter().collect();
            let entries = sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}

/// The images of a template's containers, init containers included, by container.
pub fn images(template: &Value) -> BTreeMap<String, String> {
    let containers = ["initContainers", "containers"].into_iter();
    let containers =
        containers.flat_map(|list| template["spec"][list].as_array().into_iter().flatten());
    containers
        .filter_map(|c| Some((c["name"].as_str()?.to_owned(), c["image"].as_str()?.to_owned())))
        .collect()
}

/// Where a template differs from what it was, by the names of its fields: an image with what it was and
/// is, anything else without, since it may be a secret.
pub fn differences(was: &Value, is: &Value) -> Vec<String> {
    let mut found = Vec::new();
    differ(was, is, String::new(), &mut found);
    found
}

fn differ(was: &Value, is: &Value, path: String, found: &mut Vec<String>) {
    if was == is {
        return;
    }
    if let (Value::Object(before), Value::Object(after)) = (was, is) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let dot = if path.is_empty() { "" } else { "." };
            differ(&was[key], &is[key], format!("{path}{dot}{key}"), found);
        }
        return;
    }
    if let (Some(before), Some(after)) = (by_name(was), by_name(is)) {
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let of = |all: &BTreeMap<&str, &Value>| {
                all.get(name).map_or(Value::Null, |it| (*it).clone())
            };
            differ(&of(&before), &of(&after), format!("{path}[{name}]"), found);
        }
        return;
    }
    found.push(match (was.as_str(), is.as_str()) {
        (Some(was), Some(is)) if path.ends_with("].image") => format!("{path} ({was} -> {is})"),
        _ => path,
    });
}

/// The items of a list of things that have names of their own.
fn by_name(list: &Value) -> Option<BTreeMap<&str, &Value>> {
    let items = list.as_array()?;
    let named: BTreeMap<&str, &Value> =
        items.iter().map(|item| Some((item["name"].as_str()?, item))).collect::<Option<_>>()?;
    (!items.is_empty() && named.len() == items.len()).then_some(named)
}

/// The neutral template that a change asks for, on top of the neutral template of another version.
pub fn changed(base: &Value, change: &Change, label: &Label) -> Result<Value, String> {
    match change {
        Change::Images(changes) => {
            let mut template = base.clone();
            let mut set = BTreeMap::new();
            for change in changes {
                let container = set_image(&mut template, change)?;
                if let Some(before) = set.insert(container.clone(), &change.image) {
                    return Err(format!(
                        "--image gives container {container} two images: {before} and {}",
                        change.image
                    ));
                }
            }
            Ok(template)
        }
        Change::Template(template) => {
            let wanted = &base["metadata"]["labels"];
            let template = neutral(template, label);
            let given = template["metadata"]["labels"][&label.key].as_str();
            if given != Some(label.blue.as_str()) {
                let key = &label.key;
                let wanted = wanted[key].as_str().unwrap_or(&label.blue);
                return Err(match given {
                    Some(given) => format!(
                        "the pod template in the file has the label {key}: {given}, but the app's pods have {key}: {wanted}"
                    ),
                    None => format!(
                        "the pod template in the file lacks the label {key}: {wanted}, which the app's pods have"
                    ),
                });
            }
            Ok(template)
        }
    }
}

/// Returns the container that has the image now.
fn set_image(template: &mut Value, change: &ImageChange) -> Result<String, String> {
    let names: Vec<String> = images(template).into_keys().collect();
    let container = match &change.container {
        Some(container) => container.clone(),
        None => {
            let containers = template["spec"]["containers"].as_array().map_or(0, Vec::len);
            match template["spec"]["containers"][0]["name"].as_str() {
                Some(only) if containers == 1 => only.to_owned(),
                _ => {
                    return Err(format!(
                        "--image {} names no container, and the app has several: {}",
                        change.image,
                        names.join(", ")
                    ));
                }
            }
        }
    };
    for list in ["/spec/containers", "/spec/initContainers"] {
        let entries = template.pointer_mut(list).and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten() {
            if entry["name"] == container.as_str() {
                entry["image"] = json!(change.image);
                return Ok(container);
            }
        }
    }
    Err(format!("the app has no container {container}, only {}", names.join(", ")))
}

/// Changes the label's value in the pod labels, and where the template selects its own pods:
/// affinity and topology spread. Anything else that happens to hold the value is left alone.
fn rewrite(template: &mut Value, key: &str, from: &str, to: &str) {
    let replace = |value: &mut Value| {
        if value == from {
            *value = json!(to);
        }
    };
    if let Some(value) = template.pointer_mut("/metadata/labels").and_then(|l| l.get_mut(key)) {
        replace(value);
    }
    for selector in template.pointer_mut("/spec").map(selectors).into_iter().flatten() {
        if let Some(value) = selector.get_mut("matchLabels").and_then(|l| l.get_mut(key)) {
            replace(value);
        }
        let expressions = selector.get_mut("matchExpressions").and_then(Value::as_array_mut);
        for expression in expressions.into_iter().flatten().filter(|e| e["key"] == key) {
            let values = expression.get_mut("values").and_then(Value::as_array_mut);
            values.into_iter().flatten().for_each(replace);
        }
    }
}

/// The label selectors by which a pod spec speaks of pods.
fn selectors(spec: &mut Value) -> Vec<&mut Value> {
    let Some(spec) = spec.as_object_mut() else { return Vec::new() };
    let mut found = Vec::new();
    for (field, value) in spec.iter_mut() {
        match field.as_str() {
            "topologySpreadConstraints" => {
                let constraints = value.as_array_mut().into_iter().flatten();
                found.extend(constraints.filter_map(|c| c.get_mut("labelSelector")));
            }
            "affinity" => {
                let Some(affinity) = value.as_object_mut() else { continue };
                let kinds = affinity.iter_mut().filter(|(k, _)| k.as_str() != "nodeAffinity");
                let terms = kinds.filter_map(|(_, kind)| kind.as_object_mut());
                let terms = terms.flat_map(|kind| kind.iter_mut());
                let terms = terms.flat_map(|(_, terms)| terms.as_array_mut().into_iter().flatten());
                found.extend(terms.filter_map(|term| {
                    // A preferred term wraps the required form: {weight, podAffinityTerm: {…}}.
                    let term = match term.get("podAffinityTerm") {
                        Some(_) => &mut term["podAffinityTerm"],
                        None => term,
                    };
                    term.get_mut("labelSelector")
                }));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
