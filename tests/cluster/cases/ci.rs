//! The examples for a CI, run as they stand there: the workflow's steps, the script's steps, and
//! what is to be set up before, by somebody who has the Role's rights and no other.

mod machine;
mod workflow;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::parrot::{Parrot, V1, V2};
use super::rights;
use crate::bed::{Bed, User};
use crate::support::Webhook;
use machine::{Machine, ROLE, here};
use workflow::{Run, parsed, words};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        workflow_promotes_after_a_yes,
        workflow_aborts_after_a_no,
        workflow_aborts_what_was_cancelled,
        workflow_leaves_a_deploy_that_failed,
        workflow_is_sound,
        script_promotes,
        script_aborts,
        webhook_takes_one_step,
        script_says_what_an_exit_code_means,
        script_says_how_it_is_used,
        role_is_what_check_prints,
        both_forms_of_settings_say_the_same,
    ]
}

const ROLES: &str = include_str!("../../../examples/ci/role.yaml");
const EKS: &str = include_str!("../../../examples/ci/eks.md");
const EXAMPLES: &str = include_str!("../../../examples/README.md");

/// The app, set up as `eks.md` says, and the user of the CI: one of the group in `role.yaml`.
async fn set_up(bed: &Arc<Bed>) -> Result<(Parrot, User)> {
    let app = Parrot::applied(bed).await?;
    let admin = Machine::furnished(&app, &bed.user()?, "admin")?;
    let [script] = &blocks(EKS)[..] else { anyhow::bail!("eks.md has other commands") };
    admin.run(&here(script, &app), &[env("AWS_ROLE_ARN", ROLE)]).await?.expect_code(0)?;
    // The bed's users come with their groups: the Role's group is theirs, in this namespace.
    let group = "name: parrot-release";
    ensure!(ROLES.contains(group));
    app.apply(&ROLES.replace(group, "name: bed:users")).await?;
    Ok((app, bed.powerless_user()?))
}

/// The commands of each block of a text, as a script.
fn blocks(text: &str) -> Vec<String> {
    let blocks = text.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap_or_default());
    blocks.map(|block| block.trim_start_matches("$ ").replace("\n$ ", "\n")).collect()
}

fn env(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

async fn workflow_promotes_after_a_yes(bed: Arc<Bed>) -> Result<()> {
    let (app, user) = set_up(&bed).await?;
    let mut run = Run::new(&app, &user, V2)?;
    let (result, said) = run.job("deploy").await?;
    ensure!(result == "success", "{said:#?}");
    ensure!(run.known("needs.deploy.outputs.release") == "1");
    let summary = run.known("summary");
    ensure!(summary.starts_with("```\n") && summary.contains(V2), "{summary}");
    // Nobody has said yes yet.
    ensure!(app.backend().await? == "parrot");
    let (result, said) = run.job("approve").await?;
    ensure!(result == "success", "{said:#?}");
    let (result, said) = run.job("decide").await?;
    ensure!(result == "success", "{said:#?}");
    ensure!(said.iter().any(|said| said.stdout.contains("release 1 is live")), "{said:#?}");
    app.is_released(V2).await?;

    // What is live already needs no approval.
    let later = app.other().await?;
    let mut again = Run::new(&later, &user, V2)?;
    let (result, said) = again.job("deploy").await?;
    ensure!(result == "success", "{said:#?}");
    for job in ["approve", "decide"] {
        let (result, _) = again.job(job).await?;
        ensure!(result == "skipped", "{job}: {result}");
    }
    Ok(())
}

async fn workflow_aborts_after_a_no(bed: Arc<Bed>) -> Result<()> {
    let (app, user) = set_up(&bed).await?;
    let mut run = Run::new(&app, &user, V2)?;
    let (result, said) = run.job("deploy").await?;
    ensure!(result == "success", "{said:#?}");
    run.ends("approve", "failure")?;
    let (result, said) = run.job("decide").await?;
    ensure!(result == "success", "{said:#?}");
    app.is_as_before().await?;
    let record = app.record().await?;
    let last = &record["history"][0];
    ensure!(last["outcome"] == "aborted" && last["reason"] == "not approved, run 42", "{last:#}");
    Ok(())
}

async fn workflow_aborts_what_was_cancelled(bed: Arc<Bed>) -> Result<()> {
    let (app, user) = set_up(&bed).await?;
    let mut run = Run::new(&app, &user, "parrot-app:never-ready")?;
    let (result, said) = run.cancel("deploy", "release=1").await?;
    ensure!(result == "cancelled", "{said:#?}");
    let (result, _) = run.job("approve").await?;
    ensure!(result == "skipped", "{result}");
    let (result, said) = run.job("decide").await?;
    ensure!(result == "success", "{said:#?}");
    app.is_as_before().await
}

async fn workflow_leaves_a_deploy_that_failed(bed: Arc<Bed>) -> Result<()> {
    let (app, user) = set_up(&bed).await?;
    let mut run = Run::new(&app, &user, "parrot-app:crash")?;
    let (result, said) = run.job("deploy").await?;
    let last = said.last().context("nothing was run")?;
    ensure!(result == "failure" && last.code == Some(4), "{said:#?}");
    for job in ["approve", "decide"] {
        let (result, _) = run.job(job).await?;
        ensure!(result == "skipped", "{job}: {result}");
    }
    app.is_as_before().await
}

/// What a run of it does not show.
async fn workflow_is_sound(_: Arc<Bed>) -> Result<()> {
    let workflow = parsed(workflow::FILE)?;
    // GitHub runs it with -e and -o pipefail then.
    ensure!(workflow["defaults"]["run"]["shell"] == "bash", "{}", workflow["defaults"]);
    ensure!(workflow["concurrency"]["cancel-in-progress"] == false);
    let jobs = &workflow["jobs"];
    let needs = |job: &str| words(&jobs[job]["needs"]);
    ensure!(needs("deploy").is_empty());
    ensure!(needs("approve") == ["deploy"] && needs("decide") == ["deploy", "approve"]);
    let names: Vec<&String> = jobs.as_object().context("no jobs")?.keys().collect();
    ensure!(names == ["approve", "decide", "deploy"], "{names:?}");
    ensure!(jobs["approve"]["environment"] == "production");
    let known = ["needs", "if", "runs-on", "environment", "outputs", "env", "steps"];
    only(jobs.as_object().into_iter().flat_map(|jobs| jobs.values()), &known)?;
    let mut steps = Vec::new();
    for job in jobs.as_object().into_iter().flat_map(|jobs| jobs.values()) {
        steps.extend(job["steps"].as_array().context("no steps")?);
    }
    // No shell of its own, and no error that is passed over.
    only(steps.iter().copied(), &["id", "if", "env", "run", "uses", "with"])?;
    for step in steps {
        let script = step["run"].as_str().unwrap_or_default();
        ensure!(!script.contains("${{"), "an expression's value would be run: {script}");
        for word in ["secret", "WEBHOOK", "TOKEN", "set +e", "|| true"] {
            ensure!(!script.contains(word), "{word} in {script}");
        }
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            let secret = value.as_str().unwrap_or_default().contains("secrets.");
            ensure!(name != "BLUEGREEN_WEBHOOK" || secret, "the address stands in the file");
        }
    }
    Ok(())
}

