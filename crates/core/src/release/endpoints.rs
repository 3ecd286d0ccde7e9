//! How many pods a Service can really reach: its EndpointSlices, not the Deployment's own count.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Kind, Objects, label};

/// The label that names the Service of an EndpointSlice.
pub const SLICE_SERVICE: &str = "kubernetes.io/service-name";

/// The ready endpoints of a Service that have all of these ports, by the names that the Service's
/// ports have, and any port at all.
pub fn ready(objects: &Objects, service: &str, ports: &[String]) -> u64 {
    pods(objects, service, ports).len() as u64
}

/// The pods behind its ready endpoints, whichever of its ports these have.
pub fn reached(objects: &Objects, service: &str) -> BTreeSet<String> {
    pods(objects, service, &[])
}

/// What its EndpointSlices name, ready or not: pods, and addresses that are of none.
pub fn named(objects: &Objects, service: &str) -> BTreeSet<String> {
    let endpoints = slices(objects, service).flat_map(|slice| list(&slice["endpoints"]));
    let named = endpoints.flat_map(|endpoint| match pod(endpoint) {
        Some(pod) => vec![pod.to_owned()],
        None => addresses(endpoint).map(str::to_owned).collect(),
    });
    named.collect()
}

/// The addresses behind its ready endpoints that are of no pod: somebody has written them by hand.
pub fn without_pod(objects: &Objects, service: &str) -> BTreeSet<String> {
    let endpoints = slices(objects, service).flat_map(|slice| list(&slice["endpoints"]));
    let loose = endpoints.filter(|endpoint| is_ready(endpoint) && pod(endpoint).is_none());
    loose.flat_map(addresses).map(str::to_owned).collect()
}

/// As JSON: each look asks several times, and what is not there counts as little as what is broken.
fn slices<'a>(objects: &'a Objects, service: &'a str) -> impl Iterator<Item = &'a Value> {
    let slices = objects.list(Kind::EndpointSlice);
    slices.filter(move |slice| label(slice, SLICE_SERVICE) == Some(service))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// An absent condition means ready, as the API's own documentation has it.
fn is_ready(endpoint: &Value) -> bool {
    endpoint["conditions"]["ready"].as_bool().unwrap_or(true)
}

fn pod(endpoint: &Value) -> Option<&str> {
    let target = &endpoint["targetRef"];
    target["name"].as_str().filter(|_| target["kind"] == "Pod")
}

fn addresses(endpoint: &Value) -> impl Iterator<Item = &str> {
    list(&endpoint["addresses"]).filter_map(Value::as_str)
}

fn pods(objects: &Objects, service: &str, ports: &[String]) -> BTreeSet<String> {
    let mut ready = BTreeSet::new();
    for slice in slices(objects, service) {
        let named = |port: &Value| port["name"].as_str().unwrap_or("").to_owned();
        let there: Vec<String> = list(&slice["ports"]).map(named).collect();
        if there.is_empty() || !ports.iter().all(|port| there.contains(port)) {
            continue;
        }
        for endpoint in list(&slice["endpoints"]).filter(|endpoint| is_ready(endpoint)) {
            // A pod with two addresses (IPv4 and IPv6) stands in two slices.
            let by_address = || addresses(endpoint).collect::<Vec<_>>().join(",");
            ready.insert(pod(endpoint).map_or_else(by_address, str::to_owned));
        }
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;
    use serde_json::json;

    #[test]
    fn counts_ready_pods_that_have_a_port_once() {
        let endpoint = |pod: &str, ready| json!({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": pod}, "conditions": {"ready": ready}});
        let slice = |name: &str, service: &str, ports, endpoints| {
            json!({"kind": "EndpointSlice", "addressType": "IPv4", "metadata": {"name": name,
                "labels": {SLICE_SERVICE: service}}, "ports": ports, "endpoints": endpoints})
        };
        let http = json!([{"port": 3000}]);
        let named = json!([{"name": "http", "port": 1}, {"name": "metrics", "port": 2}]);
        let mut objects = Objects::default();
        for slice in [
            slice(
                "a",
                "parrot-green",
                http.clone(),
                json!([endpoint("p1", json!(true)), endpoint("p2", json!(false))]),
            ),
            slice(
                "b",
                "parrot-green",
                http.clone(),
                json!([endpoint("p1", json!(true)), endpoint("p3", json!(null))]),
            ),
            slice("c", "parrot-green", json!([]), json!([endpoint("p4", json!(true))])),
            slice("d", "parrot-blue", named, json!([endpoint("p5", json!(true))])),
        ] {
            objects.insert(Id::of(&slice).unwrap(), slice);
        }
        let ready = |service, ports: &[&str]| {
            let ports: Vec<String> = ports.iter().map(|port| (*port).to_owned()).collect();
            super::ready(&objects, service, &ports)
        };
        assert_eq!(ready("parrot-green", &[""]), 2);
        assert_eq!(ready("parrot-green", &[]), 2);
        assert_eq!(ready("parrot-blue", &["http", "metrics"]), 1);
        assert_eq!(ready("parrot-blue", &["http", "grpc"]), 0);
        assert_eq!(ready("parrot", &[]), 0);
        assert!(without_pod(&objects, "parrot-green").is_empty());
        let all: Vec<String> = super::named(&objects, "parrot-green").into_iter().collect();
        assert_eq!(all, ["p1", "p2", "p3", "p4"]);
        let mut by_hand = objects.get(Kind::EndpointSlice, "a").unwrap().clone();
        by_hand["endpoints"][0]["targetRef"] = json!(null);
        by_hand["endpoints"][1]["targetRef"] = json!(null);
        objects.insert(Id::new(Kind::EndpointSlice, "a"), by_hand);
        let loose: Vec<String> = without_pod(&objects, "parrot-green").into_iter().collect();
        assert_eq!(loose, ["10.0.0.1"]);
    }
}
