//! Where a version can be asked without the ingress: its fixed Service, and the pods behind it.

use std::collections::BTreeSet;

use k8s_openapi::api::discovery::v1::EndpointSlice;
use serde::Deserialize;
use serde_json::Value;

use super::{SLICE_SERVICE, Snapshot, ports};
use crate::model::{Colour, Kind, label};

/// One port of a version's own Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    pub service: String,
    /// The Service's number for it.
    pub port: u64,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The pods that are ready, each with the number that the port has there.
    pub pods: Vec<(String, u64)>,
}

/// How a colour is reached at the port that a backend of a route names; none where its Service
/// does not have it. `tls`: whether something beside the Service says that it speaks TLS.
pub fn reach(s: &Snapshot, colour: Colour, port: &Value, tls: bool) -> Option<Reach> {
    let service = s.names.service(colour);
    let entry = ports::entry(s.service(&service)?, port)?;
    let name = entry["name"].as_str().unwrap_or_default();
    let says_tls =
        entry["appProtocol"].as_str().is_some_and(|said| said.eq_ignore_ascii_case("https"));
    Some(Reach {
        port: entry["port"].as_u64()?,
        tls: tls || says_tls,
        pods: pods(s, &service, name),
        service,
    })
}

/// Those that are ready behind a port of a Service, which the slices call by the same name.
fn pods(s: &Snapshot, service: &str, port: &str) -> Vec<(String, u64)> {
    let slices = s.objects.list(Kind::EndpointSlice);
    let slices = slices.filter(|slice| label(slice, SLICE_SERVICE) == Some(service));
    // A pod with two addresses (IPv4 and IPv6) stands in two slices.
    let mut found = BTreeSet::new();
    for slice in slices.filter_map(|slice| EndpointSlice::deserialize(slice).ok()) {
        let ports = slice.ports.unwrap_or_default();
        let port = ports.iter().find(|it| it.name.as_deref().unwrap_or_default() == port);
        let Some(number) = port.and_then(|it| u64::try_from(it.port?).ok()) else { continue };
        let ready = slice.endpoints.into_iter().filter(|endpoint| {
            // An absent condition means ready, as the API's own documentation has it.
            endpoint.conditions.as_ref().and_then(|it| it.ready).unwrap_or(true)
        });
        let pods = ready.filter_map(|endpoint| endpoint.target_ref);
        let pods = pods.filter(|target| target.kind.as_deref() == Some("Pod"));
        found.extend(pods.filter_map(|pod| Some((pod.name?, number))));
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Id, Objects};
    use crate::release::{Memory, Names};

    fn snapshot() -> Snapshot {
        let ports = json!([
            { "name": "http", "port": 80, "targetPort": "web" },
            { "name": "admin", "port": 443, "appProtocol": "HTTPS" },
        ]);
        let service = json!({
            "kind": "Service", "metadata": { "name": "parrot-green" }, "spec": { "ports": ports },
        });
        let endpoint = |pod: &str, ready: Value| {
            let target = json!({ "kind": "Pod", "name": pod });
            json!({ "addresses": ["10.0.0.1"], "targetRef": target, "conditions": { "ready": ready } })
        };
        let slice = |name: &str, service: &str, web: u64, endpoints: Value| {
            let ports = json!([{ "name": "http", "port": web }, { "name": "admin", "port": 9443 }]);
            let labels = json!({ SLICE_SERVICE: service });
            json!({
                "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
                "metadata": { "name": name, "labels": labels }, "endpoints": endpoints,
            })
        };
        let (yes, no) = (json!(true), json!(false));
        let alone = json!({ "addresses": ["10.0.0.9"] });
        let mut objects = Objects::default();
        for object in [
            service,
            slice("a", "parrot-green", 3000, json!([endpoint("p2", yes.clone()), alone])),
            slice(
                "b",
                "parrot-green",
                3001,
                json!([endpoint("p1", Value::Null), endpoint("p3", no)]),
            ),
            slice("c", "parrot-green", 3000, json!([endpoint("p2", yes.clone())])),
            slice("d", "parrot-blue", 3000, json!([endpoint("p4", yes)])),
        ] {
            objects.insert(Id::of(&object).unwrap(), object);
        }
        Snapshot::new(Names::new("birds", "parrot"), objects, Memory::default()).unwrap()
    }

    #[test]
    fn a_port_leads_to_the_pods_that_are_ready_at_the_number_it_has_there() {
        let s = snapshot();
        let pods = |at: &Reach| at.pods.clone();
        let named = reach(&s, Colour::Green, &json!({ "name": "http" }), false).unwrap();
        assert_eq!((named.service.as_str(), named.port, named.tls), ("parrot-green", 80, false));
        assert_eq!(pods(&named), [("p1".to_owned(), 3001), ("p2".to_owned(), 3000)]);
        assert_eq!(reach(&s, Colour::Green, &json!({ "number": 80 }), false), Some(named));
    }

    #[test]
    fn tls_is_what_the_port_says_or_somebody_else() {
        let s = snapshot();
        let tls = |port: u64, said| {
            reach(&s, Colour::Green, &json!({ "number": port }), said).unwrap().tls
        };
        assert_eq!([tls(80, false), tls(80, true), tls(443, false)], [false, true, true]);
    }

    #[test]
    fn a_port_that_the_service_does_not_have_leads_nowhere() {
        let s = snapshot();
        assert_eq!(reach(&s, Colour::Green, &json!({ "number": 3000 }), false), None);
        assert_eq!(reach(&s, Colour::Blue, &json!({ "number": 80 }), false), None);
    }
}
