//! What must be true of every write that was carried out, worked out from the world before and
//! after it.

use std::collections::{BTreeMap, BTreeSet};

use bluegreen::model::{
    Colour, EPOCH, Kind, MANAGED_BY, RELEASE, Write, annotation, label, name, string_map,
};
use bluegreen::release::{Action, GateKind, Names, Release};
use serde_json::{Value, json};

use super::process::Request;
use crate::world::World;
use crate::world::article::{app_of, backend_for};

/// Of one app.
pub struct Judge {
    pub app: Names,
    /// The user's Ingresses, without what a release may change of them.
    ingresses: Vec<Value>,
    /// The releases that somebody or something said yes to.
    blessed: BTreeSet<u64>,
    /// The releases that a route was switched by, with its name.
    switched: BTreeSet<(u64, String)>,
    /// What each release found: the image that served, and the slot that it went into.
    found: BTreeMap<u64, (String, Option<Value>)>,
    /// The images that were live at some time.
    lived: BTreeSet<String>,
}

impl Judge {
    pub fn new(app: &Names, world: &World) -> Judge {
        Judge {
            app: app.clone(),
            ingresses: unchangeable(world),
            blessed: BTreeSet::new(),
            switched: BTreeSet::new(),
            found: BTreeMap::new(),
            lived: world.live_image_of(app).into_iter().collect(),
        }
    }

    pub fn bless(&mut self, release: u64, yes: bool) {
        if yes {
            self.blessed.insert(release);
        }
    }

    pub fn judge(&mut self, before: &World, after: &World, request: &Request) {
        self.keeps_what_serves(before, after);
        assert_eq!(
            self.ingresses,
            unchangeable(after),
            "more than names and annotations: {request:?}"
        );
        self.is_not_from_a_past_epoch(before, request);
        self.lived.extend(after.live_image_of(&self.app));
        match &request.step.action {
            Action::Start { number, .. } => {
                let release = self.release(after);
                let image = before.live_image_of(&self.app).expect("one colour serves");
                if release.back.is_some() {
                    let image = &release.images["parrot"];
                    assert!(self.lived.contains(image), "back to {image}, which was never live");
                }
                let slot = before.find(Kind::Deployment, &self.app.deployment(release.to));
                self.found.insert(*number, (image, slot.map(|slot| slot["spec"].clone())));
                self.bless(*number, release.gate.kind == GateKind::Open);
            }
            Action::Set => {
                let release = self.release(after);
                self.bless(release.number, release.gate.kind == GateKind::Open);
            }
            Action::Approve { number } => self.bless(*number, true),
            Action::Switch { ingress, .. } => {
                self.switch(before, after, request, (Kind::Ingress, ingress));
            }
            Action::SwitchService { service, .. } => {
                self.switch(before, after, request, (Kind::Service, service));
            }
            Action::ScaleDown { .. } => {
                let release = self.release(before);
                let until = release.drain_until.expect("it was drained");
                assert!(before.now >= until, "put away before the drain is over");
                assert!(before.now >= release.bake_until.unwrap_or(until), "it still bakes");
                assert!(!release.keep_old, "it was to be kept");
                release.confirmed.expect("nobody knows that the switch has arrived");
            }
            Action::Destroy { .. } | Action::Restore { .. } => {
                let release = self.release(before);
                assert!(release.ending.is_some(), "a candidate goes that nobody ended");
                if self.switched.iter().any(|(number, _)| *number == release.number) {
                    let until = release.drain_back_until.expect("people were there");
                    assert!(before.now >= until, "gone before the drain is over");
                }
            }
            _ => {}
        }
    }

    fn release(&self, world: &World) -> Release {
        world.record_of(&self.app).release.expect("a release is under way")
    }

    fn is_its(&self, name: &str) -> bool {
        app_of(name) == Some(self.app.app.as_str())
    }

    /// Another app's release wrote: nothing that is this one's is different, and nothing of what it has on
    /// the Ingresses.
    pub fn is_left_alone(&self, before: &World, after: &World, request: &Request) {
        let its = |world: &World| {
            let mut its = Vec::new();
            for kind in [Kind::ConfigMap, Kind::Deployment, Kind::Service] {
                its.extend(world.all(kind));
            }
            its.retain(|object| {
                let name = name(object);
                self.is_its(name.strip_prefix("bluegreen-").unwrap_or(name))
            });
            for ingress in world.all(Kind::Ingress) {
                if label(&ingress, MANAGED_BY).is_none() {
                    let stamps = [RELEASE, EPOCH]
                        .map(|key| annotation(&ingress, &self.app.stamp(key)).map(str::to_owned));
                    its.push(json!([stamps, backend_for(&self.app, &ingress)]));
                }
            }
            its
        };
        assert_eq!(its(before), its(after), "of {}: {request:?}", self.app.app);
    }

