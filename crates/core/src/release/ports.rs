//! The ports by which the app's routes ask for it, and whether a Service has them.

use serde_json::Value;

use super::{Record, Snapshot};
use crate::model::Colour;

/// The ports that the routes name, each as the route has it: `{"number": 80}`, `{"name": "http"}`.
pub fn asked_for(s: &Snapshot, record: &Record) -> Vec<Value> {
    let services = s.serving(record);
    let backends = s.routes(record).into_iter().flat_map(|route| route.backends_of(&services));
    let mut ports = Vec::new();
    for backend in backends {
        if !ports.contains(&backend.port) {
            ports.push(backend.port);
        }
    }
    ports
}

/// The entry of a Service's ports that a route means.
pub fn entry<'a>(service: &'a Value, asked: &Value) -> Option<&'a Value> {
    let mut ports = service["spec"]["ports"].as_array()?.iter();
    match asked["number"].as_u64() {
        Some(number) => ports.find(|port| port["port"].as_u64() == Some(number)),
        None => ports.find(|port| port["name"] == asked["name"]),
    }
}

/// The names, as EndpointSlices have them, of the ports that a colour's Service is asked for.
pub fn names(s: &Snapshot, record: &Record, colour: Colour) -> Vec<String> {
    let Some(service) = s.service(&s.names.service(colour)) else { return Vec::new() };
    let entries = asked_for(s, record);
    let entries = entries.iter().filter_map(|asked| entry(service, asked));
    entries.map(|port| port["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What the routes ask a colour's Service for and it does not have.
pub fn missing(s: &Snapshot, record: &Record, colour: Colour) -> Option<String> {
    let name = s.names.service(colour);
    let service = s.service(&name)?;
    let asked = asked_for(s, record).into_iter().find(|asked| entry(service, asked).is_none())?;
    let port = if asked["number"].is_null() { &asked["name"] } else { &asked["number"] };
    let asker = if record.route.is_ingress() { "the Ingress uses" } else { "the live Service has" };
    Some(format!("{asker} port {port}, which Service {name} does not have"))
}

/// A Service's ports without what the API server or the user chose for that Service alone.
pub fn plain(spec: &Value) -> Value {
    let mut ports = spec["ports"].clone();
    for port in ports.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        port.remove("nodePort");
    }
    ports
}
