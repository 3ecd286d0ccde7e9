//! What programs read. That every line is what the schema says is looked at wherever a command is
//! run; here is what the lines are as a whole.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V2};
use crate::bed::{Bed, SOON};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        commands_are_events_from_first_to_last,
        dry_run_is_events,
        refusals_are_events,
        what_fails_before_a_cluster_is_known_prints_nothing,
    ]
}

const DEPLOY: [&str; 6] = ["deploy", "parrot", "--image", V2, "-o", "json"];

/// Whether an event has these words.
fn is(event: &Value, words: &[(&str, &str)]) -> bool {
    words.iter().all(|(pointer, word)| {
        event.pointer(pointer).and_then(Value::as_str).is_some_and(|found| found == *word)
    })
}

/// All events of a command that ends with this code, of which the first and the last are these.
async fn events(
    app: &Parrot,
    code: i32,
    args: &[&str],
    first: &[(&str, &str)],
    last: &[(&str, &str)],
) -> Result<Vec<Value>> {
    let output = app.fails(code, args).await?;
    let all = output.events()?;
    let (head, tail) = (all.first().context("no lines")?, all.last().context("no lines")?);
    ensure!(is(head, first), "{args:?} begins with {head}");
    ensure!(is(tail, last), "{args:?} ends with {tail}");
    let ends = all.iter().filter(|event| event["event"] == "ended" || event["event"] == "failed");
    ensure!(ends.count() == 1, "{}", output.stdout);
    ensure!(all.iter().all(|event| event["app"] == "parrot"), "{}", output.stdout);
    if code == 0 {
        ensure!(output.stderr.is_empty(), "{}", output.stderr);
    }
    Ok(all)
}

/// The steps that were taken.
fn steps(events: &[Value]) -> Vec<&str> {
    let done = events.iter().filter(|event| event["event"] == "done");
    done.filter_map(|event| event["step"].as_str()).collect()
}

async fn commands_are_events_from_first_to_last(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let init = ["init", "parrot", "-o", "json"];
    let made = [("/event", "doing"), ("/step", "make-record")];
    let ready = [("/event", "ended"), ("/outcome/result", "initialised")];
    let all = events(&app, 0, &init, &made, &ready).await?;
    ensure!(all.iter().all(|event| event["release"].is_null()), "{all:#?}");
    let all = events(&app, 0, &init, &ready, &ready).await?;
    ensure!(all.len() == 1, "a second init does something: {all:#?}");

    // A release by a webhook that says yes at the third question.
    let webhook = Webhook::start(200);
    webhook.queue([500, 500]);
    let url = webhook.url();
    let gate = ["--webhook", &url, "--interval", "1s", "--drain", "1s", "--settle", "0s"];
    let start = [("/event", "doing"), ("/step", "start"), ("/to", "green")];
    let live =
        [("/event", "ended"), ("/outcome/result", "finished"), ("/outcome/outcome", "promoted")];
    let all = events(&app, 0, &[&DEPLOY[..], &gate].concat(), &start, &live).await?;
    let wanted = [
        "start",
        "make-candidate",
        "mark-ready",
        "count",
        "count",
        "switch",
        "follow-live",
        "mark-switched",
        "start-drain",
        "put-away",
        "finish",
    ];
    ensure!(steps(&all) == wanted, "{:?}", steps(&all));
    let answers: Vec<&Value> =
        all.iter().filter(|event| event["event"] == "gate-answered").collect();
    ensure!(answers.len() == 3 && answers[2]["answer"] == "pass", "{answers:#?}");
    let of_it = |event: &&Value| event["event"] != "doing" || event["step"] != "start";
    ensure!(all.iter().filter(of_it).all(|event| event["release"] == 1), "{all:#?}");

    // One that is detached, and aborted by another command.
    let v3 = ["deploy", "parrot", "--image", "kmharish/parrot-app:v3", "-ojson", "--detach"];
    let v3 = [&v3[..], &["--drain", "1s", "--settle", "0s"]].concat();
    let waits = [("/event", "ended"), ("/outcome/result", "detached")];
    // Until the controller has seen the slot put away, a deploy waits first.
    app.settled("parrot", 0).await?;
    events(&app, 0, &v3, &[("/event", "doing"), ("/step", "start")], &waits).await?;
    let abort = ["abort", "parrot", "--output=json", "--reason", "the beak is wrong"];
    let gone = [("/event", "ended"), ("/outcome/outcome", "aborted")];
    let all = events(&app, 0, &abort, &[("/event", "doing"), ("/step", "end")], &gone).await?;
    ensure!(steps(&all).ends_with(&["restore", "finish"]) || steps(&all).contains(&"destroy"));

    // One that is detached, and promoted.
    app.settled("parrot", 0).await?;
    events(&app, 0, &v3, &[("/event", "doing"), ("/step", "start")], &waits).await?;
    let promote = ["promote", "parrot", "--output", "json"];
    let first = [("/event", "doing"), ("/step", "approve")];
    events(&app, 0, &promote, &first, &live).await.map(drop)
}

