//! Connections from the proxy to the API server.

use std::sync::Arc;

use http_body_util::Full;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::reply::BoxError;

pub type Sender = SendRequest<Full<Bytes>>;

pub struct Upstream {
    address: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Upstream {
    pub fn new(url: &str, ca_pem: &[u8]) -> Self {
        let uri: Uri = url.parse().expect("the upstream's URL");
        let host = uri.host().expect("a host in the upstream's URL");
        let port = uri.port_u16().expect("a port in the upstream's URL");
        let tls = (uri.scheme_str() == Some("https")).then(|| {
            let name = ServerName::try_from(host.to_owned()).expect("a host that TLS can check");
            (connector(ca_pem), name)
        });
        Self { address: format!("{host}:{port}"), tls }
    }

    pub async fn connect(&self) -> Result<Sender, BoxError> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                handshake(stream).await
            }
            None => handshake(stream).await,
        }
    }
}

async fn handshake<S>(stream: S) -> Result<Sender, BoxError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends by itself when the sender and the last reply's body are dropped.
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}

/// No protocol is offered by ALPN, so the API server speaks HTTP/1.1, and one
/// of our connections is to it what the client's is to us.
fn connector(ca_pem: &[u8]) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        let certificate = certificate.expect("PEM certificates of the cluster's CA");
        roots.add(certificate).expect("a CA certificate");
    }
    assert!(!roots.is_empty(), "no certificate in the CA's PEM");
    // Named, not the process's default: a test may have installed another.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
