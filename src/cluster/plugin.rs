//! Credential plugins, as the kubeconfigs of EKS, GKE and AKS name one: a program that prints what we
//! prove ourselves with. The client could run them as well, but with no limit, its thread blocked,
//! and never again for a credential that is refused before its time.

use std::io::{ErrorKind, IsTerminal};
use std::process::Stdio;
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a plugin may take that nobody can answer.
const ALONE: Duration = Duration::from_secs(30);
/// With a person at the terminal, who may have to log in.
const WITH_A_PERSON: Duration = Duration::from_secs(300);
/// No credential is longer.
const LONGEST: u64 = 1 << 20;

/// Why there is no credential. What a plugin was given, or said, may be secret and is not in it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Trouble {
    pub what: String,
    /// What the kubeconfig says to do about it.
    pub hint: Option<String>,
}

#[derive(Debug)]
pub(super) struct Plugin {
    exec: ExecConfig,
}

/// What a plugin gave.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Credential {
    pub expiration_timestamp: Option<Timestamp>,
    pub token: Option<SecretString>,
    pub client_certificate_data: Option<String>,
    pub client_key_data: Option<SecretString>,
}

#[derive(Deserialize)]
struct Reply {
    status: Credential,
}

impl Plugin {
    /// Takes the plugin out of a kubeconfig's user, where that is what counts: anything else that
    /// a user proves himself with goes before it.
    pub fn take(user: &mut AuthInfo) -> Option<Plugin> {
        let other = user.auth_provider.is_some()
            || (user.username.is_some() && user.password.is_some())
            || user.token.is_some()
            || user.token_file.is_some();
        let exec = user.exec.take();
        exec.filter(|_| !other).map(|exec| Plugin { exec })
    }

    pub async fn ask(&self) -> Result<Credential, Trouble> {
        self.ask_within(ALONE).await
    }

    async fn ask_within(&self, alone: Duration) -> Result<Credential, Trouble> {
        let program = self.exec.command.as_deref().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| trouble("the credential plugin has no command"))?;
        let terminal = std::io::stdin().is_terminal();
        let interactive = match self.exec.interactive_mode {
            Some(ExecInteractiveMode::Never) => false,
            Some(ExecInteractiveMode::IfAvailable) | None => terminal,
            Some(ExecInteractiveMode::Always) if terminal => true,
            Some(ExecInteractiveMode::Always) => {
                let what = "needs input, but standard input is not a terminal";
                return Err(trouble(format!("the credential plugin {program} {what}")));
            }
        };
        let limit = if interactive { WITH_A_PERSON } else { alone };
        match tokio::time::timeout(limit, self.run(program, interactive)).await {
            Ok(given) => given,
            // It is killed: nobody holds it any more.
            Err(_) => {
                let limit = limit.as_secs();
                Err(trouble(format!("the credential plugin {program} took longer than {limit} s")))
            }
        }
    }

    async fn run(&self, program: &str, interactive: bool) -> Result<Credential, Trouble> {
        let mut command = self.command(program, interactive);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Trouble {
                what: format!("the credential plugin {program} is not installed"),
                hint: self.install_hint(),
            },
            _ => trouble(format!("the credential plugin {program} can't be started: {error}")),
        })?;
        let mut said = Vec::new();
        let stdout = child.stdout.take().expect("it is a pipe");
        let read = stdout.take(LONGEST).read_to_end(&mut said).await;
        let said = SecretSlice::from(said);
        let ended = child.wait().await;
        let (_, status) = read.and_then(|read| Ok((read, ended?))).map_err(|error| {
            trouble(format!("can't read from the credential plugin {program}: {error}"))
        })?;
        if !status.success() {
            return Err(trouble(format!("the credential plugin {program} failed with {status}")));
        }
        credential(said.expose_secret()).ok_or_else(|| {
            let what = "returned no valid credential";
            trouble(format!("the credential plugin {program} {what}"))
        })
    }

    fn command(&self, program: &str, interactive: bool) -> Command {
        let mut command = Command::new(program);
        command.args(self.exec.args.iter().flatten());
        for variable in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        let mut info = json!({
            "apiVersion": self.exec.api_version,
            "kind": "ExecCredential",
            "spec": { "interactive": interactive },
        });
        if let Some(cluster) = &self.exec.cluster {
            info["spec"]["cluster"] = json!(cluster);
        }
        command.env("KUBERNETES_EXEC_INFO", info.to_string());
        // What it says to a person is for the person who can answer: a log keeps what it gets.
        let talk = || if interactive { Stdio::inherit() } else { Stdio::null() };
        command.stdin(talk()).stdout(Stdio::piped()).stderr(talk()).kill_on_drop(true);
        command
    }

    /// On one line, however it is laid out in the kubeconfig.
    fn install_hint(&self) -> Option<String> {
        let hint = self.exec.install_hint.as_deref()?;
        let hint = hint.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(hint).filter(|hint| !hint.is_empty())
    }
}

