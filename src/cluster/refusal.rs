//! What the API server says of a request that it refuses, without what it repeats of the object: that is
//! long, and may hold secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use super::CallError;
use crate::release::Fault;

/// After these the API server repeats a value, as Go or JSON writes it.
const REPEATS: [&str; 4] =
    ["Invalid value: ", "Unsupported value: ", "Duplicate value: ", "Not found: "];
/// What stands for a value that is not repeated.
const HIDDEN: &str = "(a value that is not shown)";
/// A longer text is no name and no number.
const LONGEST_VALUE: usize = 80;
const LONGEST_MESSAGE: usize = 1000;
/// A shorter one is part of too many words to be struck out of them.
const SHORTEST_SECRET: usize = 4;

const STRICT: &str = "strict decoding error: ";

/// The message, without the values that it repeats.
pub(super) fn told(message: &str) -> String {
    // As old decoders end: with the bytes around the place.
    let message = message.split(", error found in #").next().unwrap_or_default();
    // A body that is no object at all, in part.
    let message = match message.split_once(" is unrecognized (must be of type ") {
        Some(_) => message.rsplit_once(" (").map_or(message, |(before, _)| before),
        None => message,
    };
    let mut told = String::new();
    let mut rest = message;
    while let Some((at, marker)) = next_of(rest) {
        let (before, value) = rest.split_at(at + marker.len());
        let end = end_of_value(value);
        let (value, after) = value.split_at(end);
        rest = after;
        // The whole object stands for the patch that makes it.
        if let Some(before) = before.strip_suffix("patch: Invalid value: ") {
            told += before;
            rest = rest.strip_prefix(": ").unwrap_or(rest);
            continue;
        }
        told += before;
        told += if is_plain(value) { value } else { HIDDEN };
    }
    told += rest;
    shortened(told)
}

fn next_of(text: &str) -> Option<(usize, &'static str)> {
    let found = REPEATS.iter().filter_map(|marker| Some((text.find(marker)?, *marker)));
    found.min_by_key(|(at, _)| *at)
}

/// Where a value ends: a text in quotes, something within brackets, or a word.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some('"') if c == '\\' => is_escaped = true,
            Some(open) if c == open => {
                quote = None;
                if depth == 0 {
                    return at + c.len_utf8();
                }
            }
            Some(_) => {}
            None => match c {
                '"' | '`' => quote = Some(c),
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' if depth > 0 => {
                    depth -= 1;
                    // Behind a pair of these Go's type goes on.
                    let goes_on = text[at + c.len_utf8()..].starts_with(|c: char| {
                        c == '{' || c == '(' || c.is_alphanumeric() || c == '*'
                    });
                    if depth == 0 && !goes_on {
                        return at + c.len_utf8();
                    }
                }
                ':' | ',' | ']' if depth == 0 => return at,
                _ => {}
            },
        }
    }
    text.len()
}

fn is_plain(value: &str) -> bool {
    let is_text = value.starts_with('"') && !value.contains(['{', '\n']) && !value.contains("\\n");
    let is_word = value.chars().all(|c| c.is_alphanumeric() || "+-._".contains(c));
    (is_text || is_word) && value.len() <= LONGEST_VALUE
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text += " ...";
    }
    text
}

/// The same error without the secrets of what was sent: whatever a policy says, it does not repeat them.
pub(super) fn hushed(error: CallError, sent: &Value) -> CallError {
    let secrets = secrets(sent);
    let hush = |text: String| {
        secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), "***"))
    };
    match error {
        CallError::Refused { code, reason, message, faults } => {
            let faults = faults.into_iter().map(|fault| Fault { what: hush(fault.what), ..fault });
            CallError::Refused { code, reason, message: hush(message), faults: faults.collect() }
        }
        CallError::Lost { why } => CallError::Lost { why: hush(why) },
        CallError::Throttled { retry_after } => CallError::Throttled { retry_after },
    }
}

