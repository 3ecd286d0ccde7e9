//! kubectl, as a person would use it.

use std::path::Path;
use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{Bed, User};

impl Bed {
    /// Applies all documents of `yaml`, in `namespace` whatever they say.
    pub async fn apply(&self, namespace: &str, yaml: &str) -> Result<String> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(yaml).context("the manifest cannot be read")?;
        let mut text = String::new();
        for mut document in documents.into_iter().filter(|document| !document.is_null()) {
            if let Some(field) = document.pointer_mut("/metadata/namespace") {
                *field = namespace.into();
            }
            text.push_str(&document.to_string());
            text.push_str("\n---\n");
        }
        let args = ["apply", "-n", namespace, "-f", "-"];
        self.run_kubectl(&self.kubeconfig, &args, text.as_bytes()).await
    }

    /// Applies a file of the repository, for example `examples/parrot/parrot.yaml`.
    pub async fn apply_file(&self, namespace: &str, path: &str) -> Result<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        self.apply(namespace, &text).await
    }

    /// Its standard output; a failure is an error with what it said.
    pub async fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.run_kubectl(&self.kubeconfig, args, b"").await
    }

    pub async fn kubectl_as(&self, user: &User, args: &[&str]) -> Result<String> {
        self.run_kubectl(&user.kubeconfig, args, b"").await
    }

    async fn run_kubectl(&self, kubeconfig: &Path, args: &[&str], input: &[u8]) -> Result<String> {
        let output = self.kubectl_at(kubeconfig, args, input).await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("kubectl {} ended with {}: {said}", args.join(" "), output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// However it ends, and wherever the kubeconfig leads to.
    pub async fn kubectl_at(
        &self,
        kubeconfig: &Path,
        args: &[&str],
        input: &[u8],
    ) -> Result<Output> {
        let mut child = self
            .kubectl_command(kubeconfig, args)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start kubectl")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input).await.context("kubectl does not read")?;
        }
        child.wait_with_output().await.context("kubectl was lost")
    }

    /// It is killed when it is dropped.
    pub fn kubectl_command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .args(args)
            .env_clear()
            // One home for all: the discovery cache in it saves most of kubectl's requests.
            .env("HOME", &self.folder)
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}
