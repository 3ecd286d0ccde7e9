//! Tests on a real Kubernetes control plane. `tests/cluster/run` is the way in; started without
//! it (as `cargo test` does), the program hands over to it.
#![forbid(unsafe_code)]

#[allow(dead_code, reason = "what tests may use, not all of it in use yet")]
mod bed;
mod cases;
mod load;
mod suite;
mod support;

use std::process::ExitCode;

use anyhow::{Context, Result};
use bed::binaries::Binaries;
use bluegreen_testkit::{acceptance, guard, results, scalars, schema, tally};
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
        let all = [cases::together(), cases::shared(), cases::alone()];
        let all = all.into_iter().flatten().collect();
        return Ok(libtest_mimic::run(&arguments, all).exit_code());
    }
    match Binaries::from_env() {
        Some(binaries) => suite::run(&arguments, &binaries),
        None => enter(),
    }
}

/// Hands over to `tests/cluster/run`, which starts the program again inside its own namespaces.
fn enter() -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/run");
    let error = std::process::Command::new(run)
        .args(std::env::args_os().skip(1))
        .env("BLUEGREEN_PROGRAM", std::env::current_exe()?)
        .exec();
    Err(error).with_context(|| format!("cannot run {run}"))
}
