//! The API on a TCP port, for whoever is outside of the process: this binary again, and kubectl.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use http_body_util::{BodyDataStream, BodyExt, StreamBody};
use hyper::body::{Body, Frame};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::Service;

use super::service::{Api, ReplyBody};

/// So long those that are being answered may take at the end.
const GRACE: Duration = Duration::from_secs(1);

/// Answers until `end`: then watches end, what is being answered is, and nothing more is taken. Fails
/// if the port does.
pub async fn serve(
    api: Api,
    listener: TcpListener,
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    let ending = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let mut end = pin!(end);
    loop {
        select! {
            () = &mut end => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(api.clone(), stream, ending.subscribe()));
                }
                // It was gone again before it was looked at.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    ending.send_replace(true);
    // Whoever is not done by then is cut off, as the set is dropped.
    let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

async fn converse(api: Api, stream: TcpStream, ending: watch::Receiver<bool>) {
    // An event of a watch is not held back until there are more of them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let (mut api, ending) = (api.clone(), ending.clone());
        async move { api.call(request).await.map(|reply| reply.map(|body| until(body, ending))) }
    });
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // What goes wrong with a connection is known to whoever made it: a fault, or that they left.
    select! {
        _ = &mut connection => return,
        () = told(ending.clone()) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn told(mut ending: watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

/// A body without an end of its own ends when the server does.
fn until(body: ReplyBody, ending: watch::Receiver<bool>) -> ReplyBody {
    if body.size_hint().exact().is_some() {
        return body;
    }
    let frames = BodyDataStream::new(body).map(|data| data.map(Frame::data));
    StreamBody::new(frames.take_until(Box::pin(told(ending)))).boxed_unsync()
}

/// The kubeconfig of whoever is to talk to it. There is no credential in it: none is asked for.
pub fn kubeconfig(address: SocketAddr, namespace: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Config
clusters:
- name: sandbox
  cluster:
    server: http://{address}
users:
- name: sandbox
  user: {{}}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: sandbox
    namespace: {namespace:?}
current-context: sandbox
"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;
    use crate::Store;

    async fn read_until(stream: &mut TcpStream, text: &str) -> String {
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(text) {
            assert!(stream.read_buf(&mut said).await.unwrap() > 0, "it ended without {text:?}");
        }
        String::from_utf8(said).unwrap()
    }

    // Not in paused time, which would not wait for a socket.
    #[tokio::test]
    async fn a_watch_is_told_at_once_and_ends_with_the_server() {
        let store = Store::new(1, "2026-01-01T00:00:00Z".parse().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let server = serve(Api::new(&store), listener, async { drop(ended.await) });
        let server = tokio::spawn(server);

        let mut watch = TcpStream::connect(address).await.unwrap();
        watch
            .write_all(b"GET /api/v1/namespaces?watch=true HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        let head = read_until(&mut watch, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("date: Thu, 01 Jan 2026 00:"), "{head}");
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        store.add(namespace);
        read_until(&mut watch, "}\n\r\n").await;

        // Another is answered in the meantime.
        let mut list = TcpStream::connect(address).await.unwrap();
        list.write_all(b"GET /api/v1/namespaces HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        read_until(&mut list, "NamespaceList").await;

        drop(end);
        // The last chunk: it ended, and was not cut.
        read_until(&mut watch, "0\r\n\r\n").await;
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
