//! `kill -9` at the requests of a switch, from the yes to the end of the putting away, with people
//! asking all the while; then the same command again. No request fails.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use libtest_mimic::Trial;

use super::crash::{self, Cut, proxy};
use super::pair::{NEW, OLD};
use super::parrot::{V1, V2};
use super::saved::{load, save};
use super::served::Served;
use crate::bed::Bed;
use crate::bed::ingress::Ingress;
use crate::load::Protocol;
use crate::results::{Killed, Load, Measured};
use crate::support::Seen;

/// A killed driver is missed only after 10 s: several apps wait for that at the same time, and share
/// the load.
const APPS: usize = 8;
/// Switches of other apps are ahead of one's own in the controller's rate limit.
const DRAIN: &str = "6s";

pub fn trials() -> Vec<Trial> {
    crate::cases![killed_at_its_writes]
}

pub fn long() -> Vec<Trial> {
    crate::cases![killed_at_each_request]
}

async fn killed_at_its_writes(bed: Arc<Bed>) -> Result<()> {
    let kills = |stage: &Stage| {
        let writes =
            (1..=stage.writes).map(|n| Kill { n, cut: Cut::After, number: |seen| seen.write });
        // And a few that read, so that each app has one.
        let reads = (1..=APPS.saturating_sub(stage.writes)).map(|n| Kill {
            n: n * stage.requests / APPS,
            cut: Cut::Before,
            number: |seen| seen.plain,
        });
        writes.chain(reads).collect()
    };
    let killed = kill_each(&bed, 1_000, kills).await?;
    none_failed(&killed)
}

async fn killed_at_each_request(bed: Arc<Bed>) -> Result<()> {
    let kills = |stage: &Stage| {
        let all = (1..=stage.requests).flat_map(|n| [(n, Cut::Before), (n, Cut::After)]);
        all.map(|(n, cut)| Kill { n, cut, number: |seen| seen.plain }).collect()
    };
    let killed = kill_each(&bed, 2_000, kills).await?;
    let checked = none_failed(&killed);
    save("killed::killed_at_each_request", Measured::Killed(killed))?;
    checked
}

fn none_failed(killed: &Killed) -> Result<()> {
    let Load { failed, requests, .. } = killed.load;
    ensure!(failed == 0, "{failed} of {requests} requests failed, {} kills", killed.kills);
    Ok(())
}

/// What an undisturbed `promote` sends.
struct Stage {
    requests: usize,
    writes: usize,
}

#[derive(Clone, Copy)]
struct Kill {
    n: usize,
    cut: Cut,
    number: fn(&Seen) -> Option<usize>,
}

async fn kill_each(
    bed: &Arc<Bed>,
    rate: u32,
    kills: impl Fn(&Stage) -> Vec<Kill>,
) -> Result<Killed> {
    let started = Instant::now();
    let ingress = bed.ingress(3).await?;
    let apps = try_join_all((0..APPS).map(|_| Served::behind(bed, &ingress, 1))).await?;
    let stage = uncut(&apps[0], &ingress).await?;
    let kills = kills(&stage);
    let share = |n: usize| kills.iter().copied().skip(n).step_by(APPS).collect::<Vec<_>>();
    let runs = apps.iter().enumerate().map(async |(n, app)| {
        let load = app.load(&ingress, Protocol::Http1, rate / APPS as u32).start();
        let mut hits = 0;
        for kill in share(n) {
            let hit = killed(app, &ingress, kill).await;
            let what = || format!("app {n}: request {} killed {:?}", kill.n, kill.cut);
            hits += usize::from(hit.with_context(what)?);
        }
        anyhow::Ok((hits, load.stop().await?))
    });
    let ended = try_join_all(runs).await?;
    let hits: usize = ended.iter().map(|(hits, _)| hits).sum();
    let mut sum = Load { rate, requests: 0, failed: 0, reopened: 0, late: 0, late_at_most_ms: 0 };
    for (_, summary) in &ended {
        if summary.failed() > 0 {
            eprintln!("killed: {summary}");
        }
        let one = load(summary);
        sum.requests += one.requests;
        sum.failed += one.failed;
        sum.reopened += one.reopened;
        sum.late += one.late;
        sum.late_at_most_ms = sum.late_at_most_ms.max(one.late_at_most_ms);
    }
    let (count, seconds) = (kills.len(), started.elapsed().as_secs());
    eprintln!("killed: {hits} of {count} kills in {seconds} s, {} requests", sum.requests);
    // How often a watch makes it look again differs a little from run to run.
    ensure!(hits * 10 >= count * 9, "only {hits} of {count} kills met a request");
    Ok(Killed { requests_of_the_command: stage.requests, kills: hits, load: sum })
}

/// Carries a release out undisturbed.
async fn uncut(served: &Served, ingress: &Ingress) -> Result<Stage> {
    let (version, number) = waiting(served).await?;
    let proxy = proxy(&served.app.bed)?;
    served.app.via(&proxy.url())?.ok(&["promote", "parrot", "--release", &number]).await?;
    ingress.serves(&served.host, version).await?;
    let requests = proxy.requests();
    let done = |seen: &&Seen| seen.mutating && seen.status.is_some_and(|status| status < 300);
    let writes = requests.iter().filter(done).count();
    let requests = requests.iter().filter(|seen| !seen.is_watch).count();
    eprintln!("killed: {requests} requests of a promote, {writes} writes");
    Ok(Stage { requests, writes })
}

/// A candidate that waits for the yes: its version, and the release's number.
async fn waiting(served: &Served) -> Result<(&'static str, String)> {
    let record = served.app.record().await?;
    let number = record["number"].as_u64().unwrap_or(0) + 1;
    let (image, version) = if number % 2 == 1 { (V2, NEW) } else { (V1, OLD) };
    let deploy =
        ["deploy", "parrot", "--image", image, "--detach", "--drain", DRAIN, "--settle", "0s"];
    served.app.ok(&deploy).await?;
    Ok((version, number.to_string()))
}

/// Whether the request came at all.
async fn killed(served: &Served, ingress: &Ingress, kill: Kill) -> Result<bool> {
    let (version, number) = waiting(served).await?;
    let promote = ["promote", "parrot", "--release", &number];
    let at = move |seen: &Seen| (kill.number)(seen) == Some(kill.n);
    let hit = crash::killed(&served.app, &promote, kill.cut, at).await?;
    served.app.ok(&promote).await?;
    let record = served.app.record().await?;
    ensure!(record["release"].is_null() && record["driver"].is_null(), "{record:#}");
    ingress.serves(&served.host, version).await?;
    Ok(hit)
}
