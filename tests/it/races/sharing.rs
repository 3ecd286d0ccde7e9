//! Two apps in one Ingress, released at the same time from two machines.

use anyhow::{Context, Result};
use bluegreen::model::Kind;
use serde_json::json;

use super::{V2, V3, race};
use crate::acceptance::Field;
use crate::acceptance::field::V1;
use crate::bed::Bed;
use crate::guard;

const APPS: [&str; 2] = ["parrot", "toucan"];

/// Whoever could be served was served, each by its own app.
fn is_guarded(bed: &Bed, images: &[&str]) -> Result<()> {
    let log = bed.sandbox.store().since(1).ok().context("the log has been cut")?;
    guard::judge(&log, &APPS, |_, image, _| images.contains(&image))
}

async fn both(one: &Field, other: &Field, lines: [&str; 2]) -> Result<()> {
    tokio::try_join!(one.exits(0, lines[0]), other.exits(0, lines[1])).map(drop)
}

#[test]
fn releases_of_two_apps_in_one_ingress_do_not_meet() {
    race("releases of two apps", async |bed, one, other, _| {
        bed.field.beside_the_toucan().await?;
        let named = json!({"metadata": {"annotations": {
            "nginx.org/websocket-services": "parrot, toucan",
            "nginx.org/rewrites": "serviceName=toucan rewrite=/;serviceName=parrot rewrite=/",
        }}});
        bed.field.edit(Kind::Ingress, "parrot", named).await?;
        let line = |app: &str, image: &str| format!("deploy {app} --image {image} --yes");
        both(one, other, [&line("parrot", V2), &line("toucan", V2)]).await?;
        bed.field.is_live("parrot-green", V2).await?;
        bed.field.is_toucan_live("toucan-green", "toucan-green", V2).await?;
        both(one, other, ["rollback parrot", &line("toucan", V3)]).await?;
        bed.field.is_live("parrot", V1).await?;
        bed.field.is_toucan_live("toucan-blue", "toucan", V3).await?;
        is_guarded(bed, &[V1, V2, V3])
    });
}
