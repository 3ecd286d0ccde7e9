//! Hints that can be followed: out of an outage, in the middle of a release, and where something of the
//! user's own does not reach the live version.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::field::{Field, V1, V2, V3, backend};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    a_manifest_that_leads_to_nobody_is_rolled_back_from,
    who_is_led_apart_is_told_the_command,
    a_version_that_is_not_gone_back_to_is_not_named,
    what_init_made_comes_before_a_yes,
    a_right_that_is_lost_at_the_gate_leaves_a_candidate_that_waits,
    an_autoscaler_that_changes_while_green_is_live,
    a_budget_that_changes_while_green_is_live,
    a_size_that_is_given_while_green_is_live,
];

/// Whether `status` names this command for people, and what it gives programs.
async fn next(field: &Field) -> Result<(Value, String)> {
    let shown = field.exits(0, "status parrot -o human").await?.out;
    Ok((field.status().await?, shown))
}

/// A manifest with a Service, applied again: blue has no size in it.
async fn applied_again(field: &Field) -> Result<()> {
    let selector = json!({"spec": {"selector": {"app": "parrot"}}});
    field.edit(Kind::Service, "parrot", selector).await?;
    let rule = json!({"host": "parrot.example.com", "http": {"paths": [backend("parrot")]}});
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": [rule]}})).await.map(drop)
}

async fn a_manifest_that_leads_to_nobody_is_rolled_back_from(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.scaled("parrot-green", 2).await?;
    applied_again(&field).await?;
    let (status, shown) = next(&field).await?;
    ensure!(status["healthy"] == false && status["live"]["replicas"] == 0, "{status:#}");
    ensure!(status["next"] == json!(["deploy", "rollback"]), "{status:#}");
    ensure!(shown.contains("back       bluegreen rollback parrot"), "{shown}");
    let said = field.exits(0, "rollback parrot").await?;
    ensure!(!said.has(|event| event["step"] == "resize"), "{said:#?}");
    field.has_ready("parrot-green", 2).await?;
    ensure!(field.routed().await? == V2, "nobody is served");
    let status = field.status().await?;
    ensure!(status["healthy"] == true, "{status:#}");
    // And back again, as after any release.
    field.exits(0, "rollback parrot").await?;
    ensure!(field.routed().await? == V1, "the version before is not live");
    Ok(())
}

async fn who_is_led_apart_is_told_the_command(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let selector = json!({"spec": {"selector": {"app": "parrot"}}});
    field.edit(Kind::Service, "parrot", selector).await?;
    let (status, shown) = next(&field).await?;
    ensure!(status["next"] == json!([]), "{status:#}");
    let mend = status["mend"].as_str().context("no command mends it")?;
    ensure!(mend.starts_with("kubectl patch service parrot -n "), "{mend}");
    ensure!(shown.contains(mend) && !shown.contains("bluegreen deploy"), "{shown}");
    let (_, patch) = mend.split_once("-p '").context("no patch")?;
    let patch = serde_json::from_str(patch.trim_end_matches('\''))?;
    field.edit(Kind::Service, "parrot", patch).await?;
    let status = field.status().await?;
    ensure!(status["healthy"] == true && status["mend"].is_null(), "{status:#}");
    field.released(V3).await
}

async fn a_version_that_is_not_gone_back_to_is_not_named(field: Field) -> Result<()> {
    field.initialised().await?;
    let edited = json!({"spec": {"template": {"metadata": {"annotations": {"edited": "yes"}}}}});
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes --drain 10s -o human"));
    let switched = async |field: &Field| Ok(field.backend("parrot").await? == "parrot-green");
    let edits = async {
        field.waits("the switch", switched).await?;
        field.edit(Kind::Deployment, "parrot", edited).await
    };
    let (said, _) = tokio::try_join!(deploy.exits(0), edits)?;
    ensure!(said.out.contains("is live") && !said.out.contains("rollback"), "{said:?}");
    let (status, shown) = next(&field).await?;
    ensure!(status["next"] == json!(["deploy"]), "{status:#}");
    ensure!(!shown.contains("rollback"), "{shown}");
    field.exits(11, "rollback parrot").await?;
    field.released(V3).await
}

async fn what_init_made_comes_before_a_yes(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.delete(Kind::Ingress, "parrot-preview").await?;
    let (status, shown) = next(&field).await?;
    ensure!(status["next"] == json!(["init", "abort"]), "{status:#}");
    ensure!(!shown.contains("bluegreen promote"), "{shown}");
    field.initialised().await?;
    let status = field.status().await?;
    ensure!(status["next"] == json!(["promote", "abort"]), "{status:#}");
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn a_right_that_is_lost_at_the_gate_leaves_a_candidate_that_waits(
    field: Field,
) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} {GATE} --threshold 1000");
    // Watches of the pods begin when it is ready: nothing else is asked for by this.
    let deploy = field.command(&line).answers(&[500]).without("/pods?watch=true");
    let said = deploy.exits(8).await?;
    let waits = said.err.contains("release 1 is kept as it is: its candidate waits for a yes");
    let starts = said.err.contains("release 1 is kept as it is: its candidate is not ready yet");
    ensure!(waits || starts, "{said:?}");
    ensure!(said.err.contains("hint: the same command again goes on with the release"), "{said:?}");
    ensure!(said.err.contains("hint: bluegreen abort parrot"), "{said:?}");
    ensure!(said.err.contains("hint: bluegreen promote parrot"), "{said:?}");
    field.command(&line).answers(&[200]).exits(0).await?;
    field.is_live("parrot-green", V2).await
}

