//! The bed itself does what the other tests take for granted.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, ContainerStatus, Pod};
use kube::Api;
use kube::api::ListParams;
use libtest_mimic::Trial;
use serde_json::json;

use crate::bed::kwok::{LOG, PREVIOUS_LOG};
use crate::bed::{Bed, SOON, start, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        parrot_gets_ready,
        late_pod_gets_ready_late,
        crashing_pod_restarts,
        dying_pod_was_ready,
        waiting_pods_say_why,
        logs_are_served,
        rbac_is_in_effect,
        audit_counts_one_user,
        binary_runs,
    ]
}

async fn parrot_gets_ready(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    bed.apply_file(&ns, "examples/parrot/parrot.yaml").await?;
    ready(&bed, &ns, 1).await
}

async fn late_pod_gets_ready_late(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    parrot(&bed, &ns, "late", false).await?;
    let first = pod_once(&bed, &ns, "to run", |status| status.state.is_some()).await?;
    ensure!(!first.ready, "it was ready at once");
    ready(&bed, &ns, 1).await
}

async fn crashing_pod_restarts(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    parrot(&bed, &ns, "crash", false).await?;
    let status = pod_once(&bed, &ns, "to restart", |status| status.restart_count >= 2).await?;
    ensure!(!status.ready, "a crashing pod is ready");
    let last = status.last_state.and_then(|last| last.terminated).context("no last state")?;
    ensure!(last.exit_code == 1 && last.reason.as_deref() == Some("Error"), "{last:?}");
    Ok(())
}

async fn dying_pod_was_ready(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    parrot(&bed, &ns, "dies-later", false).await?;
    ready(&bed, &ns, 1).await?;
    pod_once(&bed, &ns, "to die", |status| !status.ready && status.restart_count >= 2).await?;
    Ok(())
}

async fn waiting_pods_say_why(bed: Arc<Bed>) -> Result<()> {
    for (tag, reason) in
        [("pull-error", "ImagePullBackOff"), ("config-error", "CreateContainerConfigError")]
    {
        let ns = bed.namespace().await?;
        parrot(&bed, &ns, tag, false).await?;
        let says = |status: &ContainerStatus| waits_for(status).as_deref() == Some(reason);
        pod_once(&bed, &ns, reason, says).await?;
    }
    let ns = bed.namespace().await?;
    parrot(&bed, &ns, "init-crash", true).await?;
    pod_once(&bed, &ns, "to initialize", |s| waits_for(s).as_deref() == Some("PodInitializing"))
        .await?;
    let pods = Api::<Pod>::namespaced(bed.kube(), &ns);
    wait_for("the init container to restart", SOON, async || {
        let all = pods.list(&ListParams::default()).await?;
        let status = all.items.into_iter().next().and_then(|pod| pod.status);
        let init = status.and_then(|s| s.init_container_statuses).unwrap_or_default();
        Ok(init.first().filter(|s| s.restart_count >= 2).map(drop))
    })
    .await
}

async fn logs_are_served(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    parrot(&bed, &ns, "crash", false).await?;
    pod_once(&bed, &ns, "to restart", |status| status.restart_count >= 1).await?;
    let log = bed.kubectl(&["logs", "-n", &ns, "deployment/parrot"]).await?;
    ensure!(log == LOG, "{log}");
    let before = bed.kubectl(&["logs", "-n", &ns, "deployment/parrot", "--previous"]).await?;
    ensure!(before == PREVIOUS_LOG, "{before}");
    let tail = bed.kubectl(&["logs", "-n", &ns, "deployment/parrot", "--tail=1"]).await?;
    ensure!(Some(tail.trim_end()) == LOG.lines().last(), "{tail}");
    Ok(())
}

async fn rbac_is_in_effect(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    let rules = json!([{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }]);
    let user = bed.narrow_user(&ns, rules).await?;
    let maps = Api::<ConfigMap>::namespaced(start::client(&user.kubeconfig).await?, &ns);
    ensure!(maps.get_opt("none").await?.is_none(), "a ConfigMap is there");
    let refused = maps.list(&ListParams::default()).await;
    ensure!(matches!(&refused, Err(kube::Error::Api(s)) if s.code == 403), "{refused:?}");
    Ok(())
}

async fn audit_counts_one_user(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    let user = bed.user()?;
    let maps = Api::<ConfigMap>::namespaced(start::client(&user.kubeconfig).await?, &ns);
    for _ in 0..5 {
        maps.get_opt("none").await?;
    }
    maps.list(&ListParams::default()).await?;
    let lines = bed.audit(&user.name).await?;
    ensure!(lines.len() == 6, "{lines:#?}");
    let gets = lines.iter().filter(|line| line.verb == "get" && line.code == 404).count();
    ensure!(gets == 5, "{lines:#?}");
    ensure!(lines.iter().all(|line| line.stage == "ResponseComplete" && line.namespace == ns));
    ensure!(lines.iter().all(|line| line.received <= line.completed));
    Ok(())
}

async fn binary_runs(bed: Arc<Bed>) -> Result<()> {
    let ns = bed.namespace().await?;
    let output = bed.run(&bed.user()?, &ns, &["--version"]).await?;
    ensure!(output.signal.is_none(), "{output:?}");
    Ok(())
}

/// The article's Deployment with another tag, and an init container if asked for.
async fn parrot(bed: &Bed, ns: &str, tag: &str, init: bool) -> Result<()> {
    let init = match init {
        true => "initContainers: [{name: prepare, image: kmharish/prepare:v1}]",
        false => "",
    };
    let yaml = format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: parrot}}
spec:
  selector: {{matchLabels: {{app: parrot}}}}
  template:
    metadata: {{labels: {{app: parrot}}}}
    spec:
      {init}
      containers: [{{name: parrot, image: 'kmharish/parrot-app:{tag}'}}]
"
    );
    bed.apply(ns, &yaml).await.map(drop)
}

async fn ready(bed: &Bed, ns: &str, replicas: i32) -> Result<()> {
    let deployments = Api::<Deployment>::namespaced(bed.kube(), ns);
    wait_for("parrot to be ready", SOON, async || {
        let status = deployments.get("parrot").await?.status;
        Ok(status.filter(|s| s.ready_replicas == Some(replicas)).map(drop))
    })
    .await
}

/// The status of the first container of the namespace's one pod, once it is as `wanted`.
async fn pod_once(
    bed: &Bed,
    ns: &str,
    what: &str,
    wanted: impl Fn(&ContainerStatus) -> bool,
) -> Result<ContainerStatus> {
    let pods = Api::<Pod>::namespaced(bed.kube(), ns);
    wait_for(&format!("the pod {what}"), SOON, async || {
        let all = pods.list(&ListParams::default()).await?;
        let status = all.items.into_iter().next().and_then(|pod| pod.status);
        let containers = status.and_then(|status| status.container_statuses).unwrap_or_default();
        Ok(containers.into_iter().next().filter(&wanted))
    })
    .await
}

fn waits_for(status: &ContainerStatus) -> Option<String> {
    status.state.clone()?.waiting?.reason
}
