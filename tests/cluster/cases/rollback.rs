//! `rollback`: the version that was live before, live again.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V1, V2};
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        rollbacks_alternate,
        rollback_passes_over_what_was_never_live,
        rollback_has_the_live_ones_size,
        without_a_version_before_nothing_is_written,
        unfinished_release_is_for_abort,
        file_that_is_live_again_is_live_already,
    ]
}

const BACK: [&str; 6] = ["rollback", "parrot", "--drain", "0s", "--settle", "0s"];
const V3: &str = "kmharish/parrot-app:v3.0";

async fn deployed(app: &Parrot, image: &str) -> Result<()> {
    app.ok(&["deploy", "parrot", "--image", image, "--yes", "--drain", "0s", "--settle", "0s"])
        .await
        .map(drop)
}

async fn released(bed: &Arc<Bed>) -> Result<Parrot> {
    let app = Parrot::ready(bed).await?;
    deployed(&app, V2).await?;
    Ok(app)
}

/// The finished releases, the newest first.
async fn history(app: &Parrot) -> Result<Vec<Value>> {
    let output = app.ok(&["history", "parrot", "-o", "json"]).await?;
    let mut history: Value = serde_json::from_str(&output.stdout)?;
    history["releases"].as_array_mut().map(std::mem::take).context("no releases")
}

async fn rollbacks_alternate(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let args = ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "0s"];
    let output = app.ok(&args).await?;
    ensure!(output.stdout.contains("  back      bluegreen rollback parrot"), "{output:?}");
    for round in 0..2 {
        let output = app.ok(&BACK).await?;
        ensure!(output.stdout.contains("a rollback, is live"), "{output:?}");
        app.is_back().await?;
        app.ok(&BACK).await?;
        app.is_released(V2).await.with_context(|| format!("round {round}"))?;
    }
    let history = history(&app).await?;
    let told: Vec<_> =
        history.iter().map(|f| (f["number"].as_u64(), f["rollback"] == true)).collect();
    let numbers = [(5, true), (4, true), (3, true), (2, true), (1, false)];
    ensure!(told == numbers.map(|(n, back)| (Some(n), back)), "{history:#?}");
    ensure!(history.iter().all(|finished| finished["outcome"] == "promoted"), "{history:#?}");
    // Nobody's clients are left waiting for the next version.
    deployed(&app, V3).await?;
    ensure!(app.status().await?["live"]["images"]["parrot"] == V3);
    Ok(())
}

async fn rollback_passes_over_what_was_never_live(bed: Arc<Bed>) -> Result<()> {
    let app = released(&bed).await?;
    let crash = "kmharish/parrot-app:crash";
    app.fails(4, &["deploy", "parrot", "--image", crash, "--yes"]).await?;
    app.ok(&["deploy", "parrot", "--image", V3, "--detach"]).await?;
    app.ok(&["abort", "parrot"]).await?;
    app.ok(&BACK).await?;
    app.is_back().await
}

async fn rollback_has_the_live_ones_size(bed: Arc<Bed>) -> Result<()> {
    let app = released(&bed).await?;
    let scale = ["scale", "deployment/parrot-green", "--replicas=3", "-n", &app.ns];
    bed.kubectl(&scale).await?;
    app.settled("parrot-green", 3).await?;
    app.ok(&BACK).await?;
    let deployments = app.deployments().await?;
    let wanted = [format!("parrot {V1} x3"), format!("parrot-green {V2} x0")];
    ensure!(deployments == wanted, "{deployments:?}");
    Ok(())
}

async fn without_a_version_before_nothing_is_written(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let before = app.versions().await?;
    let output = app.fails(11, &BACK).await?;
    ensure!(output.stderr.contains("no release has gone live yet"), "{output:?}");
    ensure!(output.stderr.contains("bluegreen history parrot"), "{output:?}");
    ensure!(app.versions().await? == before, "something was written");
    Ok(())
}

async fn unfinished_release_is_for_abort(bed: Arc<Bed>) -> Result<()> {
    let app = released(&bed).await?;
    app.ok(&["deploy", "parrot", "--image", V3, "--detach"]).await?;
    let before = app.versions().await?;
    let output = app.fails(11, &BACK).await?;
    ensure!(output.stderr.contains("release 2 is unfinished"), "{output:?}");
    ensure!(output.stderr.contains("bluegreen abort parrot"), "{output:?}");
    ensure!(app.versions().await? == before, "something was written");
    Ok(())
}

/// The version keeps the hash under which it was sent.
async fn file_that_is_live_again_is_live_already(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/parrot/parrot.yaml"),
    )?;
    let text = text.replace("namespace: blue-green", &format!("namespace: {}", app.ns));
    let path = app.user.home.join("deployment.yaml");
    std::fs::write(&path, text.replace(":v1.2", ":v2.2"))?;
    let path = path.display().to_string();
    let args = ["deploy", "parrot", "-f", &path, "--yes", "--drain", "0s", "--settle", "0s"];
    app.ok(&args).await?;
    deployed(&app, V3).await?;
    app.ok(&BACK).await?;
    let again = app.other()?;
    again.ok(&args).await?;
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}
