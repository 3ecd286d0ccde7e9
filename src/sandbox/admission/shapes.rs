//! Objects as the API server takes them in: of the right types, and without what says nothing. There,
//! typed structs do that; here, tables of those fields whose types matter. What is in no table stays
//! as it was sent.

mod kinds;
mod pods;

use serde_json::{Map, Value, json};

use crate::sandbox::refusal::Refusal;
use crate::sandbox::resources::Resource;

/// What a field holds. Those that are `Kept` say something when they are zero or empty, too.
pub enum Shape {
    Text,
    KeptText,
    Number,
    KeptNumber,
    Flag,
    KeptFlag,
    NumberOrText,
    /// Texts by their names.
    Texts,
    /// The same, but a number is a quantity as well.
    Quantities,
    List(&'static Shape),
    Fields(Fields),
    Any,
}

pub type Fields = &'static [(&'static str, Shape)];

/// Takes an object in; refused if a field is of the wrong type.
pub fn take_in(resource: Resource, object: &mut Value) -> Result<(), Refusal> {
    let kind = resource.kind;
    fields(kinds::of(resource), object, "").map_err(|wrong| {
        let Wrong { path, found, wanted } = wrong;
        Refusal::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {kind}: json: cannot unmarshal {found} \
             into Go struct field {kind}.{path} of type {wanted}",
            resource.version
        ))
    })
}

struct Wrong {
    path: String,
    found: &'static str,
    wanted: &'static str,
}

fn fields(table: Fields, value: &mut Value, path: &str) -> Result<(), Wrong> {
    let Value::Object(object) = value else {
        return Err(wrong(path, value, "struct"));
    };
    for (field, shape) in table {
        let Some(value) = object.get_mut(*field) else { continue };
        if !value.is_null() {
            let dot = if path.is_empty() { "" } else { "." };
            of_shape(shape, value, &format!("{path}{dot}{field}"))?;
        }
        if says_nothing(shape, value) {
            object.remove(*field);
        }
    }
    Ok(())
}

fn of_shape(shape: &Shape, value: &mut Value, path: &str) -> Result<(), Wrong> {
    let (is_right, wanted) = match shape {
        Shape::Text | Shape::KeptText => (value.is_string(), "string"),
        Shape::Number | Shape::KeptNumber => (value.is_i64(), "int32"),
        Shape::Flag | Shape::KeptFlag => (value.is_boolean(), "bool"),
        Shape::NumberOrText => (value.is_i64() || value.is_string(), "int32"),
        Shape::Texts => return each(value, path, "string", |value| value.is_string()),
        Shape::Quantities => {
            return each(value, path, "resource.Quantity", |it| it.is_string() || it.is_number());
        }
        Shape::List(shape) => {
            let Value::Array(items) = value else {
                return Err(wrong(path, value, "[]"));
            };
            return items
                .iter_mut()
                .filter(|item| !item.is_null())
                .try_for_each(|item| of_shape(shape, item, path));
        }
        Shape::Fields(table) => return fields(table, value, path),
        Shape::Any => return Ok(()),
    };
    if is_right { Ok(()) } else { Err(wrong(path, value, wanted)) }
}

fn each(
    value: &mut Value,
    path: &str,
    wanted: &'static str,
    is_right: fn(&Value) -> bool,
) -> Result<(), Wrong> {
    let Value::Object(entries) = value else {
        return Err(wrong(path, value, "map[string]string"));
    };
    for value in entries.values_mut() {
        if value.is_null() {
            *value = json!("");
        } else if !is_right(value) {
            return Err(wrong(path, value, wanted));
        }
    }
    Ok(())
}

fn wrong(path: &str, value: &Value, wanted: &'static str) -> Wrong {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Wrong { path: path.to_owned(), found, wanted }
}

fn says_nothing(shape: &Shape, value: &Value) -> bool {
    match (shape, value) {
        (_, Value::Null) | (Shape::Flag, Value::Bool(false)) => true,
        (Shape::Text, Value::String(text)) => text.is_empty(),
        (Shape::Number, value) => *value == 0,
        (Shape::Texts | Shape::Quantities, Value::Object(map)) => Map::is_empty(map),
        (Shape::List(_), Value::Array(list)) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::{CONFIG_MAPS, DEPLOYMENTS};

    #[test]
    fn what_says_nothing_is_left_out() {
        let container = json!({
            "name": "", "image": "", "env": [], "tty": false, "args": [""], "resources": {},
            "ports": [{ "hostPort": 0 }], "securityContext": null,
        });
        let mut object = json!({
            "metadata": { "labels": {}, "annotations": { "a": null }, "uid": "", "new": "" },
            "spec": {
                "replicas": 0, "minReadySeconds": 0, "paused": false, "selector": {},
                "template": { "spec": { "containers": [container], "automountServiceAccountToken": false } },
            },
        });
        take_in(&DEPLOYMENTS, &mut object).unwrap();
        let container = json!({ "name": "", "args": [""], "resources": {}, "ports": [{}] });
        let template =
            json!({ "spec": { "containers": [container], "automountServiceAccountToken": false } });
        let left = json!({
            "metadata": { "annotations": { "a": "" }, "new": "" },
            "spec": { "replicas": 0, "selector": {}, "template": template },
        });
        assert_eq!(object, left);
    }

    #[test]
    fn what_is_of_another_type_is_refused() {
        for (resource, object, path) in [
            (&CONFIG_MAPS, json!({ "data": { "a": 1 } }), "data of type string"),
            (&CONFIG_MAPS, json!({ "data": [] }), "data of type map[string]string"),
            (&CONFIG_MAPS, json!({ "immutable": "yes" }), "immutable of type bool"),
            (&CONFIG_MAPS, json!({ "metadata": { "labels": { "a": true } } }), "labels of type"),
            (&DEPLOYMENTS, json!({ "spec": { "replicas": "2" } }), "spec.replicas of type int32"),
            (&DEPLOYMENTS, json!({ "spec": { "replicas": 1.5 } }), "spec.replicas of type int32"),
            (&DEPLOYMENTS, json!({ "spec": [] }), "spec of type struct"),
        ] {
            let mut sent = object.clone();
            let refused = take_in(resource, &mut sent).unwrap_err();
            assert_eq!(refused.code, 400, "{object}");
            assert!(refused.message.contains(path), "{object}: {}", refused.message);
        }
    }
}
