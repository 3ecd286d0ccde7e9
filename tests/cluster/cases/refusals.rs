//! What can't be released as it is, or was not meant so: refused with nothing written.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        init_refuses_what_it_cannot_release,
        deploy_refuses_what_came_after_init,
        several_container_ports_need_a_word,
        app_without_a_record_or_a_deployment,
        manifests_that_cannot_be_read,
        dry_run_writes_nothing,
    ]
}

const AUTOSCALER: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: busy, labels: {scaledobject.keda.sh/name: busy}}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: parrot}
";

const SECOND_INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: second}
spec: {defaultBackend: {service: {name: parrot, port: {number: 80}}}}
";

/// It would send requests to a candidate that nobody approved.
const CATCHING_SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: catcher}
spec: {selector: {team: birds}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: parrot}
spec:
  selector: {matchLabels: {app: parrot}}
  template:
    metadata: {labels: {app: parrot, team: birds}}
    spec: {containers: [{name: parrot, image: 'kmharish/parrot-app:v1.2'}]}
";

const PAUSED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: parrot}
spec:
  paused: true
  selector: {matchLabels: {app: parrot}}
  template:
    metadata: {labels: {app: parrot}}
    spec: {containers: [{name: parrot, image: 'kmharish/parrot-app:v1.2'}]}
";

const HEADLESS_INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: parrot}
spec: {rules: null, defaultBackend: {service: {name: other, port: {number: 80}}}}
";

/// What is applied over the article's app, and what the refusal has to name.
const UNFIT: [(&str, &str); 5] = [
    (AUTOSCALER, "HorizontalPodAutoscaler busy"),
    (SECOND_INGRESS, "(parrot nginx, second none)"),
    (CATCHING_SERVICE, "Service catcher"),
    (PAUSED, "kubectl rollout resume deployment/parrot"),
    (HEADLESS_INGRESS, "no Ingress"),
];

/// Ends 10, names it, and leaves everything as it is.
async fn refuses(app: &Parrot, args: &[&str], word: &str) -> Result<()> {
    let user = app.other().await?;
    let output = user.fails(10, args).await?;
    ensure!(output.stderr.contains(word), "no {word:?}: {output:?}");
    ensure!(output.stdout.is_empty(), "{output:?}");
    let writes = user.writes().await?;
    ensure!(writes.is_empty(), "{writes:#?}");
    Ok(())
}

async fn init_refuses_what_it_cannot_release(bed: Arc<Bed>) -> Result<()> {
    for (yaml, word) in UNFIT {
        let app = Parrot::applied(&bed).await?;
        app.apply(yaml).await?;
        refuses(&app, &["init", "parrot"], word).await?;
    }
    Ok(())
}

async fn deploy_refuses_what_came_after_init(bed: Arc<Bed>) -> Result<()> {
    for (yaml, word) in UNFIT {
        let app = Parrot::ready(&bed).await?;
        app.apply(yaml).await?;
        refuses(&app, &["deploy", "parrot", "--image", V2, "--yes"], word).await?;
    }
    Ok(())
}

async fn several_container_ports_need_a_word(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let patch = r#"{"spec": {"template": {"spec": {"containers": [
        {"name": "parrot", "ports": [{"containerPort": 3000}, {"containerPort": 9090}]}]}}}}"#;
    bed.kubectl(&["patch", "deployment", "parrot", "-n", &app.ns, "-p", patch]).await?;
    refuses(&app, &["init", "parrot"], "3000, 9090").await?;
    refuses(&app, &["init", "parrot"], "--target-port").await?;
    app.ok(&["init", "parrot", "--target-port", "9090"]).await?;
    for name in ["parrot", "parrot-blue", "parrot-green", "parrot-preview"] {
        let service = app.get("services", name).await?;
        ensure!(service["spec"]["ports"][0]["targetPort"] == 9090, "{service:#}");
    }
    Ok(())
}

