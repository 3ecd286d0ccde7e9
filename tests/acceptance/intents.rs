//! More than one person.

use anyhow::{Result, bail, ensure};
use bluegreen::event::What;
use bluegreen::release::{Deploy, Doing, Gate, Goal, Outcome, Verdict};

use super::command::{abort, deploy, detached, plain, promote, verdict};
use super::field::{Field, V1, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    left_ready_and_aborted,
    promoted_while_it_waits_at_the_gate,
    aborted_while_it_waits_at_the_gate,
    aborted_after_the_switch,
    another_version_is_in_the_way,
    another_version_replaces_it,
    the_same_deploy_goes_on,
    killed_at_the_gate_and_taken_over,
    killed_after_the_switch_and_finished,
    killed_after_the_switch_and_aborted,
];

fn asked(what: &What) -> bool {
    matches!(what, What::GateAnswered { .. })
}

fn switched(what: &What) -> bool {
    matches!(what, What::Done(Doing::Switch { .. }))
}

async fn left_ready_and_aborted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    verdict(&field.outcome("abort", abort()).await?, Verdict::Aborted)?;
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

/// A deploy that waits at its gate, and another command once it has been asked.
async fn meanwhile(field: &Field, other: Goal) -> Result<(Outcome, Outcome)> {
    let mut patient = plain(V2, Gate::Webhook);
    patient.settings.threshold = Some(1_000);
    let deploy = field.command("deploy", Goal::Deploy(patient)).answers(&[500]);
    let second = async {
        while !deploy.events.borrow().iter().any(|event| asked(&event.what)) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        field.outcome("other", other).await
    };
    let (first, second) = tokio::join!(deploy.outcome(), second);
    Ok((first?, second?))
}

async fn promoted_while_it_waits_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let (deploy, promote) = meanwhile(&field, promote()).await?;
    verdict(&deploy, Verdict::Promoted)?;
    verdict(&promote, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await
}

async fn aborted_while_it_waits_at_the_gate(field: Field) -> Result<()> {
    field.initialised().await?;
    let (deploy, abort) = meanwhile(&field, abort()).await?;
    verdict(&deploy, Verdict::Aborted)?;
    verdict(&abort, Verdict::Aborted)?;
    field.is_live("parrot", V1).await
}

async fn aborted_after_the_switch(field: Field) -> Result<()> {
    field.initialised().await?;
    let mut long = plain(V2, Gate::Open);
    long.settings.drain_seconds = Some(3_600);
    let deploy = field.command("deploy", Goal::Deploy(long));
    deploy.killed_at(|what| matches!(what, What::Done(Doing::StartDrain { .. }))).await?;
    field.is_live("parrot-green", V2).await?;
    // The candidate is drained as the old version would have been.
    let abort = field.command("abort", abort());
    abort.killed_at(|what| matches!(what, What::Done(Doing::FollowLive { .. }))).await?;
    field.is_live("parrot", V1).await
}

async fn another_version_is_in_the_way(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    let before = field.versions().await?;
    let outcome = field.outcome("deploy", deploy(V3, Gate::Open)).await?;
    ensure!(matches!(outcome, Outcome::InTheWay { number: 1, .. }), "{outcome:?}");
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn another_version_replaces_it(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    let instead = Deploy { replace: true, ..plain(V3, Gate::Open) };
    verdict(&field.outcome("deploy", Goal::Deploy(instead)).await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V3).await
}

async fn the_same_deploy_goes_on(field: Field) -> Result<()> {
    field.initialised().await?;
    field.outcome("deploy", detached(V2)).await?;
    let again = field.command("again", deploy(V2, Gate::Webhook)).answers(&[200]);
    verdict(&again.outcome().await?, Verdict::Promoted)?;
    field.is_live("parrot-green", V2).await
}

async fn killed_at_the_gate_and_taken_over(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command("deploy", deploy(V2, Gate::Webhook)).answers(&[500]);
    deploy.killed_at(asked).await?;
    let promote = field.command("promote", promote());
    verdict(&promote.outcome().await?, Verdict::Promoted)?;
    let took = promote
        .events
        .borrow()
        .iter()
        .any(|event| matches!(event.what, What::Done(Doing::TakeOver { .. })));
    ensure!(took, "it never took over: {:#?}", promote.events.borrow());
    field.is_live("parrot-green", V2).await
}

async fn killed_after_the_switch_and_finished(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command("deploy", deploy(V2, Gate::Open)).killed_at(switched).await?;
    verdict(&field.outcome("again", deploy(V2, Gate::Open)).await?, Verdict::Promoted)?;
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    field.is_live("parrot-green", V2).await
}

async fn killed_after_the_switch_and_aborted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command("deploy", deploy(V2, Gate::Open)).killed_at(switched).await?;
    match field.outcome("abort", abort()).await? {
        Outcome::Finished(finished) if finished.outcome == Verdict::Aborted => {}
        other => bail!("{other:?}"),
    }
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}
