//! Numbers of pods, wanted and counted.

use serde_json::Value;

use crate::admission::fields::{Errors, number};
use crate::admission::names;
use crate::resources::{
    AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, NAMESPACES, REPLICA_SETS, Resource,
};

pub fn number_or_percent(value: &Value, field: &str, errors: &mut Errors) {
    match value.as_str() {
        Some(text) => errors.malformed(field, text, names::percent(text)),
        None => errors.not_negative(field, value),
    }
}

fn percent(value: &Value) -> Option<i64> {
    value.as_str()?.strip_suffix('%')?.parse().ok()
}

pub fn at_most_all(value: &Value, field: &str, errors: &mut Errors) {
    if percent(value).is_some_and(|percent| percent > 100) {
        errors.invalid(field, value, "must not be greater than 100%");
    }
}

/// Whether it comes to nothing; what is malformed does.
pub fn is_none(value: &Value) -> bool {
    match value.as_str() {
        Some(_) => percent(value).unwrap_or(0) == 0,
        None => number(value) == 0,
    }
}

pub fn check(resource: Resource, object: &Value, errors: &mut Errors) {
    let status = &object["status"];
    let (counted, of_all): (&[&str], &[&str]) = match resource.plural {
        plural if plural == DEPLOYMENTS.plural => (
            &[
                "observedGeneration",
                "replicas",
                "updatedReplicas",
                "readyReplicas",
                "availableReplicas",
                "unavailableReplicas",
                "terminatingReplicas",
                "collisionCount",
            ],
            &["updatedReplicas", "readyReplicas", "availableReplicas"],
        ),
        plural if plural == REPLICA_SETS.plural => (
            &[
                "replicas",
                "fullyLabeledReplicas",
                "readyReplicas",
                "availableReplicas",
                "observedGeneration",
                "terminatingReplicas",
            ],
            &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
        ),
        plural if plural == DISRUPTION_BUDGETS.plural => {
            (&["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], &[])
        }
        plural if plural == AUTOSCALERS.plural => (&["currentReplicas", "desiredReplicas"], &[]),
        plural if plural == NAMESPACES.plural => return phase(object, errors),
        _ => (&[], &[]),
    };
    for count in counted {
        errors.not_negative(&format!("status.{count}"), &status[count]);
    }
    for count in of_all {
        if number(&status[count]) > number(&status["replicas"]) {
            let why = "cannot be greater than status.replicas";
            errors.invalid(&format!("status.{count}"), &status[count], why);
        }
    }
    if !of_all.is_empty() && number(&status["availableReplicas"]) > number(&status["readyReplicas"])
    {
        errors.invalid(
            "status.availableReplicas",
            &status["availableReplicas"],
            "cannot be greater than readyReplicas",
        );
    }
}

fn phase(object: &Value, errors: &mut Errors) {
    let (phase, is_going) =
        (&object["status"]["phase"], object["metadata"]["deletionTimestamp"].is_string());
    let (wanted, why) = match is_going {
        false => ("Active", "may only be 'Active' if `deletionTimestamp` is empty"),
        true => ("Terminating", "may only be 'Terminating' if `deletionTimestamp` is not empty"),
    };
    if phase != wanted {
        errors.invalid("status.Phase", phase, why);
    }
}
