//! How long after its readiness a candidate may be switched to: measured, not asserted.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use libtest_mimic::Trial;
use tokio::time::sleep;

use super::pair::{NEW, OLD, Pair};
use super::saved::save;
use crate::bed::Bed;
use crate::load::Protocol;
use crate::results::{Controller, Measured, Settle, SettleTries};

const RATE: u32 = 1_000;
const TRIES: usize = 5;
const AFTER: [u64; 4] = [0, 100, 1_000, 4_000];
/// By then the controller has a sync to spare again.
const REST: Duration = Duration::from_millis(3_500);

pub fn trials() -> Vec<Trial> {
    crate::cases![idle_controller, busy_controller]
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
        true => Some(Pair::served(bed, &ingress).await?.changing()),
        false => None,
    };
    let mut tries = Vec::new();
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
        tries.push(SettleTries { after_ms: after, failed });
    }
    drop(other);
    let (name, controller) = match busy {
        true => ("settle::busy_controller", Controller::Busy),
        false => ("settle::idle_controller", Controller::Quiet),
    };
    save(name, Measured::Settle(Settle { controller, rate: RATE, tries }))
}
