//! Admission that changes what is sent: what the API server makes of it is the release's.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use bluegreen::sandbox::Operation::{Create, Update};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::command::{Said, doing, done};
use super::field::{Field, V1, V2, V3};
use super::policy::{Policy, mirrored};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    what_a_policy_makes_of_a_release_is_live_and_gone_back_from,
    a_policy_that_would_replace_the_live_pods_is_refused_with_a_way_out,
    a_policy_on_updates_alone_is_refused_for_the_slot_that_it_has_not_changed,
    a_policy_that_changes_more_each_time_is_refused,
    a_policy_that_changes_more_each_time_it_creates_is_no_reason,
    a_driver_that_dies_before_it_is_written_down_loses_nothing,
    somebody_who_edits_the_candidate_seconds_later_is_named,
    somebody_who_edits_it_before_it_is_written_down_is_named,
    what_is_injected_into_pods_makes_no_difference,
];

/// Every pod template is as a policy has it from then on.
async fn taken_through(field: &Field, deployment: &str) -> Result<()> {
    let restart = json!({"spec": {"template": {"metadata": {"annotations": {
        "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z",
    }}}}});
    field.edit(Kind::Deployment, deployment, restart).await?;
    let replicas = field.replicas(deployment).await?.context("it is gone")?;
    if replicas > 0 {
        field.has_ready(deployment, replicas).await?;
    }
    Ok(())
}

fn admission(said: &Said) -> Result<Value> {
    let report: Value = serde_json::from_str(&said.out)?;
    let mut checks = report["checks"].as_array().context("no checks")?.iter();
    Ok(checks.find(|check| check["name"] == "admission").context("it was not looked at")?.clone())
}

async fn what_a_policy_makes_of_a_release_is_live_and_gone_back_from(field: Field) -> Result<()> {
    field.admission(Policy::Mirror, &[Create, Update]).await?;
    taken_through(&field, "parrot").await?;
    field.initialised().await?;
    let check = admission(&field.exits(0, "check parrot").await?)?;
    ensure!(check["verdict"] == "pass", "{check:#}");
    let deploy = format!("deploy parrot --image {V2} --yes");
    let said = field.exits(0, &deploy).await?;
    let made = said.events.iter().find(|event| done("mark-made")(event)).context("not said")?;
    ensure!(made["observed"] == json!({"parrot": mirrored(V2)}), "{made:#}");
    field.is_live("parrot-green", &mirrored(V2)).await?;
    ensure!(field.status().await?["live"]["images"]["parrot"] == mirrored(V2), "status");
    let last = &field.history().await?[0];
    ensure!(last["images"]["parrot"] == V2, "it stays what was asked for: {last:#}");
    ensure!(last["observed"]["parrot"] == mirrored(V2), "{last:#}");
    let again = field.exits(0, &deploy).await?;
    ensure!(again.outcome()["result"] == "already-live" && !again.wrote(), "{again:?}");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", &mirrored(V1)).await?;
    // Into slots that held other versions before.
    field.released(V3).await?;
    field.is_live("parrot-green", &mirrored(V3)).await?;
    field.detached(V2).await?;
    field.exits(0, "abort parrot").await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", &mirrored(V1)).await?;
    field.no_admission().await
}

