//! The picture of an app, in a few lines.

use console::Style;
use jiff::Timestamp;

use super::print_fitted;
use super::text::{ago, lasted, left};
use super::why;
use super::words::{answered, goes};
use crate::clean::clean;
use crate::model::Colour;
use crate::release::status::{Progress, Side, Status};
use crate::release::{AnswerKind, Drift, Phase, Way};

/// Prints it; `command` words the command line of a verb.
pub fn status(status: &Status, now: Timestamp, command: &dyn Fn(&str) -> String) {
    lines(status, now, &Next::of(status, command)).iter().for_each(|line| print_fitted(line));
}

/// What a person may type now, and what it is for.
#[derive(Clone)]
pub struct Next {
    ways: Vec<(&'static str, String)>,
    /// What does not reach the live version, and the command that brings it.
    drift: Vec<(String, String)>,
}

impl Next {
    pub fn of(status: &Status, command: &dyn Fn(&str) -> String) -> Next {
        let phase = status.release.as_ref().map(|release| release.phase);
        let ends = status.release.as_ref().is_some_and(|release| release.ending.is_some());
        let (yes, no) = match phase {
            Some(Phase::Waiting) if !ends => ("yes", "no"),
            // Nobody does what is left, until somebody goes on with it.
            _ => ("continue", if ends { "next" } else { "abort" }),
        };
        let ways = status.next.iter().map(|way| match way {
            Way::Init => ("next", command("init")),
            Way::Check => ("check", command("check")),
            Way::Deploy => ("next", format!("{} --image IMAGE", command("deploy"))),
            Way::Promote => (yes, command("promote")),
            Way::PromoteWhenReady => (yes, format!("{} --when-ready", command("promote"))),
            Way::Abort => (no, command("abort")),
            Way::Rollback => ("back", command("rollback")),
        });
        let ways = status.mend.iter().map(|mend| ("fix", mend.clone())).chain(ways).collect();
        let brought = |drift: &Drift| match &drift.mend {
            Some(mend) => mend.clone(),
            None => command("init"),
        };
        let drift = status.drift.iter().map(|drift| (drift.what.clone(), brought(drift))).collect();
        Next { ways, drift }
    }
}

pub fn lines(status: &Status, now: Timestamp, next: &Next) -> Vec<String> {
    let health = match &status.problem {
        None => green().apply_to("healthy").to_string(),
        Some(problem) if status.is_prepared() => {
            format!("{}: {}", red().apply_to("not healthy"), clean(problem))
        }
        Some(problem) => clean(problem),
    };
    let app = Style::new().bold().apply_to(clean(&status.app));
    let mut lines = vec![format!("{app} in namespace {}: {health}", clean(&status.namespace))];
    for route in &status.route {
        let place = match route.hosts.is_empty() {
            true => format!("{} {}", route.kind, route.name),
            false => format!("{} {}: {}", route.kind, route.name, route.hosts.join(", ")),
        };
        lines.push(row("route", &clean(&place)));
    }
    lines.extend(status.live.as_ref().map(|live| row("live", &side(live))));
    lines.extend(status.candidate.as_ref().map(|new| row("candidate", &side(new))));
    lines.extend(status.kept.as_ref().map(|old| row("kept", &side(old))));
    lines.extend(status.before.as_ref().map(|old| row("before", &side(old))));
    for (what, command) in &next.drift {
        lines.push(row("drift", &clean(what)));
        lines.push(row("", &clean(command)));
    }
    match &status.release {
        Some(release) => lines.extend(progress(release, now)),
        None => lines.extend(status.last.as_ref().map(|last| {
            let ago = ago(now.duration_since(last.ended));
            let how = last.outcome.as_str();
            row("release", &format!("none in progress; {} was {how} {ago}", last.number))
        })),
    }
    lines.extend(next.ways.iter().map(|(name, command)| row(name, &clean(command))));
    lines.extend(status.why.iter().flat_map(|it| why::lines(it, status, now)));
    lines
}

pub fn row(name: &str, text: &str) -> String {
    format!("  {} {text}", Style::new().dim().apply_to(format!("{name:<10}")))
}

fn side(side: &Side) -> String {
    let images: Vec<&str> = side.images.values().map(String::as_str).collect();
    let ready = format!("{} of {} ready", side.ready, side.replicas);
    let ready = match side.ready == side.replicas {
        true if side.replicas == 0 => "scaled to 0".to_owned(),
        true => ready,
        false => Style::new().yellow().apply_to(ready).to_string(),
    };
    let colour = format!("{:<6}", side.colour.to_string());
    let colour = match side.colour {
        Colour::Blue => Style::new().blue().apply_to(colour),
        Colour::Green => green().apply_to(colour),
    };
    let images = clean(&images.join(", "));
    format!("{colour} {images}, {ready} (Deployment {})", clean(&side.deployment))
}

fn progress(release: &Progress, now: Timestamp) -> Vec<String> {
    let since = lasted(now.duration_since(release.since));
    let way = format!("{} to {}", release.from, release.to);
    let mut lines =
        vec![row("release", &format!("{}, {way}, {} for {since}", release.number, release.phase))];
    if let Some(ending) = &release.ending {
        let by = ending.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let gone = format!("being removed ({}{by}): {}", ending.outcome.as_str(), ending.reason);
        lines.push(row("", &red().apply_to(clean(&gone)).to_string()));
    }
    lines.extend(release.trouble.iter().map(|trouble| row("", &clean(trouble))));
    lines.extend(gate(release, now).map(|gate| row("gate", &clean(&gate))));
    lines.extend(release.gate.expires.map(|at| row("", &goes(at, now))));
    lines.push(row(
        "driver",
        &match &release.driver {
            Some(driver) => {
                let seen = ago(now.duration_since(driver.last_seen));
                clean(&format!("{}, last seen {seen}", driver.holder))
            }
            None => "none".to_owned(),
        },
    ));
    lines.extend(release.preview.iter().map(|address| row("preview", &clean(address))));
    lines
}

/// What has been said of going live, if anybody is asked.
fn gate(release: &Progress, now: Timestamp) -> Option<String> {
    let ago = |at| ago(now.duration_since(at));
    if let Some(yes) = &release.approved {
        return Some(format!("approved by {}, {}", yes.by, ago(yes.at)));
    }
    let gate = &release.gate;
    (gate.threshold > 0).then(|| match (gate.answer, gate.asked) {
        // The count and its time are of what was no yes.
        (Some(answer @ AnswerKind::Pass), _) => answered(answer).to_owned(),
        (None, _) | (_, None) => "no answer yet".to_owned(),
        (Some(answer), Some(at)) => {
            let said = answered(answer);
            let next = gate.next.filter(|next| now < *next).map(|next| next.duration_since(now));
            let next = next.map(|next| format!(", next request in {}", left(next)));
            let next = next.unwrap_or_default();
            format!("{said} ({} of {}), {}{next}", gate.failures, gate.threshold, ago(at))
        }
    })
}

pub fn green() -> Style {
    Style::new().green()
}

fn red() -> Style {
    Style::new().red()
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
