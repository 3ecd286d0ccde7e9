//! What the binary prints with `-o json`, held against its own schemas.

use std::sync::LazyLock;

use bluegreen::cli::SchemaOf;
use bluegreen::commands;
use clap::ValueEnum;
use jiff::Timestamp;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

static CHECK: LazyLock<Validator> = LazyLock::new(|| validator("check"));
static EVENT: LazyLock<Validator> = LazyLock::new(|| validator("event"));
static HISTORY: LazyLock<Validator> = LazyLock::new(|| validator("history"));
static STATUS: LazyLock<Validator> = LazyLock::new(|| validator("status"));

/// The schema of this name, as `bluegreen schema` prints it.
pub fn printed(name: &str) -> Value {
    let of = SchemaOf::from_str(name, false).expect("a schema that there is");
    serde_json::from_str(&commands::schema::text(of)).expect("a schema is JSON")
}

fn validator(name: &str) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&printed(name))
        .expect("what is printed is a schema of draft 2020-12")
}

/// All events of a command: each is one, and time does not go back between them.
pub fn events(stdout: &str) -> Result<Vec<Value>, String> {
    let mut before = Timestamp::MIN;
    let lines = stdout.lines().map(|line| {
        let event = one(&EVENT, line)?;
        let at = event["at"].as_str().and_then(|at| at.parse().ok());
        let at: Timestamp = at.ok_or_else(|| format!("no time: {line}"))?;
        if at < before {
            return Err(format!("before the line above it: {line}"));
        }
        before = at;
        Ok(event)
    });
    lines.collect()
}

/// What `status` printed: one line.
pub fn status(stdout: &str) -> Result<Value, String> {
    match stdout.lines().collect::<Vec<_>>()[..] {
        [line] => one(&STATUS, line),
        _ => Err(format!("not one line: {stdout}")),
    }
}

/// What `history` printed: one line.
pub fn history(stdout: &str) -> Result<Value, String> {
    match stdout.lines().collect::<Vec<_>>()[..] {
        [line] => one(&HISTORY, line),
        _ => Err(format!("not one line: {stdout}")),
    }
}

/// What `check` printed: one line.
pub fn check(stdout: &str) -> Result<Value, String> {
    match stdout.lines().collect::<Vec<_>>()[..] {
        [line] => one(&CHECK, line),
        _ => Err(format!("not one line: {stdout}")),
    }
}

/// What `status -w` printed: a line whenever something had changed.
#[allow(dead_code, reason = "not every test program watches")]
pub fn pictures(stdout: &str) -> Result<(), String> {
    stdout.lines().try_for_each(|line| status(line).map(drop))
}

/// The one value that a text is, if it is what the schema says.
fn one(schema: &Validator, text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
    match schema.validate(&value) {
        Ok(()) => Ok(value),
        Err(error) => Err(format!("{}: {text}", why(&error))),
    }
}

/// Of what may be one of several kinds, that of its own kind counts: the one whose name it bears.
fn why(error: &ValidationError) -> String {
    let is_other =
        |error: &ValidationError| matches!(error.kind(), ValidationErrorKind::Constant { .. });
    if let ValidationErrorKind::OneOfNotValid { context } = error.kind()
        && let Some(own) = context.iter().find(|errors| !errors.iter().any(is_other))
        && let Some(first) = own.first()
    {
        return why(first);
    }
    match error.instance_path().as_str() {
        "" => error.masked().to_string(),
        path => format!("{} at {path}", error.masked()),
    }
}
