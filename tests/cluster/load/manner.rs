//! How requests are made, beyond where to.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connection::{Protocol, Sender};

#[derive(Clone, Default)]
pub struct Manner {
    pub headers: Vec<(&'static str, String)>,
    pub tls: Option<Tls>,
}

/// HTTP/1.1 over TLS, with the host's name in its first message.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    /// Trusts this certificate and no other.
    pub fn trusting(certificate_pem: &str, host: &str) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(certificate_pem.as_bytes())?)?;
        let config =
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let host = ServerName::try_from(host.to_owned()).context("no name for TLS")?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), host })
    }
}

impl Manner {
    pub async fn connect(&self, at: SocketAddr, protocol: Protocol) -> Result<Sender> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Sender::over(stream, protocol).await,
            Some(Tls { connector, host }) => {
                let stream = connector.connect(host.clone(), stream).await?;
                Sender::over(stream, protocol).await
            }
        }
    }
}
