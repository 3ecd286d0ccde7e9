//! Where a Service's port leads: the addresses of its pods that are ready. Pure.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;

use super::rules::Backend;
use crate::sandbox::Store;
use crate::sandbox::resources::{ENDPOINT_SLICES, SERVICES};

const SERVICE: &str = "kubernetes.io/service-name";

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What the API server has now.
pub fn endpoints(store: &Store, backend: &Backend) -> Vec<SocketAddr> {
    let space = Some(&*backend.namespace);
    ready(&store.list(&SERVICES, space), &store.list(&ENDPOINT_SLICES, space), backend)
}

fn ready(services: &[Arc<Value>], slices: &[Arc<Value>], to: &Backend) -> Vec<SocketAddr> {
    let service = services.iter().find(|it| it["metadata"]["name"] == *to.service);
    let ports = service.map(|it| items(&it["spec"]["ports"])).unwrap_or_default();
    let number: Option<u16> = to.port.parse().ok();
    let is_meant =
        |port: &&Value| port["name"] == *to.port || number.is_some_and(|it| port["port"] == it);
    let Some(port) = ports.iter().find(is_meant) else { return Vec::new() };
    // One without a name has an empty one in the slices.
    let name = port["name"].as_str().unwrap_or_default();
    let of_service = slices.iter().filter(|it| it["metadata"]["labels"][SERVICE] == *to.service);
    let mut found: Vec<SocketAddr> = of_service
        .flat_map(|slice| {
            let port = items(&slice["ports"]).iter().find(|it| it["name"] == name);
            let number: Option<u16> = port.and_then(|it| it["port"].as_u64()?.try_into().ok());
            let ready = items(&slice["endpoints"]).iter();
            let ready = ready.filter(|it| it["conditions"]["ready"] == true);
            let addresses = ready.flat_map(|it| items(&it["addresses"]));
            addresses
                .filter_map(move |it| Some(SocketAddr::new(it.as_str()?.parse().ok()?, number?)))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn to(port: &str) -> Vec<String> {
        let service = |name: &str| {
            let http = json!({ "name": "http", "port": 80 });
            let ports = json!([http, { "name": "admin", "port": 81 }]);
            Arc::new(json!({ "metadata": { "name": name }, "spec": { "ports": ports } }))
        };
        let endpoint =
            |ip: &str, ready: bool| json!({ "addresses": [ip], "conditions": { "ready": ready } });
        let slice = |service: &str, endpoints: Value| {
            let ports =
                json!([{ "name": "http", "port": 3000 }, { "name": "admin", "port": 3001 }]);
            let metadata = json!({ "labels": { SERVICE: service } });
            Arc::new(json!({ "metadata": metadata, "ports": ports, "endpoints": endpoints }))
        };
        let slices = [
            slice("parrot", json!([endpoint("10.244.0.9", true), endpoint("10.244.0.8", false)])),
            slice("toucan", json!([endpoint("10.244.0.7", true)])),
            slice("parrot", json!([endpoint("10.244.0.2", true), endpoint("10.244.0.9", true)])),
            slice("parrot", Value::Null),
        ];
        let backend =
            Backend { namespace: "birds".into(), service: "parrot".into(), port: port.into() };
        let found = ready(&[service("toucan"), service("parrot")], &slices, &backend);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_pods_that_are_ready_count_and_each_once() {
        assert_eq!(to("80"), ["10.244.0.2:3000", "10.244.0.9:3000"]);
    }

    #[test]
    fn a_port_goes_by_number_or_name() {
        assert_eq!(to("http"), to("80"));
        assert_eq!(to("admin"), ["10.244.0.2:3001", "10.244.0.9:3001"]);
        // What pods listen on is not what a Service offers.
        assert!(to("3000").is_empty());
    }
}
