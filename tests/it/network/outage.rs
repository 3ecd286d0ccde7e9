//! The API server goes away for longer, or a machine is cut off from it.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::acceptance::command::{answered, done};
use crate::bed::{Bed, in_paused_time};
use crate::tally;

const GATED: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --timeout 10m --threshold 1000 \
     --drain 60s --webhook http://gate.example.com/confirm";
const V2: &str = "kmharish/parrot-app:v2.2";

#[test]
fn an_api_server_that_is_gone_for_five_minutes_at_the_gate_is_waited_for() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (field, faults) = bed.machine();
        let deploy = field.command(GATED).answers(&[500, 500, 500, 200]);
        let outage = async {
            faults.leave();
            sleep(Duration::from_secs(300)).await;
            faults.come_back();
            Ok(())
        };
        let (said, ()) = deploy.meanwhile(0, answered, outage).await?;
        for event in ["unreachable", "reachable"] {
            ensure!(said.has(|said| said["event"] == event), "{said:#?}");
        }
        bed.field.is_live("parrot-green", V2).await
    })
    .unwrap();
}

#[test]
fn an_api_server_that_stays_away_ends_it_and_it_can_go_on() {
    in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (field, faults) = bed.machine();
        let gated = GATED.replace("--timeout 10m", "--timeout 60s");
        let deploy = field.command(&gated).answers(&[500, 500, 500]);
        let outage = async {
            faults.leave();
            Ok(())
        };
        let (said, ()) = deploy.meanwhile(9, answered, outage).await?;
        let hint = "hint: to continue the release: run the same command again";
        ensure!(said.err.lines().any(|line| line == hint), "{said:?}");
        let again = bed.field.command(&gated).answers(&[200]);
        again.exits(0).await?;
        bed.field.is_live("parrot-green", V2).await
    })
    .unwrap();
}

/// Cut off from what it says on, for longer than a challenge runs, while another command goes on.
async fn cut_off(wanted: impl Fn(&Value) -> bool, line: &str) -> Result<Bed> {
    let bed = Bed::new(1).await?;
    bed.field.initialised().await?;
    let (field, faults) = bed.machine();
    let deploy = field.command(GATED).answers(&[500, 500, 200]);
    let other = async {
        faults.freeze();
        let said = bed.field.exits(0, line).await?;
        ensure!(said.has(done("take-over")), "{said:#?}");
        let left = bed.field.versions().await?;
        faults.thaw();
        Ok(left)
    };
    let (_, left) = deploy.meanwhile(6, wanted, other).await?;
    ensure!(bed.field.versions().await? == left, "it wrote after it was taken over");
    Ok(bed)
}

/// Whether an event is the one to act on.
type Wanted = fn(&Value) -> bool;

#[test]
fn a_driver_that_is_cut_off_is_taken_over_and_fenced() {
    let moments: [(&str, Wanted); 5] = [
        ("starting", |event| done("make-candidate")(event)),
        ("waiting", answered),
        ("switching", |event| done("switch")(event)),
        ("confirming", |event| done("mark-switched")(event)),
        ("draining", |event| done("start-drain")(event)),
    ];
    let (mut tried, mut failed) = (0, Vec::new());
    for (phase, wanted) in moments {
        for line in ["abort parrot", "promote parrot --when-ready"] {
            tried += 1;
            let ran = in_paused_time(async {
                let bed = cut_off(wanted, line).await?;
                match line.starts_with("abort") {
                    true => ensure!(bed.field.replicas("parrot-green").await?.is_none()),
                    false => bed.field.is_live("parrot-green", V2).await?,
                }
                Ok(())
            });
            failed.extend(ran.err().map(|why| format!("{phase}, {line}: {why:#}")));
        }
    }
    tally::record("network: partitions", tried, tried - failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
