//! The reverse proxy: to the public what the ingress controller knows, to a few the candidate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Request;
use http::header::{HOST, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::net::TcpStream;

use super::controller::{Found, Served};
use super::endpoints::endpoints;
use super::http::{Body, HTML, Reply, forward, reply};
use super::pods::{Machine, ROLE};
use super::rules::Backend;
use super::{APP, NAMESPACE, PREVIEW};
use crate::sandbox::resources::SERVICES;
use crate::sandbox::{Key, Store};

pub struct Proxy {
    machine: Arc<Machine>,
    served: Arc<Served>,
    store: Store,
    turn: AtomicUsize,
}

impl Proxy {
    pub fn new(machine: Arc<Machine>, served: Arc<Served>, store: &Store) -> Arc<Proxy> {
        let turn = AtomicUsize::new(0);
        Arc::new(Proxy { machine, served, store: store.clone(), turn })
    }

    /// A request of the public.
    pub async fn live(&self, request: Request<Incoming>) -> Reply {
        match self.served.find(&host_of(&request), request.uri().path()) {
            Found::Pods(pods) => self.pass(request, &pods, "live").await,
            Found::Forbidden => reply(403, "text/plain", "no access\n"),
            Found::Nothing => reply(404, "text/plain", "no Ingress has this host and path\n"),
        }
    }

    /// A request of whoever looks at the candidate, as through a port that is forwarded. Between
    /// releases the preview Service leads to what is live: that is no candidate.
    pub async fn preview(&self, request: Request<Incoming>) -> Reply {
        let live = self.pods(APP);
        let mut pods = self.pods(PREVIEW);
        pods.retain(|pod| !live.contains(pod));
        self.pass(request, &pods, "candidate").await
    }

    /// What a Service leads to now, at its first port.
    fn pods(&self, service: &str) -> Vec<SocketAddr> {
        let found = self.store.get(&Key::new(&SERVICES, NAMESPACE, service));
        let Some(found) = found else { return Vec::new() };
        let port = found["spec"]["ports"][0]["port"].to_string();
        let (namespace, service) = (NAMESPACE.to_owned(), service.to_owned());
        endpoints(&self.store, &Backend { namespace, service, port })
    }

    /// To the next of the pods in turn; to another if that one can't be reached.
    async fn pass(
        &self,
        request: Request<Incoming>,
        ends: &[SocketAddr],
        role: &'static str,
    ) -> Reply {
        if ends.is_empty() && request.uri().path() == "/" {
            // The page itself says that there is none, and waits for one.
            return reply(503, HTML, super::LIVE);
        }
        if ends.is_empty() {
            return reply(503, "text/plain", "no pod is ready\n");
        }
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for n in 0..ends.len() {
            let end = &ends[(first + n) % ends.len()];
            let Some(address) = self.machine.find(&end.ip().to_string()) else { continue };
            let Ok(stream) = TcpStream::connect(address).await else { continue };
            return match forward(stream, address, shown(request, role)).await {
                Ok(answer) => answer,
                Err(error) => {
                    reply(502, "text/plain", format!("the pod did not answer: {error}\n"))
                }
            };
        }
        reply(502, "text/plain", "no pod can be reached\n")
    }
}

/// As the pod gets it: told what it is to whoever asks.
fn shown(request: Request<Incoming>, role: &'static str) -> Request<Body> {
    let mut request = request.map(BodyExt::boxed_unsync);
    request.headers_mut().insert(ROLE, HeaderValue::from_static(role));
    request
}

/// What it asks for: on this machine the app's own host, as if a name server led it here.
fn host_of(request: &Request<Incoming>) -> String {
    let said = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let said = said.unwrap_or_default();
    let host = said.rsplit_once(':').map_or(said, |(host, _)| host);
    match host {
        "" | "localhost" | "127.0.0.1" => super::HOST.to_owned(),
        host => host.to_owned(),
    }
}
