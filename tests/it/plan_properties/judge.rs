//! What must be true of every write that was carried out, worked out from the world before and
//! after it.

use std::collections::{BTreeMap, BTreeSet};

use bluegreen::model::{
    EPOCH, Kind, MANAGED_BY, RELEASE, Write, annotation, label, name, string_map,
};
use bluegreen::release::{Doing, GateKind, Release};
use serde_json::{Value, json};

use super::process::Request;
use super::simulation::slot;
use crate::world::World;
use crate::world::article::backend_of;

pub struct Judge {
    /// The user's Ingresses, without what a release may change of them.
    ingresses: Vec<Value>,
    /// The releases that somebody or something said yes to.
    blessed: BTreeSet<u64>,
    /// The releases that an Ingress was switched by, with its name.
    switched: BTreeSet<(u64, String)>,
    /// What each release found: the image that served, and the slot that it went into.
    found: BTreeMap<u64, (String, Option<Value>)>,
    /// The images that were live at some time.
    lived: BTreeSet<String>,
}

impl Judge {
    pub fn new(world: &World) -> Judge {
        Judge {
            ingresses: unchangeable(world),
            blessed: BTreeSet::new(),
            switched: BTreeSet::new(),
            found: BTreeMap::new(),
            lived: world.live_image().into_iter().collect(),
        }
    }

    pub fn bless(&mut self, release: u64, yes: bool) {
        if yes {
            self.blessed.insert(release);
        }
    }

    pub fn judge(&mut self, before: &World, after: &World, request: &Request) {
        keeps_what_serves(before, after);
        assert_eq!(
            self.ingresses,
            unchangeable(after),
            "more than names and annotations: {request:?}"
        );
        is_not_from_a_past_epoch(before, request);
        self.lived.extend(after.live_image());
        match &request.step.doing {
            Doing::Start { number, .. } => {
                let release = after.release();
                let image = before.live_image().expect("one colour serves");
                if release.back.is_some() {
                    let image = &release.images["parrot"];
                    assert!(self.lived.contains(image), "back to {image}, which was never live");
                }
                let slot = before.find(Kind::Deployment, slot(release.to));
                self.found.insert(*number, (image, slot.map(|slot| slot["spec"].clone())));
                self.bless(*number, release.gate.kind == GateKind::Open);
            }
            Doing::Set => {
                let release = after.release();
                self.bless(release.number, release.gate.kind == GateKind::Open);
            }
            Doing::Approve { number } => self.bless(*number, true),
            Doing::Switch { ingress, .. } => self.switch(before, after, request, ingress),
            Doing::PutAway { .. } => {
                let release = before.release();
                let until = release.drain_until.expect("it was drained");
                assert!(before.now >= until, "put away before the drain is over");
                assert!(before.now >= release.bake_until.unwrap_or(until), "it still bakes");
                assert!(!release.keep_old, "it was to be kept");
                release.confirmed.expect("nobody knows that the switch has arrived");
            }
            Doing::Destroy { .. } | Doing::Restore { .. } => {
                let release = before.release();
                assert!(release.ending.is_some(), "a candidate goes that nobody ended");
                if self.switched.iter().any(|(number, _)| *number == release.number) {
                    let until = release.drain_back_until.expect("people were there");
                    assert!(before.now >= until, "gone before the drain is over");
                }
            }
            _ => {}
        }
    }

    fn switch(&mut self, before: &World, after: &World, request: &Request, name: &str) {
        let ingress = after.get(Kind::Ingress, name);
        let number: u64 = annotation(ingress, RELEASE).unwrap().parse().unwrap();
        assert!(self.blessed.contains(&number), "release {number} was never approved");
        let first = self.switched.insert((number, name.to_owned()));
        assert!(first, "release {number} switches {name} a second time");
        let to = after.behind(backend_of(after, name)).expect("it leads to a colour");
        let candidate = after.get(Kind::Deployment, to);
        assert_eq!(annotation(candidate, RELEASE), Some(number.to_string().as_str()));
        // A request that was late finds what it finds; one that was not must have been right.
        if request.prompt {
            let release = before.release();
            assert_eq!((release.number, slot(release.to)), (number, to));
            assert_eq!(
                annotation(candidate, "bluegreen/template-hash"),
                Some(release.hash.as_str())
            );
            is_ready(before, to, before.replicas(slot(release.from)).max(1));
        }
    }

