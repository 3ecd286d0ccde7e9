//! Services: what a selector matches, and the patch that makes one follow a colour.

use std::collections::BTreeMap;

use json_patch::{PatchOperation, ReplaceOperation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{Colour, Id, Kind, Write, name, pointer, string_map, version};

/// The one label by which the pods of the two colours differ: `app: parrot` and
/// `app: parrot-green`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    pub key: String,
    /// The value that the user's own Deployment has: blue's.
    pub blue: String,
}

impl Label {
    pub fn value(&self, colour: Colour) -> String {
        match colour {
            Colour::Blue => self.blue.clone(),
            Colour::Green => format!("{}-green", self.blue),
        }
    }

    /// What selects the pods of both.
    pub fn selector(&self) -> String {
        let [blue, green] = Colour::BOTH.map(|colour| self.value(colour));
        format!("{} in ({blue},{green})", self.key)
    }

    pub fn colour(&self, value: &str) -> Option<Colour> {
        Colour::BOTH.into_iter().find(|colour| self.value(*colour) == value)
    }
}

/// The colour whose pods a Service selects, if it is one of the two.
pub fn resolves_to(service: &Value, label: &Label) -> Option<Colour> {
    label.colour(service["spec"]["selector"][&label.key].as_str()?)
}

/// Whether a Service's selector matches pods with these labels. An empty selector matches nothing.
pub fn selects(service: &Value, labels: &BTreeMap<String, String>) -> bool {
    let selector = string_map(&service["spec"]["selector"]);
    !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The patch that makes a Service select the other colour: one value of its selector, nothing else.
pub fn follow(service: &Value, label: &Label, colour: Colour) -> Write {
    let id = Id::new(Kind::Service, name(service));
    Write::patch(
        id,
        &version(service),
        vec![PatchOperation::Replace(ReplaceOperation {
            path: pointer(["spec", "selector", &label.key]),
            value: json!(label.value(colour)),
        })],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(selector: Value) -> Value {
        json!({"kind": "Service", "metadata": {"name": "parrot", "uid": "u", "resourceVersion": "7"},
            "spec": {"selector": selector}})
    }

    fn label() -> Label {
        Label { key: "app".into(), blue: "parrot".into() }
    }

    #[test]
    fn resolves_by_the_selector_alone() {
        assert_eq!(resolves_to(&service(json!({"app": "parrot"})), &label()), Some(Colour::Blue));
        let green = service(json!({"app": "parrot-green", "tier": "web"}));
        assert_eq!(resolves_to(&green, &label()), Some(Colour::Green));
        assert_eq!(resolves_to(&service(json!({"app": "toucan"})), &label()), None);
        assert_eq!(resolves_to(&service(json!({"tier": "web"})), &label()), None);
        assert_eq!(resolves_to(&service(Value::Null), &label()), None);
    }

    #[test]
    fn selects_what_has_every_label_and_an_empty_selector_nothing() {
        let labels = string_map(&json!({"app": "parrot", "tier": "web"}));
        assert!(selects(&service(json!({"app": "parrot"})), &labels));
        assert!(!selects(&service(json!({"app": "parrot", "tier": "db"})), &labels));
        assert!(!selects(&service(json!({})), &labels));
    }

    #[test]
    fn follow_changes_one_value_of_the_selector_it_saw() {
        let Write::Patch { id, patch } =
            follow(&service(json!({"app": "parrot"})), &label(), Colour::Green)
        else {
            panic!("not a patch")
        };
        assert_eq!(id, Id::new(Kind::Service, "parrot"));
        assert_eq!(
            serde_json::to_value(patch).unwrap(),
            json!([
                {"op": "test", "path": "/metadata/uid", "value": "u"},
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "replace", "path": "/spec/selector/app", "value": "parrot-green"},
            ])
        );
    }
}
