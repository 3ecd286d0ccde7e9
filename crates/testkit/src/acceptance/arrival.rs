//! Whether a switch has arrived, as the app's own answers tell: the ingress is a stand-in, late or broken
//! as each case has it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::command::{Command, Said, done};
use super::field::{V1, V2, V3};
use super::outside::{BROKEN, Ingress};
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
    errors_after_a_promote_of_a_later_step_lead_back,
    errors_that_nobody_can_compare_put_nothing_away,
    who_has_to_log_in_at_the_ingress_is_no_failure,
    who_promotes_from_where_no_way_leads_to_the_ingress_undoes_nothing,
    a_rollback_onto_a_version_that_runs_hears_errors,
    who_takes_over_in_the_middle_of_a_switch_hears_errors,
    who_takes_over_after_the_put_away_hears_who_is_missed,
    nothing_is_put_away_while_every_other_answer_is_an_error,
    a_rule_that_somebody_takes_away_is_no_error,
    where_both_answer_alike_a_rule_of_ours_tells_that_it_has_arrived,
    a_rule_of_ours_that_is_never_served_loses_nobody,
    who_takes_over_finds_the_rule_and_takes_it_away,
    a_candidate_that_nobody_may_ask_is_known_by_its_preview,
    a_host_that_somebody_moves_is_asked_where_it_is_now,
    a_limit_of_requests_is_no_failure,
    a_limit_of_requests_is_none_where_both_answer_alike,
    errors_behind_a_limit_of_requests_lead_back,
    a_503_that_asking_slowly_does_not_end_leads_back,
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

/// As a CI does it: nobody asked before the switch.
async fn errors_after_a_promote_of_a_later_step_lead_back(field: Field) -> Result<()> {
    field.initialised().await?;
    sleep(Duration::from_secs(5)).await;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((502, "nginx")));
    let deploy = format!("deploy parrot --image {V2} --detach {AT}");
    field.command(&deploy).with(broken.clone().outside()).exits(0).await?;
    sleep(Duration::from_secs(60)).await;
    let promote = field.command(&format!("promote parrot {AT}")).with(broken.outside());
    let said = promote.exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.ends_with(": 502 Bad Gateway"), "{reason}");
    field.is_live("parrot", V1).await
}

/// Nor did the process that made the candidate: what comes then is no answer, whatever came before.
async fn errors_that_nobody_can_compare_put_nothing_away(field: Field) -> Result<()> {
    field.initialised().await?;
    field.detached(V2).await?;
    sleep(Duration::from_secs(60)).await;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((502, "nginx")));
    let line = format!("promote parrot {AT}");
    field.command(&line).with(broken.outside()).exits(7).await?;
    both_are_up(&field).await
}

async fn who_takes_over_in_the_middle_of_a_switch_hears_errors(field: Field) -> Result<()> {
    field.initialised().await?;
    sleep(Duration::from_secs(5)).await;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((502, "nginx")));
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let first = field.command(&line).with(broken.clone().outside());
    first.killed_at(done("switch")).await?;
    let promote = field.command(&format!("promote parrot {AT}")).with(broken.outside());
    let said = promote.exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.ends_with(": 502 Bad Gateway"), "{reason}");
    field.is_live("parrot", V1).await
}

async fn who_takes_over_after_the_put_away_hears_who_is_missed(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let asks_both =
        Ingress::new(&field).says(|_, blue| (blue.0 == 0).then_some((502, "no live upstreams")));
    let first = field.command(&line).with(asks_both.clone().outside());
    let stops = async {
        first.interrupt(2);
        Ok(())
    };
    first.meanwhile(130, done("put-away"), stops).await?;
    let promote = field.command(&format!("promote parrot {AT}")).with(asks_both.outside());
    let said = promote.exits(0).await?;
    let finished = last(&said)?;
    let missed = finished["missed"].as_str().unwrap_or_default();
    ensure!(missed.ends_with(": 502 Bad Gateway") && finished["kept"] == true, "{finished:#}");
    both_are_up(&field).await
}

