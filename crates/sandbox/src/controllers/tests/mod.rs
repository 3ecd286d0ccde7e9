//! The controllers, on time that is paused.

mod endpoints;
mod garbage;
mod pods;
mod rollout;
mod seeds;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::objects::{count, items, name, ready_since, text};
use crate::resources::{DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS, Resource};
use crate::{Key, Life, Sandbox, Scripts, Store};

/// More than anything here takes.
const LONG: Duration = Duration::from_secs(7_200);

struct Town {
    sandbox: Sandbox,
    scripts: Arc<Scripts>,
}

impl Town {
    fn new(seed: u64) -> Town {
        let scripts = Arc::new(Scripts::default());
        let began = "2026-01-01T00:00:00Z".parse().unwrap();
        let sandbox = Sandbox::start(seed, began, scripts.clone());
        sandbox.store().add(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "birds" },
        }));
        Town { sandbox, scripts }
    }

    /// One with a Deployment that has all its pods.
    async fn with_parrot(seed: u64, replicas: i64) -> Town {
        let town = Town::new(seed);
        town.store().add(deployment("parrot:1", replicas));
        town.rolled_out().await;
        town
    }

    fn store(&self) -> &Store {
        self.sandbox.store()
    }

    async fn until(&self, what: &str, mut holds: impl FnMut(&Store) -> bool) {
        let store = self.store();
        let waits = async {
            loop {
                let seen = store.revision();
                if holds(store) {
                    return;
                }
                store.beyond(seen).await;
            }
        };
        let is_so = timeout(LONG, waits).await.is_ok();
        assert!(is_so, "waited for {what}: {:#?}", self.store().list(&DEPLOYMENTS, None));
    }

    async fn rolled_out(&self) {
        self.until("the rollout", |store| {
            let parrot = store.get(&key(&DEPLOYMENTS, "parrot")).unwrap();
            let (spec, status) = (&parrot["spec"], &parrot["status"]);
            let is_seen = status["observedGeneration"] == parrot["metadata"]["generation"];
            let all = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];
            is_seen && all.iter().all(|field| count(&status[field]) == count(&spec["replicas"]))
        })
        .await;
    }

    /// Until nothing happens any more for a while.
    async fn at_rest(&self) {
        loop {
            let seen = self.store().revision();
            if timeout(Duration::from_secs(3), self.store().beyond(seen)).await.is_err() {
                return;
            }
        }
    }

    fn parrot(&self) -> Arc<Value> {
        self.store().get(&key(&DEPLOYMENTS, "parrot")).unwrap()
    }

    fn pods(&self) -> Vec<Arc<Value>> {
        self.store().list(&PODS, Some("birds"))
    }

    fn sets(&self) -> Vec<Arc<Value>> {
        self.store().list(&REPLICA_SETS, Some("birds"))
    }

    fn change(&self, resource: Resource, name: &str, change: impl FnOnce(&mut Value)) {
        let changed = self.store().edit(resource, &key(resource, name), |old| {
            let mut new = old.clone();
            change(&mut new);
            Ok(new)
        });
        changed.unwrap();
    }

    fn set_image(&self, image: &str) {
        self.change(&DEPLOYMENTS, "parrot", |it| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        });
    }

    fn condition(&self, kind: &str) -> (String, String) {
        let parrot = self.parrot();
        let mut conditions = items(&parrot["status"]["conditions"]).iter();
        let found = conditions.find(|it| it["type"] == kind).unwrap();
        (text(&found["status"]).to_owned(), text(&found["reason"]).to_owned())
    }
}

fn key(resource: Resource, name: &str) -> Key {
    Key::new(resource, "birds", name)
}

fn deployment(image: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "parrot", "namespace": "birds" },
        "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": 60,
            "selector": { "matchLabels": { "app": "parrot" } },
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 1 },
            },
            "template": {
                "metadata": { "labels": { "app": "parrot" } },
                "spec": {
                    "containers": [{
                        "name": "parrot",
                        "image": image,
                        "ports": [{ "name": "http", "containerPort": 3000, "protocol": "TCP" }],
                    }],
                    "terminationGracePeriodSeconds": 30,
                },
            },
        },
    })
}
