//! Label and field selectors, as they stand in a URL.

use serde_json::Value;

use super::refusal::Refusal;
use super::resources::{EVENTS, PODS, Resource};

/// What a list or a watch is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Selectors {
    labels: Vec<Label>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
enum Label {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

#[derive(Clone, Debug)]
struct Field {
    path: String,
    value: String,
    is_equal: bool,
}

impl Selectors {
    pub fn parse(resource: Resource, labels: &str, fields: &str) -> Result<Selectors, Refusal> {
        Ok(Selectors {
            labels: parts(labels).map(label).collect::<Result<_, _>>()?,
            fields: parts(fields).map(|part| field(resource, part)).collect::<Result<_, _>>()?,
        })
    }

    pub fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|label| label.matches(labels))
            && self.fields.iter().all(|field| field.matches(object))
    }
}

/// Split at the commas that do not stand in parentheses.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let split = text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    split.map(str::trim).filter(|part| !part.is_empty())
}

fn label(part: &str) -> Result<Label, Refusal> {
    let key = |key: &str| {
        let key = key.trim();
        let valid = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        match !key.is_empty() && key.chars().all(valid) {
            true => Ok(key.to_owned()),
            false => {
                let why = format!("unable to parse requirement: invalid label key {key:?}");
                Err(Refusal::bad_request(why))
            }
        }
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((name, value)) = part.split_once("!=") {
        return Ok(Label::NotIn(key(name)?, one(value)));
    }
    if let Some((name, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Label::In(key(name)?, one(value)));
    }
    if let Some(name) = part.strip_prefix('!') {
        return Ok(Label::Absent(key(name)?));
    }
    let Some((head, values)) = part.split_once('(') else {
        return Ok(Label::Exists(key(part)?));
    };
    let values = values.trim_end_matches(')').split(',').map(|value| value.trim().to_owned());
    match head.trim().split_once(char::is_whitespace).map(|(name, word)| (name, word.trim())) {
        Some((name, "in")) => Ok(Label::In(key(name)?, values.collect())),
        Some((name, "notin")) => Ok(Label::NotIn(key(name)?, values.collect())),
        None if head.is_empty() => {
            Err(Refusal::bad_request("found '(', expected: !, identifier, or 'end of string'"))
        }
        _ => {
            let why = format!("unable to parse requirement: found {head:?}, expected: in, notin");
            Err(Refusal::bad_request(why))
        }
    }
}

impl Label {
    fn matches(&self, labels: &Value) -> bool {
        match self {
            Label::Exists(key) => labels[key].is_string(),
            Label::Absent(key) => !labels[key].is_string(),
            Label::In(key, values) => {
                labels[key].as_str().is_some_and(|is| values.iter().any(|value| value == is))
            }
            Label::NotIn(key, values) => {
                labels[key].as_str().is_none_or(|is| values.iter().all(|value| value != is))
            }
        }
    }
}

fn field(resource: Resource, part: &str) -> Result<Field, Refusal> {
    let found = part
        .split_once("!=")
        .map(|(path, value)| (path, value, false))
        .or_else(|| part.split_once("==").map(|(path, value)| (path, value, true)))
        .or_else(|| part.split_once('=').map(|(path, value)| (path, value, true)));
    let Some((path, value, is_equal)) = found else {
        let why = format!("invalid selector: '{part}'; can't understand '{part}'");
        return Err(Refusal::bad_request(why));
    };
    let of_all = ["metadata.name", "metadata.namespace"];
    let own: &[&str] = match resource.plural {
        plural if plural == PODS.plural => {
            &["status.phase", "spec.nodeName", "status.podIP", "spec.restartPolicy"]
        }
        plural if plural == EVENTS.plural => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.fieldPath",
            "reason",
            "type",
        ],
        _ => &[],
    };
    if !of_all.contains(&path) && !own.contains(&path) {
        return Err(Refusal::bad_request(format!("field label not supported: {path}")));
    }
    Ok(Field { path: path.to_owned(), value: value.to_owned(), is_equal })
}

impl Field {
    fn matches(&self, object: &Value) -> bool {
        let there = self.path.split('.').fold(object, |value, name| &value[name]);
        (there.as_str().unwrap_or_default() == self.value) == self.is_equal
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::DEPLOYMENTS;
    use super::*;
    use serde_json::json;

    fn matches(labels: &str, fields: &str) -> bool {
        let object = json!({"metadata": {"name": "parrot", "labels": {"app": "parrot", "v": "2"}}});
        Selectors::parse(&DEPLOYMENTS, labels, fields).unwrap().matches(&object)
    }

    #[test]
    fn labels_select_as_kubernetes_has_it() {
        for selector in [
            "",
            "app=parrot",
            "app==parrot,v=2",
            "app,!team",
            "team!=birds",
            "v in (1,2),app",
            "v notin (3, 4)",
            "team notin (birds)",
        ] {
            assert!(matches(selector, ""), "{selector}");
        }
        for selector in ["app=toucan", "team", "!app", "v!=2", "v in (1,3)", "v notin (2)"] {
            assert!(!matches(selector, ""), "{selector}");
        }
        for selector in ["a b=c", "v within (1)", "=x"] {
            assert_eq!(Selectors::parse(&DEPLOYMENTS, selector, "").unwrap_err().code, 400);
        }
    }

    #[test]
    fn fields_select_where_they_are_known() {
        assert!(matches("", "metadata.name=parrot") && matches("", "metadata.name!=toucan"));
        assert!(!matches("", "metadata.name=toucan"));
        let refused = Selectors::parse(&DEPLOYMENTS, "", "status.phase=Running").unwrap_err();
        assert!(refused.message.ends_with("field label not supported: status.phase"));
        assert!(Selectors::parse(&PODS, "", "status.phase=Running").is_ok());
        assert_eq!(Selectors::parse(&PODS, "", "rubbish").unwrap_err().code, 400);
    }
}
