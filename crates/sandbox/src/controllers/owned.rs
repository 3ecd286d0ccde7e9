//! Which objects name which owners.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::objects::{owners, text};
use crate::store::Key;

/// By the owners' uids.
#[derive(Default)]
pub struct Owned(BTreeMap<String, BTreeSet<Key>>);

impl Owned {
    pub fn of(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.0.get(uid).into_iter().flatten()
    }

    pub fn add(&mut self, key: &Key, object: &Value) {
        for owner in owners(object) {
            self.0.entry(text(&owner["uid"]).to_owned()).or_default().insert(key.clone());
        }
    }

    pub fn remove(&mut self, key: &Key, object: &Value) {
        for owner in owners(object) {
            let uid = text(&owner["uid"]);
            if let Some(owned) = self.0.get_mut(uid) {
                owned.remove(key);
                if owned.is_empty() {
                    self.0.remove(uid);
                }
            }
        }
    }
}
