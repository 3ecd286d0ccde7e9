//! For tests: something that answers HTTP on loopback, one request a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// What is answered; none: the connection stays open and silent.
type Says = Option<String>;

/// Ends when it is dropped.
pub struct StandIn {
    pub address: SocketAddr,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl StandIn {
    pub async fn http(says: &str) -> StandIn {
        StandIn::start(says, None).await
    }

    pub async fn https(says: &str) -> StandIn {
        StandIn::start(says, Some(acceptor())).await
    }

    async fn start(says: &str, tls: Option<TlsAcceptor>) -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let says = Arc::new(Mutex::new(Some(says.to_owned())));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, heard) = (Arc::clone(&says), Arc::clone(&asked));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, heard, tls) = (Arc::clone(&answer), Arc::clone(&heard), tls.clone());
                tokio::spawn(async move { connection(stream, tls, &answer, &heard).await });
            }
        });
        StandIn { address, says, asked, server }
    }

    /// From now on.
    pub fn say(&self, says: &str) {
        *self.says.lock().unwrap() = Some(says.to_owned());
    }

    pub fn hang(&self) {
        *self.says.lock().unwrap() = None;
    }

    /// The requests until now, each with the server name that a TLS connection was opened with.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    says: &Mutex<Says>,
    asked: &Mutex<Vec<String>>,
) {
    let Some(tls) = tls else { return exchange(stream, "", says, asked).await };
    let stream = tls.accept(stream).await.unwrap();
    let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
    exchange(stream, &name, says, asked).await;
}

/// The first request of a connection is answered, no other.
async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    name: &str,
    says: &Mutex<Says>,
    asked: &Mutex<Vec<String>>,
) {
    let mut request = format!("{name}\n");
    let mut part = [0; 4096];
    while !request.ends_with("\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(n) => request += std::str::from_utf8(&part[..n]).unwrap(),
        }
    }
    asked.lock().unwrap().push(request);
    let answer = says.lock().unwrap().clone();
    if let Some(answer) = &answer {
        let _ = stream.write_all(answer.as_bytes()).await;
    }
    if answer.is_some_and(|answer| answer.is_empty() || answer.contains("Connection: close")) {
        let _ = stream.shutdown().await;
    }
    // Until the other side gives up; what it asks for again gets no answer.
    while stream.read(&mut part).await.is_ok_and(|n| n > 0) {}
}

fn acceptor() -> TlsAcceptor {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cert = rcgen::generate_simple_self_signed(["someone.else".to_owned()]).unwrap();
    let key = cert.signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![cert.cert.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// An answer of one line.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub const AWAY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
