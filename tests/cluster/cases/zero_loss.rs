//! No request is lost at a switch of `bluegreen`'s own, through the real ingress controller.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use super::pair::{NEW, OLD};
use super::parrot::V2;
use super::saved::{is_refreshing, save_of, unbroken};
use super::served::Served;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::{Protocol, Running};

/// Requests a second, half of them on kept-alive connections.
const RATE: u32 = 1_000;
/// Releases that are rolled back: two switches each.
fn there_and_back() -> usize {
    if is_refreshing() { 10 } else { 3 }
}

/// Longer than any request here.
const DRAIN: &str = "1s";

pub fn trials() -> Vec<Trial> {
    crate::cases![nobody_gets_in_through_our_ingress, switches_lose_nothing]
}

async fn nobody_gets_in_through_our_ingress(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(1).await?;
    let Served { app, host } = Served::behind(&bed, &ingress, 1).await?;
    let ours = app.get("ingresses", "parrot-preview").await?;
    let rule = &ours["spec"]["rules"][0];
    let secret = rule["host"].as_str().context("our Ingress has no host")?;
    let paths = rule["http"]["paths"].as_array().context("it has no paths")?;
    ensure!(paths.len() == 4, "{ours:#}");
    let paths: Vec<&str> = paths.iter().filter_map(|path| path["path"].as_str()).collect();
    // Without a pod behind it nginx has nothing to refuse: each has one.
    app.ok(&["deploy", "parrot", "--image", V2, "--detach"]).await?;
    for path in paths {
        // Until the controller has synced it nobody knows the host, or what is behind it.
        let answer = wait_for("our Ingress to be served", SOON, async || {
            let answer = ingress.get(secret, path).await?;
            Ok((![404, 503].contains(&answer.status)).then_some(answer))
        })
        .await?;
        ensure!(answer.status == 403, "{path}: {answer:?}");
        let elsewhere = ingress.get(&host, path).await?;
        ensure!(elsewhere.version() == OLD, "the user's own host is the user's: {elsewhere:?}");
    }
    let root = ingress.get(secret, "/").await?;
    ensure!([403, 404].contains(&root.status), "{root:?}");
    Ok(())
}

async fn switches_lose_nothing(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = Served::behind(&bed, &ingress, 1).await?;
    let load = served.load(&ingress, Protocol::Http1, RATE).start();
    let before = ingress.reloads();
    let after = [
        "--drain",
        DRAIN,
        "--settle",
        "1s",
        "--probe",
        &format!("http://{}", ingress.http1()),
        "-o",
        "json",
    ];
    let deploy = [&["deploy", "parrot", "--image", V2, "--yes"], &after[..]].concat();
    let rollback = [&["rollback", "parrot"], &after[..]].concat();
    for n in 1..=there_and_back() {
        for (command, version) in [(&deploy, NEW), (&rollback, OLD)] {
            let output = served.app.ok(command).await?;
            ensure!(output.stdout.contains(r#""confirmed":"probe""#), "{output:?}");
            let answer = ingress.get(&served.host, "/").await?;
            ensure!(answer.version() == version, "{answer:?}");
        }
        let reloads = ingress.reloads() - before;
        ensure!(reloads == 2 * n, "{reloads} reloads of {} switches", 2 * n);
    }
    finish(load, ingress.reloads() - before).await
}

async fn finish(load: Running, reloads: usize) -> Result<()> {
    let summary = load.stop().await?;
    let switches = 2 * there_and_back();
    eprintln!("zero_loss: {switches} switches, {reloads} reloads: {summary}");
    ensure!(summary.failed() == 0, "{summary}");
    let last = summary.samples.last();
    ensure!(last.is_some_and(|sample| sample.is_of(OLD)), "{last:?}");
    let name = "zero_loss::switches_lose_nothing";
    save_of(
        name,
        "BLUEGREEN_REFRESH=1 tests/cluster/run zero_loss",
        unbroken(switches, reloads, &summary),
    )
}
