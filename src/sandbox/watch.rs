//! A watch: what changes after a version, as lines of JSON.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::refusal::Refusal;
use super::request::{Query, Target};
use super::resources::Resource;
use super::selectors::Selectors;
use super::store::{Change, Logged, Store};
use super::table;

/// From one bookmark to the next.
const BOOKMARK: Duration = Duration::from_secs(60);
/// How long a watch is open that names no time.
const OPEN_FOR: u64 = 1_800;

pub struct Watch {
    store: Store,
    resource: Resource,
    namespace: Option<String>,
    selectors: Selectors,
    as_tables: bool,
    /// When the next bookmark is due, where they are wanted.
    bookmark: Option<Instant>,
    ends: Instant,
    /// How far it has come.
    reached: u64,
    ready: VecDeque<Value>,
    is_over: bool,
}

impl Watch {
    pub fn open(
        store: &Store,
        target: &Target,
        selectors: Selectors,
        query: &Query,
        as_tables: bool,
    ) -> Result<Watch, Refusal> {
        let seconds = query.get("timeoutSeconds").parse().unwrap_or(OPEN_FOR);
        let now = Instant::now();
        let mut watch = Watch {
            store: store.clone(),
            resource: target.resource,
            namespace: target.namespace.clone(),
            selectors,
            as_tables,
            bookmark: query.is_set("allowWatchBookmarks").then_some(now + BOOKMARK),
            ends: now + Duration::from_secs(seconds),
            reached: 0,
            ready: VecDeque::new(),
            is_over: false,
        };
        match query.get("resourceVersion") {
            // From now on, after what there is.
            "" | "0" => {
                let (objects, at) = store.list_at(target.resource, watch.namespace.as_deref());
                watch.reached = at;
                for object in objects.iter().filter(|object| watch.selectors.matches(object)) {
                    let event = watch.event("ADDED", object);
                    watch.ready.push_back(event);
                }
            }
            version => {
                watch.reached = version.parse().map_err(|_| {
                    Refusal::bad_request(format!("Invalid value: {version:?}: must be a number"))
                })?;
            }
        }
        Ok(watch)
    }

    /// The next event; none when the watch is over.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            match self.store.since(self.reached) {
                Ok(changes) if !changes.is_empty() => {
                    for change in &changes {
                        let event = self.of_change(change);
                        self.ready.extend(event);
                        self.reached = change.revision;
                    }
                }
                Ok(_) => self.pause().await,
                Err(oldest) => {
                    self.is_over = true;
                    let refusal = Refusal::expired(self.reached, oldest);
                    return Some(json!({ "type": "ERROR", "object": refusal.object() }));
                }
            }
        }
    }

    async fn pause(&mut self) {
        let until = self.bookmark.map_or(self.ends, |bookmark| bookmark.min(self.ends));
        if timeout_at(until, self.store.beyond(self.reached)).await.is_ok() {
            return;
        }
        self.is_over = Instant::now() >= self.ends;
        if let Some(bookmark) = &mut self.bookmark {
            *bookmark += BOOKMARK;
            let object = json!({
                "kind": self.resource.kind,
                "apiVersion": self.resource.api_version(),
                "metadata": { "resourceVersion": self.reached.to_string() },
            });
            self.ready.push_back(json!({ "type": "BOOKMARK", "object": object }));
        }
    }

    /// What a change is to whoever sees only what the selectors let through.
    fn of_change(&self, change: &Logged) -> Option<Value> {
        let is_ours = change.plural == self.resource.plural
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == change.namespace);
        if !is_ours {
            return None;
        }
        let is = change.change != Change::Deleted && self.selectors.matches(&change.object);
        let was = change.before.as_ref().is_some_and(|before| self.selectors.matches(before));
        let kind = match (was, is) {
            (false, false) => return None,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        Some(self.event(kind, &change.object))
    }

    fn event(&self, kind: &str, object: &Arc<Value>) -> Value {
        let object = match self.as_tables {
            true => table::of(self.resource, std::slice::from_ref(object), None),
            false => (**object).clone(),
        };
        json!({ "type": kind, "object": object })
    }
}
