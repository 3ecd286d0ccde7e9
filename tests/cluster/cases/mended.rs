//! What goes wrong around a release: rights, quotas, a cluster that is slow to say no, interrupts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use rustix::process::Signal;
use serde_json::json;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::support::{Action, Latch, Proxy, Reply, Seen, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        right_to_watch_that_is_missing_is_named,
        refused_watches_are_opened_less_and_less_often,
        first_contact_has_one_deadline,
        candidate_over_quota_ends_the_release,
        throttled_writes_are_given_up,
        plan_that_goes_in_a_circle_is_ended,
        interrupt_names_what_can_be_done,
        record_that_is_garbled_is_shown,
    ]
}

fn proxied(app: &Parrot) -> Result<(Proxy, Parrot)> {
    let proxy = Proxy::start(app.bed.server(), &std::fs::read(app.bed.ca())?);
    let via = app.via(&proxy.url())?;
    Ok((proxy, via))
}

/// A deploy that waits for its gate, which is asked every second.
fn gated(url: &str) -> Vec<&str> {
    let args = ["deploy", "parrot", "--image", V2, "--webhook", url, "--interval", "1s"];
    [&args[..], &["--threshold", "1000", "--drain", "0s", "--settle", "0s"]].concat()
}

async fn right_to_watch_that_is_missing_is_named(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let verbs = json!(["get", "list", "create", "patch", "delete"]);
    let rules = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": verbs }]);
    let user = bed.narrow_user(&app.ns, rules).await?;
    let blind = Parrot { user, ..app.clone() };
    let output = blind.fails(8, &["deploy", "parrot", "--image", V2, "--yes"]).await?;
    ensure!(output.stderr.contains("you are not allowed to watch configmaps"), "{output:?}");
    ensure!(output.stderr.contains("you are not allowed to watch endpointslices"), "{output:?}");
    app.is_as_before().await?;
    // No yes is written by whoever may not follow what it sets going.
    app.ok(&["deploy", "parrot", "--image", V2, "--detach"]).await?;
    let output = blind.fails(8, &["promote", "parrot"]).await?;
    ensure!(output.stderr.contains("you are not allowed to watch configmaps"), "{output:?}");
    let record = app.record().await?;
    ensure!(record["driver"].is_null() && record["release"]["approved"].is_null(), "{record:#}");
    app.ok(&["abort", "parrot"]).await.map(drop)
}

async fn refused_watches_are_opened_less_and_less_often(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, via) = proxied(&app)?;
    proxy.set(|seen| match seen.is_watch {
        true => Action::refuse(429, "TooManyRequests"),
        false => Action::Forward,
    });
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let mut deploy = via.spawn(&gated(&url))?;
    deploy.says("has not approved it yet").await?;
    proxy.forget();
    tokio::time::sleep(Duration::from_secs(6)).await;
    let requests = proxy.requests();
    let watches = requests.iter().filter(|seen| seen.is_watch).count();
    let reads = requests.iter().filter(|seen| !seen.is_watch && !seen.mutating).count();
    // Four watches, each of them opened again after 0.25, 0.5, 1, 2 s, and a look for whatever broke.
    ensure!((1..=24).contains(&watches), "{watches} watches");
    ensure!(reads <= 6 * watches, "{watches} watches, {reads} reads");
    webhook.answer_with(200);
    deploy.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}

async fn first_contact_has_one_deadline(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, via) = proxied(&app)?;
    let began = Instant::now();
    // Closed at first, then a hole: a last try that begins late must not get all the time again.
    proxy.set(move |_| match began.elapsed() < Duration::from_secs(6) {
        true => Action::Reset,
        false => Action::Freeze(Latch::new()),
    });
    let output = via.fails(9, &["init", "parrot"]).await?;
    ensure!(output.took < Duration::from_millis(17_500), "{output:?}");
    // Without a name the app is looked for first.
    let output = via.fails(9, &["status"]).await?;
    ensure!(output.took < Duration::from_millis(13_500), "{output:?}");
    Ok(())
}

