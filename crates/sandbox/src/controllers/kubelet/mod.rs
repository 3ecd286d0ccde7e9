//! Pods get a node, live as the nodes say, and end.

mod back_off;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::events::{self, Kind};
use super::objects::{count, is_going, is_over, items, name, text, uid};
use crate::nodes::{Life, Nodes, Stage, Turn};
use crate::resources::PODS;
use crate::store::{Key, Store};

/// The only node. There is no object of it.
const NODE: &str = "sandbox";

pub struct Kubelet {
    nodes: Arc<dyn Nodes>,
    pods: BTreeMap<Key, Running>,
    /// How many addresses have been given.
    addresses: u32,
}

struct Running {
    uid: String,
    image: String,
    annotations: Value,
    address: String,
    life: Life,
    /// From when on its life counts.
    since: Instant,
    /// The stage that comes next.
    next: usize,
    ends: Option<Instant>,
    has_ended: bool,
}

impl Kubelet {
    pub fn new(nodes: Arc<dyn Nodes>) -> Kubelet {
        Kubelet { nodes, pods: BTreeMap::new(), addresses: 0 }
    }

    pub fn pods(&self) -> Vec<Key> {
        self.pods.keys().cloned().collect()
    }

    /// Returns the pods that are in something else now.
    pub fn turn(&mut self, turn: &Turn) -> Vec<Key> {
        let meant = self.pods.iter_mut().filter(|(_, pod)| pod.image == turn.image);
        meant
            .map(|(key, pod)| {
                pod.begin(vec![(Duration::ZERO, turn.stage.clone())]);
                key.clone()
            })
            .collect()
    }

    pub fn reconcile(&mut self, store: &Store, key: &Key) -> Option<Instant> {
        let pod = store.get(key);
        let is_known = |running: &Running| pod.as_ref().is_some_and(|it| uid(it) == running.uid);
        if self.pods.get(key).is_some_and(|running| !is_known(running)) {
            self.forget(key);
        }
        let pod = pod?;
        let nodes = Arc::clone(&self.nodes);
        let Some(running) = self.pods.get_mut(key) else {
            return self.take_in(store, key, &pod);
        };
        if is_going(&pod) {
            return running.end(store, key, &pod, &*nodes);
        }
        if pod["metadata"]["annotations"] != running.annotations {
            running.annotations = pod["metadata"]["annotations"].clone();
            if let Some(life) = nodes.edited(&pod) {
                running.begin(life.stages);
            }
        }
        running.live(store, key, &pod, &*nodes)
    }

    fn take_in(&mut self, store: &Store, key: &Key, pod: &Value) -> Option<Instant> {
        if is_going(pod) {
            let_go(store, key);
            return None;
        }
        if is_over(pod) {
            return None;
        }
        self.addresses += 1;
        // As in a cluster: 10.244.0.0 is the network's own.
        let [_, _, high, low] = self.addresses.to_be_bytes();
        let address = format!("10.244.{high}.{low}");
        let mut shown = pod.clone();
        shown["spec"]["nodeName"] = json!(NODE);
        shown["status"]["podIP"] = json!(address);
        let running = Running {
            uid: uid(pod).to_owned(),
            image: text(&pod["spec"]["containers"][0]["image"]).to_owned(),
            annotations: pod["metadata"]["annotations"].clone(),
            address,
            life: self.nodes.start(&shown),
            since: Instant::now(),
            next: 0,
            ends: None,
            has_ended: false,
        };
        self.pods.insert(key.clone(), running);
        Some(Instant::now())
    }

    fn forget(&mut self, key: &Key) {
        if let Some(running) = self.pods.remove(key)
            && !running.has_ended
        {
            self.nodes.gone(key);
        }
    }
}

impl Running {
    fn begin(&mut self, stages: Vec<(Duration, Stage)>) {
        self.life.stages = stages;
        self.since = Instant::now();
        self.next = 0;
    }

    fn live(
        &mut self,
        store: &Store,
        key: &Key,
        pod: &Value,
        nodes: &dyn Nodes,
    ) -> Option<Instant> {
        let age = self.since.elapsed();
        let passed = self.life.stages.iter().take_while(|(from, _)| *from <= age).count();
        if passed > self.next {
            let stage = self.life.stages[passed - 1].1.clone();
            let is_bound = pod["spec"]["nodeName"].is_string();
            if !is_bound && !matches!(stage, Stage::Unschedulable { .. }) {
                bind(store, key, pod);
                return Some(Instant::now());
            }
            self.next = passed;
            self.enter(store, key, &stage, nodes);
        }
        self.life.stages.get(self.next).map(|(from, _)| self.since + *from)
    }

