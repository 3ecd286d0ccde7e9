//! Two versions of an app behind the ingress controller, and switches between them as other tools do
//! them: what `bluegreen`'s own are compared with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::{Load, Protocol};

pub const OLD: &str = "v1.2";
pub const NEW: &str = "v2.2";
const BACKEND: &str = "/spec/rules/0/http/paths/0/backend/service/name";

pub struct Pair {
    pub bed: Arc<Bed>,
    pub ns: String,
    pub host: String,
}

impl Pair {
    /// Deployments and Services `old` and `new`, two pods each, and an Ingress that names `old`.
    pub async fn served(bed: &Arc<Bed>, ingress: &Ingress) -> Result<Self> {
        let ns = bed.served_namespace().await?;
        let pair = Self { bed: Arc::clone(bed), host: format!("{ns}.example.com"), ns };
        let app = ["old", "new"].map(service).concat()
            + &deployment("old", OLD)
            + &deployment("new", NEW);
        bed.apply(&pair.ns, &app).await?;
        for name in ["old", "new"] {
            pair.ready(name).await?;
        }
        bed.apply(&pair.ns, &route("app", &pair.host, &["old"]).to_string()).await?;
        ingress.serves(&pair.host, OLD).await?;
        Ok(pair)
    }

    /// A second Ingress, under another host, that names both Services for good.
    pub async fn keep_warm(&self, ingress: &Ingress) -> Result<()> {
        let host = format!("warm.{}", self.host);
        self.bed.apply(&self.ns, &route("warm", &host, &["old", "new"]).to_string()).await?;
        ingress.serves(&host, OLD).await
    }

    /// Replaces the backend's name, as `kubectl patch --type=json` does.
    pub async fn switch(&self, to: &str) -> Result<()> {
        self.replace("apis/networking.k8s.io/v1", "ingresses/app", BACKEND, to).await
    }

    /// Replaces one text in an object.
    pub async fn replace(&self, group: &str, object: &str, at: &str, value: &str) -> Result<()> {
        let patch = json!([{ "op": "replace", "path": at, "value": value }]);
        let path = format!("/{group}/namespaces/{}/{object}", self.ns);
        let request = http::Request::patch(path)
            .header("content-type", "application/json-patch+json")
            .body(serde_json::to_vec(&patch)?)?;
        let replaced = self.bed.kube().request_text(request).await;
        replaced.map(drop).with_context(|| format!("cannot patch {object}"))
    }

    pub async fn scale(&self, name: &str, replicas: u32) -> Result<()> {
        let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
        let deployments = Api::<Deployment>::namespaced(self.bed.kube(), &self.ns);
        let scaled = deployments.patch(name, &PatchParams::default(), &patch).await;
        scaled.map(drop).with_context(|| format!("cannot scale {name}"))
    }

    /// Of `rate` requests a second.
    pub fn load(&self, ingress: &Ingress, protocol: Protocol, rate: u32) -> Load {
        let at = ingress.at(protocol);
        Load { rate, at, protocol, host: self.host.clone(), path: "/".into() }
    }

    pub async fn ready(&self, name: &str) -> Result<()> {
        let deployments = Api::<Deployment>::namespaced(self.bed.kube(), &self.ns);
        wait_for(&format!("{name} to be ready"), SOON, async || {
            let status = deployments.get(name).await?.status;
            Ok(status.filter(|status| status.ready_replicas == Some(2)).map(drop))
        })
        .await
    }
}

/// Switches there and back, more often than the controller syncs, as long as this lives.
pub struct Changing {
    changes: Arc<AtomicUsize>,
    _task: JoinSet<Result<()>>,
}

impl Changing {
    pub fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }
}

impl Pair {
    pub fn changing(self) -> Changing {
        let changes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&changes);
        let mut task = JoinSet::new();
        task.spawn(async move {
            for service in ["new", "old"].into_iter().cycle() {
                self.switch(service).await?;
                counted.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        });
        Changing { changes, _task: task }
    }
}

pub fn deployment(name: &str, tag: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - {{name: parrot, image: 'kmharish/parrot-app:{tag}', ports: [{{containerPort: 3000}}]}}
---
"
    )
}

/// Before the pods of the Deployment of its name.
pub fn service(name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: {name}}}
  ports: [{{port: 80, targetPort: 3000}}]
---
"
    )
}

/// An Ingress that sends `/` to the first of `services`, and a path of its own to each.
pub fn route(name: &str, host: &str, services: &[&str]) -> Value {
    let path = |path: &str, service: &str| {
        json!({
            "path": path,
            "pathType": "Prefix",
            "backend": { "service": { "name": service, "port": { "number": 80 } } },
        })
    };
    let own = services[1..].iter().map(|service| path(&format!("/{service}"), service));
    let paths: Vec<_> = std::iter::once(path("/", services[0])).chain(own).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": name },
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{ "host": host, "http": { "paths": paths } }],
        },
    })
}
