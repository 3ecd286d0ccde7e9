//! How long after its readiness a candidate may be switched to: measured, not asserted. The README's
//! and the plan's numbers come from here: `tests/cluster/run --ignored settle`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::pair::{NEW, OLD, Pair};
use crate::bed::Bed;
use crate::load::Protocol;

const RATE: u32 = 1_000;
const TRIES: usize = 5;
const AFTER: [u64; 4] = [0, 100, 1_000, 4_000];
/// By then the controller has a sync to spare again.
const REST: Duration = Duration::from_millis(3_500);

pub fn trials() -> Vec<Trial> {
    let trials = crate::cases![idle_controller, busy_controller];
    trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect()
}

async fn idle_controller(bed: Arc<Bed>) -> Result<()> {
    measure(&bed, false).await
}

async fn busy_controller(bed: Arc<Bed>) -> Result<()> {
    measure(&bed, true).await
}

async fn measure(bed: &Arc<Bed>, busy: bool) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(bed, &ingress).await?;
    pair.keep_warm(&ingress).await?;
    let other = match busy {
        true => Some(changes(Pair::served(bed, &ingress).await?)),
        false => None,
    };
    for after in AFTER {
        let mut failed = Vec::new();
        for _ in 0..TRIES {
            pair.scale("new", 0).await?;
            sleep(REST).await;
            let load = pair.load(&ingress, Protocol::Http1, RATE).start();
            pair.scale("new", 2).await?;
            pair.ready("new").await?;
            sleep(Duration::from_millis(after)).await;
            pair.switch("new").await?;
            ingress.serves(&pair.host, NEW).await?;
            failed.push(load.stop().await?.failed());
            pair.switch("old").await?;
            ingress.serves(&pair.host, OLD).await?;
        }
        eprintln!("settle: busy {busy}, switched {after} ms after Ready: {failed:?} failed");
    }
    if let Some(other) = other {
        other.abort();
    }
    Ok(())
}

/// Another app's switches, more often than the controller syncs, until it is aborted.
fn changes(other: Pair) -> JoinHandle<Result<()>> {
    tokio::spawn(async move {
        for service in ["new", "old"].into_iter().cycle() {
            other.switch(service).await?;
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    })
}
