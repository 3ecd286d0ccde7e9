//! One client connection: request after request, each to its fate.

use std::sync::Arc;

use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::UPGRADE;
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::sync::Mutex;

use super::action::{Action, Callback};
use super::upstream::Sender;
use super::{Seen, Shared};
use crate::support::journal::Key;
use crate::support::reply::{Body, BoxError, Reply};

pub struct Exchange {
    shared: Arc<Shared>,
    /// Kept from request to request, as the client keeps its own: a new TLS
    /// handshake each would distort every time that a test measures.
    connection: Mutex<Option<Sender>>,
    tunnel: std::sync::Mutex<Option<Tunnel>>,
}

/// Both sides of an upgraded connection (port-forward, exec).
struct Tunnel {
    client: OnUpgrade,
    cluster: OnUpgrade,
}

/// A request that is here in full and can be sent more than once.
#[derive(Clone)]
struct Packed {
    key: Key,
    head: Parts,
    body: Bytes,
}

impl Packed {
    fn unpack(&self) -> Request<Full<Bytes>> {
        Request::from_parts(self.head.clone(), Full::new(self.body.clone()))
    }
}

impl Exchange {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, connection: Mutex::new(None), tunnel: std::sync::Mutex::new(None) }
    }

    pub async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, BoxError> {
        let (mut head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let client = head
            .headers
            .contains_key(UPGRADE)
            .then(|| head.extensions.remove::<OnUpgrade>())
            .flatten();
        let journal = &self.shared.journal;
        let (key, seen) = journal.add(|before| Seen::new(before, &head, body.clone()));
        let action = (self.shared.policy.lock().expect("no policy panicked"))(&seen);
        journal.note(key, |seen| seen.action = action.to_string());
        let packed = Packed { key, head, body };

        let mut reply = self.carry_out(action, packed, seen.is_watch).await?;
        journal.note(key, |seen| seen.status = Some(reply.status().as_u16()));
        if let (Some(client), StatusCode::SWITCHING_PROTOCOLS) = (client, reply.status()) {
            let cluster = hyper::upgrade::on(&mut reply);
            *self.tunnel.lock().expect("nothing panics with it") = Some(Tunnel { client, cluster });
        }
        Ok(reply)
    }

    /// What follows an upgrade, passed on both ways: the rest of the
    /// connection's life, so that it is closed with the others.
    pub async fn pass_on_upgraded(&self) {
        let tunnel = self.tunnel.lock().expect("nothing panics with it").take();
        let Some(Tunnel { client, cluster }) = tunnel else {
            return;
        };
        if let (Ok(client), Ok(cluster)) = tokio::join!(client, cluster) {
            let (mut client, mut cluster) = (TokioIo::new(client), TokioIo::new(cluster));
            let _ = copy_bidirectional(&mut client, &mut cluster).await;
        }
    }

    async fn carry_out(
        &self,
        action: Action,
        packed: Packed,
        is_watch: bool,
    ) -> Result<Response<Body>, BoxError> {
        match action {
            Action::Forward => Ok(streamed(self.forward(packed).await?)),
            Action::Freeze(latch) => {
                latch.opened().await;
                Ok(streamed(self.forward(packed).await?))
            }
            Action::CutBefore(callback) => {
                run(callback).await;
                Err("cut before it was sent".into())
            }
            Action::Reset => Err("reset".into()),
            Action::Reply(reply) => Ok(reply.into_response()),
            Action::CarryOutThenReply(reply) => {
                self.send_anyway(packed).await?;
                Ok(reply.into_response())
            }
            Action::HoldReply(callback) => {
                self.send_anyway(packed).await?;
                run(callback).await;
                std::future::pending().await
            }
            Action::Late { answer, gate } => {
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move {
                    gate.opened().await;
                    let _ = send_apart(&shared, packed).await;
                });
                answer.map(Reply::into_response).ok_or_else(|| "closed, and sent later".into())
            }
            Action::Truncate => truncated(self.forward(packed).await?, is_watch).await,
        }
    }

    async fn forward(&self, packed: Packed) -> Result<Response<Incoming>, BoxError> {
        let reply = self.forward_on_own_connection(&packed).await;
        record(&self.shared, packed.key, &reply);
        reply
    }

    async fn forward_on_own_connection(
        &self,
        packed: &Packed,
    ) -> Result<Response<Incoming>, BoxError> {
        let mut connection = self.connection.lock().await;
        if let Some(sender) = connection.as_mut() {
            // If it was closed meanwhile, sending gives the request back.
            let _ = sender.ready().await;
            match sender.try_send_request(packed.unpack()).await {
                Ok(reply) => return Ok(reply),
                // Only a request that comes back untouched may be sent again:
                // the server had closed an idle connection.
                Err(mut error) => {
                    if error.take_message().is_none() {
                        return Err(error.into_error().into());
                    }
                }
            }
        }
        let sender = connection.insert(self.shared.upstream.connect().await?);
        Ok(sender.send_request(packed.unpack()).await?)
    }

    /// Carried out to the end of the reply even if the client dies meanwhile.
    async fn send_anyway(&self, packed: Packed) -> Result<(), BoxError> {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { send_apart(&shared, packed).await }).await?
    }
}

async fn send_apart(shared: &Shared, packed: Packed) -> Result<(), BoxError> {
    let reply = async {
        let mut sender = shared.upstream.connect().await?;
        let reply = sender.send_request(packed.unpack()).await?;
        let (head, body) = reply.into_parts();
        Ok(Response::from_parts(head, body.collect().await?))
    };
    let reply = reply.await;
    record(shared, packed.key, &reply);
    reply.map(|_| ())
}

fn record<B>(shared: &Shared, key: Key, reply: &Result<Response<B>, BoxError>) {
    shared.journal.note(key, |seen| match reply {
        Ok(reply) => seen.upstream_status = Some(reply.status().as_u16()),
        Err(why) => seen.trouble = Some(why.to_string()),
    });
}

/// On a thread where it may block. A panic in it is printed by its thread.
async fn run(callback: Callback) {
    let _ = tokio::task::spawn_blocking(callback).await;
}

/// Chunks go on as they come: a watch's reply never ends.
fn streamed(response: Response<Incoming>) -> Response<Body> {
    response.map(|body| body.map_err(BoxError::from).boxed())
}

async fn truncated(
    response: Response<Incoming>,
    is_watch: bool,
) -> Result<Response<Body>, BoxError> {
    let (head, mut body) = response.into_parts();
    let whole = if is_watch {
        let first = body.frame().await.ok_or("a watch that said nothing")??;
        first.into_data().unwrap_or_default()
    } else {
        body.collect().await?.to_bytes()
    };
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) => Some((Ok(Frame::data(half)), None)),
            None => {
                // Lets the half go out first: an error drops what is buffered.
                tokio::task::yield_now().await;
                Some((Err(BoxError::from("cut in the middle")), None))
            }
        }
    });
    // The head still promises the whole length.
    Ok(Response::from_parts(head, StreamBody::new(parts).boxed()))
}
