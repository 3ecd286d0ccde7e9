//! What `check --role` prints is enough, and nothing in it is there for nothing.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Optional;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V2};
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![rights_that_check_prints_suffice]
}

/// The rules of the smallest Role.
pub async fn rules(app: &Parrot) -> Result<Vec<Value>> {
    let printed = app.ok(&["check", "parrot", "--role"]).await?.stdout;
    let mut role: Value = serde_saphyr::from_str(&printed)?;
    ensure!(role["kind"] == "Role" && role["metadata"]["namespace"] == *app.ns, "{printed}");
    role["rules"].as_array_mut().map(std::mem::take).context("no rules")
}

/// What an app has that needs every right.
const BESIDE: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: flock}
spec:
  minReplicas: 1
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: parrot}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: calm}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: parrot}}}
";

async fn rights_that_check_prints_suffice(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    app.apply(BESIDE).await?;
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=2", "-n", &app.ns]).await?;
    app.settled("parrot", 2).await?;
    let rules = rules(&app).await?;
    let user = bed.narrow_user(&app.ns, json!(rules)).await?;
    let allowed = Parrot { user, ..app.clone() };
    let report = allowed.ok(&["check", "parrot", "-o", "json"]).await?.stdout;
    let report = crate::schema::check(&report).map_err(anyhow::Error::msg)?;
    ensure!(report["checks"][0]["name"] == "rights", "{report:#}");
    ensure!(report["checks"][0]["verdict"] == "pass", "{report:#}");
    allowed.ok(&["init", "parrot"]).await?;
    let deploy = ["deploy", "parrot", "--drain", "1s", "--settle", "0s", "--image"];
    // This one is deleted again; the one that crashes below meets an older version in its slot.
    allowed.ok(&[&deploy[..], &["parrot-app:v3", "--detach"]].concat()).await?;
    allowed.ok(&["abort", "parrot"]).await?;
    allowed.ok(&[&deploy[..], &[V2, "--yes"]].concat()).await?;
    allowed.ok(&["rollback", "parrot", "--drain", "0s", "--settle", "1s"]).await?;
    let crash = allowed.fails(4, &[&deploy[..], &["parrot-app:crash", "--yes"]].concat()).await?;
    ensure!(crash.stderr.contains("last log lines of container"), "{crash:?}");
    allowed.ok(&["status", "parrot"]).await?;

    // A rule is needed for something: every verb in it was used, on each of its resources.
    let lines = bed.audit(&allowed.user.name).await?;
    for (resource, verb) in rules.iter().filter(|rule| is_of_every_cluster(rule)).flat_map(pairs) {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let used = |line: &crate::bed::AuditLine| {
            line.resource == resource && line.subresource == subresource && line.verb == verb
        };
        ensure!(lines.iter().any(used), "nothing needs to {verb} {resource}");
    }
    Ok(())
}

/// Whether it is about kinds that are always there.
fn is_of_every_cluster(rule: &Value) -> bool {
    let mut optional = Optional::DECISIVE.iter().chain(&Optional::MONITORS);
    !optional.any(|kind| kind.groups().iter().any(|group| rule["apiGroups"][0] == *group))
}

/// Each resource of a rule with each of its verbs.
fn pairs(rule: &Value) -> Vec<(&str, &str)> {
    let texts = |field: &str| {
        let texts = rule[field].as_array().into_iter().flatten();
        texts.filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let verbs = texts("verbs");
    let all = texts("resources").into_iter();
    all.flat_map(|resource| verbs.iter().map(move |verb| (resource, *verb))).collect()
}
