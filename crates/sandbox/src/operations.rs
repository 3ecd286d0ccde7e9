//! JSON Patch as the API server has it, which is laxer than the standard: what is replaced need not be
//! there, and what is not there equals null.

use serde_json::Value;

/// Does all operations, or none of them counts. What does not fit is told without a reason, as the
/// API server does.
pub fn apply(object: &mut Value, operations: &[Value]) -> Option<()> {
    operations.iter().try_for_each(|operation| one(object, operation))
}

fn one(object: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    let from = || operation["from"].as_str();
    let value = &operation["value"];
    match operation["op"].as_str()? {
        "add" => add(object, path, value.clone()),
        "replace" => replace(object, path, value),
        "remove" => remove(object, path),
        "move" => {
            let value = found(object, from()?)?;
            remove(object, from()?)?;
            add(object, path, value)
        }
        "copy" => {
            let value = found(object, from()?)?;
            add(object, path, value)
        }
        "test" => (found(object, path)? == *value).then_some(()),
        _ => None,
    }
}

/// What a path ends in, and its last part.
fn place<'a>(object: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (above, last) = path.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let above = above.split('/').skip(1).try_fold(object, |value, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        match value {
            Value::Object(fields) => fields.get_mut(&part),
            Value::Array(items) => {
                let at = index(&part, items.len())?;
                items.get_mut(at)
            }
            _ => None,
        }
    })?;
    Some((above, last))
}

/// A negative one counts from the end.
fn index(part: &str, length: usize) -> Option<usize> {
    let at: i64 = part.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    usize::try_from(if at < 0 { at + length } else { at }).ok()
}

fn found(object: &mut Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(object.clone());
    }
    match place(object, path)? {
        (Value::Object(fields), name) => Some(fields.get(&name).cloned().unwrap_or(Value::Null)),
        (Value::Array(items), at) => items.get(index(&at, items.len())?).cloned(),
        _ => None,
    }
}

fn add(object: &mut Value, path: &str, value: Value) -> Option<()> {
    match place(object, path)? {
        (Value::Object(fields), name) => drop(fields.insert(name, value)),
        (Value::Array(items), end) if end == "-" => items.push(value),
        (Value::Array(items), at) => {
            let at = index(&at, items.len() + 1).filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn replace(object: &mut Value, path: &str, value: &Value) -> Option<()> {
    if path.is_empty() {
        *object = value.clone();
        return Some(());
    }
    match place(object, path)? {
        (Value::Object(fields), name) => drop(fields.insert(name, value.clone())),
        (Value::Array(items), at) => {
            let at = index(&at, items.len())?;
            *items.get_mut(at)? = value.clone();
        }
        _ => return None,
    }
    Some(())
}

fn remove(object: &mut Value, path: &str) -> Option<()> {
    match place(object, path)? {
        (Value::Object(fields), name) => fields.remove(&name).map(drop),
        (Value::Array(items), at) => {
            let at = index(&at, items.len()).filter(|at| *at < items.len())?;
            items.remove(at);
            Some(())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(operations: Value) -> Option<Value> {
        let mut object = json!({ "a": { "b/c": 1 }, "list": [1, 2, 3], "none": null });
        apply(&mut object, operations.as_array().unwrap()).map(|()| object)
    }

    #[test]
    fn operations_do_what_they_say() {
        let with = |field: &str, value: Value| {
            let mut object = json!({ "a": { "b/c": 1 }, "list": [1, 2, 3], "none": null });
            object[field] = value;
            Some(object)
        };
        for (operation, new) in [
            (
                json!({ "op": "add", "path": "/a/d", "value": 2 }),
                with("a", json!({ "b/c": 1, "d": 2 })),
            ),
            (
                json!({ "op": "add", "path": "/list/1", "value": 9 }),
                with("list", json!([1, 9, 2, 3])),
            ),
            (
                json!({ "op": "add", "path": "/list/-", "value": 9 }),
                with("list", json!([1, 2, 3, 9])),
            ),
            (json!({ "op": "add", "path": "/list/5", "value": 9 }), None),
            (json!({ "op": "add", "path": "/b/c", "value": 9 }), None),
            (json!({ "op": "add", "path": "b", "value": 9 }), None),
            (json!({ "op": "add", "path": "/b" }), with("b", json!(null))),
            (json!({ "op": "remove", "path": "/a/b~1c" }), with("a", json!({}))),
            (json!({ "op": "remove", "path": "/a/d" }), None),
            (json!({ "op": "remove", "path": "/list/-1" }), with("list", json!([1, 2]))),
            (
                json!({ "op": "replace", "path": "/a/d", "value": 2 }),
                with("a", json!({ "b/c": 1, "d": 2 })),
            ),
            (json!({ "op": "replace", "path": "/list/3", "value": 2 }), None),
            (json!({ "op": "replace", "path": "", "value": {} }), Some(json!({}))),
            (json!({ "op": "copy", "from": "/list", "path": "/a" }), with("a", json!([1, 2, 3]))),
            (json!({ "op": "move", "from": "/a/d", "path": "/b" }), None),
            (json!({ "op": "test", "path": "/a/b~1c", "value": 1 }), with("none", json!(null))),
            (json!({ "op": "test", "path": "/a/b~1c", "value": 2 }), None),
            (json!({ "op": "test", "path": "/a/d", "value": null }), with("none", json!(null))),
            (json!({ "op": "test", "path": "/b/d", "value": null }), None),
            (json!({ "op": "rename", "path": "/a" }), None),
            (json!({ "path": "/a" }), None),
        ] {
            assert_eq!(patched(json!([operation])), new, "{operation}");
        }
    }

    #[test]
    fn what_is_moved_is_gone_from_where_it_was() {
        let new = patched(json!([{ "op": "move", "from": "/list", "path": "/a/list" }])).unwrap();
        assert_eq!(new, json!({ "a": { "b/c": 1, "list": [1, 2, 3] }, "none": null }));
    }
}
