//! The patches that are understood: JSON Patch, with its tests, merge patches and kubectl's own.

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::decode;
use super::operations;
use super::refusal::Refusal;
use super::strategic;
use super::verbs::Asked;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Json,
    Merge,
    Strategic,
}

pub struct Patch<'a> {
    format: Format,
    body: &'a [u8],
}

impl<'a> Patch<'a> {
    /// Whether it is any good shows when there is something to be patched.
    pub fn of(asked: &Asked<'a>) -> Result<Patch<'a>, Refusal> {
        let media = asked.header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let format = match media {
            "application/json-patch+json" => Format::Json,
            "application/merge-patch+json" => Format::Merge,
            "application/strategic-merge-patch+json" => Format::Strategic,
            _ => return Err(Refusal::unknown_patch()),
        };
        Ok(Patch { format, body: asked.body })
    }

    pub fn on(&self, old: &Value) -> Result<Value, Refusal> {
        let prefix = if self.format == Format::Strategic { "" } else { "error decoding patch: " };
        let refused = |error: String| Refusal::bad_request(format!("{prefix}{error}"));
        let patch = decode::parse(self.body).map_err(refused)?;
        let mut new = old.clone();
        match (self.format, &patch) {
            (Format::Json, Value::Array(operations)) => {
                operations::apply(&mut new, operations).ok_or_else(Refusal::unfit_patch)?;
            }
            (Format::Json, Value::Null) => {}
            (Format::Merge, Value::Null) => return Err(Refusal::bad_request("Invalid JSON Patch")),
            (Format::Merge, Value::Object(_)) => json_patch::merge(&mut new, &patch),
            (Format::Strategic, Value::Null) => {
                strategic::merge(&mut new, &Value::Object(Map::new()));
            }
            (Format::Strategic, Value::Object(_)) => strategic::merge(&mut new, &patch),
            (format, other) => {
                let wanted = match format {
                    Format::Json => "[]handlers.jsonPatchOp",
                    Format::Merge | Format::Strategic => "map[string]interface {}",
                };
                let what = decode::name(other);
                let error = format!("json: cannot unmarshal {what} into Go value of type {wanted}");
                return Err(refused(error));
            }
        }
        match new.is_object() {
            true => Ok(new),
            false => Err(Refusal::unfit_patch()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(format: Format, body: &Value) -> Result<Value, u16> {
        let body = body.to_string();
        let patch = Patch { format, body: body.as_bytes() };
        patch.on(&json!({"a": 1, "b": 1})).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_test_that_fails_refuses_the_whole_patch() {
        let patch = |b: u8| {
            json!([
                {"op": "replace", "path": "/a", "value": 2},
                {"op": "test", "path": "/b", "value": b},
            ])
        };
        assert_eq!(patched(Format::Json, &patch(2)), Err(422));
        assert_eq!(patched(Format::Json, &patch(1)), Ok(json!({"a": 2, "b": 1})));
    }

    #[test]
    fn a_patch_of_another_form_is_refused() {
        for (format, body, code) in [
            (Format::Json, json!({}), 400),
            (Format::Json, json!([{"op": "replace", "path": "", "value": []}]), 422),
            (Format::Merge, json!([]), 400),
            (Format::Merge, json!(null), 400),
            (Format::Strategic, json!("a"), 400),
        ] {
            assert_eq!(patched(format, &body), Err(code), "{format:?} {body}");
        }
        assert_eq!(patched(Format::Merge, &json!({"a": null})), Ok(json!({"b": 1})));
    }
}