fn only<'a>(parts: impl Iterator<Item = &'a Value>, known: &[&str]) -> Result<()> {
    for part in parts {
        let keys = part.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        let other: Vec<&str> = keys.filter(|key| !known.contains(key)).collect();
        ensure!(other.is_empty(), "{other:?} in {part:#}");
    }
    Ok(())
}

/// What `examples/README.md` says one types: the deploy, after a yes, after a no, with a webhook.
fn typed() -> Result<[String; 4]> {
    let count = blocks(EXAMPLES).len();
    blocks(EXAMPLES).try_into().ok().with_context(|| format!("{count} blocks"))
}

/// The first step of the script, with a release that waits after it.
async fn deployed(bed: &Arc<Bed>, script: &str) -> Result<(Parrot, Machine)> {
    let (app, user) = set_up(bed).await?;
    let machine = Machine::furnished(&app, &user, "ci")?;
    machine.run(&here(script, &app), &[]).await?.expect_code(0)?;
    ensure!(fs::read_to_string(machine.checkout.join("release.env"))? == "release=1\n");
    app.status_in("waiting").await?;
    Ok((app, machine))
}

async fn script_promotes(bed: Arc<Bed>) -> Result<()> {
    let [deploy, promote, ..] = typed()?;
    let (app, machine) = deployed(&bed, &deploy).await?;
    let said = machine.run(&here(&promote, &app), &[]).await?.expect_code(0)?;
    ensure!(said.stdout.contains("release 1 is live"), "{said:#?}");
    app.is_released(V2).await?;
    // A step that is run again finds that it is done.
    machine.run(&here(&promote, &app), &[]).await?.expect_code(0)?;
    Ok(())
}

async fn script_aborts(bed: Arc<Bed>) -> Result<()> {
    let [deploy, _, abort, _] = typed()?;
    let (app, machine) = deployed(&bed, &deploy).await?;
    machine.run(&here(&abort, &app), &[]).await?.expect_code(0)?;
    app.is_as_before().await
}

async fn webhook_takes_one_step(bed: Arc<Bed>) -> Result<()> {
    let [.., script] = typed()?;
    let (app, user) = set_up(&bed).await?;
    let machine = Machine::furnished(&app, &user, "ci")?;
    let webhook = Webhook::start(200);
    let address = [env("BLUEGREEN_WEBHOOK", &webhook.url())];
    let said = machine.run(&here(&script, &app), &address).await?.expect_code(0)?;
    let shown = [said.stdout, said.stderr].concat();
    ensure!(!shown.contains(&webhook.url()), "{shown}");
    app.is_released(V2).await
}

