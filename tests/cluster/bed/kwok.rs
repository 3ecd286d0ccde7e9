//! kwok in place of kubelets: one node, pods that live by `stages`, and the logs that
//! `kubectl logs` gets through the API server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::stages;

pub const NODE: &str = "bed-node";
/// All pod addresses; `tests/cluster/enter` makes them local.
pub const POD_RANGE: &str = "10.244.0.0/16";

/// What `kubectl logs` gives, of every pod: kwok chooses logs by the name of a pod, not its image.
pub const LOG: &str = "parrot: starting\nparrot: cannot reach the database: connection refused\n";
/// What `kubectl logs --previous` gives.
pub const PREVIOUS_LOG: &str = "parrot: starting\nparrot: panic: no database\n";

pub fn node() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": NODE,
            "annotations": { "kwok.x-k8s.io/node": "fake" },
            "labels": { "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux" },
        },
        "spec": { "podCIDR": POD_RANGE, "podCIDRs": [POD_RANGE] },
    })
}

/// Writes kwok's configuration and the log files that it serves.
pub fn configure(dir: &Path, kwoks_stages: &Path) -> Result<PathBuf> {
    let mut documents = stages::documents(kwoks_stages)?;
    documents.push(json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": { "name": "all" },
        "spec": { "logs": [{
            "logsFile": write_log(dir, "pod.log", LOG)?,
            "previousLogsFile": write_log(dir, "pod-previous.log", PREVIOUS_LOG)?,
        }]},
    }));
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let path = dir.join("kwok.yaml");
    std::fs::write(&path, texts.join("\n---\n")).context("cannot write kwok.yaml")?;
    Ok(path)
}

pub fn args(kubeconfig: &Path, config: &Path, port: u16) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--config={}", config.display()),
        "--manage-all-nodes=true".into(),
        "--node-ip=127.0.0.1".into(),
        format!("--node-port={port}"),
        format!("--server-address=127.0.0.1:{port}"),
        "--node-lease-duration-seconds=40".into(),
    ]
}

/// In the format of container runtimes, which is what kwok reads.
fn write_log(dir: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = dir.join(name);
    let lines: String = text
        .lines()
        .map(|line| format!("2025-01-01T00:00:00.000000000Z stdout F {line}\n"))
        .collect();
    std::fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
