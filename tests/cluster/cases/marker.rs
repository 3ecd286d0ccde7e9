//! A rule that is added to an Ingress after a switch is served only once the switch has arrived: on the real
//! controller, quiet, busy, and unable to reload its nginx.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::release::checks::rights;
use bluegreen::release::{ENOUGH_ANSWERS, Names};
use k8s_openapi::api::networking::v1::Ingress as Route;
use kube::Api;
use kube::api::{Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::pair::{NEW, OLD, Pair, route};
use super::parrot::{Parrot, V2};
use super::saved::is_refreshing;
use super::served::Served;
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::Protocol;

/// Requests a second, half of them on kept-alive connections.
const RATE: u32 = 1_000;
/// From one request for the rule to the next, as a release has it.
const PACE: Duration = Duration::from_millis(100);
const TRIES: usize = 6;
/// By then the controller has a sync to spare again.
const REST: Duration = Duration::from_millis(3_500);
/// For so long after a switch nginx can't be reloaded.
const BROKEN: Duration = Duration::from_secs(20);
/// Longer than the settle time, by far where it is written down.
fn broken_long() -> Duration {
    Duration::from_secs(if is_refreshing() { 45 } else { 15 })
}

const PATH: &str = "/new/80";

pub fn trials() -> Vec<Trial> {
    crate::cases![
        busy,
        a_release_of_alike_versions_is_confirmed_by_it,
        a_release_waits_for_it_as_long_as_nginx_can_not_be_reloaded
    ]
}

pub fn long() -> Vec<Trial> {
    crate::cases![quiet, broken]
}

async fn quiet(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = prepared(&bed, &ingress).await?;
    for nth in 0..TRIES {
        is_served_last(&pair, &ingress, nth, None).await?;
    }
    Ok(())
}

async fn busy(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = prepared(&bed, &ingress).await?;
    let other = Pair::served(&bed, &ingress).await?.changing();
    for nth in 0..TRIES {
        is_served_last(&pair, &ingress, nth, None).await?;
    }
    drop(other);
    Ok(())
}

async fn broken(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let pair = prepared(&bed, &ingress).await?;
    for nth in 0..2 {
        is_served_last(&pair, &ingress, nth, Some(BROKEN)).await?;
    }
    Ok(())
}

async fn prepared(bed: &Arc<Bed>, ingress: &Ingress) -> Result<Pair> {
    let pair = Pair::served(bed, ingress).await?;
    pair.keep_warm(ingress).await?;
    Ok(pair)
}

/// The second Ingress, which lets nobody in, with a rule for this host.
async fn mark(pair: &Pair, host: Option<&str>) -> Result<()> {
    let mut warm = route("warm", &format!("warm.{}", pair.host), &["old", "new"]);
    warm["metadata"]["annotations"] =
        json!({"nginx.ingress.kubernetes.io/whitelist-source-range": "0.0.0.0/32"});
    if let Some(host) = host {
        let backend = json!({"service": {"name": "new", "port": {"number": 80}}});
        let path = json!({"path": PATH, "pathType": "Exact", "backend": backend});
        let rules = warm["spec"]["rules"].as_array_mut().context("it has no rules")?;
        rules.push(json!({"host": host, "http": {"paths": [path]}}));
    }
    let api = Api::<Route>::namespaced(pair.bed.kube(), &pair.ns);
    api.patch("warm", &PatchParams::default(), &Patch::Merge(warm)).await?;
    Ok(())
}

/// Once it has been served so often in a row that a release is confirmed by it, no old answer comes any more.
async fn is_served_last(
    pair: &Pair,
    ingress: &Ingress,
    nth: usize,
    broken: Option<Duration>,
) -> Result<()> {
    let (to, before) = if nth.is_multiple_of(2) { ("new", OLD) } else { ("old", NEW) };
    mark(pair, None).await?;
    // The syncs are not in step with the switches.
    sleep(REST + Duration::from_millis(377) * u32::try_from(nth)?).await;
    let (host, unknown) =
        (format!("r{nth}.{}.invalid", pair.ns), format!("r{nth}.nobodys.invalid"));
    for host in [&host, &unknown] {
        let answer = ingress.get(host, PATH).await?;
        ensure!(answer.status == 404, "{host} is known: {answer:?}");
    }
    let load = pair.load(ingress, Protocol::Http1, RATE).start();
    let mut refused = broken.map(|_| ingress.refuse_reloads()).transpose()?;
    let failed = ingress.failed_reloads();
    pair.switch(to).await?;
    let (switched, patched) = (Instant::now(), load.now());
    mark(pair, Some(&host)).await?;
    let mut in_a_row = 0;
    while in_a_row < ENOUGH_ANSWERS {
        ensure!(switched.elapsed() < SOON, "{host} is never served");
        if broken.is_none_or(|broken| switched.elapsed() > broken) {
            refused = None;
        }
        let (marker, nobodys) = tokio::join!(ingress.get(&host, PATH), ingress.get(&unknown, PATH));
        ensure!(nobodys?.status == 404, "{unknown} is known");
        in_a_row = match marker?.status {
            403 => in_a_row + 1,
            404 => 0,
            status => anyhow::bail!("{host}: {status}"),
        };
        ensure!(in_a_row == 0 || refused.is_none(), "it is served without a reload");
        sleep(PACE).await;
    }
    let sure = load.now();
    sleep(Duration::from_secs(2)).await;
    let summary = load.stop().await?;
    let (_, last) = summary.seen(before, patched).context("nothing old after the patch")?;
    let failed = ingress.failed_reloads() - failed;
    eprintln!(
        "marker: to {to}: last old answer after {:?}, sure after {:?}, {failed} failed reloads",
        last - patched,
        sure - patched
    );
    ensure!(last < sure, "an old answer came at {last:?}, and it was sure at {sure:?}");
    ensure!((failed > 0) == broken.is_some(), "{failed} reloads failed");
    Ok(())
}

/// Nobody may ask the versions themselves, so that nothing tells them apart.
async fn untold(bed: &Arc<Bed>, ingress: &Ingress) -> Result<Served> {
    let Served { app, host } = Served::behind(bed, ingress, 1).await?;
    let role = rights::role(&Names::new(&app.ns, "parrot"));
    let role: Value = serde_saphyr::from_str(&role)?;
    let user = bed.narrow_user(&app.ns, role["rules"].clone()).await?;
    Ok(Served { app: Parrot { user, ..app }, host })
}

/// What nginx does not know before it can't be reloaded, nobody can tell from the marker.
async fn knows_ours(served: &Served, ingress: &Ingress) -> Result<()> {
    let ours = served.app.get("ingresses", "parrot-preview").await?;
    let rule = &ours["spec"]["rules"][0];
    let host = rule["host"].as_str().context("our Ingress has no host")?;
    let paths = rule["http"]["paths"].as_array().context("it has no paths")?;
    let paths: Vec<&str> = paths.iter().filter_map(|path| path["path"].as_str()).collect();
    wait_for("our Ingress to be served", SOON, async || {
        for path in &paths {
            if ingress.get(host, path).await?.status == 403 {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
    .await
}

async fn released(served: &Served, ingress: &Ingress, broken: Option<Duration>) -> Result<()> {
    knows_ours(served, ingress).await?;
    let load = served.load(ingress, Protocol::Http1, RATE / 2).start();
    let refused = broken.map(|_| ingress.refuse_reloads()).transpose()?;
    let probe = format!("http://{}", ingress.http1());
    let line = [
        "deploy", "parrot", "--image", V2, "--yes", "--drain", "1s", "--probe", &probe, "-o",
        "json",
    ];
    let mut deploy = served.app.spawn(&line)?;
    deploy.says(r#""event":"done","step":"mark""#).await?;
    if let Some(broken) = broken {
        sleep(broken).await;
        ensure!(
            !deploy.stdout().contains(r#""confirmed""#),
            "it did not wait: {}",
            deploy.stdout()
        );
    }
    drop(refused);
    let output = deploy.wait().await?.expect_code(0)?;
    let events = output.events()?;
    let finished = &events.last().context("nothing was said")?["outcome"];
    ensure!(finished["confirmed"] == "marker", "{finished:#}");
    let ours = served.app.get("ingresses", "parrot-preview").await?;
    ensure!(ours["spec"]["rules"].as_array().map(Vec::len) == Some(1), "it is left: {ours:#}");
    let summary = load.stop().await?;
    eprintln!("marker: {}: {summary}", finished["arrived"]);
    ensure!(summary.failed() == 0, "{summary}");
    ensure!(summary.samples.last().is_some_and(|sample| sample.is_of(NEW)), "{summary}");
    Ok(())
}

async fn a_release_of_alike_versions_is_confirmed_by_it(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = untold(&bed, &ingress).await?;
    released(&served, &ingress, None).await
}

async fn a_release_waits_for_it_as_long_as_nginx_can_not_be_reloaded(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let served = untold(&bed, &ingress).await?;
    released(&served, &ingress, Some(broken_long())).await
}
