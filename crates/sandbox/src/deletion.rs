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
                "name": name, "kind": resource.path_name(), "uid": object["metadata"]["uid"],
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
    let mut object = object.clone();
    let grace = match resource.plural {
        plural if plural == PODS.plural => of_pod(&object, options),
        _ => Grace::None,
    };
    if let Grace::Pending = grace {
        return Fate::Marked(object);
    }
    // These own nothing.
    if resource.plural != EVENTS.plural {
        finalizers(&mut object["metadata"], options);
    }
    let is_held = is_held(&object);
    let stamp = |grace: u64| json!(clock.stamp_after(grace));
    let metadata = &mut object["metadata"];
    match grace {
        Grace::Seconds(grace) => {
            if metadata["deletionTimestamp"].is_null() {
                count(metadata);
            }
            metadata["deletionTimestamp"] = stamp(grace);
            metadata["deletionGracePeriodSeconds"] = json!(grace);
            if is_held || grace > 0 { Fate::Marked(object) } else { Fate::Both(object) }
        }
        _ if !is_held => Fate::Removed,
        _ if !metadata["deletionTimestamp"].is_null() => Fate::Marked(object),
        // It has no time of its own, and counts nothing.
        _ if resource.plural == NAMESPACES.plural => {
            metadata["deletionTimestamp"] = stamp(0);
            object["status"]["phase"] = json!("Terminating");
            Fate::Marked(object)
        }
        _ => {
            count(metadata);
            metadata["deletionTimestamp"] = stamp(0);
            metadata["deletionGracePeriodSeconds"] = json!(0);
            Fate::Marked(object)
        }
    }
}

/// To be asked to go is to be wanted otherwise.
fn count(metadata: &mut Value) {
    if let Some(generation) = metadata["generation"].as_u64() {
        metadata["generation"] = json!(generation + 1);
    }
}

/// The time that an object has to end.
enum Grace {
    None,
    /// It has begun, and what is asked for is no shorter.
    Pending,
    Seconds(u64),
}

/// Nothing runs of a pod that no node has.
fn of_pod(pod: &Value, options: &Value) -> Grace {
    let is_over = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
    let grace = match pod["spec"]["nodeName"].is_null() || is_over {
        true => 0,
        false => {
            let own = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(GRACE);
            let asked = options["gracePeriodSeconds"].as_i64();
            asked.map_or(own, |asked| u64::try_from(asked).unwrap_or(1))
        }
    };
    match pod["metadata"]["deletionGracePeriodSeconds"].as_u64() {
        None => Grace::Seconds(grace),
        Some(0) => Grace::None,
        // Who says nothing leaves it as it is.
        Some(before) if grace >= before || options["gracePeriodSeconds"].is_null() => {
            Grace::Pending
        }
        Some(_) => Grace::Seconds(grace),
    }
}

/// How an object's dependents go is kept as one of its finalizers. Whoever says it anew takes the
/// place of whoever said it before.
fn finalizers(metadata: &mut Value, options: &Value) {
    let said = match options["propagationPolicy"].as_str() {
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        None if options["orphanDependents"] == true => Some("orphan"),
        None if options["orphanDependents"].is_null() => return,
        _ => None,
    };
    let mut all = metadata["finalizers"].as_array().cloned().unwrap_or_default();
    let kept = |it: &Value| said.is_some_and(|said| it == said);
    all.retain(|it| kept(it) || ["orphan", "foregroundDeletion"].iter().all(|other| it != other));
    if let Some(said) = said.filter(|_| !all.iter().any(kept)) {
        all.push(json!(said));
    }
    match (all.is_empty(), metadata.as_object_mut()) {
        (true, Some(fields)) => drop(fields.remove("finalizers")),
        _ => metadata["finalizers"] = json!(all),
    }
}