fn trouble(what: impl Into<String>) -> Trouble {
    Trouble { what: what.into(), hint: None }
}

/// JSON, or YAML as kubectl takes it too.
fn credential(said: &[u8]) -> Option<Credential> {
    let Reply { status } = serde_saphyr::from_slice(said).ok()?;
    let token = status.token.as_ref().map(ExposeSecret::expose_secret);
    let token = token.map(|token| !token.is_empty() && HeaderValue::from_str(token).is_ok());
    let certificate = status.client_certificate_data.is_some() && status.client_key_data.is_some();
    (token.unwrap_or(certificate)).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(exec: serde_json::Value) -> Plugin {
        let mut user: AuthInfo = serde_json::from_value(json!({ "exec": exec })).unwrap();
        Plugin::take(&mut user).unwrap()
    }

    fn shell(script: &str) -> Plugin {
        plugin(json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never",
            "command": "sh",
            "args": ["-c", script, "sh", "secret-argument"],
            "env": [{ "name": "PLUGIN_SECRET", "value": "secret-value" }],
        }))
    }

    async fn trouble_of(plugin: &Plugin) -> Trouble {
        plugin.ask().await.err().expect("no trouble")
    }

    #[tokio::test]
    async fn is_given_what_the_kubeconfig_says() {
        let script = r#"echo "{status: {token: '$1 $PLUGIN_SECRET $KUBERNETES_EXEC_INFO'}}""#;
        let mut plugin = shell(script);
        plugin.exec.cluster = Some(serde_json::from_value(json!({ "server": "here" })).unwrap());
        let token = plugin.ask().await.ok().unwrap().token.unwrap();
        let token = token.expose_secret();
        let (given, info) = token.split_at(token.find('{').unwrap());
        assert_eq!(given, "secret-argument secret-value ");
        let wanted = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "spec": { "interactive": false, "cluster": { "server": "here" } },
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(info).unwrap(), wanted);
    }

    #[tokio::test]
    async fn trouble_is_told_without_secrets() {
        let failing = shell("echo secret-out; echo secret-err >&2; exit 3");
        let what = "the credential plugin sh failed with exit status: 3";
        assert_eq!(trouble_of(&failing).await.what, what);
        for rubbish in [
            "secret",
            "{status: {token: [secret]}}",
            "{status: {token: ''}}",
            "{status: {token: \"a\\\\nb\"}}",
            "{status: {clientCertificateData: secret}}",
            "{status: {token: secret, expirationTimestamp: tomorrow}}",
            "{}",
        ] {
            let what = "the credential plugin sh returned no valid credential";
            assert_eq!(trouble_of(&shell(&format!("echo '{rubbish}'"))).await.what, what);
        }
        let endless = trouble_of(&shell("while echo secret; do :; done")).await;
        assert!(endless.what.contains("sh failed with signal"), "{endless}");
    }

    #[tokio::test]
    async fn one_that_is_missing_is_told_with_how_to_get_it() {
        let mut plugin = shell("");
        plugin.exec.command = Some("no-such-plugin".to_owned());
        plugin.exec.install_hint = Some("Install it:\n\n    get no-such-plugin\n".to_owned());
        let trouble = trouble_of(&plugin).await;
        assert_eq!(trouble.what, "the credential plugin no-such-plugin is not installed");
        assert_eq!(trouble.hint.as_deref(), Some("Install it: get no-such-plugin"));
        plugin.exec.install_hint = Some(" \n".to_owned());
        assert_eq!(trouble_of(&plugin).await.hint, None);
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended() {
        let plugin = shell("exec sleep 1000");
        let trouble = plugin.ask_within(Duration::from_millis(100)).await.err().unwrap();
        assert!(trouble.what.contains("sh took longer than"), "{trouble}");
    }

    #[test]
    fn whatever_else_proves_who_we_are_goes_before_it() {
        let exec = json!({ "command": "sh" });
        for other in [
            json!({ "token": "t" }),
            json!({ "tokenFile": "f" }),
            json!({ "username": "u", "password": "p" }),
        ] {
            let mut user = other;
            user["exec"] = exec.clone();
            let mut user: AuthInfo = serde_json::from_value(user).unwrap();
            assert!(Plugin::take(&mut user).is_none() && user.exec.is_none());
        }
        let mut user: AuthInfo =
            serde_json::from_value(json!({ "exec": exec, "username": "u" })).unwrap();
        assert!(Plugin::take(&mut user).is_some());
    }
}
