//! All objects, their versions, and what happened to them: etcd's part.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::admission::mutating::Mutation;
use super::clock::Clock;
use super::generation;
use super::refusal::Refusal;
use super::resources::{Resource, of_kind};

/// So many changes a watch can go back; what is older is compacted.
const LOG: usize = 4_000;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub plural: &'static str,
    /// Empty where the resource has none.
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(resource: Resource, namespace: &str, name: &str) -> Key {
        let namespace = if resource.is_namespaced { namespace } else { "" };
        Key { plural: resource.plural, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    pub fn of(resource: Resource, object: &Value) -> Key {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        Key::new(resource, text("namespace"), text("name"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Added,
    Modified,
    Deleted,
}

/// One change, as the log has it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub revision: u64,
    pub plural: &'static str,
    pub namespace: String,
    pub change: Change,
    /// As it is after it; a deleted object as it was, with the deletion's version.
    pub object: Arc<Value>,
    pub before: Option<Arc<Value>>,
}

/// What becomes of an object that is to be deleted.
pub enum Fate {
    Removed,
    /// It stays, marked, until whoever has a part in it lets it go.
    Marked(Value),
    /// Marked, and removed at once.
    Both(Value),
}

/// A cluster in the process. Clones are handles to the same one.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    clock: Clock,
    state: Mutex<State>,
    mutations: Mutex<Vec<Mutation>>,
    declared: Mutex<Vec<Resource>>,
    revision: watch::Sender<u64>,
}

struct State {
    objects: BTreeMap<Key, Arc<Value>>,
    log: VecDeque<Logged>,
    revision: u64,
    random: fastrand::Rng,
    /// By pod, container and whether it is of the container before.
    logs: BTreeMap<(Key, String, bool), String>,
}

impl Store {
    /// Everything that is random in it follows from the seed.
    pub fn new(seed: u64, began: Timestamp) -> Store {
        let state = State {
            objects: BTreeMap::new(),
            log: VecDeque::new(),
            revision: 1,
            random: fastrand::Rng::with_seed(seed),
            logs: BTreeMap::new(),
        };
        Store(Arc::new(Inner {
            clock: Clock::starting(began),
            state: Mutex::new(state),
            mutations: Mutex::default(),
            declared: Mutex::default(),
            revision: watch::Sender::new(1),
        }))
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no holder panics")
    }

    /// From now on somebody's admission changes what it is about, in every namespace.
    pub fn set_mutations(&self, mutations: Vec<Mutation>) {
        *self.0.mutations.lock().expect("no holder panics") = mutations;
    }

    pub(super) fn mutations(&self) -> Vec<Mutation> {
        self.0.mutations.lock().expect("no holder panics").clone()
    }

    /// From now on there are objects of this kind, as after a CustomResourceDefinition. No controller looks
    /// at them.
    pub fn declare(&self, resource: Resource) {
        let mut declared = self.0.declared.lock().expect("no holder panics");
        if !declared.iter().any(|known| std::ptr::eq(*known, resource)) {
            declared.push(resource);
        }
    }

    pub(super) fn declared(&self) -> Vec<Resource> {
        self.0.declared.lock().expect("no holder panics").clone()
    }

    /// Grows with every change: equal numbers mean an untouched cluster.
    pub fn revision(&self) -> u64 {
        self.state().revision
    }

    /// Returns when there is a change after this revision.
    pub async fn beyond(&self, revision: u64) {
        let mut changes = self.0.revision.subscribe();
        // The store outlives whoever waits for it: this is its own handle.
        let _ = changes.wait_for(|now| *now > revision).await;
    }

    /// A random number below `limit`, which is not 0.
    pub fn random(&self, limit: u64) -> u64 {
        self.state().random.u64(..limit)
    }

    /// Letters and digits as Kubernetes makes them for names: no vowels, nothing that looks alike.
    pub fn suffix(&self) -> String {
        let mut state = self.state();
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..5).map(|_| LETTERS[state.random.usize(..LETTERS.len())] as char).collect()
    }

    pub fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.state().objects.get(key).cloned()
    }

    /// The objects of a resource, of one namespace or of all, by namespace and name.
    pub fn list(&self, resource: Resource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.list_at(resource, namespace).0
    }

    /// The same, and the revision at which that was so.
    pub fn list_at(&self, resource: Resource, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let state = self.state();
        let from = Key::new(resource, namespace.unwrap_or_default(), "");
        let of_resource = state.objects.range(from..).take_while(|(key, _)| {
            key.plural == resource.plural && namespace.is_none_or(|it| it == key.namespace)
        });
        (of_resource.map(|(_, object)| Arc::clone(object)).collect(), state.revision)
    }

    /// Stores a new object; refused where there is one of its name.
    pub fn create(&self, resource: Resource, object: Value) -> Result<Arc<Value>, Refusal> {
        self.create_or_show(resource, object, false)
    }

    pub(super) fn create_or_show(
        &self,
        resource: Resource,
        mut object: Value,
        dry: bool,
    ) -> Result<Arc<Value>, Refusal> {
        let mut state = self.state();
        let key = Key::of(resource, &object);
        if let Some(there) = state.objects.get(&key) {
            let goes = there["metadata"]["deletionTimestamp"].is_string();
            let refusal = if goes { Refusal::still_exists } else { Refusal::already_exists };
            return Err(refusal(resource, &key.name));
        }
        object["apiVersion"] = json!(resource.api_version());
        object["kind"] = json!(resource.kind);
        object["metadata"]["uid"] = json!(uid(&mut state.random));
        object["metadata"]["creationTimestamp"] = json!(self.0.clock.stamp());
        if resource.has_generation {
            object["metadata"]["generation"] = json!(1);
        }
        if dry {
            return Ok(Arc::new(object));
        }
        Ok(self.commit(&mut state, key, Change::Added, object))
    }

    /// Changes an object. What changes nothing is no change, and one that is marked for deletion is
    /// gone when its last finalizer is.
    pub fn edit(
        &self,
        resource: Resource,
        key: &Key,
        change: impl FnOnce(&Value) -> Result<Value, Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        self.edit_or_show(resource, key, false, change)
    }

    pub(super) fn edit_or_show(
        &self,
        resource: Resource,
        key: &Key,
        dry: bool,
        change: impl FnOnce(&Value) -> Result<Value, Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        let mut state = self.state();
        let Some(old) = state.objects.get(key).cloned() else {
            return Err(Refusal::not_found(resource, &key.name));
        };
        let mut new = change(&old)?;
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        if resource.has_generation {
            new["metadata"]["generation"] = json!(generation::after(resource, &old, &new));
        }
        if *old == new {
            return Ok(old);
        }
        if dry {
            return Ok(Arc::new(new));
        }
        let is_released = new["metadata"]["deletionTimestamp"].is_string()
            && new["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(0) == 0
            && !is_held(&new);
        if is_released {
            // Who watches is told of what was stored, whoever let it go of what they made of it.
            self.commit(&mut state, key.clone(), Change::Deleted, (*old).clone());
            return Ok(Arc::new(new));
        }
        Ok(self.commit(&mut state, key.clone(), Change::Modified, new))
    }

    /// Deletes an object, or marks it. Returns it as it was or is, and whether it is gone.
    pub fn delete(
        &self,
        resource: Resource,
        key: &Key,
        dry: bool,
        fate: impl FnOnce(&Value) -> Result<Fate, Refusal>,
    ) -> Result<(Arc<Value>, bool), Refusal> {
        let mut state = self.state();
        let Some(old) = state.objects.get(key).cloned() else {
            return Err(Refusal::not_found(resource, &key.name));
        };
        match (fate(&old)?, dry) {
            (Fate::Removed, true) => Ok((old, true)),
            (Fate::Marked(new), true) => Ok((Arc::new(new), false)),
            (Fate::Both(new), true) => Ok((Arc::new(new), true)),
            (Fate::Both(new), false) => {
                let marked = self.commit(&mut state, key.clone(), Change::Modified, new);
                let gone = (*marked).clone();
                Ok((self.commit(&mut state, key.clone(), Change::Deleted, gone), true))
            }
            (Fate::Removed, false) => {
                let gone = self.commit(&mut state, key.clone(), Change::Deleted, (*old).clone());
                Ok((gone, true))
            }
            (Fate::Marked(new), false) if *old == new => Ok((old, false)),
            (Fate::Marked(new), false) => {
                Ok((self.commit(&mut state, key.clone(), Change::Modified, new), false))
            }
        }
    }

    /// Takes an object away, whoever has a part in it. Whether it was there.
    pub fn remove(&self, resource: Resource, key: &Key) -> bool {
        self.delete(resource, key, false, |_| Ok(Fate::Removed)).is_ok()
    }

    fn commit(&self, state: &mut State, key: Key, change: Change, mut object: Value) -> Arc<Value> {
        state.revision += 1;
        object["metadata"]["resourceVersion"] = json!(state.revision.to_string());
        let object = Arc::new(object);
        let (plural, namespace) = (key.plural, key.namespace.clone());
        let before = match change {
            Change::Deleted => {
                state.logs.retain(|(of, ..), _| *of != key);
                state.objects.remove(&key)
            }
            Change::Added | Change::Modified => state.objects.insert(key, Arc::clone(&object)),
        };
        let (revision, object) = (state.revision, object);
        let logged =
            Logged { revision, plural, namespace, change, object: Arc::clone(&object), before };
        state.log.push_back(logged);
        if state.log.len() > LOG {
            state.log.pop_front();
        }
        self.0.revision.send_replace(revision);
        object
    }

    /// What happened after a revision; refused with the oldest one that is known if that is not.
    pub fn since(&self, revision: u64) -> Result<Vec<Logged>, u64> {
        let state = self.state();
        let oldest = state.log.front().map_or(state.revision, |first| first.revision - 1);
        if revision < oldest {
            return Err(oldest);
        }
        let after = state.log.partition_point(|logged| logged.revision <= revision);
        Ok(state.log.range(after..).cloned().collect())
    }

    /// Forgets what happened until now, as etcd's compaction does.
    pub fn compact(&self) {
        self.state().log.clear();
    }

    pub fn log(&self, pod: &Key, container: &str, previous: bool) -> Option<String> {
        self.state().logs.get(&(pod.clone(), container.to_owned(), previous)).cloned()
    }

    pub fn set_log(&self, pod: &Key, container: &str, previous: bool, text: String) {
        self.state().logs.insert((pod.clone(), container.to_owned(), previous), text);
    }

    /// Takes in an object that says what it is, past every check: what a test or a demo starts with.
    ///
    /// # Panics
    /// If its kind is unknown, or there is one of its name.
    pub fn add(&self, object: Value) -> Arc<Value> {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let resource = of_kind(text("apiVersion"), text("kind")).expect("a kind that is known");
        self.create(resource, object).expect("a name that is free")
    }
}

/// Whether somebody has a part in its end. A namespace has finalizers of two sorts.
pub fn is_held(object: &Value) -> bool {
    let finalizers = [&object["metadata"]["finalizers"], &object["spec"]["finalizers"]];
    finalizers.iter().any(|it| it.as_array().is_some_and(|it| !it.is_empty()))
}

fn uid(random: &mut fastrand::Rng) -> String {
    let (a, b) = (random.u64(..), random.u64(..));
    let (d, e) = (0x8000 | (b >> 48) & 0x3fff, b & 0xffff_ffff_ffff);
    format!("{:08x}-{:04x}-4{:03x}-{d:04x}-{e:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff)
}