async fn nothing_is_put_away_while_every_other_answer_is_an_error(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --timeout 20s --settle 2s");
    // Two replicas of a controller, one of which serves nobody any more.
    let half = Ingress::new(&field).late(&[0, 100_000]).says(|service, _| {
        Some(match service {
            "parrot-green" => (200, "alike"),
            _ if NOW_BROKEN.load(std::sync::atomic::Ordering::SeqCst) => (502, "nginx"),
            _ => (200, "alike"),
        })
    });
    NOW_BROKEN.store(false, std::sync::atomic::Ordering::SeqCst);
    let deploy = field.command(&line).with(half.outside());
    let breaks = async {
        NOW_BROKEN.store(true, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    };
    deploy.meanwhile(7, done("switch"), breaks).await?;
    both_are_up(&field).await
}

static NOW_BROKEN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// A person who no longer wants a host is no reason to lead anybody back.
async fn a_rule_that_somebody_takes_away_is_no_error(field: Field) -> Result<()> {
    let mut rules = field.get(Kind::Ingress, "parrot").await?["spec"]["rules"].take();
    let mut second = rules[0].clone();
    second["host"] = serde_json::json!("old.example.com");
    rules.as_array_mut().context("no rules")?.push(second);
    let both = serde_json::json!({"spec": {"rules": rules}});
    field.edit(Kind::Ingress, "parrot", both).await?;
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --bake 60s --settle 1s");
    let deploy = field.command(&line).with(Ingress::new(&field).knows_hosts().outside());
    let edited = async {
        let mut rules = field.get(Kind::Ingress, "parrot").await?["spec"]["rules"].take();
        rules.as_array_mut().context("no rules")?.pop();
        let one = serde_json::json!({"spec": {"rules": rules}});
        field.edit(Kind::Ingress, "parrot", one).await.map(drop)
    };
    deploy.meanwhile(0, done("start-drain"), edited).await?;
    field.is_live("parrot-green", V2).await
}

/// Of a version that is to bake for a while one wants to know whether people are served at the new address, too.
async fn a_host_that_somebody_moves_is_asked_where_it_is_now(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --bake 30s --settle 1s");
    let ingress = Ingress::new(&field).knows_hosts();
    let deploy = field.command(&line).with(ingress.clone().outside());
    let edited = async {
        let mut rules = field.get(Kind::Ingress, "parrot").await?["spec"]["rules"].take();
        rules[0]["host"] = serde_json::json!("bird.example.com");
        let moved = serde_json::json!({"spec": {"rules": rules}});
        field.edit(Kind::Ingress, "parrot", moved).await.map(drop)
    };
    deploy.meanwhile(0, done("start-drain"), edited).await?;
    ensure!(ingress.asked_for("bird.example.com") > 9, "it was not asked for");
    field.is_live("parrot-green", V2).await
}

/// What our own asking is answered with.
async fn a_limit_of_requests_is_no_failure(field: Field) -> Result<()> {
    field.initialised().await?;
    // nginx.ingress.kubernetes.io/limit-rps: 1, with the burst that it has by default.
    let limited = Ingress::new(&field).late(&[2]).limited(1.0, 5.0);
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let said = field.command(&line).with(limited.clone().outside()).exits(0).await?;
    has_seen(last(&said)?)?;
    // Nor for who has not asked before the switch, or goes back.
    let back = field.command(&format!("rollback parrot {AT}")).with(limited.outside());
    has_seen(last(&back.exits(0).await?)?)?;
    field.is_live("parrot", V1).await
}

async fn a_limit_of_requests_is_none_where_both_answer_alike(field: Field) -> Result<()> {
    field.initialised().await?;
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 2s");
    let same = Ingress::new(&field).says(|_, _| Some((200, "cached"))).limited(1.0, 5.0);
    let said = field.command(&line).with(same.outside()).exits(0).await?;
    ensure!(last(&said)?["confirmed"] == "settle", "{:#}", last(&said)?);
    Ok(())
}

async fn errors_behind_a_limit_of_requests_lead_back(field: Field) -> Result<()> {
    field.initialised().await?;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((502, "nginx")))
        .limited(1.0, 5.0);
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let said = field.command(&line).with(broken.outside()).exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.starts_with("it went bad after the switch: "), "{reason}");
    field.is_live("parrot", V1).await
}

async fn a_503_that_asking_slowly_does_not_end_leads_back(field: Field) -> Result<()> {
    field.initialised().await?;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-green").then_some((503, "nginx")));
    let line = format!("deploy parrot --image {V2} --yes {AT}");
    let said = field.command(&line).with(broken.outside()).exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.ends_with(": 503 Service Unavailable"), "{reason}");
    field.is_live("parrot", V1).await
}

