//! An API server that is away, goes away, or says no.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use libtest_mimic::Trial;
use serde_json::json;

use super::parrot::{Parrot, V2};
use crate::bed::Bed;
use crate::support::{Proxy, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        unreachable_cluster_is_told_soon,
        right_that_is_missing_is_named,
        right_that_is_missing_later_is_known_before,
        partition_at_the_gate_is_waited_for,
        pods_are_told_of_to_whoever_may_read_them,
    ]
}

/// The product allows itself 15 s; a machine that is busy gets a few more.
const TOLD_WITHIN: Duration = Duration::from_secs(25);

async fn unreachable_cluster_is_told_soon(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::empty(&bed).await?;
    let closed = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    // Its connections are made and never served.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let told = async |scheme: &str, address: SocketAddr, verb: &str| {
        let far = app.via(&format!("{scheme}://{address}"))?;
        let output = far.spawn(&[verb, "parrot"])?.wait_at_most(TOLD_WITHIN).await?;
        let output = output.expect_code(9).with_context(|| format!("{verb} {scheme}"))?;
        ensure!(output.stderr.contains(&address.to_string()), "{output:?}");
        anyhow::Ok(())
    };
    let told = &told;
    let all = [closed, silent.local_addr()?].into_iter().flat_map(|address| {
        ["http", "https"].into_iter().flat_map(move |scheme| {
            ["status", "init"].into_iter().map(move |verb| told(scheme, address, verb))
        })
    });
    try_join_all(all).await.map(drop)
}

/// A user of the app's namespace with these rights on top of reading everything.
async fn narrow(app: &Parrot, more: serde_json::Value) -> Result<Parrot> {
    let mut rules =
        vec![json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"] })];
    rules.extend(more.as_array().cloned().unwrap_or_default());
    let user = app.bed.narrow_user(&app.ns, json!(rules)).await?;
    Ok(Parrot { user, ..app.clone() })
}

async fn right_that_is_missing_is_named(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let nobody = Parrot { user: bed.powerless_user()?, ..app.clone() };
    let output = nobody.fails(10, &["check", "parrot"]).await?;
    ensure!(output.stdout.contains("you are not allowed to list configmaps"), "{output:?}");
    for args in [&["init", "parrot"][..], &["status", "parrot"], &["promote", "parrot"]] {
        let output = nobody.fails(8, args).await?;
        ensure!(output.stderr.contains("you are not allowed to list "), "{output:?}");
        ensure!(output.stderr.contains(&nobody.user.name), "{output:?}");
    }
    let reader = narrow(&app, json!([])).await?;
    let output = reader.fails(8, &["init", "parrot"]).await?;
    ensure!(output.stderr.contains("you are not allowed to create configmaps"), "{output:?}");
    app.ok(&["init", "parrot"]).await?;
    reader.ok(&["status", "parrot"]).await?;
    let deploy = ["deploy", "parrot", "--image", V2, "--yes"];
    let output = reader.fails(8, &deploy).await?;
    ensure!(output.stderr.contains("you are not allowed to patch configmaps"), "{output:?}");
    app.is_as_before().await
}

async fn right_that_is_missing_later_is_known_before(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    // All but the one that counts most.
    let writer = narrow(
        &app,
        json!([
            { "apiGroups": [""], "resources": ["configmaps", "services"], "verbs": ["*"] },
            { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"] },
        ]),
    )
    .await?;
    let deploy = ["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s"];
    let output = writer.fails(8, &deploy).await?;
    ensure!(output.stderr.contains("you are not allowed to patch ingresses"), "{output:?}");
    app.is_as_before().await?;
    let output = writer.fails(10, &["check", "parrot"]).await?;
    ensure!(output.stdout.contains("you are not allowed to patch ingresses"), "{output:?}");
    // Somebody who may.
    app.ok(&deploy).await?;
    app.is_released(V2).await
}

async fn partition_at_the_gate_is_waited_for(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let proxy = Proxy::start(bed.server(), &std::fs::read(bed.ca())?);
    let webhook = Webhook::start(500);
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let mut deploy = app
        .via(&proxy.url())?
        .spawn(&[&args[..], &["--threshold", "1000", "--drain", "0s"]].concat())?;
    deploy.says("has not approved it yet").await?;
    proxy.partition();
    deploy.says("the API server is unreachable").await?;
    proxy.heal();
    deploy.says("the API server is reachable again").await?;
    webhook.answer_with(200);
    deploy.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}

async fn pods_are_told_of_to_whoever_may_read_them(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let verbs = ["get", "list"];
    let read = |group: &str, resources: &[&str]| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    let rules = json!([
        read("", &["configmaps", "services"]),
        read("apps", &["deployments"]),
        read("networking.k8s.io", &["ingresses"]),
        read("discovery.k8s.io", &["endpointslices"]),
    ]);
    let viewer = Parrot { user: bed.narrow_user(&app.ns, rules).await?, ..app.clone() };
    let mut deploy = app.spawn(&["deploy", "parrot", "--image", "x:never-ready", "--yes"])?;
    deploy.says("0 of 1 pod ready").await?;
    for (who, sees) in [(&app, true), (&viewer, false)] {
        let picture = who.ok(&["status", "parrot"]).await?.stdout;
        ensure!(picture.contains("x:never-ready, 0 of 1 ready"), "{picture}");
        ensure!(picture.contains("pod parrot-green-") == sees, "{picture}");
    }
    app.ok(&["abort", "parrot"]).await?;
    deploy.wait().await?.expect_code(5)?;
    Ok(())
}
