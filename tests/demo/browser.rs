//! Headless Chromium, driven by its own driver.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// No test asserts that anything is faster: this is how long a hang is waited for.
pub const HANG: Duration = Duration::from_secs(90);

pub struct Browser {
    pub page: Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    pub async fn open() -> Result<Browser> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver can't be started: install chromium and chromium-driver")?;
        let stdout = driver.stdout.take().context("its stdout is piped")?;
        let mut lines = BufReader::new(stdout).lines();
        let port = timeout(HANG, async {
            while let Some(line) = lines.next_line().await? {
                let number = line
                    .split_once("on port ")
                    .and_then(|(_, rest)| rest.trim_end_matches('.').parse::<u16>().ok());
                if let Some(port) = number.filter(|port| *port != 0) {
                    return Ok(port);
                }
            }
            bail!("chromedriver did not say its port")
        })
        .await??;
        // It goes on to write; a pipe that nobody reads would end it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = TempDir::new()?;
        let options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", "--window-size=960,720",
            format!("--user-data-dir={}", profile.path().display()),
        ]});
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Browser { page, _driver: driver, _profile: profile })
    }

    pub async fn ask(&self, script: &str) -> Result<Value> {
        Ok(self.page.execute(script, Vec::new()).await?)
    }

    /// Waits until a script says true.
    pub async fn wait(&self, what: &str, script: &str) -> Result<()> {
        let holds = async {
            loop {
                let said = self.ask(script).await?;
                if !matches!(said, Value::Null | Value::Bool(false)) {
                    return anyhow::Ok(());
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        match timeout(HANG, holds).await {
            Ok(held) => held,
            Err(_) => bail!("{what} was never there: {}", self.page.source().await?),
        }
    }

    /// Waits for a version's page.
    pub async fn shows(&self, version: &str, colour: &str) -> Result<()> {
        let script = format!(
            "return document.body.dataset.version === '{version}' \
             && document.body.dataset.colour === '{colour}'"
        );
        self.wait(version, &script).await
    }

    pub async fn keep(&self, name: &str) -> Result<()> {
        crate::keep(name, &self.page.screenshot().await?)
    }

    pub async fn close(self) -> Result<()> {
        Ok(self.page.close().await?)
    }
}
