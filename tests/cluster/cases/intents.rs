//! Promote and abort from anywhere, signals, and two that want the same release.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use super::parrot::{Parrot, V1, V2};
use crate::bed::command::{Running, Signal};
use crate::bed::{Bed, SOON};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        promote_releases_a_waiting_deploy_at_once,
        abort_destroys_what_another_deploys,
        abort_while_draining_switches_back,
        detached_candidate_is_promoted,
        detached_candidate_is_aborted,
        nothing_to_do_is_said,
        promote_means_one_release,
        promote_waits_for_no_unready_candidate,
        signals_keep_the_release,
        second_deploy_is_told_that_it_is_busy,
        promote_goes_on_after_a_killed_driver,
        woken_driver_leaves_an_aborted_release,
        woken_driver_leaves_a_promoted_release,
    ]
}

/// A deploy of V2 that waits at a gate which is asked once an hour.
struct Waiting {
    app: Parrot,
    webhook: Webhook,
    deploy: Running,
}

impl Waiting {
    async fn start(bed: &Arc<Bed>, more: &[&str]) -> Result<Self> {
        let app = Parrot::ready(bed).await?;
        let webhook = Webhook::start(500);
        let deploy = Self::deploy(&app, &webhook, more)?;
        webhook.wait_for_polls(1, SOON).await;
        Ok(Self { app, webhook, deploy })
    }

    fn deploy(app: &Parrot, webhook: &Webhook, more: &[&str]) -> Result<Running> {
        let url = webhook.url();
        let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1h"];
        app.spawn(&[&args[..], more].concat())
    }
}

async fn promote_releases_a_waiting_deploy_at_once(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, webhook, deploy } =
        Waiting::start(&bed, &["--drain", "1s", "--settle", "0s"]).await?;
    let promote = app.other()?.ok(&["promote", "parrot"]).await?;
    let deploy = deploy.wait().await?.expect_code(0)?;
    for output in [&promote, &deploy] {
        ensure!(output.stdout.contains("release 1 is live"), "{output:?}");
    }
    // By the watch on the record: the next poll is an hour away.
    ensure!(webhook.requests().len() == 1);
    app.is_released(V2).await
}

async fn abort_destroys_what_another_deploys(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, deploy, .. } = Waiting::start(&bed, &[]).await?;
    let abort = app.other()?.ok(&["abort", "parrot", "--reason", "the parrot is dead"]).await?;
    ensure!(abort.stdout.contains("aborted"), "{abort:?}");
    let deploy = deploy.wait().await?.expect_code(5)?;
    ensure!(deploy.stderr.contains("the parrot is dead"), "{deploy:?}");
    app.is_as_before().await?;
    let last = &app.record().await?["history"][0];
    ensure!(last["outcome"] == "aborted" && last["reason"] == "the parrot is dead", "{last:#}");
    Ok(())
}

async fn abort_while_draining_switches_back(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let before = app.get("deployments", "parrot").await?;
    let deploy = app.spawn(&["deploy", "parrot", "--image", V2, "--yes", "--drain", "15s"])?;
    let draining = app.status_in("draining").await?;
    ensure!(draining["live"]["colour"] == "green", "{draining:#}");
    let abort = app.other()?.ok(&["abort", "parrot"]).await?;
    ensure!(abort.stdout.contains("parrot serves as before"), "{abort:?}");
    deploy.wait().await?.expect_code(5)?;

    ensure!(app.backend().await? == "parrot-blue");
    ensure!(app.live_selector().await? == "parrot");
    let deployments = app.deployments().await?;
    ensure!(deployments == [format!("parrot {V1} x1")], "{deployments:?}");
    // A change of its size would have left a new generation.
    let after = app.get("deployments", "parrot").await?;
    let generation = |d: &serde_json::Value| d["metadata"]["generation"].as_u64();
    ensure!(generation(&after) == generation(&before), "{after:#}");
    Ok(())
}

