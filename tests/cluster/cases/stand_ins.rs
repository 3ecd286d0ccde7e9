//! What stands in for pods answers, and goes, as a pod would.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::DeleteParams;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::bed::{Bed, SOON, wait_for};
use crate::load::answer::{self, Answer};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        pod_that_is_not_ready_says_503,
        deleted_pod_cuts_off_what_is_under_way,
        deleted_pod_goes_on_through_its_pre_stop,
        deleted_pod_may_finish_what_is_under_way,
    ]
}

async fn pod_that_is_not_ready_says_503(bed: Arc<Bed>) -> Result<()> {
    let pod = StandIn::start(&bed, "never-ready", json!({}), json!({})).await?;
    let answer = pod.get("/").await?;
    ensure!(answer.status == 503 && answer.version() == "never-ready", "{answer:?}");
    Ok(())
}

async fn deleted_pod_cuts_off_what_is_under_way(bed: Arc<Bed>) -> Result<()> {
    let pod = StandIn::start(&bed, "v1", json!({}), json!({})).await?;
    let slow = pod.slowly().await?;
    pod.delete().await?;
    let cut_off = slow.await?;
    ensure!(cut_off.is_err(), "{cut_off:?}");
    pod.is_gone().await
}

async fn deleted_pod_goes_on_through_its_pre_stop(bed: Arc<Bed>) -> Result<()> {
    let pre_stop = json!({ "preStop": { "sleep": { "seconds": 4 } } });
    let pod = StandIn::start(&bed, "v1", json!({}), pre_stop).await?;
    let slow = pod.slowly().await?;
    pod.delete().await?;
    let new = pod.get("/").await?;
    ensure!(new.status == 200, "{new:?}");
    let finished = slow.await??;
    ensure!(finished.status == 200, "{finished:?}");
    pod.is_gone().await
}

async fn deleted_pod_may_finish_what_is_under_way(bed: Arc<Bed>) -> Result<()> {
    let pod = StandIn::start(&bed, "v1", json!({ "bed/on-sigterm": "finish" }), json!({})).await?;
    let slow = pod.slowly().await?;
    pod.delete().await?;
    pod.is_gone().await?;
    ensure!(!slow.is_finished(), "it did not wait for the request");
    let finished = slow.await??;
    ensure!(finished.status == 200, "{finished:?}");
    Ok(())
}

struct StandIn {
    pods: Api<Pod>,
    at: SocketAddr,
}

impl StandIn {
    async fn start(bed: &Bed, tag: &str, annotations: Value, lifecycle: Value) -> Result<Self> {
        // With it come the stand-ins.
        bed.ingress(1).await?;
        let ns = bed.namespace().await?;
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": "parrot", "annotations": annotations },
            "spec": { "containers": [{
                "name": "parrot", "image": format!("parrot:{tag}"), "lifecycle": lifecycle,
            }]},
        });
        bed.apply(&ns, &pod.to_string()).await?;
        let pods = Api::<Pod>::namespaced(bed.kube(), &ns);
        let at = wait_for("the pod to have an address", SOON, async || {
            let status = pods.get("parrot").await?.status;
            let address = status.and_then(|status| status.pod_ip);
            Ok(address.map(|address| format!("{address}:3000").parse()).transpose()?)
        })
        .await?;
        let pod = Self { pods, at };
        wait_for("the pod to answer", SOON, async || pod.get("/").await.map(Some)).await?;
        Ok(pod)
    }

    async fn get(&self, path: &str) -> Result<Answer> {
        answer::get(self.at, "parrot", path).await
    }

    /// A request of 2 s, under way.
    async fn slowly(&self) -> Result<tokio::task::JoinHandle<Result<Answer>>> {
        let at = self.at;
        let slow = tokio::spawn(async move { answer::get(at, "parrot", "/slow").await });
        // Asked later, answered before: the other is there by now.
        self.get("/slow?ms=200").await?;
        Ok(slow)
    }

    async fn delete(&self) -> Result<()> {
        let deleted = self.pods.delete("parrot", &DeleteParams::default()).await;
        deleted.map(drop).context("cannot delete the pod")
    }

    /// Waits until connections are refused.
    async fn is_gone(&self) -> Result<()> {
        wait_for("the pod to be gone", SOON, async || {
            let connection = tokio::net::TcpStream::connect(self.at).await;
            let refused = std::io::ErrorKind::ConnectionRefused;
            Ok(connection.is_err_and(|error| error.kind() == refused).then_some(()))
        })
        .await
    }
}