/// Neither for who switches without having asked, nor for who takes over.
async fn who_has_to_log_in_at_the_ingress_is_no_failure(field: Field) -> Result<()> {
    field.initialised().await?;
    sleep(Duration::from_secs(5)).await;
    let late = "kmharish/parrot-app:late";
    let log_in = Ingress::new(&field).says(|_, _| Some((401, "who are you?")));
    let deploy = format!("deploy parrot --image {late} --detach {AT} --settle 2s");
    field.command(&deploy).with(log_in.clone().outside()).exits(0).await?;
    sleep(Duration::from_secs(60)).await;
    let line = format!("promote parrot {AT}");
    let first = field.command(&line).with(log_in.clone().outside());
    first.killed_at(done("mark-switched")).await?;
    let said = field.command(&line).with(log_in.outside()).exits(0).await?;
    ensure!(last(&said)?["confirmed"] == "settle", "{:#}", last(&said)?);
    field.is_live("parrot-green", late).await
}

/// It is switched at once: what was answered is heard in the moment before.
async fn a_rollback_onto_a_version_that_runs_hears_errors(field: Field) -> Result<()> {
    field.initialised().await?;
    field.exits(0, &format!("deploy parrot --image {V2} --yes --keep-old")).await?;
    // As soon as the controller knows its pods, it is gone back to without a wait.
    sleep(Duration::from_secs(60)).await;
    let broken = Ingress::new(&field)
        .says(|service, _| (service == "parrot-blue").then_some((502, "nginx")));
    let rollback = field.command(&format!("rollback parrot {AT}")).with(broken.outside());
    let said = rollback.exits(4).await?;
    let reason = last(&said)?["reason"].as_str().unwrap_or_default();
    ensure!(reason.starts_with("it went bad after the switch: "), "{reason}");
    ensure!(reason.ends_with(": 502 Bad Gateway"), "{reason}");
    // It stays, as it was found.
    both_are_up(&field).await?;
    field.is_live("parrot-green", V2).await
}

/// The step before ran where the ingress can be reached.
async fn who_promotes_from_where_no_way_leads_to_the_ingress_undoes_nothing(
    field: Field,
) -> Result<()> {
    field.initialised().await?;
    let deploy = format!("deploy parrot --image {V2} --detach {AT} --settle 2s");
    field.command(&deploy).with(Ingress::new(&field).outside()).exits(0).await?;
    sleep(Duration::from_secs(60)).await;
    let elsewhere = Ingress::new(&field).says(|_, _| Some((BROKEN, "")));
    let promote = field.command(&format!("promote parrot {AT}")).with(elsewhere.outside());
    let said = promote.exits(0).await?;
    let why = last(&said)?["unconfirmed"].as_str().unwrap_or_default();
    ensure!(why.ends_with("no route to host"), "{:#}", last(&said)?);
    field.is_live("parrot-green", V2).await
}

/// Which leads to a version, and nobody can tell to which; it obeys bluegreen's own Ingress as well.
fn alike(field: &Field) -> Ingress {
    Ingress::new(field).says(|_, _| Some((200, "cached"))).obeys_ours()
}

/// Nobody says how long a switch may take.
fn deploys(field: &Field, more: &str) -> Command {
    let line = format!("deploy parrot --image {V2} --yes {AT} {more}");
    field.command_but(&line, &["--settle"])
}

/// Of our own Ingress there is what `init` has made of it.
async fn no_rule_is_left(field: &Field) -> Result<()> {
    let ours = field.get(Kind::Ingress, "parrot-preview").await?;
    ensure!(ours["spec"]["rules"].as_array().map(Vec::len) == Some(1), "{ours:#}");
    field.exits(0, "check parrot").await.map(drop)
}

