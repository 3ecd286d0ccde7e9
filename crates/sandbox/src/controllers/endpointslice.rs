//! Which pods a Service reaches, and on which ports.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Scene;
use super::namespace;
use super::objects::{
    is_going, is_over, is_selected, items, name, owned_by, owned_objects, ready_since, text,
};
use crate::resources::{ENDPOINT_SLICES, PODS};
use crate::store::{Key, Store};

const SERVICE: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";
const CHANGED: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// One slice for each set of ports that the pods have: as a rule, one.
pub fn reconcile(scene: &Scene, key: &Key) {
    let store = &scene.store;
    let Some(service) = store.get(key).filter(|service| !is_going(service)) else { return };
    let selector = &service["spec"]["selector"];
    let has_pods = selector.as_object().is_some_and(|it| !it.is_empty());
    if !has_pods
        || service["spec"]["type"] == "ExternalName"
        || !namespace::takes(store, &key.namespace)
    {
        return;
    }
    let mut there: Vec<Arc<Value>> = owned_objects(scene, &ENDPOINT_SLICES, &service);
    there.retain(|slice| !is_going(slice));
    for (ports, endpoints) in wanted(store, &service, key) {
        let fits = there.iter().position(|slice| slice["ports"] == ports);
        // One that nobody needs any more is written over.
        let any = |there: &[Arc<Value>]| (!there.is_empty()).then_some(0);
        match fits.or_else(|| any(&there)) {
            Some(place) => {
                let old = there.remove(place);
                change(store, &service, &old, ports, endpoints);
            }
            None => create(store, &service, ports, endpoints),
        }
    }
    for slice in there {
        store.remove(&ENDPOINT_SLICES, &Key::of(&ENDPOINT_SLICES, &slice));
    }
}

/// Ports and the pods that have them. With no pods there is one slice that says so.
fn wanted(store: &Store, service: &Value, key: &Key) -> Vec<(Value, Vec<Value>)> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for pod in store.list(&PODS, Some(&key.namespace)) {
        let is_reached = is_selected(&service["spec"]["selector"], &pod)
            && pod["status"]["podIP"].is_string()
            && !is_over(&pod);
        if !is_reached {
            continue;
        }
        let ports = ports(service, &pod);
        let endpoint = endpoint(service, &pod);
        match groups.iter_mut().find(|(of_group, _)| *of_group == ports) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => groups.push((ports, vec![endpoint])),
        }
    }
    if groups.is_empty() {
        groups.push((Value::Null, Vec::new()));
    }
    groups
}

fn endpoint(service: &Value, pod: &Value) -> Value {
    let (serving, terminating) = (ready_since(pod).is_some(), is_going(pod));
    let always = service["spec"]["publishNotReadyAddresses"] == true;
    json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": always || (serving && !terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "namespace": pod["metadata"]["namespace"],
            "uid": pod["metadata"]["uid"],
        },
    })
}

/// The Service's ports on a pod; one whose name the pod does not know is left out.
fn ports(service: &Value, pod: &Value) -> Value {
    let found = items(&service["spec"]["ports"]).iter().filter_map(|port| {
        let protocol = match text(&port["protocol"]) {
            "" => "TCP",
            protocol => protocol,
        };
        let number = match &port["targetPort"] {
            Value::String(name) => named(pod, name, protocol)?,
            Value::Null => &port["port"],
            number => number,
        };
        let mut found = json!({
            "name": text(&port["name"]), "port": number, "protocol": protocol,
        });
        if port["appProtocol"].is_string() {
            found["appProtocol"] = port["appProtocol"].clone();
        }
        Some(found)
    });
    match found.collect::<Vec<Value>>() {
        none if none.is_empty() => Value::Null,
        ports => json!(ports),
    }
}

fn named<'a>(pod: &'a Value, name: &str, protocol: &str) -> Option<&'a Value> {
    let ports = items(&pod["spec"]["containers"]).iter().flat_map(|it| items(&it["ports"]));
    let fits = |port: &&Value| {
        port["name"] == name && (port["protocol"].is_null() || port["protocol"] == protocol)
    };
    ports.into_iter().find(fits).map(|port| &port["containerPort"])
}

fn change(store: &Store, service: &Value, old: &Value, ports: Value, mut endpoints: Vec<Value>) {
    // What stays keeps its place.
    let place = |endpoint: &Value| {
        let mut before = items(&old["endpoints"]).iter();
        before.position(|it| it["targetRef"]["uid"] == endpoint["targetRef"]["uid"])
    };
    endpoints.sort_by_key(|endpoint| place(endpoint).unwrap_or(usize::MAX));
    let endpoints = as_list(endpoints);
    let labels = labels(service);
    let is_current = old["ports"] == ports
        && old["endpoints"] == endpoints
        && old["metadata"]["labels"] == labels;
    if is_current {
        return;
    }
    let now = store.clock().stamp();
    let _ = store.edit(&ENDPOINT_SLICES, &Key::of(&ENDPOINT_SLICES, old), |old| {
        let mut new = old.clone();
        new["metadata"]["labels"] = labels;
        new["metadata"]["annotations"][CHANGED] = json!(now);
        new["ports"] = ports;
        new["endpoints"] = endpoints;
        Ok(new)
    });
}

fn create(store: &Store, service: &Value, ports: Value, endpoints: Vec<Value>) {
    let prefix = format!("{}-", name(service));
    let slice = json!({
        "metadata": {
            "name": format!("{prefix}{}", store.suffix()),
            "generateName": prefix,
            "namespace": service["metadata"]["namespace"],
            "labels": labels(service),
            "annotations": { CHANGED: store.clock().stamp() },
            "ownerReferences": owned_by(service),
        },
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": as_list(endpoints),
    });
    // A name that is taken would be met by a change of the taken one: then it is tried again.
    let _ = store.create(&ENDPOINT_SLICES, slice);
}

/// An empty list is read back as nothing.
fn as_list(endpoints: Vec<Value>) -> Value {
    if endpoints.is_empty() { Value::Null } else { json!(endpoints) }
}

fn labels(service: &Value) -> Value {
    let mut labels = service["metadata"]["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    labels[SERVICE] = service["metadata"]["name"].clone();
    labels[MANAGED_BY] = json!("endpointslice-controller.k8s.io");
    if service["spec"]["clusterIP"] == "None" {
        labels[HEADLESS] = json!("");
    }
    labels
}
