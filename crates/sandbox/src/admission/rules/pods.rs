//! Pods, and the templates that pods are made from.

use serde_json::{Value, json};

use super::containers;
use crate::admission::fields::{Errors, entries, items, number, text};
use crate::admission::metadata::{annotations, labels};
use crate::admission::names;

const POLICIES: &[&str] = &["Always", "OnFailure", "Never"];
const DNS: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];

pub fn check(pod: &Value, old: Option<&Value>, errors: &mut Errors) {
    spec(&pod["spec"], "spec", errors);
    if let Some(old) = old {
        change(&pod["spec"], &old["spec"], errors);
    }
}

pub fn template(template: &Value, field: &str, errors: &mut Errors) {
    let metadata = &template["metadata"];
    labels(&metadata["labels"], &format!("{field}.labels"), errors);
    annotations(&metadata["annotations"], &format!("{field}.annotations"), errors);
    spec(&template["spec"], &format!("{field}.spec"), errors);
}

fn spec(spec: &Value, field: &str, errors: &mut Errors) {
    let volumes = volumes(&spec["volumes"], &format!("{field}.volumes"), errors);
    containers::check(spec, &volumes, field, errors);
    errors.one_of_or_missing(&format!("{field}.restartPolicy"), &spec["restartPolicy"], POLICIES);
    errors.one_of_or_missing(&format!("{field}.dnsPolicy"), &spec["dnsPolicy"], DNS);
    labels(&spec["nodeSelector"], &format!("{field}.nodeSelector"), errors);
    for name in ["serviceAccountName", "nodeName"] {
        let text = text(&spec[name]);
        if !text.is_empty() {
            errors.malformed(&format!("{field}.{name}"), text, names::subdomain(text));
        }
    }
    let deadline = &spec["activeDeadlineSeconds"];
    if !deadline.is_null() && !(1..=i64::from(i32::MAX)).contains(&number(deadline)) {
        let why = format!("must be between 1 and {}, inclusive", i32::MAX);
        errors.invalid(&format!("{field}.activeDeadlineSeconds"), deadline, why);
    }
    for name in ["hostname", "subdomain"] {
        let text = text(&spec[name]);
        if !text.is_empty() {
            errors.malformed(&format!("{field}.{name}"), text, names::label(text));
        }
    }
}

/// The names of those that are right.
fn volumes<'a>(volumes: &'a Value, field: &str, errors: &mut Errors) -> Vec<&'a str> {
    let mut all = Vec::new();
    for (i, volume) in items(volumes).iter().enumerate() {
        let (name, field) = (text(&volume["name"]), format!("{field}[{i}].name"));
        let before = errors.0.len();
        match name {
            "" => errors.required(&field, ""),
            name => errors.malformed(&field, name, names::label(name)),
        }
        if all.contains(&name) {
            errors.duplicate(&field, &json!(name));
        }
        if errors.0.len() == before {
            all.push(name);
        }
        modes(volume, field.trim_end_matches(".name"), errors);
    }
    all
}

fn modes(volume: &Value, field: &str, errors: &mut Errors) {
    for source in ["secret", "downwardAPI", "configMap", "projected"] {
        let mode = &volume[source]["defaultMode"];
        if !mode.is_null() && !(0..=0o777).contains(&number(mode)) {
            let why = "must be a number between 0 and 0777 (octal), both inclusive";
            errors.invalid(&format!("{field}.{source}.defaultMode"), mode, why);
        }
    }
}

/// Of a pod only a few fields may change.
fn change(new: &Value, old: &Value, errors: &mut Errors) {
    for list in ["containers", "initContainers"] {
        if items(&new[list]).len() != items(&old[list]).len() {
            let why = "pod updates may not add or remove containers";
            errors.forbidden(&format!("spec.{list}"), why);
            return;
        }
        for (i, container) in items(&new[list]).iter().enumerate() {
            let image = text(&container["image"]);
            if image.is_empty() {
                errors.required(&format!("spec.{list}[{i}].image"), "");
            } else if image.trim() != image {
                let why = "must not have leading or trailing whitespace";
                errors.invalid(&format!("spec.{list}[{i}].image"), &container["image"], why);
            }
        }
    }
    let (was, is) = (&old["activeDeadlineSeconds"], &new["activeDeadlineSeconds"]);
    if !was.is_null() && (is.is_null() || number(is) > number(was)) {
        let why = match is.is_null() {
            true => "must not update from a positive integer to nil value",
            false => "must be less than or equal to previous value",
        };
        errors.invalid("spec.activeDeadlineSeconds", is, why);
        if !is.is_null() {
            return;
        }
    }
    let seconds = "tolerationSeconds";
    let is_same = |was: &Value, is: &Value| {
        let fields = entries(was).chain(entries(is)).filter(|(field, _)| *field != seconds);
        fields.map(|(field, _)| field).all(|field| was[field] == is[field])
    };
    let mut were = items(&old["tolerations"]).iter();
    if !were.all(|was| items(&new["tolerations"]).iter().any(|is| is_same(was, is))) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.forbidden("spec.tolerations", why);
    }
    let mut kept = new.clone();
    for field in ["activeDeadlineSeconds", "tolerations"] {
        kept[field] = old[field].clone();
    }
    for list in ["containers", "initContainers"] {
        for (i, container) in items(&old[list]).iter().enumerate() {
            kept[list][i]["image"] = container["image"].clone();
        }
    }
    let is_same = |field: &str| kept[field] == old[field];
    let mut fields = kept.as_object().into_iter().chain(old.as_object()).flat_map(|it| it.keys());
    if !fields.all(|field| is_same(field)) {
        errors.forbidden(
            "spec",
            "pod updates may not change fields other than \
             `spec.containers[*].image`,`spec.initContainers[*].image`,\
             `spec.activeDeadlineSeconds`,\
             `spec.tolerations` (only additions to existing tolerations),\
             `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously \
             negative)\n",
        );
    }
}
