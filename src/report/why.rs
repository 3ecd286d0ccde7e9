//! Why the next step waits: what it waits for first, then one condition a line.

use console::Style;
use jiff::Timestamp;

use super::status::{green, row};
use super::text::left;
use crate::clean::clean;
use crate::release::plan::Why;
use crate::release::status::Status;
use crate::release::{Aim, Condition, Need, State};

pub fn lines(why: &Why, status: &Status, now: Timestamp) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.push(row("next step", step(why.next)));
    let head = match (&why.stops, why.waits_for) {
        (Some(stops), _) => format!("nothing: a release can't go on: {stops}"),
        (None, Some(need)) => waited_for(need).to_owned(),
        (None, None) if status.release.is_some() => "nothing: it is being done".to_owned(),
        (None, None) => "nothing: no release is in progress".to_owned(),
    };
    lines.push(row("waits for", &clean(&head)));
    lines.extend(why.conditions.iter().map(|it| condition(it, now)));
    lines
}

fn condition(condition: &Condition, now: Timestamp) -> String {
    let name = match &condition.object {
        Some(object) => format!("{}, {object}", named(condition.name)),
        None => named(condition.name).to_owned(),
    };
    let left = condition.until.filter(|until| now < *until).map(|until| {
        let left = left(until.duration_since(now));
        match condition.name {
            Need::Gate => format!(", asked again in {left}"),
            _ => format!(", {left} left"),
        }
    });
    let left = left.unwrap_or_default();
    let (state, style) = match condition.state {
        State::Met => ("met", green()),
        State::Waiting => ("waiting", Style::new().yellow()),
        State::Unknown => ("unknown", Style::new().dim()),
    };
    let by = condition.known_by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
    let wanted = match condition.is_met() {
        true => String::new(),
        false => format!("; wanted: {}", condition.wanted),
    };
    let text = format!("{name}: {}{by}{left}{wanted}", condition.now);
    let state = style.apply_to(format!("{state:<10}"));
    format!("  {state} {}", clean(&text))
}

fn step(aim: Aim) -> &'static str {
    match aim {
        Aim::Begin => "begin a release",
        Aim::Drive => "drive the release",
        Aim::Ready => "mark the candidate as ready",
        Aim::Switch => "switch to the candidate",
        Aim::Confirm => "confirm that the switch has arrived",
        Aim::PutAway => "scale the old version to 0",
        Aim::Finish => "end the release",
        Aim::SwitchBack => "switch back to the old version",
        Aim::Withdraw => "take the candidate away",
    }
}

/// What is waited for, at the top.
fn waited_for(need: Need) -> &'static str {
    match need {
        Need::Driver => "a process that drives the release",
        Need::SignOfLife => "the driver to answer",
        Need::Turn => "another release to end",
        Need::Checks => "the app to be fit for a release",
        Need::ReplicaSet => "the ReplicaSet of the version in the other slot",
        Need::Deadline | Need::Timeout => "nothing: the time is over",
        Need::Candidate => "the candidate's Deployment to be created",
        Need::Observed => "the Deployment controller to see the last change",
        Need::NotPaused => "the Deployment to be resumed",
        Need::Size => "the Deployment to be scaled",
        Need::Updated => "pods with the new template",
        Need::Available => "pods to become available",
        Need::NoOtherPods => "pods of another template to end",
        Need::PodsReady => "pods to become ready",
        Need::Endpoints => "endpoints to become ready",
        Need::OwnPods => "a Service to reach no pods of others",
        Need::NoLess => "a Service to reach as many pods as now",
        Need::FirstAnswers => "the app's first answers",
        Need::Gate => "a yes",
        Need::Settled => "the ingress controller to know the candidate's pods",
        Need::Selector => "a Service's selector to be as it was",
        Need::Ports => "a port that an Ingress names",
        Need::Ingress | Need::Stamp => "the Ingresses to be switched",
        Need::Answers | Need::Doubt => "answers of one version alone",
        Need::Marker => "the marker to be served",
        Need::SettleTime => "the settle time",
        Need::Bake => "the bake time",
        Need::Drain => "the drain time",
        Need::NotAsked => "the old version to be asked no more",
        Need::PodsEnded => "the old version's pods to end",
        Need::NotMissed => "whether the old version is missed",
    }
}

/// What a condition is about, in its line.
fn named(need: Need) -> &'static str {
    match need {
        Need::Driver => "driver",
        Need::SignOfLife => "sign of life",
        Need::Turn => "turn",
        Need::Checks => "check",
        Need::ReplicaSet => "ReplicaSet",
        Need::Deadline => "deadline",
        Need::Timeout => "timeout",
        Need::Candidate => "candidate",
        Need::Observed => "observed",
        Need::NotPaused => "not paused",
        Need::Size => "size",
        Need::Updated => "updated pods",
        Need::Available => "available pods",
        Need::NoOtherPods => "no other pods",
        Need::PodsReady => "pods ready",
        Need::Endpoints => "endpoints",
        Need::OwnPods => "own pods",
        Need::NoLess => "no fewer pods",
        Need::FirstAnswers => "first answers",
        Need::Gate => "gate",
        Need::Settled => "settled",
        Need::Selector => "selector",
        Need::Ports => "ports",
        Need::Ingress => "switched",
        Need::Stamp => "this release's switch",
        Need::Answers => "answers",
        Need::Marker => "marker",
        Need::SettleTime => "settle time",
        Need::Doubt => "doubt",
        Need::Bake => "bake",
        Need::Drain => "drain",
        Need::NotAsked => "old version not asked",
        Need::PodsEnded => "old pods ended",
        Need::NotMissed => "old version not missed",
    }
}
