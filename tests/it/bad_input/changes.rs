//! What is changed in the cluster before the input is given.

use anyhow::{Context, Result};
use bluegreen::model::Kind;
use bluegreen::sandbox::Sandbox;
use serde_json::{Value, json};

use super::row::Change;
use crate::acceptance::Field;

const RECORD: &str = "bluegreen-parrot";

pub async fn made(change: &Change, field: &Field, sandbox: &Sandbox) -> Result<()> {
    match change {
        Change::Edit { edit, with } => {
            let (kind, name) = object(edit)?;
            field.edit(kind, name, with.clone()).await?;
        }
        Change::Delete { delete } => {
            let (kind, name) = object(delete)?;
            field.delete(kind, name).await?;
        }
        Change::Create { create } => {
            let mut create = create.clone();
            if create["metadata"]["namespace"].is_null() {
                create["metadata"]["namespace"] = json!(field.namespace);
            }
            sandbox.store().add(create);
        }
        Change::Record { record: Value::String(text) } => data(field, text).await?,
        Change::Record { record } => {
            let map = field.get(Kind::ConfigMap, RECORD).await?;
            let text = map["data"]["record"].as_str().context("no record")?;
            let mut whole: Value = serde_json::from_str(text)?;
            json_patch::merge(&mut whole, record);
            data(field, &whole.to_string()).await?;
        }
        Change::Data { data: content } => {
            data(field, &String::from_utf8(content.bytes())?).await?;
        }
    }
    Ok(())
}

async fn data(field: &Field, text: &str) -> Result<()> {
    let patch = json!({"data": {"record": text}});
    field.edit(Kind::ConfigMap, RECORD, patch).await.map(drop)
}

/// `Kind name`
fn object(text: &str) -> Result<(Kind, &str)> {
    let (kind, name) = text.split_once(' ').with_context(|| format!("{text}: Kind name"))?;
    let kinds = [
        Kind::Deployment,
        Kind::Service,
        Kind::Ingress,
        Kind::ConfigMap,
        Kind::HorizontalPodAutoscaler,
    ];
    let kind = kinds.into_iter().find(|known| known.to_string() == kind);
    Ok((kind.with_context(|| format!("{text}: which kind?"))?, name))
}
