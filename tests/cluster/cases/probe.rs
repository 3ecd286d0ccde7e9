//! The probe, through the real ingress controller: it says new when no old answer comes any more, and
//! not before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bluegreen::gate::probe::{Prober, Targets};
use bluegreen::release::{ENOUGH, Sight};
use bluegreen::settings::Probe;
use jiff::Timestamp;
use k8s_openapi::api::networking::v1::Ingress as Route;
use kube::Api;
use libtest_mimic::Trial;
use serde_json::Value;
use tokio::time::timeout;

use super::pair::{NEW, OLD, Pair};
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON};
use crate::load::Protocol;

const RATE: u32 = 1_000;
/// For so long the load goes on when the probe is sure.
const QUIET: Duration = Duration::from_secs(2);
/// There and back, twice: for each the version that was new is the old one.
const SWITCHES: [(&str, &str); 4] = [("new", OLD), ("old", NEW), ("new", OLD), ("old", NEW)];

pub fn trials() -> Vec<Trial> {
    crate::cases![sees_new_when_no_old_answer_comes_any_more]
}

async fn sees_new_when_no_old_answer_comes_any_more(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    pair.keep_warm(&ingress).await?;
    for (to, before) in SWITCHES {
        let mut prober = prober(&bed, &pair, &ingress).await?;
        let sight = timeout(SOON, prober.next(false, Timestamp::now)).await?;
        ensure!(matches!(sight, Sight::Old { .. }), "{sight:?}");

        let load = pair.load(&ingress, Protocol::Http1, RATE).start();
        pair.switch(to).await?;
        let (switched, patched) = (Instant::now(), load.now());
        let sight = timeout(SOON, confirmed(&mut prober)).await?;
        let took = switched.elapsed();
        let confirmed = load.now();
        // An old answer that came after all would be among these, and the probe's own as well.
        let more = timeout(QUIET, prober.next(true, Timestamp::now)).await;
        ensure!(more.is_err(), "{more:?}");
        let summary = load.stop().await?;

        ensure!(summary.failed() == 0, "{summary}");
        let (_, last) = summary.seen(before, patched).context("nothing old after the patch")?;
        let last_old = last - patched;
        eprintln!("probe: to {to}: last old answer after {last_old:?}, sure after {took:?}");
        ensure!(last < confirmed, "{sight:?} at {confirmed:?}, and an old answer at {last:?}");
        ensure!(took >= ENOUGH.unsigned_abs(), "{sight:?}");
    }
    Ok(())
}

async fn prober(bed: &Bed, pair: &Pair, ingress: &Ingress) -> Result<Prober> {
    let route = Api::<Route>::namespaced(bed.kube(), &pair.ns).get("app").await?;
    let route: Value = serde_json::to_value(route)?;
    let url = format!("http://{}", ingress.http1()).parse().map_err(anyhow::Error::msg)?;
    let choice = Probe::of(&[url]).map_err(anyhow::Error::msg)?;
    let services = ["old", "new"].map(str::to_owned);
    let found = Targets::find(&[&route], &services, &choice);
    ensure!(found.targets.len() == 1, "{found:?}");
    Prober::new(found, 2, &bluegreen::gate::Outside::network()).map_err(anyhow::Error::msg)
}

async fn confirmed(prober: &mut Prober) -> Sight {
    loop {
        let sight = prober.next(true, Timestamp::now).await;
        if sight.is_enough(Timestamp::now()) {
            return sight;
        }
    }
}
