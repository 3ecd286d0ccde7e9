//! A bad network: every call of a release meets every fault once.

pub mod bed;
mod outage;
mod ways;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::sandbox::Call;
use serde_json::Value;

use crate::acceptance::Field;
use crate::tally;
use bed::{Bed, in_paused_time, left};
use ways::{Ends, Way};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 10m \
     --webhook http://gate.example.com/confirm";

/// A whole release from a machine.
async fn release(field: &Field) -> Result<()> {
    field.exits(0, "init parrot").await?;
    field.command(DEPLOY).answers(&[500, 200]).exits(0).await.map(drop)
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

fn disturbed(way: &Way, nth: usize, alike: &[Value]) -> Result<()> {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        faults.on_nth(nth, way.fault.clone());
        match way.ends {
            Ends::Alike => release(&field).await?,
            Ends::Denied => {
                let first = release(&field).await;
                let first = first.err().context("nobody noticed")?.to_string();
                ensure!(first.contains("exit 8, not 0"), "{first}");
                release(&field).await.context("again")?;
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

/// What the cluster does by itself afterwards is over.
async fn settled() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

/// As many at a time as there are cores.
fn each(runs: Vec<(&Way, &Call)>, alike: &[Value]) -> Vec<String> {
    let tried = |(way, call): &(&Way, &Call)| {
        let ran = disturbed(way, call.nth, alike);
        ran.err().map(|why| {
            format!("{} at {}: {} {}: {why:#}", way.name, call.nth, call.method, call.path)
        })
    };
    std::thread::scope(|scope| {
        let halves = (0..2).map(|half| {
            let half: Vec<_> = runs.iter().skip(half).step_by(2).collect();
            scope.spawn(move || half.into_iter().filter_map(tried).collect::<Vec<_>>())
        });
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().expect("a run panicked")).collect()
    })
}

#[test]
fn every_call_of_a_release_meets_every_fault() {
    let (calls, alike) = undisturbed().unwrap();
    let ways = ways::all();
    let wanted = std::env::var("WAY").ok();
    let runs: Vec<_> = ways
        .iter()
        .filter(|way| wanted.as_ref().is_none_or(|wanted| way.name.contains(wanted.as_str())))
        .flat_map(|way| calls.iter().filter(|call| way.on.takes(call)).map(move |call| (way, call)))
        .collect();
    let tried = runs.len();
    let failed = each(runs, &alike);
    tally::record("network: faults at every call", tried, tried - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
