//! What a release leaves behind, to be compared.

use anyhow::Result;
use bluegreen::model::Kind;
use serde_json::{Value, json};

use crate::acceptance::Field;

/// Without what differs from one run to the next: names that are drawn,
/// versions, instants, and how many looks and writes it took.
pub async fn left(field: &Field) -> Result<Vec<Value>> {
    let mut left = Vec::new();
    for kind in [Kind::Deployment, Kind::Service, Kind::Ingress, Kind::ConfigMap] {
        for mut object in field.list(kind).await? {
            object["kind"] = json!(kind.to_string());
            left.push(timeless(object)?);
        }
    }
    Ok(left)
}

fn timeless(mut object: Value) -> Result<Value> {
    if let Some(record) = object["data"]["record"].as_str() {
        let record: Value = serde_json::from_str(record)?;
        object["data"]["record"] = record;
    }
    strip(&mut object);
    Ok(object)
}

const DRAWN: [&str; 20] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "observedGeneration",
    "lastUpdateTime",
    "lastTransitionTime",
    "clusterIP",
    "clusterIPs",
    "nodePort",
    "bluegreen/epoch",
    "bluegreen/epoch.parrot",
    "epoch",
    "started",
    "ready",
    "switched",
    "arrived",
    "at",
    "ended",
];

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|field, _| !DRAWN.contains(&field.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        // Worked out from a uid.
        Value::String(host) if host.ends_with(".bluegreen.invalid") => host.clear(),
        _ => {}
    }
}
