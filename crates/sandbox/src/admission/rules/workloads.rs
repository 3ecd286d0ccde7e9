//! What makes pods: Deployments and ReplicaSets.

use serde_json::{Value, json};

use super::{counts, pods, selectors};
use crate::admission::fields::{Errors, number, text};

pub fn deployment(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = &object["spec"];
    errors.not_negative("spec.replicas", &spec["replicas"]);
    selector_and_template(spec, errors);
    strategy(&spec["strategy"], errors);
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        errors.not_negative(&format!("spec.{field}"), &spec[field]);
    }
    if number(&spec["progressDeadlineSeconds"]) <= number(&spec["minReadySeconds"]) {
        errors.invalid(
            "spec.progressDeadlineSeconds",
            &spec["progressDeadlineSeconds"],
            "must be greater than minReadySeconds",
        );
    }
    same_selector(spec, old, errors);
}

pub fn replica_set(object: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = &object["spec"];
    errors.not_negative("spec.replicas", &spec["replicas"]);
    errors.not_negative("spec.minReadySeconds", &spec["minReadySeconds"]);
    selector_and_template(spec, errors);
    same_selector(spec, old, errors);
}

fn same_selector(spec: &Value, old: Option<&Value>, errors: &mut Errors) {
    if let Some(old) = old {
        errors.unchanged("spec.selector", &old["spec"]["selector"], &spec["selector"]);
    }
}

fn selector_and_template(spec: &Value, errors: &mut Errors) {
    let (selector, template) = (&spec["selector"], &spec["template"]);
    if selector.is_null() {
        errors.required("spec.selector", "");
    } else {
        selectors::check(selector, "spec.selector", errors);
        if selectors::is_empty(selector) {
            let why = "empty selector is invalid for deployment";
            errors.invalid("spec.selector", selector, why);
        }
        if !selectors::is_sound(selector) {
            errors.invalid("spec.selector", selector, "invalid label selector");
            return;
        }
    }
    let labels = &template["metadata"]["labels"];
    // One that is missing selects nothing, one that is empty everything.
    let is_other = selector.is_null() || !selectors::matches(selector, labels);
    if is_other {
        let why = "`selector` does not match template `labels`";
        errors.invalid("spec.template.metadata.labels", labels, why);
    }
    pods::template(template, "spec.template", errors);
    let pod = &template["spec"];
    errors.one_of("spec.template.spec.restartPolicy", &pod["restartPolicy"], &["Always"]);
    if !pod["activeDeadlineSeconds"].is_null() {
        errors.forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        );
    }
}

fn strategy(strategy: &Value, errors: &mut Errors) {
    let rolling = &strategy["rollingUpdate"];
    let field = "spec.strategy.rollingUpdate";
    match text(&strategy["type"]) {
        "Recreate" if rolling.is_null() => {}
        "Recreate" => {
            errors.forbidden(field, "may not be specified when strategy `type` is 'Recreate'");
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
            let unavailable_field = format!("{field}.maxUnavailable");
            counts::number_or_percent(unavailable, &unavailable_field, errors);
            counts::number_or_percent(surge, &format!("{field}.maxSurge"), errors);
            if counts::is_none(unavailable) && counts::is_none(surge) {
                let why = "may not be 0 when `maxSurge` is 0";
                errors.invalid(&unavailable_field, unavailable, why);
            }
            counts::at_most_all(unavailable, &unavailable_field, errors);
        }
        _ => {
            // As the API server shows it: by its own names.
            let shown = json!({ "Type": strategy["type"], "RollingUpdate": null });
            errors.one_of("spec.strategy", &shown, &["Recreate", "RollingUpdate"]);
        }
    }
}
