//! How long an HTTP/2 connection goes on being served by the worker of nginx that took it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use http_body_util::Full;
use hyper::Request;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::connection::{Protocol, Sender};

/// One connection, and what is asked on it: the next as soon as the answer is there, or after a gap.
#[derive(Clone)]
pub struct Asking {
    pub at: SocketAddr,
    pub host: String,
    pub path: &'static str,
    pub gap: Duration,
}

impl Asking {
    /// A connection on which nothing is said yet.
    pub async fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(self.at).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Until something else than `version` answers, or the connection ends: when it answered last, if
    /// it did.
    pub async fn last_of(self, on: TcpStream, version: &str) -> Result<Option<Instant>> {
        let mut sender = Sender::over(on, Protocol::Http2).await?;
        let mut last = None;
        loop {
            let uri = format!("http://{}{}", self.host, self.path);
            let asked = sender.ask(Request::get(uri).body(Full::default())?).await;
            let of = |body: &[u8]| String::from_utf8_lossy(body).starts_with(version);
            match asked {
                Ok((200, body)) if of(&body) => last = Some(Instant::now()),
                _ => return Ok(last),
            }
            sleep(self.gap).await;
        }
    }
}
