//! `docs/json.md` is what programs are written by: its examples are what the schemas say, and it has
//! every word that they have.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schema;

const PAGE: &str = include_str!("../../docs/json.md");

/// What stands in fenced blocks of a language.
fn fenced(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    PAGE.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn examples() -> impl Iterator<Item = &'static str> {
    fenced("jsonl").into_iter().flat_map(str::lines)
}

/// The page's status, with why it waits, its history, and its report of checks.
fn documents() -> [Value; 3] {
    let [status, why, history, check] = fenced("json")[..] else { panic!("not one of each") };
    let [mut status, why, history, check] =
        [status, why, history, check].map(|text| serde_json::from_str::<Value>(text).unwrap());
    status["why"] = why["why"].clone();
    [status, history, check]
}

/// All words that this property can have, wherever it stands in the schema.
fn words(schema: &Value, property: &str) -> BTreeSet<String> {
    let word = schema["properties"][property]["const"].as_str();
    let inner: Vec<&Value> = match schema {
        Value::Array(all) => all.iter().collect(),
        Value::Object(all) => all.values().collect(),
        _ => Vec::new(),
    };
    let inner = inner.into_iter().flat_map(|inner| words(inner, property));
    word.map(str::to_owned).into_iter().chain(inner).collect()
}

#[test]
fn examples_are_what_the_schemas_say() {
    assert!(examples().count() > 10);
    for line in examples() {
        schema::events(line).unwrap();
    }
    let [status, history, check] = documents();
    schema::check(&check.to_string()).unwrap();
    schema::status(&status.to_string()).unwrap();
    schema::history(&history.to_string()).unwrap();
}

#[test]
fn every_event_has_an_example() {
    let all = words(&schema::printed("event"), "event");
    assert!(all.len() >= 13, "{all:?}");
    let shown = examples().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let shown: BTreeSet<String> =
        shown.map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(shown, all);
}

#[test]
fn every_word_has_a_row() {
    let schema = schema::printed("event");
    for (property, title, least) in
        [("step", "Steps", 28), ("for", "Waits", 6), ("news", "News", 7), ("result", "Results", 14)]
    {
        let section = PAGE.split("\n## ").find(|section| section.starts_with(title)).unwrap();
        let words = words(&schema, property);
        assert!(words.len() >= least, "{property}: {words:?}");
        for word in words {
            assert!(section.contains(&format!("`{word}`")), "{title} of docs/json.md lack {word}");
        }
    }
}

#[test]
fn every_check_has_a_row() {
    let schema = schema::printed("check");
    let names = schema["$defs"]["Check"]["properties"]["name"]["enum"].as_array().unwrap();
    assert!(names.len() > 25, "{names:?}");
    let (_, section) = PAGE.split_once("\n## Check\n").unwrap();
    for name in names {
        let row = format!("\n| `{}` |", name.as_str().unwrap());
        assert!(section.contains(&row), "docs/json.md lacks the check {name}");
    }
}

#[test]
fn every_condition_has_a_row() {
    let schema = schema::printed("status");
    let (_, section) = PAGE.split_once("\n### Why it waits\n").unwrap();
    let names = schema["$defs"]["Need"]["oneOf"].as_array().unwrap();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let row = format!("\n| `{}` |", name["const"].as_str().unwrap());
        assert!(section.contains(&row), "docs/json.md lacks the condition {name}");
    }
    for step in schema["$defs"]["Aim"]["oneOf"].as_array().unwrap() {
        let word = format!("`{}`", step["const"].as_str().unwrap());
        assert!(section.contains(&word), "docs/json.md lacks the step {word}");
    }
}

/// A line of the page, with something changed.
fn changed(event: &str, change: impl FnOnce(&mut Value)) -> Result<(), String> {
    let tag = format!("{{\"event\":\"{event}\"");
    let line = examples().find(|line| line.starts_with(&tag)).expect("every event has an example");
    let mut value = serde_json::from_str(line).unwrap();
    change(&mut value);
    schema::events(&value.to_string()).map(drop)
}

fn without(event: &str, key: &str) -> Result<(), String> {
    changed(event, |value| drop(value.as_object_mut().unwrap().remove(key)))
}

fn with(event: &str, pointer: &str, word: impl Into<Value>) -> Result<(), String> {
    changed(event, |value| *value.pointer_mut(pointer).expect("it is there") = word.into())
}

