//! A watch: what changes after a version, as lines of JSON.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::form::Form;
use super::options;
use super::refusal::Refusal;
use super::request::{Query, Target};
use super::resources::Resource;
use super::selectors::Selectors;
use super::store::{Change, Logged, Store};

/// From one bookmark to the next.
const BOOKMARK: Duration = Duration::from_secs(60);
/// How long a watch is open that names no time.
const OPEN_FOR: u64 = 1_800;

pub struct Watch {
    store: Store,
    resource: Resource,
    namespace: Option<String>,
    selectors: Selectors,
    form: Form,
    /// The columns of a table are told once.
    has_told_columns: bool,
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
        form: Form,
    ) -> Result<Watch, Refusal> {
        let seconds = query.get("timeoutSeconds").parse().unwrap_or(OPEN_FOR);
        let now = Instant::now();
        let mut watch = Watch {
            store: store.clone(),
            resource: target.resource,
            namespace: target.namespace.clone(),
            selectors,
            form,
            has_told_columns: false,
            bookmark: query.is_set("allowWatchBookmarks").then_some(now + BOOKMARK),
            ends: now + Duration::from_secs(seconds),
            reached: 0,
            ready: VecDeque::new(),
            is_over: false,
        };
        let is_whole = query.is_set("sendInitialEvents");
        match query.get("resourceVersion") {
            version if is_whole || matches!(version, "" | "0") => watch.begin(target, is_whole),
            version => {
                watch.reached = options::version(version).map_err(Refusal::failure)?;
            }
        }
        Ok(watch)
    }

    /// What there is, then what comes. Whoever asked for it as a list is told where that ends.
    fn begin(&mut self, target: &Target, is_list: bool) {
        let (objects, at) = self.store.list_at(target.resource, self.namespace.as_deref());
        self.reached = at;
        for object in objects {
            if self.selectors.matches(&object) {
                let event = self.event("ADDED", &object);
                self.ready.push_back(event);
            }
        }
        if is_list && self.bookmark.is_some() {
            let end = self.bookmark(json!({ "k8s.io/initial-events-end": "true" }));
            self.ready.push_back(end);
        }
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
        let now = Instant::now();
        self.is_over = now >= self.ends;
        if self.bookmark.is_some_and(|due| now >= due) {
            self.bookmark = Some(now + BOOKMARK);
            let bookmark = self.bookmark(Value::Null);
            self.ready.push_back(bookmark);
        }
    }

    /// What a change is to whoever sees only what the selectors let through.
    fn of_change(&mut self, change: &Logged) -> Option<Value> {
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
        // One that is not let through any more is told as it was when it was.
        let object = match (kind, &change.before) {
            ("DELETED", Some(before)) if change.change != Change::Deleted => {
                let mut object = (**before).clone();
                object["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                object
            }
            _ => (*change.object).clone(),
        };
        Some(self.event(kind, &object))
    }

    fn event(&mut self, kind: &str, object: &Value) -> Value {
        let mut object = self.form.one(self.resource, object, self.store.clock().now());
        if matches!(self.form, Form::Table(_)) {
            if self.has_told_columns {
                object["columnDefinitions"] = Value::Null;
            }
            self.has_told_columns = true;
        }
        json!({ "type": kind, "object": object })
    }

    /// How far it has come.
    fn bookmark(&mut self, annotations: Value) -> Value {
        let mut object = json!({
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version(),
            "metadata": { "resourceVersion": self.reached.to_string() },
        });
        if !annotations.is_null() {
            object["metadata"]["annotations"] = annotations;
        }
        self.event("BOOKMARK", &object)
    }
}