/// It is older than the policy, so that a stamp or the put-away would replace its pods.
async fn a_policy_that_would_replace_the_live_pods_is_refused_with_a_way_out(
    field: Field,
) -> Result<()> {
    field.initialised().await?;
    field.admission(Policy::Mirror, &[Create, Update]).await?;
    let check = admission(&field.exits(10, "check parrot").await?)?;
    let what = check["what"].as_str().unwrap_or_default();
    let image = format!("spec.containers[parrot].image ({V1} -> {})", mirrored(V1));
    ensure!(check["verdict"] == "fail" && what.contains(&image), "{check:#}");
    let before = field.versions().await?;
    let deploy = format!("deploy parrot --image {V2} --yes");
    for line in [deploy.clone(), format!("{deploy} --dry-run=server")] {
        let said = field.exits(10, &line).await?;
        ensure!(said.err.contains("kubectl rollout restart deployment/parrot"), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    taken_through(&field, "parrot").await?;
    field.exits(0, &deploy).await?;
    field.is_live("parrot-green", &mirrored(V2)).await?;
    field.no_admission().await
}

async fn a_policy_on_updates_alone_is_refused_for_the_slot_that_it_has_not_changed(
    field: Field,
) -> Result<()> {
    field.admission(Policy::Mirror, &[Update]).await?;
    field.exits(10, "init parrot").await?;
    taken_through(&field, "parrot").await?;
    field.initialised().await?;
    // What is only made is as it was sent; how it grows is up to the policy.
    let deploy = field.command(&format!("deploy parrot --image {V2} --detach"));
    deploy.exits(0).await?;
    field.scaled("parrot", 2).await?;
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", &mirrored(V2)).await?;
    field.released(V3).await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot-green", &mirrored(V2)).await?;
    field.no_admission().await?;

    // A slot that no update has met.
    field.exits(0, "rollback parrot").await?;
    field.delete(Kind::Deployment, "parrot-green").await?;
    field
        .waits("green to be gone", async |field| {
            Ok(field.replicas("parrot-green").await?.is_none())
        })
        .await?;
    field.released(V2).await?;
    field.admission(Policy::Mirror, &[Update]).await?;
    let said = field.exits(10, &format!("deploy parrot --image {V3} --yes")).await?;
    ensure!(said.err.contains("restart deployment/parrot-green"), "{said:?}");
    field.no_admission().await
}

async fn a_policy_that_changes_more_each_time_is_refused(field: Field) -> Result<()> {
    field.admission(Policy::Longer, &[Create, Update]).await?;
    taken_through(&field, "parrot").await?;
    let check = admission(&field.exits(10, "check parrot").await?)?;
    let what = check["what"].as_str().unwrap_or_default();
    ensure!(what.contains("spec.terminationGracePeriodSeconds"), "{check:#}");
    ensure!(check["hint"].as_str().unwrap_or_default().contains("exempt"), "{check:#}");
    field.exits(10, "init parrot").await?;
    field.no_admission().await
}

async fn a_policy_that_changes_more_each_time_it_creates_is_no_reason(field: Field) -> Result<()> {
    field.admission(Policy::Longer, &[Create]).await?;
    field.initialised().await?;
    field.released(V2).await?;
    field.exits(0, "rollback parrot").await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot-green", V2).await?;
    field.no_admission().await
}

async fn a_driver_that_dies_before_it_is_written_down_loses_nothing(field: Field) -> Result<()> {
    field.admission(Policy::Mirror, &[Create, Update]).await?;
    taken_through(&field, "parrot").await?;
    field.initialised().await?;
    let deploy = format!("deploy parrot --image {V2} --yes");
    field.command(&deploy).killed_at(doing("mark-made")).await?;
    let said = field.exits(0, &deploy).await?;
    ensure!(!said.has(done("make-candidate")) && said.has(done("mark-made")), "{said:?}");
    field.is_live("parrot-green", &mirrored(V2)).await?;
    field.no_admission().await
}

/// A field of the template, by a program that says who it is.
async fn reloaded(field: &Field) -> Result<()> {
    let patch = json!({"spec": {"template": {"metadata": {"annotations": {"reloaded": "1"}}}}});
    let at = (Kind::Deployment, "parrot-green");
    field.edit_as("reloader", at, patch).await.map(drop)
}

fn names_the_reloader(said: &Said) -> Result<()> {
    let by = &said.outcome()["by"];
    ensure!(by["manager"] == "reloader" && by["name"] == "parrot-green", "{said:?}");
    ensure!(said.err.contains("reloader"), "{said:?}");
    Ok(())
}

async fn somebody_who_edits_the_candidate_seconds_later_is_named(field: Field) -> Result<()> {
    field.admission(Policy::Mirror, &[Create, Update]).await?;
    taken_through(&field, "parrot").await?;
    field.initialised().await?;
    let edit = async {
        sleep(Duration::from_secs(2)).await;
        reloaded(&field).await
    };
    let deploy = field.command("deploy parrot --image kmharish/parrot-app:late --yes");
    let (said, ()) = deploy.meanwhile(7, done("make-candidate"), edit).await?;
    names_the_reloader(&said)?;
    field.exits(0, "abort parrot").await?;
    field.is_live("parrot", &mirrored(V1)).await?;
    field.no_admission().await
}

async fn somebody_who_edits_it_before_it_is_written_down_is_named(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = format!("deploy parrot --image {V2} --yes");
    field.command(&deploy).killed_at(done("make-candidate")).await?;
    reloaded(&field).await?;
    names_the_reloader(&field.exits(7, &deploy).await?)?;
    field.exits(0, "abort parrot").await?;
    field.is_untouched().await
}

async fn what_is_injected_into_pods_makes_no_difference(field: Field) -> Result<()> {
    field.initialised().await?;
    field.admission(Policy::Injector, &[Create]).await?;
    field.released(V2).await?;
    let pods = field.list(Kind::Pod).await?;
    let mut green = pods.iter().filter(|pod| pod["metadata"]["labels"]["app"] == "parrot-green");
    ensure!(green.all(|pod| pod["metadata"]["labels"]["injected"] == "yes"), "{pods:?}");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await?;
    field.no_admission().await
}
