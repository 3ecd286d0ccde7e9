//! The app's Deployment by itself.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::Colour;
use crate::release::template;

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let mut checks = vec![deployment(g), strategy(g), paused(g), replicas(g)];
    checks.extend(selector(g));
    checks.push(revision_history(g));
    checks.extend(host_port(g));
    checks
}

fn deployment(g: &CheckInput) -> Check {
    let images: Vec<String> = template::images(g.live.template()).into_values().collect();
    let what = format!("Deployment {} is live, {}", g.live.name(), images.join(", "));
    Check::pass("deployment", what)
}

/// Whoever chose it may not want two versions beside each other.
fn strategy(g: &CheckInput) -> Check {
    let name = "strategy";
    match g.live.0["spec"]["strategy"]["type"].as_str() {
        Some("Recreate") => {
            let what = format!("Deployment {} has the strategy Recreate", g.live.name());
            Check::warn(name, what).hint(
                "make sure that two versions can run at the same time: during a release they do",
            )
        }
        other => Check::pass(name, other.unwrap_or("RollingUpdate")),
    }
}

fn paused(g: &CheckInput) -> Check {
    let (name, deployment) = ("paused", g.live.name());
    if !g.live.is_paused() {
        return Check::pass(name, format!("Deployment {deployment} is not paused"));
    }
    let what = format!("Deployment {deployment} is paused, so a copy of it would never start");
    let flags = &g.s.names.flags;
    let resume = format!("kubectl rollout resume deployment/{deployment}{flags}");
    Check::fail(name, what).hint(resume)
}

fn replicas(g: &CheckInput) -> Check {
    let (name, deployment) = ("replicas", g.live.name());
    let (desired, ready) = (g.live.desired(), g.live.ready_replicas());
    match desired {
        0 => {
            let what = format!("Deployment {deployment} is scaled to 0 and serves no traffic");
            Check::warn(name, what).hint("a candidate starts with 1 pod")
        }
        _ if ready < desired => {
            let what = format!("{ready} of {desired} pods of Deployment {deployment} are ready");
            let hint = format!("before a switch the candidate must have {desired} ready pods");
            Check::warn(name, what).hint(hint)
        }
        _ => Check::pass(name, format!("{ready} of {desired} pods are ready")),
    }
}

fn selector(g: &CheckInput) -> Vec<Check> {
    let (name, label) = ("selector", &g.label);
    let spec = &g.live.0["spec"];
    let mut found = Vec::new();
    let expressions = spec["selector"]["matchExpressions"].as_array();
    if expressions.into_iter().flatten().any(|e| e["key"] == label.key.as_str()) {
        let what = format!(
            "Deployment {} selects its pods by an expression on {}, the label that tells the colours apart",
            g.live.name(),
            label.key
        );
        let hint = format!(
            "a Deployment's selector can't be changed: kubectl delete deployment {}{} \
             --cascade=orphan leaves its pods running; create it again with matchLabels only, and \
             it adopts them",
            g.live.name(),
            g.s.names.flags
        );
        found.push(Check::fail(name, what).hint(hint));
    }
    let blue = g.s.slot(Colour::Blue);
    let selects = |value: &Value| value["spec"]["selector"]["matchLabels"][&label.key].is_string();
    if let Some(blue) = blue.filter(|blue| !selects(blue.0)) {
        let what = format!(
            "Deployment {} no longer selects by {}, the label that tells the colours apart",
            blue.name(),
            label.key
        );
        // A selector is changed by nobody: the Deployment was made anew.
        let hint = format!(
            "create it again with {}: {} in its selector",
            label.key,
            label.value(Colour::Blue)
        );
        found.push(Check::fail(name, what).hint(hint));
    }
    let [blue, green] = [Colour::Blue, Colour::Green].map(|colour| label.value(colour));
    or_pass(found, name, format!("{} tells the colours apart: {blue}, {green}", label.key))
}

fn revision_history(g: &CheckInput) -> Check {
    let name = "revision-history";
    let limit = g.live.0["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    if limit > 0 {
        return Check::pass(name, format!("{limit} old versions are kept"));
    }
    let what = format!(
        "Deployment {} has revisionHistoryLimit 0: without old ReplicaSets there is no rollback to \
         an old version",
        g.live.name()
    );
    Check::fail(name, what).hint("set it to 2 or more")
}

/// Two pods that want the same port of their nodes can't share one.
fn host_port(g: &CheckInput) -> Vec<Check> {
    let name = "host-port";
    let spec = &g.template["spec"];
    let on_host = spec["hostNetwork"] == true;
    let containers = spec["containers"].as_array().into_iter().flatten();
    let ports = containers.flat_map(|container| {
        let ports = container["ports"].as_array().into_iter().flatten();
        ports.map(move |port| (container, port))
    });
    let taken = ports.filter_map(|(container, port)| {
        let own = &port["hostPort"];
        let taken =
            if on_host { own.as_u64().or(port["containerPort"].as_u64()) } else { own.as_u64() };
        let (container, taken) = (container["name"].as_str()?, taken.filter(|port| *port > 0)?);
        let what = format!("container {container} uses port {taken} of its node");
        let hint =
            format!("a candidate needs {} more nodes without a pod of this app", g.replicas());
        Some(Check::warn(name, what).hint(hint))
    });
    or_pass(taken.collect(), name, "no container uses a port of its node")
}
