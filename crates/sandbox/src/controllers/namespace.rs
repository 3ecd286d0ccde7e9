//! A namespace takes everything in it along.

use serde_json::{Value, json};

use super::garbage;
use super::objects::is_going;
use crate::resources::{ALL, NAMESPACES};
use crate::store::{Key, Store};

const NAME: &str = "kubernetes.io/metadata.name";

/// Called for one that has changed, and for one that ends when something in it is gone.
pub fn reconcile(store: &Store, key: &Key) {
    let phase = match store.get(key) {
        None => {
            empty(store, &key.name);
            return;
        }
        Some(space) if is_going(&space) => {
            if empty(store, &key.name) {
                store.remove(&NAMESPACES, key);
                return;
            }
            "Terminating"
        }
        Some(_) => "Active",
    };
    let _ = store.edit(&NAMESPACES, key, |old| {
        let mut new = old.clone();
        new["metadata"]["labels"][NAME] = json!(key.name);
        new["spec"]["finalizers"] = json!(["kubernetes"]);
        new["status"]["phase"] = json!(phase);
        Ok(new)
    });
}

/// Whether something new may be made in it. A test may do without the Namespace itself.
pub fn takes(store: &Store, namespace: &str) -> bool {
    let space = store.get(&Key::new(&NAMESPACES, "", namespace));
    space.is_none_or(|space: std::sync::Arc<Value>| !is_going(&space))
}

/// Tells everything in it to go. Whether nothing is left.
fn empty(store: &Store, namespace: &str) -> bool {
    let mut is_empty = true;
    for resource in ALL.into_iter().filter(|resource| resource.is_namespaced) {
        for object in store.list(resource, Some(namespace)) {
            is_empty &= garbage::delete(store, &Key::of(resource, &object), false);
        }
    }
    is_empty
}
