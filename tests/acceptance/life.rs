//! A release from its beginning to its end.

use std::sync::atomic::Ordering;

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use bluegreen::release::{Deploy, Gate, Goal, Init, Outcome, Verdict};

use super::command::{BROKEN, SETTINGS, deploy, detached, plain, promote, rollback, verdict};
use super::field::{Field, V1, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    init_twice_writes_nothing,
    nothing_without_init,
    gate_says_yes_at_last,
    back_and_forth,
    the_same_again_writes_nothing,
    gate_keeps_saying_no,
    gate_rejects,
    gate_is_broken,
    deadline_passes,
    nobody_is_asked,
    left_ready_and_promoted,
    rolled_back_and_forth,
    rolled_back_to_an_older_release,
    kept_and_rolled_back_without_a_new_pod,
    nothing_without_a_word_of_a_gate,
];

async fn init_twice_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.versions().await?;
    let ended = field.command("init", Goal::Init(Init::default())).ended().await?;
    ensure!(ended.writes == 0 && field.versions().await? == before, "{ended:?}");
    field.is_live("parrot", V1).await
}

async fn nothing_without_init(field: Field) -> Result<()> {
    let before = field.versions().await?;
    let outcome = field.outcome("deploy", deploy(V2, Gate::Open)).await?;
    ensure!(outcome == Outcome::NotInitialised, "{outcome:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn gate_says_yes_at_last(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Webhook)).answers(&[500, 404, 200]);
    let polls = deploy.polls();
    verdict(&deploy.outcome().await?, Verdict::Promoted)?;
    ensure!(polls.load(Ordering::SeqCst) == 3, "{polls:?} polls");
    ensure!(field.backend("parrot").await? == "parrot-green", "the Ingress was not switched");
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    field.is_live("parrot-green", V2).await
}

async fn back_and_forth(field: Field) -> Result<()> {
    field.initialised().await?;
    for (image, deployment, other) in [
        (V2, "parrot-green", "parrot"),
        (V3, "parrot", "parrot-green"),
        (V1, "parrot-green", "parrot"),
    ] {
        field.released(image).await?;
        field.is_live(deployment, image).await?;
        ensure!(field.replicas(other).await? == Some(0), "{other} was not put away");
    }
    Ok(())
}

async fn the_same_again_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let before = field.versions().await?;
    let ended = field.command("deploy", deploy(V2, Gate::Open)).ended().await?;
    ensure!(matches!(ended.outcome, Outcome::AlreadyLive { .. }), "{ended:?}");
    ensure!(ended.writes == 0 && field.versions().await? == before, "{ended:?}");
    Ok(())
}

/// After a release that came to nothing everything is as before it, but for the record.
async fn untouched(field: &Field) -> Result<()> {
    ensure!(field.backend("parrot").await? == "parrot", "the Ingress was switched");
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

async fn gate_keeps_saying_no(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Webhook)).answers(&[500]);
    let polls = deploy.polls();
    verdict(&deploy.outcome().await?, Verdict::Rejected)?;
    ensure!(polls.load(Ordering::SeqCst) == 3, "{polls:?} polls");
    untouched(&field).await
}

async fn gate_rejects(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Webhook)).answers(&[500, 410]);
    verdict(&deploy.outcome().await?, Verdict::Rejected)?;
    untouched(&field).await
}

async fn gate_is_broken(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Webhook)).answers(&[BROKEN, 302, 204]);
    verdict(&deploy.outcome().await?, Verdict::Rejected)?;
    untouched(&field).await
}

async fn deadline_passes(field: Field) -> Result<()> {
    field.initialised().await?;
    let mut late = plain(V2, Gate::Webhook);
    (late.settings.threshold, late.settings.deadline_seconds) = (Some(1_000), Some(4));
    let deploy = field.command("deploy", Goal::Deploy(late)).answers(&[500]);
    verdict(&deploy.outcome().await?, Verdict::Rejected)?;
    untouched(&field).await
}

async fn nobody_is_asked(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Open));
    let polls = deploy.polls();
    verdict(&deploy.outcome().await?, Verdict::Promoted)?;
    ensure!(polls.load(Ordering::SeqCst) == 0, "a gate was asked");
    field.is_live("parrot-green", V2).await
}

async fn left_ready_and_promoted(field: Field) -> Result<()> {
    field.initialised().await?;
    let outcome = field.outcome("deploy", detached(V2)).await?;
    ensure!(matches!(outcome, Outcome::Detached { number: 1, .. }), "{outcome:?}");
    field.is_live("parrot", V1).await?;
    let preview = field.get(Kind::Service, "parrot-preview").await?;
    ensure!(preview["spec"]["selector"]["app"] == "parrot-green", "{preview:#}");
    verdict(&field.outcome("promote", promote()).await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await?;
    let again = field.outcome("promote", promote()).await?;
    ensure!(matches!(again, Outcome::NothingToDo { .. }), "{again:?}");
    Ok(())
}

async fn rolled_back_and_forth(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    verdict(&field.outcome("rollback", rollback()).await?, Verdict::Promoted)?;
    field.is_live("parrot", V1).await?;
    verdict(&field.outcome("rollback", rollback()).await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await
}

async fn rolled_back_to_an_older_release(field: Field) -> Result<()> {
    field.initialised().await?;
    for image in [V2, V3, V1] {
        field.released(image).await?;
    }
    let to = Goal::Rollback { release: None, to: Some(1), settings: SETTINGS };
    verdict(&field.outcome("rollback", to).await?, Verdict::Promoted)?;
    field.is_live("parrot", V2).await
}

async fn kept_and_rolled_back_without_a_new_pod(field: Field) -> Result<()> {
    field.initialised().await?;
    let mut kept = plain(V2, Gate::Open);
    kept.settings.keep_old = true;
    verdict(&field.outcome("deploy", Goal::Deploy(kept)).await?, Verdict::Promoted)?;
    ensure!(field.replicas("parrot").await? == Some(1), "the old version was put away");
    let pods = async || {
        let pods = field.list(Kind::Pod).await?;
        anyhow::Ok(pods.iter().map(|pod| pod["metadata"]["uid"].clone()).collect::<Vec<_>>())
    };
    let before = pods().await?;
    let mut back = SETTINGS;
    back.keep_old = true;
    let back = Goal::Rollback { release: None, to: None, settings: back };
    verdict(&field.outcome("rollback", back).await?, Verdict::Promoted)?;
    ensure!(pods().await? == before, "a pod was started or ended");
    field.is_live("parrot", V1).await
}

async fn nothing_without_a_word_of_a_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let ungated = Deploy { gate: Gate::Unsaid { watched: false }, ..plain(V2, Gate::Open) };
    let before = field.versions().await?;
    let outcome = field.outcome("deploy", Goal::Deploy(ungated)).await?;
    ensure!(outcome == Outcome::Ungated, "{outcome:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}
