//! A Deployment rolls its pods over from one template to the next, by ReplicaSets.

mod rolling;
mod scaling;
mod sets;
mod sizes;
mod status;

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::Scene;
use super::objects::{count, is_going, is_over, name, owned_objects};
use crate::resources::{DEPLOYMENTS, PODS, REPLICA_SETS};
use crate::store::Key;
use sizes::{Sizes, size};

/// One look at a Deployment. What it changes itself is seen by the next look, as in the real
/// controller, whose caches lag behind.
struct Rollout<'a> {
    scene: &'a Scene,
    key: &'a Key,
    deployment: Arc<Value>,
    sizes: Sizes,
    /// The ReplicaSet of the present template.
    new: Option<Arc<Value>>,
    /// All others, the oldest first.
    old: Vec<Arc<Value>>,
}

pub fn reconcile(scene: &Scene, key: &Key) -> Option<Instant> {
    let deployment = scene.store.get(key)?;
    let mut sets = owned_objects(scene, &REPLICA_SETS, &deployment);
    sets.sort_by_cached_key(|set| {
        (set["metadata"]["creationTimestamp"].to_string(), name(set).to_owned())
    });
    let new = sets.iter().position(|set| sets::is_alike(set, &deployment));
    let new = new.map(|place| sets.remove(place));
    let sizes = Sizes::of(&deployment);
    let mut rollout = Rollout { scene, key, deployment, sizes, new, old: sets };
    rollout.step()
}

impl Rollout<'_> {
    fn step(&mut self) -> Option<Instant> {
        if is_going(&self.deployment) {
            self.write_plain_status();
            return None;
        }
        self.note_pause();
        let is_paused = self.deployment["spec"]["paused"] == true;
        if is_paused || self.is_resized() {
            self.settle_new(false);
            self.scale();
            if is_paused {
                self.clean_up();
            }
            self.write_plain_status();
            return None;
        }
        match self.deployment["spec"]["strategy"]["type"] == "Recreate" {
            true => self.recreate(),
            false => self.roll(),
        }
        self.write_status()
    }

    fn roll(&mut self) {
        self.settle_new(true);
        if !self.grow_new() && !self.shrink_old() && self.is_complete(&self.deployment["status"]) {
            self.clean_up();
        }
    }

    fn recreate(&mut self) {
        self.settle_new(false);
        let running: Vec<Arc<Value>> = self.old.iter().filter(|it| size(it) > 0).cloned().collect();
        if !running.is_empty() {
            running.iter().for_each(|set| drop(self.resize(set, 0)));
            return;
        }
        let has_pods = |set: &Arc<Value>| {
            owned_objects(self.scene, &PODS, set).iter().any(|pod| !is_over(pod))
        };
        if self.old.iter().any(has_pods) {
            return;
        }
        self.settle_new(true);
        self.grow_new();
        if self.is_complete(&self.deployment["status"]) {
            self.clean_up();
        }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// Changes the Deployment itself.
    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let changed = self.scene.store.edit(&DEPLOYMENTS, self.key, |old| {
            let mut new = old.clone();
            change(&mut new);
            Ok(new)
        });
        // One that is gone meanwhile is looked at no more.
        if let Ok(changed) = changed {
            self.deployment = changed;
        }
    }

    fn progress_deadline(&self) -> Option<i64> {
        let seconds = count(&self.deployment["spec"]["progressDeadlineSeconds"]);
        // The API's own "none".
        (seconds != i64::from(i32::MAX) && seconds > 0).then_some(seconds)
    }
}
