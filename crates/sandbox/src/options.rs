//! What stands in a URL beside the object, and in the body of a deletion: checked before anything else.

use serde_json::{Value, json};

use super::decode;
use super::refusal::{FieldError, Refusal, Wrong};
use super::request::Query;
use super::resources::{Resource, of_kind};
use super::types;

fn unsupported(field: &str, value: Value, known: &[&str]) -> FieldError {
    let known: Vec<String> = known.iter().map(|known| format!("{known:?}")).collect();
    let detail = format!("supported values: {}", known.join(", "));
    FieldError { what: Wrong::NotSupported, field: field.to_owned(), value, detail }
}

fn forbidden(field: &str, detail: &str) -> FieldError {
    let (field, detail) = (field.to_owned(), detail.to_owned());
    FieldError { what: Wrong::Forbidden, field, value: Value::Null, detail }
}

fn judged(kind: &str, errors: &[FieldError]) -> Result<(), Refusal> {
    match errors {
        [] => Ok(()),
        errors => Err(Refusal::invalid_options(kind, errors)),
    }
}

/// Those of a write: `kind` is `CreateOptions` and so on.
pub fn check_write(kind: &str, query: &Query) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    let (dry, validation) = (query.get("dryRun"), query.get("fieldValidation"));
    if !matches!(dry, "" | "All") {
        errors.push(unsupported("dryRun", json!([dry]), &["All"]));
    }
    let known = ["", "Ignore", "Strict", "Warn"];
    if !known.contains(&validation) {
        errors.push(unsupported("fieldValidation", json!(validation), &known));
    }
    judged(kind, &errors)
}

/// Those of a list or a watch.
pub fn check_list(query: &Query) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    let field = "resourceVersionMatch";
    let (version, wanted) = (query.get("resourceVersion"), query.get(field));
    let begins = !query.get("sendInitialEvents").is_empty();
    if query.is_set("watch") {
        if begins && wanted != "NotOlderThan" {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(forbidden(field, why));
        }
        if !wanted.is_empty() {
            if !begins {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is \
                           provided";
                errors.push(forbidden(field, why));
            }
            if wanted != "NotOlderThan" {
                errors.push(unsupported(field, json!(wanted), &["NotOlderThan"]));
            }
        }
        return judged("ListOptions", &errors);
    }
    if !wanted.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(forbidden(field, why));
        }
        let known = ["Exact", "NotOlderThan", ""];
        if !known.contains(&wanted) {
            errors.push(unsupported(field, json!(wanted), &known));
        }
        if wanted == "Exact" && version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.push(forbidden(field, why));
        }
    }
    if begins {
        let why = "sendInitialEvents is forbidden for list";
        errors.push(forbidden("sendInitialEvents", why));
    }
    judged("ListOptions", &errors)
}

/// A version in a URL.
pub fn version(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: \
             invalid syntax"
        )
    })
}

/// Those of a deletion: in its body, or where there is none, in the URL.
pub fn of_deletion(query: &Query, body: &[u8]) -> Result<Value, Refusal> {
    let options = if body.is_empty() { in_query(query) } else { in_body(body)? };
    let mut errors = Vec::new();
    let (policy, dry) = (&options["propagationPolicy"], &options["dryRun"]);
    if options["orphanDependents"].is_boolean() && policy.is_string() {
        let detail = "orphanDependents and deletionPropagation cannot be both set".to_owned();
        let (field, value) = ("propagationPolicy".to_owned(), policy.clone());
        errors.push(FieldError { what: Wrong::Invalid, field, value, detail });
    }
    let known = ["Foreground", "Background", "Orphan"];
    if policy.as_str().is_some_and(|policy| !known.contains(&policy)) {
        let known = [&known[..], &["nil"]].concat();
        errors.push(unsupported("propagationPolicy", policy.clone(), &known));
    }
    if dry.as_array().is_some_and(|dry| dry.iter().any(|it| it != "All")) {
        errors.push(unsupported("dryRun", dry.clone(), &["All"]));
    }
    judged("DeleteOptions", &errors)?;
    Ok(options)
}

