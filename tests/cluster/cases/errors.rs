//! Each kind of error as a person meets it, side by side in one file; and what it hints at, pasted
//! into a shell.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::{LocalBoxFuture, try_join_all};
use libtest_mimic::Trial;
use serde_json::json;
use tokio::process::Command;

use super::parrot::{Parrot, V2};
use crate::bed::command::{Output, Signal, binary};
use crate::bed::{Bed, SOON};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![every_kind_says_what_why_and_what_next]
}

/// What a command printed, and whose shell its hints belong into.
struct Told {
    when: &'static str,
    app: Parrot,
    output: Output,
    /// Words that differ from run to run, and what stands for them.
    varying: Vec<(String, &'static str)>,
}

impl Told {
    fn new(when: &'static str, code: i32, app: &Parrot, output: Output) -> Result<Told> {
        let output = output.expect_code(code).context(when)?;
        Ok(Told { when, app: app.clone(), output, varying: Vec::new() })
    }

    fn varying(mut self, word: impl Into<String>, name: &'static str) -> Told {
        self.varying.push((word.into(), name));
        self
    }

    /// Only the error: what led to it is progress.
    fn error(&self) -> Vec<&str> {
        let parts = ["error: ", "caused by: ", "hint: "];
        let lines = self.output.stderr.lines();
        lines.filter(|line| parts.iter().any(|part| line.starts_with(part))).collect()
    }

    fn shown(&self) -> String {
        let mut text = self.error().join("\n");
        for (word, name) in &self.varying {
            text = text.replace(word, name);
        }
        let text = text.replace(&self.app.ns, "birds").replace(&self.app.user.name, "USER");
        let code = self.output.code.unwrap_or_default();
        format!("== {} ({code})\n{text}\n\n", self.when)
    }

    /// The hints that are command lines: as a whole, so that they can be pasted.
    fn hinted(&self) -> Vec<&str> {
        let hints = self.error().into_iter().filter_map(|line| line.strip_prefix("hint: "));
        hints.filter(|hint| ["bluegreen ", "kubectl "].iter().any(|it| hint.contains(it))).collect()
    }

