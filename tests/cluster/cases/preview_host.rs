//! The candidate, seen by people outside before anybody else, through the real ingress controller.

use std::sync::Arc;

use anyhow::{Result, ensure};
use libtest_mimic::Trial;

use super::pair::{NEW, OLD};
use super::parrot::V2;
use super::served::Served;
use crate::bed::{Bed, SOON, wait_for};

pub fn trials() -> Vec<Trial> {
    crate::cases![candidate_is_seen_at_its_host_and_nowhere_else]
}

async fn candidate_is_seen_at_its_host_and_nowhere_else(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(1).await?;
    let Served { app, host } = Served::behind(&bed, &ingress, 1).await?;
    let green = format!("green.{host}");
    app.ok(&["init", "parrot", "--preview-host", &green]).await?;
    let deploy = ["deploy", "parrot", "--image", V2, "--detach", "--drain", "1s"];
    let deployed = app.ok(&deploy).await?;
    ensure!(deployed.stdout.contains(&format!("http://{green}")), "{deployed:?}");
    ingress.serves(&green, NEW).await?;
    let answer = ingress.get(&host, "/").await?;
    ensure!(answer.version() == OLD, "{answer:?}");

    let before = ingress.reloads();
    let probe = format!("http://{}", ingress.http1());
    app.ok(&["promote", "parrot", "--probe", &probe]).await?;
    ingress.serves(&host, NEW).await?;
    ensure!(ingress.reloads() - before == 1, "{} reloads", ingress.reloads() - before);

    app.ok(&["init", "parrot", "--preview-host", "none"]).await?;
    wait_for("the preview host to be nobody's", SOON, async || {
        let answer = ingress.get(&green, "/").await?;
        Ok((answer.status == 404).then_some(()))
    })
    .await
}
