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

use super::account::Pass;
use super::observe::encode;
use super::{CallError, Cluster};
use crate::model::Kind;

/// How long the API server is to keep a watch open, at most. It may be less.
const OPEN_FOR: Duration = Duration::from_secs(3600);
/// A watch that says nothing for so long is opened anew: its connection may have died unseen. The API
/// server sends a bookmark about once a minute.
const SILENT_FOR: Duration = Duration::from_secs(240);
/// How long the first word of its reply is waited for.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// How long is waited before a watch is opened again that did not hold.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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
    /// A field selector.
    Fields(String),
}

impl Spec {
    pub fn named(kind: Kind, name: impl Into<String>) -> Spec {
        Spec { kind, selector: Selector::Named(name.into()) }
    }

    pub fn labelled(kind: Kind, label: impl Into<String>) -> Spec {
        Spec { kind, selector: Selector::Labelled(label.into()) }
    }

    pub fn fields(kind: Kind, fields: impl Into<String>) -> Spec {
        Spec { kind, selector: Selector::Fields(fields.into()) }
    }

    /// Whether a release does without what it brings, and no look reads it.
    fn is_extra(&self) -> bool {
        self.kind == Kind::Event
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
    /// It is not for us to see.
    Denied {
        kind: Kind,
        error: CallError,
    },
}

/// The watches that are open.
pub struct Watches {
    open: BTreeMap<Spec, JoinHandle<()>>,
    /// Where the objects of a kind were read last.
    read: BTreeMap<Kind, String>,
    /// How far a watch has come since. Not by kind: another object's changes may not have come yet.
    reached: BTreeMap<Spec, String>,
    /// How often in a row a watch did not hold.
    failures: BTreeMap<Spec, u32>,
    sender: mpsc::UnboundedSender<Seen>,
    receiver: mpsc::UnboundedReceiver<Seen>,
}

struct Seen {
    spec: Spec,
    what: Result<WatchEvent<Item>, End>,
}

struct End {
    why: Why,
    /// So long it was open.
    lasted: Duration,
}

enum Why {
    Expired,
    Denied(CallError),
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
        let (open, read, reached, failures) = Default::default();
        Watches { open, read, reached, failures, sender, receiver }
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
        self.reached.retain(|spec, _| !versions.contains_key(&spec.kind));
        self.read.extend(versions);
    }

    /// Opens what is wanted and not open, closes what is open and not wanted. What did not hold is
    /// opened again after a pause, which grows.
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
                let from = self.from(spec);
                let pause = pause(self.failures.get(spec).copied().unwrap_or(0));
                let task = watch(cluster.clone(), spec.clone(), from, self.sender.clone());
                let task = async move {
                    tokio::time::sleep(pause).await;
                    task.await;
                };
                self.open.insert(spec.clone(), tokio::spawn(task));
            }
        }
    }

    fn from(&self, spec: &Spec) -> String {
        let from = self.reached.get(spec).or_else(|| self.read.get(&spec.kind));
        from.cloned().unwrap_or_default()
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
                self.advance(spec, &object);
                Some(Change::There { kind, object })
            }
            Ok(WatchEvent::Deleted(Item(object))) => {
                self.advance(spec, &object);
                Some(Change::Gone { kind, object })
            }
            Ok(WatchEvent::Bookmark(bookmark)) => {
                self.reached.insert(spec, bookmark.metadata.resource_version);
                None
            }
            // The watch ends with it, and says so.
            Ok(WatchEvent::Error(_)) => None,
            Err(End { why, lasted }) => {
                self.close(&spec);
                let is_extra = spec.is_extra();
                if is_extra && matches!(why, Why::Expired) {
                    // From the start then: nothing is read again for it.
                    self.read.remove(&kind);
                    self.reached.remove(&spec);
                }
                if lasted < LONGEST_PAUSE {
                    *self.failures.entry(spec).or_default() += 1;
                } else {
                    self.failures.remove(&spec);
                }
                Some(match why {
                    Why::Expired | Why::Broken if is_extra => Change::Ended,
                    Why::Expired => Change::Lost { kind },
                    Why::Denied(error) => Change::Denied { kind, error },
                    Why::Broken => Change::Broken,
                    Why::Ordinary => Change::Ended,
                })
            }
        }
    }

    fn advance(&mut self, spec: Spec, object: &Value) {
        if let Some(version) = object["metadata"]["resourceVersion"].as_str() {
            self.reached.insert(spec, version.to_owned());
        }
    }

    fn close(&mut self, spec: &Spec) {
        if let Some(task) = self.open.remove(spec) {
            task.abort();
        }
    }
}

fn pause(failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        several => (FIRST_PAUSE * (1 << (several - 1).min(8))).min(LONGEST_PAUSE),
    }
}

async fn watch(cluster: Cluster, spec: Spec, from: String, to: mpsc::UnboundedSender<Seen>) {
    let began = tokio::time::Instant::now();
    let why = match follow(&cluster, &spec, &from, &to).await {
        Err(kube::Error::Api(status)) => why(status.code, &status.reason, &status.message),
        Ok(why) => why,
        Err(_) => Why::Broken,
    };
    let _ = to.send(Seen { spec, what: Err(End { why, lasted: began.elapsed() }) });
}

