//! HorizontalPodAutoscalers of the app.

use serde_json::Value;

use super::report::Check;
use super::{CheckInput, unknown};
use crate::model::{Colour, Optional, name};
use crate::release::autoscaling;

const NAME: &str = "autoscaler";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let all: Vec<_> = Colour::BOTH.into_iter().flat_map(|colour| g.s.autoscalers(colour)).collect();
    let mut found: Vec<Check> = Vec::new();
    for scaler in &all {
        let scaler_name = name(scaler);
        if let Some(owner) = autoscaling::owner(scaler) {
            let what = format!(
                "HorizontalPodAutoscaler {scaler_name} scales the app, and {owner} manages it: a clone would not be \
                 managed"
            );
            let hint = "scale the app with an autoscaler that nothing manages";
            found.push(Check::fail(NAME, what).hint(hint));
        }
        found.extend(to_zero(g, scaler));
    }
    found.extend(of_keda(g, &all));
    found.extend(unknown::of(g.s, NAME, &[Optional::ScaledObject]));
    for colour in Colour::BOTH {
        if let [first, second, ..] = g.s.autoscalers(colour)[..] {
            let what = format!(
                "HorizontalPodAutoscalers {} and {} both scale Deployment {}",
                name(first),
                name(second),
                g.s.names.deployment(colour)
            );
            found.push(Check::fail(NAME, what).hint("delete one of them"));
        }
    }
    if !found.is_empty() {
        return found;
    }
    let passes = match g.s.autoscalers(g.to.other()).first() {
        Some(scaler) => format!(
            "HorizontalPodAutoscaler {} scales the app: the new version gets a copy of it at the \
             switch",
            name(scaler)
        ),
        None => "no autoscaler scales the app".to_owned(),
    };
    vec![Check::pass(NAME, passes)]
}

/// From this version on an autoscaler that is not at 0 itself leaves a Deployment alone that somebody else
/// has put there, and tells the two apart by a condition.
const KNOWS_ITS_OWN_ZERO: (u64, u64) = (1, 37);

/// One that may scale to 0 may start what was put away.
fn to_zero(g: &CheckInput, scaler: &Value) -> Option<Check> {
    if autoscaling::min_replicas(scaler) > 0 {
        return None;
    }
    let what = format!("HorizontalPodAutoscaler {} has minReplicas 0", name(scaler));
    let starts = "it would start a version that was scaled down to 0";
    let (why, hint) = match g.s.objects.server {
        Some(server) if server >= KNOWS_ITS_OWN_ZERO => {
            let mut conditions = scaler["status"]["conditions"].as_array().into_iter().flatten();
            let is_at_zero = |it: &Value| it["type"] == "ScaledToZero" && it["status"] == "True";
            conditions.find(|it| is_at_zero(it))?;
            let why = format!("and has scaled its Deployment to 0: {starts}");
            (why, "wait until it has pods again, or set it to 1 or more")
        }
        Some((major, minor)) => {
            let why = format!("and Kubernetes is {major}.{minor} (before 1.37): {starts}");
            (why, "set it to 1 or more")
        }
        None => {
            let why = format!("and the API server does not say its version: before 1.37 {starts}");
            (why, "set it to 1 or more")
        }
    };
    Some(Check::fail(NAME, format!("{what}, {why}")).hint(hint))
}

/// ScaledObjects of a colour's Deployment that have no autoscaler, which would have been named: paused ones.
fn of_keda(g: &CheckInput, scalers: &[&Value]) -> Vec<Check> {
    let slots = Colour::BOTH.map(|colour| g.s.names.deployment(colour));
    let has_scaler = |object: &Value| {
        let owner = format!("ScaledObject {}", name(object));
        let mut owners = scalers.iter().filter_map(|scaler| autoscaling::owner(scaler));
        owners.any(|it| it.split(" of ").next() == Some(&owner))
    };
    let all = g.s.objects.others.list(Optional::ScaledObject);
    let found = all.filter(|object| !has_scaler(object)).filter_map(|object| {
        let target = &object["spec"]["scaleTargetRef"];
        let slot = slots.iter().find(|slot| target["name"] == slot.as_str())?;
        let is_deployment = target["kind"].as_str().is_none_or(|kind| kind == "Deployment");
        let what = format!(
            "ScaledObject {} of KEDA scales Deployment {slot}: it would not scale the new version",
            name(object)
        );
        let hint = format!(
            "scale the app with a HorizontalPodAutoscaler instead, and kubectl delete scaledobject \
             {}{}",
            name(object),
            g.s.names.flags
        );
        is_deployment.then(|| Check::fail(NAME, what).hint(hint))
    });
    found.collect()
}
