//! What a stand-in answers: the image tag of its pod and the pod's name, and whatever else is asked; with
//! the status and the header that pods of its image have on the sandbox, too.
//!
//! | request | answer |
//! |---|---|
//! | `…/slow?ms=2000` | the same after a while |
//! | `…/stream?chunks=50&ms=100` | chunks of a KiB, one every 100 ms, then `end` |
//! | any with a body | the number of bytes that came |
//! | `…/ws`, asking for a websocket | an echo of each message; tag and name in the header `x-pod` |
//! | any other | at once |

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bluegreen::sandbox::scripts;
use futures_util::{SinkExt, StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::pods_stand::Life;

pub const CHUNK: usize = 1024;
pub const END: &str = "end\n";

type Body = UnsyncBoxBody<Bytes, Infallible>;

pub struct Identity {
    image: String,
    tag: String,
    name: String,
    life: watch::Receiver<Life>,
}

impl Identity {
    pub fn of(pod: &Pod, life: watch::Receiver<Life>) -> Self {
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        let image = containers.filter_map(|container| container.image.as_deref()).next();
        let tag = image.and_then(|image| image.rsplit_once(':')).map_or("latest", |(_, tag)| tag);
        let (image, tag) = (image.unwrap_or_default().into(), tag.into());
        Self { image, tag, name: pod.metadata.name.clone().unwrap_or_default(), life }
    }

    fn says(&self, text: String) -> Response<Body> {
        let (head, _) = scripts::answer(&self.image).into_parts();
        Response::from_parts(head, full(text))
    }

    fn line(&self, rest: &str) -> String {
        format!("{} {}{rest}\n", self.tag, self.name)
    }
}

pub async fn answer(
    me: Arc<Identity>,
    upgrades: mpsc::UnboundedSender<OnUpgrade>,
    request: Request<Incoming>,
) -> hyper::Result<Response<Body>> {
    if *me.life.borrow() == Life::Unready {
        let mut refusal = Response::new(full(me.line(" is not ready")));
        *refusal.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return Ok(refusal);
    }
    let path = request.uri().path();
    if let Some(key) =
        request.headers().get(header::SEC_WEBSOCKET_KEY).filter(|_| path.ends_with("/ws"))
    {
        let reply = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
            .header("x-pod", me.line("").trim_end())
            .body(full(String::new()))
            .expect("a reply of ours");
        let _ = upgrades.send(hyper::upgrade::on(request));
        return Ok(reply);
    }
    let number = |key, default| query(request.uri().query().unwrap_or_default(), key, default);
    if path.ends_with("/slow") {
        tokio::time::sleep(Duration::from_millis(number("ms", 2_000))).await;
    } else if path.ends_with("/stream") {
        let gap = Duration::from_millis(number("ms", 100));
        return Ok(Response::new(chunks(me.line(""), number("chunks", 50), gap)));
    }
    if request.body().is_end_stream() {
        return Ok(me.says(me.line("")));
    }
    let mut body = request.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(me.says(me.line(&format!(" {bytes}"))))
}

/// Sends every message back, until either side has enough.
pub async fn echo(upgrade: OnUpgrade) {
    let Ok(io) = upgrade.await else { return };
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn full(text: String) -> Body {
    Full::new(Bytes::from(text)).boxed_unsync()
}

fn chunks(first: String, count: u64, gap: Duration) -> Body {
    let frames = stream::unfold(0, move |n| {
        let first = first.clone();
        async move {
            let bytes = match n {
                0 => Bytes::from(first),
                n if n <= count => {
                    tokio::time::sleep(gap).await;
                    Bytes::from_static(&[b'.'; CHUNK])
                }
                n if n == count + 1 => Bytes::from_static(END.as_bytes()),
                _ => return None,
            };
            Some((Ok(Frame::data(bytes)), n + 1))
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

fn query(text: &str, key: &str, default: u64) -> u64 {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let mut values =
        pairs.filter(|(name, _)| *name == key).filter_map(|(_, value)| value.parse().ok());
    values.next().unwrap_or(default)
}
