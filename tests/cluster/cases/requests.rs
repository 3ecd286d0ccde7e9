//! What a release costs the API server, by its audit log. What it passes on to the app is counted apart.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::Timestamp;
use libtest_mimic::Trial;

use super::parrot::{Parrot, V2};
use crate::bed::{AuditLine, Bed, SOON, wait_for};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![a_release_is_few_requests, waiting_is_two_watches_and_a_write_a_poll]
}

/// Of a whole release, whatever the number of pods: a dozen of them tell beforehand whether it may be.
const AT_MOST: usize = 56;

async fn a_release_is_few_requests(bed: Arc<Bed>) -> Result<()> {
    let webhook = Webhook::start(200);
    for replicas in [1, 3] {
        for gate in ["--yes", "--webhook"] {
            let app = Parrot::applied(&bed).await?;
            let scale = format!("--replicas={replicas}");
            bed.kubectl(&["scale", "deployment", "parrot", &scale, "-n", &app.ns]).await?;
            app.settled("parrot", replicas).await?;
            app.other().await?.ok(&["init", "parrot"]).await?;
            let url = webhook.url();
            let args = ["deploy", "parrot", "--image", V2, "--drain", "1s", "--settle", "0s", gate];
            // By the second answer the candidate has settled: the switch waits for nothing else.
            webhook.queue([500]);
            let polls = [&url, "--interval", "8s"];
            let url: &[&str] = if gate == "--webhook" { &polls } else { &[] };
            let output = app.ok(&[&args[..], url].concat()).await?;
            app.settled("parrot-green", replicas).await?;

            // A watch has a line when it starts and one when it ends.
            let mut lines = bed.audit(&app.user.name).await?;
            let to_the_app: Vec<_> = lines.extract_if(.., |line| line.is_to_the_app()).collect();
            let count = |lines: &[AuditLine]| {
                lines.iter().map(|line| &*line.id).collect::<BTreeSet<&str>>().len()
            };
            let (n, asked, took) = (count(&lines), count(&to_the_app), output.took.as_secs_f32());
            eprintln!(
                "requests: {n} for {replicas} replicas with {gate}, {took:.1} s, and {asked} to the app"
            );
            eprintln!("{}", told(&lines));
            let shown: Vec<_> = lines.iter().map(|l| (&l.verb, &l.request_uri)).collect();
            ensure!(n <= AT_MOST, "{n} requests: {shown:#?}");
            let agent = format!("bluegreen/{}", env!("CARGO_PKG_VERSION"));
            let strange = lines.iter().find(|line| line.user_agent != agent);
            ensure!(strange.is_none(), "{strange:?}");
            if gate == "--webhook" {
                let yes = webhook.requests().pop().context("the gate was not asked")?.at;
                let delay = switch_after(&lines, yes)?;
                eprintln!("requests: the Ingress is switched {delay:?} after the gate's yes");
            }
        }
    }
    Ok(())
}

/// A line a request, in their order; the first write and what follows stand apart.
fn told(lines: &[AuditLine]) -> String {
    let mut seen = BTreeSet::new();
    let (mut text, mut n, mut wrote) = (String::new(), 0, false);
    for line in lines.iter().filter(|line| seen.insert(&line.id)) {
        let writes = !["get", "list", "watch"].contains(&&*line.verb)
            && !line.request_uri.contains("dryRun=")
            && !line.resource.starts_with("selfsubject");
        if writes && !wrote {
            text += &format!("-- {n} before the first write\n");
            (n, wrote) = (0, true);
        }
        n += 1;
        text += &format!("{} {}\n", line.verb, line.request_uri);
    }
    text + &format!("-- {n} since\n")
}

/// From the gate's answer to the API server's acknowledgement of the Ingress patch.
fn switch_after(lines: &[AuditLine], yes: Instant) -> Result<Duration> {
    let is_switch = |line: &&AuditLine| {
        let tried = line.request_uri.contains("dryRun");
        line.resource == "ingresses" && line.verb == "patch" && !tried
    };
    let switch = lines.iter().find(is_switch);
    let switch = switch.context("the Ingress was not patched")?.completed;
    let now = Timestamp::now();
    let yes = now - k8s_openapi::jiff::SignedDuration::try_from(yes.elapsed())?;
    let delay = switch.duration_since(yes);
    // It is the very next thing: what takes longer waits for something.
    ensure!(delay.as_secs() < 5, "the switch came {delay:?} after the gate's yes");
    Ok(Duration::try_from(delay)?)
}

async fn waiting_is_two_watches_and_a_write_a_poll(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let _deploy = app.spawn(&[&args[..], &["--threshold", "1000"]].concat())?;
    webhook.wait_for_polls(2, SOON).await;
    let user = &app.user.name;
    let open = wait_for("all watches but two to end", SOON, async || {
        let lines = bed.audit(user).await?;
        let ended: BTreeSet<_> = complete(&lines).map(|line| &line.id).collect();
        let open = lines.iter().filter(|line| !ended.contains(&line.id));
        let open = open.filter(|line| !line.is_to_the_app());
        let mut open: Vec<_> = open.map(|line| line.request_uri.clone()).collect();
        open.sort();
        Ok(<[String; 2]>::try_from(open).ok())
    })
    .await?;
    let of = |open: &str, kind: &str| open.contains(&format!("/{kind}?watch=true"));
    ensure!(of(&open[0], "configmaps") && of(&open[1], "pods"), "{open:?}");

    let (before, first) = (bed.audit(user).await?, webhook.requests().len());
    webhook.wait_for_polls(first + 5, SOON).await;
    let (after, last) = (bed.audit(user).await?, webhook.requests().len());
    let seen: BTreeSet<&str> = before.iter().map(|line| &*line.id).collect();
    let new = after.iter().filter(|line| !seen.contains(&*line.id));
    let (to_the_app, new): (Vec<_>, Vec<_>) = new.partition(|line| line.is_to_the_app());
    let write = |line: &AuditLine| line.verb == "patch" && line.name == "bluegreen-parrot";
    ensure!(new.iter().all(|line| write(line)), "more than writes of the record: {new:#?}");
    let (writes, polls) = (new.len(), last - first);
    eprintln!("requests: {writes} in {polls} polls, and {} to the app", to_the_app.len());
    // A poll or its write may be under way at either end.
    ensure!(writes.abs_diff(polls) <= 1, "{writes} writes in {polls} polls: {new:#?}");
    Ok(())
}

fn complete(lines: &[AuditLine]) -> impl Iterator<Item = &AuditLine> {
    lines.iter().filter(|line| line.stage == "ResponseComplete")
}
