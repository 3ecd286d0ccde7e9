//! What `bluegreen demo` runs: the article's app in a sandbox, behind a proxy that obeys its Ingress,
//! with visitors and a gate. The release itself is the tool's own.

mod controller;
mod endpoints;
mod gate;
mod http;
mod news;
mod pods;
mod proxy;
mod rules;
mod visitors;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{io, thread};

use ::http::Request;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::Service;

pub use gate::{Answer, Gate};
pub use visitors::Visitors;

use self::http::Reply;
use crate::sandbox::{self, Api, Key, Sandbox, Store, resources};
use controller::Served;
use pods::Machine;
use proxy::Proxy;

pub const NAMESPACE: &str = "blue-green";
pub const APP: &str = "parrot";
/// The version that the article releases, of the same image.
pub const NEW: &str = "v2.2";
const HOST: &str = "parrot.example.com";
const PREVIEW: &str = "parrot-preview";
const LIVE: &str = include_str!("pages/live.html");
/// A path that the app does not have: what the visitors got.
const REQUESTS: &str = "/.demo/requests";

/// What differs from one demo to the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Script {
    /// The new version's pods crash.
    pub crashes: bool,
    /// What the gate says in the end by itself.
    pub by_itself: Option<Answer>,
}

/// A demo that runs, on a thread of its own. It ends when it is dropped.
pub struct Demo {
    pub addresses: Addresses,
    pub gate: Arc<Gate>,
    pub visitors: Arc<Visitors>,
    ends: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    pub api: SocketAddr,
    pub live: SocketAddr,
    pub preview: SocketAddr,
    pub gate: SocketAddr,
}

impl Demo {
    /// Starts it from the article's manifests. Fails where there is no port to be had on loopback.
    pub fn start(script: Script, manifests: Vec<Value>) -> io::Result<Demo> {
        let gate = Gate::new(script.by_itself);
        let visitors = Visitors::new();
        let ends = watch::Sender::new(false);
        let listen = || {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            Ok::<_, io::Error>(listener)
        };
        let [api, live, preview, at_gate] = [listen()?, listen()?, listen()?, listen()?];
        let addresses = Addresses {
            api: api.local_addr()?,
            live: live.local_addr()?,
            preview: preview.local_addr()?,
            gate: at_gate.local_addr()?,
        };
        let listeners = [api, live, preview, at_gate];
        let play = Play {
            script,
            manifests,
            gate: Arc::clone(&gate),
            visitors: Arc::clone(&visitors),
            live: addresses.live,
            ends: ends.subscribe(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(play.run(listeners));
            // What still runs is answers that nobody waits for.
            runtime.shutdown_background();
        })?;
        Ok(Demo { addresses, gate, visitors, ends, thread: Some(thread) })
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.ends.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

struct Play {
    script: Script,
    manifests: Vec<Value>,
    gate: Arc<Gate>,
    visitors: Arc<Visitors>,
    live: SocketAddr,
    ends: watch::Receiver<bool>,
}

impl Play {
    async fn run(self, listeners: [std::net::TcpListener; 4]) {
        let [Ok(api_port), Ok(live), Ok(preview), Ok(at_gate)] =
            listeners.map(TcpListener::from_std)
        else {
            return;
        };
        let machine = Machine::new(self.script.crashes.then_some(NEW));
        let sandbox =
            Sandbox::start(fastrand::u64(..), Timestamp::now(), Arc::<Machine>::clone(&machine));
        let served = Arc::<Served>::default();
        let proxy = Proxy::new(machine, Arc::clone(&served), sandbox.store());
        let mut api = sandbox.api();
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
        });
        for object in [namespace].iter().chain(&self.manifests) {
            create(&mut api, object).await;
        }
        let ends = self.ends;
        tokio::select! {
            () = is_up(sandbox.store()) => {}
            () = http::told(ends.clone()) => return,
        }
        tokio::spawn(sandbox::serve(api, api_port, http::told(ends.clone())));
        tokio::spawn(controller::run(sandbox.store().clone(), served, self.live));
        for (listener, is_live) in [(live, true), (preview, false)] {
            let site = site(&proxy, &self.visitors, &ends, is_live);
            tokio::spawn(http::serve(listener, ends.clone(), site));
        }
        let (gate, until) = (self.gate, ends.clone());
        let webhook = move |request| {
            let (gate, until) = (Arc::clone(&gate), until.clone());
            async move { gate.answer(request, until).await }
        };
        tokio::spawn(http::serve(at_gate, ends.clone(), webhook));
        tokio::spawn(self.visitors.visit(self.live, HOST.to_owned()));
        http::told(ends).await;
    }
}

/// Until the version that people have has its pod: whoever takes the app in sooner is warned of that.
async fn is_up(store: &Store) {
    let app = Key::new(&resources::DEPLOYMENTS, NAMESPACE, APP);
    loop {
        let revision = store.revision();
        let ready = store.get(&app).and_then(|app| app["status"]["readyReplicas"].as_u64());
        if ready > Some(0) {
            return;
        }
        store.beyond(revision).await;
    }
}

/// What a listener of the app answers: the app, and what its visitors get.
fn site(
    proxy: &Arc<Proxy>,
    visitors: &Arc<Visitors>,
    ends: &watch::Receiver<bool>,
    is_live: bool,
) -> impl Fn(Request<Incoming>) -> BoxFuture<'static, Reply> + Clone + use<> {
    let (proxy, visitors, ends) = (Arc::clone(proxy), Arc::clone(visitors), ends.clone());
    move |request| {
        let (proxy, visitors, ends) = (Arc::clone(&proxy), Arc::clone(&visitors), ends.clone());
        Box::pin(async move {
            match (request.uri().path(), is_live) {
                (REQUESTS, _) => http::events(visitors.news.follow(), ends),
                (_, true) => proxy.live(request).await,
                (_, false) => proxy.preview(request).await,
            }
        })
    }
}

/// As `kubectl create` does it, so that the API server fills in what it fills in.
async fn create(api: &mut Api, object: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let resource = resources::of_kind(&version, &kind).expect("the manifests' kinds are known");
    let root = if version.contains('/') { "/apis" } else { "/api" };
    let space = match resource.is_namespaced {
        true => format!("/namespaces/{}", text(&object["metadata"]["namespace"])),
        false => String::new(),
    };
    let path = format!("{root}/{version}{space}/{}", resource.plural);
    let request = Request::post(path).header("content-type", http::JSON);
    let request = request.body(object.to_string()).expect("this is a valid request");
    // Nothing is in its way that could fail.
    let _ = api.call(request).await;
}
