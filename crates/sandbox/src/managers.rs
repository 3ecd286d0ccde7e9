//! `metadata.managedFields`: who wrote an object, when, and which of its fields.

mod fields;

use http::header::USER_AGENT;
use serde_json::{Value, json};

use super::clock::Clock;
use super::request::Target;
use super::verbs::Asked;
use fields::{Fields, Named};

/// Notes the writer of a change, as the API server does: by the name that it gives itself, and with
/// what it has made another than it was (null: it was not there). Whatever it has changed or removed
/// is nobody else's any more. An entry that owns nothing stays, where the API server drops it.
pub fn note(old: &Value, object: &mut Value, target: &Target, asked: &Asked, clock: &Clock) {
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
        "fieldsType": "FieldsV1",
    });
    if let Some(part) = &target.part {
        entry["subresource"] = json!(part);
    }
    let entries = object["metadata"]["managedFields"].as_array_mut();
    let mut entries = entries.map(std::mem::take).unwrap_or_default();
    let is_of_status = target.part.as_deref() == Some("status");
    let (was, is) = (Named::of(old, is_of_status), Named::of(object, is_of_status));
    let (written, removed) = (is.other_than(&was), was.not_in(&is));
    let who = |entry: &Value| (entry["manager"].clone(), entry["subresource"].clone());
    let mut own = written.clone();
    entries.retain_mut(|other| {
        let fields = Fields::read(&other["fieldsV1"]).without(&removed);
        if who(other) == who(&entry) {
            own = own.with(&fields);
            return false;
        }
        other["fieldsV1"] = fields.without(&written).shown();
        true
    });
    entry["fieldsV1"] = own.shown();
    entries.push(entry);
    object["metadata"]["managedFields"] = json!(entries);
}

/// What was noted of one state of an object, put into another.
pub fn carry(from: &Value, to: &mut Value) {
    let noted = &from["metadata"]["managedFields"];
    match to["metadata"].as_object_mut() {
        Some(metadata) if noted.is_null() => drop(metadata.remove("managedFields")),
        _ => to["metadata"]["managedFields"] = noted.clone(),
    }
}
