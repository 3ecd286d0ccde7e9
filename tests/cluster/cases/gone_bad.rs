//! All pods of the new version end 3 s after the switch: how many requests fail until the old version,
//! which is still there, serves again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::json;

use super::pair::OLD;
use super::saved::{ms, save};
use super::served::Served;
use crate::bed::Bed;
use crate::bed::stages::DIE;
use crate::load::Protocol;
use crate::results::{GoneBad, GoneBadTry, Measured};

const RATE: u32 = 2_000;
const TRIES: usize = 3;
const AFTER: Duration = Duration::from_secs(3);
/// It ends while both versions run; and as long again after the switch back.
const DEPLOY: [&str; 11] = [
    "deploy",
    "parrot",
    "--image",
    "kmharish/parrot-app:dies-told",
    "--yes",
    "--drain",
    "10s",
    "--settle",
    "5s",
    "-o",
    "json",
];

pub fn trials() -> Vec<Trial> {
    crate::cases![new_version_ends_after_the_switch]
}

pub fn long() -> Vec<Trial> {
    crate::cases![one_replica, three_replicas]
}

async fn new_version_ends_after_the_switch(bed: Arc<Bed>) -> Result<()> {
    once(&bed, 3).await.map(drop)
}

async fn one_replica(bed: Arc<Bed>) -> Result<()> {
    measure(&bed, "gone_bad::one_replica", 1).await
}

async fn three_replicas(bed: Arc<Bed>) -> Result<()> {
    measure(&bed, "gone_bad::three_replicas", 3).await
}

async fn measure(bed: &Arc<Bed>, name: &str, replicas: u8) -> Result<()> {
    let mut tries = Vec::new();
    for _ in 0..TRIES {
        tries.push(once(bed, replicas).await?);
    }
    save(name, Measured::GoneBad(GoneBad { replicas, tries }))
}

async fn once(bed: &Arc<Bed>, replicas: u8) -> Result<GoneBadTry> {
    let ingress = bed.ingress(3).await?;
    let served = Served::behind(bed, &ingress, replicas).await?;
    let load = served.load(&ingress, Protocol::Http1, RATE).start();
    let mut deploy = served.app.spawn(&DEPLOY)?;
    deploy.says(r#""event":"done","step":"switch""#).await?;
    tokio::time::sleep(AFTER).await;
    let ended = Timestamp::now();
    end_all(bed, &served.app.ns).await?;
    let output = deploy.wait().await?.expect_code(4)?;
    ensure!(output.stderr.contains("failed after the switch"), "{output:?}");
    ensure!(served.app.backend().await? == "parrot-blue");
    ingress.serves(&served.host, OLD).await?;

    let summary = load.stop().await?;
    let switched = served.switched().await?;
    let [there, back] = switched[..] else { anyhow::bail!("not two switches: {switched:?}") };
    let ended_at = summary.since_began(ended);
    let since = |at: Timestamp| summary.since_began(at).saturating_sub(ended_at);
    let failures = summary.samples.iter().filter(|sample| sample.failed());
    ensure!(failures.clone().all(|sample| sample.done() >= ended_at), "{summary}");
    let last = failures.clone().map(|sample| sample.at).max().context("no request failed")?;
    let within = summary.samples.iter().filter(|sample| (ended_at..=last).contains(&sample.at));
    let one = GoneBadTry {
        switched_before_ms: ms(ended_at.saturating_sub(summary.since_began(there))),
        switched_back_ms: ms(since(back)),
        last_failed_ms: ms(last.saturating_sub(ended_at)),
        requests: within.count(),
        failed: failures.count(),
    };
    eprintln!("gone_bad: {replicas} replicas: {}; {summary}", serde_json::to_string(&one)?);
    let end = summary.samples.last();
    ensure!(end.is_some_and(|sample| sample.is_of(OLD)), "{end:?}");
    Ok(one)
}

/// The pods of the new version, all at once.
pub async fn end_all(bed: &Bed, ns: &str) -> Result<()> {
    let pods = Api::<Pod>::namespaced(bed.kube(), ns);
    let new = pods.list(&ListParams::default().labels("app=parrot-green")).await?;
    let patch = Patch::Merge(json!({ "metadata": { "annotations": { DIE.0: DIE.1 } } }));
    for pod in new.items {
        let name = pod.metadata.name.context("a pod without a name")?;
        pods.patch(&name, &PatchParams::default(), &patch).await?;
    }
    Ok(())
}
