//! The side of a test server that its clients see: a port that accepts
//! connections until the test wants it to refuse them.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::background::Background;
use super::reply::{Body, BoxError};

/// For what takes a moment and is slow only on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Front {
    address: SocketAddr,
    orders: mpsc::UnboundedSender<(Order, std::sync::mpsc::Sender<()>)>,
}

#[derive(Clone, Copy)]
enum Order {
    Refuse,
    Accept,
    CloseConnections,
}

enum Port {
    Accepting(TcpListener),
    /// Bound but not listening: clients are refused, and nobody else can take
    /// the port before we want it back.
    Refusing(TcpSocket),
}

impl Front {
    /// Listens on a free port of 127.0.0.1 and runs `serve` for each connection.
    pub fn start<S, F>(background: &Background, serve: S) -> Self
    where
        S: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        listener.set_nonblocking(true).expect("a plain socket");
        let (orders, inbox) = mpsc::unbounded_channel();
        background.handle().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a listening socket");
            run(address, listener, inbox, serve).await;
        });
        Self { address, orders }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection and refuses new ones.
    pub fn refuse(&self) {
        self.order(Order::Refuse);
    }

    pub fn accept(&self) {
        self.order(Order::Accept);
    }

    pub fn close_connections(&self) {
        self.order(Order::CloseConnections);
    }

    /// Returns when it is done, so that the test's next line may rely on it.
    /// It takes microseconds: no harm where the caller is async.
    fn order(&self, order: Order) {
        let (done, finished) = std::sync::mpsc::channel();
        self.orders.send((order, done)).expect("the server outlives its test");
        finished.recv().expect("the server carries out orders");
    }
}

async fn run<S, F>(
    address: SocketAddr,
    listener: TcpListener,
    mut inbox: mpsc::UnboundedReceiver<(Order, std::sync::mpsc::Sender<()>)>,
    serve: S,
) where
    S: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut port = Port::Accepting(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = accept(&port) => {
                // Chunks must go out as they come in.
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream));
            }
            Some(_) = connections.join_next() => {}
            order = inbox.recv() => {
                let Some((order, done)) = order else { return };
                port = match (order, port) {
                    (Order::Refuse, Port::Accepting(listener)) => {
                        // The new socket needs the port, so the listener goes first.
                        drop(listener);
                        Port::Refusing(bind_again(address).await)
                    }
                    (Order::Accept, Port::Refusing(socket)) => {
                        Port::Accepting(socket.listen(128).expect("a bound socket"))
                    }
                    (_, port) => port,
                };
                if !matches!(order, Order::Accept) {
                    connections.shutdown().await;
                }
                let _ = done.send(());
            }
        }
    }
}

async fn accept(port: &Port) -> TcpStream {
    match port {
        // An error here is a client that is gone already: the next one, please.
        Port::Accepting(listener) => loop {
            if let Ok((stream, _)) = listener.accept().await {
                return stream;
            }
        },
        Port::Refusing(_) => std::future::pending().await,
    }
}

/// The port that we just had. A child process that is about to be started has a copy of the listener
/// until it begins with its program.
async fn bind_again(address: SocketAddr) -> TcpSocket {
    let end = Instant::now() + PATIENCE;
    loop {
        match bind(address) {
            Ok(socket) => return socket,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Err(error) => panic!("cannot have {address} again: {error}"),
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that were just closed linger on this port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Speaks HTTP/1.1 on a connection. An error of `answer` closes it without a
/// reply; a client that goes away ends `answer` where it waits.
pub async fn speak_http<S, A, F>(stream: S, answer: A)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Body>, BoxError>>,
{
    // Errors are what tests ask for, and the journal has what was asked.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades()
        .await;
}
