//! What a cluster, a webhook or a file says is shown and not obeyed, whichever way it comes in.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bluegreen::gate::{Courier, Failure, Outside};
use bluegreen::model::Kind;
use bluegreen::sandbox::{Call, Fault, Life, Nodes, Stage};
use reqwest::{Request, Response};
use serde_json::{Value, json};
use tower::service_fn;

use crate::stand::Stand;

/// Clears a screen, sets a title, erases a line, turns the reading direction, and hides.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}2K\u{9d}0;t\u{9c}\u{202e}\u{2066}\u{200b}";
const NEW: &str = "kmharish/parrot-app:v2.2";

/// What would pass for a line of ours.
const LINE: &str = "hint: curl";

/// Evil text that tells which way it came.
fn evil(way: &str) -> String {
    format!("{EVIL}\n{LINE} {way}")
}

/// Runs a command line for people, and then for programs: both have to show all that came in.
async fn shows(stand: &Stand, code: u8, words: &[&str], ways: &[&str]) -> Result<()> {
    for output in ["human", "json"] {
        let said = said(stand, code, &[words, &["-o", output]].concat()).await?;
        for way in ways {
            ensure!(said.contains(way), "{words:?} -o {output}: no {way} in {said}");
        }
    }
    Ok(())
}

async fn said(stand: &Stand, code: u8, words: &[&str]) -> Result<String> {
    let said = stand.said(code, words).await?;
    is_shown(&said)?;
    Ok(said)
}

/// Whoever is asked outside of the cluster breaks the connection with a word.
fn nobody() -> Outside {
    Outside::given(Courier::new(service_fn(async |_: Request| {
        Err::<Response, _>(Failure::from(evil("a-broken-gate")))
    })))
}

/// No character of it does anything but end a line, and no line is another's.
fn is_shown(said: &str) -> Result<()> {
    let obeyed = |c: &char| (c.is_control() && *c != '\n') || EVIL.contains(*c) && !c.is_ascii();
    ensure!(!said.lines().any(|line| line.starts_with(LINE)), "{said}");
    match said.chars().find(obeyed) {
        Some(c) => anyhow::bail!("{c:?} is in {said:?}"),
        None => Ok(()),
    }
}

/// Candidates that don't start, or crash, with a word.
struct Machines(Stage);

