//! A version that a release has left running.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V1, V2};
use crate::bed::{Bed, SOON, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![kept_version_is_live_again_by_one_patch]
}

const SHORT: [&str; 4] = ["--drain", "0s", "--settle", "0s"];
const KEPT: [&str; 5] = ["--drain", "0s", "--settle", "0s", "--keep-old"];
/// How long a version that was left running has to have run before a switch to it waits for nothing,
/// and what the API server's clock may be behind by.
const WARM_AFTER: SignedDuration = SignedDuration::from_secs(5 + 2);

/// Two pods of the second version serve, and two of the first are left running.
async fn kept(bed: &Arc<Bed>) -> Result<Parrot> {
    let app = Parrot::applied(bed).await?;
    bed.kubectl(&["scale", "deployment/parrot", "--replicas=2", "-n", &app.ns]).await?;
    app.settled("parrot", 2).await?;
    app.ok(&["init", "parrot"]).await?;
    app.ok(&[&["deploy", "parrot", "--image", V2, "--yes"], &KEPT[..]].concat()).await?;
    both_run(&app, V2).await?;
    let status = app.status().await?;
    let old = &status["kept"];
    ensure!(old["colour"] == "blue" && old["ready"] == 2, "{status:#}");
    ensure!(status["live"]["colour"] == "green" && status["healthy"] == true, "{status:#}");
    let history = app.history().await?;
    ensure!(history[0]["kept"] == true, "{history:#?}");
    Ok(app)
}

/// The first version and this one, both at the size that they served with.
async fn both_run(app: &Parrot, green: &str) -> Result<()> {
    let deployments = app.deployments().await?;
    let wanted = [format!("parrot {V1} x2"), format!("parrot-green {green} x2")];
    ensure!(deployments == wanted, "{deployments:?}");
    app.settled("parrot", 2).await?;
    app.settled("parrot-green", 2).await
}

/// What would be another if somebody had made or restarted it.
async fn pods(app: &Parrot, of: &str) -> Result<BTreeSet<String>> {
    let pods = app.list("pods").await?;
    let pods = pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == of);
    let text = |pod: &Value| {
        let restarts = &pod["status"]["containerStatuses"][0]["restartCount"];
        format!("{} {} {restarts}", pod["metadata"]["name"], pod["metadata"]["uid"])
    };
    Ok(pods.map(text).collect())
}

/// Waits until a version that the last release has left running counts as known to the ingress
/// controller.
async fn warm(app: &Parrot) -> Result<()> {
    let ended =
        app.history().await?[0]["ended"].as_str().context("no end")?.parse::<Timestamp>()?;
    wait_for("the kept version to have run long enough", SOON, async || {
        Ok((Timestamp::now().duration_since(ended) >= WARM_AFTER).then_some(()))
    })
    .await
}

async fn kept_version_is_live_again_by_one_patch(bed: Arc<Bed>) -> Result<()> {
    let app = kept(&bed).await?;
    let (old, new) = (pods(&app, "parrot").await?, pods(&app, "parrot-green").await?);
    ensure!(old.len() == 2 && new.len() == 2, "{old:?} {new:?}");
    warm(&app).await?;
    let back = app.other().await?;
    let args = [&["rollback", "parrot", "-o", "json"], &KEPT[..]].concat();
    let events = back.ok(&args).await?.events()?;
    // The ingress controller has known its pods for long.
    let waited = events.iter().find(|event| event["on"]["for"] == "settle");
    ensure!(waited.is_none(), "{waited:#?}");
    ensure!(app.backend().await? == "parrot-blue");
    ensure!(app.live_selector().await? == "parrot");
    ensure!(pods(&app, "parrot").await? == old, "they were {old:?}");
    // And the version that was live is the one that is kept now.
    ensure!(pods(&app, "parrot-green").await? == new, "they were {new:?}");
    ensure!(app.status().await?["kept"]["colour"] == "green");
    let writes = back.writes().await?;
    let switches = writes.iter().filter(|line| line.resource == "ingresses").count();
    ensure!(switches == 1, "{switches} writes of Ingresses: {writes:#?}");
    let history = app.history().await?;
    ensure!(history[0]["rollback"] == true && history[0]["kept"] == true, "{history:#?}");

    app.ok(&[&["rollback", "parrot"], &SHORT[..]].concat()).await?;
    let deployments = app.deployments().await?;
    let wanted = [format!("parrot {V1} x0"), format!("parrot-green {V2} x2")];
    ensure!(deployments == wanted, "without --keep-old: {deployments:?}");
    ensure!(app.status().await?["kept"].is_null());
    Ok(())
}