async fn drift(field: &Field) -> Result<Vec<Value>> {
    let (mut status, shown) = next(field).await?;
    let drift = status["drift"].as_array_mut().map(std::mem::take).unwrap_or_default();
    ensure!(shown.contains("drift") != drift.is_empty(), "{shown}");
    let said = field.exits(0, "check parrot").await?;
    let report: Value = serde_json::from_str(&said.out)?;
    let checks = report["checks"].as_array().context("no checks")?.iter();
    let warned = checks.filter(|it| it["name"] == "drift" && it["verdict"] == "warn");
    let warned: Vec<&Value> = warned.map(|it| &it["what"]).collect();
    ensure!(warned == drift.iter().map(|it| &it["what"]).collect::<Vec<_>>(), "{report:#}");
    Ok(drift)
}

/// What is said, until `init` has brought it.
async fn is_brought(field: &Field, what: &str) -> Result<()> {
    let found = drift(field).await?;
    ensure!(found.len() == 1 && found[0]["way"] == "init", "{found:#?}");
    ensure!(found[0]["what"] == what, "{found:#?}");
    field.exits(0, "init parrot").await?;
    let left = drift(field).await?;
    ensure!(left.is_empty(), "{left:#?}");
    let before = field.versions().await?;
    field.exits(0, "init parrot").await?;
    ensure!(field.versions().await? == before, "init is not done");
    Ok(())
}

async fn an_autoscaler_that_changes_while_green_is_live(field: Field) -> Result<()> {
    const SCALER: Kind = Kind::HorizontalPodAutoscaler;
    field.initialised().await?;
    field.released(V2).await?;
    ensure!(drift(&field).await?.is_empty(), "before anything was changed");
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
    let scaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flock"},
        "spec": {"minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": target},
    });
    field.create(scaler).await?;
    let new =
        "HorizontalPodAutoscaler flock is for parrot, and not for parrot-green, which is live";
    is_brought(&field, new).await?;
    field.edit(SCALER, "flock", json!({"spec": {"maxReplicas": 12}})).await?;
    let changed = "HorizontalPodAutoscaler parrot-green of the live version is not as flock is now";
    is_brought(&field, changed).await?;
    let clone = field.get(SCALER, "parrot-green").await?;
    ensure!(clone["spec"]["maxReplicas"] == 12, "{clone:#}");
    ensure!(clone["spec"]["scaleTargetRef"]["name"] == "parrot-green", "{clone:#}");
    field.delete(SCALER, "flock").await?;
    let gone =
        "HorizontalPodAutoscaler parrot-green of the live version is like one that is gone by now";
    is_brought(&field, gone).await?;
    ensure!(field.find(SCALER, "parrot-green").await?.is_none(), "the clone is left");
    field.released(V3).await
}

async fn a_budget_that_changes_while_green_is_live(field: Field) -> Result<()> {
    const BUDGET: Kind = Kind::PodDisruptionBudget;
    field.initialised().await?;
    field.released(V2).await?;
    let selector = json!({"matchLabels": {"app": "parrot"}});
    field
        .create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "calm"},
            "spec": {"maxUnavailable": 1, "selector": selector},
        }))
        .await?;
    let new = "PodDisruptionBudget calm is for parrot, and not for parrot-green, which is live";
    is_brought(&field, new).await?;
    let spec = json!({"spec": {"maxUnavailable": "50%"}});
    field.edit(BUDGET, "calm", spec).await?;
    is_brought(
        &field,
        "PodDisruptionBudget parrot-green of the live version is not as calm is now",
    )
    .await?;
    let clone = field.get(BUDGET, "parrot-green").await?;
    ensure!(clone["spec"]["maxUnavailable"] == "50%", "{clone:#}");
    ensure!(clone["spec"]["selector"]["matchLabels"]["app"] == "parrot-green", "{clone:#}");
    field.delete(BUDGET, "calm").await?;
    is_brought(
        &field,
        "PodDisruptionBudget parrot-green of the live version is like one that is gone by now",
    )
    .await
}

async fn a_size_that_is_given_while_green_is_live(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.scaled("parrot", 3).await?;
    let found = drift(&field).await?;
    let mend = found[0]["mend"].as_str().context("no command")?;
    ensure!(mend.starts_with("kubectl scale deployment/parrot-green -n "), "{mend}");
    ensure!(mend.ends_with(" --replicas=3"), "{mend}");
    // The next release takes it from there by itself.
    field.released(V3).await?;
    field.has_ready("parrot", 3).await?;
    ensure!(field.routed().await? == V3, "{V3} is not live");
    ensure!(drift(&field).await?.is_empty(), "blue is live");
    field.released(V2).await?;
    field.has_ready("parrot-green", 3).await?;
    field.scaled("parrot", 5).await?;
    field.scaled("parrot-green", 5).await?;
    ensure!(drift(&field).await?.is_empty(), "both have it");
    Ok(())
}
