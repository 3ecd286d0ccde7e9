//! A tool that brings objects back to what is in a repository, a second after somebody changed them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::command::done;
use super::field::{Field, V1, V2, V3, backend};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    argo_cd_puts_the_backend_back,
    flux_puts_the_backend_back,
    argo_cd_puts_the_live_service_back,
    flux_puts_the_live_service_back,
    argo_cd_puts_the_template_back,
    flux_puts_the_template_back,
    what_a_release_has_changed_is_its_own,
];

const ARGO_CD: (&str, &str) = ("argocd-controller", "RespectIgnoreDifferences=true");
const FLUX: (&str, &str) =
    ("kustomize-controller", "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent");

/// As `kubectl apply --server-side` sees it: what it would be in conflict with.
async fn what_a_release_has_changed_is_its_own(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    for (kind, path, is_own) in [
        (Kind::Ingress, "/f:spec/f:rules", true),
        (Kind::Ingress, "/f:spec/f:ingressClassName", false),
        (Kind::Service, "/f:spec/f:selector", true),
        (Kind::Deployment, "/f:spec/f:replicas", true),
        (Kind::Deployment, "/f:spec/f:template", false),
    ] {
        let object = field.get(kind, "parrot").await?;
        let managers = object["metadata"]["managedFields"].as_array().context("no managers")?;
        let mut ours = managers.iter().filter(|it| it["manager"] == "bluegreen");
        // The Service is bluegreen's whole, since the article has none.
        let has = ours.any(|it| it["fieldsV1"].pointer(path).is_some());
        ensure!(has == is_own, "{kind} {path}: {object:#}");
    }
    field.released(V3).await?;
    let template = field.get(Kind::Deployment, "parrot").await?;
    let managers = template["metadata"]["managedFields"].as_array().context("no managers")?;
    let mut ours = managers.iter().filter(|it| it["manager"] == "bluegreen");
    let has = ours.any(|it| it["fieldsV1"].pointer("/f:spec/f:template").is_some());
    ensure!(has, "{template:#}");
    Ok(())
}

/// Puts a field back whenever it differs. Returns never.
async fn reverts(
    field: &Field,
    manager: &str,
    object: (Kind, &str),
    (pointer, wanted, patch): (&str, Value, Value),
) -> Result<()> {
    loop {
        let is = field.get(object.0, object.1).await?;
        if is.pointer(pointer) != Some(&wanted) {
            field.edit_as(manager, object, patch.clone()).await?;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// A release of `image` under such a tool ends where that has put something back.
async fn stops(
    field: &Field,
    image: &str,
    (manager, excluded): (&str, &str),
    object: (Kind, &str),
    revert: (&str, Value, Value),
) -> Result<()> {
    let line = format!("deploy parrot --image {image} --yes --bake 10m");
    let deploy = field.command(&line);
    let reverting = reverts(field, manager, object, revert);
    let said = tokio::select! {
        said = deploy.exits(7) => said?,
        ended = reverting => return ended,
    };
    ensure!(said.outcome()["by"]["manager"] == manager, "{said:#?}");
    ensure!(said.err.contains(manager) && said.err.contains(excluded), "{said:#?}");
    ensure!(said.err.contains(&format!("{} {}", object.0, object.1)), "{said:#?}");
    // Nothing but its own record was written after that, so nothing is fought.
    let after = said.events.iter().skip_while(|event| !done("start-drain")(event)).skip(1);
    ensure!(after.clone().all(|event| event["event"] != "doing"), "it went on: {said:#?}");
    for deployment in ["parrot", "parrot-green"] {
        let replicas = field.replicas(deployment).await?;
        ensure!(replicas >= Some(1), "{deployment} was taken away");
    }
    Ok(())
}

async fn backend_is_put_back(field: Field, tool: (&str, &str)) -> Result<()> {
    field.initialised().await?;
    let rules =
        json!([{"host": "parrot.example.com", "http": {"paths": [backend("parrot-blue")]}}]);
    // From the switch on: before it, what is in the repository is what is there.
    let name = "/spec/rules/0/http/paths/0/backend/service/name";
    let patch = json!({"spec": {"rules": rules}});
    let now = field.edit_as(tool.0, (Kind::Ingress, "parrot"), patch.clone()).await?;
    let wanted = now.pointer(name).cloned().unwrap_or_default();
    stops(&field, V2, tool, (Kind::Ingress, "parrot"), (name, wanted, patch)).await?;
    ensure!(field.backend("parrot").await? == "parrot-blue", "it was fought");
    field.exits(0, "abort parrot").await?;
    ensure!(field.routed().await? == V1, "the old version does not serve");
    Ok(())
}

async fn argo_cd_puts_the_backend_back(field: Field) -> Result<()> {
    // What it costs is said with it.
    let freezes = "RespectIgnoreDifferences=true. No sync changes its rules any more then";
    backend_is_put_back(field, (ARGO_CD.0, freezes)).await
}

async fn flux_puts_the_backend_back(field: Field) -> Result<()> {
    backend_is_put_back(field, FLUX).await
}

async fn live_service_is_put_back(field: Field, tool: (&str, &str)) -> Result<()> {
    field.initialised().await?;
    let patch = json!({"spec": {"selector": {"app": "parrot"}}});
    let revert = ("/spec/selector/app", json!("parrot"), patch);
    stops(&field, V2, tool, (Kind::Service, "parrot"), revert).await?;
    field.exits(0, "abort parrot").await?;
    field.is_live("parrot", V1).await
}

async fn argo_cd_puts_the_live_service_back(field: Field) -> Result<()> {
    live_service_is_put_back(field, ARGO_CD).await
}

async fn flux_puts_the_live_service_back(field: Field) -> Result<()> {
    live_service_is_put_back(field, FLUX).await
}

/// The second release goes into the slot that the repository knows.
async fn template_is_put_back(field: Field, tool: (&str, &str)) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let template = json!({"spec": {"containers": [
        {"name": "parrot", "image": V1, "ports": [{"containerPort": 3000}]},
    ]}});
    let image = "/spec/template/spec/containers/0/image";
    let revert = (image, json!(V1), json!({"spec": {"template": template}}));
    stops(&field, V3, tool, (Kind::Deployment, "parrot"), revert).await?;
    field.exits(0, "abort parrot").await?;
    field.is_live("parrot-green", V2).await
}

async fn argo_cd_puts_the_template_back(field: Field) -> Result<()> {
    template_is_put_back(field, ARGO_CD).await
}

async fn flux_puts_the_template_back(field: Field) -> Result<()> {
    template_is_put_back(field, FLUX).await
}
