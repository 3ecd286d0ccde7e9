//! Exec credential plugins, as the kubeconfigs of EKS, GKE and AKS name them: tokens of a real
//! service account, which a proxy begins to refuse while a release is on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V2};
use crate::bed::{Bed, SOON, wait_for};
use crate::support::proxy::{Action, Seen, once};
use crate::support::{Proxy, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        tokens_that_expire_are_renewed,
        tokens_refused_before_their_time_are_renewed,
        watch_that_is_refused_is_opened_with_a_new_token,
        plugin_that_fails_for_a_while_is_waited_for,
        new_token_that_is_refused_too_ends_it,
        plugin_without_a_credential_is_told,
    ]
}

/// How long the proxy takes a token.
const LIFE: Duration = Duration::from_secs(2);
/// More than any of these releases uses.
const TOKENS: usize = 200;

/// Hands out one token after the other, with or without the time that it expires at. A copy of what
/// it was told stays behind.
const PLUGIN: &str = r#"
cd "$1" || exit
printf %s "$KUBERNETES_EXEC_INFO" >info
[ ! -e broken ] || exit 7
read -r n <next
echo $((n + 1)) >next
[ -z "$LIVES" ] ||
  expires=", \"expirationTimestamp\": \"$(date -u -d "+$LIVES seconds" +%Y-%m-%dT%H:%M:%SZ)\""
echo "{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/$2\",
  \"status\": {\"token\": \"$(sed -n "${n}p" tokens)\"$expires}}"
"#;

/// An app, and somebody who gets at it by a plugin and a proxy.
struct Setting {
    app: Parrot,
    /// The same app, as the plugin's service account.
    by_plugin: Parrot,
    proxy: Proxy,
    folder: PathBuf,
}

impl Setting {
    async fn new(bed: &Arc<Bed>, version: &str, lives: &str) -> Result<Self> {
        let app = Parrot::ready(bed).await?;
        let proxy = Proxy::start(bed.server(), &fs::read(bed.ca())?);
        let folder = app.user.home.join("plugin");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("tokens"), tokens(&app).await?.join("\n"))?;
        fs::write(folder.join("next"), "1\n")?;
        fs::write(folder.join("plugin"), PLUGIN)?;
        let exec = json!({
            "apiVersion": format!("client.authentication.k8s.io/{version}"),
            "interactiveMode": "IfAvailable",
            "provideClusterInfo": true,
            "command": "sh",
            "args": ["plugin/plugin", folder, version],
            "env": [{ "name": "LIVES", "value": lives }],
        });
        let by_plugin = with_plugin(&app, &proxy, &exec)?;
        Ok(Self { app, by_plugin, proxy, folder })
    }

    /// How often the plugin has given a token.
    fn given(&self) -> Result<usize> {
        let next: usize = fs::read_to_string(self.folder.join("next"))?.trim().parse()?;
        Ok(next - 1)
    }

    /// Refuses each token when it has been in use for its life.
    fn tokens_die(&self) {
        let mut first = BTreeMap::new();
        self.proxy.set(move |seen| {
            let began: Instant = *first.entry(token(seen)).or_insert(seen.at);
            match seen.at.duration_since(began) < LIFE {
                true => Action::Forward,
                false => Action::refuse(401, "Unauthorized"),
            }
        });
    }

    fn tokens_in(&self, fits: impl Fn(&Seen) -> bool) -> BTreeSet<String> {
        self.proxy.requests().iter().filter(|seen| fits(seen)).map(token).collect()
    }
}

fn token(seen: &Seen) -> String {
    let header = seen.headers.get("authorization").and_then(|value| value.to_str().ok());
    header.unwrap_or_default().to_owned()
}

/// The same app by way of a kubeconfig with this plugin.
fn with_plugin(app: &Parrot, proxy: &Proxy, exec: &Value) -> Result<Parrot> {
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "bed", "cluster": { "server": proxy.url() } }],
        "users": [{ "name": "plugin", "user": { "exec": exec } }],
        "contexts": [{ "name": "bed", "context": { "cluster": "bed", "user": "plugin" } }],
        "current-context": "bed",
    });
    let path = app.user.home.join("plugin.kubeconfig");
    fs::write(&path, document.to_string())?;
    Ok(Parrot { user: app.user.with(&path), ..app.clone() })
}

/// Tokens of a service account that may do everything in the namespace.
async fn tokens(app: &Parrot) -> Result<Vec<String>> {
    let ns = &app.ns;
    app.apply(&format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: deployer}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: deployer}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{kind: ServiceAccount, name: deployer, namespace: {ns}}}]
"
    ))
    .await?;
    let url = format!("/api/v1/namespaces/{ns}/serviceaccounts/deployer/token");
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": { "expirationSeconds": 600 },
    });
    let mut tokens = Vec::new();
    for _ in 0..TOKENS {
        let request = http::Request::post(&url).body(body.to_string().into_bytes())?;
        let reply: Value = app.bed.kube().request(request).await?;
        tokens.push(reply["status"]["token"].as_str().context("no token")?.to_owned());
    }
    Ok(tokens)
}

