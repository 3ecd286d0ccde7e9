//! The app when nothing happens any more, in a form in which equal states are equal.
//!
//! Left out is what another history makes different and nobody sees: uids, versions, times, addresses,
//! generated names, the epoch, how many writes it took; and the number of a release, of which only is
//! kept that there is one. The history is left out: `outcome.rs` judges the last of it.

use std::collections::BTreeSet;

use bluegreen::sandbox::{Store, resources};
use serde_json::{Value, json};

use super::bed::NAMESPACE;
use super::facts::record;

const RELEASE: &str = "bluegreen/release";
const OF_THE_APP: &str = "bluegreen/release.parrot";
const LOST: [&str; 3] =
    ["bluegreen/epoch", "bluegreen/epoch.parrot", "deployment.kubernetes.io/revision"];

/// Objects of every kind that a release touches, a line each.
pub type Rest = BTreeSet<String>;

pub fn of(store: &Store) -> Rest {
    let mut rest = Rest::new();
    let list = |resource| store.list(resource, Some(NAMESPACE));
    for object in list(&resources::DEPLOYMENTS) {
        let mut said = told(&object);
        let status = &object["status"];
        let is_seen = status["observedGeneration"] == object["metadata"]["generation"];
        let counts = ["replicas", "readyReplicas", "updatedReplicas", "availableReplicas"];
        let counts = counts.map(|count| status[count].as_u64().unwrap_or(0));
        said["status"] = json!({"seen": is_seen, "counts": counts});
        rest.insert(format!("Deployment {said}"));
    }
    for object in list(&resources::SERVICES) {
        let mut said = told(&object);
        for field in ["clusterIP", "clusterIPs"] {
            let spec = said["spec"].as_object_mut().expect("a Service has a spec");
            spec.remove(field);
        }
        rest.insert(format!("Service {said}"));
    }
    for object in list(&resources::INGRESSES) {
        let mut said = told(&object);
        for rule in said["spec"]["rules"].as_array_mut().into_iter().flatten() {
            // Worked out from the record's uid.
            if rule["host"].as_str().is_some_and(|host| host.ends_with(".bluegreen.invalid")) {
                rule["host"] = json!("N");
            }
        }
        rest.insert(format!("Ingress {said}"));
    }
    let app = |object: &Value| object["metadata"]["labels"]["app"].clone();
    for object in list(&resources::REPLICA_SETS) {
        let image = &object["spec"]["template"]["spec"]["containers"][0]["image"];
        let size = &object["spec"]["replicas"];
        rest.insert(format!("ReplicaSet of {}: {size} of {image}", app(&object)));
    }
    let mut pods: Vec<String> = list(&resources::PODS)
        .iter()
        .map(|pod| format!("Pod of {}: {}", app(pod), pod["spec"]["containers"][0]["image"]))
        .collect();
    pods.sort();
    rest.extend(pods.into_iter().enumerate().map(|(n, pod)| format!("{pod}, {n}")));
    if let Some(mut record) = record(store) {
        let fields = record.as_object_mut().expect("a record is an object");
        for field in ["number", "epoch", "history"] {
            fields.remove(field);
        }
        rest.insert(format!("record {record}"));
    }
    rest
}

fn told(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut spec = object["spec"].clone();
    let labels = &mut spec["template"]["metadata"]["labels"];
    if labels[RELEASE].is_string() {
        labels[RELEASE] = json!("N");
    }
    if spec["template"].is_null() || spec["template"] == json!({"metadata": {"labels": null}}) {
        // Reading it has made it.
        spec.as_object_mut().expect("it has a spec").remove("template");
    }
    let mut annotations = metadata["annotations"].as_object().cloned().unwrap_or_default();
    annotations.retain(|key, _| !LOST.contains(&&**key));
    for key in [RELEASE, OF_THE_APP] {
        if let Some(number) = annotations.get_mut(key) {
            *number = json!("N");
        }
    }
    json!({
        "name": metadata["name"],
        "labels": metadata["labels"],
        "annotations": annotations,
        "spec": spec,
    })
}
