//! What a release costs the API server, by its audit log. What it passes on to the app is counted apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use http::Request;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V1, V2};
use super::saved::{is_refreshing, measured, save, save_of};
use crate::bed::{AuditLine, Bed, SOON, wait_for};
use crate::results::{Measured, ReleaseRequests, Requests, Yes};
use crate::support::Webhook;

/// Of a release, whatever the number of pods, beside what not everybody may read.
const BEFORE_THE_FIRST_WRITE: usize = 20;
const OPTIONAL: &str = "get ingressclasses";
/// From its first write to its last.
const SINCE: usize = 24;
/// Whoever writes an object between a look at it and our write of it costs another look, and the write again.
const A_LOST_RACE: usize = 6;
/// The same between a look and a dry run.
const ANOTHER_LOOK: usize = 20;
/// Releases of which the delay of the switch is measured.
const TRIES: usize = 5;

pub fn trials() -> Vec<Trial> {
    crate::cases![a_release_is_few_requests, waiting_is_four_watches_and_a_write_a_poll]
}

pub fn long() -> Vec<Trial> {
    crate::cases![a_yes_is_a_look_and_a_patch]
}

async fn a_release_is_few_requests(bed: Arc<Bed>) -> Result<()> {
    let webhook = Webhook::start(200);
    let kinds = [(1, false), (1, true), (3, false), (3, true)];
    let releases = kinds.map(|(replicas, gate)| there_and_back(&bed, &webhook, replicas, gate));
    let releases: Vec<ReleaseRequests> =
        try_join_all(releases).await?.into_iter().flatten().collect();
    for release in &releases {
        let optional = release.before_first_write.get(OPTIONAL).copied().unwrap_or_default();
        let (before, since) = (release.before() - optional, release.since());
        ensure!(
            before <= BEFORE_THE_FIRST_WRITE + ANOTHER_LOOK,
            "{before} before the first write: {release:#?}"
        );
        ensure!(since <= SINCE + A_LOST_RACE, "{since} since the first write: {release:#?}");
    }
    for (replicas, later) in [(1, false), (1, true), (3, false), (3, true)] {
        let alike = releases.iter().filter(|it| (it.replicas, it.later) == (replicas, later));
        let before = alike.clone().map(|release| {
            let optional = release.before_first_write.get(OPTIONAL).copied().unwrap_or_default();
            release.before() - optional
        });
        let before = before.min().context("no such release")?;
        ensure!(
            before <= BEFORE_THE_FIRST_WRITE,
            "{before} before the first write, {replicas} replicas: {releases:#?}"
        );
        let fewest = alike.map(ReleaseRequests::since).min().context("no such release")?;
        ensure!(
            fewest <= SINCE,
            "{fewest} since the first write, {replicas} replicas: {releases:#?}"
        );
    }
    let requests = Requests { releases };
    // A request more may be somebody's bad luck; that none is less is not.
    if !is_refreshing() {
        let Measured::Requests(known) = measured("requests")? else {
            anyhow::bail!("docs/results/requests.json has no requests");
        };
        ensure!(
            requests.fewest() == known.fewest(),
            "README and docs/results are out of date: {requests:#?}"
        );
    }
    save_of("requests", "tests/cluster/run requests", Measured::Requests(requests))
}

