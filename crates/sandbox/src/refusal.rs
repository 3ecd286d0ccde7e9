//! What is not done, and why: the API server's `Status` objects.

use http::StatusCode;
use serde_json::{Value, json};

use super::resources::Resource;

/// A request that was not carried out.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    pub code: u16,
    pub reason: &'static str,
    pub message: String,
    pub details: Value,
}

/// One field that is wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldError {
    pub what: Wrong,
    /// As in `spec.ports[0].port`.
    pub field: String,
    pub value: Value,
    pub detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrong {
    Required,
    Invalid,
    NotSupported,
    NotFound,
    Duplicate,
    Forbidden,
    TooLong,
}

impl Wrong {
    fn reason(self) -> &'static str {
        match self {
            Wrong::Required => "FieldValueRequired",
            Wrong::Invalid => "FieldValueInvalid",
            Wrong::NotSupported => "FieldValueNotSupported",
            Wrong::NotFound => "FieldValueNotFound",
            Wrong::Duplicate => "FieldValueDuplicate",
            Wrong::Forbidden => "FieldValueForbidden",
            Wrong::TooLong => "FieldValueTooLong",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Wrong::Required => "Required value",
            Wrong::Invalid => "Invalid value",
            Wrong::NotSupported => "Unsupported value",
            Wrong::NotFound => "Not found",
            Wrong::Duplicate => "Duplicate value",
            Wrong::Forbidden => "Forbidden",
            Wrong::TooLong => "Too long",
        }
    }
}

impl FieldError {
    fn body(&self) -> String {
        let words = self.what.words();
        let shows = !matches!(self.what, Wrong::Required | Wrong::Forbidden | Wrong::TooLong);
        match (shows, self.detail.as_str()) {
            (true, "") => format!("{words}: {}", self.value),
            (true, detail) => format!("{words}: {}: {detail}", self.value),
            (false, "") => words.to_owned(),
            (false, detail) => format!("{words}: {detail}"),
        }
    }
}

impl Refusal {
    fn of(code: u16, reason: &'static str, message: String, details: Value) -> Refusal {
        Refusal { code, reason, message, details }
    }

    fn details(resource: Resource, name: &str) -> Value {
        let mut details = json!({ "kind": resource.path_name() });
        if !name.is_empty() {
            details["name"] = json!(name);
        }
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        details
    }

    pub fn not_found(resource: Resource, name: &str) -> Refusal {
        let message = format!("{} {name:?} not found", resource.qualified());
        Refusal::of(404, "NotFound", message, Refusal::details(resource, name))
    }

    /// A path that leads nowhere.
    pub fn no_such_path() -> Refusal {
        let message = "the server could not find the requested resource".to_owned();
        Refusal::of(404, "NotFound", message, json!({}))
    }

    /// `of` is what the message names: the resource, or a kind.
    pub fn conflict_of(of: &str, group: &str, name: &str, why: &str) -> Refusal {
        let dot = if group.is_empty() { "" } else { "." };
        let what = format!("Operation cannot be fulfilled on {of}{dot}{group} {name:?}");
        let mut details = json!({ "name": name, "kind": of });
        if !group.is_empty() {
            details["group"] = json!(group);
        }
        Refusal::of(409, "Conflict", format!("{what}: {why}"), details)
    }

    /// It is on its way out, and somebody makes it anew.
    pub fn still_exists(resource: Resource, name: &str) -> Refusal {
        let refusal = Refusal::already_exists(resource, name);
        Refusal { message: format!("object is being deleted: {}", refusal.message), ..refusal }
    }

    pub fn already_exists(resource: Resource, name: &str) -> Refusal {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Refusal::of(409, "AlreadyExists", message, Refusal::details(resource, name))
    }

    pub fn conflict(resource: Resource, name: &str, why: &str) -> Refusal {
        Refusal::conflict_of(resource.path_name(), resource.group, name, why)
    }

    /// Somebody else has changed the object.
    pub fn modified(resource: Resource, name: &str) -> Refusal {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Refusal::conflict(resource, name, why)
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::of(400, "BadRequest", message.into(), Value::Null)
    }

    pub fn invalid(resource: Resource, name: &str, errors: &[FieldError]) -> Refusal {
        Refusal::invalid_of(resource.kind, resource.group, name, errors)
    }

    /// Of what a request says beside the object.
    pub fn invalid_options(kind: &str, errors: &[FieldError]) -> Refusal {
        Refusal::invalid_of(kind, "meta.k8s.io", "", errors)
    }

    pub fn invalid_of(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Refusal {
        // What is found twice is a cause twice, and said once.
        let mut shown: Vec<String> = Vec::new();
        for error in errors {
            let line = format!("{}: {}", error.field, error.body());
            if !shown.contains(&line) {
                shown.push(line);
            }
        }
        let all = match shown.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let causes: Vec<Value> = errors
            .iter()
            .map(|error| {
                json!({
                    "reason": error.what.reason(), "message": error.body(), "field": error.field,
                })
            })
            .collect();
        let mut details = json!({ "causes": causes });
        for (field, text) in [("kind", kind), ("group", group), ("name", name)] {
            if !text.is_empty() {
                details[field] = json!(text);
            }
        }
        let dot = if group.is_empty() { "" } else { "." };
        let message = format!("{kind}{dot}{group} {name:?} is invalid: {all}");
        Refusal::of(422, "Invalid", message, details)
    }

    /// A JSON Patch that does not fit the object.
    pub fn unfit_patch() -> Refusal {
        let message = "the server rejected our request due to an error in our request".to_owned();
        Refusal::of(422, "Invalid", message, json!({}))
    }

    pub fn unknown_format(accepted: &[&str]) -> Refusal {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Refusal::of(415, "UnsupportedMediaType", message, Value::Null)
    }

    /// A patch in a format that there is not.
    pub fn unknown_patch() -> Refusal {
        let message = "415: Unsupported Media Type".to_owned();
        Refusal::of(415, "UnsupportedMediaType", message, json!({}))
    }

    pub fn not_acceptable() -> Refusal {
        let message = "406: Not Acceptable\n\nAvailable representations: application/json, \
                       application/yaml, application/vnd.kubernetes.protobuf";
        Refusal::of(406, "NotAcceptable", message.to_owned(), json!({}))
    }

    /// What the API server has no better words for.
    pub fn failure(message: impl Into<String>) -> Refusal {
        Refusal::of(500, "", message.into(), Value::Null)
    }

    pub fn unavailable(message: impl Into<String>) -> Refusal {
        Refusal::of(503, "ServiceUnavailable", message.into(), Value::Null)
    }

    pub fn not_allowed() -> Refusal {
        let message = "the server does not allow this method on the requested resource".to_owned();
        Refusal::of(405, "MethodNotAllowed", message, json!({}))
    }

    pub fn forbidden(resource: Resource, name: &str, why: &str) -> Refusal {
        let message = format!("{} {name:?} is forbidden: {why}", resource.qualified());
        Refusal::of(403, "Forbidden", message, Refusal::details(resource, name))
    }

    /// A version that the log does not reach back to.
    pub fn expired(asked: u64, oldest: u64) -> Refusal {
        let message = format!("too old resource version: {asked} ({oldest})");
        Refusal::of(410, "Expired", message, Value::Null)
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code).expect("the codes above are valid")
    }

    /// As it is sent.
    pub fn object(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}
