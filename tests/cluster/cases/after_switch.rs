//! After the switch: the new version is watched for a while, and the old one kept, for as long as a
//! deploy says.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use serde_json::Value;

use super::gone_bad::end_all;
use super::parrot::{Parrot, V1, V2};
use crate::bed::{Bed, SOON, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        baking_keeps_the_old_version_to_its_end,
        abort_while_baking_switches_back,
        version_that_dies_while_baking_is_switched_back,
        killed_while_confirming_goes_on,
        killed_while_baking_goes_on,
    ]
}

const DEPLOY: [&str; 5] = ["deploy", "parrot", "--image", V2, "--yes"];
const LONG_BAKE: [&str; 6] = ["--bake", "1h", "--drain", "1s", "--settle", "0s"];

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
    let watch = app.other()?.spawn(&["status", "parrot", "-w", "-o", "json"])?;
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

/// A release that was switched back: its Deployment is gone, and the old one was not touched.
async fn is_switched_back(app: &Parrot, outcome: &str) -> Result<()> {
    ensure!(app.backend().await? == "parrot-blue");
    ensure!(app.live_selector().await? == "parrot");
    let deployments = app.deployments().await?;
    ensure!(deployments == [format!("parrot {V1} x1")], "{deployments:?}");
    let last = &app.history().await?[0];
    ensure!(last["outcome"] == outcome && last["kept"].is_null(), "{last:#}");
    Ok(())
}

async fn abort_while_baking_switches_back(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let deploy = app.spawn(&[&DEPLOY[..], &LONG_BAKE].concat())?;
    let baking = app.status_in("baking").await?;
    ensure!(baking["live"]["colour"] == "green" && baking["healthy"] == true, "{baking:#}");
    let abort = app.other()?.ok(&["abort", "parrot"]).await?;
    ensure!(abort.stdout.contains("parrot serves as before"), "{abort:?}");
    deploy.wait().await?.expect_code(5)?;
    is_switched_back(&app, "aborted").await
}

async fn version_that_dies_while_baking_is_switched_back(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let image = ["deploy", "parrot", "--image", "kmharish/parrot-app:dies-told", "--yes"];
    let deploy = app.spawn(&[&image[..], &LONG_BAKE].concat())?;
    app.status_in("baking").await?;
    end_all(&bed, &app.ns).await?;
    let output = deploy.wait().await?.expect_code(4)?;
    ensure!(output.stderr.contains("went bad after the switch"), "{output:?}");
    is_switched_back(&app, "unhealthy").await
}

async fn killed_while_confirming_goes_on(bed: Arc<Bed>) -> Result<()> {
    killed(&bed, "confirming", &["--settle", "12s", "--bake", "1s", "--drain", "0s"]).await
}

async fn killed_while_baking_goes_on(bed: Arc<Bed>) -> Result<()> {
    killed(&bed, "baking", &["--settle", "0s", "--bake", "12s", "--drain", "0s"]).await
}

/// A driver is missed after 10 s: the phase is as long, so that who goes on finds it.
async fn killed(bed: &Arc<Bed>, phase: &str, after: &[&str]) -> Result<()> {
    let app = Parrot::ready(bed).await?;
    let args = [&DEPLOY[..], after].concat();
    let deploy = app.spawn(&args)?;
    app.status_in(phase).await?;
    let output = deploy.kill().await?;
    ensure!(output.signal == Some(9), "it had ended: {output:?}");
    let left = app.status().await?;
    ensure!(left["release"]["phase"] == phase, "{left:#}");
    app.ok(&args).await?;
    app.is_released(V2).await?;
    let history = app.history().await?;
    ensure!(history.len() == 1 && history[0]["outcome"] == "promoted", "{history:#?}");
    Ok(())
}
