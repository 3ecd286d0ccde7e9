//! Whether a switch has arrived, as the app's own answers tell: the ingress is a stand-in, late or broken
//! as each case has it.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use jiff::Timestamp;
use serde_json::Value;

use super::command::{Said, done};
use super::field::{V1, V2};
use super::outside::Ingress;
use super::{Case, Field, cases};

pub const CASES: &[Case] = cases![
    a_controller_that_is_late_is_waited_for,
    one_that_never_takes_a_switch_in_loses_nobody,
    the_latest_of_several_controllers_counts,
    a_promote_of_a_later_step_sees_it_arrive,
    a_rollback_sees_it_arrive,
    who_takes_over_while_it_arrives_sees_it,
    errors_alone_after_the_switch_lead_back,
    a_404_of_the_controllers_own_is_nobodys_answer,
    who_is_missed_after_the_put_away_starts_again,
    an_abort_keeps_the_candidate_until_the_way_back_has_arrived,
    where_both_answer_alike_that_is_said,
];

const AT: &str = "--probe http://127.0.0.1:8080";

fn last(said: &Said) -> Result<&Value> {
    let last = said.events.last().context("nothing was said")?;
    Ok(&last["outcome"])
}

fn seconds(finished: &Value, from: &str, to: &str) -> Result<f64> {
    let at = |field: &str| -> Result<Timestamp> {
        Ok(finished[field]
            .as_str()
            .with_context(|| format!("no {field}: {finished:#}"))?
            .parse()?)
    };
    Ok((at(to)? - at(from)?).total(jiff::Unit::Second)?)
}

fn has_seen(finished: &Value) -> Result<()> {
    ensure!(finished["confirmed"] == "probe", "{finished:#}");
    ensure!(finished["unconfirmed"].is_null() && finished["missed"].is_null(), "{finished:#}");
    Ok(())
}

async fn both_are_up(field: &Field) -> Result<()> {
    for deployment in ["parrot", "parrot-green"] {
        let replicas = field.replicas(deployment).await?;
        ensure!(replicas == Some(1), "{deployment} has {replicas:?}");
    }
    Ok(())
}

async fn a_controller_that_is_late_is_waited_for(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 1s --timeout 120s");
    let said = field.command(&line).with(Ingress::new(&field).late(&[45]).outside());
    let said = said.exits(0).await?;
    let finished = last(&said)?;
    has_seen(finished)?;
    let took = seconds(finished, "switched", "arrived")?;
    ensure!(took > 44.0, "{took} s: {finished:#}");
    field.is_live("parrot-green", V2).await
}

async fn one_that_never_takes_a_switch_in_loses_nobody(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 1s --timeout 15s");
    let stuck = Ingress::new(&field).late(&[100_000]);
    let said = field.command(&line).with(stuck.clone().outside()).exits(7).await?;
    let what = last(&said)?["what"].as_str().unwrap_or_default();
    ensure!(what.starts_with("the switch does not arrive: "), "{said:#?}");
    // It is nobody's edit, and nobody is sent to look for one.
    ensure!(last(&said)?["cause"] == "not-arrived", "{said:#?}");
    ensure!(said.err.starts_with("error: the switch does not arrive: "), "{said:#?}");
    ensure!(said.err.contains("hint: the same command again goes on"), "{said:#?}");
    both_are_up(&field).await?;
    // Led back, people are served as ever: they never left.
    let back = format!("abort parrot {AT}");
    field.command(&back).with(stuck.outside()).exits(0).await?;
    field.is_live("parrot", V1).await
}

async fn the_latest_of_several_controllers_counts(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --drain 1s --settle 2s");
    let said = field.command(&line).with(Ingress::new(&field).late(&[0, 3, 10]).outside());
    let said = said.exits(0).await?;
    let finished = last(&said)?;
    has_seen(finished)?;
    let took = seconds(finished, "switched", "arrived")?;
    ensure!(took > 9.0, "{took} s: {finished:#}");
    // The drain is what the controller can take, whatever was said of it.
    let kept = seconds(finished, "arrived", "ended")?;
    ensure!(kept >= 2.0, "{kept} s: {finished:#}");
    Ok(())
}

