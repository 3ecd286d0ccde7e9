//! The probe, through the real ingress controller: it says new when no old answer comes any more, and
//! not before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bluegreen::cluster::{Cluster, courier};
use bluegreen::gate::probe::{Prober, Targets};
use bluegreen::model::Colour;
use bluegreen::release::{Arrival, ENOUGH, Reach, Sight, Telling};
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
/// The Service of each colour.
const SERVICES: [(Colour, &str); 2] = [(Colour::Blue, "old"), (Colour::Green, "new")];

pub fn trials() -> Vec<Trial> {
    crate::cases![sees_new_when_no_old_answer_comes_any_more]
}

async fn sees_new_when_no_old_answer_comes_any_more(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = Pair::served(&bed, &ingress).await?;
    pair.keep_warm(&ingress).await?;
    for (to, before) in SWITCHES {
        let wanted = SERVICES.into_iter().find(|(_, service)| *service == to);
        let (wanted, _) = wanted.context("no such Service")?;
        let mut prober = prober(&bed, &pair, &ingress, wanted).await?;
        timeout(SOON, learnt(&mut prober)).await?;

        let load = pair.load(&ingress, Protocol::Http1, RATE).start();
        pair.switch(to).await?;
        let (switched, patched) = (Instant::now(), load.now());
        let sight = timeout(SOON, confirmed(&mut prober, wanted)).await?;
        let took = switched.elapsed();
        let confirmed = load.now();
        // An old answer that came after all would be among these, and the probe's own as well.
        let more = timeout(QUIET, prober.next(Some(wanted), Timestamp::now)).await;
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

async fn prober(bed: &Bed, pair: &Pair, ingress: &Ingress, candidate: Colour) -> Result<Prober> {
    let route = Api::<Route>::namespaced(bed.kube(), &pair.ns).get("app").await?;
    let route: Value = serde_json::to_value(route)?;
    let url = format!("http://{}", ingress.http1()).parse().map_err(anyhow::Error::msg)?;
    let choice = Probe::of(&[url]).map_err(anyhow::Error::msg)?;
    let services = ["old", "new"].map(str::to_owned);
    let found = Targets::find(&[bluegreen::route::Route::Ingress(&route)], &services, &choice);
    ensure!(found.targets.len() == 1, "{found:?}");
    let cluster = Cluster::over(bed.kube(), &pair.ns);
    let outside = bluegreen::gate::Outside::network();
    let direct = |_: &Value, colour| {
        let (_, service) = SERVICES.into_iter().find(|(of, _)| *of == colour).expect("one of two");
        let (service, pods) = (service.to_owned(), Vec::new());
        Ok(courier(&cluster, Reach { service, port: 80, tls: false, pods }))
    };
    Prober::new(candidate, &found, 2, &outside, direct).map_err(anyhow::Error::msg)
}

async fn learnt(prober: &mut Prober) {
    loop {
        let sight = prober.next(None, Timestamp::now).await;
        if sight
            .rules
            .iter()
            .all(|rule| rule.telling == Telling::Yes && rule.answered == Some(true))
        {
            return;
        }
    }
}

async fn confirmed(prober: &mut Prober, wanted: Colour) -> Sight {
    loop {
        let sight = prober.next(Some(wanted), Timestamp::now).await;
        if sight.arrival(wanted, &sight.answered(&[])) == (Arrival::Arrived { unseen: None }) {
            return sight;
        }
    }
}
