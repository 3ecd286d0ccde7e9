//! What a cluster, a webhook or a file says is shown and not obeyed, whichever way it comes in.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use bluegreen::cli::Cli;
use bluegreen::commands::{Surroundings, run_in};
use bluegreen::drive::Interrupts;
use bluegreen::gate::{Courier, Failure, Outside};
use bluegreen::model::Kind;
use bluegreen::sandbox::{
    Call, Fault, Faults, Key, Life, Nodes, Sandbox, Scripts, Stage, resources,
};
use clap::Parser;
use kube::Client;
use reqwest::{Request, Response};
use serde_json::{Value, json};
use tower::service_fn;

use crate::acceptance::Field;

const NAMESPACE: &str = "blue-green";
/// Clears a screen, sets a title, erases a line, turns the reading direction, and hides.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}2K\u{9d}0;t\u{9c}\u{202e}\u{2066}\u{200b}";
const NEW: &str = "kmharish/parrot-app:v2.2";

/// What would pass for a line of ours.
const LINE: &str = "hint: curl";

/// Evil text that tells which way it came.
fn evil(way: &str) -> String {
    format!("{EVIL}\n{LINE} {way}")
}

struct Stand {
    sandbox: Sandbox,
    field: Field,
    faults: Faults,
    folder: tempfile::TempDir,
}

impl Stand {
    async fn with(nodes: Arc<dyn Nodes>) -> Result<Stand> {
        let sandbox = Sandbox::start(1, "2026-01-01T00:00:00Z".parse()?, nodes);
        let namespace = json!({"name": NAMESPACE});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": namespace});
        sandbox.store().add(namespace);
        let api = sandbox.api();
        let faults = api.faults().clone();
        let field = Field::with_parrot(Client::new(api, NAMESPACE), NAMESPACE).await?;
        field.exits(0, "init parrot").await?;
        Ok(Stand { sandbox, field, faults, folder: tempfile::tempdir()? })
    }

    async fn new() -> Result<Stand> {
        Stand::with(Arc::new(Scripts::default())).await
    }

    /// Runs a command line for people, and then for programs: both have to show all that came in.
    async fn shows(&self, code: u8, words: &[&str], ways: &[&str]) -> Result<()> {
        for output in ["human", "json"] {
            let said = self.said(code, &[words, &["-o", output]].concat()).await?;
            for way in ways {
                ensure!(said.contains(way), "{words:?} -o {output}: no {way} in {said}");
            }
        }
        Ok(())
    }

    async fn said(&self, code: u8, words: &[&str]) -> Result<String> {
        let said: Arc<Mutex<String>> = Arc::default();
        let heard = Arc::clone(&said);
        let around = Surroundings {
            client: Some(self.field.client.clone()),
            outside: nobody(),
            interrupts: Some(Interrupts::given().1),
            paper: Some(Arc::new(move |_, line: &str| {
                *heard.lock().expect("no holder panics") += &format!("{line}\n");
            })),
        };
        let words = [&["bluegreen"], words, &["-n", NAMESPACE]].concat();
        let ended = run_in(&Cli::parse_from(&words), &around).await;
        let said = said.lock().expect("no holder panics").clone();
        ensure!(ended == code, "{words:?}: exit {ended}, not {code}: {said}");
        is_shown(&said)?;
        Ok(said)
    }

