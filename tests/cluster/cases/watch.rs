//! `status -w`: what becomes of the app, seen by watching.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::parrot::Parrot;
use crate::bed::Bed;
use crate::bed::command::{Signal, binary};

pub fn trials() -> Vec<Trial> {
    crate::cases![follows_the_live_versions_size, ends_with_its_reader]
}

/// Longer than any change takes to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

async fn scale(app: &Parrot, replicas: &str) -> Result<()> {
    let replicas = format!("--replicas={replicas}");
    app.bed.kubectl(&["scale", "deployment", "parrot", &replicas, "-n", &app.ns]).await?;
    Ok(())
}

async fn follows_the_live_versions_size(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let mut watch = app.spawn(&["status", "parrot", "--watch"])?;
    watch.says("parrot-app:v1.2, 1 of 1 ready").await?;
    scale(&app, "2").await?;
    watch.says("2 of 2 ready").await?;
    scale(&app, "0").await?;
    watch.says("not healthy: Deployment parrot is scaled to 0").await?;
    watch.signal(Signal::TERM)?;
    let output = watch.wait().await?.expect_code(0)?;
    ensure!(output.stderr.is_empty(), "{output:?}");
    Ok(())
}

/// As in `status -w | head -1`.
async fn ends_with_its_reader(bed: Arc<Bed>) -> Result<()> {
    for form in ["human", "json"] {
        let app = Parrot::ready(&bed).await?;
        let mut watch = Command::new(binary())
            .args(["status", "parrot", "-w", "-o", form, "-n", &app.ns])
            .env_clear()
            .env("HOME", &app.user.home)
            .env("KUBECONFIG", &app.user.kubeconfig)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(watch.stdout.take().context("no output")?).lines();
        timeout(PATIENCE, lines.next_line()).await??.context("it shows nothing")?;
        drop(lines);
        scale(&app, "2").await?;
        let output = timeout(PATIENCE, watch.wait_with_output()).await;
        let output = output.with_context(|| format!("-o {form}: it goes on unread"))??;
        ensure!(output.status.success() && output.stderr.is_empty(), "-o {form}: {output:?}");
    }
    Ok(())
}