    /// What holds at any moment, whoever changed something last.
    pub fn inspect(&self, world: &World) {
        let services = world.routed_services().into_iter().chain(["parrot".to_owned()]);
        for service in services {
            let selector = string_map(&world.get(Kind::Service, &service)["spec"]["selector"]);
            for pod in world.objects.list(Kind::Pod) {
                let labels = string_map(&pod["metadata"]["labels"]);
                let selected = selector.iter().all(|(k, v)| labels.get(k) == Some(v));
                if let Some(release) = label(pod, RELEASE).filter(|_| selected) {
                    let release: u64 = release.parse().unwrap();
                    assert!(
                        self.blessed.contains(&release),
                        "pod {} of release {release}, which nobody approved, is behind {service}",
                        name(pod)
                    );
                }
            }
        }
    }

    /// What an aborted release leaves: the version that served before it, and its slot as it was.
    pub fn is_as_found(&self, world: &World, release: &Release) {
        let (image, before) = &self.found[&release.number];
        assert_eq!(world.serving(), [slot(release.from)]);
        assert_eq!(world.live_image().as_ref(), Some(image));
        let now = world.find(Kind::Deployment, slot(release.to));
        let is_leftover =
            |now: &Value| annotation(now, RELEASE) != Some(&release.number.to_string());
        match (before, now) {
            (Some(before), Some(now)) => {
                assert_eq!(&now["spec"], before);
            }
            (None, Some(now)) => assert!(is_leftover(now), "it is still there"),
            (Some(_), None) => panic!("a slot that was there before is gone"),
            (None, None) => {}
        }
    }
}

/// Whatever serves somebody is there, keeps its size and its template.
fn keeps_what_serves(before: &World, after: &World) {
    for deployment in before.serving() {
        let old = before.get(Kind::Deployment, deployment);
        let new = after.get(Kind::Deployment, deployment);
        assert_eq!(old["spec"]["template"], new["spec"]["template"], "{deployment} serves");
        assert!(
            after.replicas(deployment) >= before.replicas(deployment),
            "{deployment} serves, and is scaled down"
        );
    }
    let serving = after.serving();
    assert!(!serving.is_empty());
    for deployment in serving {
        assert!(after.replicas(deployment) >= 1, "{deployment} serves without a pod");
    }
}

/// Once the new driver has stamped everything, nothing from before its time is carried out. A
/// creation has no state to be bound to; its object is found and removed by the next command.
fn is_not_from_a_past_epoch(before: &World, request: &Request) {
    if matches!(request.step.write, Write::Create { .. }) {
        return;
    }
    let epoch = before.record().epoch;
    let is_stamped = |(kind, name): &(Kind, &str)| {
        let object = before.find(*kind, name);
        let stamp = object.map(|object| annotation(object, EPOCH).and_then(|e| e.parse().ok()));
        stamp.is_none_or(|stamp| stamp.unwrap_or(0) >= epoch)
    };
    let fenced = [
        (Kind::Ingress, "parrot"),
        (Kind::Ingress, "parrot-admin"),
        (Kind::Service, "parrot"),
        (Kind::Service, "parrot-preview"),
        (Kind::Deployment, "parrot"),
        (Kind::Deployment, "parrot-green"),
    ];
    let is_late = request.epoch < epoch && fenced.iter().all(is_stamped);
    assert!(!is_late, "a write of a driver that was taken over: {request:?}");
}

/// Judged by the objects alone, not by bluegreen's own code.
fn is_ready(world: &World, deployment: &str, size: u64) {
    let d = world.get(Kind::Deployment, deployment);
    let status = &d["status"];
    assert_eq!(status["observedGeneration"], d["metadata"]["generation"]);
    let replicas = world.replicas(deployment);
    assert!(replicas >= size, "smaller than the live one");
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        assert_eq!(status[field], replicas, "{field}");
    }
    let service = if deployment == "parrot" { "parrot-blue-ends" } else { "parrot-green-ends" };
    let endpoints = world.get(Kind::EndpointSlice, service)["endpoints"].as_array().unwrap();
    let ready = endpoints.iter().filter(|e| e["conditions"]["ready"] == true).count() as u64;
    assert!(ready >= replicas, "only {ready} of {replicas} endpoints");
}

fn unchangeable(world: &World) -> Vec<Value> {
    let mut ingresses = world.all(Kind::Ingress);
    ingresses.retain(|ingress| label(ingress, MANAGED_BY).is_none());
    ingresses.iter_mut().for_each(strip);
    ingresses
}

fn strip(ingress: &mut Value) {
    let metadata = ingress["metadata"].as_object_mut().unwrap();
    for field in ["resourceVersion", "generation"] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| key != RELEASE && key != EPOCH);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let backend = &mut ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"];
    backend["service"]["name"] = json!("?");
}
