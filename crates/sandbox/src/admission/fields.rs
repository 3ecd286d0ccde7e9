//! What is wrong with an object, field by field.

use serde_json::{Value, json};

use crate::refusal::{FieldError, Wrong};

/// In the order in which they are found, which is that of the API server.
#[derive(Default)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    fn push(&mut self, what: Wrong, field: &str, value: Value, detail: impl Into<String>) {
        let (field, detail) = (field.to_owned(), detail.into());
        self.0.push(FieldError { what, field, value, detail });
    }

    pub fn required(&mut self, field: &str, detail: &str) {
        self.push(Wrong::Required, field, Value::Null, detail);
    }

    pub fn forbidden(&mut self, field: &str, detail: impl Into<String>) {
        self.push(Wrong::Forbidden, field, Value::Null, detail);
    }

    pub fn too_long(&mut self, field: &str, most: usize) {
        self.push(Wrong::TooLong, field, Value::Null, format!("may not be more than {most} bytes"));
    }

    pub fn invalid(&mut self, field: &str, value: &Value, detail: impl Into<String>) {
        self.push(Wrong::Invalid, field, value.clone(), detail);
    }

    /// One error for each thing that is wrong with a text.
    pub fn malformed(&mut self, field: &str, text: &str, details: Vec<String>) {
        for detail in details {
            self.push(Wrong::Invalid, field, json!(text), detail);
        }
    }

    pub fn duplicate(&mut self, field: &str, value: &Value) {
        self.push(Wrong::Duplicate, field, value.clone(), "");
    }

    pub fn not_found(&mut self, field: &str, value: &Value) {
        self.push(Wrong::NotFound, field, value.clone(), "");
    }

    /// A text that is none of those that there are.
    pub fn one_of(&mut self, field: &str, value: &Value, known: &[&str]) {
        if !known.iter().any(|known| value == known) {
            let known: Vec<String> = known.iter().map(|known| format!("{known:?}")).collect();
            let detail = format!("supported values: {}", known.join(", "));
            self.push(Wrong::NotSupported, field, or_empty(value), detail);
        }
    }

    /// The same of a field that has to be there.
    pub fn one_of_or_missing(&mut self, field: &str, value: &Value, known: &[&str]) {
        match text(value) {
            "" => self.required(field, ""),
            _ => self.one_of(field, value, known),
        }
    }

    pub fn not_negative(&mut self, field: &str, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.invalid(field, value, "must be greater than or equal to 0");
        }
    }

    pub fn unchanged(&mut self, field: &str, old: &Value, new: &Value) {
        if old != new {
            self.invalid(field, new, "field is immutable");
        }
    }
}

/// A text that is not there is an empty one.
fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!("") } else { value.clone() }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The entries of an object that has them for a map.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}
