//! The demo, as a process of its own.

use std::fs::DirEntry;
use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::browser::HANG;

pub struct Demo {
    child: Child,
    /// Where its files are.
    folder: TempDir,
    said: watch::Receiver<String>,
}

impl Demo {
    pub async fn start(flags: &[&str]) -> Result<Demo> {
        let folder = TempDir::new()?;
        // Of a project that is none of its business.
        let project = TempDir::new()?;
        std::fs::write(project.path().join("bluegreen.yaml"), "this: [is, no settings")?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_bluegreen"));
        // Nobody listens there: what goes through a proxy is lost.
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"] {
            command.env(proxy, "http://127.0.0.1:1");
        }
        let mut child = command
            .arg("demo")
            .args(flags)
            .current_dir(project.path())
            .env("TMPDIR", folder.path())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (to, said) = watch::channel(String::new());
        tokio::spawn(read(child.stdout.take().context("piped")?, to.clone()));
        tokio::spawn(read(child.stderr.take().context("piped")?, to));
        Ok(Demo { child, folder, said })
    }

    /// Waits for a line with these words.
    pub async fn says(&self, words: &str) -> Result<String> {
        let mut said = self.said.clone();
        let line = |said: &str| said.lines().find(|line| line.contains(words)).map(str::to_owned);
        let found = timeout(HANG, said.wait_for(|said| line(said).is_some())).await;
        match found {
            Ok(Ok(said)) => line(&said).context("it was there just now"),
            _ => bail!("never said {words:?}:\n{}", self.said.borrow().as_str()),
        }
    }

    /// What it serves under this name.
    pub async fn address(&self, name: &str) -> Result<String> {
        let mut said = self.said.clone();
        let address = |said: &str| {
            said.lines().find_map(|line| {
                let (_, rest) =
                    line.trim().split_once(name).filter(|(before, _)| before.is_empty())?;
                let url = rest.split_whitespace().find(|word| word.starts_with("http://"))?;
                Some(url.to_owned())
            })
        };
        let found = timeout(HANG, said.wait_for(|said| address(said).is_some())).await;
        match found {
            Ok(Ok(said)) => address(&said).context("it was there just now"),
            _ => bail!("never said where {name} is:\n{}", self.said.borrow().as_str()),
        }
    }

    /// What it has written.
    pub fn left(&self) -> Result<Vec<DirEntry>> {
        Ok(std::fs::read_dir(self.folder.path())?.collect::<Result<_, _>>()?)
    }

    /// Ctrl-C. Its exit code, all that it has said, and where its files were.
    pub async fn interrupted(self) -> Result<(Option<i32>, String, TempDir)> {
        self.told(Signal::INT).await
    }

    pub async fn told(self, signal: Signal) -> Result<(Option<i32>, String, TempDir)> {
        let id = self.child.id().context("it is still there")?;
        let pid = Pid::from_raw(id.try_into()?).context("0 is no process")?;
        kill_process(pid, signal)?;
        self.ended().await
    }

    /// What another terminal gets, with the environment that the demo told it to have.
    pub async fn beside(&self, words: &[&str]) -> Result<Output> {
        let line = self.says("export KUBECONFIG=").await?;
        let (_, rest) = line.split_once("export KUBECONFIG=").context("it said so")?;
        let kubeconfig = rest.split_whitespace().next().unwrap_or_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bluegreen"));
        Ok(command.args(words).current_dir("/").env("KUBECONFIG", kubeconfig).output().await?)
    }

    /// When it ends by itself.
    pub async fn ends(self) -> Result<(Option<i32>, String)> {
        let (code, said, _) = self.ended().await?;
        Ok((code, said))
    }

    async fn ended(mut self) -> Result<(Option<i32>, String, TempDir)> {
        let Ok(status) = timeout(HANG, self.child.wait()).await else {
            bail!("it does not end:\n{}", self.said.borrow().as_str());
        };
        // Until both readers are done.
        while self.said.changed().await.is_ok() {}
        let said = self.said.borrow().clone();
        Ok((status?.code(), said, self.folder))
    }
}

async fn read(from: impl AsyncRead + Unpin, to: watch::Sender<String>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        to.send_modify(|said| *said += &(line + "\n"));
    }
}
