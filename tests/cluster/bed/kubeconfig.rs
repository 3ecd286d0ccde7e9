//! Kubeconfig files, as a person's would be: one cluster, one user, one context.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What a client needs to reach the API server. `ca` is none for a plain-http proxy before it.
pub struct Endpoint<'a> {
    pub server: &'a str,
    pub ca: Option<&'a Path>,
}

pub fn document(at: &Endpoint, user: &str, token: &str) -> Value {
    let mut cluster = json!({ "server": at.server });
    if let Some(ca) = at.ca {
        cluster["certificate-authority"] = json!(ca);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "bed", "cluster": cluster }],
        "users": [{ "name": user, "user": { "token": token } }],
        "contexts": [{ "name": "bed", "context": { "cluster": "bed", "user": user } }],
        "current-context": "bed",
    })
}

pub fn write(path: &Path, at: &Endpoint, user: &str, token: &str) -> Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    // JSON is YAML; kubectl and kube read it all the same.
    file.write_all(serde_json::to_string_pretty(&document(at, user, token))?.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
