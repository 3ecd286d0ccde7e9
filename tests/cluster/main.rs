//! Tests on a real Kubernetes control plane. `tests/cluster/run` is the way in; started without
//! it (as `cargo test` does), the program hands itself to `tests/cluster/enter`.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "what tests may use, not all of it in use yet")]
mod bed;
mod cases;
#[path = "../schema/mod.rs"]
mod schema;
mod suite;
mod support;

use std::process::ExitCode;

use anyhow::{Context, Result};
use bed::binaries::{self, Binaries};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if bed::up::dispatch(&words)? {
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::from_args();
    if arguments.list {
        return Ok(libtest_mimic::run(&arguments, cases::all()).exit_code());
    }
    match Binaries::from_env() {
        Some(binaries) => suite::run(&arguments, &binaries),
        None => enter(),
    }
}

/// Builds the control plane and starts this very program again inside its own namespaces.
fn enter() -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster");
    let built = std::process::Command::new(format!("{here}/build"))
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run tests/cluster/build")?;
    anyhow::ensure!(built.status.success(), "tests/cluster/build failed");
    let folder = String::from_utf8(built.stdout)?;
    let error = std::process::Command::new(format!("{here}/enter"))
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(binaries::FOLDER, folder.trim())
        .exec();
    Err(error).context("cannot run tests/cluster/enter")
}
