//! Apps as people have described them: what they run, and where they were stopped, or were not and should
//! have been.

use std::fs;

use anyhow::{Context, Result, ensure};
use bluegreen::model::{Kind, Optional};
use serde_json::{Value, json};

use super::custom::declared;
use super::field::Field;
use super::fitness::found;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    a_service_of_node_ports_behind_a_clouds_load_balancer,
    sockets_and_rewrites_by_the_name_of_a_service,
    what_flagger_leaves_while_its_canary_stands,
    three_labels_of_which_the_service_has_two,
    a_policy_for_the_pods_by_their_label,
    a_container_port_by_another_name,
    a_certificate_for_a_strict_preview,
    labels_and_annotations_that_somebody_asks_for,
    the_manifest_that_is_there_already,
    a_manifest_without_a_size_that_is_applied_again,
    a_typing_error_beside_a_password,
];

/// Two ports, labels of the company's, and a Service that finds its port by name.
const HERON: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: heron
  labels: {app: heron, team: waders}
  annotations: {reloader.example.com/auto: "true"}
spec:
  selector: {matchLabels: {app: heron}}
  template:
    metadata: {labels: {app: heron}}
    spec:
      containers:
      - name: heron
        image: birds.example.com/heron:1
        env: [{name: NEST_KEY, value: moss-and-reed}]
        ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9102}]
---
apiVersion: v1
kind: Service
metadata: {name: heron, labels: {team: waders}}
spec: {selector: {app: heron}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: heron, labels: {team: waders}}
spec:
  ingressClassName: nginx
  rules:
  - host: heron.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: heron, port: {name: http}}}}]}
"#;
const QUICK: &str = "--yes --drain 1s --settle 1s --probe none";
const SECOND: &str =
    "deploy heron --image birds.example.com/heron:2 --yes --drain 1s --settle 1s --probe none";

fn said_of(text: &str, changes: &[(&str, &str)]) -> Result<String> {
    let mut text = text.to_owned();
    for (from, to) in changes {
        ensure!(text.contains(from), "the manifest has no {from}");
        text = text.replace(from, to);
    }
    Ok(text)
}

/// The objects of a manifest, with these changes, and its pods are ready.
async fn applied(field: &Field, changes: &[(&str, &str)]) -> Result<()> {
    let text = said_of(HERON, changes)?;
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text)?;
    for object in objects {
        field.create(object).await?;
    }
    field.has_ready("heron", 1).await
}

/// A file with its Deployment alone, with these changes; and the command line that deploys it.
fn manifest(field: &Field, changes: &[(&str, &str)]) -> Result<(tempfile::TempDir, String)> {
    let (deployment, _) = HERON.split_once("\n---\n").context("one document")?;
    let namespace = format!("name: heron\n  namespace: {}\n  labels:", field.namespace);
    let text = said_of(deployment, changes)?.replace("name: heron\n  labels:", &namespace);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("heron.yaml");
    fs::write(&file, text)?;
    Ok((folder, format!("deploy heron -f {} {QUICK}", file.display())))
}

async fn serves(field: &Field, service: &str) -> Result<()> {
    let backend = field.backend("heron").await?;
    ensure!(backend == service, "people are led to {backend}");
    Ok(())
}

async fn a_service_of_node_ports_behind_a_clouds_load_balancer(field: Field) -> Result<()> {
    applied(
        &field,
        &[
            ("selector: {app: heron}, ports:", "type: NodePort, selector: {app: heron}, ports:"),
            ("ingressClassName: nginx", "ingressClassName: alb"),
        ],
    )
    .await?;
    let marks =
        json!({"metadata": {"annotations": {"alb.ingress.kubernetes.io/target-type": "instance"}}});
    field.edit(Kind::Ingress, "heron", marks).await?;
    for class in ["alb", "gce", "gce-internal", "azure-application-gateway"] {
        field.edit(Kind::Ingress, "heron", json!({"spec": {"ingressClassName": class}})).await?;
        let said = field.exits(10, "check heron").await?;
        ensure!(found(&said, "ingress-class")?["verdict"] == "fail", "{said:?}");
        ensure!(!field.exits(10, "init heron").await?.wrote(), "init wrote");
    }
    for class in ["haproxy", "traefik", "kong"] {
        field.edit(Kind::Ingress, "heron", json!({"spec": {"ingressClassName": class}})).await?;
        let said = field.exits(0, "check heron").await?;
        let told = found(&said, "ingress-class")?;
        ensure!(told["what"].to_string().contains(class), "{told:#}");
        ensure!((told["verdict"] == "warn") == (class != "traefik"), "{told:#}");
    }
    Ok(())
}

