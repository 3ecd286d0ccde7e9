//! An app that two Ingresses name: both are switched, or neither.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;

use super::parrot::{Parrot, V1, V2};
use crate::bed::command::Output;
use crate::bed::{Bed, SOON, wait_for};
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        one_that_is_refused_takes_the_other_back,
        the_only_one_that_is_refused_keeps_the_candidate,
        one_that_is_not_let_back_is_left_for_the_next_abort,
    ]
}

pub const SECOND: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: parrot-admin}
spec:
  ingressClassName: nginx
  rules:
    - host: admin.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: parrot, port: {number: 80}}}
";

async fn with_two(bed: &Arc<Bed>) -> Result<Parrot> {
    let app = Parrot::applied(bed).await?;
    app.apply(SECOND).await?;
    app.ok(&["init", "parrot"]).await?;
    Ok(app)
}

async fn backends(app: &Parrot) -> Result<[String; 2]> {
    Ok([app.backend().await?, app.backend_of("parrot-admin").await?])
}

/// A deploy whose gate says yes after the API server has been told to refuse an Ingress.
async fn refused_after<'a>(
    app: &'a Parrot,
    deploy: &[&str],
    ingress: &str,
) -> Result<(Policy<'a>, Output)> {
    let webhook = Webhook::start(503);
    let url = webhook.url();
    let gate = ["--webhook", &url, "--interval", "1s"];
    let driver = app.spawn(&[deploy, &gate[..]].concat())?;
    webhook.wait_for_polls(1, SOON).await;
    let policy = Policy::refuse(app, ingress).await?;
    webhook.answer_with(200);
    Ok((policy, driver.wait().await?))
}

async fn one_that_is_refused_takes_the_other_back(bed: Arc<Bed>) -> Result<()> {
    let app = with_two(&bed).await?;
    let untouched = app.get("ingresses", "parrot-admin").await?;
    let deploy = ["deploy", "--image", V2, "--drain", "0s", "--settle", "0s"];
    app.ok(&[&deploy[..], &["--detach"]].concat()).await?;
    let policy = Policy::refuse(&app, "parrot-admin").await?;
    // A yes that would come to nothing is not written.
    let output = app.fails(10, &["promote"]).await?;
    ensure!(output.stderr.contains("would refuse to patch Ingress parrot-admin"), "{output:?}");
    ensure!(app.status().await?["release"]["phase"] == "waiting", "{output:?}");
    policy.lift().await?;
    app.ok(&["abort"]).await?;

    let (policy, output) = refused_after(&app, &deploy, "parrot-admin").await?;
    let output = output.expect_code(4)?;
    let refused = "the API server refuses to switch Ingress parrot-admin: ";
    ensure!(output.stderr.contains(refused), "{output:?}");
    ensure!(output.stderr.contains("nobody touches it; put back: Ingress parrot"), "{output:?}");
    ensure!(backends(&app).await? == ["parrot-blue", "parrot"]);
    ensure!(app.get("ingresses", "parrot-admin").await? == untouched, "it was touched");
    ensure!(app.deployments().await? == [format!("parrot {V1} x1")]);
    let status = app.status().await?;
    ensure!(status["healthy"] == true && status["last"]["outcome"] == "unhealthy", "{status:#}");

    // It is known before the next one begins.
    let deploy = [&deploy[..], &["--yes"]].concat();
    let output = app.fails(10, &deploy).await?;
    ensure!(output.stderr.contains("would refuse to patch Ingress parrot-admin"), "{output:?}");
    policy.lift().await?;
    app.ok(&deploy).await?;
    ensure!(backends(&app).await? == ["parrot-green", "parrot-green"]);
    Ok(())
}

async fn the_only_one_that_is_refused_keeps_the_candidate(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let deploy = ["deploy", "--image", V2, "--drain", "0s", "--settle", "0s"];
    let (policy, output) = refused_after(&app, &deploy, "parrot").await?;
    let output = output.expect_code(7)?;
    let refused = "the API server refuses to switch Ingress parrot: ";
    ensure!(output.stderr.contains(refused), "{output:?}");
    ensure!(app.backend().await? == "parrot");
    policy.lift().await?;
    app.ok(&["promote"]).await?;
    ensure!(app.backend().await? == "parrot-green");
    Ok(())
}

async fn one_that_is_not_let_back_is_left_for_the_next_abort(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let deploy =
        ["deploy", "--image", V2, "--yes", "--bake", "1h", "--drain", "0s", "--settle", "0s"];
    let driver = app.spawn(&deploy)?;
    app.status_in("baking").await?;
    let policy = Policy::refuse(&app, "parrot").await?;
    let output = app.fails(7, &["abort"]).await?;
    let refused = "the API server refuses to switch Ingress parrot back: ";
    ensure!(output.stderr.contains(refused), "{output:?}");
    ensure!(output.stderr.contains("bluegreen abort parrot"), "{output:?}");
    let output = driver.wait().await?;
    ensure!(output.code == Some(7), "{output:?}");
    policy.lift().await?;
    app.ok(&["abort"]).await?;
    ensure!(app.backend().await? == "parrot-blue");
    ensure!(app.deployments().await? == [format!("parrot {V1} x1")]);
    Ok(())
}

/// A rule of the API server's own against changes of one Ingress.
struct Policy<'a> {
    app: &'a Parrot,
    name: String,
}

impl<'a> Policy<'a> {
    async fn refuse(app: &'a Parrot, ingress: &str) -> Result<Self> {
        let name = format!("{}-{ingress}", app.ns);
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": { "name": name },
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": { "resourceRules": [{
                    "apiGroups": ["networking.k8s.io"],
                    "apiVersions": ["v1"],
                    "operations": ["UPDATE"],
                    "resources": ["ingresses"],
                }] },
                "validations": [{
                    "expression": format!("object.metadata.name != '{ingress}'"),
                    "message": "nobody touches it",
                }],
            },
        });
        // Other tests' Ingresses have the same names.
        let selector = json!({ "matchLabels": { "kubernetes.io/metadata.name": app.ns } });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": { "name": name },
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "matchResources": { "namespaceSelector": selector },
            },
        });
        app.apply(&format!("{policy}\n---\n{binding}")).await?;
        let refused = Self { app, name };
        // The API server compiles it a moment later.
        let touch = ["label", "ingress", ingress, "touched=yes", "--dry-run=server", "-n", &app.ns];
        wait_for("the policy to hold", SOON, async || {
            Ok(app.bed.kubectl(&touch).await.is_err().then_some(()))
        })
        .await?;
        Ok(refused)
    }

    async fn lift(&self) -> Result<()> {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            self.app.bed.kubectl(&["delete", kind, &self.name]).await.context("it stays")?;
        }
        let touch = ["label", "ingress", "--all", "touched=yes", "--dry-run=server"];
        let touch = [&touch[..], &["--overwrite", "-n", &self.app.ns]].concat();
        wait_for("the policy to be gone", SOON, async || {
            Ok(self.app.bed.kubectl(&touch).await.is_ok().then_some(()))
        })
        .await
    }
}
