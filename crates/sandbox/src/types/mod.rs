//! What is sent, read as the API server reads it: into the types that it has. Something of another
//! type is refused in its words; what is empty is as good as left out.

mod quantity;
mod table;

use serde_json::{Map, Value, json};

use table::{Named, Presence, TABLE, Type};

use super::decode;

/// What was read.
pub struct Read {
    pub value: Value,
    /// The paths of what no field is for. They are kept.
    pub unknown: Vec<String>,
}

/// Reads a value as the struct of a name. Fails in the API server's words.
pub fn read(name: &'static str, value: &Value) -> Result<Read, String> {
    let mut reader = Reader { path: Vec::new(), inside: name, unknown: Vec::new() };
    let value = reader.fields(name, value)?;
    Ok(Read { value, unknown: reader.unknown })
}

struct Reader {
    /// Of the field that is read, with the places in lists.
    path: Vec<String>,
    /// The struct that it is a field of.
    inside: &'static str,
    unknown: Vec<String>,
}

impl Reader {
    fn fields(&mut self, name: &'static str, value: &Value) -> Result<Value, String> {
        let empty = Map::new();
        let given = match value {
            Value::Object(given) => given,
            Value::Null => &empty,
            other => {
                let version = if self.path.is_empty() { "v1." } else { "" };
                return Err(self.mismatch(other, &format!("{version}{name}")));
            }
        };
        let outside = std::mem::replace(&mut self.inside, name);
        let mut made = Map::new();
        for field in &TABLE[name] {
            self.path.push(field.name.to_owned());
            let value = given.get(field.name).unwrap_or(&Value::Null);
            let value = self.value(&field.is, value)?;
            let stays = match field.presence {
                Presence::Always => true,
                Presence::NonZero => !value.is_null(),
                Presence::Optional => match field.is.of {
                    Type::Struct(_) | Type::Time | Type::Quantity | Type::IntOrText => true,
                    Type::Pointer(_) => !value.is_null(),
                    _ => !is_zero(&value),
                },
            };
            if stays {
                made.insert(field.name.to_owned(), value);
            }
            self.path.pop();
        }
        for (field, value) in given {
            if TABLE[name].iter().all(|known| known.name != field) {
                self.unknown.push(self.here(field));
                made.insert(field.clone(), value.clone());
            }
        }
        self.inside = outside;
        Ok(Value::Object(made))
    }

    fn value(&mut self, named: &Named, value: &Value) -> Result<Value, String> {
        let fits = match (&named.of, value) {
            (Type::Any, _) => return Ok(value.clone()),
            (Type::Pointer(_), Value::Null) => return Ok(Value::Null),
            (Type::Pointer(inner), value) => return self.value(inner, value),
            (Type::Struct(name), Value::Object(_) | Value::Null) => {
                return self.fields(name, value);
            }
            (Type::Text | Type::Bytes, Value::Null) => return Ok(json!("")),
            (Type::Bool, Value::Null) => return Ok(json!(false)),
            (Type::Int32 | Type::Int64 | Type::IntOrText, Value::Null) => return Ok(json!(0)),
            (Type::Quantity, Value::Null) => return Ok(json!("0")),
            (Type::List(_) | Type::Map(_) | Type::Time, Value::Null) => return Ok(Value::Null),
            (Type::List(inner), Value::Array(items)) => return self.items(inner, items),
            (Type::Map(inner), Value::Object(entries)) => return self.entries(inner, entries),
            (Type::Quantity, Value::String(_) | Value::Number(_)) => {
                return quantity::canonical(value).ok_or_else(|| quantity::WORDS.to_owned());
            }
            (Type::Time, Value::String(text)) => {
                time(text)?;
                true
            }
            (Type::Bytes, Value::String(text)) => {
                bytes(text)?;
                true
            }
            (Type::Text | Type::IntOrText, Value::String(_)) | (Type::Bool, Value::Bool(_)) => true,
            (Type::Int32 | Type::IntOrText, value) => {
                value.as_i64().is_some_and(|value| i32::try_from(value).is_ok())
            }
            (Type::Int64, value) => value.is_i64(),
            _ => false,
        };
        match (fits, &named.of) {
            (true, _) => Ok(value.clone()),
            (false, Type::IntOrText) => {
                let wanted = if value.is_number() { "int32" } else { "string" };
                Err(format!(
                    "json: cannot unmarshal {} into Go value of type {wanted}",
                    decode::name(value)
                ))
            }
            (false, Type::Time) => Err(format!(
                "json: cannot unmarshal {} into Go value of type string",
                decode::name(value)
            )),
            (false, _) => Err(self.mismatch(value, &named.go)),
        }
    }

