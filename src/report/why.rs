//! Why the next step waits: what it waits for first, then one condition a line, those that are not met first.

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
        (Some(stops), _) if status.release.is_some() => {
            format!("nothing: the release can't continue: {stops}")
        }
        (Some(stops), _) => format!("nothing: no release can begin: {stops}"),
        (None, Some(need)) => waited_for(need).to_owned(),
        (None, None) if status.release.is_some() => "nothing: the driver can do it now".to_owned(),
        (None, None) => "nothing: no release is in progress".to_owned(),
    };
    lines.push(row("waits for", &clean(&head)));
    let mut conditions: Vec<&Condition> = why.conditions.iter().collect();
    conditions.sort_by_key(|it| (it.is_met(), Some(it.name) != why.waits_for, it.state as u8));
    lines.extend(conditions.into_iter().map(|it| condition(it, now)));
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
            Need::Gate => format!(", next request in {left}"),
            _ => format!(", {left} left"),
        }
    });
    let left = left.unwrap_or_default();
    let (state, style) = match condition.state {
        State::Met => ("met", green()),
        State::Waiting => ("waiting", Style::new().yellow()),
        State::Unknown => ("unknown", Style::new().dim()),
    };
    let by = condition.known_by.as_ref().map(|by| format!(", {by}")).unwrap_or_default();
    let wanted = match condition.is_met() {
        true => String::new(),
        false => format!("; needs: {}", condition.wanted),
    };
    let text = format!("{name}: {}{by}{left}{wanted}", condition.now);
    let state = style.apply_to(format!("{state:<10}"));
    format!("  {state} {}", clean(&text))
}

fn step(aim: Aim) -> &'static str {
    match aim {
        Aim::Begin => "begin a release",
        Aim::Drive => "take over the release",
        Aim::Ready => "mark the candidate as ready",
        Aim::Switch => "switch to the candidate",
        Aim::Confirm => "confirm the switch",
        Aim::ScaleDown => "scale the old version down to 0",
        Aim::Finish => "end the release",
        Aim::SwitchBack => "switch back to the old version",
        Aim::Withdraw => "remove the candidate",
    }
}

/// What is waited for, at the top.
fn waited_for(need: Need) -> &'static str {
    match need {
        Need::Driver => "a process that runs the release: run one of the commands above",
        Need::SignOfLife => "the driver to answer a challenge",
        Need::Turn => "another release to end",
        Need::Checks => "the app to pass the checks",
        Need::ReplicaSet => "the ReplicaSet of the version in the other slot",
        Need::Deadline | Need::Timeout => "nothing: the time is over",
        Need::Candidate => "the candidate's Deployment to be created",
        Need::Observed => "the Deployment controller to observe the last change",
        Need::NotPaused => "the Deployment to be resumed",
        Need::Size => "the Deployment to be scaled",
        Need::Updated => "pods of the new template",
        Need::Available => "pods to become available",
        Need::NoOtherPods => "pods of another template to end",
        Need::PodsReady => "pods to become ready",
        Need::Endpoints => "endpoints to become ready",
        Need::OwnPods => "a Service to reach only the candidate's pods",
        Need::NoLess => "enough pods behind a Service that is switched, too",
        Need::FirstAnswers => "the first answers through the ingress",
        Need::Gate => "approval of the candidate",
        Need::Settled => "the ingress controller to pick up the candidate's endpoints",
        Need::Selector => "the selector of the candidate's Service",
        Need::Ports => "a port by which the app is asked for",
        Need::Ingress | Need::Stamp => "the switch",
        Need::Reached => "EndpointSlices that name only one version's pods",
        Need::Answers | Need::Doubt => "answers of one version only, through the ingress",
        Need::Marker => "the ingress to serve the marker",
        Need::SettleTime => "the settle time to pass",
        Need::Bake => "the bake time to pass",
        Need::Drain => "the drain time to pass",
        Need::NotAsked => "answers of the old version to stop",
        Need::PodsEnded => "the old version's pods to end",
        Need::NotMissed => "a few seconds without errors",
    }
}

/// What a condition is about, in its line.
fn named(need: Need) -> &'static str {
    match need {
        Need::Driver => "driver",
        Need::SignOfLife => "challenge",
        Need::Turn => "other release",
        Need::Checks => "checks",
        Need::ReplicaSet => "ReplicaSet",
        Need::Deadline => "deadline",
        Need::Timeout => "timeout",
        Need::Candidate => "candidate",
        Need::Observed => "observed",
        Need::NotPaused => "rollout",
        Need::Size => "replicas",
        Need::Updated => "updated pods",
        Need::Available => "available pods",
        Need::NoOtherPods => "pods in all",
        Need::PodsReady => "pods that are not ready",
        Need::Endpoints => "endpoints",
        Need::OwnPods => "pods behind it",
        Need::NoLess => "pods after the switch",
        Need::FirstAnswers => "first answers",
        Need::Gate => "gate",
        Need::Settled => "time since ready",
        Need::Selector => "selector",
        Need::Ports => "ports",
        Need::Ingress => "route",
        Need::Stamp => "switch",
        Need::Reached => "pods it names",
        Need::Answers => "answers",
        Need::Marker => "marker",
        Need::SettleTime => "settle time",
        Need::Doubt => "late switch",
        Need::Bake => "bake time",
        Need::Drain => "drain time",
        Need::NotAsked => "answers of the old version",
        Need::PodsEnded => "old pods",
        Need::NotMissed => "errors since the scale-down",
    }
}