/// The first release of an app, and the next, which finds a slot that has been live.
async fn there_and_back(
    bed: &Arc<Bed>,
    webhook: &Webhook,
    replicas: u64,
    gate: bool,
) -> Result<Vec<ReleaseRequests>> {
    let app = Parrot::applied(bed).await?;
    let scale = format!("--replicas={replicas}");
    bed.kubectl(&["scale", "deployment", "parrot", &scale, "-n", &app.ns]).await?;
    app.settled("parrot", replicas).await?;
    app.other().await?.ok(&["init", "parrot"]).await?;
    let url = webhook.url();
    let gate_args: &[&str] = if gate { &["--webhook", &url] } else { &["--yes"] };
    let mut releases = Vec::new();
    let mut seen = BTreeSet::new();
    for (image, slot) in [(V2, "parrot-green"), (V1, "parrot")] {
        let args = ["deploy", "parrot", "--image", image, "--drain", "1s", "--settle", "1s"];
        app.ok(&[&args[..], gate_args].concat()).await?;
        app.settled(slot, replicas).await?;
        // A watch has a line when it starts and one when it ends.
        let mut lines = bed.audit(&app.user.name).await?;
        lines.retain(|line| seen.insert(line.id.clone()));
        let agent = format!("bluegreen/{}", env!("CARGO_PKG_VERSION"));
        let strange = lines.iter().find(|line| line.user_agent != agent);
        ensure!(strange.is_none(), "{strange:?}");
        releases.push(counted(&lines, replicas, gate, slot == "parrot"));
    }
    Ok(releases)
}

fn counted(lines: &[AuditLine], replicas: u64, gate: bool, later: bool) -> ReleaseRequests {
    let first = lines.iter().position(writes).unwrap_or(lines.len());
    let count = |lines: &[AuditLine]| {
        let mut counts = BTreeMap::new();
        for line in lines.iter().filter(|line| !line.is_to_the_app()) {
            let tried = if line.request_uri.contains("dryRun=") { ", tried" } else { "" };
            let what = format!("{} {}{tried}", line.verb, asked_for(line));
            *counts.entry(what).or_default() += 1;
        }
        counts
    };
    let (before, since) = lines.split_at(first);
    let of_the_app = lines.iter().filter(|line| line.is_to_the_app()).count();
    let (before_first_write, from_it_on) = (count(before), count(since));
    ReleaseRequests { replicas, gate, later, before_first_write, from_it_on, of_the_app }
}

/// What has no resource has a path: which kinds there are, say.
fn asked_for(line: &AuditLine) -> &str {
    match line.resource.as_str() {
        "" => line.request_uri.split('?').next().unwrap_or_default(),
        resource => resource,
    }
}

/// What is only tried, or asked about one's rights, is none.
fn writes(line: &AuditLine) -> bool {
    !["get", "list", "watch"].contains(&&*line.verb)
        && !line.request_uri.contains("dryRun=")
        && !line.resource.starts_with("selfsubject")
}

/// How long a yes takes to reach the Ingress, and how long the same requests take by themselves.
async fn a_yes_is_a_look_and_a_patch(bed: Arc<Bed>) -> Result<()> {
    let webhook = Webhook::start(200);
    let app = Parrot::ready(&bed).await?;
    let url = webhook.url();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for n in 0..TRIES {
        // By the last no the candidate has settled: the switch waits for nothing else.
        webhook.queue([500; 7]);
        let (image, slot) = if n % 2 == 0 { (V2, "parrot-green") } else { (V1, "parrot") };
        let args = ["deploy", "parrot", "--image", image, "--drain", "1s", "--settle", "0s"];
        let gate = ["--webhook", &url, "--interval", "1s", "--threshold", "10"];
        app.ok(&[&args[..], &gate].concat()).await?;
        let yes = webhook.requests().pop().context("the gate was not asked")?.at;
        ours.push(switch_after(&bed.audit(&app.user.name).await?, yes)?);
        app.settled(slot, 1).await?;
        plain.push(look_and_patch(&bed, &app).await?);
    }
    let micros = |times: &[Duration]| times.iter().map(|time| time.as_micros() as u64).collect();
    let yes = Yes { ours_us: micros(&ours), look_and_patch_us: micros(&plain) };
    eprintln!("requests: a yes takes {:.2} times a look and a patch", yes.ratio());
    save("requests::a_yes_is_a_look_and_a_patch", Measured::Yes(yes))
}