/// A release whose candidate waits, with nobody driving it.
async fn detached(bed: &Arc<Bed>) -> Result<Parrot> {
    let app = Parrot::ready(bed).await?;
    let args = ["deploy", "parrot", "--image", V2, "--detach", "--drain", "0s", "--settle", "0s"];
    let output = app.ok(&args).await?;
    ensure!(output.stdout.contains("bluegreen promote parrot"), "{output:?}");
    let status = app.status().await?;
    let release = &status["release"];
    ensure!(release["phase"] == "waiting" && release["driver"].is_null(), "{status:#}");
    // The same again has nothing left to do.
    let again = app.other()?;
    again.ok(&args).await?;
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(app)
}

async fn detached_candidate_is_promoted(bed: Arc<Bed>) -> Result<()> {
    let app = detached(&bed).await?;
    app.ok(&["promote", "parrot"]).await?;
    app.is_released(V2).await
}

async fn detached_candidate_is_aborted(bed: Arc<Bed>) -> Result<()> {
    let app = detached(&bed).await?;
    app.ok(&["abort", "parrot"]).await?;
    app.is_as_before().await
}

async fn nothing_to_do_is_said(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let idle = async || {
        for verb in ["promote", "abort"] {
            let output = app.fails(11, &[verb, "parrot"]).await?;
            ensure!(output.stderr.contains(&format!("nothing to {verb}")), "{output:?}");
            ensure!(output.stdout.is_empty(), "{output:?}");
        }
        anyhow::Ok(())
    };
    idle().await?;
    let args = ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "0s"];
    app.ok(&args).await?;
    idle().await?;
    // What is live already is a success that writes nothing.
    let again = app.other()?;
    let output = again.ok(&args).await?;
    ensure!(output.stdout.contains("live already"), "{output:?}");
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}

async fn promote_means_one_release(bed: Arc<Bed>) -> Result<()> {
    let app = detached(&bed).await?;
    let before = app.versions().await?;
    for number in ["2", "7"] {
        for verb in ["promote", "abort"] {
            app.fails(11, &[verb, "parrot", "--release", number]).await?;
        }
    }
    ensure!(app.versions().await? == before, "something was written");
    app.ok(&["promote", "parrot", "--release", "1"]).await?;
    app.is_released(V2).await?;
    // It is live: a script that says it twice is not told off.
    app.ok(&["promote", "parrot", "--release", "1"]).await?;
    app.fails(11, &["promote", "parrot", "--release", "2"]).await?;
    app.fails(11, &["abort", "parrot", "--release", "1"]).await?;
    app.is_released(V2).await
}

async fn promote_waits_for_no_unready_candidate(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let image = "kmharish/parrot-app:never-ready";
    let more = ["--interval", "1h", "--drain", "0s", "--settle", "0s"];
    let args = ["deploy", "parrot", "--image", image, "--webhook", &url];
    let mut deploy = app.spawn(&[&args[..], &more].concat())?;
    deploy.says("0 of 1 pod ready").await?;
    let output = app.fails(11, &["promote", "parrot"]).await?;
    ensure!(output.stderr.contains("--when-ready"), "{output:?}");
    app.other()?.ok(&["abort", "parrot"]).await?;
    deploy.wait().await?.expect_code(5)?;

    let image = "kmharish/parrot-app:late";
    let args = ["deploy", "parrot", "--image", image, "--webhook", &url];
    let mut deploy = app.spawn(&[&args[..], &more].concat())?;
    deploy.says("0 of 1 pod ready").await?;
    app.other()?.ok(&["promote", "parrot", "--when-ready"]).await?;
    deploy.wait().await?.expect_code(0)?;
    app.is_released(image).await
}

