//! A client with one connection, which notices everything: no pool, no retry.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::SOON;

pub struct Client(SendRequest<Full<Bytes>>);

impl Client {
    pub async fn to(url: &str) -> std::io::Result<Self> {
        let address = url.trim_start_matches("http://").split('/').next();
        let stream = TcpStream::connect(address.expect("a host")).await?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(connection.with_upgrades());
        Ok(Self(sender))
    }

    pub async fn send(
        &mut self,
        request: &str,
        body: &'static str,
    ) -> hyper::Result<Response<Incoming>> {
        let (method, path) = request.split_once(' ').expect("METHOD PATH");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "cluster")
            .header("authorization", "Bearer secret-token")
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .expect("a request");
        self.0.ready().await?;
        in_time(self.0.send_request(request)).await
    }

    pub async fn upgrade(&mut self, path: &str) -> hyper::Result<Response<Incoming>> {
        let request = Request::builder()
            .uri(path)
            .header("connection", "Upgrade")
            .header("upgrade", "echo")
            .body(Full::default())
            .expect("a request");
        in_time(self.0.send_request(request)).await
    }
}

/// A test that breaks should fail, not hang.
async fn in_time<F: Future>(answer: F) -> F::Output {
    timeout(SOON, answer).await.expect("an answer in time")
}

pub async fn text(response: Response<Incoming>) -> hyper::Result<String> {
    let bytes = in_time(response.into_body().collect()).await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The next chunk of a reply; `None` at its proper end.
pub async fn chunk(body: &mut Incoming) -> Option<hyper::Result<String>> {
    let frame = in_time(body.frame()).await?;
    Some(frame.map(|frame| {
        let data = frame.into_data().unwrap_or_default();
        String::from_utf8_lossy(&data).into_owned()
    }))
}