    fn file(&self, name: &str, text: &Value) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        // As YAML takes it too.
        let escaped = |c: char| match c.is_ascii() {
            true => c.to_string(),
            false => format!("\\u{:04x}", u32::from(c)),
        };
        std::fs::write(&path, text.to_string().chars().map(escaped).collect::<String>())?;
        Ok(path)
    }

    /// Past everything that an API server would say to it.
    fn forge(&self, kind: Kind, name: &str, forge: impl FnOnce(&mut Value)) {
        let resource = resources::of_kind(kind.api_version(), &kind.to_string()).expect("a kind");
        let change = |old: &Value| {
            let mut new = old.clone();
            forge(&mut new);
            Ok(new)
        };
        let key = Key::new(resource, NAMESPACE, name);
        assert!(self.sandbox.store().edit(resource, &key, change).is_ok(), "there is no {name}");
    }

    fn forge_record(&self, forge: impl FnOnce(&mut Value)) {
        self.forge(Kind::ConfigMap, "bluegreen-parrot", |object| {
            let text = object["data"]["record"].as_str().unwrap_or_default();
            let mut record: Value = serde_json::from_str(text).expect("it is a record");
            forge(&mut record);
            object["data"]["record"] = record.to_string().into();
        });
    }
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
        stand.shows(4, &deploy, ways).await?;
        // The reason that stands in the record, for those who come later.
        stand.said(0, &["history", "parrot"]).await?;
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
        stand.shows(exit, &["history", "parrot"], &[]).await?;
        let said = stand.said(exit, &["status", "parrot"]).await?;
        ensure!(said.contains("a-status"), "{said}");
        stand.faults.clear();
    }
    stand.faults.on(|_| true, answer(200, evil("no-json").into_bytes()));
    stand.shows(9, &["history", "parrot"], &[]).await?;
    stand.faults.clear();
    // While a release goes on: an outage that lasts.
    let is_list = |call: &Call| call.path.contains("/pods") && !call.is_watch();
    stand.faults.on(is_list, answer(500, status.to_string().into_bytes()));
    let words = ["deploy", "parrot", "--image", NEW, "--yes", "--timeout", "5s"];
    stand.shows(9, &words, &["a-status"]).await
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
    stand.shows(0, &["status", "parrot"], &["a-host", "an-image"]).await?;
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
    let file = file.display().to_string();
    let deploy = ["deploy", "parrot", "-f", &file];
    stand.shows(0, &[&deploy[..], &["--dry-run=server"]].concat(), &["another-image"]).await?;
    let yes = ["--yes", "--drain", "1s", "--settle", "1s"];
    stand.shows(0, &[&deploy[..], &yes[..]].concat(), &["another-image"]).await?;
    stand.shows(0, &["history", "parrot"], &["another-image"]).await
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
    stand.shows(0, &["status", "parrot"], &["a-holder"]).await?;
    let (image, reason) = (format!("{EVIL}x"), evil("a-word"));
    let other = ["deploy", "parrot", "--image", &image, "--detach"];
    stand.shows(11, &other, &[]).await?;
    stand.forge_record(|record| record["driver"] = driver);
    let said = stand.said(0, &["abort", "parrot", "--reason", &reason]).await?;
    ensure!(said.contains("a-holder") && said.contains("a-word"), "{said}");
    stand.shows(0, &["history", "parrot"], &["a-word"]).await?;
    stand.forge_record(|record| record["history"][0]["by"] = evil("somebody").into());
    stand.shows(0, &["history", "parrot"], &["somebody"]).await?;
    stand.forge(Kind::ConfigMap, "bluegreen-parrot", |object| {
        object["data"]["record"] = evil("no-record").into();
    });
    stand.shows(1, &["status", "parrot"], &[]).await
}

#[tokio::test(start_paused = true)]
async fn what_a_webhook_and_a_file_say() -> Result<()> {
    let stand = Stand::new().await?;
    let hooks = json!([
        {"name": evil("a-webhook"), "url": "http://a.example.com/"},
        {"url": "http://b.example.com/"},
    ]);
    let settings = json!({"app": "parrot", "gate": {"webhooks": hooks, "threshold": 1}});
    let file = stand.file("settings.yaml", &settings)?.display().to_string();
    let deploy = ["deploy", "parrot", "--image", NEW, "-f"];
    let ways = ["a-webhook", "a-broken-gate"];
    stand.shows(3, &[&deploy[..], &[&file]].concat(), &ways).await?;
    let unknown = evil("a-key");
    let file = stand.file(&evil("a-file"), &json!({"app": "parrot", unknown: 1}))?;
    let file = file.display().to_string();
    stand.shows(2, &[&deploy[..], &[&file]].concat(), &["a-file"]).await
}
