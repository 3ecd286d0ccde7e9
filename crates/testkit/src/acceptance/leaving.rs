//! The README's way out: its own commands, one after the other, with the app served all the while.

use anyhow::{Context, Result, bail, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::field::{Field, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    after_the_first_init,
    while_green_is_live,
    while_blue_is_live_again,
    with_an_autoscaler_and_a_service_of_the_users_own,
];

const README: &str = include_str!("../../../../README.md");
const CHAPTER: &str = "\n## Without bluegreen again\n";

/// The commands of the chapter.
fn commands() -> Result<Vec<&'static str>> {
    let (_, chapter) = README.split_once(CHAPTER).context("no such chapter")?;
    let (chapter, _) = chapter.split_once("\n## ").context("it has no end")?;
    let lines: Vec<&str> = chapter.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    ensure!(lines.len() == 7, "{lines:#?}");
    Ok(lines)
}

/// A line as a shell splits it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("one is there").push(c),
        }
    }
    words
}

/// What kubectl asks of the API server for such a line.
async fn typed(field: &Field, line: &str, image: &str) -> Result<()> {
    let words = words(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["kubectl", "set", "image", "-n", "blue-green", "deployment/parrot", set] => {
            ensure!(set.starts_with("parrot="), "{set}");
            let mut deployment = field.get(Kind::Deployment, "parrot").await?;
            let containers = &mut deployment["spec"]["template"]["spec"]["containers"];
            containers[0]["image"] = json!(image);
            let template = json!({"spec": {"containers": containers}});
            field
                .edit(Kind::Deployment, "parrot", json!({"spec": {"template": template}}))
                .await
                .map(drop)
        }
        ["kubectl", "scale", "-n", "blue-green", "deployment/parrot", size] => {
            let size: u64 = size.strip_prefix("--replicas=").context("no size")?.parse()?;
            let size = json!({"spec": {"replicas": size}});
            field.edit(Kind::Deployment, "parrot", size).await.map(drop)
        }
        ["kubectl", "rollout", "status", "-n", "blue-green", "deployment/parrot"] => {
            field.has_ready("parrot", 1).await
        }
        ["kubectl", "patch", "-n", "blue-green", "service", "parrot", "-p", patch] => {
            field.edit(Kind::Service, "parrot", serde_json::from_str(patch)?).await.map(drop)
        }
        [
            "kubectl",
            "patch",
            "-n",
            "blue-green",
            "ingress",
            "parrot",
            "--type=json",
            "-p",
            patch,
        ] => {
            let patch: json_patch::Patch = serde_json::from_str(patch)?;
            let mut ingress = field.get(Kind::Ingress, "parrot").await?;
            json_patch::patch(&mut ingress, &patch)?;
            let spec = json!({"spec": ingress["spec"]});
            field.edit(Kind::Ingress, "parrot", spec).await.map(drop)
        }
        ["kubectl", "label", "-n", "blue-green", "service", "parrot", ref labels @ ..] => {
            let gone = labels.iter().map(|label| {
                let key = label.strip_suffix('-').context("a label that is set")?;
                Ok((key.to_owned(), Value::Null))
            });
            let gone = gone.collect::<Result<serde_json::Map<_, _>>>()?;
            let gone = json!({"metadata": {"labels": gone}});
            field.edit(Kind::Service, "parrot", gone).await.map(drop)
        }
        ["kubectl", "delete", "-n", "blue-green", kinds, "-l", selector] => {
            let (key, value) = selector.split_once('=').context("no label")?;
            let known = [
                Kind::Deployment,
                Kind::HorizontalPodAutoscaler,
                Kind::PodDisruptionBudget,
                Kind::Ingress,
                Kind::Service,
                Kind::ConfigMap,
            ];
            for plural in kinds.split(',') {
                let kind = known.into_iter().find(|kind| kind.plural() == plural);
                let kind = kind.with_context(|| format!("no kind {plural}"))?;
                for object in field.list(kind).await? {
                    if object["metadata"]["labels"][key] == value {
                        let name = object["metadata"]["name"].as_str().context("no name")?;
                        field.delete(kind, name).await?;
                    }
                }
            }
            Ok(())
        }
        _ => bail!("nobody knows what this does: {line}"),
    }
}

/// Who asks by the Ingress, or from inside the cluster, is answered by a pod that is ready, of this version.
async fn is_served(field: &Field, image: &str) -> Result<()> {
    for service in [field.backend("parrot").await?, "parrot".to_owned()] {
        let object = field.get(Kind::Service, &service).await?;
        let deployment = object["spec"]["selector"]["app"].as_str().context("no selector")?;
        let deployment = field.get(Kind::Deployment, deployment).await?;
        ensure!(deployment["status"]["readyReplicas"] == 1, "{service}: {deployment:#}");
        let runs = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        ensure!(runs == image, "{service} leads to {runs}, not {image}");
    }
    Ok(())
}

/// All of it, from whatever is live; and the app can be taken in anew.
async fn left(field: &Field, image: &str) -> Result<()> {
    for line in commands()? {
        typed(field, line, image).await.with_context(|| line.to_owned())?;
        is_served(field, image).await.with_context(|| format!("after {line}"))?;
    }
    field.is_live("parrot", image).await?;
    let sizes = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
    let kinds = [Kind::Deployment, Kind::Service, Kind::Ingress, Kind::ConfigMap];
    for kind in kinds.into_iter().chain(sizes) {
        for object in field.list(kind).await? {
            let metadata = &object["metadata"];
            ensure!(metadata["labels"]["bluegreen/app"].is_null(), "{object:#}");
            let name = metadata["name"].as_str().unwrap_or_default();
            let is_own = ["parrot", "flock", "kube-root-ca.crt", "kubernetes"].contains(&name);
            ensure!(is_own, "{kind} {name} is left");
        }
    }
    field.initialised().await?;
    field.released(V3).await?;
    ensure!(field.routed().await? == V3, "it was not taken in anew");
    Ok(())
}

async fn after_the_first_init(field: Field) -> Result<()> {
    field.initialised().await?;
    left(&field, super::field::V1).await
}

async fn while_green_is_live(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    left(&field, V2).await
}

async fn while_blue_is_live_again(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V3).await?;
    field.released(V2).await?;
    field.is_live("parrot", V2).await?;
    left(&field, V2).await
}

async fn with_an_autoscaler_and_a_service_of_the_users_own(field: Field) -> Result<()> {
    field
        .create(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "parrot"},
            "spec": {"selector": {"app": "parrot"}, "ports": [{"port": 80, "targetPort": 3000}]},
        }))
        .await?;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
    field
        .create(json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "flock"},
            "spec": {"minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": target},
        }))
        .await?;
    field.initialised().await?;
    field.released(V2).await?;
    let clone = field.find(Kind::HorizontalPodAutoscaler, "parrot-green").await?;
    ensure!(clone.is_some(), "there is no clone");
    left(&field, V2).await
}
