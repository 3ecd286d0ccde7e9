//! Labels and annotations of the user's own objects, on those that stand beside them; and by which label
//! the colours are told apart.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::field::{Field, V1, V2, V3, backend};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    what_a_policy_asks_for_is_on_every_object,
    what_the_live_version_has_follows_with_each_release,
    what_a_file_has_counts_and_is_taken_back_with_it,
    the_label_is_one_that_the_live_service_selects_by,
];

const RELOAD: &str = "reloader.stakater.com/auto";
const TRACKED: &str = "argocd.argoproj.io/tracking-id";

/// As somebody's policy wants each object to be, and as their tools mark it.
async fn marked(field: &Field) -> Result<()> {
    let labels = json!({"team": "payments", "app.kubernetes.io/instance": "prod", "app": "parrot"});
    let annotations = json!({RELOAD: "true", TRACKED: "a:apps/Deployment:b/c"});
    let marks = json!({"metadata": {"labels": labels, "annotations": annotations}});
    for kind in [Kind::Deployment, Kind::Ingress] {
        field.edit(kind, "parrot", marks.clone()).await?;
    }
    Ok(())
}

/// What is the app's and ours.
async fn ours(field: &Field) -> Result<Vec<Value>> {
    let mut ours = Vec::new();
    let sizes = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
    let kinds = [Kind::Deployment, Kind::Service, Kind::Ingress, Kind::ConfigMap];
    for kind in kinds.into_iter().chain(sizes) {
        let mut all = field.list(kind).await?;
        all.retain(|object| object["metadata"]["labels"]["bluegreen/app"] == "parrot");
        ours.extend(all);
    }
    Ok(ours)
}

async fn what_a_policy_asks_for_is_on_every_object(field: Field) -> Result<()> {
    marked(&field).await?;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
    for (kind, spec) in [
        ("HorizontalPodAutoscaler", json!({"maxReplicas": 3, "scaleTargetRef": target})),
        (
            "PodDisruptionBudget",
            json!({"maxUnavailable": 1, "selector": {"matchLabels": {"app": "parrot"}}}),
        ),
    ] {
        let version = if kind == "PodDisruptionBudget" { "policy/v1" } else { "autoscaling/v2" };
        let metadata = json!({"name": "flock", "labels": {"team": "payments"}});
        let object =
            json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec});
        field.create(object).await?;
    }
    field.initialised().await?;
    field.released(V2).await?;
    let ours = ours(&field).await?;
    // The Services, of which the live one, the slot, the Ingress, the record, both clones.
    ensure!(ours.len() == 9, "{ours:#?}");
    for object in ours {
        let labels = &object["metadata"]["labels"];
        ensure!(labels["team"] == "payments", "{object:#}");
        // By none of these something could find it, or take it for its own.
        ensure!(labels["app.kubernetes.io/instance"].is_null(), "{object:#}");
        ensure!(object["metadata"]["annotations"][TRACKED].is_null(), "{object:#}");
        let is_service = object["spec"]["clusterIP"].is_string();
        ensure!(!is_service || labels["app"].is_null(), "{object:#}");
    }
    Ok(())
}

async fn marks(field: &Field, deployment: &str, key: &str) -> Result<[Value; 2]> {
    let metadata = field.get(Kind::Deployment, deployment).await?["metadata"].take();
    Ok([metadata["labels"]["team"].clone(), metadata["annotations"][key].clone()])
}

async fn what_the_live_version_has_follows_with_each_release(field: Field) -> Result<()> {
    marked(&field).await?;
    field.initialised().await?;
    field.released(V2).await?;
    let green = marks(&field, "parrot-green", RELOAD).await?;
    ensure!(green == [json!("payments"), json!("true")], "{green:?}");
    // What its owner gives blue meanwhile stays there, and comes into green with the release after.
    let edit = json!({"metadata": {"labels": {"team": "birds"}, "annotations": {RELOAD: null}}});
    field.edit(Kind::Deployment, "parrot", edit).await?;
    let own = json!({"metadata": {"annotations": {"mine": "x"}}});
    field.edit(Kind::Deployment, "parrot-green", own).await?;
    field.released(V3).await?;
    let blue = marks(&field, "parrot", RELOAD).await?;
    ensure!(blue == [json!("birds"), Value::Null], "{blue:?}");
    field.released(V1).await?;
    let green = marks(&field, "parrot-green", RELOAD).await?;
    ensure!(green == [json!("birds"), Value::Null], "{green:?}");
    let [_, mine] = marks(&field, "parrot-green", "mine").await?;
    ensure!(mine == "x", "what no release had put there is gone");
    field.is_live("parrot-green", V1).await
}