    fn enter(&self, store: &Store, key: &Key, stage: &Stage, nodes: &dyn Nodes) {
        let now = store.clock().stamp();
        let written = store.edit(&PODS, key, |old| {
            let mut new = old.clone();
            new["status"] = status::of(old, stage, &self.address, &now);
            Ok(new)
        });
        let Ok(pod) = written else { return };
        for container in items(&pod["spec"]["containers"]) {
            let container = text(&container["name"]);
            match stage {
                Stage::Running { .. } if store.log(key, container, false).is_none() => {
                    store.set_log(key, container, false, nodes.log(key));
                }
                Stage::Crashed { restarts, log, .. } => {
                    store.set_log(key, container, false, log.clone());
                    if *restarts > 0 {
                        store.set_log(key, container, true, log.clone());
                    }
                }
                _ => {}
            }
        }
        tell(store, &pod, stage);
        nodes.changed(key, stage);
    }

    fn end(&mut self, store: &Store, key: &Key, pod: &Value, nodes: &dyn Nodes) -> Option<Instant> {
        let Some(ends) = self.ends else {
            let grace = count(&pod["metadata"]["deletionGracePeriodSeconds"]);
            let grace = Duration::from_secs(grace.try_into().unwrap_or(0));
            self.ends = Some(Instant::now() + self.life.ends_after.min(grace));
            nodes.ending(key);
            for container in items(&pod["spec"]["containers"]) {
                let message = format!("Stopping container {}", text(&container["name"]));
                events::tell(store, events::KUBELET, pod, Kind::Normal, "Killing", &message);
            }
            return self.ends;
        };
        if Instant::now() < ends {
            return Some(ends);
        }
        if self.has_ended {
            let_go(store, key);
            return None;
        }
        self.has_ended = true;
        nodes.gone(key);
        let now = store.clock().stamp();
        let _ = store.edit(&PODS, key, |old| {
            let mut new = old.clone();
            new["status"] = status::ended(old, &now);
            Ok(new)
        });
        Some(Instant::now())
    }
}

fn bind(store: &Store, key: &Key, pod: &Value) {
    let now = store.clock().stamp();
    let _ = store.edit(&PODS, key, |old| {
        let mut new = old.clone();
        new["spec"]["nodeName"] = json!(NODE);
        new["status"] = status::scheduled(old, &now);
        Ok(new)
    });
    let message = format!("Successfully assigned {}/{} to {NODE}", key.namespace, name(pod));
    events::tell(store, events::SCHEDULER, pod, Kind::Normal, "Scheduled", &message);
}

/// It is gone when nobody else holds it.
fn let_go(store: &Store, key: &Key) {
    let now = store.clock().stamp();
    let _ = store.edit(&PODS, key, |old| {
        let mut new = old.clone();
        new["metadata"]["deletionTimestamp"] = json!(now);
        new["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        Ok(new)
    });
}

fn tell(store: &Store, pod: &Value, stage: &Stage) {
    let told = |kind, reason: &str, message: &str| {
        events::tell(store, events::KUBELET, pod, kind, reason, message);
    };
    match stage {
        Stage::Unschedulable { message } => {
            events::tell(store, events::SCHEDULER, pod, Kind::Warning, "FailedScheduling", message);
        }
        Stage::Running { ready: false } => {
            for container in items(&pod["spec"]["containers"]) {
                told(
                    Kind::Normal,
                    "Started",
                    &format!("Started container {}", text(&container["name"])),
                );
            }
        }
        Stage::Waiting { message, .. } => told(Kind::Warning, "Failed", message),
        Stage::Crashed { .. } | Stage::InitCrashed { .. } => {
            let which = match stage {
                Stage::InitCrashed { .. } => &pod["spec"]["initContainers"],
                _ => &pod["spec"]["containers"],
            };
            for container in items(which) {
                let message = format!(
                    "Back-off restarting failed container {} in pod {}",
                    text(&container["name"]),
                    name(pod)
                );
                told(Kind::Warning, "BackOff", &message);
            }
        }
        Stage::Creating | Stage::Running { ready: true } => {}
    }
}
