//! A port that the API server forwards to one pod, and HTTP over it.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use futures_util::future::Fuse;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;

use super::asked::{Asked, read};
use super::{Missed, tls};
use crate::cluster::Cluster;
use crate::cluster::call::chain;

/// Ends when it is dropped.
pub struct Forward {
    sender: SendRequest<Empty<Bytes>>,
    /// What the node says when it can't go on.
    trouble: Fuse<Pin<Box<dyn Future<Output = Option<String>> + Send>>>,
    forwarder: Portforwarder,
    connection: AbortHandle,
}

/// Why there is no forward.
pub enum Unopened {
    /// The pod is not there any more.
    Gone(String),
    /// By who could give one.
    Refused(String),
    Failed(String),
}

impl Forward {
    pub async fn open(
        cluster: &Cluster,
        pod: &str,
        port: u64,
        tls: bool,
    ) -> Result<Forward, Unopened> {
        let port = u16::try_from(port)
            .map_err(|_| Unopened::Refused(format!("{port} is not a port number")))?;
        let mut forwarder = forwarder(cluster, pod, port).await?;
        let taken = forwarder.take_stream(port).zip(forwarder.take_error(port));
        let (stream, trouble) = taken.expect("it was made for this port, and just now");
        let mut trouble = trouble.boxed().fuse();
        let opened = tokio::select! {
            biased;
            Some(why) = &mut trouble => Err(why),
            opened = over(stream, tls) => opened,
        };
        match opened {
            Ok((sender, connection)) => Ok(Forward { sender, trouble, forwarder, connection }),
            Err(why) => {
                forwarder.abort();
                Err(Unopened::Failed(why))
            }
        }
    }

    pub async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Asks, and tells whether it may be asked again.
    pub async fn ask(&mut self, asked: &Asked) -> Result<(http::Response<Vec<u8>>, bool), Missed> {
        let request = asked.to_the_app().map_err(|error| Missed::Unanswered(error.into()))?;
        let sender = &mut self.sender;
        let exchange = async { read(sender.send_request(request).await?).await };
        let answered = tokio::select! {
            biased;
            // Nobody listens at the port, or the node can't forward: another way may tell which.
            Some(why) = &mut self.trouble => return Err(Missed::Unopened(why)),
            answered = exchange => answered,
        };
        answered.map_err(|error| Missed::Unanswered(chain(&error).into()))
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.connection.abort();
        self.forwarder.abort();
    }
}

/// With one more try where the API server does not know who asks, as for any other request.
async fn forwarder(cluster: &Cluster, pod: &str, port: u16) -> Result<Portforwarder, Unopened> {
    let failed = |error: kube::Error| unopened(&error, pod);
    let pass = cluster.account.pass().await;
    let pass = pass.map_err(|trouble| Unopened::Failed(trouble.what))?;
    let pods = |client| Api::<Pod>::namespaced(client, &cluster.namespace);
    match pods(pass.client.clone()).portforward(pod, &[port]).await {
        Err(kube::Error::Api(status)) if status.code == 401 => {
            let Some(pass) = cluster.account.after_refusal(&pass).await else {
                return Err(failed(kube::Error::Api(status)));
            };
            let pass = pass.map_err(|trouble| Unopened::Failed(trouble.what))?;
            pods(pass.client).portforward(pod, &[port]).await.map_err(failed)
        }
        opened => opened.map_err(failed),
    }
}

fn unopened(error: &kube::Error, pod: &str) -> Unopened {
    match error {
        kube::Error::Api(status) => {
            let why = match &*status.message {
                "" => format!("the API server answered {}", status.code),
                said => said.to_owned(),
            };
            let is_about = status.details.as_ref().is_some_and(|details| details.name == pod);
            match status.code {
                404 if is_about => Unopened::Gone(why),
                // Too many requests, who asks, or what is between it and the node.
                401 | 429 | 500.. if status.code != 501 => Unopened::Failed(why),
                _ => Unopened::Refused(why),
            }
        }
        // What is between us and the API server knows no websockets.
        kube::Error::UpgradeConnection(_) => Unopened::Refused(chain(error)),
        _ => Unopened::Failed(chain(error)),
    }
}

type Connected = (SendRequest<Empty<Bytes>>, AbortHandle);

async fn over<S>(stream: S, tls: bool) -> Result<Connected, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match tls {
        true => http(tls::connect(stream).await.map_err(|error| chain(&error))?).await,
        false => http(stream).await,
    }
}

async fn http<S>(stream: S) -> Result<Connected, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| chain(&error))?;
    // What goes wrong with it is told to whoever asks.
    Ok((sender, tokio::spawn(connection).abort_handle()))
}