async fn where_both_answer_alike_a_rule_of_ours_tells_that_it_has_arrived(
    field: Field,
) -> Result<()> {
    field.initialised().await?;
    let said = deploys(&field, "").with(alike(&field).late(&[0, 3, 20]).outside()).exits(0).await?;
    let finished = last(&said)?;
    ensure!(finished["confirmed"] == "marker", "{finished:#}");
    ensure!(finished["unconfirmed"].is_null() && finished["missed"].is_null(), "{finished:#}");
    let took = seconds(finished, "switched", "arrived")?;
    ensure!(took > 20.0, "{took} s: {finished:#}");
    no_rule_is_left(&field).await?;
    field.is_live("parrot-green", V2).await?;
    // A controller that is not seen to obey it gets its time, and so does one of which somebody says how long.
    let plain = Ingress::new(&field).says(|_, _| Some((200, "cached")));
    for (outside, more) in [(plain.outside(), ""), (alike(&field).outside(), "--settle 10s")] {
        let rollback = format!("rollback parrot {AT} {more}");
        let said = field.command_but(&rollback, &["--settle"]).with(outside).exits(0).await?;
        ensure!(last(&said)?["confirmed"] == "settle", "{said:#?}");
        ensure!(!said.has(done("mark")), "{said:#?}");
    }
    Ok(())
}

async fn a_rule_of_ours_that_is_never_served_loses_nobody(field: Field) -> Result<()> {
    field.initialised().await?;
    let stuck = alike(&field).late(&[0, 100_000]);
    let said = deploys(&field, "--timeout 25s").with(stuck.clone().outside()).exits(7).await?;
    let what = last(&said)?["what"].as_str().unwrap_or_default();
    ensure!(what.contains("is not served yet"), "{what}");
    both_are_up(&field).await?;
    // Whoever can't hear it does not take time for a proof.
    field.command("promote parrot").exits(7).await?;
    both_are_up(&field).await?;
    field.command(&format!("abort parrot {AT}")).with(stuck.outside()).exits(0).await?;
    no_rule_is_left(&field).await?;
    field.is_live("parrot", V1).await
}

async fn who_takes_over_finds_the_rule_and_takes_it_away(field: Field) -> Result<()> {
    field.initialised().await?;
    for (step, number) in [("mark", 1), ("start-drain", 2)] {
        let ingress = alike(&field).late(&[4]);
        let image = if number == 1 { V2 } else { V3 };
        let line = format!("deploy parrot --image {image} --yes {AT}");
        let first = field.command_but(&line, &["--settle"]).with(ingress.clone().outside());
        first.killed_at(done(step)).await?;
        let promote = field.command(&format!("promote parrot {AT}"));
        let said = promote.with(ingress.outside()).exits(0).await?;
        ensure!(last(&said)?["confirmed"] == "marker", "{:#}", last(&said)?);
        ensure!(!said.has(done("mark")), "it is there already: {said:#?}");
        no_rule_is_left(&field).await?;
    }
    field.is_live("parrot", V3).await
}

/// With the old version's answers from before the switch, which only who heard them has.
async fn a_candidate_that_nobody_may_ask_is_known_by_its_preview(field: Field) -> Result<()> {
    let host = "preview.example.com";
    field.exits(0, &format!("init parrot --preview-host {host}")).await?;
    let ingress = Ingress::new(&field).late(&[4]).previews(host);
    let may_not = |command: Command| command.without("/portforward").without("/proxy");
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 2s");
    let deploy = may_not(field.command(&line)).with(ingress.clone().outside());
    let said = deploy.exits(0).await?;
    // As long as old answers came they proved nothing, and its time went by.
    ensure!(last(&said)?["confirmed"] == "settle", "{:#}", last(&said)?);
    let line = format!("deploy parrot --image {V3} --yes {AT} --settle 20s");
    let said = may_not(field.command(&line)).with(ingress.clone().outside()).exits(0).await?;
    has_seen(last(&said)?)?;
    let took = seconds(last(&said)?, "switched", "arrived")?;
    ensure!((4.0..10.0).contains(&took), "{took} s: {:#}", last(&said)?);
    // It has not heard them.
    let line = format!("deploy parrot --image {V2} --yes {AT} --settle 2s");
    let first = may_not(field.command(&line)).with(ingress.clone().outside());
    first.killed_at(done("mark-switched")).await?;
    let promote = may_not(field.command(&format!("promote parrot {AT}")));
    let said = promote.with(ingress.outside()).exits(0).await?;
    ensure!(last(&said)?["confirmed"] == "settle", "{:#}", last(&said)?);
    field.is_live("parrot-green", V2).await
}