async fn sockets_and_rewrites_by_the_name_of_a_service(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    let marks = json!({"metadata": {"annotations": {
        "nginx.org/websocket-services": "heron",
        "nginx.org/rewrites": "serviceName=heron rewrite=/",
    }}});
    field.edit(Kind::Ingress, "heron", marks).await?;
    field.exits(0, "init heron").await?;
    field.exits(0, SECOND).await?;
    serves(&field, "heron-green").await?;
    let ingress = field.get(Kind::Ingress, "heron").await?;
    let marks = &ingress["metadata"]["annotations"];
    ensure!(marks["nginx.org/websocket-services"] == "heron-green", "{marks:#}");
    ensure!(marks["nginx.org/rewrites"] == "serviceName=heron-green rewrite=/", "{marks:#}");
    Ok(())
}

async fn what_flagger_leaves_while_its_canary_stands(field: Field) -> Result<()> {
    let canaries = declared(&field, Optional::Canary).await?;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "heron"});
    let canary = canaries.add(&field, "heron", json!({"targetRef": target})).await?;
    applied(&field, &[]).await?;
    let mut primary = field.get(Kind::Deployment, "heron").await?;
    let labels = json!({"app": "heron-primary"});
    primary["spec"]["selector"]["matchLabels"] = labels.clone();
    primary["spec"]["template"]["metadata"]["labels"] = labels.clone();
    primary["apiVersion"] = json!("apps/v1");
    primary["kind"] = json!("Deployment");
    primary["metadata"] = json!({"name": "heron-primary", "labels": labels, "ownerReferences": [{
        "apiVersion": canary["apiVersion"], "kind": "Canary", "name": "heron",
        "uid": canary["metadata"]["uid"], "controller": true, "blockOwnerDeletion": false,
    }]});
    field.create(primary).await?;
    field.has_ready("heron-primary", 1).await?;
    field
        .edit(Kind::Service, "heron", json!({"spec": {"selector": {"app": "heron-primary"}}}))
        .await?;
    field.edit(Kind::Deployment, "heron", json!({"spec": {"replicas": 0}})).await?;
    for app in ["heron", "heron-primary"] {
        let said = field.exits(10, &format!("check {app}")).await?;
        let told = found(&said, "managers")?;
        ensure!(told["verdict"] == "fail" && told.to_string().contains("Flagger"), "{told:#}");
        ensure!(format!("{said:?}").contains("revertOnDeletion"), "{said:?}");
        ensure!(!field.exits(10, &format!("init {app}")).await?.wrote(), "init wrote");
    }
    Ok(())
}

async fn three_labels_of_which_the_service_has_two(field: Field) -> Result<()> {
    let three = "{app: heron, app.kubernetes.io/name: heron, app.kubernetes.io/instance: lake}";
    let two = "{app.kubernetes.io/name: heron, app.kubernetes.io/instance: lake}";
    applied(
        &field,
        &[
            ("matchLabels: {app: heron}", &format!("matchLabels: {three}")),
            ("metadata: {labels: {app: heron}}", &format!("metadata: {{labels: {three}}}")),
            ("spec: {selector: {app: heron}", &format!("spec: {{selector: {two}")),
        ],
    )
    .await?;
    field.exits(0, "check heron").await?;
    field.exits(0, "init heron").await?;
    field.exits(0, SECOND).await?;
    serves(&field, "heron-green").await?;
    let leads = &field.get(Kind::Service, "heron").await?["spec"]["selector"];
    ensure!(leads["app.kubernetes.io/name"] == "heron-green", "{leads:#}");
    Ok(())
}

async fn a_policy_for_the_pods_by_their_label(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    let policies = declared(&field, Optional::AuthorizationPolicy).await?;
    let rules = json!([{"from": [{"source": {"namespaces": ["ingress-nginx"]}}]}]);
    let selector = json!({"matchLabels": {"app": "heron"}});
    let spec = json!({"selector": selector, "action": "ALLOW", "rules": rules});
    policies.add(&field, "only-ingress", spec).await?;
    let said = field.exits(10, "check heron").await?;
    ensure!(found(&said, "policies")?["verdict"] == "fail", "{said:?}");
    ensure!(!field.exits(10, "init heron").await?.wrote(), "init wrote");
    Ok(())
}

async fn a_container_port_by_another_name(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    field.exits(0, "init heron").await?;
    let changes =
        [("{name: http, containerPort", "{name: web, containerPort"), ("heron:1", "heron:2")];
    let (_folder, line) = manifest(&field, &changes)?;
    let said = field.exits(2, &line).await?;
    ensure!(
        !said.wrote() && said.err.contains("http") && said.err.contains("Service heron"),
        "{said:?}"
    );
    serves(&field, "heron").await
}

