//! Another app in the same namespace, at a release of the same number.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::command::done;
use super::field::{Field, V2, backend};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    crashes_while_ours_starts,
    crashes_while_ours_waits,
    crashes_while_ours_is_confirmed,
    crashes_while_ours_bakes,
    crashes_while_ours_drains,
    the_label_of_green_is_anothers,
    a_stray_pod_is_behind_the_live_service,
    a_service_is_kept_by_its_controller,
    strangers_come_while_ours_waits,
];

/// A toucan with an Ingress of its own, whose candidate waits for a yes that nobody gives.
async fn with_toucan(field: &Field) -> Result<()> {
    let container = json!({"name": "toucan", "image": "kmharish/toucan-app:v1",
        "ports": [{"containerPort": 3000}]});
    let labels = json!({"app": "toucan"});
    field
        .create(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "toucan"},
            "spec": {"selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [container]},
            }},
        }))
        .await?;
    let rule = json!({"host": "toucan.example.com", "http": {"paths": [backend("toucan")]}});
    field
        .create(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "toucan"},
            "spec": {"ingressClassName": "nginx", "rules": [rule]},
        }))
        .await?;
    field.has_ready("toucan", 1).await?;
    field.exits(0, "init toucan").await?;
    let image = "kmharish/toucan-app:dies-told";
    field.exits(0, &format!("deploy toucan --image {image} --detach")).await.map(drop)
}

/// Until nobody could take it for anything but a crash loop.
async fn toucan_crashes(field: &Field) -> Result<()> {
    field.ends_pods("toucan-green").await?;
    field
        .waits("the toucan to crash again and again", async |field| {
            let pods = field.list(Kind::Pod).await?;
            Ok(pods.iter().any(|pod| {
                pod["metadata"]["labels"]["app"] == "toucan-green"
                    && pod["status"]["containerStatuses"][0]["restartCount"].as_u64() >= Some(3)
            }))
        })
        .await
}

async fn is_live_at_release_1(field: &Field) -> Result<()> {
    let toucan: Value = serde_json::from_str(&field.exits(0, "status toucan").await?.out)?;
    ensure!(toucan["release"]["number"] == 1, "{toucan:#}");
    let history = field.history().await?;
    ensure!(history[0]["number"] == 1 && history[0]["outcome"] == "promoted", "{history:#?}");
    field.is_live("parrot-green", V2).await
}

async fn crashes_while(field: &Field, phase: &str, line: &str, answers: &[u16]) -> Result<()> {
    field.initialised().await?;
    with_toucan(field).await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} {line}")).answers(answers);
    let crash = async {
        field.status_in(phase).await?;
        toucan_crashes(field).await?;
        let status = field.status().await?;
        ensure!(status["release"]["phase"] == phase, "it took too long: {status:#}");
        Ok(())
    };
    deploy.meanwhile(0, done("start"), crash).await?;
    is_live_at_release_1(field).await
}

async fn crashes_while_ours_starts(field: Field) -> Result<()> {
    field.initialised().await?;
    with_toucan(&field).await?;
    toucan_crashes(&field).await?;
    field.released(V2).await?;
    is_live_at_release_1(&field).await
}

async fn crashes_while_ours_waits(field: Field) -> Result<()> {
    let answers = [&[500; 8][..], &[200]].concat();
    crashes_while(&field, "waiting", &format!("{GATE} --threshold 20"), &answers).await
}

async fn crashes_while_ours_is_confirmed(field: Field) -> Result<()> {
    crashes_while(&field, "confirming", "--yes --settle 10s", &[]).await
}

async fn crashes_while_ours_bakes(field: Field) -> Result<()> {
    crashes_while(&field, "baking", "--yes --bake 10s", &[]).await
}

async fn crashes_while_ours_drains(field: Field) -> Result<()> {
    crashes_while(&field, "draining", "--yes --drain 10s", &[]).await
}