#[test]
fn the_schema_of_events_refuses_what_is_none() {
    for key in ["event", "at", "app", "release"] {
        assert!(without("preview", key).is_err(), "without {key}");
    }
    assert!(without("doing", "step").is_err());
    assert!(without("doing", "images").is_err());
    assert!(without("waiting", "until").is_err());
    assert!(without("failed", "causes").is_err());
    for (event, pointer, word) in [
        ("preview", "/event", Value::from("previews")),
        ("preview", "/event", 1.into()),
        ("preview", "/at", "yesterday".into()),
        ("preview", "/app", Value::Null),
        ("preview", "/release", "1".into()),
        ("preview", "/release", (-1).into()),
        ("doing", "/step", "begin".into()),
        ("doing", "/to", "red".into()),
        ("doing", "/images", "one".into()),
        ("waiting", "/on/for", "godot".into()),
        ("waiting", "/on/pods/0/reason", Value::Null),
        ("gate-answered", "/answer", "perhaps".into()),
        ("news", "/news", "none".into()),
        ("dry-run", "/verb", "get".into()),
        ("dry-run", "/step", "begin".into()),
        ("dry-run", "/kind", "Secret".into()),
        ("ended", "/outcome/result", "won".into()),
        ("ended", "/outcome/outcome", "won".into()),
        ("ended", "/outcome/images", Value::Null),
        ("failed", "/exitCode", "8".into()),
    ] {
        assert!(with(event, pointer, word.clone()).is_err(), "{event} with {pointer} = {word}");
    }
    for line in ["", "{}", "[]", "null", "1", "error: no"] {
        assert!(schema::events(&format!("{line}\n")).is_err(), "{line}");
    }
    let why = with("gate-answered", "/answer", "perhaps").unwrap_err();
    assert!(why.starts_with(r#"value is not one of "pass", "not-yet""#), "{why}");
    assert!(why.contains(" at /answer: {"), "{why}");
    let lines: Vec<&str> = examples().take(2).collect();
    assert!(schema::events(&format!("{}\n{}", lines[1], lines[0])).is_err(), "time goes back");
}

#[test]
fn more_than_the_schema_knows_is_allowed() {
    let more = |value: &mut Value| value["weather"] = "fine".into();
    changed("preview", more).unwrap();
    changed("done", more).unwrap();
    changed("waiting", |value| value["on"]["weather"] = "fine".into()).unwrap();
    changed("ended", |value| value["outcome"]["weather"] = "fine".into()).unwrap();
}

#[test]
fn the_schema_of_status_refuses_what_is_none() {
    let [right, _, _] = documents();
    for pointer in ["/live", "/release", "/candidate", "/release/driver"] {
        let mut status = right.clone();
        *status.pointer_mut(pointer).unwrap() = Value::Null;
        schema::status(&status.to_string()).unwrap();
    }
    for (pointer, word) in [
        ("/app", Value::Null),
        ("/healthy", "yes".into()),
        ("/live/colour", "red".into()),
        ("/live/ready", "1".into()),
        ("/route", Value::Null),
        ("/release/phase", "asleep".into()),
        ("/release/started", "yesterday".into()),
        ("/release/gate/answer", "perhaps".into()),
        ("/release/driver/lastSeen", 1.into()),
        ("/why/next", "sleep".into()),
        ("/why/waitsFor", "godot".into()),
        ("/why/conditions/0/name", "godot".into()),
        ("/why/conditions/0/state", true.into()),
        ("/why/conditions/2/until", "tomorrow".into()),
    ] {
        let mut status = right.clone();
        *status.pointer_mut(pointer).unwrap() = word.clone();
        assert!(schema::status(&status.to_string()).is_err(), "{pointer} = {word}");
    }
    for key in ["app", "namespace", "live", "candidate", "route", "release", "healthy"] {
        let mut status = right.clone();
        status.as_object_mut().unwrap().remove(key);
        assert!(schema::status(&status.to_string()).is_err(), "without {key}");
    }
    assert!(schema::status(&format!("{right}\n{right}\n")).is_err(), "two lines");
}

#[test]
fn the_schema_of_history_refuses_what_is_none() {
    let [_, right, _] = documents();
    for (pointer, word) in [
        ("/app", Value::Null),
        ("/releases", Value::Null),
        ("/releases/0/outcome", "won".into()),
        ("/releases/0/ended", "yesterday".into()),
    ] {
        let mut history = right.clone();
        *history.pointer_mut(pointer).unwrap() = word.clone();
        assert!(schema::history(&history.to_string()).is_err(), "{pointer} = {word}");
    }
}