    /// Whatever serves somebody is there, keeps its size and its template.
    fn keeps_what_serves(&self, before: &World, after: &World) {
        for deployment in before.serving_of(&self.app) {
            let old = before.get(Kind::Deployment, deployment);
            let new = after.get(Kind::Deployment, deployment);
            assert_eq!(old["spec"]["template"], new["spec"]["template"], "{deployment} serves");
            assert!(
                after.replicas(deployment) >= before.replicas(deployment),
                "{deployment} serves, and is scaled down"
            );
        }
        let serving = after.serving_of(&self.app);
        assert!(!serving.is_empty());
        for deployment in serving {
            assert!(after.replicas(deployment) >= 1, "{deployment} serves without a pod");
        }
    }

    /// Once the new driver has stamped everything, nothing from before its time is carried out. A
    /// creation has no state to be bound to; its object is found and removed by the next command.
    fn is_not_from_a_past_epoch(&self, before: &World, request: &Request) {
        if matches!(request.step.write, Write::Create { .. }) {
            return;
        }
        let epoch = before.record_of(&self.app).epoch;
        let shared = self.app.stamp(EPOCH);
        let (preview, app) = (self.app.preview(), &self.app.app);
        let green = format!("{app}-green");
        let fenced: [(Kind, &str, &str); 6] = [
            (Kind::Ingress, "parrot", &shared),
            (Kind::Ingress, "parrot-admin", &shared),
            (Kind::Service, app, &shared),
            (Kind::Service, &preview, EPOCH),
            (Kind::Deployment, app, EPOCH),
            (Kind::Deployment, &green, EPOCH),
        ];
        let is_stamped = |(kind, name, key): &(Kind, &str, &str)| {
            let object = before.find(*kind, name);
            let stamp = object.map(|object| annotation(object, key).and_then(|e| e.parse().ok()));
            stamp.is_none_or(|stamp| stamp.unwrap_or(0) >= epoch)
        };
        let is_late = request.epoch < epoch && fenced.iter().all(is_stamped);
        assert!(!is_late, "a write of a driver that was taken over: {request:?}");
    }

    fn switch(
        &mut self,
        before: &World,
        after: &World,
        request: &Request,
        (kind, name): (Kind, &str),
    ) {
        let route = after.get(kind, name);
        let number: u64 = annotation(route, &self.app.stamp(RELEASE)).unwrap().parse().unwrap();
        assert!(self.blessed.contains(&number), "release {number} was never approved");
        let first = self.switched.insert((number, name.to_owned()));
        assert!(first, "release {number} switches {name} a second time");
        let service = if kind == Kind::Ingress { backend_for(&self.app, route) } else { name };
        let to = after.behind(service).expect("it leads to a colour");
        let candidate = after.get(Kind::Deployment, to);
        assert_eq!(annotation(candidate, RELEASE), Some(number.to_string().as_str()));
        // A request that was late finds what it finds; one that was not must have been right.
        if request.prompt {
            let release = self.release(before);
            let slot = self.app.deployment(release.to);
            assert_eq!((release.number, slot.as_str()), (number, to));
            assert_eq!(
                annotation(candidate, "bluegreen/template-hash"),
                Some(release.hash.as_str())
            );
            let size = before.replicas(&self.app.deployment(release.from)).max(1);
            is_ready(before, release.to, &self.app, size);
        }
    }

    /// What holds at any moment, whoever changed something last.
    pub fn inspect(&self, world: &World) {
        let services = world.routed_services().into_iter().chain([self.app.app.clone()]);
        for service in services.filter(|service| self.is_its(service)) {
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
        assert_eq!(world.serving_of(&self.app), [self.app.deployment(release.from)]);
        assert_eq!(world.live_image_of(&self.app).as_ref(), Some(image));
        let now = world.find(Kind::Deployment, &self.app.deployment(release.to));
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

/// Judged by the objects alone, not by bluegreen's own code.
fn is_ready(world: &World, colour: Colour, app: &Names, size: u64) {
    let deployment = &app.deployment(colour);
    let d = world.get(Kind::Deployment, deployment);
    let status = &d["status"];
    assert_eq!(status["observedGeneration"], d["metadata"]["generation"]);
    let replicas = world.replicas(deployment);
    assert!(replicas >= size, "smaller than the live one");
    for field in ["replicas", "updatedReplicas", "availableReplicas"] {
        assert_eq!(status[field], replicas, "{field}");
    }
    let slice = format!("{}-ends", app.service(colour));
    let endpoints = world.get(Kind::EndpointSlice, &slice)["endpoints"].as_array().unwrap();
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
        let is_ours =
            |key: &String| [RELEASE, EPOCH].iter().any(|ours| key.starts_with(&format!("{ours}.")));
        annotations.retain(|key, _| !is_ours(key));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    for path in ingress["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap() {
        path["backend"]["service"]["name"] = json!("?");
    }
}
