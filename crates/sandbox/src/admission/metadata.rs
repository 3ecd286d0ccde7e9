//! What holds for the metadata of every object.

use serde_json::{Value, json};

use super::fields::{Errors, entries, items, text};
use super::names;
use crate::resources::{
    CONFIG_MAPS, DISRUPTION_BUDGETS, ENDPOINT_SLICES, EVENTS, INGRESSES, NAMESPACES, PODS,
    Resource, SERVICES,
};

/// So many bytes of annotations an object may have.
const ANNOTATIONS: usize = 256 << 10;

/// The form that a kind's names have.
fn name_form(resource: Resource) -> fn(&str) -> Vec<String> {
    let labels = [NAMESPACES.plural, SERVICES.plural];
    if labels.contains(&resource.plural) { names::label } else { names::subdomain }
}

/// Whether a kind has no rules of its own for metadata.
pub fn is_common(resource: Resource) -> bool {
    [DISRUPTION_BUDGETS.plural, EVENTS.plural].contains(&resource.plural)
}

pub fn check_new(resource: Resource, object: &Value, errors: &mut Errors) {
    let form = if is_common(resource) { names::segment } else { name_form(resource) };
    whole(&object["metadata"], form, errors);
    if !is_common(resource) {
        finalizers(&object["metadata"], errors);
    }
}

/// A change is looked at by the server and by the kind's own rules, so that what is wrong with it is
/// told twice, or more often.
pub fn check_change(resource: Resource, object: &Value, old: &Value, errors: &mut Errors) {
    let (was, is) = (&old["metadata"], &object["metadata"]);
    whole(is, names::segment, errors);
    change(was, is, errors);
    if !is_common(resource) && resource.plural != ENDPOINT_SLICES.plural {
        change(was, is, errors);
        finalizers(is, errors);
    }
    let again: [Resource; 5] = [&NAMESPACES, &PODS, &CONFIG_MAPS, &INGRESSES, &ENDPOINT_SLICES];
    if again.iter().any(|it| it.plural == resource.plural) {
        whole(is, name_form(resource), errors);
        finalizers(is, errors);
    }
}

/// A name without a group is one of Kubernetes' own.
fn finalizers(metadata: &Value, errors: &mut Errors) {
    for (n, finalizer) in items(&metadata["finalizers"]).iter().enumerate() {
        of_somebody(finalizer, &format!("metadata.finalizers[{n}]"), errors);
    }
}

pub fn of_somebody(finalizer: &Value, field: &str, errors: &mut Errors) {
    let known = ["kubernetes", "orphan", "foregroundDeletion"];
    if !text(finalizer).contains('/') && known.iter().all(|known| finalizer != known) {
        let why = "name is neither a standard finalizer name nor is it fully qualified";
        errors.invalid(field, finalizer, why);
    }
}

fn whole(metadata: &Value, form: fn(&str) -> Vec<String>, errors: &mut Errors) {
    let prefix = text(&metadata["generateName"]);
    if !prefix.is_empty() {
        // It need not end as a name does.
        let as_name = match prefix.strip_suffix('-') {
            Some(start) => format!("{start}a"),
            None => prefix.to_owned(),
        };
        errors.malformed("metadata.generateName", prefix, form(&as_name));
    }
    match text(&metadata["name"]) {
        "" => errors.required("metadata.name", "name or generateName is required"),
        name => errors.malformed("metadata.name", name, form(name)),
    }
    labels(&metadata["labels"], "metadata.labels", errors);
    annotations(&metadata["annotations"], "metadata.annotations", errors);
    owners(metadata, errors);
    let finalizers = items(&metadata["finalizers"]);
    for finalizer in finalizers {
        let name = text(finalizer);
        errors.malformed("metadata.finalizers", name, names::qualified(name));
    }
    if ["orphan", "foregroundDeletion"].iter().all(|it| finalizers.contains(&json!(it))) {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.invalid("metadata.finalizers", &metadata["finalizers"], why);
    }
}

fn change(was: &Value, is: &Value, errors: &mut Errors) {
    if was["deletionTimestamp"].is_string() {
        let new: Vec<String> = items(&is["finalizers"])
            .iter()
            .filter(|it| !items(&was["finalizers"]).contains(it))
            .map(|it| it.to_string())
            .collect();
        if !new.is_empty() {
            let new = new.join(", ");
            errors.forbidden(
                "metadata.finalizers",
                format!(
                    "no new finalizers can be added if the object is being deleted, found new \
                     finalizers []string{{{new}}}"
                ),
            );
        }
    }
    for field in ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        errors.unchanged(&format!("metadata.{field}"), &was[field], &is[field]);
    }
    labels(&is["labels"], "metadata.labels", errors);
    annotations(&is["annotations"], "metadata.annotations", errors);
    owners(is, errors);
}

/// Labels, here or in a pod template.
pub fn labels(labels: &Value, field: &str, errors: &mut Errors) {
    for (key, value) in entries(labels) {
        errors.malformed(field, key, names::qualified(key));
        errors.malformed(field, text(value), names::label_value(text(value)));
    }
}

pub fn annotations(annotations: &Value, field: &str, errors: &mut Errors) {
    for (key, _) in entries(annotations) {
        errors.malformed(field, key, names::qualified(&key.to_lowercase()));
    }
    let size = entries(annotations).map(|(key, value)| key.len() + text(value).len());
    if size.sum::<usize>() > ANNOTATIONS {
        errors.too_long(field, ANNOTATIONS);
    }
}

fn owners(metadata: &Value, errors: &mut Errors) {
    let field = "metadata.ownerReferences";
    let mut controller: Option<String> = None;
    for owner in items(&metadata["ownerReferences"]) {
        let is_event = owner["kind"] == "Event" && owner["apiVersion"] == "v1";
        for (part, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            let has_none = part == "apiVersion" && text(&owner[part]).split('/').count() > 2;
            if text(&owner[part]).is_empty() || has_none {
                errors.invalid(&format!("{field}.{part}"), &json!(text(&owner[part])), why);
            }
        }
        if is_event {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            errors.invalid(field, owner, why);
        }
        if owner["controller"] != true {
            continue;
        }
        let name = format!("{}/{}", text(&owner["kind"]), text(&owner["name"]));
        match &controller {
            None => controller = Some(name),
            Some(first) => {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in \
                     references for {first} and {name}"
                );
                errors.invalid(field, &metadata["ownerReferences"], why);
            }
        }
    }
}