    fn items(&mut self, inner: &Named, items: &[Value]) -> Result<Value, String> {
        let field = self.path.pop().unwrap_or_default();
        let mut made = Vec::new();
        for (n, item) in items.iter().enumerate() {
            self.path.push(format!("{field}[{n}]"));
            made.push(self.value(inner, item)?);
            self.path.pop();
        }
        self.path.push(field);
        // What is stored knows no empty list.
        Ok(if made.is_empty() { Value::Null } else { json!(made) })
    }

    fn entries(&mut self, inner: &Named, entries: &Map<String, Value>) -> Result<Value, String> {
        let entries =
            entries.iter().map(|(key, value)| Ok((key.clone(), self.value(inner, value)?)));
        let made: Map<String, Value> = entries.collect::<Result<_, String>>()?;
        Ok(if made.is_empty() { Value::Null } else { Value::Object(made) })
    }

    fn here(&self, field: &str) -> String {
        let above = self.path.iter().map(String::as_str);
        above.chain([field]).collect::<Vec<_>>().join(".")
    }

    fn mismatch(&self, value: &Value, wanted: &str) -> String {
        let what = match value {
            // One that does not fit is named.
            Value::Number(number) if wanted.starts_with("int") => format!("number {number}"),
            value => decode::name(value).to_owned(),
        };
        // Go's path has no places in it.
        let path: Vec<&str> =
            self.path.iter().map(|part| part.split('[').next().unwrap_or_default()).collect();
        let place = match path.as_slice() {
            [] => "value".to_owned(),
            path => format!("struct field {}.{}", self.inside, path.join(".")),
        };
        format!("json: cannot unmarshal {what} into Go {place} of type {wanted}")
    }
}

fn time(text: &str) -> Result<(), String> {
    match text.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(()),
        // Of the first part that does not fit, which is mostly the year.
        Err(_) => Err(format!(
            "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \
             \"2006\""
        )),
    }
}

/// Base64, which nothing here decodes.
fn bytes(text: &str) -> Result<(), String> {
    let end = text.trim_end_matches('=').len();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let wrong = text.bytes().take(end).position(|byte| !is_letter(&byte));
    match wrong.or((!text.len().is_multiple_of(4) || text.len() - end > 2).then_some(text.len())) {
        None => Ok(()),
        Some(at) => Err(format!("illegal base64 data at input byte {at}")),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_i64() == Some(0),
        Value::String(value) => value.is_empty(),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_what_is_unknown_stays() {
        let sent = json!({
            "metadata": { "name": "a", "labels": {}, "finalizers": [], "creationTimestamp": null },
            "data": {}, "beak": "red",
        });
        let read = read("ConfigMap", &sent).unwrap();
        assert_eq!(read.value, json!({ "metadata": { "name": "a" }, "beak": "red" }));
        assert_eq!(read.unknown, ["beak"]);
    }

    #[test]
    fn another_type_is_refused_by_its_place() {
        for (kind, value, words) in [
            (
                "Deployment",
                json!({ "spec": { "replicas": "1" } }),
                "string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                "Deployment",
                json!({ "spec": { "template": { "spec": { "containers": [{ "image": 1 }] } } } }),
                "number into Go struct field Container.spec.template.spec.containers.image of type string",
            ),
            (
                "ConfigMap",
                json!({ "data": { "a": 1 } }),
                "number into Go struct field ConfigMap.data of type string",
            ),
            (
                "Service",
                json!({ "spec": { "type": {} } }),
                "object into Go struct field ServiceSpec.spec.type of type v1.ServiceType",
            ),
        ] {
            let error = read(kind, &value).err().unwrap();
            assert_eq!(error, format!("json: cannot unmarshal {words}"));
        }
    }
}
