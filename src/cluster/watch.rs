//! Watches: they wake the loop up and bring what changed. What nobody waits for is not watched.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use http::Request;
use kube::core::WatchEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Cluster;
use super::observe::encode;
use crate::model::Kind;

/// How long the API server keeps a watch open; a connection that died unseen is so found out.
const OPEN_FOR: Duration = Duration::from_secs(240);
const GRACE: Duration = Duration::from_secs(15);

/// What is watched: objects of a kind, by a field or a label.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Spec {
    pub kind: Kind,
    pub selector: Selector,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Selector {
    Named(String),
    Labelled(String),
}

impl Spec {
    pub fn named(kind: Kind, name: impl Into<String>) -> Spec {
        Spec { kind, selector: Selector::Named(name.into()) }
    }

    pub fn labelled(kind: Kind, label: impl Into<String>) -> Spec {
        Spec { kind, selector: Selector::Labelled(label.into()) }
    }
}

/// What a watch brought.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    There {
        kind: Kind,
        object: Value,
    },
    Gone {
        kind: Kind,
        object: Value,
    },
    /// The watch can't go on from where it was: read again.
    Lost {
        kind: Kind,
    },
    /// It broke: the API server may be away.
    Broken,
    /// It ended as watches do; the next one goes on from there.
    Ended,
}

/// The watches that are open.
pub struct Watches {
    open: BTreeMap<Spec, JoinHandle<()>>,
    /// From where the next watch of a kind goes on.
    versions: BTreeMap<Kind, String>,
    sender: mpsc::UnboundedSender<Seen>,
    receiver: mpsc::UnboundedReceiver<Seen>,
}

struct Seen {
    spec: Spec,
    what: Result<WatchEvent<Item>, End>,
}

enum End {
    Expired,
    Broken,
    Ordinary,
}

/// An object in a watch event. Bookmarks carry only a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Item(Value);

impl Default for Watches {
    fn default() -> Watches {
        let (sender, receiver) = mpsc::unbounded_channel();
        Watches { open: BTreeMap::new(), versions: BTreeMap::new(), sender, receiver }
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.open.values().for_each(JoinHandle::abort);
    }
}

impl Watches {
    /// After a read: watches of those kinds go on from what was read.
    pub fn read_at(&mut self, versions: BTreeMap<Kind, String>) {
        self.versions.extend(versions);
    }

    /// Opens what is wanted and not open, closes what is open and not wanted.
    pub fn want(&mut self, cluster: &Cluster, specs: &[Spec]) {
        self.open.retain(|spec, task| {
            let wanted = specs.contains(spec) && !task.is_finished();
            if !wanted {
                task.abort();
            }
            wanted
        });
        for spec in specs {
            if !self.open.contains_key(spec) {
                let from = self.versions.get(&spec.kind).cloned().unwrap_or_default();
                let task = watch(cluster.clone(), spec.clone(), from, self.sender.clone());
                self.open.insert(spec.clone(), tokio::spawn(task));
            }
        }
    }

    /// The next change. Pends for ever while nothing is watched.
    pub async fn next(&mut self) -> Change {
        loop {
            let seen = self.receiver.recv().await.expect("this holds a sender");
            if let Some(change) = self.take(seen) {
                return change;
            }
        }
    }

    /// A change that has arrived already.
    pub fn pending(&mut self) -> Option<Change> {
        while let Ok(seen) = self.receiver.try_recv() {
            if let Some(change) = self.take(seen) {
                return Some(change);
            }
        }
        None
    }

    fn take(&mut self, Seen { spec, what }: Seen) -> Option<Change> {
        let kind = spec.kind;
        match what {
            Ok(WatchEvent::Added(Item(object)) | WatchEvent::Modified(Item(object))) => {
                self.advance(kind, &object);
                Some(Change::There { kind, object })
            }
            Ok(WatchEvent::Deleted(Item(object))) => {
                self.advance(kind, &object);
                Some(Change::Gone { kind, object })
            }
            Ok(WatchEvent::Bookmark(bookmark)) => {
                self.versions.insert(kind, bookmark.metadata.resource_version);
                None
            }
            Ok(WatchEvent::Error(_)) | Err(End::Expired) => {
                self.close(&spec);
                Some(Change::Lost { kind })
            }
            Err(End::Broken) => {
                self.close(&spec);
                Some(Change::Broken)
            }
            Err(End::Ordinary) => {
                self.close(&spec);
                Some(Change::Ended)
            }
        }
    }

    fn advance(&mut self, kind: Kind, object: &Value) {
        if let Some(version) = object["metadata"]["resourceVersion"].as_str() {
            self.versions.insert(kind, version.to_owned());
        }
    }

    fn close(&mut self, spec: &Spec) {
        if let Some(task) = self.open.remove(spec) {
            task.abort();
        }
    }
}

async fn watch(cluster: Cluster, spec: Spec, from: String, to: mpsc::UnboundedSender<Seen>) {
    let stream = tokio::time::timeout(OPEN_FOR + GRACE, follow(&cluster, &spec, &from, &to));
    let what = match stream.await {
        Ok(Err(kube::Error::Api(status))) if status.code == 410 => End::Expired,
        Ok(Ok(())) => End::Ordinary,
        Ok(Err(_)) | Err(_) => End::Broken,
    };
    let _ = to.send(Seen { spec, what: Err(what) });
}

async fn follow(
    cluster: &Cluster,
    spec: &Spec,
    from: &str,
    to: &mpsc::UnboundedSender<Seen>,
) -> Result<(), kube::Error> {
    let selector = match &spec.selector {
        Selector::Named(name) => {
            format!("fieldSelector={}", encode(&format!("metadata.name={name}")))
        }
        Selector::Labelled(label) => format!("labelSelector={}", encode(label)),
    };
    let url = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={from}&{selector}",
        cluster.path(spec.kind, None),
        OPEN_FOR.as_secs(),
    );
    let request = Request::get(url).body(Vec::new()).map_err(kube::Error::HttpError)?;
    let events = cluster.client.request_events::<Item>(request).await?;
    futures_util::pin_mut!(events);
    while let Some(event) = events.try_next().await? {
        if let WatchEvent::Error(status) = &event
            && status.code != 410
        {
            return Ok(());
        }
        if to.send(Seen { spec: spec.clone(), what: Ok(event) }).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
