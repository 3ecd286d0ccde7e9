//! Runs a row as a process, against a sandbox behind a port, with a gate behind another. In real time:
//! nothing else would wait for a process or a socket.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use bluegreen::sandbox::{self, Api};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use super::gate;
use super::row::{Row, shown, without};
use super::sandboxed::{Before, prepared};
use crate::bed::{Bed, NAMESPACE};

/// A process that takes longer hangs.
const HANG: Duration = Duration::from_secs(120);
/// For controllers to come to rest: they act within milliseconds, and nothing here changes for them.
const REST: Duration = Duration::from_secs(1);

pub fn run(row: &Row) -> Result<(u8, String)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    runtime.block_on(async {
        let Bed { sandbox, field } = prepared(row).await?;
        let api = sandbox.api();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let kubeconfig = sandbox::kubeconfig(address, NAMESPACE);
        fs::write(folder.path().join("kubeconfig"), kubeconfig)?;
        tokio::spawn(sandbox::serve(api.clone(), listener, std::future::pending()));
        let gate = gate::opened(row.gate.as_ref()).await?;
        let bare = gate.split_once(":").map_or_else(String::new, |(_, bare)| bare.to_owned());
        let known = [("SERVER", format!("http://{address}")), ("GATE", gate), ("BARE", bare)];
        row.lay(folder.path(), &known)?;
        sleep(REST).await;
        let before = Before::of(&sandbox, folder.path())?;
        let came = command(row, &api, folder.path(), &known).await?;
        sleep(REST).await;
        before
            .held_against(row, &field, &sandbox, &api, folder.path())
            .await
            .with_context(|| format!("{came:?}"))?;
        Ok(came)
    })
}

async fn command(
    row: &Row,
    api: &Api,
    folder: &Path,
    known: &[(&str, String)],
) -> Result<(u8, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bluegreen"));
    command
        .args(row.words(folder, known))
        .current_dir(folder)
        .env_clear()
        // Nothing of whoever runs the tests: no kubeconfig, no proxy, no colours.
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1")
        .env("TERM", "dumb")
        .envs(&row.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().context("it is a pipe")?;
    // Whoever does not read it need not.
    let _ = stdin.write_all(row.stdin.as_bytes()).await;
    drop(stdin);
    let ended = timeout(HANG, child.wait_with_output()).await;
    let ended = ended.with_context(|| format!("it hangs: {:#?}", api.faults().calls()))??;
    let said = [ended.stderr, ended.stdout].concat();
    let said = without(&String::from_utf8(said)?, known);
    let exit = ended.status.code().context("it was killed")?;
    Ok((exit.try_into()?, shown(&said, folder)))
}
