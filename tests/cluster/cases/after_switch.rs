//! After the switch the old version is kept for as long as a deploy says, by the audit log's times.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V2};
use crate::bed::{Bed, SOON, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![baking_keeps_the_old_version_to_its_end]
}

const DEPLOY: [&str; 5] = ["deploy", "parrot", "--image", V2, "--yes"];

/// The phases that a watching status has told of, each once.
fn phases(lines: &str) -> Vec<String> {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut phases: Vec<String> =
        lines.filter_map(|status| status["release"]["phase"].as_str().map(str::to_owned)).collect();
    phases.dedup();
    phases
}

async fn baking_keeps_the_old_version_to_its_end(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let watch = app.other().await?.spawn(&["status", "parrot", "-w", "-o", "json"])?;
    let after = ["--settle", "2s", "--bake", "3s", "--drain", "0s"];
    app.ok(&[&DEPLOY[..], &after].concat()).await?;
    app.is_released(V2).await?;
    wait_for("the watch to tell of the end", SOON, async || {
        Ok(watch.stdout().contains(r#""outcome":"promoted""#).then_some(()))
    })
    .await?;
    let seen = phases(&watch.stdout());
    ensure!(seen.ends_with(&["confirming".to_owned(), "baking".to_owned()]), "{seen:?}");

    let last = &app.history().await?[0];
    ensure!(last["confirmed"] == "settle" && last["kept"].is_null(), "{last:#}");
    let arrived: Timestamp = last["arrived"].as_str().context("it did not arrive")?.parse()?;
    let writes = app.writes().await?;
    let old = writes.iter().filter(|line| line.resource == "deployments" && line.name == "parrot");
    // Not the tries that met a status of its controller.
    let done: Vec<_> = old.filter(|line| line.code == 200).collect();
    let [away] = done[..] else { anyhow::bail!("not one write of the old version: {done:#?}") };
    let baked = away.completed.duration_since(arrived);
    ensure!(baked >= SignedDuration::from_secs(3), "it was put away {baked:?} after the switch");
    Ok(())
}
