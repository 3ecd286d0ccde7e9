//! A cluster on a port of its own, before which all that is sent to it is written down.

use std::net::SocketAddr;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use bluegreen::sandbox::{Api, Faults, Sandbox, Scripts, Store, resources, serve};
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const PARROT: &str = include_str!("../../../examples/parrot/parrot.yaml");

pub struct Cluster {
    pub address: SocketAddr,
    pub faults: Faults,
    store: Store,
    heard: Heard,
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

type Heard = Arc<Mutex<Vec<u8>>>;

impl Cluster {
    /// With the article's app, whose container has this in its environment.
    pub fn start(variable: &str) -> Cluster {
        let (ends, ended) = oneshot::channel::<()>();
        let (ready, began) = channel();
        let heard = Heard::default();
        let (hears, variable) = (Arc::clone(&heard), variable.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let sandbox = Sandbox::start(1, Timestamp::now(), Arc::new(Scripts::default()));
                let api = sandbox.api();
                make_parrot(sandbox.api(), &sandbox, &variable).await;
                let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let back = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let (address, behind) = (front.local_addr().unwrap(), back.local_addr().unwrap());
                ready.send((address, api.faults().clone(), sandbox.store().clone())).unwrap();
                tokio::spawn(listen(front, behind, hears));
                // Its end is the test's.
                let _ = serve(api, back, async { drop(ended.await) }).await;
            });
        });
        let (address, faults, store) = began.recv().expect("it began");
        Cluster { address, faults, store, heard, ends: Some(ends), thread: Some(thread) }
    }

    /// All that was sent to it.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// All that stands in it, an object a line.
    pub fn objects(&self) -> Vec<Value> {
        let all = resources::ALL.into_iter().flat_map(|kind| self.store.list(kind, None));
        all.map(|object| Value::clone(&object)).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.ends.take());
        let ended = self.thread.take().expect("it is dropped once").join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

async fn make_parrot(api: Api, sandbox: &Sandbox, variable: &str) {
    let namespace = json!({"name": "blue-green"});
    sandbox.store().add(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": namespace}));
    let client = Client::new(api, "blue-green");
    let manifests: Vec<Value> = serde_saphyr::from_multiple(PARROT).unwrap();
    for mut object in manifests {
        let path = match object["kind"].as_str() {
            Some("Deployment") => "/apis/apps/v1/namespaces/blue-green/deployments",
            _ => "/apis/networking.k8s.io/v1/namespaces/blue-green/ingresses",
        };
        if object["kind"] == "Deployment" {
            let container = &mut object["spec"]["template"]["spec"]["containers"][0];
            container["env"] = json!([{"name": "PASSWORD", "value": variable}]);
        }
        let request = http::Request::post(path).header("content-type", "application/json");
        let request = request.body(object.to_string().into_bytes()).unwrap();
        client.request::<Value>(request).await.unwrap();
    }
}

async fn listen(front: TcpListener, behind: SocketAddr, heard: Heard) {
    while let Ok((stream, _)) = front.accept().await {
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            let Ok(behind) = TcpStream::connect(behind).await else { return };
            let (mut from, mut to) = split(stream);
            let (mut answers, mut asks) = split(behind);
            let answering = copy(&mut answers, &mut to);
            let asking = async {
                let mut part = [0; 16 * 1024];
                while let Ok(n @ 1..) = from.read(&mut part).await {
                    heard.lock().unwrap().extend_from_slice(&part[..n]);
                    if asks.write_all(&part[..n]).await.is_err() {
                        break;
                    }
                }
            };
            tokio::select! {
                _ = answering => {}
                () = asking => {}
            }
        });
    }
}
