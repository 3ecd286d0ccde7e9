//! A driver that is suspended at every one of its writes, with the write on its way, until another
//! command has taken its release over; then the write arrives, and it goes on. `tests/it/cuts/frozen.rs`
//! has the same on the sandbox, at every call.

use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use http::Method;
use libtest_mimic::Trial;
use rustix::process::Signal;

use super::crash::{Victim, proxy};
use super::parrot::Parrot;
use super::scene::{Facts, Scene, all_of, documented, stage, tidied};
use crate::bed::{Bed, SOON};
use crate::support::proxy::once;
use crate::support::{Action, Latch, Seen, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![driver_frozen_at_every_write]
}

const DRIVERS: [Scene; 2] = [Scene::Deploy, Scene::Promote];
const TAKERS: [Scene; 2] = [Scene::Abort, Scene::Promote];
/// A driver is missed only after 10 s: many wait for that at the same time.
const AT_ONCE: usize = 16;

#[derive(Debug)]
struct Job {
    driver: Scene,
    n: usize,
    taker: Scene,
}

/// What came of it.
#[derive(PartialEq)]
enum Came {
    /// There was no such write this time.
    Never,
    LeftAlone,
    TakenOver,
}

async fn driver_frozen_at_every_write(bed: Arc<Bed>) -> Result<()> {
    let (stage, gate) = (stage(&bed).await?, Webhook::start(200));
    let gate = gate.url();
    let writes = try_join_all(DRIVERS.map(|driver| driver.writes(&stage, &gate))).await?;
    let of_driver = |(driver, writes): (Scene, usize)| {
        let all = (1..=writes).flat_map(|n| TAKERS.map(|taker| (n, taker)));
        all.map(move |(n, taker)| Job { driver, n, taker })
    };
    let jobs: Vec<Job> = DRIVERS.into_iter().zip(writes).flat_map(of_driver).collect();
    let tried = jobs.iter().map(async |job| {
        let came = job.run(&stage, &gate).await;
        came.with_context(|| format!("{job:?}"))
    });
    let came = all_of("frozen: real control plane", tried, AT_ONCE).await?;
    let count = |wanted: Came| came.iter().filter(|came| **came == wanted).count();
    let (never, taken) = (count(Came::Never), count(Came::TakenOver));
    eprintln!("frozen: {taken} of {} taken over", jobs.len());
    // How often a controller is in the way differs a little from run to run.
    ensure!(never * 10 <= jobs.len(), "{never} writes never came");
    ensure!(taken * 2 > jobs.len(), "only {taken} were taken over");
    Ok(())
}

impl Job {
    async fn run(&self, stage: &Parrot, gate: &str) -> Result<Came> {
        let app = self.driver.set(stage).await?;
        let before = Facts::of(&app).await?;
        let (proxy, latch, driver) = (proxy(&app.bed)?, Latch::new(), Victim::default());
        let (n, stopped) = (self.n, driver.clone());
        let stops = move |seen: &Seen| {
            let hit = seen.write == Some(n);
            if hit {
                stopped.signal(Signal::STOP);
            }
            hit
        };
        proxy.set(once(stops, Action::Freeze(latch.clone())));
        let command = app.via(&proxy.url())?.spawn(&self.driver.args(gate))?;
        driver.is(&command)?;
        let mut command = pin!(command.wait());
        tokio::select! {
            biased;
            _ = proxy.wait_for_request(SOON, |seen| seen.write == Some(n)) => {}
            ended = &mut command => {
                ended?.expect_code(0)?;
                return Ok(Came::Never);
            }
        }
        let held = Facts::of(&app).await?;
        let taken = documented(&app.run(&self.taker.args(gate)).await?)?;
        let after = Facts::of(&app).await?;

        latch.open();
        // It has arrived before who sent it could give it up.
        proxy
            .wait_for_request(SOON, |seen| seen.write == Some(n) && seen.upstream_status.is_some())
            .await;
        driver.signal(Signal::CONT);
        let output = command.await?;
        let code = documented(&output)?;
        let facts = Facts::of(&app).await?;
        let is_taken =
            held.is_driven && held.reign() != before.reign() && after.epoch != held.epoch;
        if is_taken || ![10, 11].contains(&taken) {
            let requests = proxy.requests();
            let written: Vec<_> = requests.iter().filter(|seen| self.is_late(seen)).collect();
            ensure!(written.is_empty(), "it wrote: {written:#?}\n{output:?}");
            ensure!(facts.image == after.image, "{after:?} became {facts:?}");
            ensure!(!is_taken || code == 6, "taken over, it ended with exit {code}: {output:?}");
        } else {
            let (_, to) = self.driver.versions();
            ensure!(code == 0 && facts.rest() && facts.image == to, "left alone: {output:?}");
        }
        tidied(&app).await.context("at last")?;
        Ok(if is_taken { Came::TakenOver } else { Came::LeftAlone })
    }

    /// A write that was carried out after it was frozen. What it makes has no precondition to fail: the
    /// next command finds it and removes it.
    fn is_late(&self, seen: &Seen) -> bool {
        let is_done = seen.upstream_status.is_some_and(|status| status < 300);
        seen.write >= Some(self.n) && is_done && seen.method != Method::POST
    }
}
