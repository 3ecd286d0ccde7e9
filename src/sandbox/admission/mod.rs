//! What the API server makes of an object before it stores it: where it belongs, what is filled in,
//! what may not be, what may not change.

mod defaults;
mod fields;
mod metadata;
mod names;
mod rules;
mod shapes;

use serde_json::{Value, json};

use super::clock::Clock;
use super::refusal::Refusal;
use super::request::{Query, Target};
use super::resources::{NAMESPACES, PODS, Resource};
use super::store::{Fate, is_held};
use super::verbs::fate_of_marked;
pub use defaults::Spare;
use fields::Errors;

/// Seconds that a pod has to end, if it does not say otherwise.
const GRACE: u64 = 30;

/// Holds what an object says of itself against the URL, and fills in what it leaves out.
pub fn place(target: &Target, object: &mut Value) -> Result<(), Refusal> {
    let resource = target.resource;
    let (kind, api_version) = (resource.kind, resource.api_version());
    let says = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (said_kind, said_version) = (says("kind"), says("apiVersion"));
    let is_other = (!said_kind.is_empty() && said_kind != kind)
        || (!said_version.is_empty() && said_version != api_version);
    if is_other {
        return Err(Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: the object is a {said_kind} in \
             version {said_version:?}",
            resource.version
        )));
    }
    object["kind"] = json!(kind);
    object["apiVersion"] = json!(api_version);
    if object["metadata"].is_null() {
        object["metadata"] = json!({});
    }
    shapes::take_in(resource, object)?;
    if resource.is_namespaced {
        match object["metadata"]["namespace"].as_str() {
            None | Some("") => object["metadata"]["namespace"] = json!(target.space()),
            Some(namespace) if namespace == target.space() => {}
            Some(_) => {
                return Err(Refusal::bad_request(
                    "the namespace of the provided object does not match the namespace sent on \
                     the request",
                ));
            }
        }
    }
    Ok(())
}

/// A new object as it will be stored.
pub fn admit_new(resource: Resource, object: &mut Value, spare: &Spare) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if object["metadata"]["resourceVersion"].as_str().is_some_and(|version| !version.is_empty()) {
        return Err(Refusal::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    if let Some(fields) = object.as_object_mut()
        && resource.has_status
    {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"] {
            metadata.remove(field);
        }
    }
    defaults::fill_in(resource, object, None, spare);
    let mut errors = Errors::default();
    if !metadata::is_common(resource) {
        metadata::check_new(resource, object, &mut errors);
    }
    rules::check(resource, object, None, &mut errors);
    // These have no rules of their own for metadata; the server's come last.
    if metadata::is_common(resource) && errors.0.is_empty() {
        metadata::check_new(resource, object, &mut errors);
    }
    judged(resource, &name, &errors)
}

/// A changed object as it will be stored.
pub fn admit_change(
    target: &Target,
    old: &Value,
    new: &mut Value,
    spare: &Spare,
) -> Result<(), Refusal> {
    let resource = target.resource;
    shapes::take_in(resource, new)?;
    let name = old["metadata"]["name"].as_str().unwrap_or_default();
    let (was, is) = (&old["metadata"], &mut new["metadata"]);
    if is["resourceVersion"].as_str().is_some_and(|version| !version.is_empty())
        && is["resourceVersion"] != was["resourceVersion"]
    {
        return Err(Refusal::modified(resource, name));
    }
    if is["uid"].as_str().is_some_and(|uid| !uid.is_empty()) && is["uid"] != was["uid"] {
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            is["uid"].as_str().unwrap_or_default(),
            was["uid"].as_str().unwrap_or_default()
        );
        return Err(Refusal::conflict(resource, name, &why));
    }
    // These are the server's, whatever was sent.
    for field in [
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        match &was[field] {
            Value::Null => {
                if let Some(metadata) = is.as_object_mut() {
                    metadata.remove(field);
                }
            }
            value => is[field] = value.clone(),
        }
    }
    let is_of_status = target.part.as_deref() == Some("status");
    if resource.has_status && !is_of_status {
        match &old["status"] {
            Value::Null => {
                if let Some(fields) = new.as_object_mut() {
                    fields.remove("status");
                }
            }
            status => new["status"] = status.clone(),
        }
    }
    defaults::fill_in(resource, new, Some(old), spare);
    let mut errors = Errors::default();
    metadata::check_change(resource, new, old, &mut errors);
    match target.part.as_deref() {
        Some("status") => rules::check_status(resource, new, &mut errors),
        _ => rules::check(resource, new, Some(old), &mut errors),
    }
    judged(resource, name, &errors)
}

fn judged(resource: Resource, name: &str, errors: &Errors) -> Result<(), Refusal> {
    match errors.0.as_slice() {
        [] => Ok(()),
        errors => Err(Refusal::invalid(resource, name, errors)),
    }
}

/// What a deletion was asked for on.
pub fn precondition(resource: Resource, object: &Value, wanted: &Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    for (field, words) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let (wanted, is) = (&wanted[field], &object["metadata"][field]);
        if wanted.is_string() && wanted != is {
            let why = format!(
                "Precondition failed: {words} in precondition: {}, {words} in object meta: {}",
                wanted.as_str().unwrap_or_default(),
                is.as_str().unwrap_or_default()
            );
            return Err(Refusal::conflict(resource, name, &why));
        }
    }
    Ok(())
}

/// What becomes of an object that was asked to go: the garbage collector and the kubelet may have a
/// part in it.
pub fn fate(
    resource: Resource,
    object: &Value,
    options: &Value,
    query: &Query,
    clock: &Clock,
) -> Fate {
    let policy = match options["propagationPolicy"].as_str() {
        Some(policy) => policy,
        None => query.get("propagationPolicy"),
    };
    let finalizer = match policy {
        "Foreground" => Some("foregroundDeletion"),
        "Orphan" => Some("orphan"),
        _ => None,
    };
    let mut object = object.clone();
    if let Some(finalizer) = finalizer {
        let mut finalizers =
            object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        if !finalizers.contains(&json!(finalizer)) {
            finalizers.push(json!(finalizer));
        }
        object["metadata"]["finalizers"] = json!(finalizers);
    }
    let is_held = is_held(&object);
    if resource.plural == NAMESPACES.plural && is_held {
        object["status"]["phase"] = json!("Terminating");
    }
    // A pod that no node has goes at once.
    let runs = resource.plural == PODS.plural && object["spec"]["nodeName"].is_string();
    let own = object["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(GRACE);
    let asked = options["gracePeriodSeconds"]
        .as_u64()
        .or_else(|| query.get("gracePeriodSeconds").parse().ok());
    let grace = if runs { asked.unwrap_or(own) } else { 0 };
    match is_held || grace > 0 {
        true => fate_of_marked(object, &clock.stamp_after(grace), grace),
        false => Fate::Removed,
    }
}
