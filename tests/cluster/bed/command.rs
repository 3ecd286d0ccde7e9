//! The binary under test, run so that nothing of the developer's own settings reaches it.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::wait::wait_for;
use super::{Bed, User};
use crate::schema;

/// Past this a command counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_bluegreen"))
}

#[derive(Clone, Debug)]
pub struct Output {
    /// None when a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Output {
    /// The output, if the exit code is the one expected; else an error that shows everything.
    pub fn expect_code(self, code: i32) -> Result<Self> {
        if self.code == Some(code) {
            return Ok(self);
        }
        bail!(
            "exit {:?} (signal {:?}) where {code} was expected\n--- stdout\n{}\n--- stderr\n{}",
            self.code,
            self.signal,
            self.stdout,
            self.stderr
        )
    }

    /// The events of a run with `-o json`.
    pub fn events(&self) -> Result<Vec<Value>> {
        schema::events(&self.stdout).map_err(Error::msg)
    }
}

/// What an output has to be.
type Form = fn(&str) -> Result<(), String>;

/// The form of a command line's output, where that asks for JSON in any of the ways to say so.
fn form(args: &[&str]) -> Option<Form> {
    let apart = args.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]));
    let joined = ["-ojson", "-o=json", "--output=json"];
    (apart || args.iter().any(|arg| joined.contains(arg))).then_some(match args.first() {
        Some(&"status") if args.iter().any(|arg| matches!(*arg, "-w" | "--watch")) => {
            schema::pictures
        }
        Some(&"status") => |text| schema::status(text).map(drop),
        Some(&"check") => |text| schema::check(text).map(drop),
        Some(&"history") => |text| schema::history(text).map(drop),
        _ => |text| schema::events(text).map(drop),
    })
}

impl Bed {
    /// Runs `bluegreen ARGS -n NAMESPACE` to its end.
    pub async fn run(&self, user: &User, namespace: &str, args: &[&str]) -> Result<Output> {
        self.spawn(user, namespace, args)?.wait().await
    }

    pub fn spawn(&self, user: &User, namespace: &str, args: &[&str]) -> Result<Running> {
        self.spawn_with(user, namespace, args, &[])
    }

    /// The same with environment variables.
    pub fn spawn_with(
        &self,
        user: &User,
        namespace: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Running> {
        let mut child = Command::new(binary())
            .args(args)
            .args(["-n", namespace])
            .env_clear()
            .env("HOME", &user.home)
            .env("KUBECONFIG", &user.kubeconfig)
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(env.iter().copied())
            .current_dir(&user.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary().display()))?;
        let stdout = Stream::collect(child.stdout.take().context("stdout is taken")?);
        let stderr = Stream::collect(child.stderr.take().context("stderr is taken")?);
        let what = format!("bluegreen {}", args.join(" "));
        let form = form(args);
        Ok(Running { what, form, child, stdout, stderr, started: Instant::now() })
    }
}

/// A command under way; killed when it is dropped.
pub struct Running {
    what: String,
    form: Option<Form>,
    child: Child,
    stdout: Stream,
    stderr: Stream,
    started: Instant,
}

impl Running {
    /// None once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it printed up to now.
    pub fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    pub fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// `Signal::STOP`, `CONT`, `INT`, `TERM`, …
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id as i32));
        let pid = pid.with_context(|| format!("{} has ended already", self.what))?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.what))
    }

    /// Waits until either stream holds `text`; fails when it ends without.
    pub async fn says(&mut self, text: &str) -> Result<()> {
        let seen = wait_for(&format!("{} to say {text:?}", self.what), PATIENCE, async || {
            // The end is looked at first: what is said before it counts.
            let ended =
                self.child.try_wait()?.is_some() && self.stdout.ended() && self.stderr.ended();
            let said = self.stdout.so_far().contains(text) || self.stderr.so_far().contains(text);
            Ok((said || ended).then_some(said))
        })
        .await;
        match seen {
            Ok(true) => Ok(()),
            Ok(false) => bail!("{} ended without {text:?}\n{}", self.what, self.all()),
            Err(error) => Err(error.context(self.all())),
        }
    }

    /// Its end, by itself. One that hangs is killed, and that is an error.
    pub async fn wait(self) -> Result<Output> {
        self.wait_at_most(PATIENCE).await
    }

    pub async fn wait_at_most(mut self, patience: Duration) -> Result<Output> {
        let Ok(status) = tokio::time::timeout(patience, self.child.wait()).await else {
            let _ = self.child.kill().await;
            bail!("{} did not end within {patience:?}\n{}", self.what, self.all());
        };
        let status = status.with_context(|| format!("{} was lost", self.what))?;
        let took = self.started.elapsed();
        let output = Output {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.finish().await,
            stderr: self.stderr.finish().await,
            took,
        };
        // A process that was killed may leave half a line.
        let whole = output.stdout.rfind('\n').map_or(0, |end| end + 1);
        let end = if output.signal.is_some() { whole } else { output.stdout.len() };
        if let Some(form) = self.form
            && end > 0
        {
            let wrong = |why| Error::msg(format!("{} prints {why}", self.what));
            form(&output.stdout[..end]).map_err(wrong)?;
        }
        Ok(output)
    }

    /// `kill -9`, and what it had printed.
    pub async fn kill(mut self) -> Result<Output> {
        self.child.start_kill().with_context(|| format!("cannot kill {}", self.what))?;
        self.wait().await
    }

    fn all(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}", self.stdout(), self.stderr())
    }
}

struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn collect(mut from: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        let reader = tokio::spawn(async move {
            let mut chunk = [0u8; 4096];
            while let Ok(n @ 1..) = from.read(&mut chunk).await {
                sink.lock().unwrap_or_else(|e| e.into_inner()).extend_from_slice(&chunk[..n]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(|e| e.into_inner())).into_owned()
    }

    fn ended(&self) -> bool {
        self.reader.is_finished()
    }

    async fn finish(mut self) -> String {
        let _ = (&mut self.reader).await;
        self.so_far()
    }
}
