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
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&object["metadata"]["name"]);
    for (field, words, end) in [
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ] {
        if wanted[field].is_null() || wanted[field] == object["metadata"][field] {
            continue;
        }
        let (wanted, is) = (text(&wanted[field]), text(&object["metadata"][field]));
        return Err(match resource.plural == NAMESPACES.plural {
            true => {
                let why = format!(
                    "Precondition failed: {words} in precondition: {wanted}, {words} in object \
                     meta: {is}"
                );
                Refusal::conflict(resource, &name, &why)
            }
            false => {
                let why = format!(
                    "the {words} in the precondition ({wanted}) does not match the {words} in \
                     record ({is}). The object might have been {end}"
                );
                Refusal::conflict_of(resource.kind, resource.group, &name, &why)
            }
        });
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
    let stamp = |grace: u64| json!(clock.stamp_after(grace));
    match resource.plural {
        plural if plural == PODS.plural => {
            let grace = grace(&object, options);
            marked_within(&mut object, grace, stamp(grace));
            if is_held || grace > 0 { Fate::Marked(object) } else { Fate::Both(object) }
        }
        _ if !is_held => Fate::Removed,
        plural => {
            let grace = if plural == NAMESPACES.plural { None } else { Some(0) };
            marked(&mut object, grace, stamp(0));
            Fate::Marked(object)
        }
    }
}

/// Seconds that a pod has to end: none where nothing of it runs.
fn grace(pod: &Value, options: &Value) -> u64 {
    let is_over = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
    if pod["spec"]["nodeName"].is_null() || is_over {
        return 0;
    }
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(GRACE);
    let asked = options["gracePeriodSeconds"].as_i64();
    asked.map_or(own, |asked| u64::try_from(asked).unwrap_or(1))
}

/// Whoever asks again may only shorten the time.
fn marked_within(pod: &mut Value, grace: u64, stamp: Value) {
    let metadata = &mut pod["metadata"];
    match metadata["deletionGracePeriodSeconds"].as_u64() {
        None => marked(pod, Some(grace), stamp),
        Some(before) if grace < before => {
            metadata["deletionTimestamp"] = stamp;
            metadata["deletionGracePeriodSeconds"] = json!(grace);
        }
        Some(_) => {}
    }
}

/// The time of an end to come is the end's; whoever counts generations counts this. A
/// namespace does neither: it has no time of its own.
fn marked(object: &mut Value, grace: Option<u64>, stamp: Value) {
    let metadata = &mut object["metadata"];
    if metadata["deletionTimestamp"].is_null() {
        metadata["deletionTimestamp"] = stamp;
        let Some(grace) = grace else {
            return;
        };
        metadata["deletionGracePeriodSeconds"] = json!(grace);
        if let Some(generation) = metadata["generation"].as_u64() {
            metadata["generation"] = json!(generation + 1);
        }
    }
}
