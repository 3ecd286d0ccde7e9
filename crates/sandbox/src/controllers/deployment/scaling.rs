//! A Deployment that is resized: the ReplicaSets that have pods share the difference.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use super::Rollout;
use super::sets::{DESIRED, MOST};
use super::sizes::{available, noted, size};
use crate::controllers::objects::{count, text};

impl Rollout<'_> {
    /// Whether it has another size than its ReplicaSets were made for.
    pub fn is_resized(&self) -> bool {
        self.active().any(|set| noted(set, DESIRED).is_some_and(|it| it != self.sizes.desired))
    }

    fn active(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.all().filter(|set| size(set) > 0)
    }

    pub fn scale(&self) {
        let desired = self.sizes.desired;
        if let Some(only) = self.only() {
            if size(only) != desired {
                self.resize(only, desired);
            }
            return;
        }
        if self.new.as_ref().is_some_and(|new| self.is_saturated(new)) {
            for set in self.old.iter().filter(|set| size(set) > 0) {
                self.resize(set, 0);
            }
        } else if self.deployment["spec"]["strategy"]["type"] != "Recreate" {
            self.share();
        }
    }

    /// The one that has all pods, or would have them.
    fn only(&self) -> Option<&Arc<Value>> {
        let active: Vec<&Arc<Value>> = self.active().collect();
        match active.as_slice() {
            [] => self.new.as_ref().or_else(|| self.old.last()),
            [only] => Some(only),
            _ => None,
        }
    }

    fn is_saturated(&self, new: &Value) -> bool {
        let desired = self.sizes.desired;
        noted(new, DESIRED) == Some(desired) && size(new) == desired && available(new) == desired
    }

    /// In proportion to their sizes; the largest has what does not divide.
    fn share(&self) {
        let allowed = if self.sizes.desired > 0 { self.sizes.most() } else { 0 };
        let mut sets: Vec<&Arc<Value>> = self.active().collect();
        let difference = allowed - sets.iter().map(|set| size(set)).sum::<i64>();
        let made = |set: &Value| text(&set["metadata"]["creationTimestamp"]).to_owned();
        match difference > 0 {
            true => sets.sort_by_cached_key(|set| Reverse((size(set), made(set)))),
            false => sets.sort_by_cached_key(|set| (Reverse(size(set)), made(set))),
        }
        let mut left = difference;
        let mut sizes = Vec::new();
        for set in &sets {
            let part = match difference {
                0 => 0,
                more if more > 0 => self.part(set).min(left),
                _ => self.part(set).max(left),
            };
            left -= part;
            sizes.push(size(set) + part);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + left).max(0);
        }
        for (set, wanted) in sets.iter().zip(sizes) {
            self.resize(set, wanted);
        }
    }

    /// What a ReplicaSet gains or loses if all keep their share.
    fn part(&self, set: &Value) -> i64 {
        if self.sizes.desired == 0 {
            return -size(set);
        }
        let was = noted(set, MOST).unwrap_or(count(&self.deployment["status"]["replicas"])).max(1);
        // Rounded to the nearest.
        (2 * size(set) * self.sizes.most() + was) / (2 * was) - size(set)
    }
}
