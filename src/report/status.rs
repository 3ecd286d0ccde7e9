//! The picture of an app, in a few lines.

use jiff::Timestamp;

use super::print;
use super::text::clean;
use crate::release::Phase;
use crate::release::status::{Progress, Side, Status};

/// Prints it; `command` words the command line of a verb.
pub fn status(status: &Status, now: Timestamp, command: &dyn Fn(&str) -> String) {
    for line in lines(status, now, command) {
        print(&clean(&line));
    }
}

/// The same for an app that has no record yet.
pub fn unprepared(status: &Status, init: &str) {
    for line in [
        format!("app        {} in namespace {}", status.app, status.namespace),
        "release    not prepared for releases yet".to_owned(),
        format!("next       {init}"),
    ] {
        print(&clean(&line));
    }
}

fn lines(status: &Status, now: Timestamp, command: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut lines = vec![format!("app        {} in namespace {}", status.app, status.namespace)];
    for route in &status.route {
        let place = format!("{} {} ({})", route.kind, route.name, route.hosts.join(", "));
        lines.push(format!("route      {place}"));
    }
    lines.push(match &status.live {
        Some(live) => format!("live       {}", side(live)),
        None => "live       the route does not lead to one colour".to_owned(),
    });
    if let Some(candidate) = &status.candidate {
        lines.push(format!("candidate  {}", side(candidate)));
    }
    let mut next = Vec::new();
    match &status.release {
        Some(release) => {
            lines.push(format!("release    {}", progress(release, now)));
            if let Some(ending) = &release.ending {
                let by = ending.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
                lines.push(format!("           on its way out{by}: {}", ending.reason));
            } else if release.phase == Phase::Waiting {
                next.push(command("promote"));
            }
            next.push(command("abort"));
        }
        None => {
            lines.push("release    none in progress".to_owned());
            next.push(format!("{} --image IMAGE", command("deploy")));
        }
    }
    lines.push(format!("healthy    {}", if status.healthy { "yes" } else { "no" }));
    lines.extend(next.into_iter().map(|command| format!("next       {command}")));
    lines
}

fn side(side: &Side) -> String {
    let images: Vec<&str> = side.images.values().map(String::as_str).collect();
    format!(
        "{} (Deployment {}): {}, {} of {} ready",
        side.colour,
        side.deployment,
        images.join(", "),
        side.ready,
        side.replicas
    )
}

fn progress(release: &Progress, now: Timestamp) -> String {
    let since = now.duration_since(release.started).as_secs().max(0);
    let gate = match release.gate.threshold {
        0 => String::new(),
        threshold => {
            format!(", gate {} ({} of {threshold})", release.gate.answer, release.gate.failures)
        }
    };
    let driver = match &release.driver {
        Some(driver) => format!("driven by {}", driver.holder),
        None => "nobody drives it".to_owned(),
    };
    format!(
        "{} {}, {} to {}, for {since} s{gate}, {driver}",
        release.number, release.phase, release.from, release.to
    )
}
