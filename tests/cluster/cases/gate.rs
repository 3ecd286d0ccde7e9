//! The webhook as the gate, over the network: what is no yes, and what nobody may read.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::parrot::{Parrot, V2};
use crate::bed::command::Output;
use crate::bed::{Bed, SOON};
use crate::support::{Answer, Reply, Webhook};

pub fn trials() -> Vec<Trial> {
    crate::cases![
        neither_204_nor_a_redirect_passes,
        hanging_webhook_is_a_broken_gate,
        hanging_webhook_keeps_nobody_waiting,
        unreachable_webhook_may_come_back,
        address_of_the_webhook_stays_secret,
        address_comes_from_the_environment,
    ]
}

/// A deploy that polls every second and drains nothing.
async fn deploy(app: &Parrot, webhook: &Webhook, more: &[&str]) -> Result<Output> {
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url];
    app.run(&[&args[..], &["--interval", "1s", "--drain", "0s", "--settle", "0s"], more].concat())
        .await
}

async fn neither_204_nor_a_redirect_passes(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    // Whoever follows the redirect meets a yes.
    let webhook = Webhook::start(200);
    let login = webhook.url().replace("gate", "login");
    let redirect = Reply::new(302).header("location", &login);
    webhook.queue([Answer::from(204), Answer::from(redirect), Answer::from(410)]);
    let output = deploy(&app, &webhook, &[]).await?.expect_code(3)?;
    let polls = webhook.requests();
    ensure!(polls.iter().all(|poll| poll.path == "/gate"), "{polls:?}");
    // 410 is a no that no later poll can change.
    ensure!(polls.len() == 3, "{polls:?}");
    ensure!(output.stderr.contains("410"), "{output:?}");
    app.is_as_before().await
}

async fn hanging_webhook_is_a_broken_gate(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(Answer::hang());
    let output = deploy(&app, &webhook, &["--threshold", "1"]).await?.expect_code(3)?;
    ensure!(output.stderr.contains("gave no valid answer"), "{output:?}");
    app.is_as_before().await
}

async fn hanging_webhook_keeps_nobody_waiting(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    // It is always in the middle of a poll: only its watch can bring the driver the news.
    let webhook = Webhook::start(Answer::hang());
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let running = app.spawn(
        &[&args[..], &["--threshold", "1000", "--drain", "0s", "--settle", "0s"]].concat(),
    )?;
    webhook.wait_for_polls(1, SOON).await;
    // A driver that did not answer would be taken over.
    app.other().await?.fails(6, &args).await?;
    let promote = app.other().await?.ok(&["promote", "parrot"]).await?;
    ensure!(!promote.stderr.contains("took over"), "{promote:?}");
    running.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}

async fn unreachable_webhook_may_come_back(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(200);
    webhook.go_down();
    let url = webhook.url();
    let args = ["deploy", "parrot", "--image", V2, "--webhook", &url, "--interval", "1s"];
    let mut running = app.spawn(&[&args[..], &["--drain", "0s", "--settle", "0s"]].concat())?;
    running.says("gave no valid answer").await?;
    let gate = &app.status_in("waiting").await?["release"]["gate"];
    ensure!(gate["answer"] == "broken" || gate["failures"] == 0, "{gate}");
    webhook.come_up();
    running.wait().await?.expect_code(0)?;
    app.is_released(V2).await
}

const SECRET: &str = "hush-hush";

async fn address_of_the_webhook_stays_secret(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(200);
    // A plain no, a broken answer, a redirect, then a yes: each is worded in its own way.
    let redirect = Reply::new(302).header("location", &webhook.url());
    webhook.queue([Answer::from(500), Answer::close(), Answer::from(redirect)]);
    let open = webhook.url().replace("/gate", &format!("/{SECRET}-path?token={SECRET}-query"));
    let mut said = Vec::new();
    for (image, output, code) in [(V2, "human", 0), ("kmharish/parrot-app:v3", "json", 3)] {
        let args = ["deploy", "parrot", "--image", image, "--webhook", &open, "-o", output];
        let more = ["--interval", "1s", "--threshold", "4", "--drain", "0s", "--settle", "0s"];
        let run = app.spawn(&[&args[..], &more].concat())?;
        webhook.wait_for_poll(SOON, |poll| poll.status.is_some()).await;
        let run = run.wait().await?.expect_code(code)?;
        said.push(run.stdout + &run.stderr);
        // The second deploy finds nobody there.
        webhook.go_down();
    }
    let polls = webhook.requests();
    ensure!(polls.iter().all(|poll| poll.path.contains(SECRET)), "{polls:?}");
    let login = open.replace("http://", &format!("http://{SECRET}-user:{SECRET}-password@"));
    for wrong in [format!("http://[{SECRET}"), format!("ftp://{SECRET}/"), login] {
        let args = ["deploy", "parrot", "--image", V2, "--webhook", &wrong];
        said.push(app.fails(2, &args).await?.stderr);
    }
    // The record and all else that was written.
    for plural in ["configmaps", "deployments", "services", "ingresses", "pods"] {
        said.extend(app.list(plural).await?.iter().map(ToString::to_string));
    }
    app.bed.audit(&app.user.name).await?;
    said.push(std::fs::read_to_string(crate::bed::audit::log_path(bed.folder()))?);
    for text in said {
        let at = text.find(SECRET);
        ensure!(at.is_none(), "it stands in: {}", &text[at.unwrap_or(0).saturating_sub(200)..]);
    }
    Ok(())
}

async fn address_comes_from_the_environment(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::ready(&bed).await?;
    let webhook = Webhook::start(200);
    let args = ["deploy", "parrot", "--image", V2, "--drain", "0s", "--settle", "0s"];
    let env = [("BLUEGREEN_WEBHOOK", &*webhook.url())];
    bed.spawn_with(&app.user, &app.ns, &args, &env)?.wait().await?.expect_code(0)?;
    ensure!(webhook.requests().len() == 1);
    app.is_released(V2).await
}
