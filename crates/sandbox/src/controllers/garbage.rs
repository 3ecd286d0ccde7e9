//! What goes with its owner, before it or after it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Scene;
use super::objects::{is_going, items, owner_key, owners, resource, uid};
use crate::deletion;
use crate::store::{Key, Store};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Called for what has owners or has lost one, and for what is going and may have dependents.
pub fn reconcile(scene: &Scene, key: &Key) {
    let store = &scene.store;
    let Some(object) = store.get(key) else { return };
    if is_going(&object) {
        if has_finalizer(&object, ORPHAN) {
            orphan(scene, &object);
            let_go(store, key, ORPHAN);
        } else if has_finalizer(&object, FOREGROUND) && take_dependents(scene, &object) {
            let_go(store, key, FOREGROUND);
        }
    } else if !owners(&object).is_empty()
        && owners(&object).iter().all(|owner| is_lost(store, &key.namespace, owner))
    {
        delete(store, key, false);
    }
}

/// Deletes an object as the API server does it. Whether it is gone.
pub fn delete(store: &Store, key: &Key, foreground: bool) -> bool {
    let Some(resource) = resource(key) else { return true };
    let policy = if foreground { "Foreground" } else { "Background" };
    let options = json!({ "propagationPolicy": policy });
    let told = store.delete(resource, key, false, |old| {
        Ok(deletion::fate(resource, old, &options, store.clock()))
    });
    // One that is not there is gone.
    told.map_or(true, |(_, gone)| gone)
}

/// One of a kind that is not known here can't be looked for.
fn is_lost(store: &Store, namespace: &str, owner: &Value) -> bool {
    let Some(key) = owner_key(namespace, owner) else { return false };
    store.get(&key).is_none_or(|object| object["metadata"]["uid"] != owner["uid"])
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    items(&object["metadata"]["finalizers"]).iter().any(|it| it == finalizer)
}

fn dependents(scene: &Scene, owner: &Value) -> Vec<(Key, Arc<Value>)> {
    let keys = scene.owned.of(uid(owner));
    keys.filter_map(|key| Some((key.clone(), scene.store.get(key)?))).collect()
}

/// Tells them to go. Whether none is left that its owner has to wait for.
fn take_dependents(scene: &Scene, owner: &Value) -> bool {
    let mut may_go = true;
    for (key, dependent) in dependents(scene, owner) {
        let mut refers = owners(&dependent).iter();
        let waits = refers.any(|it| it["uid"] == uid(owner) && it["blockOwnerDeletion"] == true);
        let has_own = scene.owned.of(uid(&dependent)).next().is_some();
        let is_gone = !is_going(&dependent) && delete(&scene.store, &key, has_own);
        may_go &= is_gone || !waits;
    }
    may_go
}

fn orphan(scene: &Scene, owner: &Value) {
    for (key, _) in dependents(scene, owner) {
        let Some(resource) = resource(&key) else { continue };
        // It may be gone by now, which is as well.
        let _ = scene.store.edit(resource, &key, |old| {
            let mut new = old.clone();
            drop_from(&mut new, "ownerReferences", |it| it["uid"] == uid(owner));
            Ok(new)
        });
    }
}

fn let_go(store: &Store, key: &Key, finalizer: &str) {
    let Some(resource) = resource(key) else { return };
    let _ = store.edit(resource, key, |old| {
        let mut new = old.clone();
        drop_from(&mut new, "finalizers", |it| it == finalizer);
        Ok(new)
    });
}

/// A list of which nothing is left is left out.
fn drop_from(object: &mut Value, field: &str, goes: impl Fn(&Value) -> bool) {
    let mut left = items(&object["metadata"][field]).to_vec();
    left.retain(|item| !goes(item));
    if !left.is_empty() {
        object["metadata"][field] = json!(left);
    } else if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove(field);
    }
}
