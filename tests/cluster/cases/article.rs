//! The article's release, from two manifests to the old version put away.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::support::Webhook;

pub fn trials() -> Vec<Trial> {
    crate::cases![
        init_makes_four_services_and_the_record,
        webhook_releases_at_its_first_yes,
        candidate_keeps_every_field,
        own_service_stays_the_users,
    ]
}

async fn init_makes_four_services_and_the_record(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let before = app.versions().await?;
    app.ok(&["init", "parrot"]).await?;

    let services = app.list("services").await?;
    let seen: Vec<Value> = services
        .iter()
        .map(|s| json!([s["metadata"]["name"], s["spec"]["selector"], s["spec"]["ports"]]))
        .collect();
    let ports = json!([{ "port": 80, "protocol": "TCP", "targetPort": 3000 }]);
    let wanted = [
        ("parrot", "parrot"),
        ("parrot-blue", "parrot"),
        ("parrot-green", "parrot-green"),
        ("parrot-preview", "parrot-green"),
    ];
    ensure!(seen == wanted.map(|(name, app)| json!([name, { "app": app }, ports])), "{seen:#?}");
    let ours = |s: &Value| {
        s["metadata"]["labels"]
            == json!({ "app.kubernetes.io/managed-by": "bluegreen", "bluegreen/app": "parrot" })
    };
    ensure!(services.iter().all(ours), "{services:#?}");

    let record = app.record().await?;
    ensure!(record["service"] == "parrot" && record["release"].is_null(), "{record:#}");
    // Nothing else is made, and what was there is as it was.
    let mut after = app.versions().await?;
    after.retain(|name, _| before.contains_key(name));
    ensure!(after == before, "{before:#?}\n{after:#?}");
    let made = app.versions().await?.len() - before.len();
    // Four Services, our Ingress, the record.
    ensure!(made == 6, "{made} objects made");
    Ok(())
}

async fn webhook_releases_at_its_first_yes(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(410);
    webhook.queue([500, 500, 200]);
    let image = format!("parrot={V2}");
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", &image, "--webhook", &url, "--interval", "1s"];
    let output = app.ok(&[&args[..], &["--drain", "1s", "--settle", "0s"]].concat()).await?;

    app.is_released(V2).await?;
    ensure!(output.stdout.lines().count() == 5, "{output:?}");
    for word in ["release 1 is live", V2, "parrot-green"] {
        ensure!(output.stdout.contains(word), "no {word:?}: {output:?}");
    }
    let preview = format!("http://parrot-preview.{}.svc", app.ns);
    ensure!(output.stderr.contains(&preview), "{output:?}");

    let polls = webhook.requests();
    let statuses: Vec<_> = polls.iter().map(|poll| poll.status).collect();
    ensure!(statuses == [Some(500), Some(500), Some(200)], "{statuses:?}");
    let payload = polls[0].json();
    ensure!(payload["name"] == "parrot" && payload["namespace"] == *app.ns, "{payload:#}");
    ensure!(payload["phase"] == "confirm-promotion", "{payload:#}");
    ensure!(payload["metadata"]["images"] == V2, "{payload:#}");

    let ingress = app.writes().await?.into_iter().filter(|line| line.name == "parrot");
    let ingress = ingress.filter(|line| line.resource == "ingresses");
    let ingress: Vec<_> = ingress.map(|line| (line.verb, line.code)).collect();
    ensure!(ingress == [("patch".to_owned(), 200)], "{ingress:?}");
    let annotations = &app.get("ingresses", "parrot").await?["metadata"]["annotations"];
    ensure!(annotations["bluegreen/release.parrot"] == "1", "{annotations:#}");
    app.settled("parrot", 0).await
}

/// Newer than what any typed struct of ours knows (Kubernetes 1.34 and 1.35), or seldom used.
const UNCOMMON: &str = "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: parrot
  labels: {argocd.argoproj.io/instance: shop}
spec:
  replicas: 2
  minReadySeconds: 1
  revisionHistoryLimit: 4
  progressDeadlineSeconds: 321
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}
  selector: {matchLabels: {app: parrot, tier: web}}
  template:
    metadata:
      labels: {app: parrot, tier: web, colourful: 'yes'}
      annotations: {prometheus.io/scrape: 'true'}
    spec:
      hostnameOverride: parrot.example.com
      terminationGracePeriodSeconds: 7
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: ScheduleAnyway
        labelSelector: {matchLabels: {app: parrot}}
        matchLabelKeys: [pod-template-hash]
      containers:
      - name: parrot
        image: kmharish/parrot-app:v1.2
        ports: [{containerPort: 3000}]
        restartPolicy: Never
        restartPolicyRules:
        - {action: Restart, exitCodes: {operator: In, values: [42]}}
        resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]
        lifecycle: {preStop: {sleep: {seconds: 1}}}
      - name: sidecar
        image: example.com/sidecar:1
