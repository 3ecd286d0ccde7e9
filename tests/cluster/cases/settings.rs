//! Settings in files: the article's Canary as it is, our own short form, and which word counts.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        articles_canary_releases_as_it_is,
        recorded_settings_count_where_nobody_says_more,
        recorded_skip_is_no_gate,
        flag_beats_a_file,
        environment_beats_a_file,
        webhooks_are_asked_with_their_metadata,
        canary_with_metrics_is_refused_unasked,
        another_ingress_is_refused,
        another_service_is_refused,
    ]
}

const CANARY: &str = include_str!("../../../examples/parrot/canary.yaml");
const PARROT: &str = include_str!("../../../examples/parrot/parrot.yaml");
const ADDRESS: &str = "https://webhook.site/6f0ce11c-d2d8-4375-895d-a5c1ec90a323";

/// The article's Canary for this namespace, with this webhook.
fn canary(app: &Parrot, webhook: &Webhook) -> String {
    CANARY
        .replace(ADDRESS, &webhook.url())
        .replace("namespace: blue-green", &format!("namespace: {}", app.ns))
}

/// A file in the folder that commands are run in.
fn write(app: &Parrot, name: &str, text: &str) -> Result<()> {
    std::fs::write(app.user.home.join(name), text).context(name.to_owned())
}

async fn articles_canary_releases_as_it_is(bed: Arc<Bed>) -> Result<()> {
    bed.make_namespace("blue-green", json!({})).await?;
    let user = bed.releaser("blue-green").await?;
    let app = Parrot { bed: Arc::clone(&bed), ns: "blue-green".to_owned(), user };
    bed.apply_file(&app.ns, "examples/parrot/parrot.yaml").await?;
    app.settled("parrot", 1).await?;
    let webhook = Webhook::start(200);
    // Unchanged but for the webhook's address.
    let canary = CANARY.replace(ADDRESS, &webhook.url());
    ensure!(canary != CANARY, "the address is another one now");
    write(&app, "canary.yaml", &canary)?;

    let output = app.ok(&["init", "-f", "canary.yaml"]).await?;
    ensure!(output.stderr.contains("is a secret and was not recorded"), "{output:?}");
    let record = app.record().await?;
    ensure!(record["settings"] == json!({"intervalSeconds": 60, "threshold": 60}), "{record:#}");
    let service = &app.get("services", "parrot").await?["spec"]["ports"];
    let wanted = json!([{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 3000}]);
    ensure!(*service == wanted, "{service:#}");
    let again = app.other().await?;
    write(&again, "canary.yaml", &canary)?;
    again.ok(&["init", "-f", "canary.yaml"]).await?;
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");

    let args = ["deploy", "-f", "canary.yaml", "--image", V2, "--drain", "0s", "--settle", "0s"];
    app.ok(&args).await?;
    app.is_released(V2).await?;
    ensure!(webhook.requests().len() == 1, "{:?}", webhook.requests());

    // The next version from a manifest, beside the same Canary.
    let third = "kmharish/parrot-app:v3";
    write(&app, "deployment.yaml", &PARROT.replace("kmharish/parrot-app:v1.2", third))?;
    let files = ["-f", "canary.yaml", "-f", "deployment.yaml"];
    app.ok(&[&["deploy"], &files[..], &["--drain", "0s", "--settle", "0s"]].concat()).await?;
    ensure!(app.backend().await? == "parrot-blue");
    let deployments = app.deployments().await?;
    let wanted = [format!("parrot {third} x1"), format!("parrot-green {V2} x0")];
    ensure!(deployments == wanted, "{deployments:?}");
    ensure!(webhook.requests().len() == 2, "{:?}", webhook.requests());

    // Its address stands nowhere in the cluster.
    for plural in ["configmaps", "deployments", "services", "ingresses"] {
        for object in app.list(plural).await? {
            ensure!(!object.to_string().contains("/gate"), "{object:#}");
        }
    }
    Ok(())
}

async fn recorded_settings_count_where_nobody_says_more(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let webhook = Webhook::start(500);
    let quick = canary(&app, &webhook)
        .replace("interval: 1m", "interval: 1s")
        .replace("threshold: 60", "threshold: 2");
    write(&app, "canary.yaml", &quick)?;
    app.ok(&["init", "-f", "canary.yaml"]).await?;
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url];
    let output = app.fails(3, &args).await?;
    ensure!(output.stderr.contains("2 times in a row"), "{output:?}");
    app.is_as_before().await?;
    // A later init without a file leaves them.
    app.ok(&["init", "parrot"]).await?;
    let settings = &app.record().await?["settings"];
    ensure!(*settings == json!({"intervalSeconds": 1, "threshold": 2}), "{settings}");
    Ok(())
}

async fn recorded_skip_is_no_gate(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    write(&app, "bluegreen.yaml", "app: parrot\ndrain: 0s\nsettle: 0s\ngate: {skip: true}\n")?;
    let output = app.ok(&["init"]).await?;
    ensure!(output.stderr.contains("settings from bluegreen.yaml"), "{output:?}");
    let settings = &app.record().await?["settings"];
    ensure!(
        *settings == json!({"drainSeconds": 0, "settleSeconds": 0, "skip": true}),
        "{settings}"
    );
    // Somebody else, who does not have the file.
    app.other().await?.ok(&["deploy", "parrot", "--image", V2]).await?;
    app.is_released(V2).await
}

