//! A candidate that will never be ready, for reasons that only the control plane itself has.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::parrot::Parrot;
use crate::bed::kwok::LOG;
use crate::bed::{Bed, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        crashing_candidate_is_told_by_its_log,
        quota_that_is_full,
        candidate_that_nobody_can_schedule_waits,
    ]
}

/// A release that has to end 4, for these reasons, long before its time is up.
async fn fails(app: &Parrot, tag: &str, timeout: &str, reasons: &[&str]) -> Result<String> {
    let image = format!("kmharish/parrot-app:{tag}");
    let args = ["deploy", "parrot", "--image", &image, "--yes", "--timeout", timeout];
    // Far beyond what `run` waits for a command to end.
    let output = app.fails(4, &args).await?;
    for reason in reasons {
        ensure!(output.stderr.contains(reason), "no {reason:?}: {output:?}");
    }
    ensure!(output.stdout.is_empty(), "{output:?}");
    app.is_as_before().await?;
    let history = &app.record().await?["history"];
    ensure!(history[0]["outcome"] == "unhealthy", "{history:#}");
    Ok(output.stderr)
}

async fn crashing_candidate_is_told_by_its_log(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let said = fails(&app, "crash", "10m", &["exit code 1", "container parrot"]).await?;
    let last = LOG.lines().last().unwrap_or_default();
    ensure!(said.contains(last), "no {last:?}: {said}");
    Ok(())
}

async fn quota_that_is_full(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    // Of one for some pods alone it isn't known beforehand whose they are: a pod that is tried tells.
    app.apply(
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: few}, \
         spec: {hard: {pods: 1}, scopes: [BestEffort]}}",
    )
    .await?;
    // Its controller has to have counted the pod that is there.
    wait_for("the quota to be in effect", crate::bed::SOON, async || {
        let args =
            ["get", "resourcequota", "few", "-n", &app.ns, "-o=jsonpath={.status.used.pods}"];
        Ok((bed.kubectl(&args).await? == "1").then_some(()))
    })
    .await?;
    let output = app.fails(10, &["deploy", "parrot", "--image", "parrot-app:v2", "--yes"]).await?;
    ensure!(output.stderr.contains("exceeded quota: few"), "{output:?}");
    // One for all pods is counted.
    let name = &app.ns;
    bed.kubectl(&["delete", "resourcequota", "few", "-n", name]).await?;
    app.apply(
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: all}, spec: {hard: {pods: 1}}}",
    )
    .await?;
    let args = ["get", "resourcequota", "all", "-n", name, "-o=jsonpath={.status.used.pods}"];
    wait_for("the quota to be in effect", crate::bed::SOON, async || {
        Ok((bed.kubectl(&args).await? == "1").then_some(()))
    })
    .await?;
    let output = app.fails(10, &["deploy", "parrot", "--image", "parrot-app:v3", "--yes"]).await?;
    ensure!(output.stderr.contains("ResourceQuota all has 0 left for pods"), "{output:?}");
    app.is_as_before().await
}

async fn candidate_that_nobody_can_schedule_waits(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let text = format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: parrot, namespace: {}}}
spec:
  template:
    metadata: {{labels: {{app: parrot}}}}
    spec:
      nodeSelector: {{no-such: node}}
      containers: [{{name: parrot, image: 'kmharish/parrot-app:v2'}}]
",
        app.ns
    );
    let path = app.user.home.join("deployment.yaml");
    std::fs::write(&path, text)?;
    // A node may still come, so this takes all its time; the reason is told meanwhile.
    let path = path.display().to_string();
    let args = ["deploy", "parrot", "-f", &path, "--yes", "--timeout", "5s"];
    let output = app.fails(4, &args).await?;
    ensure!(output.stderr.contains("Unschedulable"), "{output:?}");
    app.is_as_before().await
}
