//! What leads through the API server to a pod: the proxy of a Service. Ports are not forwarded.

use std::sync::Arc;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Response, Uri, header};
use serde_json::Value;

use super::nodes::Nodes;
use super::refusal::Refusal;
use super::request::Target;
use super::resources::{ENDPOINT_SLICES, PODS, SERVICES};
use super::store::{Key, Store};
use super::verbs::{Reply, there};

const SERVICE: &str = "kubernetes.io/service-name";

/// What a path asks of a Service's pods.
pub struct Passage {
    namespace: String,
    /// As the URL has it: `name`, `name:port`, `https:name:port`.
    id: String,
    /// Empty, or from a slash on.
    path: String,
}

/// A pod, and the number of the port there.
struct End {
    pod: Arc<Value>,
    address: String,
    port: u64,
}

impl Passage {
    pub fn of(path: &str) -> Option<Passage> {
        let rest = path.strip_prefix("/api/v1/namespaces/")?;
        let (namespace, rest) = rest.split_once('/')?;
        let (id, rest) = rest.strip_prefix("services/")?.split_once('/')?;
        let path = rest.strip_prefix("proxy")?;
        (path.is_empty() || path.starts_with('/')).then(|| Passage {
            namespace: namespace.to_owned(),
            id: id.to_owned(),
            path: path.to_owned(),
        })
    }

    /// What the pod says, as it is passed on.
    pub async fn answer(
        &self,
        store: &Store,
        nodes: Option<&dyn Nodes>,
        request: &Parts,
    ) -> Result<Response<Vec<u8>>, Refusal> {
        // What is sent with it is dropped on the way.
        if request.method != Method::GET && request.method != Method::HEAD {
            return Err(Refusal::not_allowed());
        }
        let end = self.end(store)?;
        if self.path.is_empty() {
            let query = request.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let place = format!("{}/{query}", request.uri.path());
            let moved = Response::builder().status(301).header(header::LOCATION, place);
            return Ok(moved.body(Vec::new()).expect("it was a path"));
        }
        let mut request = request.clone();
        request.uri = self.uri(&request.uri);
        let answered = match nodes {
            Some(nodes) => nodes.answer(&end.pod, end.port, request).await,
            None => None,
        };
        answered.ok_or_else(|| {
            let why = format!("dial tcp {}:{}: connect: connection refused", end.address, end.port);
            Refusal::unavailable(format!("error trying to reach service: {why}"))
        })
    }

    fn uri(&self, asked: &Uri) -> Uri {
        let path = match asked.query() {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        };
        Uri::from(PathAndQuery::try_from(path).expect("it was the end of one"))
    }

    /// One of the pods that are ready, by chance.
    fn end(&self, store: &Store) -> Result<End, Refusal> {
        let parts: Vec<&str> = self.id.split(':').collect();
        let (name, port) = match parts[..] {
            [name] => (name, ""),
            [name, port] | ["" | "http" | "https", name, port] => (name, port),
            _ => ("", ""),
        };
        if name.is_empty() {
            return Err(Refusal::bad_request(format!("invalid service request {:?}", self.id)));
        }
        let service = store.get(&Key::new(&SERVICES, &self.namespace, name));
        let service = service.ok_or_else(|| Refusal::not_found(&SERVICES, name))?;
        let port = match port.parse::<u64>() {
            Err(_) => port,
            Ok(number) => {
                let ports = items(&service["spec"]["ports"]);
                let found = ports.iter().find(|port| port["port"].as_u64() == Some(number));
                let found = found.ok_or_else(|| {
                    let what = format!("no service port {number} found for service {name:?}");
                    Refusal::unavailable(what)
                })?;
                found["name"].as_str().unwrap_or_default()
            }
        };
        let mut ends = ends(store, &self.namespace, name, port);
        if ends.is_empty() {
            let what = format!("no endpoints available for service {:?}", self.id);
            return Err(Refusal::unavailable(what));
        }
        let count = ends.len().try_into().unwrap_or(u64::MAX);
        let chosen = usize::try_from(store.random(count)).unwrap_or_default();
        Ok(ends.swap_remove(chosen % ends.len()))
    }
}

fn ends(store: &Store, namespace: &str, service: &str, port: &str) -> Vec<End> {
    let slices = store.list(&ENDPOINT_SLICES, Some(namespace));
    let of_service = slices.iter().filter(|it| it["metadata"]["labels"][SERVICE] == service);
    let mut ends = Vec::new();
    for slice in of_service {
        let port = items(&slice["ports"]).iter().find(|it| it["name"] == port);
        let Some(number) = port.and_then(|it| it["port"].as_u64()) else { continue };
        let ready = items(&slice["endpoints"]).iter();
        for endpoint in ready.filter(|it| it["conditions"]["ready"] == true) {
            let pod = endpoint["targetRef"]["name"].as_str().unwrap_or_default();
            let address = endpoint["addresses"][0].as_str().unwrap_or_default();
            // Only pods are proxied to.
            if let Some(pod) = store.get(&Key::new(&PODS, namespace, pod)) {
                ends.push(End { pod, address: address.to_owned(), port: number });
            }
        }
    }
    ends
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The `portforward` part of a pod: it would be a connection of its own.
pub fn forward(
    store: &Store,
    target: &Target,
    name: &str,
    is_upgrade: bool,
) -> Result<Reply, Refusal> {
    there(store, target, name)?;
    if !is_upgrade {
        return Err(Refusal::bad_request("Upgrade request required"));
    }
    let why = "the sandbox forwards no ports: ask through services/proxy";
    Err(Refusal::forbidden(&PODS, name, why))
}

#[cfg(test)]
#[path = "passage_tests.rs"]
mod tests;