async fn candidate_over_quota_ends_the_release(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, via) = proxied(&app)?;
    let quota = "deployments.apps \"parrot-green\" is forbidden: exceeded quota: few";
    let full = move |seen: &Seen, beforehand: bool| {
        let tries = seen.path.contains("dryRun");
        if seen.method != "POST" || !seen.path.contains("/deployments") || tries && !beforehand {
            return Action::Forward;
        }
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "reason": "Forbidden", "code": 403, "message": quota,
        });
        let reply = Reply::new(403).header("content-type", "application/json");
        Action::Reply(reply.body(body.to_string()))
    };
    let args = ["deploy", "parrot", "--image", V2, "--yes"];
    proxy.set(move |seen| full(seen, true));
    for args in [&[&args[..], &["--dry-run=server"]].concat(), &args[..]] {
        let output = via.fails(10, args).await?;
        ensure!(output.stderr.contains(quota), "{output:?}");
    }
    // It fills up when the release has begun.
    proxy.set(move |seen| full(seen, false));
    let output = via.fails(4, &args).await?;
    ensure!(output.stderr.contains(quota), "{output:?}");
    app.is_as_before().await
}

async fn throttled_writes_are_given_up(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, via) = proxied(&app)?;
    proxy.set(|seen| match seen.mutating {
        true => Action::refuse(429, "TooManyRequests"),
        false => Action::Forward,
    });
    let args = ["deploy", "parrot", "--image", V2, "--yes", "--timeout", "3s"];
    let output = via.spawn(&args)?.wait_at_most(Duration::from_secs(30)).await?.expect_code(9)?;
    ensure!(output.stderr.contains("too many requests"), "{output:?}");
    app.is_as_before().await
}

/// The API server says yes to a switch and leaves everything as it is.
async fn plan_that_goes_in_a_circle_is_ended(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, via) = proxied(&app)?;
    let mut unchanged = app.get("ingresses", "parrot").await?;
    // In a list it has none.
    unchanged["kind"] = json!("Ingress");
    proxy.set(move |seen| {
        if seen.method != "PATCH" || !seen.path.contains("/ingresses/parrot?") {
            return Action::Forward;
        }
        let reply = Reply::new(200).header("content-type", "application/json");
        Action::Reply(reply.body(unchanged.to_string()))
    });
    let args = ["deploy", "parrot", "--image", V2, "--yes"];
    let output = via.spawn(&args)?.wait_at_most(Duration::from_secs(30)).await?.expect_code(1)?;
    ensure!(output.stderr.contains("patch Ingress parrot changes nothing"), "{output:?}");
    let patches = proxy.requests().into_iter().filter(|seen| seen.path.contains("/ingresses/"));
    ensure!(patches.filter(|seen| seen.mutating).count() == 1, "{:#?}", proxy.requests());
    let record = app.record().await?;
    ensure!(record["driver"].is_null(), "{record:#}");
    app.ok(&["abort", "parrot"]).await.map(drop)
}

async fn interrupt_names_what_can_be_done(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let mut deploy = app.spawn(&gated(&url))?;
    deploy.says("has not approved it yet").await?;
    deploy.signal(Signal::INT)?;
    let output = deploy.wait().await?.expect_code(130)?;
    for verb in ["promote", "abort"] {
        let command = format!("bluegreen {verb} parrot -n {}", app.ns);
        ensure!(output.stderr.contains(&command), "no {command}: {output:?}");
    }
    app.ok(&["abort", "parrot"]).await?;

    // One that follows another driver ends alone.
    let args = ["deploy", "parrot", "--image", "parrot-app:never-ready", "--yes"];
    let driver = app.spawn(&args)?;
    app.driven_by(&driver).await?;
    app.status_in("starting").await?;
    let mut follower = app.spawn(&["promote", "parrot", "--when-ready"])?;
    follower.says("following the release; ").await?;
    follower.signal(Signal::INT)?;
    let output = follower.wait().await?.expect_code(130)?;
    let holder = app.record().await?["driver"]["holder"].clone();
    let holder = holder.as_str().context("nobody drives any more")?;
    let said = format!("{holder} continues the release");
    ensure!(output.stderr.contains(&said), "no {said:?}: {output:?}");
    ensure!(!output.stderr.contains("bluegreen promote"), "{output:?}");
    driver.signal(Signal::INT)?;
    driver.wait().await?.expect_code(130)?;
    app.ok(&["abort", "parrot"]).await.map(drop)
}

async fn record_that_is_garbled_is_shown(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let patch = r#"{"data": {"record": "{"}}"#;
    bed.kubectl(&["patch", "configmap", "bluegreen-parrot", "-n", &app.ns, "-p", patch]).await?;
    let hint = format!("kubectl get configmap bluegreen-parrot -o yaml -n {}", app.ns);
    let deploy = ["deploy", "parrot", "--image", V2, "--yes"];
    for args in [&["status", "parrot"][..], &[&deploy[..], &["--dry-run=server"]].concat(), &deploy]
    {
        let output = app.fails(1, args).await?;
        ensure!(output.stderr.contains(&hint), "no {hint:?}: {output:?}");
    }
    Ok(())
}
