//! `status -w`: what becomes of the app, seen by watching.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V2};
use crate::bed::command::Signal;
use crate::bed::{Bed, SOON, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![sees_a_release_from_before_init_to_its_end, follows_the_live_versions_size]
}

async fn sees_a_release_from_before_init_to_its_end(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let viewer = app.other()?;
    let watch = viewer.spawn(&["status", "parrot", "-w", "-o", "json"])?;
    let seen = async |what: &str, is: &dyn Fn(&Value) -> bool| {
        wait_for(what, SOON, async || {
            let lines = watch.stdout();
            let lines = lines.lines().map(serde_json::from_str::<Value>);
            Ok(lines.filter_map(Result::ok).find(|status| is(status)))
        })
        .await
    };
    seen("an app that is not prepared", &|status| status["live"].is_null()).await?;
    app.ok(&["init", "parrot"]).await?;
    seen("it prepared", &|status| status["healthy"] == true).await?;
    app.ok(&["deploy", "parrot", "--image", V2, "--detach", "--drain", "0s", "--settle", "0s"])
        .await?;
    let waits = |status: &Value| status["release"]["phase"] == "waiting";
    let waiting = seen("it waiting", &waits).await?;
    ensure!(waiting["candidate"]["ready"] == 1, "{waiting:#}");
    app.ok(&["promote", "parrot"]).await?;
    let live = seen("it live", &|status| status["last"]["outcome"] == "promoted").await?;
    ensure!(live["live"]["images"]["parrot"] == V2 && live["healthy"] == true, "{live:#}");
    // The last look is the one that a new status takes.
    watch.signal(Signal::INT)?;
    let output = watch.wait().await?.expect_code(0)?;
    let last: Value = serde_json::from_str(output.stdout.lines().last().context("no line")?)?;
    ensure!(last == app.status().await?, "{last:#}");
    let writes = viewer.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}

async fn follows_the_live_versions_size(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let mut watch = app.spawn(&["status", "parrot", "--watch"])?;
    watch.says("parrot-app:v1.2, 1 of 1 ready").await?;
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=2", "-n", &app.ns]).await?;
    watch.says("2 of 2 ready").await?;
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=0", "-n", &app.ns]).await?;
    watch.says("not healthy: Deployment parrot is scaled to 0").await?;
    watch.signal(Signal::TERM)?;
    let output = watch.wait().await?.expect_code(0)?;
    ensure!(output.stderr.is_empty(), "{output:?}");
    Ok(())
}
