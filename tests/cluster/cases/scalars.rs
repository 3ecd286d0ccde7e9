//! What kubectl makes of the scalars in a manifest: the table by which files are read here, too.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Deserializer, Value, json};

use crate::bed::Bed;
use crate::scalars::{FIELDS, REFUSED, Row, difference, rows};

pub fn trials() -> Vec<Trial> {
    crate::cases![scalars_are_stored_as_the_table_says]
}

async fn scalars_are_stored_as_the_table_says(bed: Arc<Bed>) -> Result<()> {
    let namespace = bed.namespace().await?;
    let mut wrong = Vec::new();
    for row in rows()? {
        let made = made(&bed, &namespace, &row).await?;
        for field in &FIELDS {
            let came = made.iter().find(|object| object["metadata"]["name"] == field.name);
            let came = came.map_or(json!(REFUSED), |object| {
                let pod = &object["spec"]["template"]["spec"];
                pod.pointer(field.pointer).cloned().unwrap_or_default()
            });
            wrong.extend(difference(&row, field, &came));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// What it would make of a row, each kind of field in an object of its own.
async fn made(bed: &Bed, namespace: &str, row: &Row) -> Result<Vec<Value>> {
    let manifests: Vec<String> = FIELDS.iter().map(|field| row.manifest(field)).collect();
    let input = manifests.join("---\n");
    let args = ["create", "-f", "-", "--dry-run=server", "-o", "json", "-n", namespace];
    let output = bed.kubectl_at(&bed.kubeconfig, &args, input.as_bytes()).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = ["BadRequest", "is invalid", "error parsing", "cannot be handled"];
    ensure!(
        output.status.success() || refused.iter().any(|words| said.contains(words)),
        "kubectl fails: {said}"
    );
    let mut objects = Vec::new();
    for value in Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        let mut value = value.context("it prints no JSON")?;
        match value["items"].as_array_mut() {
            Some(items) => objects.append(items),
            None => objects.push(value),
        }
    }
    Ok(objects)
}
