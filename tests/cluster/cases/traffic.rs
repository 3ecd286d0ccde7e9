//! The data plane does what the tests of a switch take for granted: it answers, it keeps a load up,
//! and it loses requests where a real one does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use super::pair::{NEW, OLD, Pair};
use crate::bed::Bed;
use crate::bed::ingress::Ingress;
use crate::load::long::{self, Websockets};
use crate::load::{Protocol, answer};

/// Of a load that is measured.
const RATE: u32 = 2_000;
/// Between two switches: the controller takes one each 3.3 s.
const APART: Duration = Duration::from_millis(3_500);
/// Every other plain switch fails requests (19 of 40 were measured): that none of so many does
/// happens once in a thousand runs.
const SWITCHES: usize = 12;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        parrot_answers,
        long_answers_go_through,
        steady_load_loses_nothing,
        plain_switch_loses_requests_and_keep_warm_does_not,
        putting_the_old_version_away_at_once_loses_requests,
    ]
}

async fn parrot_answers(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(1).await?;
    let ns = bed.served_namespace().await?;
    bed.apply_file(&ns, "examples/parrot/parrot.yaml").await?;
    let expose = ["expose", "deployment", "parrot", "--port=80", "--target-port=3000", "-n", &ns];
    bed.kubectl(&expose).await?;
    ingress.serves("parrot.example.com", OLD).await?;
    let unknown = ingress.get("toucan.example.com", "/").await?;
    ensure!(unknown.status == 404, "{unknown:?}");
    // The controller's own webhook is asked.
    let other = bed.served_namespace().await?;
    let refused = bed.apply_file(&other, "examples/parrot/parrot.yaml").await;
    let refused = refused.expect_err("a second Ingress with the same host and path").to_string();
    ensure!(refused.contains("is already defined in ingress"), "{refused}");
    Ok(())
}

async fn long_answers_go_through(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(1).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    let (at, host) = (ingress.http1(), pair.host.as_str());
    let sockets = Websockets::open(5, at, host).await?;

    let slow = ingress.get(host, "/slow?ms=300").await?;
    ensure!(slow.status == 200 && slow.version() == OLD, "{slow:?}");
    let upload = answer::post(at, host, "/", vec![b'x'; 200_000]).await?;
    ensure!(upload.body.trim_end().ends_with(" 200000"), "{upload:?}");
    let download = long::download(at, host, 10, Duration::from_millis(50)).await?;
    ensure!(download == OLD, "{download}");

    let (messages, cut) = sockets.close().await;
    ensure!(cut.is_empty() && messages >= 5, "{messages} answered, cut: {cut:?}");

    // A pod that is gone takes what is open with it, whenever it goes.
    let sockets = Websockets::open(5, at, host).await?;
    let download = long::download(at, host, 600, Duration::from_millis(100));
    let (cut_off, (_, cut), scaled) = tokio::join!(download, sockets.ended(), pair.scale("old", 0));
    scaled?;
    ensure!(cut.len() == 5 && cut_off.is_err(), "{} cut, {cut_off:?}", cut.len());
    Ok(())
}

async fn steady_load_loses_nothing(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let load = pair.load(&ingress, protocol, RATE).start();
        tokio::time::sleep(Duration::from_secs(4)).await;
        let summary = load.stop().await?;
        ensure!(summary.failed() == 0 && summary.reopened() == 0, "{protocol:?}: {summary}");
        let sent_for = summary.sent_for.saturating_sub(summary.late.most);
        let due = sent_for.as_secs_f64() * f64::from(RATE);
        ensure!(summary.samples.len() as f64 > 0.9 * due, "{protocol:?}: {summary}");
        ensure!(summary.samples.iter().all(|sample| sample.is_of(OLD)), "{protocol:?}: {summary}");
    }
    Ok(())
}

/// The proof that a failed request would be seen.
async fn plain_switch_loses_requests_and_keep_warm_does_not(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    let mut ways = [("new", NEW), ("old", OLD)].into_iter().cycle();
    let mut plain = Switches::default();
    while plain.failed == 0 && plain.made < SWITCHES {
        plain.make(&pair, &ingress, ways.next()).await?;
    }
    ensure!(plain.failed > 0, "no request failed: {plain:?}");
    ensure!(plain.failed == plain.unavailable, "they fail with 503: {plain:?}");

    pair.keep_warm(&ingress).await?;
    let mut warm = Switches::default();
    while warm.made < plain.made.max(3) {
        warm.make(&pair, &ingress, ways.next()).await?;
    }
    ensure!(warm.failed == 0, "{warm:?}");
    ensure!(warm.reloads == warm.made, "one reload a switch: {warm:?}");
    Ok(())
}

async fn putting_the_old_version_away_at_once_loses_requests(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    pair.keep_warm(&ingress).await?;
    let load = pair.load(&ingress, Protocol::Http1, RATE).start();
    tokio::time::sleep(APART).await;
    pair.switch("new").await?;
    pair.scale("old", 0).await?;
    ingress.serves(&pair.host, NEW).await?;
    let summary = load.stop().await?;
    ensure!(summary.count(|sample| sample.status() == Some(502)) > 0, "{summary}");
    let last = summary.samples.last();
    ensure!(last.is_some_and(|sample| sample.is_of(NEW)), "{last:?}");
    Ok(())
}

/// What switches, each under a load of its own, came to.
#[derive(Debug, Default)]
struct Switches {
    made: usize,
    failed: usize,
    unavailable: usize,
    reloads: usize,
    loads: Vec<String>,
}

impl Switches {
    async fn make(
        &mut self,
        pair: &Pair,
        ingress: &Ingress,
        way: Option<(&str, &str)>,
    ) -> Result<()> {
        let (service, version) = way.context("there is always a way")?;
        let reloads = ingress.reloads();
        let load = pair.load(ingress, Protocol::Http1, RATE).start();
        tokio::time::sleep(APART).await;
        pair.switch(service).await?;
        let switched = load.now();
        ingress.serves(&pair.host, version).await?;
        let summary = load.stop().await?;
        ensure!(summary.seen(version, switched).is_some(), "{summary}");
        self.made += 1;
        self.failed += summary.failed();
        self.unavailable += summary.count(|sample| sample.status() == Some(503));
        self.reloads += ingress.reloads() - reloads;
        self.loads.push(summary.to_string());
        Ok(())
    }
}
