//! A gate that answers by the byte, whatever it is asked.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::row::Gate;

/// Its address, whether anybody is there or not.
pub async fn opened(gate: Option<&Gate>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let Some(gate) = gate.cloned() else { return Ok(format!("http://{address}")) };
    let acceptor = gate.tls.then(acceptor).transpose()?;
    let scheme = if gate.tls { "https" } else { "http" };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (gate, acceptor) = (gate.clone(), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            answer(stream, &gate).await;
                        }
                    }
                    None => answer(stream, &gate).await,
                }
            });
        }
    });
    Ok(format!("{scheme}://{address}"))
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, gate: &Gate) {
    let mut asked = Vec::new();
    // Whoever begins to speak TLS waits for an answer to that.
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") && !asked.starts_with(&[0x16]) {
        if !matches!(stream.read_buf(&mut asked).await, Ok(1..)) {
            return;
        }
    }
    if stream.write_all(&gate.says.bytes()).await.is_err() {
        return;
    }
    match &gate.then {
        None => {
            let _ = stream.shutdown().await;
        }
        Some(then) => {
            let then = then.bytes();
            while stream.write_all(&then).await.is_ok() {
                sleep(Duration::from_millis(gate.pause_ms)).await;
            }
        }
    }
}

/// With a certificate that nobody has signed.
fn acceptor() -> Result<TlsAcceptor> {
    let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let key =
        PrivateKeyDer::try_from(pair.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.into()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
