//! Commands that are killed, interrupted or suspended, and who goes on.

use anyhow::{Result, ensure};

use super::command::{answered, doing, done};
use super::field::{Field, V1, V2, V3};
use super::outside::GATE;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    killed_before_there_is_a_candidate,
    killed_at_the_gate_and_taken_over,
    killed_after_the_switch_and_finished,
    killed_after_the_switch_and_aborted,
    killed_while_it_is_confirmed_and_finished,
    killed_while_it_bakes_and_finished,
    killed_while_it_drains_and_finished,
    killed_while_it_withdraws_and_finished,
    killed_between_two_ingresses_and_finished,
    interrupted_and_gone_on_with,
    another_deploy_learns_that_it_is_busy,
    who_follows_a_driver_is_told_the_way_back,
    a_switch_that_is_late_changes_nothing,
    woken_after_an_abort_it_writes_nothing,
    woken_after_a_promote_it_writes_nothing,
];

fn at_gate() -> String {
    format!("deploy parrot --image {V2} {GATE}")
}

fn at_once() -> String {
    format!("deploy parrot --image {V2} --yes")
}

async fn is_one_promoted_release(field: &Field) -> Result<()> {
    let history = field.history().await?;
    ensure!(history.len() == 1 && history[0]["outcome"] == "promoted", "{history:#?}");
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    field.is_live("parrot-green", V2).await
}

async fn killed_before_there_is_a_candidate(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&at_once()).killed_at(done("start")).await?;
    field.exits(0, &at_once()).await?;
    is_one_promoted_release(&field).await
}

async fn killed_at_the_gate_and_taken_over(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&at_gate()).answers(&[500]).killed_at(answered).await?;
    let said = field.exits(0, "promote parrot").await?;
    ensure!(said.has(done("take-over")), "it never took over: {said:?}");
    is_one_promoted_release(&field).await
}

async fn killed_after_the_switch_and_finished(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&at_once()).killed_at(done("switch")).await?;
    field.exits(0, &at_once()).await?;
    is_one_promoted_release(&field).await
}

async fn killed_after_the_switch_and_aborted(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&at_once()).killed_at(done("switch")).await?;
    field.exits(0, "abort parrot").await?;
    ensure!(field.replicas("parrot-green").await?.is_none(), "the candidate is still there");
    field.is_live("parrot", V1).await
}

/// A driver is missed after 10 s: the phase is longer, so that who goes on finds it.
async fn killed_in(field: &Field, phase: &str, step: &'static str, times: &str) -> Result<()> {
    field.initialised().await?;
    let deploy = format!("{} {times}", at_once());
    field.command(&deploy).killed_at(done(step)).await?;
    let left = field.status().await?;
    ensure!(left["release"]["phase"] == phase, "{left:#}");
    ensure!(field.replicas("parrot").await? == Some(1), "the old version was put away");
    field.exits(0, &deploy).await?;
    is_one_promoted_release(field).await
}

async fn killed_while_it_is_confirmed_and_finished(field: Field) -> Result<()> {
    killed_in(&field, "confirming", "mark-switched", "--settle 12s --drain 0s").await
}

async fn killed_while_it_bakes_and_finished(field: Field) -> Result<()> {
    killed_in(&field, "baking", "start-drain", "--bake 12s --drain 0s").await
}

async fn killed_while_it_drains_and_finished(field: Field) -> Result<()> {
    killed_in(&field, "draining", "start-drain", "--drain 12s").await
}

async fn killed_while_it_withdraws_and_finished(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&at_gate()).answers(&[410]).killed_at(done("count")).await?;
    // What was decided stays decided, whoever goes on.
    field.exits(11, "abort parrot").await?;
    let last = &field.history().await?[0];
    ensure!(last["outcome"] == "rejected", "{last:#}");
    field.is_untouched().await
}

