//! `make cluster`: a control plane that stays, for a person's own kubectl.
//!
//! Two processes. `outside` runs on the host: it owns a port of the loopback, starts `inside`
//! through `tests/cluster/enter`, and hands each connection to a socket in the file system, which
//! both sides see. `inside` runs in the namespaces: it starts the control plane and hands what
//! comes in by the socket to the API server. Neither looks at the bytes: TLS goes through.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::binaries::Binaries;
use super::kubeconfig::{self, Endpoint};
use super::{start, tokens};

pub const OUTSIDE: &str = "up-outside";
pub const INSIDE: &str = "up-inside";

const SOCKET: &str = "api.sock";
/// Written last: it says that all is up.
const KUBECONFIG: &str = "kubeconfig";

pub async fn outside(state: &Path) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on the loopback")?;
    let port = listener.local_addr()?.port();
    let mut ended = signal(SignalKind::terminate())?;
    let enter = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/enter");
    // Should this process be killed, the control plane must not stay behind.
    let mut inside = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--", enter])
        .arg(std::env::current_exe()?)
        .arg(INSIDE)
        .arg(state)
        .arg(port.to_string())
        .spawn()
        .context("cannot run tests/cluster/enter")?;
    let socket = state.join(SOCKET);
    loop {
        tokio::select! {
            connection = listener.accept() => {
                let (connection, _) = connection?;
                let socket = socket.clone();
                tokio::spawn(async move { relay(connection, UnixStream::connect(socket).await).await });
            }
            status = inside.wait() => bail!("the control plane ended: {}", status?),
            _ = ended.recv() => break,
        }
    }
    let pid = inside.id().and_then(|id| rustix::process::Pid::from_raw(id as i32));
    if let Some(pid) = pid {
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    }
    inside.wait().await?;
    Ok(())
}

pub async fn inside(state: &Path, port: u16, binaries: &Binaries) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("bluegreen-up-").tempdir()?;
    let (mut plane, _bed) = start::start(folder.path(), binaries).await?;
    let socket = state.join(SOCKET);
    let listener = UnixListener::bind(&socket)
        .with_context(|| format!("cannot listen on {}", socket.display()))?;
    let target = plane.server.trim_start_matches("https://").to_owned();
    announce(state, port, &plane)?;

    let mut alive = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            connection = listener.accept() => {
                let (connection, _) = connection?;
                let target = target.clone();
                tokio::spawn(async move { relay(connection, TcpStream::connect(target).await).await });
            }
            _ = alive.tick() => plane.check()?,
        }
    }
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
        let port = rest.get(1).context("no port")?.parse().context("no port")?;
        let binaries = Binaries::from_env().context("BLUEGREEN_TESTBED is not set")?;
        runtime.block_on(inside(state, port, &binaries))?;
    }
    Ok(true)
}
