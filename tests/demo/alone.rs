//! The demo without a browser: what it prints, how it ends, what it leaves.

use anyhow::{Result, ensure};

use crate::demo::Demo;

/// What `--yes` is for: the README's first command, checked in CI.
#[tokio::test(flavor = "multi_thread")]
async fn yes_runs_through_by_itself() -> Result<()> {
    let (code, said) = Demo::start(&["--yes"]).await?.ends().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains("parrot: release 1 is live: kmharish/parrot-app:v2.2"), "{said}");
    ensure!(said.contains("confirmed through the ingress"), "{said}");
    ensure!(summary(&said).ends_with(" 0 failed"), "{said}");
    ensure!(
        summary(&said).contains(" by v1.2, ") && summary(&said).contains(" by v2.2)"),
        "{said}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_crashes_is_seen_by_nobody() -> Result<()> {
    let (code, said) = Demo::start(&["--fault", "crash"]).await?.ends().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains("CrashLoopBackOff") && said.contains("exit code 4"), "{said}");
    ensure!(!summary(&said).contains("v2.2") && summary(&said).ends_with(" 0 failed"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_refuses_destroys_the_candidate() -> Result<()> {
    let (code, said) = Demo::start(&["--fault", "reject"]).await?.ends().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains("410 Gone") && said.contains("exit code 3"), "{said}");
    ensure!(!summary(&said).contains("v2.2") && summary(&said).ends_with(" 0 failed"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_driver_is_taken_over() -> Result<()> {
    let (code, said) = Demo::start(&["--fault", "hang"]).await?.ends().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains("took over") && said.contains("release 1 is live"), "{said}");
    ensure!(summary(&said).ends_with(" 0 failed"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_leaves_nothing_unless_it_is_to() -> Result<()> {
    for (flags, left) in [(&[][..], 0), (&["--keep"][..], 1)] {
        let demo = Demo::start(flags).await?;
        demo.says("the gate says not yet").await?;
        ensure!(demo.left()?.len() == 1, "{:?}", demo.left()?);
        let (code, said, folder) = demo.interrupted().await?;
        ensure!(code == Some(130), "{code:?}: {said}");
        ensure!(summary(&said).ends_with(" 0 failed"), "{said}");
        let kept = std::fs::read_dir(folder.path())?.count();
        ensure!(kept == left, "{flags:?}: {kept} left: {said}");
    }
    Ok(())
}

fn summary(said: &str) -> &str {
    said.lines().find(|line| line.starts_with("visitors sent")).unwrap_or_default()
}
