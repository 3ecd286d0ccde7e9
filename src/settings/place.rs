//! Where in a file the field stands that the API server speaks of.

use super::tree::{Mark, Node, What, Wrong};
use crate::release::Fault;

/// What is wrong, and where, as far as the field is in the document.
pub fn of(document: &Node, fault: &Fault) -> Wrong {
    let found = match fault.field.as_str() {
        "" => guess(document, fault, String::new()),
        field => Some(walk(document, field, fault.found.as_deref(), (document.at, String::new()))),
    };
    let Some(found) = found else { return Wrong { at: None, why: fault.sentence() } };
    let path = if found.left == 0 { found.path.as_str() } else { fault.field.as_str() };
    let is_about_the_key = fault.what.ends_with(" field");
    let why = match is_about_the_key {
        true => format!("{} {path}", fault.what),
        false => format!("{path}: {}", fault.what),
    };
    Wrong::at(if is_about_the_key { found.key } else { found.at }, why)
}

struct Found {
    path: String,
    /// How much of the path leads to nothing that is there.
    left: usize,
    key: Mark,
    at: Mark,
    is_it: bool,
}

fn walk(node: &Node, rest: &str, wanted: Option<&str>, (key, path): (Mark, String)) -> Found {
    let here = |path: String| {
        let is_it = wanted.is_none_or(|wanted| wanted == json_word(node));
        Found { path, left: rest.len(), key, at: node.at, is_it }
    };
    let next = rest.strip_prefix('.').unwrap_or(rest);
    match &node.what {
        // A type that does not fit may be that of what is in it.
        _ if next.is_empty() && here(String::new()).is_it => here(path),
        What::List(items) => {
            let (index, after) = match next.strip_prefix('[').and_then(|it| it.split_once(']')) {
                Some((index, after)) => (index.parse::<usize>().ok(), after),
                None => (None, next),
            };
            let inside = items.iter().enumerate().filter(|(n, _)| index.is_none_or(|it| it == *n));
            let inside = inside
                .map(|(n, item)| walk(item, after, wanted, (item.at, format!("{path}[{n}]"))));
            best(inside).unwrap_or_else(|| here(path))
        }
        What::Map(entries) if next.is_empty() => {
            let inside = entries.iter().map(|(key, value)| {
                walk(value, "", wanted, (key.at, format!("{path}.{}", key.name)))
            });
            match best(inside).filter(|found| found.is_it) {
                Some(found) => found,
                None => here(path),
            }
        }
        What::Map(entries) => {
            // A key may have dots in it, or stand in brackets.
            let inside = entries.iter().filter_map(|(key, value)| {
                let bracketed = next.strip_prefix('[').and_then(|it| it.split_once(']'));
                let after = match bracketed {
                    Some((name, after)) => (name == key.name).then_some(after),
                    None => next.strip_prefix(key.name.as_str()),
                };
                let after = after.filter(|it| it.is_empty() || it.starts_with(['.', '[']))?;
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", key.name);
                Some(walk(value, after, wanted, (key.at, path)))
            });
            best(inside).unwrap_or_else(|| here(path))
        }
        _ => here(path),
    }
}

/// The first of those that lead farthest.
fn best(found: impl Iterator<Item = Found>) -> Option<Found> {
    found.min_by_key(|found| (found.left, !found.is_it))
}

/// Where the API server names no field: a quantity that is none, or a port of another type.
fn guess(node: &Node, fault: &Fault, path: String) -> Option<Found> {
    let is_it = |parent: &str, key: &str, value: &Node| match fault.found.as_deref() {
        Some(found) => key == "port" && json_word(value) == found,
        None => ["limits", "requests"].contains(&parent) && !is_quantity(value),
    };
    let parent = path.rsplit('.').next().unwrap_or_default().to_owned();
    match &node.what {
        What::Map(entries) => entries.iter().find_map(|(key, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.name);
            match is_it(&parent, &key.name, value) {
                true => Some(Found { path, left: 0, key: key.at, at: value.at, is_it: true }),
                false => guess(value, fault, path),
            }
        }),
        What::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(n, item)| guess(item, fault, format!("{path}[{n}]"))),
        _ => None,
    }
}

fn is_quantity(node: &Node) -> bool {
    match &node.what {
        What::Null | What::Number(_) => true,
        What::Text(text) => {
            let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)));
            let (number, unit) = text.split_at(end.unwrap_or(text.len()));
            let is_unit = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti"]
                .contains(&unit)
                || ["Pi", "Ei"].contains(&unit)
                || unit.strip_prefix(['e', 'E']).is_some_and(|it| it.parse::<i32>().is_ok());
            number.parse::<f64>().is_ok() && is_unit
        }
        _ => false,
    }
}

/// JSON's word for what it is.
fn json_word(node: &Node) -> &'static str {
    match &node.what {
        What::Null => "null",
        What::Bool(_) => "bool",
        What::Number(_) => "number",
        What::Text(_) => "string",
        What::List(_) => "array",
        What::Map(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::yaml::Source;

    const TEXT: &str = "\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    metadata:
      labels: {app: parrot, app.kubernetes.io/part-of: on}
    spec:
      containers:
      - name: a
        env:
        - {name: A, value: a}
        - {name: B, value: yes}
        portz: []
      - name: b
        resources: {limits: {cpu: many}}
        readinessProbe: {httpGet: {port: [80]}}
";

    fn said(fault: &Fault) -> (usize, String) {
        let document = Source::of(TEXT).documents().unwrap().remove(0);
        let wrong = of(&document, fault);
        (wrong.at.map_or(0, |at| at.line), wrong.why)
    }

    #[test]
    fn a_field_is_found_by_its_path_or_as_far_as_it_is_there() {
        let spec = "spec.template.spec";
        for (field, what, line, path) in [
            ("containers[0].portz", "unknown field", 13, "containers[0].portz"),
            ("containers[1].image", "Required value", 14, "containers[1].image"),
            ("containers[1].resources.limits[cpu]", "no", 15, "containers[1].resources.limits.cpu"),
            ("containers[9].image", "no", 8, "containers[9].image"),
        ] {
            let (found, why) = said(&Fault::new(format!("{spec}.{field}"), what));
            assert_eq!(found, line, "{field}");
            assert!(why.contains(&format!("{spec}.{path}")) && why.contains(what), "{why}");
        }
    }

    #[test]
    fn what_is_of_the_wrong_type_is_found_without_its_place_in_lists() {
        let of_type = |field: &str, found: &str| {
            said(&Fault { found: Some(found.to_owned()), ..Fault::new(field, "no") })
        };
        let (line, why) = of_type("spec.template.spec.containers.env.value", "bool");
        assert_eq!((line, why.as_str()), (12, "spec.template.spec.containers[0].env[1].value: no"));
        let (line, why) = of_type("spec.template.metadata.labels", "bool");
        let path = "spec.template.metadata.labels.app.kubernetes.io/part-of";
        assert_eq!((line, why), (6, format!("{path}: no")));
        let (line, why) = of_type("", "array");
        let path = "spec.template.spec.containers[1].readinessProbe.httpGet.port";
        assert_eq!((line, why), (16, format!("{path}: no")));
        let (line, why) = said(&Fault::new("", "a quantity is a number"));
        assert!(line == 15 && why.contains("resources.limits.cpu"), "{why}");
    }
}
