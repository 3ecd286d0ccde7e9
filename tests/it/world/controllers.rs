//! The controllers that a release depends on, each as one step over everything it looks after.

use bluegreen::model::{Kind, annotation, name, string_map};
use serde_json::{Value, json};

use super::World;
use super::pods;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Controller {
    Deployments,
    ReplicaSets,
    /// The kubelets: what the containers do.
    Kubelets,
    /// The Deployment's status, which the real controller writes in the same pass. Apart here, so
    /// that a test can look in between.
    Status,
    Endpoints,
}

pub const CONTROLLERS: [Controller; 5] = [
    Controller::Deployments,
    Controller::ReplicaSets,
    Controller::Kubelets,
    Controller::Status,
    Controller::Endpoints,
];

impl World {
    /// Runs every controller until there is nothing left for any of them to do.
    pub fn settle(&mut self) {
        for _ in 0..50 {
            let before = (self.state_of_theirs(), self.bad_images.clone());
            if self.settled.as_ref() == Some(&before) {
                return;
            }
            CONTROLLERS.into_iter().for_each(|controller| self.run_controller(controller));
            if self.state_of_theirs() == before.0 {
                self.settled = Some(before);
                return;
            }
        }
        panic!("the controllers do not come to rest");
    }

    /// What tells that something changed which the controllers look at: not a record, not an
    /// Ingress.
    fn state_of_theirs(&self) -> u64 {
        let others = [Kind::ConfigMap, Kind::Ingress];
        let theirs = self.objects.iter().filter(|(id, _)| !others.contains(&id.kind));
        let versions = theirs.map(|(_, object)| &object["metadata"]["resourceVersion"]);
        let number = |version: &Value| version.as_str().and_then(|v| v.parse::<u64>().ok());
        versions.filter_map(number).sum()
    }

    pub fn run_controller(&mut self, controller: Controller) {
        match controller {
            Controller::Deployments => {
                for deployment in self.all(Kind::Deployment) {
                    self.reconcile_deployment(&deployment);
                }
            }
            Controller::ReplicaSets => self.reconcile_replica_sets(),
            Controller::Kubelets => {
                for pod in self.all(Kind::Pod) {
                    let status = pods::status(&pod, &self.bad_images, self.now);
                    self.edit(Kind::Pod, name(&pod), |pod| pod["status"] = status);
                }
            }
            Controller::Status => {
                for deployment in self.all(Kind::Deployment) {
                    let status = self.status(&deployment);
                    self.edit(Kind::Deployment, name(&deployment), |d| d["status"] = status);
                }
            }
            Controller::Endpoints => self.reconcile_endpoints(),
        }
    }

    pub fn all(&self, kind: Kind) -> Vec<Value> {
        self.objects.list(kind).cloned().collect()
    }

    fn owned<'a>(&'a self, kind: Kind, owner: &'a Value) -> impl Iterator<Item = &'a Value> {
        let uid = &owner["metadata"]["uid"];
        self.objects
            .list(kind)
            .filter(move |object| object["metadata"]["ownerReferences"][0]["uid"] == *uid)
    }

    /// One ReplicaSet a template, found again when its template returns; the newest has all pods
    /// as soon as it can, the others keep theirs until it is ready.
    fn reconcile_deployment(&mut self, deployment: &Value) {
        let template = &deployment["spec"]["template"];
        let sets: Vec<Value> = self.owned(Kind::ReplicaSet, deployment).cloned().collect();
        let newest = sets.iter().map(revision).max().unwrap_or(0);
        let current = sets.iter().find(|set| without_hash(&set["spec"]["template"]) == *template);
        let number = match current {
            Some(set) if revision(set) == newest => newest,
            _ => newest + 1,
        };
        let current_name = match current {
            Some(set) => name(set).to_owned(),
            None => self.create_replica_set(deployment),
        };
        let desired = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
        self.edit(Kind::ReplicaSet, &current_name, |set| {
            set["metadata"]["annotations"][REVISION] = json!(number.to_string());
            set["spec"]["replicas"] = json!(desired);
        });
        self.edit(Kind::Deployment, name(deployment), |d| {
            d["metadata"]["annotations"][REVISION] = json!(number.to_string());
        });
        let ready = self.ready_pods(&current_name);
        for old in sets.iter().map(name).filter(|set| *set != current_name) {
            if ready >= desired {
                self.edit(Kind::ReplicaSet, old, |set| set["spec"]["replicas"] = json!(0));
            }
        }
    }

