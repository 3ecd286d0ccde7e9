//! Somebody else changes what a release stands on.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::json;

use super::command::{answered, done};
use super::field::{Field, V1, V2, backend};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    the_ingress_is_put_back_during_the_drain,
    the_ingress_is_put_back_behind_the_switch,
    another_path_survives_the_switch,
    the_live_version_is_scaled_at_the_gate,
    the_candidate_is_edited,
    the_candidate_is_deleted,
    the_live_version_is_edited_at_the_gate,
    the_live_service_leads_elsewhere,
    the_record_is_lost_and_made_again,
];

/// As a GitOps tool does it, which knows only what is in its repository.
async fn the_ingress_is_put_back_during_the_drain(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes --drain 20s"));
    let rules =
        json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot-blue")]}}]);
    let revert = field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}}));
    let (said, _) = deploy.meanwhile(7, done("start-drain"), revert).await?;
    ensure!(said.outcome()["result"] == "changed", "{said:?}");
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was fought");
    for deployment in ["parrot", "parrot-green"] {
        ensure!(field.replicas(deployment).await? == Some(1), "{deployment} was taken away");
    }
    Ok(())
}

/// Nobody drives, and the record does not know yet that it was switched.
async fn the_ingress_is_put_back_behind_the_switch(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes");
    field.command(&line).killed_at(done("switch")).await?;
    let rules = json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot")]}}]);
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await?;
    field.exits(7, &line).await?;
    ensure!(field.backend("parrot").await? == "parrot", "it was fought");
    field.exits(0, "abort parrot").await?;
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

async fn another_path_survives_the_switch(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let mut other = backend("somebody-elses");
    other["path"] = json!("/other");
    let rules =
        json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot"), other]}}]);
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await?;
    field.exits(0, "promote parrot").await?;
    let ingress = field.get(Kind::Ingress, "parrot").await?;
    let paths = &ingress["spec"]["rules"][0]["http"]["paths"];
    ensure!(paths[0] == backend("parrot-green") && paths[1] == other, "{paths:#}");
    Ok(())
}

async fn the_live_version_is_scaled_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.scaled("parrot", 3).await?;
    field.exits(0, "promote parrot --when-ready").await?;
    ensure!(field.replicas("parrot-green").await? == Some(3), "it went live smaller");
    field.is_live("parrot-green", V2).await
}

/// Another image in a Deployment, by somebody else.
async fn edited(field: &Field, deployment: &str) -> Result<()> {
    let ports = json!([{"containerPort": 3000}]);
    let image = json!([{"name": "parrot", "image": "kmharish/parrot-app:v9", "ports": ports}]);
    let template = json!({"spec": {"template": {"spec": {"containers": image}}}});
    field.edit(Kind::Deployment, deployment, template).await.map(drop)
}

async fn the_candidate_is_edited(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    edited(&field, "parrot-green").await?;
    field.exits(7, "promote parrot --when-ready").await?;
    field.is_live("parrot", V1).await
}

async fn the_candidate_is_deleted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    field.delete(Kind::Deployment, "parrot-green").await?;
    field.exits(7, "promote parrot").await?;
    field.is_live("parrot", V1).await?;
    field.exits(0, "abort parrot").await?;
    field.released(V2).await?;
    field.is_live("parrot-green", V2).await
}

async fn the_live_version_is_edited_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} {GATE} --threshold 1000");
    let deploy = field.command(&line).answers(&[500, 500, 500, 200]);
    let edit = edited(&field, "parrot");
    let (said, ()) = deploy.meanwhile(7, answered, edit).await?;
    ensure!(said.err.contains("bluegreen abort parrot"), "{said:?}");
    ensure!(field.backend("parrot").await? == "parrot", "it was switched all the same");
    // It was put down: nobody has to wait for a sign of life.
    let status = field.status().await?;
    ensure!(status["release"]["driver"].is_null(), "{status:#}");
    field.exits(0, "abort parrot").await?;
    ensure!(field.routed().await? == "kmharish/parrot-app:v9", "the edit is lost");
    Ok(())
}

async fn the_live_service_leads_elsewhere(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.edit(Kind::Service, "parrot", json!({"spec": {"selector": {"app": "parrot"}}})).await?;
    let status = field.status().await?;
    ensure!(status["healthy"] == false && status["problem"].is_string(), "{status:#}");
    Ok(())
}

async fn the_record_is_lost_and_made_again(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.delete(Kind::ConfigMap, "bluegreen-parrot").await?;
    field.exits(10, &format!("deploy parrot --image {V1} --yes")).await?;
    field.initialised().await?;
    field.released(V1).await?;
    field.is_live("parrot", V1).await
}
