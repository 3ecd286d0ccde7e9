//! Commands that something happens to in the middle, the situation that each is for, and what is left.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::crash;
use super::parrot::{Parrot, V1, V2};
use crate::bed::Bed;
use crate::bed::command::Output;
use crate::tally;

const SHORT: [&str; 4] = ["--drain", "0s", "--settle", "0s"];

/// Runs that are many in one case, so many at a time: a row of the table, and what each came to.
pub async fn all_of<T>(
    row: &str,
    runs: impl Iterator<Item: Future<Output = Result<T>>>,
    at_once: usize,
) -> Result<Vec<T>> {
    let came: Vec<Result<T>> = stream::iter(runs).buffer_unordered(at_once).collect().await;
    let failed: Vec<_> =
        came.iter().filter_map(|came| Some(format!("{:#}", came.as_ref().err()?))).collect();
    tally::record(row, came.len(), came.len() - failed.len());
    ensure!(failed.is_empty(), "{}", failed.join("\n\n"));
    Ok(came.into_iter().flatten().collect())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    Init,
    Deploy,
    /// Of a candidate that waits, with nobody driving.
    Promote,
    /// The same.
    Abort,
    Rollback,
}

impl Scene {
    /// The app in a namespace of its own, as the command finds it.
    pub async fn set(self, stage: &Parrot) -> Result<Parrot> {
        let app = Parrot { ns: stage.bed.namespace().await?, ..stage.clone() };
        app.bed.let_release(&app.user, &app.ns).await?;
        app.bed.apply_file(&app.ns, "examples/parrot/parrot.yaml").await?;
        app.settled("parrot", 1).await?;
        if self != Scene::Init {
            app.ok(&["init", "parrot"]).await?;
        }
        let how = match self {
            Scene::Init | Scene::Deploy => return Ok(app),
            Scene::Promote | Scene::Abort => "--detach",
            Scene::Rollback => "--yes",
        };
        app.ok(&[&["deploy", "parrot", "--image", V2, how], &SHORT[..]].concat()).await?;
        Ok(app)
    }

    /// `gate` is the address of one that says yes.
    pub fn args(self, gate: &str) -> Vec<&str> {
        match self {
            Scene::Init => vec!["init", "parrot"],
            Scene::Deploy => {
                let line = ["deploy", "parrot", "--image", V2, "--webhook", gate];
                [&line[..], &["--interval", "1s"], &SHORT].concat()
            }
            Scene::Promote => vec!["promote", "parrot"],
            Scene::Abort => vec!["abort", "parrot"],
            Scene::Rollback => [&["rollback", "parrot", "--release", "1"], &SHORT[..]].concat(),
        }
    }

    /// The version that serves before it, and the one that serves when it has done its work.
    pub fn versions(self) -> (&'static str, &'static str) {
        match self {
            Scene::Init | Scene::Abort => (V1, V1),
            Scene::Deploy | Scene::Promote => (V1, V2),
            Scene::Rollback => (V2, V1),
        }
    }

    /// How many writes it makes with nothing in its way.
    pub async fn writes(self, stage: &Parrot, gate: &str) -> Result<usize> {
        let app = self.set(stage).await?;
        let proxy = crash::proxy(&app.bed)?;
        app.via(&proxy.url())?.ok(&self.args(gate)).await?;
        // Not those that met a controller's status update and had to be planned again: they differ
        // from run to run.
        let requests = proxy.requests();
        let done = requests.iter().filter(|seen| seen.status.is_some_and(|status| status < 300));
        Ok(done.filter(|seen| seen.mutating).count())
    }
}

/// Whose user all share: there are more runs than users.
pub async fn stage(bed: &Arc<Bed>) -> Result<Parrot> {
    Parrot::empty(bed).await
}

/// A documented exit code, and a reason where it is no success.
pub fn documented(output: &Output) -> Result<i32> {
    let code = output.code.filter(|code| (0..=11).contains(code) && *code != 1);
    let code = code.with_context(|| format!("{output:?}"))?;
    let reason = output.stderr.lines().find_map(|line| line.strip_prefix("error: "));
    ensure!(code == 0 || reason.is_some_and(|why| !why.is_empty()), "{output:?}");
    Ok(code)
}

/// In short: who is led where, and what is under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Of the version that the Ingress leads to.
    pub image: String,
    /// Whether the live Service leads there too.
    pub agree: bool,
    /// The release in progress.
    pub release: Option<u64>,
    /// Each driver that takes a release over begins another.
    pub epoch: Option<u64>,
    pub is_driven: bool,
    /// The pods that versions are to have which nobody is led to.
    pub beside: u64,
}

impl Facts {
    pub async fn of(app: &Parrot) -> Result<Self> {
        let (services, backend) = (app.list("services").await?, app.backend().await?);
        let leads = |name: &str| {
            let service = services.iter().find(|service| service["metadata"]["name"] == name);
            let selector = service.map(|service| &service["spec"]["selector"]["app"]);
            selector.and_then(Value::as_str).map(str::to_owned)
        };
        let live = leads(&backend);
        let deployments = app.list("deployments").await?;
        let is_live = |deployment: &&Value| {
            live.as_deref().is_none_or(|live| deployment["metadata"]["name"] == live)
        };
        let serving = deployments.iter().find(is_live).context("nobody is led anywhere")?;
        let image = &serving["spec"]["template"]["spec"]["containers"][0]["image"];
        let others = deployments.iter().filter(|deployment| !is_live(deployment));
        let record = app.find("configmaps", "bluegreen-parrot").await?.unwrap_or_default();
        let record = record["data"]["record"].as_str().map(serde_json::from_str::<Value>);
        let record = record.transpose()?.unwrap_or_default();
        Ok(Self {
            image: image.as_str().unwrap_or_default().to_owned(),
            agree: leads("parrot") == live,
            release: record["release"]["number"].as_u64(),
            epoch: record["epoch"].as_u64(),
            is_driven: record["driver"].is_object(),
            beside: others.map(|other| other["spec"]["replicas"].as_u64().unwrap_or(1)).sum(),
        })
    }

    /// Whose it is, and whether anybody drives in it.
    pub fn reign(&self) -> (Option<u64>, bool) {
        (self.epoch, self.is_driven)
    }

    /// Nothing is under way.
    pub fn rest(&self) -> bool {
        self.release.is_none() && !self.is_driven && self.agree
    }
}

/// Whatever is still under way is ended, and what was made too late removed.
pub async fn tidied(app: &Parrot) -> Result<()> {
    let output = app.run(&["abort", "parrot"]).await?;
    let code = documented(&output)?;
    ensure!([0, 11].contains(&code), "abort: {output:?}");
    let facts = Facts::of(app).await?;
    ensure!(facts.rest() && facts.beside == 0, "{facts:?}");
    Ok(())
}