/// What stands where secrets may, and nowhere else.
fn secrets(sent: &Value) -> BTreeSet<String> {
    let (mut hidden, mut open) = (BTreeSet::new(), Vec::new());
    gather(sent, Place::Open, &mut hidden, &mut open);
    hidden.retain(|text| {
        text.len() >= SHORTEST_SECRET && !open.iter().any(|open| open.contains(text.as_str()))
    });
    hidden
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Open,
    /// Of these, what stands under `value` is.
    Named,
    Secret,
}

fn gather(value: &Value, place: Place, hidden: &mut BTreeSet<String>, open: &mut Vec<String>) {
    match value {
        Value::String(text) if place == Place::Secret => drop(hidden.insert(text.clone())),
        Value::String(text) => open.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, place, hidden, open)),
        Value::Object(fields) => {
            for (field, value) in fields {
                let place = match (field.as_str(), place) {
                    ("value", Place::Named) => Place::Secret,
                    ("env" | "httpHeaders", _) => Place::Named,
                    ("args" | "command", _) => Place::Secret,
                    (_, Place::Secret) => Place::Secret,
                    _ => Place::Open,
                };
                gather(value, place, hidden, open);
            }
        }
        _ => {}
    }
}

/// Where it stands in a manifest: the API server leaves out a template's metadata.
fn written(field: &str) -> String {
    let map = ["labels", "annotations"]
        .into_iter()
        .find(|map| field.strip_prefix("spec.template.").is_some_and(|rest| rest.starts_with(map)));
    match map {
        Some(_) => field.replacen("spec.template.", "spec.template.metadata.", 1),
        None => field.to_owned(),
    }
}

/// What is wrong with which field, where the API server says that.
pub(super) fn faults(said: &Value, message: &str) -> Vec<Fault> {
    let causes = said["details"]["causes"].as_array().into_iter().flatten();
    let named = causes.filter_map(|cause| {
        let (field, message) = (cause["field"].as_str()?, cause["message"].as_str()?);
        (!field.is_empty() && field != "patch").then(|| Fault::new(written(field), told(message)))
    });
    let mut found: Vec<Fault> = named.collect();
    if let Some((_, strict)) = message.rsplit_once(STRICT) {
        let strict = strict.trim_end_matches(']').split(", ");
        found.extend(strict.filter_map(|one| {
            let (what, field) = one.split_once(" \"")?;
            Some(Fault::new(field.strip_suffix('"')?, what))
        }));
    } else if found.is_empty() {
        found.extend(mistyped(message));
    }
    found
}

/// What Go's decoder can't read.
fn mistyped(message: &str) -> Option<Fault> {
    if message.contains("quantities must match the regular expression") {
        return Some(Fault::new(
            "",
            "a quantity is a number with a unit or without: 100m, 1.5Gi, 2",
        ));
    }
    let (found, into) = message.rsplit_once("cannot unmarshal ")?.1.split_once(" into Go ")?;
    let found = found.split(' ').next().unwrap_or_default();
    let (place, wanted) = into.rsplit_once(" of type ")?;
    let wanted: String =
        wanted.chars().take_while(|c| c.is_alphanumeric() || "[].*{}".contains(*c)).collect();
    // The struct's own name, then the path without the places in lists.
    let path = place.strip_prefix("struct field ");
    let field = path.and_then(|path| path.split_once('.')).map_or("", |(_, field)| field);
    let (wanted, is) = (words(&wanted), json_words(found));
    let quotes = match (wanted, found) {
        ("text", "bool" | "number") => ": put it in quotes",
        _ => "",
    };
    let what = format!("this must be {wanted}, not {is}{quotes}");
    let found = Some(found.to_owned());
    Some(Fault { found, ..Fault::new(field, what) })
}

/// Go's names of types.
fn words(wanted: &str) -> &'static str {
    match wanted.trim_start_matches('*') {
        "string" => "text",
        "bool" => "true or false",
        "int" | "int32" | "int64" => "a whole number",
        wanted if wanted.starts_with("[]") => "a list",
        _ => "a mapping",
    }
}

fn json_words(found: &str) -> &'static str {
    match found {
        "string" => "text",
        "bool" => "true or false",
        "number" => "a number",
        "array" => "a list",
        _ => "a mapping",
    }
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