async fn script_says_what_an_exit_code_means(bed: Arc<Bed>) -> Result<()> {
    let (app, user) = set_up(&bed).await?;
    let machine = Machine::furnished(&app, &user, "ci")?;
    let ends = async |code: i32, args: &str, means: &str| {
        let script = format!("examples/ci/release.sh {args}");
        let names = [env("APP", "parrot"), env("NAMESPACE", &app.ns)];
        let said = machine.run(&script, &names).await?;
        let said = said.expect_code(code).with_context(|| args.to_owned())?;
        let last = said.stderr.lines().last().unwrap_or_default().to_owned();
        ensure!(last.contains(means), "{args}: {said:#?}");
        anyhow::Ok(said.stdout)
    };
    let over = "this release is over; the previous version still serves all traffic";
    let late = "deploy --image parrot-app:never-ready --deadline 1s";
    ensure!(ends(3, late, over).await? == "release=1\n");
    ensure!(ends(4, "deploy --image parrot-app:crash", over).await? == "release=2\n");
    ends(11, "promote 2", "the app is not in a state for this step").await?;
    ends(11, "abort 2 late", "the app is not in a state for this step").await?;
    ends(2, "deploy", "fix that, then run this step again").await?;
    ensure!(ends(0, &format!("deploy --image {V1}"), "").await?.is_empty());

    let slow = ["deploy", "parrot", "--detach", "--image", "parrot-app:never-ready"];
    let mut other = app.spawn(&slow)?;
    other.says("0 of 1 pod ready").await?;
    let busy = "another process is running a release of this app";
    ensure!(ends(6, &format!("deploy --image {V2}"), busy).await?.is_empty());
    let abort = async || {
        app.status_in("starting").await?;
        app.other().await?.ok(&["abort", "parrot"]).await
    };
    abort().await?;
    other.wait().await?.expect_code(5)?;
    let (deploy, aborted) =
        tokio::join!(ends(5, "deploy --image parrot-app:never-ready", over), abort());
    aborted?;
    ensure!(deploy? == "release=4\n");

    ends(0, &format!("deploy --image {V2}"), "").await?;
    bed.kubectl(&["delete", "deployment", "parrot-green", "-n", &app.ns]).await?;
    ends(7, "promote 5", "check what was changed").await?;
    fs::write(machine.path(".kube/config"), nowhere())?;
    ends(9, "promote 5", "run this step again to continue it").await?;
    Ok(())
}

/// A kubeconfig whose API server does not answer.
fn nowhere() -> String {
    serde_json::json!({
        "current-context": "nowhere",
        "clusters": [{ "name": "nowhere", "cluster": { "server": "http://127.0.0.1:1" } }],
        "contexts": [{ "name": "nowhere", "context": { "cluster": "nowhere", "user": "" } }],
    })
    .to_string()
}

async fn script_says_how_it_is_used(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::empty(&bed).await?;
    let machine = Machine::furnished(&app, &app.user, "ci")?;
    let names = [env("APP", "parrot"), env("NAMESPACE", &app.ns)];
    for args in ["", "promote", "promote 1 2", "abort 1", "rollback 1", "deploy"] {
        let said = machine.run(&format!("examples/ci/release.sh {args}"), &names).await?;
        let said = said.expect_code(2).with_context(|| args.to_owned())?;
        let usage = said.stderr.contains("release.sh abort N REASON ");
        ensure!(usage || args == "deploy", "{args}: {said:#?}");
    }
    let said = machine.run("examples/ci/release.sh deploy", &[]).await?;
    ensure!(said.code == Some(1) && said.stderr.contains("APP: says which app"), "{said:#?}");
    ensure!(bed.audit(&app.user.name).await?.is_empty());
    Ok(())
}

/// `VERB RESOURCE (GROUP)` of everything that rules allow.
fn allowed(rules: &[Value]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for rule in rules {
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                let verbs = words(&rule["verbs"]).into_iter();
                all.extend(verbs.map(|verb| format!("{verb} {resource} ({group})")));
            }
        }
    }
    all
}

async fn role_is_what_check_prints(bed: Arc<Bed>) -> Result<()> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(ROLES)?;
    let role = allowed(documents[0]["rules"].as_array().context("no rules")?);
    let app = Parrot::empty(&bed).await?;
    let printed = allowed(&rights::rules(&app).await?);
    let differ: Vec<_> = role.symmetric_difference(&printed).collect();
    ensure!(differ.is_empty(), "only one of the two has {differ:?}");
    Ok(())
}

async fn both_forms_of_settings_say_the_same(bed: Arc<Bed>) -> Result<()> {
    let mut told = Vec::new();
    for file in ["canary.yaml", "bluegreen.yaml"] {
        let app = Parrot::applied(&bed).await?;
        let text =
            fs::read_to_string(format!("{}/examples/parrot/{file}", env!("CARGO_MANIFEST_DIR")))?;
        fs::write(app.user.home.join("settings.yaml"), text.replace("blue-green", &app.ns))?;
        app.ok(&["init", "-f", "settings.yaml"]).await?;
        let ports = app.get("services", "parrot").await?["spec"]["ports"].clone();
        told.push((app.record().await?["settings"].clone(), ports));
    }
    ensure!(told[0] == told[1], "{told:#?}");
    Ok(())
}