async fn app_without_a_record_or_a_deployment(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    refuses(&app, &["init", "cockatoo"], "no Deployment cockatoo").await?;
    let hint = format!("bluegreen init parrot -n {}", app.ns);
    for args in [
        &["deploy", "parrot", "--image", V2, "--yes"][..],
        &["promote", "parrot"],
        &["abort", "parrot"],
    ] {
        refuses(&app, args, &hint).await?;
    }
    // There is something to be seen all the same.
    let output = app.ok(&["status", "parrot"]).await?;
    ensure!(output.stdout.contains(&format!("next       {hint}")), "{output:?}");
    let status = app.status().await?;
    ensure!(status["app"] == "parrot" && status["healthy"] == false, "{status:#}");
    ensure!(status["live"].is_null() && status["release"].is_null(), "{status:#}");
    refuses(&app, &["status", "cockatoo"], "no Deployment cockatoo").await?;
    // Without a name there is none to be found.
    let output = app.fails(2, &["status"]).await?;
    ensure!(output.stderr.contains("kubectl get deployments"), "{output:?}");
    Ok(())
}

async fn manifests_that_cannot_be_read(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let path = app.user.home.join("deployment.yaml");
    let shown = path.display().to_string();
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: parrot}\n";
    let twice = format!("{deployment}kind: Deployment\n");
    let other = deployment.replace("name: parrot", "name: cockatoo");
    for (text, word) in [
        ("kind: Deployment\n  a: [", "line 2"),
        (&twice, "line 4"),
        (&other, "cockatoo"),
        (deployment, "containers"),
    ] {
        std::fs::write(&path, text)?;
        let output = app.fails(2, &["deploy", "parrot", "-f", &shown, "--yes"]).await?;
        ensure!(output.stderr.contains(word), "no {word:?}: {output:?}");
        ensure!(output.stderr.contains(&shown), "{output:?}");
    }
    std::fs::write(&path, "kind: Service")?;
    let output = app.fails(2, &["deploy", "parrot", "-f", &shown, "--yes"]).await?;
    ensure!(output.stderr.contains("neither a Deployment"), "{output:?}");
    std::fs::remove_file(&path)?;
    let output = app.fails(2, &["deploy", "parrot", "-f", &shown, "--yes"]).await?;
    ensure!(output.stderr.contains(&shown), "{output:?}");
    app.is_as_before().await
}

async fn dry_run_writes_nothing(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let before = app.versions().await?;
    let args = ["deploy", "parrot", "--image", V2, "--dry-run=server"];
    let output = app.ok(&args).await?;
    ensure!(app.versions().await? == before, "something was written");
    let lines: Vec<&str> = output.stdout.lines().collect();
    let at = |words: &[&str]| {
        let fits = |line: &&str| words.iter().all(|word| line.contains(word));
        let at = lines.iter().position(fits);
        at.with_context(|| format!("no line with {words:?}: {output:?}"))
    };
    let made = at(&["create", "parrot-green"])?;
    let switched = at(&["switch to", "Ingress parrot", "parrot-green"])?;
    let back = at(&["switch back", "Ingress parrot", "parrot-blue"])?;
    ensure!(made < switched && switched < back, "{lines:#?}");
    // Each was checked by the API server itself.
    let requests = app.bed.audit(&app.user.name).await?;
    let deploys: Vec<_> =
        requests.iter().filter(|l| l.request_uri.contains("dryRun=All")).collect();
    ensure!(deploys.iter().any(|line| line.resource == "ingresses" && line.code == 200));
    ensure!(deploys.iter().any(|line| line.resource == "deployments" && line.code == 201));

    // What the API server would refuse, a dry run tells.
    let path = app.user.home.join("deployment.yaml");
    let broken = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: parrot}
spec:
  template:
    metadata: {labels: {app: parrot}}
    spec: {containers: [{name: parrot, image: 'x:1', ports: [{containerPort: 99999}]}]}
";
    std::fs::write(&path, broken)?;
    let shown = path.display().to_string();
    let output = app.run(&["deploy", "parrot", "-f", &shown, "--dry-run=server"]).await?;
    let path = "line 8: spec.template.spec.containers[0].ports[0].containerPort: ";
    ensure!(output.code == Some(2) && output.stderr.contains(path), "{output:?}");
    ensure!(output.stderr.contains("99999"), "{output:?}");
    ensure!(app.versions().await? == before, "something was written");
    Ok(())
}
