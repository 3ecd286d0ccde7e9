//! What is wrong with one field of an object, in the API server's words.

use schemars::JsonSchema;
use serde::Serialize;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Fault {
    /// As in `spec.template.spec.containers[0].image`; `[]` if the item of a list is not known, and
    /// empty if the field is not known.
    pub field: String,
    pub what: String,
    /// What stands there, where that is what is wrong: JSON's word for it.
    #[serde(skip)]
    pub found: Option<String>,
}

impl Fault {
    pub fn new(field: impl Into<String>, what: impl Into<String>) -> Fault {
        Fault { field: field.into(), what: what.into(), found: None }
    }

    /// In one line.
    pub fn sentence(&self) -> String {
        match self.field.as_str() {
            "" => self.what.clone(),
            field => format!("{field}: {}", self.what),
        }
    }
}
