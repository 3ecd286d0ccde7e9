//! Signals to a driver that waits at its gate: it is interrupted, or suspended and woken up.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::parrot::{Parrot, V2};
use crate::bed::command::{Running, Signal};
use crate::bed::{Bed, SOON};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![signals_keep_the_release, woken_driver_leaves_an_aborted_release]
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
    app.other().await?.ok(&["promote", "parrot"]).await?;
    deploy.wait().await?.expect_code(0)?;
    app.is_released(V2).await?;
    ensure!(app.record().await?["number"] == 1);
    // Their interval is kept, too: nobody asked the gate again.
    ensure!(webhook.requests().len() == 1);
    Ok(())
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
    let output = app.other().await?.ok(&["abort", "parrot"]).await?;
    ensure!(output.stderr.contains("took over"), "{output:?}");
    app.is_as_before().await?;
    // The release is over by now, but it was not this driver that ended it.
    let code = wake(&app, deploy, before).await?;
    ensure!(code == Some(6), "exit {code:?}");
    app.is_as_before().await
}
