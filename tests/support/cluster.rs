//! A TLS server that stands in for a kube-apiserver.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::support::background::Background;
use crate::support::front::{Front, speak_http};
use crate::support::reply::{Body, BoxError, full};
use crate::support::{Latch, Reply};

pub struct Cluster {
    pub ca_pem: String,
    state: Arc<State>,
    front: Front,
    _background: Background,
}

#[derive(Default)]
struct State {
    /// `METHOD PATH BODY`, each once it was carried out.
    carried_out: Mutex<Vec<String>>,
    connections: AtomicUsize,
    watch: Mutex<Option<mpsc::UnboundedReceiver<&'static str>>>,
    slow: Mutex<Option<Latch>>,
}

impl Cluster {
    pub fn start() -> Self {
        let names = vec!["127.0.0.1".to_owned()];
        let pair = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let ca_pem = pair.cert.pem();
        let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.into()], key)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(tls));

        let background = Background::start("cluster");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let front = Front::start(&background, move |stream| {
            let (acceptor, state) = (acceptor.clone(), Arc::clone(&shared));
            async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                state.connections.fetch_add(1, Ordering::SeqCst);
                let answer = |request| answer(Arc::clone(&state), request);
                speak_http(stream, answer).await;
            }
        });
        Self { ca_pem, state, front, _background: background }
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.front.address())
    }

    pub fn carried_out(&self) -> Vec<String> {
        self.state.carried_out.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub fn close_connections(&self) {
        self.front.close_connections();
    }

    /// What the next watch says, while it says it.
    pub fn watch(&self) -> mpsc::UnboundedSender<&'static str> {
        let (say, said) = mpsc::unbounded_channel();
        *self.state.watch.lock().unwrap() = Some(said);
        say
    }

    /// The next request to `/slow` is answered when the latch opens.
    pub fn slow(&self) -> Latch {
        let latch = Latch::new();
        *self.state.slow.lock().unwrap() = Some(latch.clone());
        latch
    }
}

async fn answer(
    state: Arc<State>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, BoxError> {
    let path = request.uri().to_string();
    let method = request.method().clone();
    if path == "/echo" {
        tokio::spawn(echo(hyper::upgrade::on(&mut request)));
        let reply = Reply::new(101).header("connection", "upgrade");
        return Ok(reply.header("upgrade", "echo").into_response());
    }
    let token = request.headers().get("authorization").cloned();
    let body = request.into_body().collect().await?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    let slow = (path == "/slow").then(|| state.slow.lock().unwrap().take()).flatten();
    if let Some(slow) = slow {
        slow.opened().await;
    }
    let done = format!("{method} {path} {body}").trim_end().to_owned();
    state.carried_out.lock().unwrap().push(done);
    if path.contains("watch=true") {
        let said = state.watch.lock().unwrap().take();
        let said = said.ok_or("a watch that the test did not prepare")?;
        let chunks = stream::unfold(said, |mut said| async {
            let chunk = said.recv().await?;
            Some((Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))), said))
        });
        return Ok(Response::new(StreamBody::new(chunks).boxed()));
    }
    let mut response = Response::new(full(format!("did {method} {path}").into()));
    *response.status_mut() = if method == "POST" { 201 } else { 200 }.try_into()?;
    if let Some(token) = token {
        response.headers_mut().insert("x-token", token);
    }
    Ok(response)
}

async fn echo(upgrade: hyper::upgrade::OnUpgrade) {
    let Ok(stream) = upgrade.await else { return };
    let mut stream = TokioIo::new(stream);
    let mut buffer = [0; 64];
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
