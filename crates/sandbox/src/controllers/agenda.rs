//! What is to be looked at, and when.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::store::Key;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    Deployments,
    ReplicaSets,
    Kubelet,
    Endpoints,
    Garbage,
    Namespaces,
}

#[derive(Default)]
pub struct Agenda(BTreeMap<(Part, Key), Instant>);

impl Agenda {
    /// At that time, or before if that was said already.
    pub fn mark(&mut self, part: Part, key: Key, at: Instant) {
        let due = self.0.entry((part, key)).or_insert(at);
        *due = at.min(*due);
    }

    pub fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    pub fn take(&mut self, now: Instant) -> Vec<(Part, Key)> {
        let due: Vec<(Part, Key)> =
            self.0.iter().filter(|(_, at)| **at <= now).map(|(item, _)| item.clone()).collect();
        for item in &due {
            self.0.remove(item);
        }
        due
    }
}
