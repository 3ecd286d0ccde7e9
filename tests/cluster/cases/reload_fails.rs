//! The real ingress controller can't reload its nginx: the switch is made, and does not arrive. Whoever
//! visits the app is served by what nginx was last given, so that has to stay.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::pair::{NEW, OLD};
use super::parrot::{V1, V2};
use super::saved::{is_refreshing, save_of, unbroken};
use super::served::Served;
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::{Protocol, Running};

/// Requests a second, half of them on kept-alive connections.
const RATE: u32 = 500;
/// For so long after the switch nginx can't be reloaded: longer than the settle time, by far where it is
/// written down.
fn broken() -> Duration {
    Duration::from_secs(if is_refreshing() { 45 } else { 15 })
}

/// In the last event of a command, and in no other.
const ENDED: &str = r#""event":"ended""#;

pub fn trials() -> Vec<Trial> {
    crate::cases![mended_late, mended_never, a_way_back_that_is_late]
}

/// What a release is given here: by itself the drain would be long enough to hide a fault.
fn with_probe(ingress: &Ingress) -> Vec<String> {
    let probe = format!("http://{}", ingress.http1());
    ["--drain", "1s", "--probe", &probe, "-o", "json"].map(str::to_owned).to_vec()
}

fn line<'a>(command: &[&'a str], rest: &'a [String]) -> Vec<&'a str> {
    command.iter().copied().chain(rest.iter().map(String::as_str)).collect()
}

fn outcome(events: &[Value]) -> Result<&Value> {
    Ok(&events.last().context("nothing was said")?["outcome"])
}

/// `made`: so many switches and reloads.
async fn none_failed(load: Running, name: &str, last: &str, made: (usize, usize)) -> Result<()> {
    let summary = load.stop().await?;
    eprintln!("{name}: {summary}");
    ensure!(summary.failed() == 0, "{summary}");
    let end = summary.samples.last();
    ensure!(end.is_some_and(|sample| sample.is_of(last)), "{end:?}");
    save_of(
        name,
        "BLUEGREEN_REFRESH=1 tests/cluster/run reload_fails",
        unbroken(made.0, made.1, &summary),
    )
}

/// The controller has tried, and could not.
async fn a_reload_failed(ingress: &Ingress, before: usize) -> Result<()> {
    wait_for("a reload to fail", SOON, async || {
        Ok((ingress.failed_reloads() > before).then_some(()))
    })
    .await
}

async fn mended_late(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = Served::behind(&bed, &ingress, 1).await?;
    let reloads = ingress.reloads();
    let load = served.load(&ingress, Protocol::Http1, RATE).start();
    let (with, before) = (with_probe(&ingress), ingress.failed_reloads());

    let refused = ingress.refuse_reloads()?;
    let deploy = line(&["deploy", "parrot", "--image", V2, "--yes"], &with);
    let mut deploy = served.app.spawn(&deploy)?;
    deploy.says(r#""event":"done","step":"switch""#).await?;
    a_reload_failed(&ingress, before).await?;
    tokio::time::sleep(broken()).await;
    ensure!(!deploy.stdout().contains(ENDED), "it did not wait: {}", deploy.stdout());
    drop(refused);

    let output = deploy.wait().await?.expect_code(0)?;
    let events = output.events()?;
    let finished = outcome(&events)?;
    ensure!(finished["confirmed"] == "probe", "{finished:#}");
    let answer = ingress.get(&served.host, "/").await?;
    ensure!(answer.version() == NEW, "{answer:?}");
    let made = (1, ingress.reloads() - reloads);
    none_failed(load, "reload_fails::mended_late", NEW, made).await
}

async fn mended_never(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = Served::behind(&bed, &ingress, 1).await?;
    let reloads = ingress.reloads();
    let load = served.load(&ingress, Protocol::Http1, RATE).start();
    let (with, before) = (with_probe(&ingress), ingress.failed_reloads());

    let refused = ingress.refuse_reloads()?;
    let deploy = ["deploy", "parrot", "--image", V2, "--yes", "--timeout", "20s"];
    let output = served.app.run(&line(&deploy, &with)).await?.expect_code(7)?;
    let events = output.events()?;
    let what = outcome(&events)?["what"].as_str().unwrap_or_default();
    ensure!(what.starts_with("the switch does not arrive: "), "{output:?}");
    ensure!(ingress.failed_reloads() > before, "no reload failed");
    // Both stay.
    served.app.settled("parrot", 1).await?;
    served.app.settled("parrot-green", 1).await?;

    // Led back, people are served as ever: they never left.
    served.app.ok(&line(&["abort", "parrot"], &with[2..])).await?;
    drop(refused);
    let deployments = served.app.deployments().await?;
    ensure!(deployments == [format!("parrot {V1} x1")], "{deployments:?}");
    ingress.serves(&served.host, OLD).await?;
    let made = (2, ingress.reloads() - reloads);
    none_failed(load, "reload_fails::mended_never", OLD, made).await
}

/// The new version serves; the way back does not arrive. The candidate is what people are served by.
async fn a_way_back_that_is_late(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = Served::behind(&bed, &ingress, 1).await?;
    let reloads = ingress.reloads();
    let load = served.load(&ingress, Protocol::Http1, RATE).start();
    let with = with_probe(&ingress);

    let deploy = ["deploy", "parrot", "--image", V2, "--yes", "--bake", "10m"];
    let mut deploy = served.app.spawn(&line(&deploy, &with))?;
    deploy.says(r#""for":"bake""#).await?;
    ingress.serves(&served.host, NEW).await?;

    let (refused, before) = (ingress.refuse_reloads()?, ingress.failed_reloads());
    let abort = served.app.spawn(&line(&["abort", "parrot"], &with[2..]))?;
    a_reload_failed(&ingress, before).await?;
    tokio::time::sleep(broken()).await;
    ensure!(!abort.stdout().contains(ENDED), "it did not wait: {}", abort.stdout());
    drop(refused);

    abort.wait().await?.expect_code(0)?;
    deploy.wait().await?.expect_code(5)?;
    let answer = ingress.get(&served.host, "/").await?;
    ensure!(answer.version() == OLD, "{answer:?}");
    let made = (2, ingress.reloads() - reloads);
    none_failed(load, "reload_fails::a_way_back_that_is_late", OLD, made).await
}
