//! The patches that are understood: JSON Patch, with its tests, and merge patches.

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::refusal::Refusal;
use super::verbs::Asked;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
/// kubectl's own: lists are merged by the key of their elements.
const STRATEGIC: &str = "application/strategic-merge-patch+json";

pub enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
    Strategic(Value),
}

pub fn read(asked: &Asked) -> Result<Patch, Refusal> {
    let refused =
        |error: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {error}"));
    match asked.header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim() {
        JSON => serde_json::from_slice(asked.body).map(Patch::Json).map_err(refused),
        MERGE => serde_json::from_slice(asked.body).map(Patch::Merge).map_err(refused),
        STRATEGIC => serde_json::from_slice(asked.body).map(Patch::Strategic).map_err(refused),
        _ => Err(Refusal::unknown_format(&[JSON, MERGE, STRATEGIC])),
    }
}

impl Patch {
    pub fn on(&self, old: &Value) -> Result<Value, Refusal> {
        let mut new = old.clone();
        match self {
            Patch::Json(patch) => json_patch::patch(&mut new, patch)
                .map_err(|error| Refusal::unfit_patch(&error.to_string()))?,
            Patch::Merge(patch) => json_patch::merge(&mut new, patch),
            Patch::Strategic(patch) => merge_by_key(&mut new, patch),
        }
        Ok(new)
    }
}

/// As a merge patch, but lists of named things are merged by name: what `kubectl set image`,
/// `label`, `annotate` and `patch` send. Directives (`$patch`) are not known.
fn merge_by_key(old: &mut Value, patch: &Value) {
    match (old, patch) {
        (Value::Array(old), Value::Array(patch)) if is_named(patch) && is_named(old) => {
            for item in patch {
                match old.iter_mut().find(|it| it["name"] == item["name"]) {
                    Some(there) => merge_by_key(there, item),
                    None => old.push(item.clone()),
                }
            }
        }
        (Value::Object(old), Value::Object(patch)) => {
            for (field, value) in patch {
                match value {
                    Value::Null => {
                        old.remove(field);
                    }
                    value => merge_by_key(old.entry(field.clone()).or_insert(Value::Null), value),
                }
            }
        }
        (old, patch) => {
            *old = Value::Null;
            json_patch::merge(old, patch);
        }
    }
}

fn is_named(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|item| item["name"].is_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_are_merged_by_name() {
        let old = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b"}]}});
        let patch = json!({
            "metadata": {"labels": {"x": "y", "z": null}},
            "spec": {"containers": [{"name": "a", "image": "a:2"}]},
        });
        let new = Patch::Strategic(patch).on(&old).unwrap();
        assert_eq!(
            new,
            json!({
                "metadata": {"labels": {"x": "y"}},
                "spec": {"containers": [{"name": "a", "image": "a:2"}, {"name": "b"}]},
            })
        );
    }

    #[test]
    fn a_test_that_fails_refuses_the_whole_patch() {
        let patch = json!([
            {"op": "replace", "path": "/a", "value": 2},
            {"op": "test", "path": "/b", "value": 1},
        ]);
        let patch = Patch::Json(serde_json::from_value(patch).unwrap());
        assert_eq!(patch.on(&json!({"a": 1, "b": 2})).unwrap_err().code, 422);
        assert_eq!(patch.on(&json!({"a": 1, "b": 1})).unwrap(), json!({"a": 2, "b": 1}));
    }
}
