//! What `kubectl get` prints: the API server makes the columns.

use std::sync::Arc;

use serde_json::{Value, json};

use super::resources::Resource;

/// The rows of these objects; a list's revision, if they are one.
pub fn of(_resource: Resource, objects: &[Arc<Value>], list_at: Option<u64>) -> Value {
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let metadata = &object["metadata"];
            json!({
                "cells": [metadata["name"], metadata["creationTimestamp"]],
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata,
                },
            })
        })
        .collect();
    let column = |name: &str, format: &str| {
        json!({
            "name": name, "type": "string", "format": format, "description": "", "priority": 0,
        })
    };
    let version = list_at.map(|at| json!({ "resourceVersion": at.to_string() }));
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": version.unwrap_or_else(|| json!({})),
        "columnDefinitions": [column("Name", "name"), column("Created At", "")],
        "rows": rows,
    })
}
