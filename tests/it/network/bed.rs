//! One sandbox, and two ways to it: a person's own, and that of the commands, on which things go wrong.

use std::sync::Arc;

use anyhow::Result;
use bluegreen::model::Kind;
use bluegreen::sandbox::{Faults, Sandbox, Scripts};
use kube::Client;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::acceptance::Field;

const NAMESPACE: &str = "blue-green";

pub struct Bed {
    pub sandbox: Sandbox,
    /// Nothing goes wrong here.
    pub field: Field,
}

impl Bed {
    pub async fn new(seed: u64) -> Result<Bed> {
        let began = "2026-01-01T00:00:00Z".parse()?;
        let sandbox = Sandbox::start(seed, began, Arc::new(Scripts::default()));
        sandbox.store().add(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
        }));
        let client = Client::new(sandbox.api(), NAMESPACE);
        let field = Field::with_parrot(client, NAMESPACE).await?;
        Ok(Bed { sandbox, field })
    }

    /// Another machine's way to the cluster, with faults of its own.
    pub fn machine(&self) -> (Field, Faults) {
        let api = self.sandbox.api();
        let faults = api.faults().clone();
        let client = Client::new(api, NAMESPACE);
        (Field { client, namespace: NAMESPACE.to_owned() }, faults)
    }
}

/// In paused time, in a runtime of its own.
pub fn in_paused_time<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(Box::pin(run))
}

/// What a release leaves behind, without what differs from one run to the next: names that are drawn,
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

const DRAWN: [&str; 19] = [
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
        _ => {}
    }
}