/// A Deployment of somebody else's whose pods bear this label.
async fn add_strangers(field: &Field, app: &str) -> Result<()> {
    let labels = json!({"app": app});
    let container = json!({"name": "web", "image": "example.com/experiment:0"});
    field
        .create(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "strangers"},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [container]},
            }},
        }))
        .await?;
    field.has_ready("strangers", 1).await
}

/// By `check`, `init` and `deploy`, whether it is taken in or not; nothing is written.
async fn is_refused(field: &Field, lines: &[&str], says: &str) -> Result<()> {
    let before = field.versions().await?;
    for line in lines {
        let said = field.exits(10, line).await?;
        ensure!(format!("{said:?}").contains(says), "{line}: {said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn is_refused_before_and_after(
    field: &Field,
    says: &str,
    begin: impl AsyncFn(&Field) -> Result<()>,
    end: impl AsyncFn(&Field) -> Result<()>,
) -> Result<()> {
    begin(field).await?;
    is_refused(field, &["check parrot", "init parrot"], says).await?;
    end(field).await?;
    field.initialised().await?;
    begin(field).await?;
    let deploy = format!("deploy parrot --image {V2} --yes");
    let tried = format!("{deploy} --dry-run=server");
    is_refused(field, &["check parrot", "init parrot", &deploy, &tried], says).await?;
    end(field).await?;
    field.released(V2).await?;
    field.is_live("parrot-green", V2).await
}

async fn the_label_of_green_is_anothers(field: Field) -> Result<()> {
    let says = "the label app: parrot-green, by which a candidate's pods are told, is on the pods of \
                Deployment strangers";
    let begin = async |field: &Field| add_strangers(field, "parrot-green").await;
    let end =
        async |field: &Field| has_no(field, Kind::Deployment, "strangers", "parrot-green").await;
    is_refused_before_and_after(&field, says, begin, end).await
}

/// Takes something away, and waits until no pod is left that bears the label.
async fn has_no(field: &Field, kind: Kind, name: &str, app: &str) -> Result<()> {
    field.delete(kind, name).await?;
    field
        .waits("its pods to be gone", async |field| {
            let pods = field.list(Kind::Pod).await?;
            Ok(!pods.iter().any(|pod| {
                let is_own = pod["metadata"]["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("parrot-"));
                pod["metadata"]["labels"]["app"] == app && !is_own
            }))
        })
        .await
}

async fn a_stray_pod_is_behind_the_live_service(field: Field) -> Result<()> {
    let begin = async |field: &Field| {
        let container = json!({"name": "web", "image": "example.com/experiment:0"});
        field
            .create(json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "stray", "labels": {"app": "parrot"}},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
            }))
            .await
            .map(drop)
    };
    let end = async |field: &Field| has_no(field, Kind::Pod, "stray", "parrot").await;
    // Before it is taken in there is no Service either: what is meant is the one that init would make.
    let says = "Service parrot also selects pod stray, which nothing owns";
    is_refused_before_and_after(&field, says, begin, end).await
}

async fn a_service_is_kept_by_its_controller(field: Field) -> Result<()> {
    let begin = async |field: &Field| {
        let parrot = field.get(Kind::Deployment, "parrot").await?;
        let owner = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot",
            "uid": parrot["metadata"]["uid"], "controller": true});
        field
            .create(json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": "parrot-dapr", "ownerReferences": [owner]},
                "spec": {"selector": {"app": "parrot"}, "ports": [{"port": 80}]}}))
            .await
            .map(drop)
    };
    let end = async |field: &Field| field.delete(Kind::Service, "parrot-dapr").await.map(drop);
    let says = "Service parrot-dapr is kept by Deployment parrot, its controller";
    is_refused_before_and_after(&field, says, begin, end).await
}

async fn strangers_come_while_ours_waits(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    add_strangers(&field, "parrot-green").await?;
    let said = field.exits(7, "promote parrot").await?;
    ensure!(said.err.contains("the pods of Deployment strangers"), "{said:?}");
    ensure!(field.backend("parrot").await? == "parrot", "it was switched all the same");
    has_no(&field, Kind::Deployment, "strangers", "parrot-green").await?;
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await
}