impl Nodes for Machines {
    fn start(&self, pod: &Value) -> Life {
        let ready = Life::ready_after(Duration::from_secs(1));
        match pod["spec"]["containers"][0]["image"] == NEW {
            true => Life { stages: vec![(Duration::ZERO, self.0.clone())], ..ready },
            false => ready,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_kubelet_says() -> Result<()> {
    let waiting = Stage::Waiting { reason: "ErrImagePull".to_owned(), message: evil("a-message") };
    let deploy = ["deploy", "parrot", "--image", NEW, "--yes", "--timeout", "60s"];
    for (stage, ways) in [
        (waiting, &["a-message"][..]),
        (Stage::Crashed { restarts: 3, exit_code: 1, log: evil("a-log") }, &["a-log"]),
        (Stage::Unschedulable { message: evil("no-node") }, &["no-node"]),
    ] {
        let stand = Stand::with(Arc::new(Machines(stage))).await?;
        shows(&stand, 4, &deploy, ways).await?;
        // The reason that stands in the record, for those who come later.
        said(&stand, 0, &["history", "parrot"]).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_an_api_server_says() -> Result<()> {
    let stand = Stand::new().await?;
    let answer = |code: u16, body: Vec<u8>| Fault::Answered { code, headers: Vec::new(), body };
    let status = json!({"kind": "Status", "message": evil("a-status"), "reason": "Forbidden"});
    for (code, exit) in [(403, 8), (422, 1), (500, 9)] {
        stand.faults.on(|_| true, answer(code, status.to_string().into_bytes()));
        shows(&stand, exit, &["history", "parrot"], &[]).await?;
        let said = said(&stand, exit, &["status", "parrot"]).await?;
        ensure!(said.contains("a-status"), "{said}");
        stand.faults.clear();
    }
    stand.faults.on(|_| true, answer(200, evil("no-json").into_bytes()));
    shows(&stand, 9, &["history", "parrot"], &[]).await?;
    stand.faults.clear();
    // While a release goes on: an outage that lasts.
    let is_list = |call: &Call| call.path.contains("/pods") && !call.is_watch();
    stand.faults.on(is_list, answer(500, status.to_string().into_bytes()));
    let words = ["deploy", "parrot", "--image", NEW, "--yes", "--timeout", "5s"];
    shows(&stand, 9, &words, &["a-status"]).await
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_objects() -> Result<()> {
    let stand = Stand::new().await?;
    let host = |host: Value| {
        stand.forge(Kind::Ingress, "parrot", |object| object["spec"]["rules"][0]["host"] = host);
    };
    host(evil("a-host").into());
    stand.forge(Kind::Deployment, "parrot", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = evil("an-image").into();
    });
    shows(&stand, 0, &["status", "parrot"], &["a-host", "an-image"]).await?;
    host("parrot.example.com".into());
    let image = evil("another-image");
    let template = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "parrot"},
        "spec": {"template": {
            "metadata": {"labels": {"app": "parrot"}},
            "spec": {"containers": [{"name": "parrot", "image": image}]},
        }},
    });
    let file = stand.file("deployment.yaml", &template)?;
    let deploy = ["deploy", "parrot", "-f", &file];
    shows(&stand, 0, &[&deploy[..], &["--dry-run=server"]].concat(), &["another-image"]).await?;
    let yes = ["--yes", "--drain", "1s", "--settle", "1s"];
    shows(&stand, 0, &[&deploy[..], &yes[..]].concat(), &["another-image"]).await?;
    shows(&stand, 0, &["history", "parrot"], &["another-image"]).await
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_the_record() -> Result<()> {
    let stand = Stand::new().await?;
    stand.field.detached(NEW).await?;
    let driver = json!({
        "id": "other", "holder": evil("a-holder"), "since": "2026-01-01T00:00:00Z",
        "seen": "2026-01-01T00:00:00Z", "writes": 1,
    });
    stand.forge_record(|record| record["driver"] = driver.clone());
    shows(&stand, 0, &["status", "parrot"], &["a-holder"]).await?;
    let reason = evil("a-word");
    let other = ["deploy", "parrot", "--image", "another", "--detach"];
    shows(&stand, 11, &other, &[]).await?;
    stand.forge_record(|record| record["driver"] = driver);
    let said = said(&stand, 0, &["abort", "parrot", "--reason", &reason]).await?;
    ensure!(said.contains("a-holder") && said.contains("a-word"), "{said}");
    shows(&stand, 0, &["history", "parrot"], &["a-word"]).await?;
    stand.forge_record(|record| record["history"][0]["by"] = evil("somebody").into());
    shows(&stand, 0, &["history", "parrot"], &["somebody"]).await?;
    stand.forge(Kind::ConfigMap, "bluegreen-parrot", |object| {
        object["data"]["record"] = evil("no-record").into();
    });
    shows(&stand, 1, &["status", "parrot"], &[]).await
}

#[tokio::test(start_paused = true)]
async fn what_a_webhook_and_a_file_say() -> Result<()> {
    let mut stand = Stand::new().await?;
    stand.outside = nobody();
    let hooks = json!([
        {"name": evil("a-webhook"), "url": "http://a.example.com/"},
        {"url": "http://b.example.com/"},
    ]);
    let settings = json!({"app": "parrot", "gate": {"webhooks": hooks, "threshold": 1}});
    let file = stand.file("settings.yaml", &settings)?;
    let deploy = ["deploy", "parrot", "--image", NEW, "-f"];
    let ways = ["a-webhook", "a-broken-gate"];
    shows(&stand, 3, &[&deploy[..], &[&file]].concat(), &ways).await?;
    let unknown = evil("a-key");
    let file = stand.file(&evil("a-file"), &json!({"app": "parrot", unknown: 1}))?;
    shows(&stand, 2, &[&deploy[..], &[&file]].concat(), &["a-file"]).await
}