    /// Runs what is hinted at as a shell takes it. It may find that there is nothing to do, or that
    /// the trouble lasts, but it has to be a command that can be understood.
    async fn paste(&self) -> Result<()> {
        let folders = [binary().parent(), self.app.bed.kubectl.parent()];
        let folders: Vec<_> =
            folders.into_iter().flatten().map(|folder| folder.display().to_string()).collect();
        for line in self.hinted() {
            let output = Command::new("bash")
                .args(["-c", line])
                .env_clear()
                .env("HOME", &self.app.user.home)
                .env("KUBECONFIG", &self.app.user.kubeconfig)
                .env("PATH", format!("{}:/usr/bin:/bin", folders.join(":")))
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output()
                .await?;
            let stderr = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap_or(-1);
            let understood = match line.starts_with("kubectl ") {
                true => code < 2 && !stderr.contains("unknown") && !stderr.contains("--help"),
                false => ![-1, 1, 2, 127].contains(&code),
            };
            ensure!(understood, "{}: {line:?} ends with {code}: {stderr}", self.when);
        }
        Ok(())
    }
}

const DEPLOY: [&str; 4] = ["deploy", "parrot", "--image", V2];

async fn every_kind_says_what_why_and_what_next(bed: Arc<Bed>) -> Result<()> {
    let ready = Parrot::ready(&bed).await?;
    // Most of the time each waits for the cluster.
    let all: [LocalBoxFuture<Result<Told>>; 18] = [
        Box::pin(unexpected(&bed)),
        Box::pin(usage(&ready)),
        Box::pin(no_app(&bed)),
        Box::pin(rejected(&bed)),
        Box::pin(threshold(&bed)),
        Box::pin(unhealthy(&bed)),
        Box::pin(aborted(&bed)),
        Box::pin(busy(&bed)),
        Box::pin(taken_over(&bed)),
        Box::pin(changed(&bed)),
        Box::pin(not_permitted(&ready)),
        Box::pin(unreachable(&ready)),
        Box::pin(not_prepared(&bed)),
        Box::pin(unfit(&bed)),
        Box::pin(nothing_to_do(&ready)),
        Box::pin(in_the_way(&bed)),
        Box::pin(not_ready(&bed)),
        Box::pin(interrupted(&bed)),
    ];
    let all = try_join_all(all).await?;
    let text: String = all.iter().map(Told::shown).collect();
    for told in &all {
        ensure!(!told.error().is_empty(), "{}: {:?}", told.when, told.output);
        ensure!(told.output.stderr.contains("\nhint: "), "no hint: {:?}", told.output);
    }
    try_join_all(all.iter().map(Told::paste)).await?;
    match std::panic::catch_unwind(|| insta::assert_snapshot!("errors", text)) {
        Ok(()) => Ok(()),
        Err(_) => {
            bail!("the errors have changed: read the new snapshot, and take it if it is right")
        }
    }
}

async fn unexpected(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    let patch = r#"{"data": {"record": "{\"form\": 99}"}}"#;
    let args = ["patch", "configmap", "bluegreen-parrot", "--type=merge", "-p", patch];
    bed.kubectl(&[&args[..], &["-n", &app.ns]].concat()).await?;
    let output = app.run(&["status", "parrot"]).await?;
    Told::new("a record that can't be understood", 1, &app, output)
}

async fn usage(app: &Parrot) -> Result<Told> {
    Told::new("nothing says when it may go live", 2, app, app.run(&DEPLOY).await?)
}

async fn no_app(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::empty(bed).await?;
    let output = app.run(&["status"]).await?;
    Told::new("no app is named", 2, &app, output)
}

async fn rejected(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    let webhook = Webhook::start(410);
    let output = app.run(&[&DEPLOY[..], &["--webhook", &webhook.url()]].concat()).await?;
    Told::new("the gate rejects it", 3, &app, output)
}

async fn threshold(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let gate = ["--webhook", &url, "--interval", "1s", "--threshold", "2"];
    let output = app.run(&[&DEPLOY[..], &gate].concat()).await?;
    Told::new("the gate never says yes", 3, &app, output)
}

async fn unhealthy(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    let image = "kmharish/parrot-app:crash";
    let output = app.run(&["deploy", "parrot", "--image", image, "--yes"]).await?;
    let pod = output.stderr.split_whitespace().find(|word| word.starts_with("parrot-green-"));
    let pod = pod.context("no pod is named")?.trim_end_matches(':').to_owned();
    Ok(Told::new("the candidate crashes", 4, &app, output)?.varying(pod, "parrot-green-POD"))
}

/// A deploy that waits for somebody's yes.
async fn waiting(
    bed: &Arc<Bed>,
    webhook: &Webhook,
) -> Result<(Parrot, crate::bed::command::Running)> {
    let app = Parrot::ready(bed).await?;
    let url = webhook.url();
    let mut deploy = app
        .spawn(&[&DEPLOY[..], &["--webhook", &url, "--drain", "0s", "--settle", "0s"]].concat())?;
    deploy.says("has not approved it yet").await?;
    Ok((app, deploy))
}

/// Who drives or decides, as the record has it.
async fn people(app: &Parrot) -> Result<Vec<String>> {
    let record = app.record().await?;
    let last = &record["history"][0];
    let people = [&record["driver"]["holder"], &last["by"], &record["driver"]["since"]];
    Ok(people.into_iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
}

async fn aborted(bed: &Arc<Bed>) -> Result<Told> {
    let webhook = Webhook::start(500);
    let (app, deploy) = waiting(bed, &webhook).await?;
    app.other().await?.ok(&["abort", "parrot", "--reason", "the beak is wrong"]).await?;
    let output = deploy.wait().await?;
    let told = Told::new("somebody aborts it", 5, &app, output)?;
    let who = people(&app).await?.pop().context("nobody")?;
    Ok(told.varying(who, "jane@laptop (pid 7)"))
}

async fn busy(bed: &Arc<Bed>) -> Result<Told> {
    let webhook = Webhook::start(500);
    let (app, deploy) = waiting(bed, &webhook).await?;
    let output = app.other().await?.run(&[&DEPLOY[..], &["--yes"]].concat()).await?;
    let people = people(&app).await?;
    let [who, since] = &people[..] else { bail!("{people:?}") };
    let since = since.split('.').next().context("no instant")?.trim_end_matches('Z');
    let told = Told::new("another process is running it", 6, &app, output)?
        .varying(who, "joe@desk (pid 9)")
        .varying(since, "2026-01-02T03:04:05");
    deploy.kill().await?;
    Ok(told)
}

async fn taken_over(bed: &Arc<Bed>) -> Result<Told> {
    let webhook = Webhook::start(500);
    let (app, deploy) = waiting(bed, &webhook).await?;
    deploy.signal(Signal::STOP)?;
    let other = app.other().await?;
    let url = webhook.url();
    let takes = other.spawn(&[&DEPLOY[..], &["--webhook", &url]].concat())?;
    app.driven_by(&takes).await?;
    let who = people(&app).await?.into_iter().next().context("nobody")?;
    deploy.signal(Signal::CONT)?;
    let output = deploy.wait().await?;
    takes.kill().await?;
    Ok(Told::new("it was taken over meanwhile", 6, &app, output)?
        .varying(who, "jane@laptop (pid 7)"))
}

async fn changed(bed: &Arc<Bed>) -> Result<Told> {
    let webhook = Webhook::start(500);
    let (app, deploy) = waiting(bed, &webhook).await?;
    let selector = r#"{"spec": {"selector": {"app": "toucan"}}}"#;
    bed.kubectl(&["patch", "service", "parrot", "-p", selector, "-n", &app.ns]).await?;
    webhook.answer_with(200);
    let output = deploy.wait().await?;
    let service = app.get("services", "parrot").await?;
    let managers = service["metadata"]["managedFields"].as_array().context("no managers")?;
    let patched = managers.iter().find(|entry| entry["manager"] == "kubectl-patch");
    let when = patched.and_then(|entry| entry["time"].as_str()).context("no time of the patch")?;
    Ok(Told::new("somebody changes the live Service", 7, &app, output)?.varying(when, "DATE"))
}

async fn not_permitted(app: &Parrot) -> Result<Told> {
    let rules =
        json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"] }]);
    let reader = Parrot { user: app.bed.narrow_user(&app.ns, rules).await?, ..app.clone() };
    let output = reader.run(&[&DEPLOY[..], &["--yes"]].concat()).await?;
    Told::new("a right is missing", 8, &reader, output)
}

async fn unreachable(app: &Parrot) -> Result<Told> {
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let far = app.via(&format!("https://{closed}"))?;
    let output = far.run(&["status", "parrot"]).await?;
    Ok(Told::new("the cluster is away", 9, &far, output)?
        .varying(closed.to_string(), "10.0.0.1:6443"))
}

async fn not_prepared(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::applied(bed).await?;
    let output = app.run(&[&DEPLOY[..], &["--yes"]].concat()).await?;
    Told::new("init was forgotten", 10, &app, output)
}

async fn unfit(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::applied(bed).await?;
    bed.kubectl(&["delete", "ingress", "parrot", "-n", &app.ns]).await?;
    let output = app.run(&["init", "parrot"]).await?;
    Told::new("no Ingress leads to the app", 10, &app, output)
}

async fn nothing_to_do(app: &Parrot) -> Result<Told> {
    Told::new("there is nothing to promote", 11, app, app.run(&["promote", "parrot"]).await?)
}

async fn in_the_way(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    app.ok(&[&DEPLOY[..], &["--detach"]].concat()).await?;
    let output = app.run(&["deploy", "parrot", "--image", "parrot:v3", "--yes"]).await?;
    Told::new("another version is unfinished", 11, &app, output)
}

async fn not_ready(bed: &Arc<Bed>) -> Result<Told> {
    let app = Parrot::ready(bed).await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let image = "kmharish/parrot-app:never-ready";
    let args = ["deploy", "parrot", "--image", image, "--webhook", &url, "--timeout", "30s"];
    let mut deploy = app.spawn(&args)?;
    deploy.says("0 of 1 pod ready").await?;
    let output = app.other().await?.run(&["promote", "parrot"]).await?;
    deploy.kill().await?;
    Told::new("the candidate is not ready", 11, &app, output)
}

async fn interrupted(bed: &Arc<Bed>) -> Result<Told> {
    let webhook = Webhook::start(500);
    let (app, deploy) = waiting(bed, &webhook).await?;
    webhook.wait_for_polls(1, SOON).await;
    deploy.signal(Signal::INT)?;
    Told::new("Ctrl-C at the gate", 130, &app, deploy.wait().await?)
}