async fn a_certificate_for_a_strict_preview(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    let host = format!("next.{}.example.com", field.namespace);
    field.exits(0, &format!("init heron --preview-host {host}")).await?;
    let tls = json!([{"hosts": [host], "secretName": "next-tls"}]);
    field.edit(Kind::Ingress, "heron-preview", json!({"spec": {"tls": tls}})).await?;
    field.exits(0, "check heron").await?;
    field.exits(0, "init heron").await?;
    field.exits(0, SECOND).await?;
    ensure!(field.get(Kind::Ingress, "heron-preview").await?["spec"]["tls"] == tls, "it is gone");
    Ok(())
}

async fn labels_and_annotations_that_somebody_asks_for(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    field.exits(0, "init heron").await?;
    field.exits(0, SECOND).await?;
    let green = field.get(Kind::Deployment, "heron-green").await?;
    ensure!(green["metadata"]["labels"]["team"] == "waders", "{green:#}");
    ensure!(green["metadata"]["annotations"]["reloader.example.com/auto"] == "true", "{green:#}");
    for (kind, name) in [
        (Kind::Service, "heron-blue"),
        (Kind::Service, "heron-green"),
        (Kind::Service, "heron-preview"),
        (Kind::Ingress, "heron-preview"),
        (Kind::ConfigMap, "bluegreen-heron"),
    ] {
        let made = field.get(kind, name).await?;
        ensure!(made["metadata"]["labels"]["team"] == "waders", "{made:#}");
    }
    Ok(())
}

async fn the_manifest_that_is_there_already(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    field.exits(0, "init heron").await?;
    let (_same, same) = manifest(&field, &[])?;
    let said = field.exits(0, &same).await?;
    ensure!(said.outcome()["result"] == "already-live" && !said.wrote(), "{said:?}");
    ensure!(said.outcome()["differs"].is_null(), "{said:?}");
    // What is no part of the version comes with the next one, and is said until then.
    let labels = [("team: waders}", "team: divers}")];
    let (_other, other) = manifest(&field, &labels)?;
    let said = field.exits(0, &other).await?;
    ensure!(!said.wrote() && said.outcome()["differs"] == json!(["label team"]), "{said:?}");
    let human = field.exits(0, &format!("{other} -o human")).await?;
    ensure!(
        human.out.contains("label team, of the Deployment: with the next version"),
        "{human:?}"
    );
    let (_next, next) = manifest(&field, &[labels[0], ("heron:1", "heron:2")])?;
    field.exits(0, &next).await?;
    let green = field.get(Kind::Deployment, "heron-green").await?;
    ensure!(green["metadata"]["labels"]["team"] == "divers", "{green:#}");
    let said = field.exits(0, &next).await?;
    ensure!(said.outcome()["differs"].is_null() && !said.wrote(), "{said:?}");
    Ok(())
}

async fn a_manifest_without_a_size_that_is_applied_again(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    field.exits(0, "init heron").await?;
    field.exits(0, SECOND).await?;
    field
        .waits("the old version to be gone", async |field| {
            let pods = field.list(Kind::Pod).await?;
            Ok(!pods.iter().any(|pod| pod["metadata"]["labels"]["app"] == "heron"))
        })
        .await?;
    // An apply without a size leaves that at 0; the Service's selector and the backend are put back.
    field.edit(Kind::Service, "heron", json!({"spec": {"selector": {"app": "heron"}}})).await?;
    let rules: Vec<Value> = serde_saphyr::from_multiple(HERON)?;
    let rules = json!({"spec": {"rules": rules[2]["spec"]["rules"]}});
    field.edit(Kind::Ingress, "heron", rules).await?;
    let status: Value = serde_json::from_str(&field.exits(0, "status heron").await?.out)?;
    ensure!(status["healthy"] == false, "{status:#}");
    ensure!(status["next"].to_string().contains("rollback"), "{status:#}");
    field.exits(0, &format!("rollback heron {}", QUICK.trim_start_matches("--yes "))).await?;
    serves(&field, "heron-green").await
}

async fn a_typing_error_beside_a_password(field: Field) -> Result<()> {
    applied(&field, &[]).await?;
    field.exits(0, "init heron").await?;
    // Of the first release, and where both slots are there.
    for (n, image) in ["heron:2", "heron:3", "heron:4"].into_iter().enumerate() {
        let changes = [("ports: [{name: http", "portz: [{name: http"), ("heron:1", image)];
        let (_folder, line) = manifest(&field, &changes)?;
        let said = field.exits(2, &line).await?;
        let all = format!("{said:?}");
        ensure!(all.contains("portz") && !all.contains("moss-and-reed"), "{all}");
        ensure!(!said.wrote() && said.err.len() < 1000, "{n}: {}", said.err);
        let image = format!("deploy heron --image birds.example.com/{image} {QUICK}");
        field.exits(0, &image).await?;
    }
    Ok(())
}
