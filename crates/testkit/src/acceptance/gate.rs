//! What the gate says, and what becomes of the candidate.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;

use super::field::{Field, V2, V3};
use super::outside::{BROKEN, GATE};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    says_yes_at_last,
    says_yes_at_the_last_poll,
    accepted_is_a_yes,
    keeps_saying_no,
    rejects,
    is_broken,
    comes_back,
    is_asked_too_often,
    deadline_passes,
    nobody_is_asked,
    a_rejected_version_may_come_again,
    a_rejected_version_leaves_the_one_before_it,
];

fn asked(more: &str) -> String {
    format!("deploy parrot --image {V2} {GATE} {more}")
}

async fn says_yes_at_last(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&asked("")).answers(&[500, 404, 200]);
    deploy.exits(0).await?;
    ensure!(deploy.polls() == 3, "{} polls", deploy.polls());
    ensure!(field.backend("parrot").await? == "parrot-green", "the Ingress was not switched");
    ensure!(field.replicas("parrot").await? == Some(0), "the old version was not put away");
    field.is_live("parrot-green", V2).await
}

async fn says_yes_at_the_last_poll(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&asked("")).answers(&[500, 500, 201]).exits(0).await?;
    field.is_live("parrot-green", V2).await
}

async fn accepted_is_a_yes(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&asked("--threshold 1")).answers(&[202]).exits(0).await?;
    field.is_live("parrot-green", V2).await
}

async fn keeps_saying_no(field: Field) -> Result<()> {
    field.initialised().await?;
    let before = field.get(Kind::Ingress, "parrot").await?;
    let deploy = field.command(&asked("")).answers(&[500]);
    let said = deploy.exits(3).await?;
    ensure!(said.err.contains("3 times in a row"), "{said:?}");
    let after = field.get(Kind::Ingress, "parrot").await?;
    ensure!(after == before, "{before:#} is now {after:#}");
    ensure!(deploy.polls() == 3, "{} polls", deploy.polls());
    field.is_untouched().await
}

async fn rejects(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&asked("")).answers(&[500, 410, 200]);
    let said = deploy.exits(3).await?;
    ensure!(said.err.contains("410") && deploy.polls() == 2, "{said:?}");
    field.is_untouched().await
}

async fn is_broken(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&asked("")).answers(&[BROKEN, 302, 204]);
    let said = deploy.exits(3).await?;
    let answers = said.events.iter().filter(|event| event["event"] == "gate-answered");
    let answers: Vec<_> = answers.filter_map(|event| event["answer"].as_str()).collect();
    ensure!(answers == ["broken", "broken", "not-yet"], "{answers:?}");
    field.is_untouched().await
}

async fn comes_back(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&asked("")).answers(&[BROKEN, BROKEN, 200]).exits(0).await?;
    field.is_live("parrot-green", V2).await
}

/// More often than the threshold, which only a no counts towards.
async fn is_asked_too_often(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&asked("")).answers(&[500, 429, 429, 429, 429, 500, 200]);
    let said = deploy.exits(0).await?;
    ensure!(deploy.polls() == 7, "{said:?}");
    let answers = said.events.iter().filter(|event| event["event"] == "gate-answered");
    ensure!(answers.filter(|event| event["answer"] == "later").count() == 4, "{said:?}");
    field.is_live("parrot-green", V2).await
}

async fn deadline_passes(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&asked("--threshold 1000 --deadline 4s")).answers(&[500]);
    let said = deploy.exits(3).await?;
    ensure!(said.err.contains("deadline"), "{said:?}");
    field.is_untouched().await
}

async fn nobody_is_asked(field: Field) -> Result<()> {
    field.initialised().await?;
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes"));
    deploy.exits(0).await?;
    ensure!(deploy.polls() == 0, "a gate was asked");
    field.is_live("parrot-green", V2).await
}

async fn a_rejected_version_may_come_again(field: Field) -> Result<()> {
    field.initialised().await?;
    field.command(&asked("")).answers(&[410]).exits(3).await?;
    field.command(&asked("")).answers(&[200]).exits(0).await?;
    field.is_live("parrot-green", V2).await?;
    let history = field.history().await?;
    let outcomes: Vec<_> = history.iter().filter_map(|one| one["outcome"].as_str()).collect();
    ensure!(outcomes == ["promoted", "rejected"], "{outcomes:?}");
    Ok(())
}

/// The slot is as it was found: the version before stands there, put away.
async fn a_rejected_version_leaves_the_one_before_it(field: Field) -> Result<()> {
    field.initialised().await?;
    field.released(V2).await?;
    let before = field.template("parrot").await?;
    let deploy = field.command(&format!("deploy parrot --image {V3} {GATE}")).answers(&[410]);
    deploy.exits(3).await?;
    ensure!(field.template("parrot").await? == before, "it has another template");
    ensure!(field.replicas("parrot").await? == Some(0), "it runs");
    field.is_live("parrot-green", V2).await
}
