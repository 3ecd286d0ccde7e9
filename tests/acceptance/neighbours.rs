//! Another app in the same namespace, at a release of the same number.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::json;

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
    let toucan: serde_json::Value =
        serde_json::from_str(&field.exits(0, "status toucan").await?.out)?;
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
