//! The sandbox's ingress controller: a reverse proxy that obeys the Ingress, as late as a real one.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::{CONNECTION, HOST, HeaderValue};
use http::{Request, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::http::{Body, HTML, Reply, reply};
use super::pods::{Machine, ROLE};
use super::routes::{Routes, Way};
use crate::sandbox::{Key, Store, resources};

/// What a change takes to arrive at nginx, about as measured for the real controller.
const SYNC: Duration = Duration::from_millis(700);

pub struct Proxy {
    machine: Arc<Machine>,
    routes: Mutex<Arc<Routes>>,
    /// What `localhost` stands for: the host that a name server would lead here.
    host: String,
    turn: AtomicUsize,
}

impl Proxy {
    pub fn new(machine: Arc<Machine>, host: &str) -> Arc<Proxy> {
        let routes = Mutex::default();
        Arc::new(Proxy { machine, routes, host: host.to_owned(), turn: AtomicUsize::new(0) })
    }

    /// Takes in what changes, for ever. Says in an Ingress's status that it serves it.
    pub async fn follow(&self, store: &Store, namespace: &str, preview: &str) {
        loop {
            let at = store.revision();
            let routes = Arc::new(Routes::read(store, namespace, preview));
            *self.routes.lock().expect("no holder panics") = routes;
            for ingress in store.list(&resources::INGRESSES, Some(namespace)) {
                let key = Key::of(&resources::INGRESSES, &ingress);
                // One that is gone by now needs no status.
                let _ = store.edit(&resources::INGRESSES, &key, |old| {
                    let mut new = old.clone();
                    new["status"] = json!({"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}});
                    Ok(new)
                });
            }
            store.beyond(at).await;
            sleep(SYNC).await;
        }
    }

    fn routes(&self) -> Arc<Routes> {
        Arc::clone(&self.routes.lock().expect("no holder panics"))
    }

    /// A request of the public.
    pub async fn live(&self, request: Request<Incoming>) -> Reply {
        let host = self.host_of(&request);
        let routes = self.routes();
        let ends = match routes.find(&host, request.uri().path()) {
            Way::Pods(ends) => ends,
            Way::Denied => return reply(403, "text/plain", "nobody gets in here\n"),
            Way::Nowhere => return reply(404, "text/plain", "no Ingress has this host and path\n"),
        };
        self.pass(request, ends, "live").await
    }

    /// A request of whoever looks at the candidate, as through a port that is forwarded.
    pub async fn preview(&self, request: Request<Incoming>) -> Reply {
        let routes = self.routes();
        self.pass(request, &routes.preview, "candidate").await
    }

    fn host_of(&self, request: &Request<Incoming>) -> String {
        let said = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let host = said.unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        match host {
            "" | "localhost" | "127.0.0.1" => self.host.clone(),
            host => host.to_owned(),
        }
    }

    /// To the next of the pods in turn; to another if that one can't be reached.
    async fn pass(&self, request: Request<Incoming>, ends: &[String], role: &'static str) -> Reply {
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
            let Some(address) = self.machine.find(end) else { continue };
            let Ok(stream) = TcpStream::connect(address).await else { continue };
            return match forward(stream, address, request, role).await {
                Ok(answer) => answer,
                Err(error) => {
                    reply(502, "text/plain", format!("the pod did not answer: {error}\n"))
                }
            };
        }
        reply(502, "text/plain", "no pod can be reached\n")
    }
}

async fn forward(
    stream: TcpStream,
    address: SocketAddr,
    request: Request<Incoming>,
    role: &'static str,
) -> Result<Reply, hyper::Error> {
    let (mut sender, connection) = handshake::<_, Body>(TokioIo::new(stream)).await?;
    // It lives as long as its one answer.
    tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    head.uri = Uri::from(
        head.uri.path_and_query().cloned().unwrap_or_else(|| "/".parse().expect("a path")),
    );
    head.headers.remove(CONNECTION);
    head.headers.insert(ROLE, HeaderValue::from_static(role));
    if !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(&address.to_string())
    {
        head.headers.insert(HOST, host);
    }
    let answer = sender.send_request(Request::from_parts(head, body.boxed_unsync())).await?;
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONNECTION);
    Ok(Reply::from_parts(head, body.boxed_unsync()))
}
