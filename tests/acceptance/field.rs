//! One namespace of a cluster, with the article's app.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::cluster::Cluster;
use bluegreen::model::Kind;
use http::{Method, Request};
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// No case asserts that anything is faster: this is how long a hang is waited for.
const HANG: Duration = Duration::from_secs(120);

pub const V1: &str = "kmharish/parrot-app:v1.2";
pub const V2: &str = "kmharish/parrot-app:v2.2";
pub const V3: &str = "kmharish/parrot-app:v3.0";

const KINDS: [Kind; 4] = [Kind::Deployment, Kind::Service, Kind::Ingress, Kind::ConfigMap];

#[derive(Clone)]
pub struct Field {
    client: Client,
    pub namespace: String,
}

impl Field {
    /// A namespace that is there, with the article's two manifests applied.
    pub async fn with_parrot(client: Client, namespace: &str) -> Result<Field> {
        let field = Field { client, namespace: namespace.to_owned() };
        let manifests: Vec<Value> =
            serde_saphyr::from_multiple(include_str!("../../examples/parrot/parrot.yaml"))?;
        for object in manifests {
            field.create(object).await?;
        }
        field
            .waits("the parrot to be ready", async |field| {
                Ok(field.get(Kind::Deployment, "parrot").await?["status"]["readyReplicas"] == 1)
            })
            .await?;
        Ok(field)
    }

    pub fn cluster(&self) -> Cluster {
        Cluster::over(self.client.clone(), &self.namespace)
    }

    fn path(&self, kind: Kind) -> String {
        let root = if kind.api_version().contains('/') { "/apis" } else { "/api" };
        format!("{root}/{}/namespaces/{}/{}", kind.api_version(), self.namespace, kind.plural())
    }

    async fn send(&self, method: Method, path: String, body: Option<Value>) -> Result<Value> {
        let media = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request::builder().method(method).uri(path).header("content-type", media);
        Ok(self.client.request(request.body(bytes)?).await?)
    }

    pub async fn create(&self, mut object: Value) -> Result<Value> {
        object["metadata"]["namespace"] = json!(self.namespace);
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let is_it = |kind: &Kind| kind.to_string() == text("kind");
        let kind = KINDS.into_iter().find(is_it).context("a kind that is not needed yet")?;
        self.send(Method::POST, self.path(kind), Some(object)).await
    }

    pub async fn list(&self, kind: Kind) -> Result<Vec<Value>> {
        let mut list = self.send(Method::GET, self.path(kind), None).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    pub async fn find(&self, kind: Kind, name: &str) -> Result<Option<Value>> {
        let all = self.list(kind).await?;
        Ok(all.into_iter().find(|object| object["metadata"]["name"] == name))
    }

    pub async fn get(&self, kind: Kind, name: &str) -> Result<Value> {
        self.find(kind, name).await?.with_context(|| format!("there is no {kind} {name}"))
    }

    /// An edit by somebody who is not bluegreen: a merge patch.
    pub async fn edit(&self, kind: Kind, name: &str, patch: Value) -> Result<Value> {
        self.send(Method::PATCH, format!("{}/{name}", self.path(kind)), Some(patch)).await
    }

    pub async fn delete(&self, kind: Kind, name: &str) -> Result<Value> {
        self.send(Method::DELETE, format!("{}/{name}", self.path(kind)), None).await
    }

    pub async fn waits(
        &self,
        what: &str,
        holds: impl AsyncFn(&Field) -> Result<bool>,
    ) -> Result<()> {
        let until = async {
            while !holds(self).await? {
                sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        };
        timeout(HANG, until).await.with_context(|| format!("waited in vain for {what}"))?
    }

    /// The Service that the Ingress's first path names.
    pub async fn backend(&self, ingress: &str) -> Result<String> {
        let ingress = self.get(Kind::Ingress, ingress).await?;
        let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
        Ok(path["backend"]["service"]["name"].as_str().context("no backend")?.to_owned())
    }

    /// Asserts what is live, to the last pod: routes, the live Service, and the other Deployment.
    pub async fn is_live(&self, deployment: &str, image: &str) -> Result<()> {
        let routed = self.backend("parrot").await?;
        for service in [routed.as_str(), "parrot"] {
            let service = self.get(Kind::Service, service).await?;
            let leads = &service["spec"]["selector"]["app"];
            ensure!(leads == deployment, "{} leads to {leads}", service["metadata"]["name"]);
        }
        let live = self.get(Kind::Deployment, deployment).await?;
        let runs = &live["spec"]["template"]["spec"]["containers"][0]["image"];
        ensure!(runs == image, "{deployment} runs {runs}, not {image}");
        ensure!(live["status"]["readyReplicas"] == live["spec"]["replicas"], "{live:#}");
        Ok(())
    }

    /// How many pods a Deployment is to have; none if there is no such Deployment.
    pub async fn replicas(&self, deployment: &str) -> Result<Option<u64>> {
        let found = self.find(Kind::Deployment, deployment).await?;
        Ok(found.and_then(|found| found["spec"]["replicas"].as_u64()))
    }

    /// The versions of everything that a release writes: equal ones mean that nothing was written.
    pub async fn versions(&self) -> Result<Vec<String>> {
        let mut versions = Vec::new();
        for kind in KINDS {
            for object in self.list(kind).await? {
                let metadata = &object["metadata"];
                // The Deployment controller writes statuses long after everything is ready.
                let version = match kind {
                    Kind::Deployment => &metadata["generation"],
                    _ => &metadata["resourceVersion"],
                };
                versions.push(format!("{kind} {} {version}", metadata["name"]));
            }
        }
        Ok(versions)
    }
}