";

async fn candidate_keeps_every_field(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    // A selector can't be changed: the app is made anew.
    bed.kubectl(&["delete", "deployment", "parrot", "-n", &app.ns]).await?;
    app.apply(UNCOMMON).await?;
    app.settled("parrot", 2).await?;
    app.ok(&["init", "parrot"]).await?;
    // There are two containers: the one has to be named.
    let output = app.fails(2, &["deploy", "parrot", "--image", V2, "--yes"]).await?;
    ensure!(output.stderr.contains("sidecar"), "{output:?}");
    let image = format!("parrot={V2}");
    app.ok(&["deploy", "parrot", "--image", &image, "--yes", "--drain", "0s", "--settle", "0s"])
        .await?;

    let blue = app.get("deployments", "parrot").await?;
    let green = app.get("deployments", "parrot-green").await?;
    ensure!(green["spec"]["template"]["spec"]["hostnameOverride"] == "parrot.example.com");
    ensure!(green["metadata"]["labels"]["argocd.argoproj.io/instance"].is_null(), "{green:#}");
    let mut wanted = blue["spec"].clone();
    wanted["replicas"] = json!(2);
    wanted["selector"]["matchLabels"]["app"] = json!("parrot-green");
    let template = &mut wanted["template"];
    template["metadata"]["labels"] = json!({
        "app": "parrot-green", "tier": "web", "colourful": "yes",
        "bluegreen/colour": "green", "bluegreen/release": "1",
    });
    template["spec"]["containers"][0]["image"] = json!(V2);
    template["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"]["app"] =
        json!("parrot-green");
    ensure!(green["spec"] == wanted, "wanted {wanted:#}\nbut got {:#}", green["spec"]);
    Ok(())
}

/// A Service with all that a user may have given it, reached by the name of its port.
const OWN_SERVICE: &str = "
apiVersion: v1
kind: Service
metadata:
  name: parrot
  labels: {team: birds}
  annotations: {example.com/owner: birds}
spec:
  type: NodePort
  sessionAffinity: ClientIP
  selector: {app: parrot}
  ports:
  - {name: http, port: 80, targetPort: web}
  - {name: admin, port: 8081, targetPort: 3001}
";

async fn own_service_stays_the_users(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    app.apply(OWN_SERVICE).await?;
    let name_port = r#"[{"op": "replace",
        "path": "/spec/rules/0/http/paths/0/backend/service/port", "value": {"name": "http"}}]"#;
    patch(&app, "ingress", name_port).await?;
    let web = r#"[{"op": "replace", "path": "/spec/template/spec/containers/0/ports",
        "value": [{"name": "web", "containerPort": 3000}, {"containerPort": 3001}]}]"#;
    patch(&app, "deployment", web).await?;
    app.settled("parrot", 1).await?;
    let before = app.get("services", "parrot").await?;
    app.ok(&["init", "parrot"]).await?;
    let after = app.get("services", "parrot").await?;
    ensure!(after == before, "init changed it: {after:#}");

    let slots = ["parrot-blue", "parrot-green", "parrot-preview"];
    for name in slots {
        let service = app.get("services", name).await?;
        let ports = json!([
            { "name": "http", "port": 80, "protocol": "TCP", "targetPort": "web" },
            { "name": "admin", "port": 8081, "protocol": "TCP", "targetPort": 3001 },
        ]);
        ensure!(service["spec"]["ports"] == ports, "{service:#}");
        ensure!(service["spec"]["type"] == "ClusterIP", "{service:#}");
        ensure!(service["spec"]["sessionAffinity"] == "ClientIP", "{service:#}");
        ensure!(service["metadata"]["labels"]["team"].is_null(), "{service:#}");
    }

    app.ok(&["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "0s"])
        .await?;
    app.is_released(V2).await?;
    let ingress = app.get("ingresses", "parrot").await?;
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    ensure!(*backend == json!({ "name": "parrot-green", "port": { "name": "http" } }));
    let mut after = app.get("services", "parrot").await?;
    ensure!(after["metadata"]["annotations"]["example.com/owner"] == "birds", "{after:#}");
    ensure!(after["metadata"]["labels"] == before["metadata"]["labels"], "{after:#}");
    after["spec"]["selector"]["app"] = json!("parrot");
    ensure!(after["spec"] == before["spec"], "{:#}\n{:#}", before["spec"], after["spec"]);
    Ok(())
}

async fn patch(app: &Parrot, kind: &str, patch: &str) -> Result<()> {
    let args = ["patch", kind, "parrot", "--type=json", "-n", &app.ns, "-p", patch];
    app.bed.kubectl(&args).await.map(drop)
}
