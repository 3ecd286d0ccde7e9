//! What `kubectl get` prints: the API server makes the columns and the cells.

mod cells;
mod kinds;
mod pods;
mod text;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::metadata_of;
use super::refusal::Refusal;
use super::resources::Resource;

/// What a row has besides its cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Include {
    Nothing,
    Metadata,
    Object,
}

impl Include {
    pub fn asked(include: &str) -> Result<Include, Refusal> {
        match include {
            "" | "Metadata" => Ok(Include::Metadata),
            "None" => Ok(Include::Nothing),
            "Object" => Ok(Include::Object),
            other => Err(Refusal::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: \
                 must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }

    fn of(self, object: &Value) -> Value {
        match self {
            Include::Nothing => Value::Null,
            Include::Metadata => metadata_of(object),
            Include::Object => object.clone(),
        }
    }
}

struct Column {
    name: &'static str,
    kind: &'static str,
    is_wide: bool,
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: "string", is_wide: false }
}

const fn number(name: &'static str) -> Column {
    Column { name, kind: "integer", is_wide: false }
}

/// Only shown with `-o wide`.
const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", is_wide: true }
}

impl Column {
    fn definition(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.kind,
            "format": if self.name == "Name" && !self.is_wide { "name" } else { "" },
            "description": "",
            "priority": u8::from(self.is_wide),
        })
    }
}

/// The rows of these objects, with the version of their list or, for one alone, its own.
pub fn of<'a>(
    resource: Resource,
    objects: impl IntoIterator<Item = &'a Value>,
    version: &Value,
    include: Include,
    now: Timestamp,
) -> Value {
    let kind = kinds::of(resource);
    let rows: Vec<Value> = objects
        .into_iter()
        .map(|object| {
            let mut row =
                json!({ "cells": (kind.cells)(object, now), "object": include.of(object) });
            if let Some(condition) = pods::completed(resource, object) {
                row["conditions"] = json!([condition]);
            }
            row
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": { "resourceVersion": version },
        "columnDefinitions": kind.columns.iter().map(Column::definition).collect::<Vec<_>>(),
        "rows": rows,
    })
}

#[cfg(test)]
mod tests;
