//! The demo without a browser: what it prints, how it ends, what it leaves.

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use rustix::process::Signal;

use crate::demo::Demo;

/// What `--yes` is for: the README's first command, checked in CI.
#[tokio::test(flavor = "multi_thread")]
async fn yes_runs_through_by_itself() -> Result<()> {
    let (code, said) = Demo::start(&["--yes"]).await?.ends().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(said.contains("parrot: release 1 is live: kmharish/parrot-app:v2.2"), "{said}");
    ensure!(said.contains("confirmed through the ingress"), "{said}");
    // Nothing is amiss with the app that it begins with.
    ensure!(!said.contains("hint: "), "{said}");
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
        demo.says("the gate has not approved it yet").await?;
        ensure!(demo.left()?.len() == 1, "{:?}", demo.left()?);
        let (code, said, folder) = demo.interrupted().await?;
        ensure!(code == Some(130), "{code:?}: {said}");
        ensure!(summary(&said).ends_with(" 0 failed"), "{said}");
        // There is no release any more that could be gone on with.
        ensure!(said.contains("error: the demo was interrupted"), "{said}");
        ensure!(!said.contains("hint: to continue"), "{said}");
        let kept = std::fs::read_dir(folder.path())?.count();
        ensure!(kept == left, "{flags:?}: {kept} left: {said}");
    }
    Ok(())
}

async fn ends_at(flags: &[&str], at: &str, signal: Signal, wanted: i32) -> Result<()> {
    let demo = Demo::start(flags).await?;
    demo.says(at).await?;
    let (code, said, folder) = demo.told(signal).await?;
    ensure!(code == Some(wanted), "{at}: {code:?}: {said}");
    ensure!(std::fs::read_dir(folder.path())?.count() == 0, "{at}: left: {said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_wherever_it_is_interrupted() -> Result<()> {
    try_join_all([
        ends_at(&[], "export KUBECONFIG=", Signal::INT, 130),
        // Nothing is driven then: the visitors have not begun.
        ends_at(&[], "parrot is ready for releases", Signal::INT, 130),
        ends_at(&["--yes"], "switched Ingress", Signal::TERM, 143),
        ends_at(&[], "the candidate is ready", Signal::HUP, 129),
        ends_at(&["--fault", "hang"], "the candidate is ready", Signal::INT, 130),
        ends_at(&["--fault", "hang"], "checking whether", Signal::TERM, 143),
    ])
    .await
    .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_terminal_takes_part() -> Result<()> {
    let demo = Demo::start(&[]).await?;
    demo.says("the gate has not approved it yet").await?;
    let abort = demo.beside(&["abort", "parrot", "--reason", "the beak is wrong"]).await?;
    ensure!(abort.status.success(), "{abort:?}");
    demo.says("caused by: the beak is wrong").await?;
    demo.says("Press Ctrl-C to end it").await?;
    let status = demo.beside(&["status", "parrot"]).await?;
    ensure!(String::from_utf8_lossy(&status.stdout).contains("v1.2"), "{status:?}");
    let (code, said, _) = demo.interrupted().await?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(!summary(&said).contains("v2.2") && summary(&said).ends_with(" 0 failed"), "{said}");
    Ok(())
}

fn summary(said: &str) -> &str {
    said.lines().find(|line| line.starts_with("visitors sent")).unwrap_or_default()
}