async fn signals_keep_the_release(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, webhook, mut deploy } =
        Waiting::start(&bed, &["--drain", "0s", "--settle", "0s"]).await?;
    // The first answer is written down: no write is under way.
    deploy.says("1 of 60").await?;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        app.driven_by(&deploy).await?;
        deploy.signal(signal)?;
        let output = deploy.wait().await?.expect_code(code)?;
        for verb in ["promote", "abort"] {
            let command = format!("bluegreen {verb} parrot -n {}", app.ns);
            ensure!(output.stderr.contains(&command), "no {command:?}: {output:?}");
        }
        let status = app.status().await?;
        ensure!(status["release"]["phase"] == "waiting", "{status:#}");
        ensure!(status["release"]["driver"].is_null(), "{status:#}");
        ensure!(status["candidate"]["ready"] == 1, "{status:#}");
        // The same command goes on with the same release.
        deploy = Waiting::deploy(&app, &webhook, &["--drain", "0s", "--settle", "0s"])?;
    }
    app.driven_by(&deploy).await?;
    app.other()?.ok(&["promote", "parrot"]).await?;
    deploy.wait().await?.expect_code(0)?;
    app.is_released(V2).await?;
    ensure!(app.record().await?["number"] == 1);
    // Their interval is kept, too: nobody asked the gate again.
    ensure!(webhook.requests().len() == 1);
    Ok(())
}

async fn second_deploy_is_told_that_it_is_busy(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, deploy, .. } =
        Waiting::start(&bed, &["--drain", "0s", "--settle", "0s"]).await?;
    let pid = format!("(pid {})", deploy.pid().context("it ended")?);
    let args = ["deploy", "parrot", "--yes", "--image"];
    for image in [V2, "kmharish/parrot-app:v3"] {
        let output = app.other()?.fails(6, &[&args[..], &[image]].concat()).await?;
        ensure!(output.stderr.contains(&pid), "{output:?}");
    }
    // The first is not disturbed.
    app.other()?.ok(&["promote", "parrot"]).await?;
    deploy.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}

async fn promote_goes_on_after_a_killed_driver(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, deploy, .. } =
        Waiting::start(&bed, &["--drain", "0s", "--settle", "0s"]).await?;
    deploy.kill().await?;
    let output = app.other()?.ok(&["promote", "parrot"]).await?;
    ensure!(output.stderr.contains("took over"), "{output:?}");
    app.is_released(V2).await
}

/// Wakes up a driver that was suspended at the gate and taken over, and sees to it that it does no
/// harm. Its exit code.
async fn wake(app: &Parrot, deploy: Running, before: usize) -> Result<Option<i32>> {
    deploy.signal(Signal::CONT)?;
    let output = deploy.wait().await?;
    let all = app.writes().await?;
    let late: Vec<_> = all.iter().skip(before).filter(|line| line.code < 400).collect();
    ensure!(late.is_empty(), "it wrote after it was taken over: {late:#?}\n{output:?}");
    Ok(output.code)
}

async fn woken_driver_leaves_an_aborted_release(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, mut deploy, .. } =
        Waiting::start(&bed, &["--drain", "0s", "--settle", "0s"]).await?;
    deploy.says("1 of 60").await?;
    deploy.signal(Signal::STOP)?;
    let before = app.writes().await?.len();
    let output = app.other()?.ok(&["abort", "parrot"]).await?;
    ensure!(output.stderr.contains("took over"), "{output:?}");
    app.is_as_before().await?;
    // The release is over by now, but it was not this driver that ended it.
    let code = wake(&app, deploy, before).await?;
    ensure!(code == Some(6), "exit {code:?}");
    app.is_as_before().await
}

async fn woken_driver_leaves_a_promoted_release(bed: Arc<Bed>) -> Result<()> {
    let Waiting { app, mut deploy, .. } = Waiting::start(&bed, &["--drain", "20s"]).await?;
    deploy.says("1 of 60").await?;
    deploy.signal(Signal::STOP)?;
    let before = app.writes().await?.len();
    let promote = app.other()?.spawn(&["promote", "parrot"])?;
    app.status_in("draining").await?;
    let code = wake(&app, deploy, before).await?;
    ensure!(code == Some(6), "exit {code:?}");
    promote.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}
