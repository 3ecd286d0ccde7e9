//! What the API server makes of an object before it stores it: where it belongs, what is filled in,
//! what may not be, what may not change.

mod defaults;
mod fields;
mod metadata;
pub mod mutating;
pub mod names;
mod rules;

use serde_json::{Value, json};

use super::options;
use super::refusal::{FieldError, Refusal, Wrong};
use super::request::Target;
use super::resources::{DEPLOYMENTS, INGRESSES, PODS, Resource, SERVICES};
use super::types;
pub use defaults::Spare;
use fields::Errors;

/// Reads an object by the types of its kind. What they do not have stays, but where that is wrong.
pub fn take_in(resource: Resource, object: &mut Value, is_strict: bool) -> Result<(), Refusal> {
    let kind = resource.kind;
    let unfit = |error: String| {
        Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: {error}",
            resource.version
        ))
    };
    let unknown = typed(resource, object).map_err(unfit)?;
    strictly(&unknown, is_strict).map_err(unfit)
}

fn strictly(unknown: &[String], is_strict: bool) -> Result<(), String> {
    match is_strict && !unknown.is_empty() {
        true => {
            let fields = unknown.iter().map(|path| format!("unknown field {path:?}"));
            let fields: Vec<_> = fields.collect();
            Err(format!("strict decoding error: {}", fields.join(", ")))
        }
        false => Ok(()),
    }
}

/// The paths of the fields that it has not.
fn typed(resource: Resource, object: &mut Value) -> Result<Vec<String>, String> {
    let mut unknown = Vec::new();
    if !resource.is_declared() {
        let read = types::read(resource.kind, object)?;
        (*object, unknown) = (read.value, read.unknown);
    }
    object["kind"] = json!(resource.kind);
    object["apiVersion"] = json!(resource.api_version());
    if let Some(metadata) = object["metadata"].as_object_mut() {
        // These are the server's, or nobody's any more.
        for field in ["selfLink", "managedFields"] {
            metadata.remove(field);
        }
        if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
            let mut seen = Vec::new();
            owners.retain(|owner| {
                let is_new = !seen.contains(owner);
                seen.push(owner.clone());
                is_new
            });
        }
    }
    Ok(unknown)
}

/// What a patch has made of an object.
pub fn patched(resource: Resource, mut object: Value, is_strict: bool) -> Result<Value, Refusal> {
    let shown = json!(object.to_string());
    let (kind, version) = (object["kind"].clone(), object["apiVersion"].clone());
    let is_other = kind != resource.kind || version != resource.api_version().as_str();
    let read = match is_other {
        true => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Err(options::unregistered(&text(&kind), &text(&version)))
        }
        false => typed(resource, &mut object),
    };
    let read = read.and_then(|unknown| strictly(&unknown, is_strict));
    match read {
        Ok(()) => Ok(object),
        Err(detail) => {
            let field = "patch".to_owned();
            let error = FieldError { what: Wrong::Invalid, field, value: shown, detail };
            Err(Refusal::invalid_of("", "", "", &[error]))
        }
    }
}

/// An object belongs where the URL says.
pub fn check_namespace(target: &Target, object: &mut Value) -> Result<(), Refusal> {
    let says = object["metadata"]["namespace"].as_str().unwrap_or_default();
    match (target.resource.is_namespaced, says) {
        (true, "") => object["metadata"]["namespace"] = json!(target.space()),
        (true, says) if says != target.space() => {
            return Err(Refusal::bad_request(
                "the namespace of the provided object does not match the namespace sent on the \
                 request",
            ));
        }
        // What is in none is in none, whatever it says.
        (false, _) => {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("namespace");
            }
        }
        _ => {}
    }
    Ok(())
}

pub fn check_name(object: &Value, name: &str) -> Result<(), Refusal> {
    match object["metadata"]["name"].as_str().unwrap_or_default() {
        "" => Err(Refusal::bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        ))),
        says if says != name => Err(Refusal::bad_request(format!(
            "the name of the object ({says}) does not match the name on the URL ({name})"
        ))),
        _ => Ok(()),
    }
}

