//! TLS to a pod, whose certificate nobody can check: it has no name that a certificate could bear.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Takes any certificate: nothing secret is sent, and whose it is tells nothing of versions.
#[derive(Debug)]
struct Any(CryptoProvider);

pub async fn connect<S>(stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = ClientConfig::builder().dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(Any(ring::default_provider())));
    // An address is not sent: as ingress-nginx and the Service proxy, it names no host.
    let nobody = ServerName::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
    TlsConnector::from(Arc::new(config.with_no_client_auth())).connect(nobody, stream).await
}

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::ServerConfig;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    #[tokio::test]
    async fn takes_the_certificate_of_whoever_answers_and_names_no_host() {
        let _ = ring::default_provider().install_default();
        let cert = rcgen::generate_simple_self_signed(["someone.else".to_owned()]).unwrap();
        let key = cert.signing_key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![cert.cert.der().clone()], key).unwrap();
        let (ours, its) = duplex(4096);
        let pod = tokio::spawn(async move {
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(its).await.unwrap();
            assert_eq!(stream.get_ref().1.server_name(), None);
            stream.write_all(b"v1").await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut said = String::new();
        connect(ours).await.unwrap().read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "v1");
        pod.await.unwrap();
    }
}
