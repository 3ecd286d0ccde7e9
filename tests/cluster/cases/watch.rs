//! `status -w`: what becomes of the app, seen by watching.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::parrot::Parrot;
use crate::bed::Bed;
use crate::bed::command::Signal;

pub fn trials() -> Vec<Trial> {
    crate::cases![follows_the_live_versions_size]
}

async fn follows_the_live_versions_size(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let mut watch = app.spawn(&["status", "parrot", "--watch"])?;
    watch.says("parrot-app:v1.2, 1 of 1 ready").await?;
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=2", "-n", &app.ns]).await?;
    watch.says("2 of 2 ready").await?;
    bed.kubectl(&["scale", "deployment", "parrot", "--replicas=0", "-n", &app.ns]).await?;
    watch.says("not healthy: Deployment parrot is scaled to 0").await?;
    watch.signal(Signal::TERM)?;
    let output = watch.wait().await?.expect_code(0)?;
    ensure!(output.stderr.is_empty(), "{output:?}");
    Ok(())
}