async fn dry_run_is_events(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let dry = [&DEPLOY[..], &["--yes", "--dry-run=server"]].concat();
    let start = [("/event", "dry-run"), ("/step", "start"), ("/verb", "patch")];
    let rehearsed = [("/event", "ended"), ("/outcome/result", "rehearsed")];
    let all = events(&app, 0, &dry, &start, &rehearsed).await?;
    let (_, steps) = all.split_last().context("no lines")?;
    ensure!(steps.len() > 3, "{steps:#?}");
    for step in steps {
        ensure!(step["event"] == "dry-run" && step["release"] == 1, "{step}");
    }
    app.ok(&[&DEPLOY[..], &["--yes", "--drain", "0s", "--settle", "0s"]].concat()).await?;
    // What is live already ends as it would without --dry-run.
    let live = [("/event", "ended"), ("/outcome/result", "already-live")];
    let all = events(&app, 0, &dry, &live, &live).await?;
    ensure!(all.len() == 1, "{all:#?}");
    Ok(())
}

async fn refusals_are_events(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let yes = [&DEPLOY[..], &["--yes"]].concat();
    let unprepared = [("/event", "ended"), ("/outcome/result", "not-initialised")];
    events(&app, 10, &yes, &unprepared, &unprepared).await?;
    app.ok(&["init", "parrot"]).await?;
    let abort = ["abort", "parrot", "-o", "json"];
    let nothing = [("/event", "ended"), ("/outcome/result", "nothing-to-do")];
    events(&app, 11, &abort, &nothing, &nothing).await?;

    // While another deploy drives the release.
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let gate = ["--webhook", &url, "--interval", "1h"];
    let deploy = app.spawn(&[&DEPLOY[..], &gate].concat())?;
    webhook.wait_for_polls(1, SOON).await;
    let other = app.other().await?;
    let asked = [("/event", "doing"), ("/step", "challenge")];
    let busy = [("/event", "ended"), ("/outcome/result", "busy")];
    let all = events(&other, 6, &[&DEPLOY[..], &gate].concat(), &asked, &busy).await?;
    let driven = app.record().await?["driver"]["holder"].clone();
    ensure!(all.last().context("no lines")?["outcome"]["holder"] == driven, "{all:#?}");
    // Without rights the command can't go on: an event says so too.
    let user = bed.narrow_user(&app.ns, serde_json::json!([])).await?;
    let barred = Parrot { user, ..app.clone() };
    let failed = [("/event", "failed")];
    let all = events(&barred, 8, &abort, &failed, &failed).await?;
    ensure!(all[0]["exitCode"] == 8, "{all:#?}");
    other.ok(&abort).await?;
    deploy.wait().await?.expect_code(5).map(drop)
}

async fn what_fails_before_a_cluster_is_known_prints_nothing(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::empty(&bed).await?;
    for args in [&["promote", "-o", "json"][..], &["status", "-o", "json"], &["abort", "-ojson"]] {
        let output = app.fails(2, args).await?;
        ensure!(output.stdout.is_empty() && output.stderr.contains("error: "), "{output:?}");
    }
    Ok(())
}
