//! Back to a version that was live before.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;

use super::field::{Field, V1, V2, V3};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    back_and_forth,
    to_an_older_release,
    to_a_version_that_only_a_replica_set_has,
    not_to_what_was_never_live,
    only_to_undo_one_release,
    kept_and_without_a_new_pod,
    an_aborted_release_leaves_the_kept_version,
    past_what_was_never_live,
    with_the_live_versions_size,
    not_while_a_release_is_unfinished,
    nothing_to_go_back_to,
    by_a_gate_as_a_deploy,
];

async fn back_and_forth(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    for _ in 0..2 {
        field.exits(0, "rollback parrot").await?;
        field.is_live("parrot", V1).await?;
        field.exits(0, "rollback parrot").await?;
        field.is_live("parrot-green", V2).await?;
    }
    let history = field.history().await?;
    let told = history.iter().map(|one| (one["number"].as_u64(), one["rollback"] == true));
    let numbers = [(5, true), (4, true), (3, true), (2, true), (1, false)];
    ensure!(told.eq(numbers.map(|(number, back)| (Some(number), back))), "{history:#?}");
    // Nobody's clients are left waiting for the next version.
    field.released(V3).await?;
    field.is_live("parrot", V3).await
}

async fn to_an_older_release(field: Field) -> Result<()> {
    field.initialised().await?;
    for image in [V2, V3, V1] {
        field.released(image).await?;
    }
    field.exits(0, "rollback parrot --to 1").await?;
    field.is_live("parrot", V2).await?;
    let before = field.versions().await?;
    field.exits(0, "rollback parrot --to 1").await?;
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn to_a_version_that_only_a_replica_set_has(field: Field) -> Result<()> {
    field.initialised().await?;
    for image in [V2, V3] {
        field.released(image).await?;
    }
    field.exits(0, "rollback parrot --to 1").await?;
    field.is_live("parrot-green", V2).await?;
    field.released(V1).await?;
    field.is_live("parrot", V1).await?;
    field.exits(0, "rollback parrot --to 2").await?;
    field.is_live("parrot-green", V3).await
}

async fn not_to_what_was_never_live(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let rejected = field.command(&format!("deploy parrot --image {V3} {GATE}")).answers(&[410]);
    rejected.exits(3).await?;
    let before = field.versions().await?;
    for (to, why) in [("2", "was never live"), ("9", "is not in the history")] {
        let said = field.exits(11, &format!("rollback parrot --to {to}")).await?;
        ensure!(said.err.contains(why), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await
}

async fn only_to_undo_one_release(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.exits(0, "rollback parrot --release 1").await?;
    field.is_live("parrot", V1).await?;
    let before = field.versions().await?;
    field.exits(0, "rollback parrot --release 1").await?;
    ensure!(field.versions().await? == before, "something was written");
    field.is_live("parrot", V1).await
}

async fn pods(field: &Field) -> Result<Vec<String>> {
    let pods = field.list(Kind::Pod).await?;
    let mut uids: Vec<_> = pods.iter().map(|pod| pod["metadata"]["uid"].to_string()).collect();
    uids.sort();
    Ok(uids)
}

async fn kept_and_without_a_new_pod(field: Field) -> Result<()> {
    field.initialised().await?;
    field.exits(0, &format!("deploy parrot --image {V2} --yes --keep-old")).await?;
    ensure!(field.replicas("parrot").await? == Some(1), "the old version was put away");
    let before = pods(&field).await?;
    field.exits(0, "rollback parrot --keep-old").await?;
    ensure!(pods(&field).await? == before, "a pod was started or ended");
    field.is_live("parrot", V1).await
}

async fn an_aborted_release_leaves_the_kept_version(field: Field) -> Result<()> {
    field.initialised().await?;
    field.exits(0, &format!("deploy parrot --image {V2} --yes --keep-old")).await?;
    field.detached(V3).await?;
    field.exits(0, "abort parrot").await?;
    field.has_ready("parrot", 1).await?;
    let status = field.status().await?;
    ensure!(status["kept"]["images"]["parrot"] == V1, "{status:#}");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await
}

async fn nothing_to_go_back_to(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.versions().await?;
    let said = field.exits(11, "rollback parrot").await?;
    ensure!(said.err.contains("no release has gone live yet"), "{said:?}");
    ensure!(said.err.contains("bluegreen history parrot"), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    field.is_live("parrot", V1).await
}

async fn past_what_was_never_live(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.exits(4, "deploy parrot --image kmharish/parrot-app:crash --yes").await?;
    field.detached(V3).await?;
    field.exits(0, "abort parrot").await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await
}

async fn with_the_live_versions_size(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.scaled("parrot-green", 3).await?;
    field.exits(0, "rollback parrot").await?;
    field.has_ready("parrot", 3).await?;
    ensure!(field.replicas("parrot-green").await? == Some(0), "it was not put away");
    field.is_live("parrot", V1).await
}

async fn not_while_a_release_is_unfinished(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    field.detached(V3).await?;
    let before = field.versions().await?;
    let said = field.exits(11, "rollback parrot").await?;
    ensure!(said.err.contains("release 2 is unfinished"), "{said:?}");
    ensure!(said.err.contains("bluegreen abort parrot"), "{said:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

/// A rollback asks nobody; whoever wants a gate deploys the old image.
async fn by_a_gate_as_a_deploy(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let deploy = format!("deploy parrot --image {V1} {GATE}");
    field.command(&deploy).answers(&[500, 410]).exits(3).await?;
    field.is_live("parrot-green", V2).await?;
    ensure!(field.replicas("parrot").await? == Some(0), "the version before was not left at 0");
    let go = field.command(&deploy).answers(&[500, 200]);
    go.exits(0).await?;
    ensure!(go.polls() == 2, "{} polls", go.polls());
    field.is_live("parrot", V1).await
}
