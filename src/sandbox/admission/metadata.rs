//! What holds for the metadata of every object.

use serde_json::{Value, json};

use crate::sandbox::refusal::{FieldError, Wrong};
use crate::sandbox::resources::{NAMESPACES, Resource, SERVICES};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

pub fn check(resource: Resource, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let metadata = &object["metadata"];
    let mut errors = Vec::new();
    let name = metadata["name"].as_str().unwrap_or_default();
    if let Some(old) = old {
        if old["metadata"]["name"] != metadata["name"] {
            errors.push(FieldError {
                what: Wrong::Invalid,
                field: "metadata.name".to_owned(),
                value: metadata["name"].clone(),
                detail: "field is immutable".to_owned(),
            });
        }
    } else if name.is_empty() {
        errors.push(FieldError {
            what: Wrong::Required,
            field: "metadata.name".to_owned(),
            value: Value::Null,
            detail: "name or generateName is required".to_owned(),
        });
    } else if let Some(detail) = wrong_name(resource, name) {
        errors.push(FieldError {
            what: Wrong::Invalid,
            field: "metadata.name".to_owned(),
            value: json!(name),
            detail,
        });
    }
    errors.extend(labels(&metadata["labels"], "metadata.labels"));
    errors
}

fn wrong_name(resource: Resource, name: &str) -> Option<String> {
    let is_label = [NAMESPACES.plural, SERVICES.plural].contains(&resource.plural);
    let (most, words) = if is_label { (63, LABEL) } else { (253, SUBDOMAIN) };
    if name.len() > most {
        return Some(format!("must be no more than {most} bytes"));
    }
    let part = |part: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        part.chars().all(inner)
            && !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let valid = if is_label { part(name) } else { name.split('.').all(part) };
    (!valid).then(|| words.to_owned())
}

/// Labels, here or in a pod template.
pub fn labels(labels: &Value, field: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (_, value) in labels.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
        let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let detail = if text.len() > 63 {
            "must be no more than 63 bytes"
        } else if !text.chars().all(inner)
            || !edge(text.chars().next())
            || !edge(text.chars().last())
        {
            "a valid label must be an empty string or consist of alphanumeric characters, '-', \
             '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  \
             or 'my_value',  or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        } else {
            continue;
        };
        errors.push(FieldError {
            what: Wrong::Invalid,
            field: field.to_owned(),
            value: value.clone(),
            detail: detail.to_owned(),
        });
    }
    errors
}
