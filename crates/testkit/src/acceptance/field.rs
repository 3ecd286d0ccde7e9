//! One namespace of a cluster, with the article's app.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use bluegreen::sandbox::{DIE, Store};
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
/// What a release may meet.
const OTHERS: [Kind; 6] = [
    Kind::Event,
    Kind::Pod,
    Kind::HorizontalPodAutoscaler,
    Kind::NetworkPolicy,
    Kind::PodDisruptionBudget,
    Kind::ResourceQuota,
];

/// A path of an Ingress.
pub fn backend(service: &str) -> Value {
    let service = json!({"name": service, "port": {"number": 80}});
    json!({"path": "/", "pathType": "Prefix", "backend": {"service": service}})
}

#[derive(Clone)]
pub struct Field {
    pub client: Client,
    pub namespace: String,
    /// Of a sandbox, what is behind its API.
    pub store: Option<Store>,
}

impl Field {
    pub fn new(client: Client, namespace: &str) -> Field {
        Field { client, namespace: namespace.to_owned(), store: None }
    }

    /// A namespace that is there, with the article's two manifests applied.
    pub async fn with_parrot(client: Client, namespace: &str) -> Result<Field> {
        let field = Field::new(client, namespace);
        let manifests: Vec<Value> =
            serde_saphyr::from_multiple(include_str!("../../../../examples/parrot/parrot.yaml"))?;
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

    /// Taken in by `init`, ready for releases.
    pub async fn initialised(&self) -> Result<()> {
        self.exits(0, "init parrot").await.map(drop)
    }

    /// A release that nobody is asked about, to its end.
    pub async fn released(&self, image: &str) -> Result<()> {
        self.exits(0, &format!("deploy parrot --image {image} --yes")).await.map(drop)
    }

    /// A candidate that is ready, with nobody driving.
    pub async fn detached(&self, image: &str) -> Result<()> {
        self.exits(0, &format!("deploy parrot --image {image} --detach")).await.map(drop)
    }

    pub async fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.exits(0, "status parrot").await?.out)?)
    }

    /// The first status with a release in this phase.
    pub async fn status_in(&self, phase: &str) -> Result<Value> {
        let until = async {
            loop {
                let status = self.status().await?;
                if status["release"]["phase"] == phase {
                    return Ok(status);
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(HANG, until).await.with_context(|| format!("the release was never {phase}"))?
    }

    /// The releases that are over, the newest first.
    pub async fn history(&self) -> Result<Vec<Value>> {
        let mut history: Value = serde_json::from_str(&self.exits(0, "history parrot").await?.out)?;
        history["releases"].as_array_mut().map(std::mem::take).context("no releases")
    }

    pub(super) fn path(&self, kind: Kind) -> String {
        let root = if kind.api_version().contains('/') { "/apis" } else { "/api" };
        format!("{root}/{}/namespaces/{}/{}", kind.api_version(), self.namespace, kind.plural())
    }

    pub async fn send(&self, method: Method, path: String, body: Option<Value>) -> Result<Value> {
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
        let kind =
            KINDS.into_iter().chain(OTHERS).find(is_it).context("a kind that is not needed yet")?;
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

    /// The same, by a program that says who it is.
    pub async fn edit_as(
        &self,
        manager: &str,
        (kind, name): (Kind, &str),
        patch: Value,
    ) -> Result<Value> {
        let path = format!("{}/{name}?fieldManager={manager}", self.path(kind));
        self.send(Method::PATCH, path, Some(patch)).await
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

    /// What a Service of the app answers.
    pub async fn asks(&self, service: &str) -> Result<String> {
        let path = format!("{}/{service}:80/proxy/", self.path(Kind::Service));
        Ok(self.client.request_text(Request::get(path).body(Vec::new())?).await?)
    }

    /// The image of the version that the Ingress leads to.
    pub async fn routed(&self) -> Result<String> {
        let service = self.get(Kind::Service, &self.backend("parrot").await?).await?;
        let deployment = service["spec"]["selector"]["app"].as_str().context("no selector")?;
        let deployment = self.get(Kind::Deployment, deployment).await?;
        let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
        Ok(image.as_str().context("no image")?.to_owned())
    }

    /// A size that somebody gives a Deployment, and the pods of it.
    pub async fn scaled(&self, deployment: &str, replicas: u64) -> Result<()> {
        let size = json!({"spec": {"replicas": replicas}});
        self.edit(Kind::Deployment, deployment, size).await?;
        self.has_ready(deployment, replicas).await
    }

    /// Waits until a Deployment has so many ready pods, and no others.
    pub async fn has_ready(&self, deployment: &str, replicas: u64) -> Result<()> {
        self.waits(&format!("{deployment} to have {replicas} ready pods"), async |field| {
            let object = field.get(Kind::Deployment, deployment).await?;
            let seen = object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let all = ["readyReplicas", "updatedReplicas", "replicas"];
            Ok(seen && all.iter().all(|count| object["status"][count] == replicas))
        })
        .await
    }

    /// Ends all containers of a Deployment's pods, whose image has the tag `dies-told`.
    pub async fn ends_pods(&self, app: &str) -> Result<()> {
        for pod in self.list(Kind::Pod).await? {
            let name = pod["metadata"]["name"].as_str().context("a pod without a name")?;
            if pod["metadata"]["labels"]["app"] == app {
                let (die, now) = DIE;
                self.edit(Kind::Pod, name, json!({"metadata": {"annotations": {die: now}}}))
                    .await?;
            }
        }
        Ok(())
    }

    /// As a node does that is drained.
    pub async fn deletes_pods(&self, app: &str) -> Result<()> {
        for pod in self.list(Kind::Pod).await? {
            let name = pod["metadata"]["name"].as_str().context("a pod without a name")?;
            if pod["metadata"]["labels"]["app"] == app {
                self.delete(Kind::Pod, name).await?;
            }
        }
        Ok(())
    }

    /// Another host, by an Ingress of its own.
    pub async fn second_ingress(&self) -> Result<()> {
        let rule = json!({"host": "admin.example.com", "http": {"paths": [backend("parrot")]}});
        self.create(json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "parrot-admin"},
            "spec": {"ingressClassName": "nginx", "rules": [rule]},
        }))
        .await
        .map(drop)
    }

    /// Another app, the toucan, taken in as the parrot is, with a path of the parrot's Ingress.
    pub async fn beside_the_toucan(&self) -> Result<()> {
        let labels = json!({"app": "toucan"});
        let container = json!(
            {"name": "toucan", "image": V1, "ports": [{"containerPort": 3000}]});
        self.create(json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "toucan"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }))
        .await?;
        let mut rules = self.get(Kind::Ingress, "parrot").await?["spec"]["rules"].take();
        let mut path = backend("toucan");
        path["path"] = json!("/toucan");
        rules[0]["http"]["paths"].as_array_mut().context("no paths")?.push(path);
        self.edit(Kind::Ingress, "parrot", json!({"spec": {"rules": rules}})).await?;
        self.waits("the toucan to be ready", async |field| {
            Ok(field.get(Kind::Deployment, "toucan").await?["status"]["readyReplicas"] == 1)
        })
        .await?;
        self.initialised().await?;
        self.exits(0, "init toucan").await.map(drop)
    }

    /// The toucan: what its path names, whom that and its live Service lead to, and what that runs.
    pub async fn is_toucan_live(&self, backend: &str, deployment: &str, image: &str) -> Result<()> {
        let ingress = self.get(Kind::Ingress, "parrot").await?;
        let path = &ingress["spec"]["rules"][0]["http"]["paths"][1];
        ensure!(path["backend"]["service"]["name"] == backend, "{path:#}");
        for service in [backend, "toucan"] {
            let leads = &self.get(Kind::Service, service).await?["spec"]["selector"]["app"];
            ensure!(leads == deployment, "{service} leads to {leads}");
        }
        let live = self.get(Kind::Deployment, deployment).await?;
        let runs = &live["spec"]["template"]["spec"]["containers"][0]["image"];
        ensure!(runs == image, "{deployment} runs {runs}, not {image}");
        ensure!(live["status"]["readyReplicas"] == live["spec"]["replicas"], "{live:#}");
        Ok(())
    }

    pub async fn template(&self, deployment: &str) -> Result<Value> {
        Ok(self.get(Kind::Deployment, deployment).await?["spec"]["template"].take())
    }

    /// After a first release that came to nothing everything is as before it, but for the record.
    pub async fn is_untouched(&self) -> Result<()> {
        ensure!(self.backend("parrot").await? == "parrot", "the Ingress was switched");
        ensure!(self.replicas("parrot-green").await?.is_none(), "the candidate is still there");
        self.is_live("parrot", V1).await
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