    fn create_replica_set(&mut self, deployment: &Value) -> String {
        let mut template = deployment["spec"]["template"].clone();
        let hash = short_hash(&template, &deployment["metadata"]["uid"]);
        let name = format!("{}-{hash}", name(deployment));
        template["metadata"]["labels"][HASH] = json!(hash);
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"][HASH] = json!(hash);
        self.add(json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "labels": template["metadata"]["labels"],
                "annotations": {},
                "ownerReferences": [pods::owner(deployment)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }));
        name
    }

    /// Pods made and taken away, and the garbage of deleted owners.
    fn reconcile_replica_sets(&mut self) {
        let uids = |world: &World, kind| -> Vec<Value> {
            world.objects.list(kind).map(|object| object["metadata"]["uid"].clone()).collect()
        };
        for (kind, owners) in [(Kind::ReplicaSet, Kind::Deployment), (Kind::Pod, Kind::ReplicaSet)]
        {
            let owners = uids(self, owners);
            for object in self.all(kind) {
                if !owners.contains(&object["metadata"]["ownerReferences"][0]["uid"]) {
                    self.delete(kind, name(&object));
                }
            }
        }
        for set in self.all(Kind::ReplicaSet) {
            let wanted = set["spec"]["replicas"].as_u64().unwrap_or(0);
            let there: Vec<String> =
                self.owned(Kind::Pod, &set).map(|pod| name(pod).to_owned()).collect();
            for number in 0..wanted {
                let pod = format!("{}-{number}", name(&set));
                if self.find(Kind::Pod, &pod).is_none() {
                    self.add(pods::of(&set, &pod));
                }
            }
            for pod in there {
                let number = pod.rsplit('-').next().and_then(|n| n.parse::<u64>().ok());
                if number.is_none_or(|number| number >= wanted) {
                    self.delete(Kind::Pod, &pod);
                }
            }
        }
    }

    fn ready_pods(&self, set: &str) -> u64 {
        let pods = self.owned(Kind::Pod, self.get(Kind::ReplicaSet, set));
        pods.filter(|pod| pods::is_ready(pod)).count() as u64
    }

    /// Fields that are zero are left out, as the real API does.
    fn status(&self, deployment: &Value) -> Value {
        let sets: Vec<&Value> = self.owned(Kind::ReplicaSet, deployment).collect();
        let pods: Vec<&Value> = sets.iter().flat_map(|set| self.owned(Kind::Pod, set)).collect();
        let template = &deployment["spec"]["template"];
        let current = sets.iter().find(|set| without_hash(&set["spec"]["template"]) == *template);
        let updated = current.map_or(0, |set| self.owned(Kind::Pod, set).count());
        let ready = pods.iter().filter(|pod| pods::is_ready(pod)).count();
        let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
        for (field, count) in [
            ("replicas", pods.len()),
            ("updatedReplicas", updated),
            ("readyReplicas", ready),
            ("availableReplicas", ready),
        ] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        status
    }

    fn reconcile_endpoints(&mut self) {
        let mut wanted = Vec::new();
        for service in self.all(Kind::Service) {
            let selector = string_map(&service["spec"]["selector"]);
            let matches = |pod: &&Value| {
                let labels = string_map(&pod["metadata"]["labels"]);
                selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            };
            let pods: Vec<&Value> = self.objects.list(Kind::Pod).filter(matches).collect();
            if !selector.is_empty() {
                wanted.extend(pods::slices(&service, &pods));
            }
        }
        for slice in self.all(Kind::EndpointSlice) {
            if !wanted.iter().any(|wanted| name(wanted) == name(&slice)) {
                self.delete(Kind::EndpointSlice, name(&slice));
            }
        }
        for slice in wanted {
            match self.find(Kind::EndpointSlice, name(&slice)) {
                None => self.add(slice),
                Some(_) => self.edit(Kind::EndpointSlice, name(&slice), |old| {
                    old["ports"] = slice["ports"].clone();
                    old["endpoints"] = slice["endpoints"].clone();
                }),
            }
        }
    }

    /// The ReplicaSet that has a Deployment's present template.
    pub fn current_set(&self, deployment: &str) -> String {
        let deployment = self.get(Kind::Deployment, deployment);
        let mut sets = self.owned(Kind::ReplicaSet, deployment);
        let set = sets.find(|s| annotation(s, REVISION) == annotation(deployment, REVISION));
        name(set.expect("the controller has made one")).to_owned()
    }
}

fn revision(set: &Value) -> u64 {
    annotation(set, REVISION).and_then(|revision| revision.parse().ok()).unwrap_or(0)
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove(HASH);
    }
    template
}

/// Any short text that differs with the template and the Deployment does.
fn short_hash(template: &Value, owner: &Value) -> String {
    let text = format!("{template}{owner}");
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{:010x}", sum & 0xff_ffff_ffff)
}