/// Whoever sends an object whole may say which one they mean.
pub fn check_uid(target: &Target, new: &Value, old: &Value) -> Result<(), Refusal> {
    let (wanted, is) = (&new["metadata"]["uid"], &old["metadata"]["uid"]);
    let resource = target.resource;
    if wanted.as_str().is_none_or(str::is_empty) || wanted == is {
        return Ok(());
    }
    // Where it is kept, which is told for no good reason.
    let kept = match resource.plural {
        plural if plural == SERVICES.plural => "services/specs",
        plural if plural == INGRESSES.plural => INGRESSES.singular,
        plural => plural,
    };
    let name = target.name.as_deref().unwrap_or_default();
    let path: Vec<&str> =
        [kept, target.space(), name].into_iter().filter(|it| !it.is_empty()).collect();
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object meta: {}",
        path.join("/"),
        wanted.as_str().unwrap_or_default(),
        is.as_str().unwrap_or_default()
    );
    Err(Refusal::conflict(resource, name, &why))
}

/// A change that does not say of which version, where it has to.
pub fn unversioned(resource: Resource, name: &str) -> Refusal {
    let error = FieldError {
        what: Wrong::Invalid,
        field: "metadata.resourceVersion".to_owned(),
        value: json!(0),
        detail: "must be specified for an update".to_owned(),
    };
    Refusal::invalid_of(resource.plural, resource.group, name, &[error])
}

/// A new object as it will be stored.
pub fn admit_new(resource: Resource, object: &mut Value, spare: &Spare) -> Result<(), Refusal> {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
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

/// What is posted has no version yet.
pub fn check_unversioned(object: &Value) -> Result<(), Refusal> {
    let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    match version {
        "" | "0" => Ok(()),
        _ => Err(Refusal::failure("resourceVersion should not be set on objects to be created")),
    }
}

/// A changed object as it will be stored.
pub fn admit_change(
    target: &Target,
    old: &Value,
    new: &mut Value,
    spare: &Spare,
) -> Result<(), Refusal> {
    let resource = target.resource;
    let name = old["metadata"]["name"].as_str().unwrap_or_default();
    let (was, is) = (&old["metadata"], &mut new["metadata"]);
    match is["resourceVersion"].as_str().unwrap_or_default() {
        "" | "0" => {}
        version if version.parse::<u64>().is_err() => {
            let why = format!("strconv.ParseUint: parsing {version:?}: invalid syntax");
            return Err(Refusal::failure(why));
        }
        version if was["resourceVersion"] != version => {
            return Err(Refusal::modified(resource, name));
        }
        _ => {}
    }
    if is["uid"].as_str().is_none_or(str::is_empty) {
        is["uid"] = was["uid"].clone();
    }
    // These are the server's: what was sent of them does not count.
    for field in ["creationTimestamp", "generation", "managedFields"] {
        replace(is, was, field);
    }
    // Nor of these, once they are there.
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds"] {
        if !was[field].is_null() {
            replace(is, was, field);
        }
    }
    let is_of_status = target.part.as_deref() == Some("status");
    if is_of_status {
        of_status(resource, old, new);
    } else if resource.has_status {
        replace(new, old, "status");
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

/// Who writes a status writes no more than that.
fn of_status(resource: Resource, old: &Value, new: &mut Value) {
    replace(new, old, "spec");
    if resource.plural == DEPLOYMENTS.plural {
        replace(&mut new["metadata"], &old["metadata"], "labels");
    }
    if resource.plural == PODS.plural {
        replace(&mut new["metadata"], &old["metadata"], "ownerReferences");
        if new["status"]["qosClass"].is_null() {
            replace(&mut new["status"], &old["status"], "qosClass");
        }
    }
}

fn replace(new: &mut Value, old: &Value, field: &str) {
    match (&old[field], new.as_object_mut()) {
        (_, None) => {}
        (Value::Null, Some(fields)) => drop(fields.remove(field)),
        (value, Some(fields)) => drop(fields.insert(field.to_owned(), value.clone())),
    }
}

fn judged(resource: Resource, name: &str, errors: &Errors) -> Result<(), Refusal> {
    match errors.0.as_slice() {
        [] => Ok(()),
        errors => Err(Refusal::invalid(resource, name, errors)),
    }
}
