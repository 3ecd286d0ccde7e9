//! The little that the demo's own servers need of HTTP.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;

use futures_util::{Stream, StreamExt};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::watch;

pub type Body = UnsyncBoxBody<Bytes, hyper::Error>;
pub type Reply = Response<Body>;

pub const HTML: &str = "text/html; charset=utf-8";
pub const JSON: &str = "application/json";

/// Answers on its port until `ends` says so, then what is under way to its end.
pub async fn serve<F, A>(listener: TcpListener, ends: watch::Receiver<bool>, answer: F)
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Reply> + Send,
{
    loop {
        let stream = select! {
            () = told(ends.clone()) => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // It was gone again before it was looked at, or there are too many: the next may be.
                Err(_) => continue,
            },
        };
        let _ = stream.set_nodelay(true);
        let (answer, ends) = (answer.clone(), ends.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answered = answer(request);
                async move { Ok::<_, Infallible>(answered.await) }
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let mut served = pin!(served);
            // What goes wrong with a connection is known to whoever made it.
            select! {
                _ = &mut served => return,
                () = told(ends) => served.as_mut().graceful_shutdown(),
            }
            let _ = served.await;
        });
    }
}

pub async fn told(mut ends: watch::Receiver<bool>) {
    // Its sender gone is the end as well.
    let _ = ends.wait_for(|ends| *ends).await;
}

pub fn reply(code: u16, media: &'static str, text: impl Into<Bytes>) -> Reply {
    let body = Full::new(text.into()).map_err(|never| match never {}).boxed_unsync();
    let reply = Response::builder().status(code).header(CONTENT_TYPE, media);
    reply.header(CACHE_CONTROL, "no-store").body(body).expect("these are valid headers")
}

/// The one request of a connection, which is to `address`.
pub async fn forward(
    stream: TcpStream,
    address: SocketAddr,
    request: Request<Body>,
) -> Result<Reply, hyper::Error> {
    let (mut sender, connection) = handshake::<_, Body>(TokioIo::new(stream)).await?;
    // It lives as long as its one answer.
    tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    head.uri = Uri::from(
        head.uri.path_and_query().cloned().unwrap_or_else(|| "/".parse().expect("a path")),
    );
    head.headers.remove(CONNECTION);
    if !head.headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(&address.to_string())
    {
        head.headers.insert(HOST, host);
    }
    let answer = sender.send_request(Request::from_parts(head, body)).await?;
    let (mut head, body) = answer.into_parts();
    head.headers.remove(CONNECTION);
    Ok(Reply::from_parts(head, body.boxed_unsync()))
}

/// Server-sent events, each as it comes, until the server ends.
pub fn events(
    events: impl Stream<Item = String> + Send + 'static,
    ends: watch::Receiver<bool>,
) -> Reply {
    let frames = events.map(|event| Ok(Frame::data(Bytes::from(event))));
    let body = StreamBody::new(frames.take_until(Box::pin(told(ends)))).boxed_unsync();
    let reply = Response::builder().header(CONTENT_TYPE, "text/event-stream");
    reply.header(CACHE_CONTROL, "no-store").body(body).expect("these are valid headers")
}
