//! A bad network: every call of a release meets every fault once.

mod left;
mod outage;
mod ways;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::sandbox::Call;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::acceptance::Field;
use crate::acceptance::command::Said;
use crate::bed::{Bed, each, in_paused_time};
use crate::tally;
use left::left;
use ways::{Ends, Way};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 10m \
     --webhook http://gate.example.com/confirm";

/// So long a command may be silent about what keeps it: a write's limit, and the pauses of a release.
const SILENT: SignedDuration = SignedDuration::from_secs(12);

/// A whole release from a machine.
async fn release(field: &Field) -> Result<()> {
    field.exits(0, "init parrot").await?;
    let said = field.command(DEPLOY).answers(&[500, 200]).exits(0).await?;
    is_told(&said)
}

/// Who is kept waiting is told that it is the API server, and the time is the API server's.
fn is_told(said: &Said) -> Result<()> {
    let at = |event: &Value| -> Result<Timestamp> {
        Ok(event["at"].as_str().unwrap_or_default().parse()?)
    };
    for pair in said.events.windows(2) {
        let took = at(&pair[1])?.duration_since(at(&pair[0])?);
        ensure!(took >= SignedDuration::ZERO && took < SignedDuration::from_hours(1), "{pair:#?}");
        let is_said = pair.iter().any(|event| event["event"] == "unreachable");
        ensure!(took <= SILENT || is_said, "nothing was said for {took:#}: {pair:#?}");
    }
    Ok(())
}

/// What there is to go wrong, and what is left if nothing does.
fn undisturbed() -> Result<(Vec<Call>, Vec<Value>)> {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        release(&field).await?;
        settled().await;
        Ok((faults.calls(), left(&bed.field).await?))
    })
}

fn disturbed(way: &Way, call: &Call, alike: &[Value]) -> Result<()> {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        faults.on_nth(call.nth, way.fault.clone());
        match way.ends {
            Ends::Alike => release(&field).await?,
            Ends::Denied => {
                if let Err(first) = release(&field).await {
                    let first = first.to_string();
                    ensure!(first.contains("exit 8, not 0"), "{first}");
                    release(&field).await.context("again")?;
                } else {
                    ensure!(is_done_without(call), "nobody noticed");
                }
            }
        }
        settled().await;
        let left = left(&bed.field).await?;
        for (left, alike) in left.iter().zip(alike) {
            ensure!(left == alike, "there is {left:#}\ninstead of {alike:#}");
        }
        ensure!(left.len() == alike.len(), "there is something else");
        Ok(())
    })
}

/// Of the preflight what can't be tried is a warning, and so is which kinds of other controllers' there are;
/// what is said of an Ingress is not needed.
fn is_done_without(call: &Call) -> bool {
    let parts: [&str; 4] =
        ["dryRun=All", "selfsubjectaccessreviews", "/events?", "/ingressclasses/"];
    call.path == "/apis" || parts.iter().any(|part| call.path.contains(part))
}

/// What the cluster does by itself afterwards is over.
async fn settled() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[test]
fn every_call_of_a_release_meets_every_fault() {
    let (calls, alike) = undisturbed().unwrap();
    let ways = ways::all();
    let runs: Vec<_> = ways
        .iter()
        .flat_map(|way| calls.iter().filter(|call| way.on.takes(call)).map(move |call| (way, call)))
        .collect();
    let failed = each(&runs, 2, |(way, call)| {
        let ran = disturbed(way, call, &alike);
        ran.err().map(|why| {
            format!("{} at {}: {} {}: {why:#}", way.name, call.nth, call.method, call.path)
        })
    });
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    tally::record("network: faults at every call", runs.len(), runs.len() - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
