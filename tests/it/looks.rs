//! What the looks cost that somebody has at an app, and those that nobody reads.

use std::collections::BTreeMap;

use bluegreen::model::Kind;
use bluegreen::sandbox::Call;
use serde_json::json;

use crate::bed::{Bed, in_paused_time};

const V2: &str = "kmharish/parrot-app:v2.2";

/// How often each thing was asked for, and how often at most.
fn at_most(calls: &[Call]) -> usize {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls {
        let what = call.path.split('?').next().unwrap_or_default();
        *counts.entry(what).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

#[test]
fn status_asks_for_nothing_twice() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        let mut costs = Vec::new();
        let status = async || {
            let before = faults.calls().len();
            let status = field.status().await?;
            anyhow::Ok((status, faults.calls().split_off(before)))
        };
        costs.push(status().await?.1);
        field.detached(V2).await?;
        costs.push(status().await?.1);
        field.exits(0, "promote parrot").await?;
        // What scales blue, and not the live version, is in the second half of the look.
        field
            .create(json!({
                "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "scaler"},
                "spec": {"minReplicas": 1, "maxReplicas": 3, "scaleTargetRef": {
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"}},
            }))
            .await?;
        let (told, cost) = status().await?;
        anyhow::ensure!(told["drift"][0]["what"].to_string().contains("scaler"), "{told:#}");
        costs.push(cost);
        field.delete(Kind::HorizontalPodAutoscaler, "scaler").await?;
        Ok(costs)
    });
    let costs = ran.unwrap();
    assert!(costs.iter().all(|calls| at_most(calls) == 1), "{costs:#?}");
    // With a candidate, and with green live, beside what serves: its pods, and what scales them. Where a release
    // may begin, whether there is room for it.
    assert_eq!(costs.iter().map(Vec::len).collect::<Vec<_>>(), [6, 9, 10]);
}

/// Who follows another driver looks once more at the end, for people alone: of what works then JSON says nothing.
#[test]
fn a_follower_looks_at_the_end_for_people_alone() {
    let cost = |flags: &str| {
        let ran = in_paused_time(async {
            let bed = Bed::new(1).await?;
            let (field, faults) = bed.machine();
            field.initialised().await?;
            let deploy =
                format!("deploy parrot --image {V2} --webhook http://gate.example/ --drain 5s");
            let deploy = field.command(&deploy).answers(&[404]);
            let promote = format!("promote parrot {flags}");
            let follow = async { field.exits(0, &promote).await };
            let waits = crate::acceptance::command::answered;
            let _ = deploy.meanwhile(0, waits, follow).await?;
            let calls = faults.calls();
            Ok(calls.iter().filter(|call| !call.is_watch() && call.path.contains("/pods?")).count())
        });
        ran.unwrap()
    };
    assert_eq!(cost("-o human"), cost("-o json") + 1);
}
