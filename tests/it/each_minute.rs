//! Whoever reads the log of a long wait sees that it is one.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tokio::time::sleep;

use crate::acceptance::command::answered;
use crate::bed::{Bed, NAMESPACE, in_paused_time};

const GATED: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --interval 5m --drain 0s \
     --webhook http://gate.example.com/confirm";

#[test]
fn a_wait_that_is_looked_at_just_before_its_minute_is_over_says_so_when_it_is() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let records: Api<ConfigMap> = Api::namespaced(bed.field.client.clone(), NAMESPACE);
        let edits = async {
            for n in 0..5 {
                sleep(Duration::from_secs(59)).await;
                let note = json!({"metadata": {"annotations": {"note": n.to_string()}}});
                let patch = Patch::Merge(&note);
                records.patch("bluegreen-parrot", &PatchParams::default(), &patch).await?;
            }
            Ok(())
        };
        let deploy = bed.field.command(GATED).answers(&[500, 200]);
        let (said, ()) = deploy.meanwhile(0, answered, edits).await?;
        let waits = said
            .events
            .iter()
            .filter(|event| event["event"] == "waiting" && event["on"]["for"] == "gate");
        let times = waits.map(|event| Ok(event["at"].as_str().context("no time")?.parse()?));
        let times: Vec<Timestamp> = times.collect::<Result<_>>()?;
        ensure!(times.len() >= 5, "{times:?}");
        for pair in times.windows(2) {
            let gap = pair[1].duration_since(pair[0]);
            ensure!(gap < SignedDuration::from_secs(62), "nothing for {gap:?}: {times:?}");
        }
        Ok(())
    })
    .unwrap();
}
