//! Two apps in one Ingress, each with a record, numbers and drivers of its own.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::command::{answered, done};
use super::field::{Field, V1, V2, V3};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    one_after_the_other_with_the_same_number,
    left_ready_and_promoted_after_the_others_release,
    at_its_gate_while_the_other_is_released,
    aborted_after_its_switch_while_the_other_drains,
    taken_over_while_the_other_is_confirmed,
    between_two_ingresses_while_the_other_is_released,
    rolled_back_beside_the_other,
    a_record_made_again_knows_its_own_number,
    what_an_older_version_wrote_for_all_apps_goes,
];

const PARROT: &str = "parrot-green";

fn deploy(app: &str, image: &str) -> String {
    format!("deploy {app} --image {image} --yes")
}

async fn annotations(field: &Field) -> Result<Value> {
    Ok(field.get(Kind::Ingress, "parrot").await?["metadata"]["annotations"].take())
}

async fn both_are_released(field: &Field) -> Result<()> {
    let annotations = annotations(field).await?;
    for app in ["parrot", "toucan"] {
        ensure!(annotations[format!("bluegreen/release.{app}")] == "1", "{annotations:#}");
    }
    ensure!(annotations["bluegreen/release"].is_null(), "{annotations:#}");
    field.is_toucan_live("toucan-green", "toucan-green", V2).await?;
    field.is_live(PARROT, V2).await
}

async fn one_after_the_other_with_the_same_number(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    field.exits(0, &deploy("toucan", V2)).await?;
    field.exits(0, &deploy("parrot", V2)).await?;
    both_are_released(&field).await
}

async fn left_ready_and_promoted_after_the_others_release(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    field.detached(V2).await?;
    field.exits(0, &deploy("toucan", V2)).await?;
    let status = field.status().await?;
    ensure!(status["release"]["phase"] == "waiting", "{status:#}");
    field.exits(0, "promote parrot").await?;
    both_are_released(&field).await
}

async fn at_its_gate_while_the_other_is_released(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    let parrot = field.command(&format!("deploy parrot --image {V2} {GATE} --interval 1h"));
    let parrot = parrot.answers(&[500]);
    let meanwhile = async {
        field.exits(0, &deploy("toucan", V2)).await?;
        field.exits(0, "promote parrot").await
    };
    parrot.meanwhile(0, answered, meanwhile).await?;
    both_are_released(&field).await
}

async fn aborted_after_its_switch_while_the_other_drains(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    let parrot = field.command(&format!("{} --drain 40s", deploy("parrot", V2)));
    let toucan = field.command(&format!("{} --drain 12s", deploy("toucan", V2)));
    let drains = done("start-drain");
    let both = async {
        let abort = field.exits(0, "abort parrot");
        toucan.meanwhile(0, done("start-drain"), abort).await
    };
    parrot.meanwhile(5, drains, both).await?;
    field.is_toucan_live("toucan-green", "toucan-green", V2).await?;
    ensure!(field.replicas("toucan").await? == Some(0), "the toucan's old version is still up");
    ensure!(field.replicas(PARROT).await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

async fn taken_over_while_the_other_is_confirmed(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    let parrot = format!("{} --settle 12s --drain 0s", deploy("parrot", V2));
    field.command(&parrot).killed_at(done("mark-switched")).await?;
    let toucan = field.command(&format!("{} --settle 20s --drain 0s", deploy("toucan", V2)));
    let taken = field.exits(0, &parrot);
    let (_, taken) = toucan.meanwhile(0, done("mark-switched"), taken).await?;
    ensure!(taken.has(done("take-over")) && taken.has(done("stamp")), "{taken:?}");
    let annotations = annotations(&field).await?;
    ensure!(annotations["bluegreen/epoch.parrot"] == "1", "{annotations:#}");
    ensure!(annotations["bluegreen/epoch.toucan"] == "0", "{annotations:#}");
    both_are_released(&field).await
}

async fn between_two_ingresses_while_the_other_is_released(field: Field) -> Result<()> {
    field.second_ingress().await?;
    field.beside_the_toucan().await?;
    field.command(&deploy("parrot", V2)).killed_at(done("switch")).await?;
    field.exits(0, &deploy("toucan", V2)).await?;
    let status = field.status().await?;
    ensure!(status["release"]["phase"] == "switching", "{status:#}");
    field.exits(0, "promote parrot").await?;
    both_are_released(&field).await
}

async fn rolled_back_beside_the_other(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    field.exits(0, &deploy("toucan", V2)).await?;
    field.exits(0, &deploy("parrot", V2)).await?;
    field.exits(0, "rollback toucan").await?;
    field.is_toucan_live("toucan-blue", "toucan", V1).await?;
    field.is_live(PARROT, V2).await?;
    field.exits(0, "rollback parrot").await?;
    field.is_toucan_live("toucan-blue", "toucan", V1).await?;
    field.is_live("parrot", V1).await
}

async fn a_record_made_again_knows_its_own_number(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    for image in [V2, V3] {
        field.exits(0, &deploy("toucan", image)).await?;
    }
    field.exits(0, &deploy("parrot", V2)).await?;
    field.delete(Kind::ConfigMap, "bluegreen-parrot").await?;
    field.initialised().await?;
    let said = field.exits(0, &deploy("parrot", V3)).await?;
    ensure!(said.has(|event| event["step"] == "start" && event["number"] == 2), "{said:?}");
    field.is_live("parrot", V3).await
}

/// 0.1.0 knew no app in the stamps of an Ingress.
async fn what_an_older_version_wrote_for_all_apps_goes(field: Field) -> Result<()> {
    field.beside_the_toucan().await?;
    let stamps = json!({"bluegreen/release": "1", "bluegreen/epoch": "3"});
    let written = json!({"metadata": {"annotations": stamps}});
    field.edit(Kind::Ingress, "parrot", written).await?;
    field.exits(0, &deploy("toucan", V2)).await?;
    field.exits(0, &deploy("parrot", V2)).await?;
    let annotations = annotations(&field).await?;
    ensure!(annotations["bluegreen/epoch"].is_null(), "{annotations:#}");
    // Nobody knows whose that was.
    for app in ["parrot", "toucan"] {
        ensure!(annotations[format!("bluegreen/epoch.{app}")] == "0", "{annotations:#}");
    }
    both_are_released(&field).await
}
