//! Other ways to switch than ours, under the same load as `matrix`, with two pods a version that both
//! stay: what a person would get from each.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;
use tokio::time::sleep;

use super::matrix::{protocol, switches};
use super::pair::{OLD, Pair, route};
use super::saved::{load, save};
use crate::bed::Bed;
use crate::bed::ingress::Ingress;
use crate::load::Protocol;
use crate::results::{Controller, Measured, Switches, Way};

const RATE: u32 = 2_000;
const SWITCHES: usize = 10;
/// Endpoints have as long a way as Ingresses through the controller's rate limit, and then wait for
/// each worker's timer.
const APART: Duration = Duration::from_millis(6_000);
const NETWORKING: &str = "apis/networking.k8s.io/v1";
const WEIGHT: &str = "nginx.ingress.kubernetes.io/canary-weight";

pub fn trials() -> Vec<Trial> {
    let ways = [
        ("plain", Way::Plain, Protocol::Http1),
        ("selector", Way::Selector, Protocol::Http1),
        ("weight", Way::CanaryWeight, Protocol::Http1),
        ("elsewhere", Way::Elsewhere, Protocol::Http1),
        ("elsewhere_http2", Way::Elsewhere, Protocol::Http2),
    ];
    let all = [1, 3].into_iter().flat_map(|workers| ways.map(|way| (workers, way)));
    let trial = |(workers, (name, way, protocol))| {
        let name = format!("ways::w{workers}_{name}");
        crate::suite::trial(name.clone(), move |bed| {
            let name = name.clone();
            Box::pin(async move { measure(&bed, &name, workers, way, protocol).await })
        })
    };
    all.map(trial).collect()
}

async fn measure(
    bed: &Arc<Bed>,
    name: &str,
    workers: u8,
    way: Way,
    spoken: Protocol,
) -> Result<()> {
    let ingress = bed.ingress(workers).await?;
    let pair = Pair::served(bed, &ingress).await?;
    let other = match way {
        Way::Elsewhere => Some(Pair::served(bed, &ingress).await?),
        _ => None,
    };
    let switched = other.as_ref().unwrap_or(&pair);
    prepare(&pair, &ingress, way).await?;
    let running = pair.load(&ingress, spoken, RATE).start();
    sleep(APART).await;
    let before = ingress.reloads();
    let mut made = Vec::new();
    for n in 0..SWITCHES {
        let before = ingress.reloads();
        let command = switch(switched, way, n % 2 == 0).await?;
        sleep(APART).await;
        made.push((command, ingress.reloads() - before));
    }
    let reloads = ingress.reloads() - before;
    let summary = running.stop().await?;
    let patched = bed.audit("bed").await?;
    let patched = patched.iter().filter(|line| {
        line.namespace == switched.ns && line.verb == "patch" && line.completed > summary.began
    });
    let acked: Vec<Timestamp> = patched.map(|line| line.completed).collect();
    ensure!(acked.len() == SWITCHES, "{} switches in the audit log", acked.len());
    let row = Switches {
        way,
        workers,
        protocol: protocol(spoken),
        controller: Controller::Quiet,
        replicas: 2,
        load: load(&summary),
        reloads,
        other_changes: 0,
        switches: switches(&summary, &acked, &made)?,
    };
    save(name, Measured::Switches(row))?;
    eprintln!("{name}: {summary}");
    Ok(())
}

async fn prepare(pair: &Pair, ingress: &Ingress, way: Way) -> Result<()> {
    match way {
        Way::Bluegreen | Way::Plain | Way::Elsewhere => Ok(()),
        Way::Selector => {
            let live = json!({
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": { "name": "live" },
                "spec": { "selector": { "app": "old" }, "ports": [{ "port": 80, "targetPort": 3000 }] },
            });
            pair.bed.apply(&pair.ns, &live.to_string()).await?;
            pair.bed.apply(&pair.ns, &route("app", &pair.host, &["live"]).to_string()).await?;
            sleep(APART).await;
            ingress.serves(&pair.host, OLD).await
        }
        Way::CanaryWeight => {
            let mut canary = route("canary", &pair.host, &["new"]);
            canary["metadata"]["annotations"] =
                json!({ "nginx.ingress.kubernetes.io/canary": "true", WEIGHT: "0" });
            pair.bed.apply(&pair.ns, &canary.to_string()).await?;
            sleep(APART).await;
            ingress.serves(&pair.host, OLD).await
        }
    }
}

/// The one patch, and what it is.
async fn switch(pair: &Pair, way: Way, forward: bool) -> Result<&'static str> {
    let (service, weight) = if forward { ("new", "100") } else { ("old", "0") };
    match way {
        Way::Bluegreen | Way::Plain | Way::Elsewhere => {
            pair.switch(service).await?;
            Ok("backend")
        }
        Way::Selector => {
            pair.replace("api/v1", "services/live", "/spec/selector/app", service).await?;
            Ok("selector")
        }
        Way::CanaryWeight => {
            let at = format!("/metadata/annotations/{}", WEIGHT.replace('/', "~1"));
            pair.replace(NETWORKING, "ingresses/canary", &at, weight).await?;
            Ok("weight")
        }
    }
}
