//! `make cluster`: a control plane that stays, for a person's own kubectl, and an ingress controller
//! for their curl.
//!
//! Two processes. `outside` runs on the host: it owns two ports of the loopback, starts `inside`
//! through `tests/cluster/enter`, and hands each connection to a socket in the file system, which
//! both sides see. `inside` runs in the namespaces: it starts everything and hands what comes in by
//! the sockets to the API server and to nginx. Neither looks at the bytes: TLS goes through.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::binaries::Binaries;
use super::ingress::{Ingress, Scope};
use super::kubeconfig::{self, Endpoint};
use super::{nginx, start, tokens};

pub const OUTSIDE: &str = "up-outside";
pub const INSIDE: &str = "up-inside";

const API_SOCKET: &str = "api.sock";
const HTTP_SOCKET: &str = "http.sock";
/// Has the address of the ingress controller, as a person reaches it; only where there is one.
const HTTP: &str = "http";
/// Written last: it says that all is up.
const KUBECONFIG: &str = "kubeconfig";

pub async fn outside(state: &Path) -> Result<()> {
    let api = TcpListener::bind("127.0.0.1:0").await.context("no port on the loopback")?;
    let http = TcpListener::bind("127.0.0.1:0").await.context("no port on the loopback")?;
    let mut ended = signal(SignalKind::terminate())?;
    let enter = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/enter");
    // Should this process be killed, the control plane must not stay behind.
    let mut inside = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--", enter])
        .arg(std::env::current_exe()?)
        .arg(INSIDE)
        .arg(state)
        .arg(api.local_addr()?.port().to_string())
        .arg(http.local_addr()?.port().to_string())
        .spawn()
        .context("cannot run tests/cluster/enter")?;
    loop {
        let (connection, socket) = tokio::select! {
            connection = api.accept() => (connection?.0, state.join(API_SOCKET)),
            connection = http.accept() => (connection?.0, state.join(HTTP_SOCKET)),
            status = inside.wait() => bail!("the control plane ended: {}", status?),
            _ = ended.recv() => break,
        };
        tokio::spawn(async move { relay(connection, UnixStream::connect(socket).await).await });
    }
    let pid = inside.id().and_then(|id| rustix::process::Pid::from_raw(id as i32));
    if let Some(pid) = pid {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    }
    inside.wait().await?;
    Ok(())
}

pub async fn inside(state: &Path, ports: [u16; 2], binaries: &Binaries) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("bluegreen-up-").tempdir()?;
    let (mut plane, bed) = start::start(folder.path(), binaries).await?;
    let api = listen(&state.join(API_SOCKET))?;
    let server: SocketAddr = plane.server.trim_start_matches("https://").parse()?;
    // Without it, all but requests to the app still works; tests/cluster/up has said why.
    let mut ingress = None;
    if std::env::var_os(nginx::FOLDER).is_some() {
        ingress = Some(bed.ingress_for(Scope::All, 1).await?);
        std::fs::write(state.join(HTTP), format!("127.0.0.1:{}\n", ports[1]))?;
    }
    let http = listen(&state.join(HTTP_SOCKET))?;
    announce(state, ports[0], &plane)?;

    let mut alive = tokio::time::interval(Duration::from_secs(1));
    loop {
        let (connection, target) = tokio::select! {
            connection = api.accept() => (connection?.0, Some(server)),
            connection = http.accept() => (connection?.0, ingress.as_ref().map(Ingress::http1)),
            _ = alive.tick() => {
                plane.check()?;
                ingress.as_mut().map_or(Ok(()), Ingress::check)?;
                continue;
            }
        };
        if let Some(target) = target {
            tokio::spawn(async move { relay(connection, TcpStream::connect(target).await).await });
        }
    }
}

fn listen(socket: &Path) -> Result<UnixListener> {
    UnixListener::bind(socket).with_context(|| format!("cannot listen on {}", socket.display()))
}

fn announce(state: &Path, port: u16, plane: &super::controlplane::ControlPlane) -> Result<()> {
    let ca = state.join("ca.crt");
    std::fs::write(&ca, &plane.certs.ca_pem)?;
    let fresh = state.join(".kubeconfig.new");
    let server = format!("https://127.0.0.1:{port}");
    let at = Endpoint { server: &server, ca: Some(&ca) };
    kubeconfig::write(&fresh, &at, tokens::BED, &plane.tokens.of(tokens::BED))?;
    std::fs::rename(&fresh, state.join(KUBECONFIG)).context("cannot write the kubeconfig")
}

async fn relay<A, B>(mut from: A, to: std::io::Result<B>)
where
    A: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    B: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    // Either end may hang up at any time; a client sees that for itself.
    if let Ok(mut to) = to {
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}

/// True if the arguments were for one of the two.
pub fn dispatch(arguments: &[String]) -> Result<bool> {
    let Some((mode @ (OUTSIDE | INSIDE), rest)) =
        arguments.split_first().map(|(mode, rest)| (mode.as_str(), rest))
    else {
        return Ok(false);
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    ensure!(!rest.is_empty(), "{mode} needs a folder");
    let state = Path::new(&rest[0]);
    if mode == OUTSIDE {
        runtime.block_on(outside(state))?;
    } else {
        let port = |n: usize| rest.get(n).context("no port")?.parse().context("no port");
        let binaries = Binaries::from_env().context("BLUEGREEN_TESTBED is not set")?;
        runtime.block_on(inside(state, [port(1)?, port(2)?], &binaries))?;
    }
    Ok(true)
}
