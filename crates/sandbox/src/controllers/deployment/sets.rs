//! The ReplicaSets of a Deployment: one a template, numbered.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Rollout;
use super::sizes::{noted, size};
use super::status;
use crate::controllers::events::{self, Kind};
use crate::controllers::objects::{count, is_going, name, owned_by, sum, text};
use crate::controllers::{garbage, namespace};
use crate::resources::REPLICA_SETS;
use crate::store::Key;

pub const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub const MOST: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations of a Deployment that are not its ReplicaSets'.
const OWN: [&str; 6] = [
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
];

/// Whether a ReplicaSet is of a Deployment's present template.
pub fn is_alike(set: &Value, deployment: &Value) -> bool {
    let neutral = |template: &Value| {
        let mut metadata = template["metadata"].clone();
        if let Some(labels) = metadata["labels"].as_object_mut() {
            labels.remove(HASH);
        }
        metadata
    };
    let (a, b) = (&set["spec"]["template"], &deployment["spec"]["template"]);
    a["spec"] == b["spec"] && neutral(a) == neutral(b)
}

impl Rollout<'_> {
    /// Numbers the ReplicaSet of the present template, which is made if that is wanted.
    pub fn settle_new(&mut self, make: bool) {
        let newest = self.old.iter().filter_map(|set| noted(set, REVISION)).max().unwrap_or(0);
        match self.new.clone() {
            Some(set) => self.number(&set, newest + 1),
            None if make && namespace::takes(&self.scene.store, &self.key.namespace) => {
                self.create(newest + 1);
            }
            None => {}
        }
    }

    fn number(&mut self, set: &Arc<Value>, revision: i64) {
        let least = count(&self.deployment["spec"]["minReadySeconds"]);
        let annotations = self.annotations(set, revision);
        let changed = self.edit_set(set, |new| {
            if !annotations.is_null() {
                new["metadata"]["annotations"] = annotations;
            }
            if count(&new["spec"]["minReadySeconds"]) != least {
                new["spec"]["minReadySeconds"] = json!(least);
            }
        });
        self.new = Some(Arc::clone(&changed));
        let is_told = self.progress_deadline().is_none() || self.condition("Progressing").is_some();
        let found = format!("Found new replica set \"{}\"", name(&changed));
        self.take_up(&changed, (!is_told).then_some(("FoundNewReplicaSet", found)));
    }

    /// The Deployment's own, and the number; a lower number that it had is kept as history.
    fn annotations(&self, set: &Value, revision: i64) -> Value {
        let mut annotations = set["metadata"]["annotations"].clone();
        for (key, value) in
            self.deployment["metadata"]["annotations"].as_object().into_iter().flatten()
        {
            if !OWN.contains(&key.as_str()) {
                annotations[key] = value.clone();
            }
        }
        let had = text(&annotations[REVISION]).to_owned();
        if had.parse().unwrap_or(0) < revision {
            annotations[REVISION] = json!(revision.to_string());
            if !had.is_empty() {
                annotations[HISTORY] = match text(&annotations[HISTORY]) {
                    "" => json!(had),
                    before => json!(format!("{before},{had}")),
                };
            }
        }
        annotations
    }

    /// Gives the Deployment its number, and says what there is to say of it: in one write.
    fn take_up(&mut self, set: &Value, news: Option<(&str, String)>) {
        let revision = &set["metadata"]["annotations"][REVISION];
        if news.is_none() && self.deployment["metadata"]["annotations"][REVISION] == *revision {
            return;
        }
        let now = self.scene.store.clock().stamp();
        self.edit(|deployment| {
            deployment["metadata"]["annotations"][REVISION] = revision.clone();
            if let Some((reason, message)) = news {
                let status = &mut deployment["status"];
                status::set(status, "Progressing", "True", reason, message, &now);
            }
        });
    }

    fn create(&mut self, revision: i64) {
        let mut template = self.deployment["spec"]["template"].clone();
        let hash = self.hash(&template);
        template["metadata"]["labels"][HASH] = json!(hash);
        let mut selector = self.deployment["spec"]["selector"].clone();
        selector["matchLabels"][HASH] = json!(hash);
        let others: i64 = self.old.iter().map(|set| size(set)).sum();
        let room = (self.sizes.most() - others).clamp(0, self.sizes.desired);
        let mut annotations = self.annotations(&json!({ "metadata": {} }), revision);
        annotations[DESIRED] = json!(self.sizes.desired.to_string());
        annotations[MOST] = json!(self.sizes.most().to_string());
        let mut spec = json!({ "replicas": room, "selector": selector });
        if let Some(least) =
            self.deployment["spec"]["minReadySeconds"].as_i64().filter(|it| *it > 0)
        {
            spec["minReadySeconds"] = json!(least);
        }
        let mut set = json!({
            "metadata": {
                "name": format!("{}-{hash}", name(&self.deployment)),
                "namespace": self.key.namespace,
                "labels": template["metadata"]["labels"],
                "annotations": annotations,
                "ownerReferences": owned_by(&self.deployment),
            },
            "status": { "replicas": 0 },
        });
        spec["template"] = template;
        set["spec"] = spec;
        match self.scene.store.create(&REPLICA_SETS, set) {
            Ok(made) => {
                if room > 0 {
                    self.tell_size(&made, 0, room);
                }
                let news = self.progress_deadline().map(|_| {
                    let message = format!("Created new replica set \"{}\"", name(&made));
                    ("NewReplicaSetCreated", message)
                });
                self.take_up(&made, news);
                self.new = Some(made);
            }
            // Another's, or another template with the same hash: the next look tries another one.
            Err(_) => self.edit(|deployment| {
                let collisions = count(&deployment["status"]["collisionCount"]);
                deployment["status"]["collisionCount"] = json!(collisions + 1);
            }),
        }
    }

    /// Any short text that follows from the template. (The real one hashes Go's own structs.)
    fn hash(&self, template: &Value) -> String {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        let collisions = &self.deployment["status"]["collisionCount"];
        let number = sum(&format!("{template}{collisions}")) % 10_000_000_000;
        let letters = number.to_string().into_bytes();
        letters.iter().map(|it| LETTERS[usize::from(*it) % LETTERS.len()] as char).collect()
    }

    /// Gives a ReplicaSet another size.
    pub fn resize(&self, set: &Arc<Value>, wanted: i64) -> Arc<Value> {
        let (desired, most) = (self.sizes.desired.to_string(), self.sizes.most().to_string());
        let had = size(set);
        let changed = self.edit_set(set, |new| {
            new["spec"]["replicas"] = json!(wanted);
            new["metadata"]["annotations"][DESIRED] = json!(desired);
            new["metadata"]["annotations"][MOST] = json!(most);
        });
        if had != wanted {
            self.tell_size(set, had, wanted);
        }
        changed
    }

    fn tell_size(&self, set: &Value, had: i64, wanted: i64) {
        let way = if wanted > had { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {had} to {wanted}", name(set));
        let (store, who) = (&self.scene.store, events::DEPLOYMENT);
        events::tell(store, who, &self.deployment, Kind::Normal, "ScalingReplicaSet", &message);
    }

    fn edit_set(&self, set: &Arc<Value>, change: impl FnOnce(&mut Value)) -> Arc<Value> {
        let key = Key::of(&REPLICA_SETS, set);
        let changed = self.scene.store.edit(&REPLICA_SETS, &key, |old| {
            let mut new = old.clone();
            change(&mut new);
            Ok(new)
        });
        // One that is gone meanwhile is as it was.
        changed.unwrap_or_else(|_| Arc::clone(set))
    }

    /// Deletes the oldest ReplicaSets that have no pods, down to the history's length.
    pub fn clean_up(&self) {
        let limit = self.deployment["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10);
        let mut old: Vec<&Arc<Value>> = self.old.iter().filter(|it| !is_going(it)).collect();
        let spare = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        old.sort_by_key(|set| noted(set, REVISION).unwrap_or(0));
        for set in old.into_iter().take(spare) {
            let seen = count(&set["status"]["observedGeneration"]);
            let is_empty = size(set) == 0 && count(&set["status"]["replicas"]) == 0;
            if is_empty && seen >= count(&set["metadata"]["generation"]) {
                garbage::delete(&self.scene.store, &Key::of(&REPLICA_SETS, set), false);
            }
        }
    }
}
