//! HorizontalPodAutoscalers.

use serde_json::{Value, json};

use crate::admission::fields::{Errors, items, number, text};
use crate::admission::names;

const METRICS: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];
const SELECTS: &[&str] = &["Disabled", "Max", "Min"];

pub fn check(spec: &Value, errors: &mut Errors) {
    let (least, most) = (&spec["minReplicas"], &spec["maxReplicas"]);
    if number(least) < 1 {
        errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
    }
    match number(most) {
        0 => errors.required("spec.maxReplicas", "must be set and greater than 0"),
        ..0 => errors.invalid("spec.maxReplicas", most, "must be greater than or equal to 1"),
        _ => {}
    }
    if number(most) < number(least) {
        let why = "must be greater than or equal to `minReplicas`";
        errors.invalid("spec.maxReplicas", most, why);
    }
    for part in ["kind", "name"] {
        let field = format!("spec.scaleTargetRef.{part}");
        match text(&spec["scaleTargetRef"][part]) {
            "" => errors.required(&field, ""),
            name => errors.malformed(&field, name, names::segment(name)),
        }
    }
    let version = &spec["scaleTargetRef"]["apiVersion"];
    if !text(version).contains('/') {
        let version = json!(text(version));
        let why = "apiVersion must specify API group";
        errors.invalid("spec.scaleTargetRef.apiVersion", &version, why);
    }
    let counts_outside = |it: &Value| ["Object", "External"].iter().any(|kind| it["type"] == *kind);
    if number(least) == 0 && !items(&spec["metrics"]).iter().any(counts_outside) {
        let why = "must specify at least one Object or External metric to support scaling to zero \
                   replicas";
        errors.forbidden("spec.metrics", why);
    }
    for (i, metric) in items(&spec["metrics"]).iter().enumerate() {
        self::metric(metric, &format!("spec.metrics[{i}]"), errors);
    }
    for direction in ["scaleUp", "scaleDown"] {
        let rules = &spec["behavior"][direction];
        if !rules.is_null() {
            self::rules(rules, &format!("spec.behavior.{direction}"), errors);
        }
    }
}

fn metric(metric: &Value, field: &str, errors: &mut Errors) {
    let kind = &metric["type"];
    let known: Vec<&str> = METRICS.iter().map(|(kind, _)| *kind).collect();
    if text(kind).is_empty() {
        errors.required(&format!("{field}.type"), "must specify a metric source type");
    }
    errors.one_of(&format!("{field}.type"), kind, &known);
    let Some((_, part)) = METRICS.iter().find(|(name, _)| kind == name) else {
        errors.one_of(&format!("{field}.type"), kind, &known);
        return;
    };
    if metric[part].is_null() {
        let why = "must populate information for the given metric source";
        errors.required(&format!("{field}.{part}"), why);
    }
    for (_, other) in METRICS.iter().filter(|(_, other)| other != part) {
        if !metric[other].is_null() {
            let why = "must populate the given metric source only";
            errors.forbidden(&format!("{field}.{other}"), why);
        }
    }
}

fn rules(rules: &Value, field: &str, errors: &mut Errors) {
    let (window, window_field) =
        (&rules["stabilizationWindowSeconds"], format!("{field}.stabilizationWindowSeconds"));
    if number(window) < 0 {
        errors.invalid(&window_field, window, "must be greater than or equal to zero");
    }
    if number(window) > 3_600 {
        errors.invalid(&window_field, window, "must be less than or equal to 3600");
    }
    errors.one_of(&format!("{field}.selectPolicy"), &rules["selectPolicy"], SELECTS);
    let policies = items(&rules["policies"]);
    if policies.is_empty() {
        errors.required(&format!("{field}.policies"), "must specify at least one Policy");
    }
    for (i, policy) in policies.iter().enumerate() {
        let field = format!("{field}.policies[{i}]");
        errors.one_of(&format!("{field}.type"), &policy["type"], &["Percent", "Pods"]);
        for part in ["value", "periodSeconds"] {
            if number(&policy[part]) <= 0 {
                let why = "must be greater than zero";
                errors.invalid(&format!("{field}.{part}"), &policy[part], why);
            }
        }
        if number(&policy["periodSeconds"]) > 1_800 {
            let why = "must be less than or equal to 1800";
            errors.invalid(&format!("{field}.periodSeconds"), &policy["periodSeconds"], why);
        }
    }
}
