//! What a change gives to do, and to whom.

use serde_json::Value;
use tokio::time::Instant;

use super::agenda::Part;
use super::objects::{controller, is_going, is_selected, owner_key, owners, text, uid};
use super::owned::Owned;
use super::{Controllers, Scene};
use crate::resources::{
    ALL, DEPLOYMENTS, ENDPOINT_SLICES, NAMESPACES, PODS, REPLICA_SETS, Resource, SERVICES,
};
use crate::store::{Change, Key, Logged};

impl Controllers {
    /// Puts on the agenda what has changed since the last time.
    pub fn notice(&mut self) {
        match self.scene.store.since(self.seen) {
            Ok(changes) => {
                for change in &changes {
                    self.seen = change.revision;
                    self.notice_one(change);
                }
            }
            Err(_) => self.notice_all(),
        }
    }

    /// The changes are forgotten: everything that is there is looked at.
    fn notice_all(&mut self) {
        self.scene.owned = Owned::default();
        for pod in self.kubelet.pods() {
            self.agenda.mark(Part::Kubelet, pod, Instant::now());
        }
        for resource in ALL {
            let (objects, at) = self.scene.store.list_at(resource, None);
            self.seen = at;
            for object in objects {
                self.notice_one(&Logged {
                    revision: at,
                    plural: resource.plural,
                    namespace: text(&object["metadata"]["namespace"]).to_owned(),
                    change: Change::Added,
                    object,
                    before: None,
                });
            }
        }
    }

    fn notice_one(&mut self, change: &Logged) {
        let key = Key {
            plural: change.plural,
            namespace: change.namespace.clone(),
            name: text(&change.object["metadata"]["name"]).to_owned(),
        };
        self.keep_house(&key, change);
        let is = |resource: Resource| change.plural == resource.plural;
        if is(&DEPLOYMENTS) {
            self.mark(Part::Deployments, key);
        } else if is(&REPLICA_SETS) {
            self.mark_owner(Part::Deployments, &DEPLOYMENTS, change);
            self.mark(Part::ReplicaSets, key);
        } else if is(&PODS) {
            self.notice_pod(key, change);
        } else if is(&SERVICES) {
            self.mark(Part::Endpoints, key);
        } else if is(&ENDPOINT_SLICES) {
            let service = &change.object["metadata"]["labels"]["kubernetes.io/service-name"];
            let service = Key::new(&SERVICES, &change.namespace, text(service));
            self.mark(Part::Endpoints, service);
        } else if is(&NAMESPACES) {
            self.mark(Part::Namespaces, key);
        }
    }

    fn notice_pod(&mut self, key: Key, change: &Logged) {
        let pods: Vec<&Value> = [Some(&change.object), change.before.as_ref()]
            .into_iter()
            .flatten()
            .map(|it| &**it)
            .collect();
        for service in self.scene.store.list(&SERVICES, Some(&change.namespace)) {
            if pods.iter().any(|pod| is_selected(&service["spec"]["selector"], pod)) {
                self.mark(Part::Endpoints, Key::of(&SERVICES, &service));
            }
        }
        if let Some(set) = self.mark_owner(Part::ReplicaSets, &REPLICA_SETS, change)
            && change.change == Change::Deleted
            && let Some(set) = self.scene.store.get(&set)
            && let Some(owner) = controller(&set)
        {
            // One that is recreated waits for its old pods to be gone.
            let deployment = Key::new(&DEPLOYMENTS, &change.namespace, text(&owner["name"]));
            self.mark(Part::Deployments, deployment);
        }
        self.mark(Part::Kubelet, key);
    }

    /// Owners, dependents, and the namespace.
    fn keep_house(&mut self, key: &Key, change: &Logged) {
        let Scene { store, owned } = &mut self.scene;
        let refers = |object: &Value| object["metadata"]["ownerReferences"].clone();
        let object = &change.object;
        match change.change {
            Change::Added => {
                owned.add(key, object);
                if !owners(object).is_empty() {
                    self.mark(Part::Garbage, key.clone());
                }
            }
            Change::Modified => {
                let before = change.before.as_deref().map(refers).unwrap_or_default();
                if before != refers(object) {
                    if let Some(before) = &change.before {
                        owned.remove(key, before);
                    }
                    owned.add(key, object);
                    self.mark(Part::Garbage, key.clone());
                }
                if is_going(object) {
                    self.mark(Part::Garbage, key.clone());
                }
            }
            Change::Deleted => {
                owned.remove(key, object);
                let mut left: Vec<Key> = owned.of(uid(object)).cloned().collect();
                left.extend(owners(object).iter().filter_map(|it| owner_key(&key.namespace, it)));
                let space = Key::new(&NAMESPACES, "", &change.namespace);
                let ends = store.get(&space).is_some_and(|space| is_going(&space));
                for other in left {
                    self.mark(Part::Garbage, other);
                }
                if ends {
                    self.mark(Part::Namespaces, space);
                }
            }
        }
    }

    fn mark(&mut self, part: Part, key: Key) {
        self.agenda.mark(part, key, Instant::now());
    }

    /// Marks what looks after an object, if it is of that resource.
    fn mark_owner(&mut self, part: Part, resource: Resource, change: &Logged) -> Option<Key> {
        let owner = controller(&change.object).filter(|owner| owner["kind"] == resource.kind)?;
        let key = Key::new(resource, &change.namespace, text(&owner["name"]));
        self.mark(part, key.clone());
        Some(key)
    }
}
