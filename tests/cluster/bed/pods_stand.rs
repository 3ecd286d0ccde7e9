//! The stand-in of one pod: a listener on each of its ports, from its start to its end.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::{Container, Pod};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::pods_answer::{self, Identity};

/// What a pod without a declared port listens on, as the article's parrot.
const PORT: u16 = 3000;
/// The API's own default.
const GRACE: u64 = 30;
const FINISH: (&str, &str) = ("bed/on-sigterm", "finish");

#[derive(Clone, Copy, PartialEq)]
pub enum Life {
    Unready,
    Ready,
    Deleted,
}

pub struct Stand {
    address: IpAddr,
    life: watch::Sender<Life>,
    task: JoinHandle<()>,
}

impl Stand {
    pub fn start(pod: &Pod, address: IpAddr, life: Life) -> Self {
        let (life, watched) = watch::channel(life);
        let identity = Arc::new(Identity::of(pod, watched.clone()));
        let listeners = ports(pod).into_iter().filter_map(|port| {
            let at = SocketAddr::from((address, port));
            listen(at).inspect_err(|error| eprintln!("testbed: no stand-in at {at}: {error}")).ok()
        });
        let end = End::of(pod);
        let task = tokio::spawn(serve(listeners.collect(), identity, watched, end));
        Self { address, life, task }
    }

    pub fn address(&self) -> IpAddr {
        self.address
    }

    pub fn live(&self, life: Life) {
        self.life.send_if_modified(|now| {
            // Nobody comes back from a deletion.
            let changes = *now != life && *now != Life::Deleted;
            if changes {
                *now = life;
            }
            changes
        });
    }

    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Returns when its ports are free.
    pub async fn kill(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How the pod goes, once it is deleted.
struct End {
    pre_stop: Duration,
    finishes: bool,
    grace: Duration,
}

impl End {
    fn of(pod: &Pod) -> Self {
        let spec = pod.spec.as_ref();
        let grace = spec.and_then(|spec| spec.termination_grace_period_seconds);
        let grace = grace.map_or(GRACE, |seconds| seconds.max(0) as u64);
        let pre_stop =
            spec.into_iter().flat_map(|spec| &spec.containers).filter_map(pre_stop).max();
        let mut annotations = pod.metadata.annotations.iter().flatten();
        Self {
            pre_stop: Duration::from_secs(pre_stop.unwrap_or(0).min(grace)),
            finishes: annotations.any(|(key, value)| (key.as_str(), value.as_str()) == FINISH),
            grace: Duration::from_secs(grace),
        }
    }
}

/// The seconds that it sleeps: `sleep: {seconds: N}`, or a command that ends in `sleep N`.
fn pre_stop(container: &Container) -> Option<u64> {
    let hook = container.lifecycle.as_ref()?.pre_stop.as_ref()?;
    if let Some(sleep) = &hook.sleep {
        return sleep.seconds.try_into().ok();
    }
    let command = hook.exec.as_ref()?.command.as_ref()?.join(" ");
    command.rsplit_once("sleep ")?.1.trim().parse().ok()
}

fn ports(pod: &Pod) -> Vec<u16> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let declared = containers.flat_map(|container| container.ports.iter().flatten());
    let mut ports: Vec<u16> =
        declared.filter_map(|port| port.container_port.try_into().ok()).collect();
    if ports.is_empty() {
        ports.push(PORT);
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Connections of the pod that had the address before linger.
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(4096)
}

async fn serve(
    listeners: Vec<TcpListener>,
    identity: Arc<Identity>,
    mut life: watch::Receiver<Life>,
    end: End,
) {
    let (sigterm, terminated) = watch::channel(false);
    let (accepted, mut incoming) = mpsc::channel(64);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(listener, accepted.clone()));
    }
    // Dropped with the sockets in it, as a process that is killed drops its own.
    let mut open = JoinSet::new();
    let deleted = async {
        let _ = life.wait_for(|life| *life == Life::Deleted).await;
        tokio::time::sleep(end.pre_stop).await;
    };
    tokio::pin!(deleted);
    loop {
        tokio::select! {
            () = &mut deleted => break,
            Some(stream) = incoming.recv() => {
                open.spawn(speak(stream, Arc::clone(&identity), terminated.clone()));
            }
            Some(_) = open.join_next() => {}
        }
    }
    accepting.shutdown().await;
    drop(incoming);
    if end.finishes {
        let _ = sigterm.send(true);
        let finished = async { while open.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(end.grace.saturating_sub(end.pre_stop), finished).await;
    }
}

async fn accept(listener: TcpListener, accepted: mpsc::Sender<TcpStream>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        if accepted.send(stream).await.is_err() {
            return;
        }
    }
}

/// One connection to its end, the websocket that it may become included.
async fn speak(stream: TcpStream, identity: Arc<Identity>, mut sigterm: watch::Receiver<bool>) {
    let (upgrades, mut upgraded) = mpsc::unbounded_channel();
    let answer = |request| pods_answer::answer(Arc::clone(&identity), upgrades.clone(), request);
    let connection =
        http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        _ = sigterm.wait_for(|yes| *yes) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
    if let Ok(upgrade) = upgraded.try_recv() {
        pods_answer::echo(upgrade).await;
    }
}
