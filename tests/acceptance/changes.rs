//! Somebody else changes what a release stands on.

use anyhow::{Result, ensure};
use bluegreen::event::What;
use bluegreen::model::Kind;
use bluegreen::release::{Doing, Gate, Goal, Init, Outcome, Verdict};
use serde_json::{Value, json};

use super::command::{abort, deploy, detached, plain, promote, verdict};
use super::field::{Field, V1, V2};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    the_ingress_is_put_back_during_the_drain,
    another_path_survives_the_switch,
    the_live_version_is_scaled_at_the_gate,
    the_candidate_is_edited,
    the_candidate_is_deleted,
    the_record_is_lost_and_made_again,
    two_ingresses_are_switched,
];

fn backend(name: &str) -> Value {
    let service = json!({"name": name, "port": {"number": 80}});
    json!({"path": "/", "pathType": "Prefix", "backend": {"service": service}})
}

/// As a GitOps tool does it, which knows only what is in its repository.
async fn the_ingress_is_put_back_during_the_drain(field: Field) -> Result<()> {
    field.initialised().await?;
    let mut long = plain(V2, Gate::Open);
    long.settings.drain_seconds = Some(20);
    let deploy = field.command("deploy", Goal::Deploy(long));
    let revert = async {
        let drains = |what: &What| matches!(what, What::Done(Doing::StartDrain { .. }));
        while !deploy.events.borrow().iter().any(|event| drains(&event.what)) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let rules =
            json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot-blue")]}}]);
        field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await
    };
    let (outcome, reverted) = tokio::join!(deploy.outcome(), revert);
    reverted?;
    let outcome = outcome?;
    ensure!(matches!(outcome, Outcome::Changed { .. }), "{outcome:?}");
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was fought");
    for deployment in ["parrot", "parrot-green"] {
        ensure!(field.replicas(deployment).await? == Some(1), "{deployment} was taken away");
    }
    Ok(())
}

async fn another_path_survives_the_switch(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    let mut other = backend("somebody-elses");
    other["path"] = json!("/other");
    let rules =
        json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot"), other]}}]);
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await?;
    verdict(&field.outcome("promote", promote()).await?, Verdict::Promoted)?;
    let ingress = field.get(Kind::Ingress, "parrot").await?;
    let paths = &ingress["spec"]["rules"][0]["http"]["paths"];
    ensure!(paths[0] == backend("parrot-green") && paths[1] == other, "{paths:#}");
    Ok(())
}

async fn the_live_version_is_scaled_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    field.edit(Kind::Deployment, "parrot", json!({"spec": {"replicas": 3}})).await?;
    let wait = Goal::Promote { release: None, when_ready: true };
    verdict(&field.outcome("promote", wait).await?, Verdict::Promoted)?;
    ensure!(field.replicas("parrot-green").await? == Some(3), "it went live smaller");
    field.is_live("parrot-green", V2).await
}

async fn the_candidate_is_edited(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    let image = json!([{"name": "parrot", "image": "kmharish/parrot-app:v9",
        "ports": [{"containerPort": 3000}]}]);
    let template = json!({"spec": {"template": {"spec": {"containers": image}}}});
    field.edit(Kind::Deployment, "parrot-green", template).await?;
    let wait = Goal::Promote { release: None, when_ready: true };
    let outcome = field.outcome("promote", wait).await?;
    ensure!(matches!(outcome, Outcome::Changed { .. }), "{outcome:?}");
    field.is_live("parrot", V1).await
}

async fn the_candidate_is_deleted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    field.delete(Kind::Deployment, "parrot-green").await?;
    let outcome = field.outcome("promote", promote()).await?;
    ensure!(!matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    field.is_live("parrot", V1).await?;
    verdict(&field.outcome("abort", abort()).await?, Verdict::Aborted)?;
    verdict(&field.outcome("deploy", deploy(V2, Gate::Open)).await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await
}

async fn the_record_is_lost_and_made_again(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.delete(Kind::ConfigMap, "bluegreen-parrot").await?;
    let outcome = field.outcome("deploy", deploy(V1, Gate::Open)).await?;
    ensure!(outcome == Outcome::NotInitialised, "{outcome:?}");
    let outcome = field.outcome("init", Goal::Init(Init::default())).await?;
    ensure!(outcome == Outcome::Initialised, "{outcome:?}");
    field.released(V1).await?;
    field.is_live("parrot", V1).await
}

async fn two_ingresses_are_switched(field: Field) -> Result<()> {
    field
        .create(json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "parrot-admin"},
            "spec": {"ingressClassName": "nginx", "rules": [
                {"host": "admin.example.com", "http": {"paths": [backend("parrot")]}},
            ]},
        }))
        .await?;
    field.initialised().await?;
    field.released(V2).await?;
    for ingress in ["parrot", "parrot-admin"] {
        ensure!(field.backend(ingress).await? == "parrot-green", "{ingress} was not switched");
    }
    field.is_live("parrot-green", V2).await
}