fn why(code: u16, reason: &str, message: &str) -> Why {
    match code {
        410 => Why::Expired,
        401 | 403 => {
            let (reason, message) = (reason.to_owned(), message.to_owned());
            Why::Denied(CallError::Refused { code, reason, message, faults: Vec::new() })
        }
        _ => Why::Broken,
    }
}

async fn follow(
    cluster: &Cluster,
    spec: &Spec,
    from: &str,
    to: &mpsc::UnboundedSender<Seen>,
) -> Result<Why, kube::Error> {
    let selector = match &spec.selector {
        Selector::Named(name) => {
            format!("fieldSelector={}", encode(&format!("metadata.name={name}")))
        }
        Selector::Labelled(label) => format!("labelSelector={}", encode(label)),
        Selector::Fields(fields) => format!("fieldSelector={}", encode(fields)),
    };
    let url = format!(
        "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={from}&{selector}",
        cluster.path(spec.kind, None),
        OPEN_FOR.as_secs(),
    );
    let request = Request::get(url).body(Vec::new()).map_err(kube::Error::HttpError)?;
    let Ok(pass) = cluster.account.pass().await else { return Ok(Why::Broken) };
    // The API server answers at once, before anything happens: a request without a reply is lost.
    let open = |pass: Pass| {
        let request = request.clone();
        async move {
            let opening = pass.client.request_events::<Item>(request);
            tokio::time::timeout(OPEN_WITHIN, opening).await
        }
    };
    let events = match open(pass.clone()).await {
        Ok(Err(kube::Error::Api(status))) if status.code == 401 => {
            match cluster.account.after_refusal(&pass).await {
                Some(Ok(pass)) => open(pass).await,
                Some(Err(_)) => return Ok(Why::Broken),
                None => return Err(kube::Error::Api(status)),
            }
        }
        events => events,
    };
    let Ok(events) = events else { return Ok(Why::Broken) };
    let events = events?;
    futures_util::pin_mut!(events);
    while let Ok(event) = tokio::time::timeout(SILENT_FOR, events.try_next()).await {
        let Some(event) = event? else { break };
        if let WatchEvent::Error(status) = &event {
            return Ok(why(status.code, &status.reason, &status.message));
        }
        if to.send(Seen { spec: spec.clone(), what: Ok(event) }).is_err() {
            break;
        }
    }
    Ok(Why::Ordinary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_watch_that_does_not_hold_is_opened_less_and_less_often() {
        let pauses: Vec<u128> = (0..8).map(|failures| pause(failures).as_millis()).collect();
        assert_eq!(pauses, [0, 250, 500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn only_missing_rights_end_a_watch_for_good() {
        assert!(matches!(why(410, "", ""), Why::Expired));
        assert!(matches!(why(403, "", ""), Why::Denied(error) if error.code() == Some(403)));
        for code in [429, 500, 503] {
            assert!(matches!(why(code, "", ""), Why::Broken));
        }
    }

    #[test]
    fn nothing_is_read_again_for_what_a_release_does_without() {
        let ends = |kind: Kind, why: Why| {
            let spec = Spec::fields(kind, "involvedObject.kind=Ingress");
            let mut watches = Watches::default();
            watches.read_at(BTreeMap::from([(kind, "100".to_owned())]));
            let end = End { why, lasted: Duration::ZERO };
            let change = watches.take(Seen { spec: spec.clone(), what: Err(end) });
            (change.unwrap(), watches.from(&spec))
        };
        assert_eq!(ends(Kind::Event, Why::Expired), (Change::Ended, String::new()));
        assert_eq!(ends(Kind::Event, Why::Broken), (Change::Ended, "100".to_owned()));
        assert_eq!(ends(Kind::Pod, Why::Broken).0, Change::Broken);
        assert_eq!(ends(Kind::Pod, Why::Expired).0, Change::Lost { kind: Kind::Pod });
    }

    #[test]
    fn one_objects_changes_say_nothing_about_anothers() {
        let (green, blue) = (
            Spec::named(Kind::Deployment, "parrot-green"),
            Spec::named(Kind::Deployment, "parrot"),
        );
        let mut watches = Watches::default();
        watches.read_at(BTreeMap::from([(Kind::Deployment, "100".to_owned())]));
        assert_eq!(watches.from(&blue), "100");
        let object = json!({"metadata": {"name": "parrot-green", "resourceVersion": "102"}});
        watches.take(Seen { spec: green.clone(), what: Ok(WatchEvent::Modified(Item(object))) });
        assert_eq!((watches.from(&green).as_str(), watches.from(&blue).as_str()), ("102", "100"));
        watches.read_at(BTreeMap::from([(Kind::Deployment, "110".to_owned())]));
        assert_eq!(watches.from(&green), "110");
    }
}
