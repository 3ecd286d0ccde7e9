//! Selectors of labels, as objects have them.

use serde_json::Value;

use crate::admission::fields::{Errors, entries, items, text};
use crate::admission::metadata::labels;
use crate::admission::names;

pub fn check(selector: &Value, field: &str, errors: &mut Errors) {
    labels(&selector["matchLabels"], &format!("{field}.matchLabels"), errors);
    for (i, wanted) in items(&selector["matchExpressions"]).iter().enumerate() {
        let field = format!("{field}.matchExpressions[{i}]");
        let values = items(&wanted["values"]);
        match text(&wanted["operator"]) {
            "In" | "NotIn" if values.is_empty() => errors.required(
                &format!("{field}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if !values.is_empty() => errors.forbidden(
                &format!("{field}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => errors.invalid(
                &format!("{field}.operator"),
                &wanted["operator"],
                "not a valid selector operator",
            ),
        }
        let key = text(&wanted["key"]);
        errors.malformed(&format!("{field}.key"), key, names::qualified(key));
        for (i, value) in values.iter().enumerate() {
            let value = text(value);
            errors.malformed(&format!("{field}.values[{i}]"), value, names::label_value(value));
        }
    }
}

pub fn is_empty(selector: &Value) -> bool {
    entries(&selector["matchLabels"]).next().is_none()
        && items(&selector["matchExpressions"]).is_empty()
}

/// Whether it can be understood at all.
pub fn is_sound(selector: &Value) -> bool {
    let mut errors = Errors::default();
    check(selector, "", &mut errors);
    errors.0.is_empty()
}

pub fn matches(selector: &Value, labels: &Value) -> bool {
    let all = entries(&selector["matchLabels"]).all(|(key, value)| labels[key] == *value);
    all && items(&selector["matchExpressions"]).iter().all(|wanted| {
        let is = &labels[text(&wanted["key"])];
        let is_in = items(&wanted["values"]).contains(is);
        match text(&wanted["operator"]) {
            "In" => is_in,
            "NotIn" => !is_in,
            "Exists" => !is.is_null(),
            _ => is.is_null(),
        }
    })
}
