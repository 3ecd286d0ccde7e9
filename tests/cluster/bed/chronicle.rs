//! All that happens to the objects of a namespace, in the order in which etcd has it: its revisions
//! count the changes of all kinds.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use bluegreen::sandbox::{Change, Logged};
use futures_util::TryStreamExt;
use kube::Client;
use kube::api::WatchEvent;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{Bed, SOON, wait_for};
use crate::guard;

/// Longer than any test: a watch that ends is one that has missed something.
const SECONDS: u32 = 900;

pub struct Chronicle {
    client: Client,
    namespace: String,
    seen: Arc<Mutex<Vec<Logged>>>,
    watches: JoinSet<Result<()>>,
}

impl Chronicle {
    pub async fn begin(bed: &Bed, namespace: &str) -> Result<Self> {
        let (client, namespace) = (bed.kube(), namespace.to_owned());
        let (seen, watches) = (Arc::default(), JoinSet::new());
        let mut this = Self { client, namespace, seen, watches };
        for plural in guard::kinds() {
            this.watch(plural).await.with_context(|| format!("cannot watch {plural}"))?;
        }
        Ok(this)
    }

    async fn watch(&mut self, plural: &'static str) -> Result<()> {
        let (there, version) = self.list(plural).await?;
        let note = {
            let (seen, namespace) = (Arc::clone(&self.seen), self.namespace.clone());
            move |change, object: Value| {
                let revision = version_of(&object)?;
                let (namespace, object) = (namespace.clone(), Arc::new(object));
                let logged = Logged { revision, plural, namespace, change, object, before: None };
                seen.lock().expect("nothing panics with it").push(logged);
                anyhow::Ok(())
            }
        };
        there.into_iter().try_for_each(|object| note(Change::Added, object))?;
        let query = format!("watch=true&resourceVersion={version}&timeoutSeconds={SECONDS}");
        let request = http::Request::get(format!("{}?{query}", self.path(plural)));
        let events = self.client.request_events::<Value>(request.body(Vec::new())?).await?;
        self.watches.spawn(async move {
            let mut events = pin!(events);
            while let Some(event) = events.try_next().await? {
                match event {
                    WatchEvent::Added(object) => note(Change::Added, object)?,
                    WatchEvent::Modified(object) => note(Change::Modified, object)?,
                    WatchEvent::Deleted(object) => note(Change::Deleted, object)?,
                    WatchEvent::Bookmark(_) => {}
                    WatchEvent::Error(error) => bail!("the watch of {plural}: {error:?}"),
                }
            }
            bail!("the watch of {plural} ended")
        });
        Ok(())
    }

    fn path(&self, plural: &str) -> String {
        let group = match plural {
            "ingresses" => "apis/networking.k8s.io/v1",
            "endpointslices" => "apis/discovery.k8s.io/v1",
            "deployments" => "apis/apps/v1",
            _ => "api/v1",
        };
        format!("/{group}/namespaces/{}/{plural}", self.namespace)
    }

    async fn list(&self, plural: &str) -> Result<(Vec<Value>, String)> {
        let request = http::Request::get(self.path(plural)).body(Vec::new())?;
        let mut list: Value = self.client.request(request).await?;
        let version = list["metadata"]["resourceVersion"].as_str().context("no version")?;
        let version = version.to_owned();
        Ok((list["items"].as_array_mut().map(std::mem::take).unwrap_or_default(), version))
    }

    /// Everything up to now.
    pub async fn end(mut self) -> Result<Vec<Logged>> {
        wait_for("the watches to tell of everything", SOON, async || {
            let mut there = Versions::new();
            for plural in guard::kinds() {
                for object in self.list(plural).await?.0 {
                    there.insert((plural, name(&object)), version_of(&object)?);
                }
            }
            let told = folded(&mut self.seen.lock().expect("nothing panics with it").clone());
            Ok((told == there).then_some(()))
        })
        .await?;
        if let Some(ended) = self.watches.try_join_next() {
            ended??;
        }
        let mut log = std::mem::take(&mut *self.seen.lock().expect("nothing panics with it"));
        folded(&mut log);
        Ok(log)
    }
}

type Versions = BTreeMap<(&'static str, String), u64>;

/// Brings a log into its order, and each change together with what was there before it. Returns what is
/// there at the end.
fn folded(log: &mut [Logged]) -> Versions {
    log.sort_by_key(|logged| logged.revision);
    let mut there = BTreeMap::new();
    for logged in log {
        let key = (logged.plural, name(&logged.object));
        logged.before = match logged.change {
            Change::Deleted => there.remove(&key),
            _ => there.insert(key, Arc::clone(&logged.object)),
        };
    }
    let version = |object: Arc<Value>| version_of(&object).unwrap_or_default();
    there.into_iter().map(|(key, object)| (key, version(object))).collect()
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn version_of(object: &Value) -> Result<u64> {
    let version = object["metadata"]["resourceVersion"].as_str().context("no version")?;
    version.parse().with_context(|| version.to_owned())
}
