//! JSON, and what the API server says of what is none: the words are those of Go's decoder.

use serde_json::Value;
use serde_json::error::Category;

use super::refusal::Refusal;

/// What every object has to be before it is known which it is.
const TYPED: &str = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
                     \"json:\\\"kind,omitempty\\\"\" }";
/// So much of a body is shown.
const SHOWN: usize = 30;

pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.classify() == Category::Eof {
            return "unexpected end of JSON input".to_owned();
        }
        let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1));
        let wrong = line.and_then(|line| line.get(error.column().saturating_sub(1)));
        let wrong = wrong.map_or(' ', |byte| char::from(*byte));
        match error.to_string().starts_with("trailing") {
            true => format!("invalid character '{wrong}' after top-level value"),
            false => format!("invalid character '{wrong}' looking for beginning of value"),
        }
    })
}

/// An object that says what it is, or nothing of it.
pub fn object(bytes: &[u8]) -> Result<Value, String> {
    let wrong = |error| format!("couldn't get version/kind; json parse error: {error}");
    let value = parse(bytes).map_err(wrong)?;
    for field in ["apiVersion", "kind"] {
        if !matches!(value[field], Value::Null | Value::String(_)) {
            let what = name(&value[field]);
            let error = format!(
                "json: cannot unmarshal {what} into Go struct field .{field} of type string"
            );
            return Err(wrong(error));
        }
    }
    match value {
        Value::Object(_) => Ok(value),
        Value::Null => Ok(serde_json::json!({})),
        other => Err(wrong(format!(
            "json: cannot unmarshal {} into Go value of type {TYPED}",
            name(&other)
        ))),
    }
}

/// The same, where it is known which kind it has to be.
pub fn object_of(kind: &str, bytes: &[u8]) -> Result<Value, Refusal> {
    object(bytes).map_err(|error| unrecognized(kind, &error, bytes))
}

pub fn unrecognized(kind: &str, error: &str, bytes: &[u8]) -> Refusal {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    let shown = match shown.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => String::from_utf8_lossy(shown).into_owned(),
        Some(_) => shown.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let more = if bytes.len() > SHOWN { " ..." } else { "" };
    Refusal::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): {error} ({shown}{more})"
    ))
}

/// What Go calls a value.
pub fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_told_as_go_does() {
        for (text, words) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\":", "unexpected end of JSON input"),
            ("{}{", "invalid character '{' after top-level value"),
            ("bird", "invalid character 'b' looking for beginning of value"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err(), words, "{text}");
        }
    }

    #[test]
    fn a_body_is_an_object_that_says_what_it_is() {
        for text in ["{}", "null", "{\"kind\":\"A\"}"] {
            assert!(object(text.as_bytes()).unwrap().is_object(), "{text}");
        }
        for text in ["[]", "1", "{\"kind\":1}", "{"] {
            let refused = object_of("Bird", text.as_bytes()).unwrap_err();
            assert_eq!(refused.code, 400, "{text}");
            let end = if text.starts_with('{') { format!("({text})") } else { ")".to_owned() };
            assert!(refused.message.ends_with(&end), "{}", refused.message);
        }
        let long = format!("{{\"apiVersion\":\"{}\"", "a".repeat(50));
        assert!(object_of("Bird", long.as_bytes()).unwrap_err().message.ends_with("a ...)"));
    }
}
