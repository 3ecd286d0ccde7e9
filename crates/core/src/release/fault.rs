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

    /// The field as `kubectl explain` has it: without indices, and of one that nobody knows the one that it
    /// stands in.
    pub fn explained(&self) -> String {
        let mut path = String::new();
        let mut depth = 0;
        for c in self.field.chars() {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                c if depth == 0 => path.push(c),
                _ => {}
            }
        }
        // What stands in these are the user's own keys.
        let maps = ["labels", "annotations", "matchLabels"];
        if let Some(end) = maps.iter().find_map(|map| {
            let at = path.find(&format!(".{map}."))?;
            Some(at + 1 + map.len())
        }) {
            path.truncate(end);
        }
        match path.rsplit_once('.') {
            Some((parent, _)) if self.what == "unknown field" => parent.to_owned(),
            None if self.what == "unknown field" => String::new(),
            _ => path,
        }
    }

    /// In one line.
    pub fn sentence(&self) -> String {
        match self.field.as_str() {
            "" => self.what.clone(),
            field => format!("{field}: {}", self.what),
        }
    }
}
