//! Versions that do not work.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::command::{answered, done};
use super::field::{Field, V1, V2};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    crashes,
    is_never_ready,
    has_no_image,
    lacks_what_it_is_configured_by,
    prepares_in_vain,
    then_a_good_one_goes_live,
    crashes_at_the_gate,
    is_shown_to_crash_while_it_waits,
    is_moved_at_the_gate,
    dies_while_it_is_confirmed,
    dies_while_it_bakes,
];

async fn comes_to_nothing(field: &Field, tag: &str, word: &str, patience: &str) -> Result<()> {
    let image = format!("kmharish/parrot-app:{tag}");
    let line = format!("deploy parrot --image {image} --yes --timeout {patience}");
    let said = field.exits(4, &line).await?;
    ensure!(said.err.contains(word), "{said:?}");
    let last = &field.history().await?[0];
    ensure!(last["outcome"] == "unhealthy", "{last:#}");
    field.is_untouched().await
}

async fn gives_as_reason(field: &Field, why: &str) -> Result<()> {
    let last = &field.history().await?[0];
    let reason = last["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains(why), "{last:#}");
    Ok(())
}

async fn crashes(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "crash", "exit code 1", "60s").await
}

async fn is_never_ready(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "never-ready", "in time", "4s").await
}

async fn has_no_image(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "pull-error", "ImagePull", "8s").await?;
    gives_as_reason(&field, "failed to resolve reference: not found").await
}

async fn lacks_what_it_is_configured_by(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "config-error", "CreateContainerConfigError", "8s").await?;
    gives_as_reason(&field, r#"configmap "parrot-settings" not found"#).await
}

/// Its init container crashes.
async fn prepares_in_vain(field: Field) -> Result<()> {
    let first = json!([{"name": "prepare", "image": "kmharish/prepare:v1"}]);
    let template = json!({"spec": {"template": {"spec": {"initContainers": first}}}});
    field.edit(Kind::Deployment, "parrot", template).await?;
    field.has_ready("parrot", 1).await?;
    field.initialised().await?;
    comes_to_nothing(&field, "init-crash", "container prepare", "60s").await
}

async fn then_a_good_one_goes_live(field: Field) -> Result<()> {
    field.initialised().await?;
    comes_to_nothing(&field, "crash", "exit code 1", "60s").await?;
    field.released(V2).await?;
    field.is_live("parrot-green", V2).await
}

/// The gate is asked once an hour: nothing but its pods tells.
async fn crashes_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let image = "kmharish/parrot-app:dies-told";
    let line = format!("deploy parrot --image {image} {GATE} --interval 1h --threshold 9");
    let deploy = field.command(&line).answers(&[500]);
    let die = async {
        field.status_in("waiting").await?;
        field.ends_pods("parrot-green").await
    };
    let (said, ()) = deploy.meanwhile(4, answered, die).await?;
    ensure!(said.err.contains("exit code 1"), "{said:?}");
    ensure!(said.has(|event| event["event"] == "logs"), "no last words: {said:?}");
    gives_as_reason(&field, "container parrot of pod parrot-green-").await?;
    ensure!(deploy.polls() == 1, "it was asked {} times", deploy.polls());
    field.is_untouched().await
}

/// Nobody drives it: whoever looks sees it, once and on.
async fn is_shown_to_crash_while_it_waits(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached("kmharish/parrot-app:dies-told").await?;
    let tells = |status: &Value| {
        let trouble = status["release"]["trouble"].as_str().unwrap_or_default();
        status["release"]["phase"] == "waiting" && trouble.contains("exit code 1")
    };
    let watch = field.command("status parrot -w");
    let die = async {
        field.ends_pods("parrot-green").await?;
        watch.comes(tells).await?;
        field
            .waits("status to tell of it", async |field| Ok(tells(&field.status().await?)))
            .await?;
        watch.interrupt(2);
        Ok(())
    };
    watch.meanwhile(0, |status| status["release"]["phase"] == "waiting", die).await?;
    field.exits(0, "abort parrot").await.map(drop)
}

/// Its pod is moved to another node: the gate is asked no more until it is ready again, and has lost
/// no count.
async fn is_moved_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let image = "kmharish/parrot-app:late";
    let line = format!("deploy parrot --image {image} {GATE} --interval 5s --threshold 4");
    let deploy = field.command(&line).answers(&[500, 500, 200]);
    let moved = async {
        field.status_in("waiting").await?;
        field.deletes_pods("parrot-green").await
    };
    let (said, ()) = deploy.meanwhile(0, answered, moved).await?;
    ensure!(said.has(done("mark-unready")), "nobody saw it: {said:?}");
    let mut counted = said.events.iter().filter(|event| done("count")(event));
    ensure!(counted.next_back().is_some_and(|event| event["failures"] == 2), "{said:?}");
    field.is_live("parrot-green", image).await
}

async fn dies_while_it_is_confirmed(field: Field) -> Result<()> {
    field.initialised().await?;
    // So long that it dies while both versions run.
    let line = "deploy parrot --image kmharish/parrot-app:dies-later --yes --settle 30s";
    let said = field.exits(4, line).await?;
    ensure!(said.has(done("switch")), "{said:?}");
    ensure!(said.err.contains("failed after the switch"), "{said:?}");
    is_switched_back(&field).await
}

async fn dies_while_it_bakes(field: Field) -> Result<()> {
    field.initialised().await?;
    let image = "kmharish/parrot-app:dies-told";
    let deploy = field.command(&format!("deploy parrot --image {image} --yes --bake 1h"));
    let die = async {
        field.status_in("baking").await?;
        field.ends_pods("parrot-green").await
    };
    let (said, ()) = deploy.meanwhile(4, done("mark-switched"), die).await?;
    ensure!(said.err.contains("failed after the switch"), "{said:?}");
    is_switched_back(&field).await
}

async fn is_switched_back(field: &Field) -> Result<()> {
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was not switched back");
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    let last = &field.history().await?[0];
    ensure!(last["outcome"] == "unhealthy" && last["kept"].is_null(), "{last:#}");
    field.is_live("parrot", V1).await
}
