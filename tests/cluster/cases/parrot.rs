//! The article's app in a namespace of its own, and what tests ask about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bed::command::{Output, Running};
use crate::bed::{AuditLine, Bed, SOON, User, wait_for};

pub const V1: &str = "kmharish/parrot-app:v1.2";
pub const V2: &str = "kmharish/parrot-app:v2.2";

/// The kinds that a release reads or writes, by their resource's name.
const KINDS: [(&str, &str); 6] = [
    ("deployments", "/apis/apps/v1"),
    ("services", "/api/v1"),
    ("ingresses", "/apis/networking.k8s.io/v1"),
    ("configmaps", "/api/v1"),
    ("horizontalpodautoscalers", "/apis/autoscaling/v2"),
    ("pods", "/api/v1"),
];

#[derive(Clone)]
pub struct Parrot {
    pub bed: Arc<Bed>,
    pub ns: String,
    /// Whose requests the audit log counts.
    pub user: User,
}

impl Parrot {
    /// With nothing in it.
    pub async fn empty(bed: &Arc<Bed>) -> Result<Self> {
        let ns = bed.namespace().await?;
        let user = bed.releaser(&ns).await?;
        Ok(Self { bed: Arc::clone(bed), ns, user })
    }

    /// With the article's two manifests, nothing else.
    pub async fn applied(bed: &Arc<Bed>) -> Result<Self> {
        let app = Self::empty(bed).await?;
        bed.apply_file(&app.ns, "examples/parrot/parrot.yaml").await?;
        app.settled("parrot", 1).await?;
        Ok(app)
    }

    /// Taken in by `init`, ready for a release.
    pub async fn ready(bed: &Arc<Bed>) -> Result<Self> {
        let app = Self::applied(bed).await?;
        app.ok(&["init", "parrot"]).await?;
        Ok(app)
    }

    /// The same app, seen by another user: the audit log tells them apart.
    pub async fn other(&self) -> Result<Self> {
        Ok(Self { user: self.bed.releaser(&self.ns).await?, ..self.clone() })
    }

    /// The same user by way of a proxy.
    pub fn via(&self, url: &str) -> Result<Self> {
        let user = self.user.with(&self.user.kubeconfig_via(&self.bed, url)?);
        Ok(Self { user, ..self.clone() })
    }

    pub async fn run(&self, args: &[&str]) -> Result<Output> {
        self.bed.run(&self.user, &self.ns, args).await
    }

    /// A command that has to succeed.
    pub async fn ok(&self, args: &[&str]) -> Result<Output> {
        self.fails(0, args).await
    }

    /// A command that has to end with this exit code.
    pub async fn fails(&self, code: i32, args: &[&str]) -> Result<Output> {
        let output = self.run(args).await?.expect_code(code);
        output.with_context(|| format!("bluegreen {}", args.join(" ")))
    }

    pub fn spawn(&self, args: &[&str]) -> Result<Running> {
        self.bed.spawn(&self.user, &self.ns, args)
    }

    pub async fn apply(&self, yaml: &str) -> Result<()> {
        self.bed.apply(&self.ns, yaml).await.map(drop)
    }

