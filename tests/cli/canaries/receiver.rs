//! A webhook with a certificate of its own authority's, which writes down what it is sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub struct Receiver {
    pub address: SocketAddr,
    /// Of the authority, as PEM.
    pub ca: String,
    told: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    /// Says the same to everybody; nothing at all if that is empty.
    pub fn start(answer: &'static str) -> Receiver {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap().pem();
        let config = Arc::new(config(&Issuer::new(params, key)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let tells = Arc::clone(&told);
        // It ends with the process.
        spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let tells = Arc::clone(&tells);
                spawn(move || {
                    let stream = StreamOwned::new(connection, stream?);
                    converse(stream, answer, &tells)
                });
            }
        });
        Receiver { address, ca, told }
    }

    /// The requests, whole.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

fn config(issuer: &Issuer<'_, KeyPair>) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    config.with_single_cert(vec![certificate.der().clone()], private).unwrap()
}

/// A request is over with the braces that close its body.
fn converse(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    answer: &str,
    tells: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut request = String::new();
    let mut part = [0; 4096];
    while !(request.contains("\r\n\r\n") && request.ends_with("}}")) {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            n => request += &String::from_utf8_lossy(&part[..n]),
        }
    }
    tells.lock().unwrap().push(request);
    match answer {
        "" => stream.read(&mut part).map(drop),
        _ => stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()),
    }
}
