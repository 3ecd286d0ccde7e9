//! Writes down what a test measured, in `docs/results/`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::jiff::Timestamp;

use crate::load::Summary;
use crate::results::{Load, Measured, Run, Unbroken, Versions, folder};

const CONTROLLER: &str = include_str!("../go/ingress/go.mod");
const PLANE: &str = include_str!("../go/controlplane/go.mod");

pub const REFRESH: &str = "BLUEGREEN_REFRESH";

/// Whether documents are made anew. A test is then as long as what they say of it; each landing has a
/// shorter one.
pub fn is_refreshing() -> bool {
    std::env::var_os(REFRESH).is_some()
}

/// With `BLUEGREEN_REFRESH`; a look at one test by hand leaves the files as they are.
pub fn save(test: &str, measured: Measured) -> Result<()> {
    save_of(test, &format!("tests/cluster/run --ignored {test}"), measured)
}

/// Of a test that every run has, too.
pub fn save_of(test: &str, command: &str, measured: Measured) -> Result<()> {
    let (commit, changed) = tested()?;
    let run = Run {
        commit,
        changed,
        command: command.to_owned(),
        date: Timestamp::now().strftime("%Y-%m-%d").to_string(),
        cores: std::thread::available_parallelism()?.get(),
        versions: Versions {
            ingress_nginx: module(CONTROLLER, "k8s.io/ingress-nginx")?,
            nginx: nginx()?,
            kubernetes: module(PLANE, "k8s.io/kubernetes")?,
        },
        measured,
    };
    let text = serde_json::to_string_pretty(&run)? + "\n";
    if !is_refreshing() {
        eprintln!("{test}: {text}");
        return Ok(());
    }
    let path = path(test);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// What a test wrote down last.
pub fn measured(test: &str) -> Result<Measured> {
    let path = path(test);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(serde_json::from_str::<Run>(&text)?.measured)
}

fn path(test: &str) -> PathBuf {
    folder().join(format!("{}.json", test.replace("::", "-")))
}

/// The commit that is tested, and whether anything is changed in it: as it was when this was first
/// asked, at the start of the run.
pub fn tested() -> Result<(String, bool)> {
    static TESTED: OnceLock<(String, bool)> = OnceLock::new();
    if let Some(tested) = TESTED.get() {
        return Ok(tested.clone());
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // A result that was just written is no change of what is measured.
    let changed = !git(&["status", "--porcelain", "--", ".", ":!docs"])?.is_empty();
    Ok(TESTED.get_or_init(|| (commit, changed)).clone())
}

/// A load that went on across so many switches, and reloads of nginx.
pub fn unbroken(switches: usize, reloads: usize, summary: &Summary) -> Measured {
    let us = |quantile: f64| summary.latency(quantile).as_micros() as u64;
    let (median_us, p99_us) = (us(0.5), us(0.99));
    Measured::Unbroken(Unbroken { switches, reloads, load: load(summary), median_us, p99_us })
}

pub fn load(summary: &Summary) -> Load {
    Load {
        rate: summary.rate,
        requests: summary.samples.len(),
        failed: summary.failed(),
        reopened: summary.reopened(),
        late: summary.late.requests,
        late_at_most_ms: ms(summary.late.most),
    }
}

pub fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn git(args: &[&str]) -> Result<String> {
    said(Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(args))
}

fn nginx() -> Result<String> {
    let output = Command::new("/usr/sbin/nginx").arg("-v").output().context("no nginx")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let version = said.trim().rsplit_once('/').context("nginx has no version")?;
    Ok(version.1.to_owned())
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn module(file: &str, path: &str) -> Result<String> {
    let line = file.lines().find_map(|line| line.trim().strip_prefix(path)?.strip_prefix(' '));
    let version = line.and_then(|rest| rest.split(' ').next());
    version.map(str::to_owned).with_context(|| format!("no version of {path}"))
}
