//! The API as one tower service: under a `kube::Client`, or behind hyper.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::unfold;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderName};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Bytes, Frame};
use serde_json::Value;
use tokio::time::sleep;

use super::discovery;
use super::faults::{Fault, Faults};
use super::nodes::Nodes;
use super::passage::Passage;
use super::refusal::Refusal;
use super::request::{self, Query, Target};
use super::store::Store;
use super::verbs::{Asked, Reply, answer};
use super::watch::Watch;

pub type ReplyBody = UnsyncBoxBody<Bytes, io::Error>;

/// One client's way to the API server. Clones share its faults.
#[derive(Clone)]
pub struct Api {
    store: Store,
    /// Who answers for pods, if anybody does.
    nodes: Option<Arc<dyn Nodes>>,
    faults: Faults,
    latency: Duration,
}

impl Api {
    pub fn new(store: &Store) -> Api {
        let (faults, latency) = (Faults::default(), Duration::ZERO);
        Api { store: store.clone(), nodes: None, faults, latency }
    }

    #[must_use]
    pub(super) fn with_nodes(self, nodes: &Arc<dyn Nodes>) -> Api {
        Api { nodes: Some(Arc::clone(nodes)), ..self }
    }

    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every call takes up to so long, by the store's seed.
    #[must_use]
    pub fn with_latency(self, latency: Duration) -> Api {
        Api { latency, ..self }
    }

    async fn call<B>(self, request: Request<B>) -> Result<Response<ReplyBody>, io::Error>
    where
        B: Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|error| io::Error::other(error.into()))?;
        let body = body.to_bytes();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        self.faults.thawed().await;
        let fault = self.faults.meet(&head.method, path);
        if self.faults.is_gone() {
            return Err(broken());
        }
        if !self.latency.is_zero() {
            let limit = self.latency.as_micros().try_into().unwrap_or(u64::MAX);
            sleep(Duration::from_micros(self.store.random(limit))).await;
        }
        let carried_out = respond(self.store.clone(), self.nodes.clone(), head, body);
        let reply = match fault {
            None => carried_out.await,
            Some(Fault::Unsent) => return Err(broken()),
            Some(Fault::Unanswered) => {
                carried_out.await;
                return Err(broken());
            }
            Some(Fault::Answered { code, headers, body }) => said(code, &headers, body),
            Some(Fault::AnsweredThenDone { code, after }) => {
                tokio::spawn(async move {
                    sleep(after).await;
                    carried_out.await;
                });
                said(code, &[], Vec::new())
            }
            Some(Fault::Delayed(time)) => {
                sleep(time).await;
                carried_out.await
            }
            Some(Fault::Cut(bytes)) => cut(carried_out.await, bytes).await?,
            Some(Fault::Hung { sent }) => {
                if sent {
                    carried_out.await;
                }
                pending().await
            }
        };
        self.faults.thawed().await;
        let faults = self.faults.clone();
        // What was on its way comes late to one that was frozen.
        Ok(reply.map(|reply| match reply {
            Sent::Whole(bytes) => Full::new(bytes).map_err(never).boxed_unsync(),
            Sent::Cut(bytes) => {
                let frames = [Ok(Frame::data(bytes)), Err(broken())];
                StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
            }
            Sent::Watch(watch) => streamed(*watch, faults),
        }))
    }
}

enum Sent {
    Whole(Bytes),
    Cut(Bytes),
    Watch(Box<Watch>),
}

impl<B> tower::Service<Request<B>> for Api
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<ReplyBody>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(self.clone().call(request))
    }
}

fn never(never: Infallible) -> io::Error {
    match never {}
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by the sandbox")
}

async fn respond(
    store: Store,
    nodes: Option<Arc<dyn Nodes>>,
    head: http::request::Parts,
    body: Bytes,
) -> Response<Sent> {
    match Passage::of(head.uri.path()) {
        Some(passage) => match passage.answer(&store, nodes.as_deref(), &head).await {
            Ok(answer) => passed_on(&store, answer),
            Err(refusal) => refused(&store, &refusal),
        },
        None => done(&store, &head, &body),
    }
}

