//! The patches that are understood: JSON Patch, with its tests, merge patches and kubectl's own.

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::refusal::Refusal;
use super::strategic;
use super::verbs::Asked;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
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
            Patch::Json(patch) => {
                json_patch::patch(&mut new, patch).map_err(|_| Refusal::unfit_patch())?;
            }
            Patch::Merge(patch) => json_patch::merge(&mut new, patch),
            Patch::Strategic(patch) => strategic::merge(&mut new, patch),
        }
        if !new.is_object() {
            return Err(Refusal::bad_request("the patch leaves no object"));
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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

    #[test]
    fn a_patch_that_is_no_object_makes_none_of_one() {
        for patch in [json!([]), json!("a")] {
            let patches = [Patch::Merge(patch.clone()), Patch::Strategic(patch)];
            for patch in patches {
                assert_eq!(patch.on(&json!({"a": 1})).unwrap_err().code, 400);
            }
        }
    }
}
