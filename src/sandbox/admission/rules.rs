//! What holds for the kinds, each by its own rules.

use serde_json::Value;

use crate::sandbox::refusal::{FieldError, Wrong};
use crate::sandbox::resources::{DEPLOYMENTS, REPLICA_SETS, Resource};

pub fn check(resource: Resource, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    match resource.plural {
        plural if [DEPLOYMENTS.plural, REPLICA_SETS.plural].contains(&plural) => {
            workload(object, old)
        }
        _ => Vec::new(),
    }
}

fn workload(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let selector = &object["spec"]["selector"];
    if old.is_some_and(|old| old["spec"]["selector"] != *selector) {
        errors.push(FieldError {
            what: Wrong::Invalid,
            field: "spec.selector".to_owned(),
            value: selector.clone(),
            detail: "field is immutable".to_owned(),
        });
    }
    errors
}
