//! A machine of a CI: a home and a checkout of its own, and on its PATH what stands for the
//! programs that can't run here.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::process::Command;

use super::super::parrot::Parrot;
use crate::bed::command::binary;
use crate::bed::{SOON, User, wait_for};

pub const ROLE: &str = "arn:aws:iam::111122223333:role/parrot-release";

/// Knows the commands of the examples and nothing else; as the real one it does nothing without a
/// credential, and what it puts into a kubeconfig calls it again.
const AWS: &str = r#"#!/usr/bin/env bash
set -eu
cd "$(dirname "$0")"
[[ ${AWS_ROLE_ARN:-} == @ROLE@ ]] || { echo "aws: Unable to locate credentials" >&2; exit 253; }
case "$*" in
  "eks update-kubeconfig --name birds --region eu-central-1")
    mkdir -p ~/.kube && cp eks.kubeconfig ~/.kube/config ;;
  "--region eu-central-1 eks get-token --cluster-name birds --output json") cat token ;;
  "eks create-access-entry --cluster-name birds --region eu-central-1 "*)
    [[ "$*" == *" --principal-arn @ROLE@ --kubernetes-groups parrot-release" ]] ;;
  *) echo "aws: not in the examples: $*" >&2; exit 252 ;;
esac
"#;

const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
[[ "$*" == "install --locked --git https://git.example.com/bluegreen" ]]
mkdir -p ~/.cargo/bin && ln -s @BINARY@ ~/.cargo/bin/bluegreen
"#;

/// What the machine's checkout holds.
const FILES: [&str; 4] = [
    "examples/ci/release.sh",
    "examples/ci/role.yaml",
    "examples/parrot/bluegreen.yaml",
    "examples/parrot/canary.yaml",
];

#[derive(Debug)]
pub struct Said {
    /// None when it was killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn expect_code(self, code: i32) -> Result<Self> {
        ensure!(self.code == Some(code), "{code} was expected: {self:#?}");
        Ok(self)
    }
}

pub struct Machine {
    home: PathBuf,
    /// Where its scripts are run.
    pub checkout: PathBuf,
    bin: PathBuf,
}

impl Machine {
    /// Whoever uses `aws` there is `user`.
    pub fn new(app: &Parrot, user: &User, name: &str) -> Result<Self> {
        let root = app.user.home.join(name);
        let [home, checkout, bin] = ["home", "checkout", "bin"].map(|folder| root.join(folder));
        fs::create_dir_all(&home)?;
        fs::create_dir_all(&bin)?;
        for file in FILES {
            let (from, to) =
                (Path::new(env!("CARGO_MANIFEST_DIR")).join(file), checkout.join(file));
            fs::create_dir_all(to.parent().context("no folder")?)?;
            fs::copy(&from, &to)?;
            fs::write(&to, here(&fs::read_to_string(&from)?, app))?;
        }
        program(&bin.join("aws"), &AWS.replace("@ROLE@", ROLE))?;
        program(&bin.join("cargo"), &CARGO.replace("@BINARY@", &binary().display().to_string()))?;
        symlink(&app.bed.kubectl, bin.join("kubectl"))?;
        fs::write(bin.join("eks.kubeconfig"), kubeconfig(app))?;
        let status = json!({ "token": user.token });
        let credential = json!({
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "kind": "ExecCredential",
            "status": status,
        });
        fs::write(bin.join("token"), credential.to_string())?;
        Ok(Self { home, checkout, bin })
    }

    /// The same with bluegreen and a kubeconfig, as on a machine that a CI has been using.
    pub fn furnished(app: &Parrot, user: &User, name: &str) -> Result<Self> {
        let machine = Self::new(app, user, name)?;
        symlink(binary(), machine.bin.join("bluegreen"))?;
        let folder = machine.home.join(".kube");
        fs::create_dir(&folder)?;
        fs::copy(&user.kubeconfig, folder.join("config"))?;
        Ok(machine)
    }

    /// A path in its home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Runs a script to its end as GitHub runs one with `shell: bash`.
    pub async fn run(&self, script: &str, env: &[(String, String)]) -> Result<Said> {
        let child = self.command(script, env)?.spawn().context("cannot start bash")?;
        said(child.wait_with_output().await?)
    }

    /// The same, but once the file holds the text everything is killed.
    pub async fn kill(
        &self,
        script: &str,
        env: &[(String, String)],
        (file, text): (&Path, &str),
    ) -> Result<Said> {
        let mut child = self.command(script, env)?.spawn().context("cannot start bash")?;
        let pid = child.id().and_then(|id| Pid::from_raw(id as i32)).context("it has ended")?;
        let reached = wait_for(&format!("{text:?} in {}", file.display()), SOON, async || {
            if let Some(status) = child.try_wait()? {
                bail!("it ended before it was cancelled: {status}");
            }
            let so_far = fs::read_to_string(file).unwrap_or_default();
            Ok(so_far.contains(text).then_some(()))
        })
        .await;
        // Before anything else: it must not outlive a test that fails.
        let killed = kill_process_group(pid, Signal::KILL);
        reached?;
        killed?;
        said(child.wait_with_output().await?)
    }

    fn command(&self, script: &str, env: &[(String, String)]) -> Result<Command> {
        let file = self.home.join("step.sh");
        fs::write(&file, script)?;
        let mut command = Command::new("bash");
        let path = [&self.home.join(".cargo/bin"), &self.bin].map(|p| p.display().to_string());
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file)
            .env_clear()
            .env("HOME", &self.home)
            .env("CI", "true")
            .env("PATH", format!("{}:/usr/bin:/bin", path.join(":")))
            .envs(env.iter().map(|(key, value)| (key, value)))
            .current_dir(&self.checkout)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }
}

/// A text of the examples for this namespace, with a drain that a test can wait for.
pub fn here(text: &str, app: &Parrot) -> String {
    text.replace("blue-green", &app.ns)
        .replace("app: parrot\nnamespace", "app: parrot\ndrain: 1s\nsettle: 0s\nnamespace")
}

fn said(output: std::process::Output) -> Result<Said> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Ok(Said { code: output.status.code(), stdout, stderr })
}

fn program(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// As `aws eks update-kubeconfig` writes it.
fn kubeconfig(app: &Parrot) -> String {
    let name = "arn:aws:eks:eu-central-1:111122223333:cluster/birds";
    let cluster = json!({ "server": app.bed.server(), "certificate-authority": app.bed.ca() });
    let get = "--region eu-central-1 eks get-token --cluster-name birds --output json";
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": get.split(' ').collect::<Vec<_>>(),
    });
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": name, "cluster": cluster }],
        "users": [{ "name": name, "user": { "exec": exec } }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
        "current-context": name,
    })
    .to_string()
}
