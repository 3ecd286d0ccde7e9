//! Clusters to which only a company's proxy leads, by kubectl's rules for which one.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::bed::command::Output;
use crate::support::Tunnel;

pub fn trials() -> Vec<Trial> {
    crate::cases![environments_proxy_leads_there, kubeconfigs_proxy_leads_there]
}

/// Stands in the API server's certificate, and nobody knows where it is.
const FAR: &str = "https://kubernetes.default.svc:6443";

fn proxy(bed: &Bed) -> Result<Tunnel> {
    let server = bed.server().trim_start_matches("https://");
    Ok(Tunnel::start(server.parse().context("no address")?))
}

async fn with(app: &Parrot, env: &[(&str, &str)], args: &[&str]) -> Result<Output> {
    app.bed.spawn_with(&app.user, &app.ns, args, env)?.wait().await
}

async fn environments_proxy_leads_there(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let proxy = proxy(&bed)?;
    let far = app.via(FAR)?;
    let leads = format!("http://me:hush@{}", proxy.address());
    let env = [("HTTPS_PROXY", &*leads), ("NO_PROXY", "127.0.0.0/8,.example.com")];
    let deploy = ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--probe", "none"];
    let released = with(&far, &env, &[&deploy[..], &["--settle", "0s"]].concat()).await?;
    let Output { stdout, stderr, .. } = released.expect_code(0)?;
    ensure!(!stdout.contains("hush") && !stderr.contains("hush"), "{stdout}{stderr}");
    app.is_released(V2).await?;
    let asked = proxy.asked();
    let first = asked.first().context("nobody asked the proxy")?.to_lowercase();
    ensure!(first.starts_with("connect kubernetes.default.svc:6443 "), "{first}");
    ensure!(first.contains("proxy-authorization: basic bwu6ahvzaa=="), "{first}");

    let known = proxy.asked().len();
    for excepted in ["kubernetes.default.svc", ".default.svc", ".svc,.example.com", "*"] {
        let env = [("HTTPS_PROXY", &*leads), ("NO_PROXY", excepted)];
        with(&far, &env, &["status", "parrot"]).await?.expect_code(9)?;
    }
    // As with kubectl, nobody's proxy leads to the machine itself.
    with(&app, &[("HTTPS_PROXY", &leads)], &["status", "parrot"]).await?.expect_code(0)?;
    ensure!(proxy.asked().len() == known, "{:?}", proxy.asked());

    let away = ["http://me:hush@127.0.0.1:1", "http://me:hush@no-such-host.invalid:1"];
    let away = away.map(|proxy| (proxy, 9, "the proxy: no connection to it"));
    let unknown = ("ftp://me:hush@x", 2, "HTTPS_PROXY in the environment is not one of");
    for (proxy, code, why) in away.into_iter().chain([unknown]) {
        let output = with(&far, &[("HTTPS_PROXY", proxy)], &["status", "parrot"]).await?;
        let output = output.expect_code(code).context(proxy)?;
        ensure!(output.stderr.contains(why), "{output:?}");
        ensure!(!output.stderr.contains("hush"), "{output:?}");
    }
    let odd = [("HTTPS_PROXY", &*leads), ("NO_PROXY", "localhost,,.svc")];
    let output = with(&far, &odd, &["status", "parrot"]).await?.expect_code(2)?;
    ensure!(
        output.stderr.contains("NO_PROXY in the environment must be a comma-separated list"),
        "{output:?}"
    );
    Ok(())
}

async fn kubeconfigs_proxy_leads_there(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let (proxy, other) = (proxy(&bed)?, proxy(&bed)?);
    let far = app.via(FAR)?;
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(&far.user.kubeconfig)?)?;
    kubeconfig["clusters"][0]["cluster"]["proxy-url"] =
        json!(format!("http://{}", proxy.address()));
    fs::write(&far.user.kubeconfig, kubeconfig.to_string())?;
    let environments = format!("http://{}", other.address());
    // Neither the environment's proxy nor its exceptions count beside it.
    let env = [("HTTPS_PROXY", &*environments), ("NO_PROXY", "*")];
    with(&far, &env, &["status", "parrot"]).await?.expect_code(0)?;
    ensure!(!proxy.asked().is_empty() && other.asked().is_empty());
    Ok(())
}
