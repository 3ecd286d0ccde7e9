//! Deletions: on which conditions, and what becomes of an object.

use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::clock::Clock;
use super::options;
use super::refusal::Refusal;
use super::request::Target;
use super::resources::{EVENTS, NAMESPACES, PODS, Resource, SERVICES};
use super::store::{Fate, Key, Store, is_held};
use super::verbs::{Asked, Reply};

/// Seconds that a pod has to end, if it does not say otherwise.
const GRACE: u64 = 30;

pub fn answer(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let name = target.name.as_deref().unwrap_or_default();
    let resource = target.resource;
    asked.form()?;
    if !asked.body.is_empty() && !asked.header(CONTENT_TYPE).is_empty() {
        asked.check_media()?;
    }
    let options = options::of_deletion(&asked.query, asked.body)?;
    let key = Key::new(resource, target.space(), name);
    let dry = options["dryRun"][0] == "All";
    let (object, gone) = store.delete(resource, &key, dry, |old| {
        precondition(resource, old, &options["preconditions"])?;
        Ok(fate(resource, old, &options, store.clock()))
    })?;
    // Most are told with a Status when they are gone; what stays for a while, as an object.
    let is_shown = [PODS.plural, SERVICES.plural].contains(&resource.plural);
    let body = match gone && !is_shown {
        false => (*object).clone(),
        true => {
            let mut details = json!({
                "name": name, "kind": resource.plural, "uid": object["metadata"]["uid"],
            });
            if !resource.group.is_empty() {
                details["group"] = json!(resource.group);
            }
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": details,
            })
        }
    };
    Ok(Reply::Object { code: 200, body })
}

/// What a deletion was asked for on.
fn precondition(resource: Resource, object: &Value, wanted: &Value) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    for (field, words, end) in [
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ] {
        let (wanted, is) = (&wanted[field], &object["metadata"][field]);
        if wanted.is_string() && wanted != is {
            let why = format!(
                "the {words} in the precondition ({}) does not match the {words} in record ({}). \
                 The object might have been {end}",
                wanted.as_str().unwrap_or_default(),
                is.as_str().unwrap_or_default()
            );
            return Err(Refusal::conflict_of(resource.kind, resource.group, name, &why));
        }
    }
    Ok(())
}

/// What becomes of an object that was asked to go: the garbage collector and the kubelet may have a
/// part in it.
pub fn fate(resource: Resource, object: &Value, options: &Value, clock: &Clock) -> Fate {
    let finalizer = match options["propagationPolicy"].as_str() {
        // These own nothing.
        _ if resource.plural == EVENTS.plural => None,
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        None if options["orphanDependents"] == true => Some("orphan"),
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
    let asked = options["gracePeriodSeconds"].as_i64().map(|it| u64::try_from(it).unwrap_or(1));
    let grace = if runs { asked.unwrap_or(own) } else { 0 };
    match is_held || grace > 0 {
        true => marked(object, &clock.stamp_after(grace), grace),
        false => Fate::Removed,
    }
}

/// The time of an end to come is the end's; whoever counts generations counts this.
fn marked(mut object: Value, stamp: &str, seconds: u64) -> Fate {
    let metadata = &mut object["metadata"];
    if metadata["deletionTimestamp"].is_null() {
        metadata["deletionTimestamp"] = json!(stamp);
        metadata["deletionGracePeriodSeconds"] = json!(seconds);
        if let Some(generation) = metadata["generation"].as_u64() {
            metadata["generation"] = json!(generation + 1);
        }
    }
    Fate::Marked(object)
}