async fn flag_beats_a_file(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(500);
    write(&app, "canary.yaml", &canary(&app, &webhook))?;
    let args = ["deploy", "-f", "canary.yaml", "--image", V2, "--drain", "0s", "--settle", "0s"];
    let output = app.fails(3, &[&args[..], &["--threshold", "1"]].concat()).await?;
    ensure!(output.stderr.contains("rejected"), "{output:?}");
    ensure!(webhook.requests().len() == 1, "{:?}", webhook.requests());
    app.is_as_before().await?;
    // Nor is a gate asked that the command line does without.
    app.ok(&[&args[..], &["--yes"]].concat()).await?;
    ensure!(webhook.requests().len() == 1, "{:?}", webhook.requests());
    app.is_released(V2).await
}

async fn environment_beats_a_file(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (file, environment) = (Webhook::start(410), Webhook::start(200));
    write(&app, "canary.yaml", &canary(&app, &file))?;
    let args = ["deploy", "-f", "canary.yaml", "--image", V2, "--drain", "0s", "--settle", "0s"];
    let env = [("BLUEGREEN_WEBHOOK", &*environment.url())];
    bed.spawn_with(&app.user, &app.ns, &args, &env)?.wait().await?.expect_code(0)?;
    ensure!(file.requests().is_empty(), "{:?}", file.requests());
    app.is_released(V2).await
}

async fn webhooks_are_asked_with_their_metadata(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (first, second) = (Webhook::start(200), Webhook::start(200));
    // The first is away for a moment; the second wants to be asked twice.
    first.queue([503]);
    second.queue([403]);
    let hooks = format!(
        "app: parrot\ndrain: 0s\nsettle: 0s\ngate:\n  interval: 1s\n  webhooks:\n  \
         - {{url: '{}', retries: 1, metadata: {{team: birds, release: '99'}}}}\n  \
         - {{name: qa, url: '{}'}}\n",
        first.url(),
        second.url()
    );
    write(&app, "bluegreen.yaml", &hooks)?;
    let output = app.ok(&["deploy", "--image", V2]).await?;
    ensure!(output.stderr.contains("settings from bluegreen.yaml"), "{output:?}");
    ensure!(output.stderr.contains("qa: 403"), "{output:?}");
    app.is_released(V2).await?;
    let (first, second) = (first.requests(), second.requests());
    ensure!((first.len(), second.len()) == (3, 2), "{first:?}\n{second:?}");
    let metadata = &first[0].json()["metadata"];
    ensure!(metadata["team"] == "birds" && metadata["release"] == "1", "{metadata}");
    ensure!(second[0].json()["metadata"]["team"].is_null());
    Ok(())
}

async fn canary_with_metrics_is_refused_unasked(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let webhook = Webhook::start(200);
    let metrics = "  analysis:\n    metrics: [{name: request-success-rate}]\n";
    write(&app, "canary.yaml", &canary(&app, &webhook).replace("  analysis:\n", metrics))?;
    let user = app.other().await?;
    write(&user, "canary.yaml", &canary(&app, &webhook).replace("  analysis:\n", metrics))?;
    for args in [&["init"][..], &["deploy", "--image", V2]] {
        let output = user.fails(2, &[args, &["-f", "canary.yaml"]].concat()).await?;
        ensure!(output.stderr.contains("spec.analysis.metrics: leave them out"), "{output:?}");
    }
    let lines = bed.audit(&user.user.name).await?;
    ensure!(lines.is_empty(), "{lines:#?}");
    Ok(())
}

async fn another_ingress_is_refused(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    app.apply(
        "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: toucan}
spec: {defaultBackend: {service: {name: toucan, port: {number: 80}}}}
",
    )
    .await?;
    let webhook = Webhook::start(200);
    let (_, rest) = CANARY.split_once("kind: Ingress").context("no ingressRef")?;
    ensure!(rest.starts_with("\n    name: parrot"), "{rest}");
    let toucan = canary(&app, &webhook)
        .replace("kind: Ingress\n    name: parrot", "kind: Ingress\n    name: toucan");
    write(&app, "canary.yaml", &toucan)?;
    let before = app.versions().await?;
    let output = app.fails(10, &["init", "-f", "canary.yaml"]).await?;
    ensure!(output.stderr.contains("name Ingress toucan, which does not name Service parrot"));
    ensure!(app.versions().await? == before, "something was written");
    app.ok(&["init", "parrot"]).await?;
    let before = app.versions().await?;
    app.fails(10, &["deploy", "-f", "canary.yaml", "--image", V2]).await?;
    ensure!(app.versions().await? == before, "something was written");
    ensure!(webhook.requests().is_empty());
    Ok(())
}

async fn another_service_is_refused(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    app.apply(
        "
apiVersion: v1
kind: Service
metadata: {name: parrot}
spec: {selector: {app: parrot}, ports: [{port: 80, targetPort: 8080}]}
",
    )
    .await?;
    write(&app, "canary.yaml", &canary(&app, &Webhook::start(200)))?;
    let before = app.versions().await?;
    let output = app.fails(10, &["init", "-f", "canary.yaml"]).await?;
    let said = "targetPort 3000 for port 80 of Service parrot, which has 8080";
    ensure!(output.stderr.contains(said), "{output:?}");
    ensure!(app.versions().await? == before, "something was written");
    Ok(())
}