/// A release whose gate opens only when the proxy has seen several tokens.
async fn crosses(setting: &Setting) -> Result<()> {
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let deploy = setting.by_plugin.spawn(
        &[&args[..], &["--threshold", "1000", "--drain", "1s", "--settle", "0s"]].concat(),
    )?;
    let several = || Ok((setting.tokens_in(|_| true).len() >= 4).then_some(()));
    wait_for("four tokens to be used", SOON, async || several()).await?;
    webhook.answer_with(200);
    let output = deploy.wait().await?.expect_code(0)?;
    setting.app.is_released(V2).await?;
    // Every token begins with these.
    ensure!(!output.stdout.contains("eyJ") && !output.stderr.contains("eyJ"), "{output:?}");
    ensure!(!output.stderr.contains("unreachable"), "{output:?}");
    Ok(())
}

async fn tokens_that_expire_are_renewed(bed: Arc<Bed>) -> Result<()> {
    let setting = Setting::new(&bed, "v1beta1", "1").await?;
    crosses(&setting).await?;
    let info: Value = serde_json::from_str(&fs::read_to_string(setting.folder.join("info"))?)?;
    let wanted = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "spec": { "interactive": false, "cluster": { "server": setting.proxy.url() } },
    });
    let mut told = info.clone();
    if let Some(cluster) = told["spec"]["cluster"].as_object_mut() {
        cluster.retain(|_, value| !value.is_null());
    }
    ensure!(told == wanted, "{info:#}");
    Ok(())
}

async fn tokens_refused_before_their_time_are_renewed(bed: Arc<Bed>) -> Result<()> {
    let setting = Setting::new(&bed, "v1", "").await?;
    setting.tokens_die();
    crosses(&setting).await?;
    let refused = setting.tokens_in(|seen| seen.status == Some(401)).len();
    ensure!(refused >= 3, "{refused} tokens were refused");
    // However many requests were refused with it, each token was followed by one new one.
    let used = setting.tokens_in(|_| true).len();
    ensure!(setting.given()? == used, "{} tokens given, {used} used", setting.given()?);
    Ok(())
}

async fn watch_that_is_refused_is_opened_with_a_new_token(bed: Arc<Bed>) -> Result<()> {
    let setting = Setting::new(&bed, "v1", "").await?;
    setting.proxy.set(once(|seen| seen.is_watch, Action::refuse(401, "Unauthorized")));
    let deploy = ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "0s"];
    setting.by_plugin.ok(&deploy).await?;
    setting.app.is_released(V2).await?;
    ensure!(setting.given()? == 2, "{} tokens given", setting.given()?);
    Ok(())
}

async fn plugin_that_fails_for_a_while_is_waited_for(bed: Arc<Bed>) -> Result<()> {
    let setting = Setting::new(&bed, "v1", "").await?;
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let mut deploy = setting.by_plugin.spawn(
        &[&args[..], &["--threshold", "1000", "--drain", "0s", "--settle", "0s"]].concat(),
    )?;
    deploy.says("has not approved it yet").await?;
    fs::write(setting.folder.join("broken"), "")?;
    setting.tokens_die();
    deploy.says("the credential plugin sh failed with exit status: 7").await?;
    fs::remove_file(setting.folder.join("broken"))?;
    deploy.says("the API server is reachable again").await?;
    webhook.answer_with(200);
    deploy.wait().await?.expect_code(0)?;
    setting.app.is_released(V2).await
}

async fn new_token_that_is_refused_too_ends_it(bed: Arc<Bed>) -> Result<()> {
    let setting = Setting::new(&bed, "v1", "").await?;
    setting.proxy.set(|_| Action::refuse(401, "Unauthorized"));
    let output = setting.by_plugin.fails(8, &["status", "parrot"]).await?;
    ensure!(output.stderr.contains("does not accept your credential"), "{output:?}");
    ensure!(output.stderr.contains("hint: kubectl auth whoami"), "{output:?}");
    ensure!(setting.given()? == 2, "{} tokens given", setting.given()?);
    Ok(())
}

async fn plugin_without_a_credential_is_told(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::empty(&bed).await?;
    let proxy = Proxy::start(bed.server(), &fs::read(bed.ca())?);
    let shell = |script: &str| json!({ "command": "sh", "args": ["-c", script] });
    for (mut exec, cause, hint) in [
        (
            json!({ "command": "no-such-plugin", "installHint": "Get no-such-plugin." }),
            "the credential plugin no-such-plugin is not installed",
            "Get no-such-plugin.",
        ),
        (
            shell("echo secret; echo secret >&2; exit 255"),
            "the credential plugin sh failed with exit status: 255",
            "kubectl auth whoami",
        ),
        (
            shell("echo secret"),
            "the credential plugin sh returned no valid credential",
            "kubectl auth whoami",
        ),
        (
            shell("echo secret; exec sleep 1000"),
            "the credential plugin sh took longer than 30 s",
            "kubectl auth whoami",
        ),
    ] {
        exec["apiVersion"] = json!("client.authentication.k8s.io/v1");
        exec["interactiveMode"] = json!("IfAvailable");
        let output = with_plugin(&app, &proxy, &exec)?.fails(8, &["status", "parrot"]).await?;
        ensure!(output.stderr.contains("there is no credential for the cluster"), "{output:?}");
        for said in [format!("caused by: {cause}\n"), format!("hint: {hint}")] {
            ensure!(output.stderr.contains(&said), "no {said:?}: {output:?}");
        }
        ensure!(!output.stderr.contains("secret"), "{output:?}");
    }
    ensure!(proxy.requests().is_empty(), "{:?}", proxy.requests());
    Ok(())
}
