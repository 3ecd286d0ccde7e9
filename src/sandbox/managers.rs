//! `metadata.managedFields`: who wrote an object and when. Which fields is left out: nobody who uses
//! this reads it.

use http::header::USER_AGENT;
use serde_json::{Value, json};

use super::clock::Clock;
use super::request::Target;
use super::verbs::Asked;

/// Notes the writer of a change, as the API server does: by the name that it gives itself.
pub fn note(object: &mut Value, target: &Target, asked: &Asked, clock: &Clock) {
    let manager = match asked.query.get("fieldManager") {
        "" => asked.header(USER_AGENT).split('/').next().unwrap_or_default().to_owned(),
        named => named.to_owned(),
    };
    let manager = if manager.is_empty() { "unknown".to_owned() } else { manager };
    let mut entry = json!({
        "manager": manager,
        "operation": "Update",
        "apiVersion": object["apiVersion"],
        "time": clock.stamp(),
    });
    if let Some(part) = &target.part {
        entry["subresource"] = json!(part);
    }
    let entries = object["metadata"]["managedFields"].as_array_mut();
    let mut entries = entries.map(std::mem::take).unwrap_or_default();
    let who = |entry: &Value| (entry["manager"].clone(), entry["subresource"].clone());
    entries.retain(|other| who(other) != who(&entry));
    entries.push(entry);
    object["metadata"]["managedFields"] = json!(entries);
}