async fn a_promote_of_a_later_step_sees_it_arrive(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    let promote = field.command(&format!("promote parrot {AT}"));
    let said = promote.with(Ingress::new(&field).late(&[3]).outside()).exits(0).await?;
    has_seen(last(&said)?)?;
    ensure!(seconds(last(&said)?, "switched", "arrived")? > 2.0, "{:#}", last(&said)?);
    field.is_live("parrot-green", V2).await
}

async fn a_rollback_sees_it_arrive(field: Field) -> Result<()> {
    field.initialised().await?;
    field.exits(0, &format!("deploy parrot --image {V2} --yes --keep-old")).await?;
    let rollback = field.command(&format!("rollback parrot {AT}"));
    let said = rollback.with(Ingress::new(&field).late(&[3]).outside()).exits(0).await?;
    has_seen(last(&said)?)?;
    field.is_live("parrot", V1).await
}

async fn who_takes_over_while_it_arrives_sees_it(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 1s");
    let late = Ingress::new(&field).late(&[25]);
    let first = field.command(&line).with(late.clone().outside());
    first.killed_at(done("mark-switched")).await?;
    let promote = field.command(&format!("promote parrot {AT}"));
    let said = promote.with(late.outside()).exits(0).await?;
    has_seen(last(&said)?)?;
    field.is_live("parrot-green", V2).await
}

async fn errors_alone_after_the_switch_lead_back(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((502, "nginx")));
    let said = field.command(&line).with(broken.outside()).exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.ends_with(": 502 Bad Gateway"), "{reason}");
    field.is_live("parrot", V1).await
}

async fn a_404_of_the_controllers_own_is_nobodys_answer(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let rejected = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((404, "no such host")));
    let said = field.command(&line).with(rejected.outside()).exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.ends_with(": 404 Not Found"), "{reason}");
    field.is_live("parrot", V1).await
}

async fn who_is_missed_after_the_put_away_starts_again(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let asks_both =
        Ingress::new(&field).says(|_, blue| (blue.0 == 0).then_some((502, "no live upstreams")));
    let said = field.command(&line).with(asks_both.outside()).exits(0).await?;
    let finished = last(&said)?;
    let missed = finished["missed"].as_str().unwrap_or_default();
    ensure!(missed.ends_with(": 502 Bad Gateway") && finished["kept"] == true, "{finished:#}");
    ensure!(!said.has(done("switch-back")), "a route was touched: {said:#?}");
    both_are_up(&field).await?;
    field.is_live("parrot-green", V2).await
}

async fn an_abort_keeps_the_candidate_until_the_way_back_has_arrived(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --bake 10m --settle 1s");
    let late = Ingress::new(&field).late(&[8]);
    let bakes = field.command(&line).with(late.clone().outside());
    bakes.killed_at(done("start-drain")).await?;
    let abort = field.command(&format!("abort parrot {AT}")).with(late.outside());
    let said = abort.exits(0).await?;
    let back = said.when("switch-back")?;
    let gone = said.when("destroy")?;
    let took = (gone - back).total(jiff::Unit::Second)?;
    ensure!(took > 7.5, "{took} s: {said:#?}");
    ensure!(field.find(Kind::Deployment, "parrot-green").await?.is_none(), "it is still there");
    field.is_live("parrot", V1).await
}

async fn where_both_answer_alike_that_is_said(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 2s");
    let same = Ingress::new(&field).says(|_, _| Some((200, "cached")));
    let said = field.command(&line).with(same.outside()).exits(0).await?;
    let finished = last(&said)?;
    ensure!(finished["confirmed"] == "settle", "{finished:#}");
    let why = finished["unconfirmed"].as_str().unwrap_or_default();
    ensure!(why.contains("does not come through the ingress"), "{why}");
    Ok(())
}
