//! A cluster of one namespace as far as plan relies on it: objects as JSON, writes with the real
//! API's preconditions, a clock that only moves when a test says so, and the controllers that a
//! test runs fully, one by one, or not at all.

pub mod article;
pub mod conditions;
pub mod controllers;
pub mod driver;
pub mod events;
mod old;
pub mod oracle;
mod pods;

use bluegreen::model::{Id, Kind, Objects, Version, Write, version};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What the API server replies to a write that it does not carry out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    AlreadyExists,
    NotFound,
    /// A precondition failed: the uid, the resourceVersion or any `test` of a patch.
    Conflict,
}

#[derive(Clone)]
pub struct World {
    pub objects: Objects,
    pub now: Timestamp,
    /// Images whose pods have gone bad although their tag promises health.
    pub bad_images: Vec<String>,
    /// Counts every change, over all objects: the store's revision.
    revision: u64,
    uids: u64,
    /// What the controllers have seen when they came to rest: only what is new makes work.
    settled: Option<(u64, Vec<String>)>,
}

impl World {
    pub fn new() -> World {
        World {
            objects: Objects::default(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            bad_images: Vec::new(),
            revision: 100,
            uids: 0,
            settled: None,
        }
    }

    pub fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub fn get(&self, kind: Kind, name: &str) -> &Value {
        self.find(kind, name).unwrap_or_else(|| panic!("there is no {kind} {name}"))
    }

    pub fn find(&self, kind: Kind, name: &str) -> Option<&Value> {
        self.objects.get(kind, name)
    }

    /// Carries out one write as the API server would.
    pub fn apply(&mut self, write: &Write) -> Result<(), Refused> {
        let id = write.id();
        match write {
            Write::Create { object, .. } => self.create(id, object.clone()),
            Write::Patch { patch, .. } => {
                let mut object = self.at(id)?.clone();
                json_patch::patch(&mut object, patch).map_err(|_| Refused::Conflict)?;
                self.store(id, object);
                Ok(())
            }
            Write::Delete { at, .. } => {
                if version(self.at(id)?) != *at {
                    return Err(Refused::Conflict);
                }
                self.revision += 1;
                self.objects.remove(id);
                Ok(())
            }
        }
    }

    fn at(&self, id: &Id) -> Result<&Value, Refused> {
        self.find(id.kind, &id.name).ok_or(Refused::NotFound)
    }

    pub fn create(&mut self, id: &Id, mut object: Value) -> Result<(), Refused> {
        if self.find(id.kind, &id.name).is_some() {
            return Err(Refused::AlreadyExists);
        }
        self.uids += 1;
        object["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
        object["metadata"]["creationTimestamp"] = json!(self.now.to_string());
        self.store(id, object);
        Ok(())
    }

    /// Stores an object that changed: defaults, generation, resourceVersion. A change that changes
    /// nothing is none, as in the real API.
    fn store(&mut self, id: &Id, mut object: Value) {
        default(id.kind, &mut object);
        let old = self.find(id.kind, &id.name);
        if old == Some(&object) {
            return;
        }
        let counts = matches!(id.kind, Kind::Deployment | Kind::ReplicaSet | Kind::Ingress);
        // A Deployment's annotations count, too: its controller hands them on to the ReplicaSet.
        let annotations = |object: &Value| match id.kind {
            Kind::Deployment => object["metadata"]["annotations"].clone(),
            _ => Value::Null,
        };
        let differs =
            |old: &Value| old["spec"] != object["spec"] || annotations(old) != annotations(&object);
        if counts && old.is_none_or(differs) {
            let generation = object["metadata"]["generation"].as_i64().unwrap_or(0) + 1;
            object["metadata"]["generation"] = json!(generation);
        }
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        self.objects.insert(id.clone(), object);
    }

    /// An edit by somebody who is not bluegreen.
    pub fn edit(&mut self, kind: Kind, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.get(kind, name).clone();
        change(&mut object);
        if self.find(kind, name) == Some(&object) {
            return;
        }
        self.store(&Id::new(kind, name), object);
    }

    /// Puts an object there that is not bluegreen's.
    pub fn add(&mut self, object: Value) {
        let id = Id::of(&object).expect("an object says its kind");
        self.create(&id, object).unwrap();
    }

    pub fn delete(&mut self, kind: Kind, name: &str) {
        let id = Id::new(kind, name);
        assert!(self.find(kind, name).is_some(), "there is no {id} to delete");
        self.revision += 1;
        self.objects.remove(&id);
    }

    pub fn version(&self, kind: Kind, name: &str) -> Version {
        version(self.get(kind, name))
    }

    /// A number that grows with every change: equal numbers mean an untouched cluster.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What a person does with `kubectl scale`.
    pub fn scale(&mut self, deployment: &str, replicas: u64) {
        self.edit(Kind::Deployment, deployment, |d| d["spec"]["replicas"] = json!(replicas));
    }

    /// What `kubectl scale` did, or the put-away: how many pods a Deployment should have.
    pub fn replicas(&self, deployment: &str) -> u64 {
        self.get(Kind::Deployment, deployment)["spec"]["replicas"].as_u64().unwrap_or(1)
    }
}

/// Defaults that the API server fills in: what is read back is not what was sent.
fn default(kind: Kind, object: &mut Value) {
    if kind != Kind::Deployment {
        return;
    }
    let spec = &mut object["spec"];
    if spec["replicas"].is_null() {
        spec["replicas"] = json!(1);
    }
    let pod = &mut spec["template"]["spec"];
    if pod["restartPolicy"].is_null() {
        pod["restartPolicy"] = json!("Always");
    }
    for container in pod["containers"].as_array_mut().into_iter().flatten() {
        if container["imagePullPolicy"].is_null() {
            container["imagePullPolicy"] = json!("IfNotPresent");
        }
    }
}
