//! Connections to the ingress: of one request, or kept.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use super::manner::Manner;

pub type Body = Full<Bytes>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Protocol {
    Http1,
    /// With prior knowledge, without TLS.
    Http2,
}

pub enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// A request that got no whole answer.
pub struct Broken {
    pub error: hyper::Error,
    /// The head of an answer had come.
    pub answered: bool,
}

impl Broken {
    /// Whether the connection ended under the request, as a reload of nginx does to some, and any
    /// client asks again. `used`: it had brought an answer before.
    ///
    /// With HTTP/2 that happens to a new one, too: for nginx it is idle from its first moment. Its
    /// GOAWAY says that the request was not looked at.
    pub fn ended_under_it(&self, used: bool) -> bool {
        let source = std::error::Error::source(&self.error);
        let ended = match source.and_then(|source| source.downcast_ref::<h2::Error>()) {
            Some(error) if error.is_go_away() => error.reason() == Some(h2::Reason::NO_ERROR),
            // A stream that was refused is no connection that ended.
            Some(error) => used && error.is_io(),
            None => used,
        };
        ended && !self.answered
    }
}

/// Some HTTP/2 connections stay with a worker that a reload has replaced, and are served by the old
/// configuration for as long as they are in use. The controller ends a connection after so many requests
/// by default. Here the client does, so that it is not taken for what the reload did.
const REQUESTS: usize = 1_000;

impl Sender {
    pub async fn over<S>(stream: S, protocol: Protocol) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        // How a connection ends is seen by the requests on it.
        match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(async move { connection.await.ok() });
                Ok(Self::Http1(sender))
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(async move { connection.await.ok() });
                Ok(Self::Http2(sender))
            }
        }
    }

    pub async fn ask(&mut self, request: Request<Body>) -> Result<(u16, Bytes), Broken> {
        let head = match self {
            Self::Http1(sender) => sender.send_request(request).await,
            Self::Http2(sender) => sender.send_request(request).await,
        };
        let answer = head.map_err(|error| Broken { error, answered: false })?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await;
        let body = body.map_err(|error| Broken { error, answered: true })?;
        Ok((status, body.to_bytes()))
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
        }
    }
}

/// So many kept-alive connections, used in turn; one that the server closed is opened again when it
/// is wanted.
pub struct Pool {
    at: SocketAddr,
    protocol: Protocol,
    manner: Manner,
    size: usize,
    idle: Mutex<VecDeque<Kept>>,
    count: Arc<AtomicUsize>,
}

pub struct Kept {
    pub sender: Sender,
    /// It has brought an answer already.
    pub used: bool,
    /// How many were sent on it.
    sent: Arc<AtomicUsize>,
    _one: Arc<One>,
}

/// One of the connections that a pool counts.
struct One(Arc<AtomicUsize>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub fn new(at: SocketAddr, protocol: Protocol, manner: Manner) -> Self {
        let size = match protocol {
            Protocol::Http1 => 32,
            // Each carries many requests at a time.
            Protocol::Http2 => 8,
        };
        Self { at, protocol, manner, size, idle: Mutex::default(), count: Arc::default() }
    }

    pub async fn take(&self) -> Result<Kept> {
        if let Some(kept) = self.idle_one() {
            return Ok(kept);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let one = Arc::new(One(Arc::clone(&self.count)));
        let sender = self.manner.connect(self.at, self.protocol).await?;
        Ok(Kept { sender, used: false, sent: Arc::default(), _one: one })
    }

    fn idle_one(&self) -> Option<Kept> {
        let mut idle = self.idle.lock().unwrap_or_else(|broken| broken.into_inner());
        idle.retain(|kept| !kept.sender.is_closed());
        if self.count.load(Ordering::Relaxed) < self.size {
            return None;
        }
        let kept = idle.pop_front()?;
        if let Sender::Http2(sender) = &kept.sender {
            // Others may use it at the same time.
            let same = Kept {
                sender: Sender::Http2(sender.clone()),
                used: kept.used,
                sent: Arc::clone(&kept.sent),
                _one: Arc::clone(&kept._one),
            };
            if kept.sent.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                idle.push_back(same);
            }
        }
        Some(kept)
    }

    pub async fn give_back(&self, mut kept: Kept) {
        let Sender::Http1(sender) = &mut kept.sender else {
            if !kept.used {
                kept.used = true;
                self.push(kept);
            }
            return;
        };
        // An error says that the server wanted to close it after this answer.
        if sender.ready().await.is_ok() {
            kept.used = true;
            self.push(kept);
        }
    }

    fn push(&self, kept: Kept) {
        self.idle.lock().unwrap_or_else(|broken| broken.into_inner()).push_back(kept);
    }
}
