//! One request on a connection of its own, and what came back.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;

use super::connection::{Body, Protocol};
use super::manner::Manner;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The tag of the image that answered; see `bed::pods_answer`.
    pub fn version(&self) -> &str {
        self.body.split_whitespace().next().unwrap_or_default()
    }
}

pub async fn get(at: SocketAddr, host: &str, path: &str) -> Result<Answer> {
    get_within(PATIENCE, at, host, path).await
}

pub async fn get_within(
    patience: Duration,
    at: SocketAddr,
    host: &str,
    path: &str,
) -> Result<Answer> {
    let request = Request::get(path).header("host", host).body(Full::default())?;
    send(patience, &Manner::default(), at, request).await
}

pub async fn get_as(manner: &Manner, at: SocketAddr, host: &str, path: &str) -> Result<Answer> {
    let request = Request::get(path).header("host", host);
    let headers = manner.headers.iter();
    let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
    send(PATIENCE, manner, at, request.body(Full::default())?).await
}

pub async fn post(at: SocketAddr, host: &str, path: &str, bytes: Vec<u8>) -> Result<Answer> {
    let request = Request::post(path).header("host", host).body(Full::new(Bytes::from(bytes)))?;
    send(PATIENCE, &Manner::default(), at, request).await
}

async fn send(
    patience: Duration,
    manner: &Manner,
    at: SocketAddr,
    request: Request<Body>,
) -> Result<Answer> {
    let what = format!("{} {}", request.method(), request.uri());
    let answered = async {
        let mut sender = manner.connect(at, Protocol::Http1).await?;
        let (status, body) = sender.ask(request).await.map_err(|broken| broken.error)?;
        anyhow::Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
    };
    let answered = tokio::time::timeout(patience, answered).await;
    answered.with_context(|| format!("{what}: no answer within {patience:?}"))?.context(what)
}