async fn killed_between_two_ingresses_and_finished(field: Field) -> Result<()> {
    field.second_ingress().await?;
    field.initialised().await?;
    field.command(&at_once()).killed_at(done("switch")).await?;
    let status = field.status().await?;
    ensure!(status["release"]["phase"] == "switching", "{status:#}");
    field.exits(0, "promote parrot").await?;
    for ingress in ["parrot", "parrot-admin"] {
        ensure!(field.backend(ingress).await? == "parrot-green", "{ingress} was not switched");
    }
    is_one_promoted_release(&field).await
}

async fn interrupted_and_gone_on_with(field: Field) -> Result<()> {
    field.initialised().await?;
    for (signal, code) in [(2, 130), (15, 143)] {
        let line = format!("{} --interval 1h", at_gate());
        let deploy = field.command(&line).answers(&[500]);
        let interrupt = async {
            // The first answer is written down: no write is under way.
            deploy.comes(|event| event["on"]["for"] == "gate").await?;
            deploy.interrupt(signal);
            Ok(())
        };
        let (said, ()) = deploy.meanwhile(code, |_| true, interrupt).await?;
        for verb in ["promote", "abort"] {
            ensure!(said.err.contains(&format!("bluegreen {verb} parrot")), "{said:?}");
        }
        let status = field.status().await?;
        ensure!(status["release"]["phase"] == "waiting", "{status:#}");
        ensure!(status["release"]["driver"].is_null(), "{status:#}");
    }
    field.exits(0, "promote parrot").await?;
    is_one_promoted_release(&field).await
}

async fn another_deploy_learns_that_it_is_busy(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("{} --interval 1h", at_gate());
    let deploy = field.command(&line).answers(&[500]);
    let others = async {
        for image in [V2, V3] {
            let said = field.exits(6, &format!("deploy parrot --image {image} --yes")).await?;
            ensure!(said.outcome()["result"] == "busy", "{said:?}");
        }
        // The first is not disturbed.
        field.exits(0, "promote parrot").await
    };
    deploy.meanwhile(0, answered, others).await?;
    is_one_promoted_release(&field).await
}

/// It has watched the record alone, and says what works all the same.
async fn who_follows_a_driver_is_told_the_way_back(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("{} --interval 1h", at_gate());
    let promote = async {
        let (code, said) = field.command("promote parrot -o human").ends().await?;
        ensure!(code == 0, "{said:?}");
        ensure!(said.out.contains("back      bluegreen rollback parrot"), "{said:?}");
        Ok(())
    };
    field.command(&line).answers(&[500]).meanwhile(0, answered, promote).await?;
    is_one_promoted_release(&field).await
}

/// The request was planned on what was there, and leaves when another command has ended the release.
async fn a_switch_that_is_late_changes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let mut left = Vec::new();
    let abort = async {
        field.exits(0, "abort parrot").await?;
        left = field.versions().await?;
        Ok(())
    };
    field.command(&at_once()).frozen_at(6, doing("switch"), abort).await?;
    ensure!(field.versions().await? == left, "it wrote after it was taken over");
    field.is_untouched().await
}

async fn woken_after_an_abort_it_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&at_gate()).answers(&[500, 200]);
    let mut left = Vec::new();
    let abort = async {
        let said = field.exits(0, "abort parrot").await?;
        ensure!(said.has(done("take-over")), "it never took over: {said:?}");
        left = field.versions().await?;
        Ok(())
    };
    deploy.frozen_at(6, done("count"), abort).await?;
    ensure!(field.versions().await? == left, "it wrote after it was taken over");
    field.is_untouched().await
}

async fn woken_after_a_promote_it_writes_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&at_gate()).answers(&[500, 410]);
    let mut left = Vec::new();
    let promote = async {
        field.exits(0, "promote parrot").await?;
        left = field.versions().await?;
        Ok(())
    };
    deploy.frozen_at(6, done("count"), promote).await?;
    ensure!(field.versions().await? == left, "it wrote after it was taken over");
    is_one_promoted_release(&field).await
}