async fn what_a_file_has_counts_and_is_taken_back_with_it(field: Field) -> Result<()> {
    field
        .edit(Kind::Deployment, "parrot", json!({"metadata": {"labels": {"team": "old"}}}))
        .await?;
    field.initialised().await?;
    let folder = tempfile::tempdir()?;
    let file = |image: &str, labels: Value| -> Result<String> {
        let container =
            json!({"name": "parrot", "image": image, "ports": [{"containerPort": 3000}]});
        let template = json!({"metadata": {"labels": {"app": "parrot"}},
            "spec": {"containers": [container]}});
        let manifest = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "parrot", "labels": labels},
            "spec": {"selector": {"matchLabels": {"app": "parrot"}}, "template": template},
        });
        let path = folder.path().join("deployment.json");
        std::fs::write(&path, manifest.to_string())?;
        Ok(path.to_str().context("a path that is no text")?.to_owned())
    };
    let path = file(V2, json!({"team": "new", "cost": "1"}))?;
    field.exits(0, &format!("deploy parrot -f {path} --yes")).await?;
    let [team, _] = marks(&field, "parrot-green", RELOAD).await?;
    ensure!(team == "new", "green has {team}");
    // They go on with the version, and what comes to nothing leaves blue as it was.
    let path = file(V3, json!({"team": "newer"}))?;
    field.exits(0, &format!("deploy parrot -f {path} --detach")).await?;
    let [team, _] = marks(&field, "parrot", RELOAD).await?;
    ensure!(team == "newer", "blue has {team}");
    field.exits(0, "abort parrot").await?;
    let blue = field.get(Kind::Deployment, "parrot").await?["metadata"]["labels"].take();
    ensure!(blue == json!({"team": "old"}), "{blue:#}");
    field.released(V3).await?;
    let blue = field.get(Kind::Deployment, "parrot").await?["metadata"]["labels"].take();
    ensure!(blue == json!({"team": "new", "cost": "1"}), "{blue:#}");
    field.is_live("parrot", V3).await
}

async fn the_label_is_one_that_the_live_service_selects_by(field: Field) -> Result<()> {
    let (name, instance) = ("app.kubernetes.io/name", "app.kubernetes.io/instance");
    let labels = json!({"app": "web", name: "web", instance: "prod"});
    let container = json!({"name": "web", "image": V1, "ports": [{"containerPort": 3000}]});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": [container]}});
    field
        .create(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
        }))
        .await?;
    field
        .create(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {
                "selector": {name: "web", instance: "prod"},
                "ports": [{"port": 80, "targetPort": 3000}],
            },
        }))
        .await?;
    let rule = json!({"host": "web.example.com", "http": {"paths": [backend("web")]}});
    field
        .create(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
            "spec": {"ingressClassName": "nginx", "rules": [rule]},
        }))
        .await?;
    field.has_ready("web", 1).await?;
    field.exits(0, "check web").await?;
    field.exits(0, "init web").await?;
    field.exits(0, &format!("deploy web --image {V2} --yes")).await?;
    let selector = field.get(Kind::Service, "web").await?["spec"]["selector"].take();
    ensure!(selector == json!({name: "web-green", instance: "prod"}), "{selector:#}");
    let green = field.get(Kind::Deployment, "web-green").await?;
    let selects = &green["spec"]["selector"]["matchLabels"];
    ensure!(*selects == json!({"app": "web", name: "web-green", instance: "prod"}), "{selects:#}");
    // Without a record that says so, it is told by what stands there.
    field.delete(Kind::ConfigMap, "bluegreen-web").await?;
    field.exits(0, "init web").await?;
    field.exits(0, &format!("deploy web --image {V3} --yes")).await?;
    let selector = field.get(Kind::Service, "web").await?["spec"]["selector"].take();
    ensure!(selector == json!({name: "web", instance: "prod"}), "{selector:#}");
    Ok(())
}