    pub async fn list(&self, plural: &str) -> Result<Vec<Value>> {
        let group = KINDS.iter().find(|(kind, _)| *kind == plural).context(plural.to_owned())?.1;
        let path = format!("{group}/namespaces/{}/{plural}", self.ns);
        let request = http::Request::get(path).body(Vec::new())?;
        let mut list: Value = self.bed.kube().request(request).await?;
        Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    pub async fn find(&self, plural: &str, name: &str) -> Result<Option<Value>> {
        let all = self.list(plural).await?;
        Ok(all.into_iter().find(|object| object["metadata"]["name"] == name))
    }

    pub async fn get(&self, plural: &str, name: &str) -> Result<Value> {
        let what = || format!("there is no {name} among {plural} of {}", self.ns);
        self.find(plural, name).await?.with_context(what)
    }

    /// The state of everything that somebody may have written, by name.
    pub async fn versions(&self) -> Result<BTreeMap<String, String>> {
        let mut all = BTreeMap::new();
        for (plural, _) in KINDS {
            for object in self.list(plural).await? {
                let text = |key: &str| object["metadata"][key].as_str().unwrap_or("").to_owned();
                all.insert(format!("{plural}/{}", text("name")), text("resourceVersion"));
            }
        }
        Ok(all)
    }

    pub async fn record(&self) -> Result<Value> {
        let map = self.get("configmaps", "bluegreen-parrot").await?;
        Ok(serde_json::from_str(map["data"]["record"].as_str().context("no record")?)?)
    }

    /// The Service that the Ingress names.
    pub async fn backend(&self) -> Result<String> {
        self.backend_of("parrot").await
    }

    pub async fn backend_of(&self, ingress: &str) -> Result<String> {
        let ingress = self.get("ingresses", ingress).await?;
        let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
        Ok(path["backend"]["service"]["name"].as_str().unwrap_or_default().to_owned())
    }

    /// The value of `app` that the live Service selects.
    pub async fn live_selector(&self) -> Result<String> {
        let service = self.get("services", "parrot").await?;
        Ok(service["spec"]["selector"]["app"].as_str().unwrap_or_default().to_owned())
    }

    /// `NAME IMAGE xREPLICAS` of each Deployment.
    pub async fn deployments(&self) -> Result<Vec<String>> {
        let line = |d: &Value| {
            let image = d["spec"]["template"]["spec"]["containers"][0]["image"].as_str();
            let name = d["metadata"]["name"].as_str().unwrap_or_default();
            format!("{name} {} x{}", image.unwrap_or_default(), d["spec"]["replicas"])
        };
        Ok(self.list("deployments").await?.iter().map(line).collect())
    }

    /// Waits until a Deployment has so many ready pods, and no others.
    pub async fn settled(&self, deployment: &str, replicas: u64) -> Result<()> {
        wait_for(&format!("{deployment} to have {replicas} ready pods"), SOON, async || {
            let object = self.get("deployments", deployment).await?;
            let count = |key: &str| object["status"][key].as_u64().unwrap_or(0);
            let seen = object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let all = ["readyReplicas", "replicas"].iter().all(|key| count(key) == replicas);
            Ok((seen && all).then_some(()))
        })
        .await
    }

    pub async fn status(&self) -> Result<Value> {
        let output = self.ok(&["status", "parrot", "-o", "json"]).await?;
        serde_json::from_str(&output.stdout).with_context(|| output.stdout.clone())
    }

    /// The finished releases, the newest first.
    pub async fn history(&self) -> Result<Vec<Value>> {
        let output = self.ok(&["history", "parrot", "-o", "json"]).await?;
        let mut history: Value = serde_json::from_str(&output.stdout)?;
        history["releases"].as_array_mut().map(std::mem::take).context("no releases")
    }

    /// The first status with a release in this phase.
    pub async fn status_in(&self, phase: &str) -> Result<Value> {
        wait_for(&format!("the release to be {phase}"), SOON, async || {
            let status = self.status().await?;
            Ok(Some(status).filter(|status| status["release"]["phase"] == phase))
        })
        .await
    }

    /// Waits until this command holds the release, as others see it.
    pub async fn driven_by(&self, command: &Running) -> Result<()> {
        let pid = format!("(pid {})", command.pid().context("it has ended already")?);
        wait_for(&format!("a driver with {pid}"), SOON, async || {
            let record = self.record().await?;
            let holder = record["driver"]["holder"].as_str().unwrap_or_default();
            Ok(holder.ends_with(&pid).then_some(()))
        })
        .await
    }

    /// The requests of this user that changed something, or tried to.
    pub async fn writes(&self) -> Result<Vec<AuditLine>> {
        let mut lines = self.bed.audit(&self.user.name).await?;
        // What is only tried, or asked about one's rights, is none.
        let is_asked = |line: &AuditLine| {
            line.request_uri.contains("dryRun") || line.resource.starts_with("selfsubject")
        };
        let reads = ["get", "list", "watch"];
        lines.retain(|line| !reads.contains(&line.verb.as_str()) && !is_asked(line));
        Ok(lines)
    }

    /// That people are where they were before the first release, and nothing is in progress.
    pub async fn is_as_before(&self) -> Result<()> {
        let backend = self.backend().await?;
        ensure!(backend == "parrot", "the Ingress names {backend}");
        let selector = self.live_selector().await?;
        ensure!(selector == "parrot", "the live Service selects {selector}");
        let deployments = self.deployments().await?;
        ensure!(deployments == [format!("parrot {V1} x1")], "{deployments:?}");
        let record = self.record().await?;
        ensure!(record["release"].is_null() && record["driver"].is_null(), "{record:#}");
        Ok(())
    }

    /// That the first version is live again after the first release, all of it.
    pub async fn is_back(&self) -> Result<()> {
        let backend = self.backend().await?;
        ensure!(backend == "parrot-blue", "the Ingress names {backend}");
        let selector = self.live_selector().await?;
        ensure!(selector == "parrot", "the live Service selects {selector}");
        let deployments = self.deployments().await?;
        let wanted = [format!("parrot {V1} x1"), format!("parrot-green {V2} x0")];
        ensure!(deployments == wanted, "{deployments:?}");
        let record = self.record().await?;
        ensure!(record["release"].is_null() && record["driver"].is_null(), "{record:#}");
        Ok(())
    }

    /// That the first release is live, all of it.
    pub async fn is_released(&self, image: &str) -> Result<()> {
        let backend = self.backend().await?;
        ensure!(backend == "parrot-green", "the Ingress names {backend}");
        let selector = self.live_selector().await?;
        ensure!(selector == "parrot-green", "the live Service selects {selector}");
        let deployments = self.deployments().await?;
        let wanted = [format!("parrot {V1} x0"), format!("parrot-green {image} x1")];
        ensure!(deployments == wanted, "{deployments:?}");
        let record = self.record().await?;
        ensure!(record["release"].is_null() && record["driver"].is_null(), "{record:#}");
        Ok(())
    }
}
