//! The sandbox's pods: each a real HTTP server on a loopback port of its own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::http::{HTML, JSON, Reply, forward, reply, serve};
use crate::sandbox::{Key, Life, Nodes, Stage, resources};

/// Told by the proxy: whether a page is what everybody sees, or the candidate's.
pub const ROLE: &str = "x-demo-role";

/// Told by the app, as many do: which version it is. The API server's proxy rewrites pages, not this.
const VERSION: HeaderName = HeaderName::from_static("x-parrot-version");

/// How long a pod takes to be ready.
const STARTS_IN: Duration = Duration::from_millis(1_500);
/// How long it answers what is under way after it was told to end.
const ENDS_AFTER: Duration = Duration::from_millis(500);
/// From one crash to the next.
const CRASHES: [(u64, u64); 3] = [(600, 1), (1_400, 2), (2_200, 3)];

/// One machine, and what runs on it.
pub struct Machine {
    /// The version whose pods crash.
    crashing: Option<&'static str>,
    running: Mutex<HashMap<Key, Running>>,
}

struct Running {
    /// Made up, as the pod's object has it.
    ip: String,
    address: SocketAddr,
    ends: watch::Sender<bool>,
}

impl Machine {
    pub fn new(crashing: Option<&'static str>) -> Arc<Machine> {
        Arc::new(Machine { crashing, running: Mutex::default() })
    }

    /// Where the pod really is that has this address.
    pub fn find(&self, ip: &str) -> Option<SocketAddr> {
        let running = self.running.lock().expect("no holder panics");
        running.values().find(|pod| pod.ip == ip).map(|pod| pod.address)
    }

    fn run(&self, key: Key, pod: &Value, version: String) -> std::io::Result<()> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let ends = watch::Sender::new(false);
        let name = key.name.clone();
        let answer = move |request: Request<Incoming>| {
            let answered = answer(&request, &version, &name);
            async move { answered }
        };
        tokio::spawn(serve(listener, ends.subscribe(), answer));
        let ip = pod["status"]["podIP"].as_str().unwrap_or_default().to_owned();
        let running = Running { ip, address, ends };
        self.running.lock().expect("no holder panics").insert(key, running);
        Ok(())
    }
}

impl Nodes for Machine {
    fn start(&self, pod: &Value) -> Life {
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        let version = image.rsplit(':').next().unwrap_or_default().to_owned();
        if self.crashing == Some(version.as_str()) {
            return crashing();
        }
        match self.run(Key::of(&resources::PODS, pod), pod, version) {
            Ok(()) => Life { ends_after: ENDS_AFTER, ..Life::ready_after(STARTS_IN) },
            Err(error) => {
                let waiting = Stage::Waiting {
                    reason: "CreateContainerError".to_owned(),
                    message: error.to_string(),
                };
                Life { stages: vec![(Duration::ZERO, waiting)], ends_after: ENDS_AFTER }
            }
        }
    }

    fn answer(
        &self,
        pod: &Value,
        _port: u64,
        request: Parts,
    ) -> BoxFuture<'static, Option<Response<Vec<u8>>>> {
        let found = self.find(pod["status"]["podIP"].as_str().unwrap_or_default());
        Box::pin(async move {
            let stream = TcpStream::connect(found?).await.ok()?;
            let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
            let asked = forward(stream, found?, Request::from_parts(request, body));
            let (head, body) = asked.await.ok()?.into_parts();
            Some(Response::from_parts(head, body.collect().await.ok()?.to_bytes().into()))
        })
    }

    fn gone(&self, pod: &Key) {
        if let Some(running) = self.running.lock().expect("no holder panics").remove(pod) {
            running.ends.send_replace(true);
        }
    }
}

fn crashing() -> Life {
    let log = "parrot: starting\nparrot: the perch is gone\n".to_owned();
    let mut stages = vec![(Duration::ZERO, Stage::Creating)];
    stages.extend(CRASHES.map(|(after, restarts)| {
        let crashed = Stage::Crashed { restarts, exit_code: 1, log: log.clone() };
        (Duration::from_millis(after), crashed)
    }));
    Life { stages, ends_after: ENDS_AFTER }
}

fn answer(request: &Request<Incoming>, version: &str, pod: &str) -> Reply {
    let mut answer = match request.uri().path() {
        "/" => reply(200, HTML, page(version)),
        "/who" => {
            let role = request.headers().get(ROLE).and_then(|role| role.to_str().ok());
            let who = json!({
                "version": version,
                "colour": colour(version),
                "pod": pod,
                "role": role.unwrap_or("live"),
            });
            reply(200, JSON, who.to_string())
        }
        _ => reply(404, "text/plain", "the parrot has one page, /\n"),
    };
    if let Ok(version) = HeaderValue::from_str(version) {
        answer.headers_mut().insert(VERSION, version);
    }
    answer
}

/// With the version in it, as whoever asks without a browser sees it.
fn page(version: &str) -> String {
    let (shown, colour) = (quoted(version), colour(version));
    let body = format!(r#"<body data-version="{shown}" data-colour="{colour}""#);
    super::LIVE.replace(r#"<body data-version="" data-colour="""#, &body)
}

/// As it can stand in an attribute: an image's tag is whatever somebody says.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// The article's app: a blue parrot up to v1, a green one from v2 on.
pub fn colour(version: &str) -> &'static str {
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    match major.parse::<u32>() {
        Ok(0 | 1) => "blue",
        _ => "green",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pod_is_asked_where_it_really_is_and_says_its_version() {
        let machine = Machine::new(None);
        let pod = |name: &str, ip: &str| {
            json!({
                "metadata": { "name": name, "namespace": "birds" }, "status": { "podIP": ip },
                "spec": { "containers": [{ "image": "parrot:v2.2" }] },
            })
        };
        machine.start(&pod("a", "10.244.0.1"));
        let (head, ()) = Request::get("/").body(()).unwrap().into_parts();
        let answer = machine.answer(&pod("a", "10.244.0.1"), 3000, head.clone()).await.unwrap();
        assert!(answer.status() == 200 && answer.headers()[VERSION] == "v2.2");
        assert!(String::from_utf8_lossy(answer.body()).contains("data-version=\"v2.2\""));
        assert!(machine.answer(&pod("b", "10.244.0.2"), 3000, head).await.is_none());
    }

    #[test]
    fn the_page_says_whose_it_is() {
        assert!(page("v2.2").contains(r#"data-version="v2.2" data-colour="green" "#));
        assert!(page(r#"v"><b>"#).contains(r#"data-version="v&quot;>&lt;b>" data-colour="#));
    }

    #[test]
    fn the_colour_is_the_versions() {
        assert_eq!(["v1.2", "1", "v2.2", "latest"].map(colour), ["blue", "blue", "green", "green"]);
    }
}
