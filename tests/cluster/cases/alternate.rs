//! Ten releases in a row, each into the other colour, with ones that fail between them.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::Parrot;
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        ten_releases_alternate_with_failures_between,
        template_comes_from_a_file,
        file_that_is_live_again_is_live_already,
    ]
}

const CRASH: &str = "kmharish/parrot-app:crash";

/// The Deployments of both colours without what changes by itself or counts changes.
async fn slots(app: &Parrot) -> Result<Vec<Value>> {
    let mut all = app.list("deployments").await?;
    for object in &mut all {
        object["status"].take();
        for key in ["resourceVersion", "generation", "managedFields"] {
            object["metadata"][key].take();
        }
        // The controller's own count of templates.
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].take();
        object["metadata"]["annotations"]["bluegreen/epoch"].take();
    }
    Ok(all)
}

/// The Ingress as the user knows it: without our annotations and the name of the backend.
async fn ingress(app: &Parrot) -> Result<Value> {
    let mut ingress = app.get("ingresses", "parrot").await?;
    for key in ["resourceVersion", "generation", "managedFields"] {
        ingress["metadata"][key].take();
    }
    let annotations = ingress["metadata"]["annotations"].as_object_mut().context("annotations")?;
    annotations.remove("bluegreen/release.parrot");
    annotations.remove("bluegreen/epoch.parrot");
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"].take();
    Ok(ingress)
}

async fn ten_releases_alternate_with_failures_between(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let args = ["annotate", "ingress", "parrot", "example.com/owner=birds", "-n", &app.ns];
    bed.kubectl(&args).await?;
    let original = ingress(&app).await?;
    let mut number = 0;
    for release in 1..=10 {
        let (colour, selected, backend) = match release % 2 {
            1 => ("green", "parrot-green", "parrot-green"),
            _ => ("blue", "parrot", "parrot-blue"),
        };
        // What fails goes into the same colour first, and leaves it as it was.
        let before = slots(&app).await?;
        match release {
            1 | 4 => abort_one(&app, release).await?,
            2 | 7 => drop(app.fails(4, &["deploy", "--image", CRASH, "--yes"]).await?),
            _ => number -= 1,
        }
        number += 1;
        let after = slots(&app).await?;
        ensure!(after == before, "before: {before:#?}\nafter: {after:#?}");
        let image = format!("kmharish/parrot-app:r{release}");
        app.ok(&["deploy", "--image", &image, "--yes", "--drain", "0s", "--settle", "0s"]).await?;
        number += 1;

        ensure!(app.backend().await? == backend, "release {release}: {}", app.backend().await?);
        ensure!(app.live_selector().await? == selected, "{}", app.live_selector().await?);
        ensure!(ingress(&app).await? == original, "{:#}", ingress(&app).await?);
        let annotations = &app.get("ingresses", "parrot").await?["metadata"]["annotations"];
        ensure!(
            annotations["bluegreen/release.parrot"].as_str() == Some(&number.to_string()),
            "{annotations:#}"
        );
        let status = app.status().await?;
        ensure!(status["live"]["colour"] == colour, "{status:#}");
        ensure!(status["live"]["images"] == json!({ "parrot": image }), "{status:#}");
        ensure!(status["healthy"] == true && status["candidate"].is_null(), "{status:#}");
        let mut sizes = app.deployments().await?;
        sizes.retain(|line| line.ends_with(" x1"));
        ensure!(sizes == [format!("{selected} {image} x1")], "{sizes:?}");
    }
    let record = app.record().await?;
    let history = record["history"].as_array().context("no history")?;
    ensure!(record["number"] == number && history.len() == 10, "{record:#}");
    Ok(())
}

/// A release that somebody looked at and did not like.
async fn abort_one(app: &Parrot, release: i32) -> Result<()> {
    let image = format!("kmharish/parrot-app:disliked-{release}");
    app.ok(&["deploy", "--image", &image, "--detach"]).await?;
    app.ok(&["abort", "--reason", "nobody likes it"]).await.map(drop)
}

async fn template_comes_from_a_file(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/parrot/parrot.yaml"),
    )?;
    // The Ingress in it is not what a release changes, its namespace and size neither.
    let text = text
        .replace("namespace: blue-green", &format!("namespace: {}", app.ns))
        .replace("parrot.example.com", "elsewhere.example.com")
        .replace("replicas: 1", "replicas: 5")
        .replace(":v1.2", ":v9")
        .replace(
            "- containerPort: 3000",
            "- containerPort: 3000\n        env: [{name: MODE, value: 'on'}]",
        )
        .replace("      labels:\n        app: parrot", "      labels: {app: parrot, extra: 'yes'}");
    let path = app.user.home.join("deployment.yaml");
    std::fs::write(&path, text)?;
    let path = path.display().to_string();
    let args = ["deploy", "parrot", "-f", &path, "--yes", "--drain", "0s", "--settle", "0s"];
    app.ok(&args).await?;
    app.is_released("kmharish/parrot-app:v9").await?;
    let green = app.get("deployments", "parrot-green").await?;
    let template = &green["spec"]["template"];
    let env = json!([{ "name": "MODE", "value": "on" }]);
    ensure!(template["spec"]["containers"][0]["env"] == env, "{template:#}");
    let labels = json!({
        "app": "parrot-green", "extra": "yes", "bluegreen/colour": "green", "bluegreen/release": "1",
    });
    ensure!(template["metadata"]["labels"] == labels, "{template:#}");
    let rule = &app.get("ingresses", "parrot").await?["spec"]["rules"][0];
    ensure!(rule["host"] == "parrot.example.com", "{rule:#}");

    // The same file again is live already.
    let again = app.other().await?;
    again.ok(&args).await?;
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}

/// The version keeps the hash under which it was sent.
async fn file_that_is_live_again_is_live_already(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/parrot/parrot.yaml"),
    )?;
    let text = text.replace("namespace: blue-green", &format!("namespace: {}", app.ns));
    let path = app.user.home.join("deployment.yaml");
    std::fs::write(&path, text.replace(":v1.2", ":v2.2"))?;
    let path = path.display().to_string();
    let args = ["deploy", "parrot", "-f", &path, "--yes", "--drain", "0s", "--settle", "0s"];
    app.ok(&args).await?;
    let short = ["--drain", "0s", "--settle", "0s"];
    let other = ["deploy", "parrot", "--image", "kmharish/parrot-app:v3.0", "--yes"];
    app.ok(&[&other[..], &short].concat()).await?;
    app.ok(&[&["rollback", "parrot"], &short[..]].concat()).await?;
    let again = app.other().await?;
    again.ok(&args).await?;
    let writes = again.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}