/// The same lists at the same time, and one patch of the Ingress after them.
async fn look_and_patch(bed: &Bed, app: &Parrot) -> Result<Duration> {
    let ns = &app.ns;
    let lists = [
        format!("/apis/apps/v1/namespaces/{ns}/deployments"),
        format!("/api/v1/namespaces/{ns}/services"),
        format!(
            "/api/v1/namespaces/{ns}/configmaps?labelSelector=app.kubernetes.io/managed-by=bluegreen"
        ),
        format!("/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses"),
        format!("/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices"),
    ];
    let client = bed.kube();
    let began = Instant::now();
    let asked = lists.iter().map(async |list| {
        client.request::<Value>(Request::get(list.as_str()).body(Vec::new())?).await?;
        anyhow::Ok(())
    });
    try_join_all(asked).await?;
    let patch = json!([{ "op": "add", "path": "/metadata/annotations/measured", "value": Timestamp::now() }]);
    let request =
        Request::patch(format!("/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses/parrot"))
            .header("content-type", "application/json-patch+json")
            .body(serde_json::to_vec(&patch)?)?;
    client.request::<Value>(request).await?;
    Ok(began.elapsed())
}

/// From the gate's answer to the API server's acknowledgement of the Ingress patch.
fn switch_after(lines: &[AuditLine], yes: Instant) -> Result<Duration> {
    let is_switch =
        |line: &&AuditLine| line.resource == "ingresses" && line.verb == "patch" && writes(line);
    let switch = lines.iter().rev().find(is_switch);
    let switch = switch.context("the Ingress was not patched")?.completed;
    let yes = Timestamp::now() - SignedDuration::try_from(yes.elapsed())?;
    Ok(Duration::try_from(switch.duration_since(yes))?)
}

async fn waiting_is_four_watches_and_a_write_a_poll(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let _deploy = app.spawn(&[&args[..], &["--threshold", "1000"]].concat())?;
    webhook.wait_for_polls(2, SOON).await;
    let user = &app.user.name;
    let open = wait_for("all watches but four to end", SOON, async || {
        let lines = bed.audit_so_far(user).await?;
        let ended: BTreeSet<_> = complete(&lines).map(|line| &line.id).collect();
        let open = lines.iter().filter(|line| !ended.contains(&line.id));
        let open = open.filter(|line| !line.is_to_the_app());
        let mut open: Vec<_> = open.map(|line| line.request_uri.clone()).collect();
        open.sort();
        Ok(<[String; 4]>::try_from(open).ok())
    })
    .await?;
    let kinds = ["configmaps", "pods", "deployments", "endpointslices"];
    let is_open = |kind: &str| open.iter().any(|uri| uri.contains(&format!("/{kind}?watch=true")));
    ensure!(kinds.into_iter().all(is_open), "{open:?}");

    let (before, first) = (bed.audit_so_far(user).await?, webhook.requests().len());
    webhook.wait_for_polls(first + 5, SOON).await;
    let (after, last) = (bed.audit_so_far(user).await?, webhook.requests().len());
    let seen: BTreeSet<&str> = before.iter().map(|line| &*line.id).collect();
    let new = after.iter().filter(|line| !seen.contains(&*line.id));
    let (to_the_app, new): (Vec<_>, Vec<_>) = new.partition(|line| line.is_to_the_app());
    let write = |line: &AuditLine| line.verb == "patch" && line.name == "bluegreen-parrot";
    ensure!(new.iter().all(|line| write(line)), "more than writes of the record: {new:#?}");
    let (writes, polls) = (new.len(), last - first);
    eprintln!("requests: {writes} in {polls} polls, and {} to the app", to_the_app.len());
    // A poll or its write may be under way at either end.
    ensure!(writes.abs_diff(polls) <= 2, "{writes} writes in {polls} polls: {new:#?}");
    Ok(())
}

fn complete(lines: &[AuditLine]) -> impl Iterator<Item = &AuditLine> {
    lines.iter().filter(|line| line.stage == "ResponseComplete")
}