fn in_query(query: &Query) -> Value {
    let mut options = json!({});
    for (field, value) in [
        ("propagationPolicy", json!(query.get("propagationPolicy"))),
        ("gracePeriodSeconds", json!(query.get("gracePeriodSeconds").parse::<i64>().ok())),
        ("dryRun", json!([query.get("dryRun")])),
    ] {
        if !query.get(field).is_empty() {
            options[field] = value;
        }
    }
    options
}

fn in_body(body: &[u8]) -> Result<Value, Refusal> {
    let options = decode::object(body).map_err(Refusal::bad_request)?;
    let says = |field: &str| options[field].as_str().unwrap_or_default();
    let (kind, version) = (says("kind"), says("apiVersion"));
    let is_known = matches!(kind, "" | "DeleteOptions") || of_kind(version, kind).is_some();
    if !is_known {
        return Err(Refusal::bad_request(unregistered(kind, version)));
    }
    types::read("DeleteOptions", &options).map(|read| read.value).map_err(Refusal::bad_request)
}

/// A kind that there is not.
pub fn unregistered(kind: &str, version: &str) -> String {
    format!(
        "no kind {kind:?} is registered for version {version:?} in scheme \
         \"pkg/runtime/scheme.go:111\""
    )
}

/// What a body says of itself, where that is another kind or version than the URL's.
pub fn check_kind(resource: Resource, object: &Value, body: &[u8]) -> Result<(), Refusal> {
    let (kind, api_version) = (resource.kind, resource.api_version());
    let says = |field: &str, or: &str| match object[field].as_str() {
        None | Some("") => or.to_owned(),
        Some(said) => said.to_owned(),
    };
    let (said_kind, said_version) = (says("kind", kind), says("apiVersion", &api_version));
    if (said_kind.as_str(), said_version.as_str()) == (kind, api_version.as_str()) {
        return Ok(());
    }
    if said_version.split('/').count() > 2 {
        let error = format!("unexpected GroupVersion string: {said_version}");
        return Err(decode::unrecognized(kind, &error, body));
    }
    let version = said_version.rsplit('/').next().unwrap_or_default();
    let why = unregistered(&said_kind, &said_version);
    Err(Refusal::bad_request(format!(
        "{said_kind} in version {version:?} cannot be handled as a {kind}: {why}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&format!("/?{text}").parse().unwrap())
    }

    #[test]
    fn options_that_there_are_not_are_refused() {
        for wrong in ["dryRun=Some", "fieldValidation=Some"] {
            let refused = check_write("CreateOptions", &query(wrong)).unwrap_err();
            assert_eq!((refused.code, &refused.details["kind"]), (422, &json!("CreateOptions")));
        }
        assert!(check_write("CreateOptions", &query("dryRun=All&fieldValidation=Warn")).is_ok());
        for wrong in [
            "resourceVersionMatch=Exact",
            "resourceVersion=0&resourceVersionMatch=Exact",
            "resourceVersion=5&resourceVersionMatch=Some",
            "sendInitialEvents=true",
            "watch=true&sendInitialEvents=true",
            "watch=true&resourceVersionMatch=NotOlderThan",
        ] {
            assert_eq!(check_list(&query(wrong)).unwrap_err().code, 422, "{wrong}");
        }
        let begins = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        for right in ["", "resourceVersion=5&resourceVersionMatch=Exact", begins] {
            assert!(check_list(&query(right)).is_ok(), "{right}");
        }
    }

    #[test]
    fn deletions_are_told_how_in_the_body_or_in_the_url() {
        let asked = |text: &str, body: &str| of_deletion(&query(text), body.as_bytes());
        let grace =
            |text: &str, body: &str| asked(text, body).unwrap()["gracePeriodSeconds"].clone();
        assert_eq!(grace("gracePeriodSeconds=5", ""), 5);
        assert_eq!(grace("gracePeriodSeconds=5", "{\"gracePeriodSeconds\":6}"), 6);
        for (text, body, code) in [
            ("dryRun=Some", "", 422),
            ("", "{\"propagationPolicy\":\"Sideways\"}", 422),
            ("", "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}", 422),
            ("", "{\"gracePeriodSeconds\":\"a\"}", 400),
            ("", "{\"kind\":\"Toucan\",\"apiVersion\":\"v9\"}", 400),
            ("", "[]", 400),
        ] {
            assert_eq!(asked(text, body).unwrap_err().code, code, "{text} {body}");
        }
    }
}
