use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::tests::{OK, ask, hook};
use super::*;
use crate::settings::Files;

/// Whoever signs certificates, and the file that names it.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), own.pem()).unwrap();
        Authority { issuer: Issuer::new(params, key), folder }
    }

    fn files(&self) -> Files {
        let ca: Option<PathBuf> = Some(self.folder.path().join("ca.pem"));
        Files { ca, ..Files::default() }
    }

    /// A receiver with a certificate of this authority's. It says yes to whoever talks to it, and in
    /// the end whether somebody did.
    fn receiver(&self) -> (String, JoinHandle<bool>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/hush", listener.local_addr().unwrap());
        let server = spawn(move || {
            let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            let mut told = [0; 4096];
            let heard = tls.read(&mut told).is_ok_and(|n| n > 0);
            heard && tls.write_all(OK.as_bytes()).and_then(|()| tls.flush()).is_ok()
        });
        (url, server)
    }
}

/// Nothing was asked, and nothing of the address is said.
fn is_distrusted(answer: Answer, server: JoinHandle<bool>) {
    let Answer::Broken(why) = answer else { panic!("{answer:?}") };
    assert!(why.contains("certificate") && !why.contains("hush"), "{why}");
    assert!(!server.join().unwrap());
}

#[test]
fn a_certificate_that_nobody_trusts_is_taken_only_where_that_was_asked_for() {
    let authority = Authority::new();
    let (url, server) = authority.receiver();
    is_distrusted(ask(&[hook(&url)], &[("a", "b")]), server);

    let (url, server) = authority.receiver();
    let trusting = Hook { disable_tls: true, ..hook(&url) };
    assert_eq!(ask(&[trusting], &[("a", "b")]), Answer::Pass);
    assert!(server.join().unwrap());
}

#[test]
fn a_file_of_certificates_says_which_count_and_that_they_are_checked() {
    let (authority, other) = (Authority::new(), Authority::new());
    let (url, server) = authority.receiver();
    let trusting = Hook { files: authority.files(), ..hook(&url) };
    assert_eq!(ask(&[trusting], &[("a", "b")]), Answer::Pass);
    assert!(server.join().unwrap());

    for disable_tls in [false, true] {
        let (url, server) = authority.receiver();
        let wary = Hook { files: other.files(), disable_tls, ..hook(&url) };
        is_distrusted(ask(&[wary], &[("a", "b")]), server);
    }
}