/// With what the API server adds to whatever it says.
fn passed_on(store: &Store, answer: Response<Vec<u8>>) -> Response<Sent> {
    const AUDIT_ID: HeaderName = HeaderName::from_static("audit-id");
    const UNCACHED: HeaderValue = HeaderValue::from_static("no-cache, private");
    let (mut head, body) = answer.into_parts();
    let said: Vec<_> = head.headers.get_all(CACHE_CONTROL).iter().cloned().collect();
    head.headers.insert(CACHE_CONTROL, UNCACHED);
    for value in said {
        head.headers.append(CACHE_CONTROL, value);
    }
    let id = format!("{:032x}", store.random(u64::MAX));
    head.headers.insert(AUDIT_ID, id.parse().expect("digits are a value"));
    Response::from_parts(head, Sent::Whole(body.into()))
}

fn refused(store: &Store, refusal: &Refusal) -> Response<Sent> {
    let body = Sent::Whole(refusal.object().to_string().into());
    reply(store, refusal.code, "application/json", body)
}

fn done(store: &Store, head: &http::request::Parts, body: &[u8]) -> Response<Sent> {
    let query = Query::of(&head.uri);
    let asked = Asked { method: &head.method, headers: &head.headers, query, body };
    let path = head.uri.path();
    let declared = store.declared();
    if head.method == Method::GET
        && let Some((media, text)) = discovery::answer(&declared, path, asked.header(ACCEPT))
    {
        return reply(store, 200, media, Sent::Whole(text.into()));
    }
    let replied = match Target::of(&declared, path) {
        Some(target) => answer(store, &target, &asked),
        None if request::is_of_a_group(&declared, path) => Err(Refusal::no_such_path()),
        None => {
            let body = Sent::Whole("404 page not found\n".into());
            return reply(store, 404, "text/plain; charset=utf-8", body);
        }
    };
    let json = |code: u16, body: &Value| {
        let body = Sent::Whole(body.to_string().into());
        reply(store, code, "application/json", body)
    };
    match replied {
        Ok(Reply::Object { code, body }) => json(code, &body),
        Ok(Reply::Text(text)) => reply(store, 200, "text/plain", Sent::Whole(text.into())),
        Ok(Reply::Empty) => reply(store, 204, "", Sent::Whole(Bytes::new())),
        Ok(Reply::Watch(watch)) => reply(store, 200, "application/json", Sent::Watch(watch)),
        Err(refusal) => refused(store, &refusal),
    }
}

fn reply(store: &Store, code: u16, media: &str, body: Sent) -> Response<Sent> {
    let mut response = Response::builder().status(code);
    if !media.is_empty() {
        response = response.header(CONTENT_TYPE, media);
    }
    let response = response.header(DATE, store.clock().date()).body(body);
    response.expect("these are valid headers")
}

fn said(code: u16, headers: &[(&'static str, String)], body: Vec<u8>) -> Response<Sent> {
    let mut response = Response::new(Sent::Whole(body.into()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

async fn cut(reply: Response<Sent>, bytes: usize) -> Result<Response<Sent>, io::Error> {
    let (head, sent) = reply.into_parts();
    let whole = match sent {
        Sent::Whole(whole) | Sent::Cut(whole) => whole,
        // The first events, as many as fit.
        Sent::Watch(mut watch) => match watch.next().await {
            Some(event) => format!("{event}\n").into(),
            None => Bytes::new(),
        },
    };
    Ok(Response::from_parts(head, Sent::Cut(whole.slice(..bytes.min(whole.len())))))
}

fn streamed(watch: Watch, faults: Faults) -> ReplyBody {
    let events = unfold((watch, faults), |(mut watch, faults)| async move {
        let event = tokio::select! {
            event = watch.next() => event?,
            () = faults.gone() => return Some((Err(broken()), (watch, faults))),
        };
        faults.thawed().await;
        Some((Ok(Frame::data(format!("{event}\n").into())), (watch, faults)))
    });
    StreamBody::new(events).boxed_unsync()
}
