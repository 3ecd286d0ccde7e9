//! Whether there is room for a second copy of the app beside the first.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Ground;
use super::quantity::{parse, shown};
use super::report::{Check, or_pass};
use crate::model::{Kind, name};

const NAME: &str = "quota";
/// The resources of pods that a quota can count, and where a container says how much it takes.
const COUNTED: [(&str, &str, &str); 8] = [
    ("cpu", "requests", "cpu"),
    ("requests.cpu", "requests", "cpu"),
    ("limits.cpu", "limits", "cpu"),
    ("memory", "requests", "memory"),
    ("requests.memory", "requests", "memory"),
    ("limits.memory", "limits", "memory"),
    ("requests.ephemeral-storage", "requests", "ephemeral-storage"),
    ("limits.ephemeral-storage", "limits", "ephemeral-storage"),
];

pub fn checks(g: &Ground) -> Vec<Check> {
    let needs = needs(g);
    let quotas = g.s.objects.list(Kind::ResourceQuota).filter(|quota| is_of_all_pods(quota));
    let found = quotas.flat_map(|quota| {
        let short = needs.iter().filter_map(|(resource, need)| {
            let left = left(quota, resource)?;
            (*need > left).then(|| short(g, name(quota), resource, (*need, left)))
        });
        short.collect::<Vec<_>>()
    });
    let pods = g.replicas();
    or_pass(found.collect(), NAME, format!("there is room for a candidate of {pods}"))
}

fn short(g: &Ground, quota: &str, resource: &str, (need, left): (i128, i128)) -> Check {
    let what = format!(
        "ResourceQuota {quota} has {} of {resource} left, and a candidate of {} takes {}",
        shown(left.max(0)),
        g.replicas(),
        shown(need)
    );
    Check::fail(NAME, what).hint("while a release lasts both versions run: raise it, or free some")
}

/// One that holds for some pods alone may not be the app's: nothing is said of it.
fn is_of_all_pods(quota: &Value) -> bool {
    let scopes = quota["spec"]["scopes"].as_array().into_iter().flatten();
    let is_wide = |scope: &Value| scope == "NotTerminating" || scope == "NotBestEffort";
    quota["spec"]["scopeSelector"].is_null() && scopes.into_iter().all(is_wide)
}

fn left(quota: &Value, resource: &str) -> Option<i128> {
    let hard = &quota["status"]["hard"][resource];
    let hard = if hard.is_null() { &quota["spec"]["hard"][resource] } else { hard };
    let quantity = |value: &Value| parse(value.as_str()?);
    Some(quantity(hard)? - quantity(&quota["status"]["used"][resource]).unwrap_or(0))
}

/// What a candidate takes beside what its slot has now.
fn needs(g: &Ground) -> BTreeMap<String, i128> {
    let slot = g.s.slot(g.to);
    let pods = g.replicas().saturating_sub(slot.map_or(0, |slot| slot.desired()));
    let pods = i128::from(pods);
    let mut needs = BTreeMap::new();
    for resource in ["pods", "count/pods"] {
        needs.insert(resource.to_owned(), pods * 1000);
    }
    if slot.is_none() {
        for resource in ["count/deployments.apps", "count/replicasets.apps"] {
            needs.insert(resource.to_owned(), 1000);
        }
    }
    for (counted, part, resource) in COUNTED {
        needs.insert(counted.to_owned(), pods * of_pod(&g.template["spec"], part, resource));
    }
    needs
}

/// All containers together, or the one that runs before them and takes more; those that run before
/// and stay count with the rest.
fn of_pod(spec: &Value, part: &str, resource: &str) -> i128 {
    let of = |container: &Value| quantity_of(&container["resources"], part, resource);
    let list = |field: &str| spec[field].as_array().into_iter().flatten();
    let stays = |container: &&Value| container["restartPolicy"] == "Always";
    let staying: i128 = list("initContainers").filter(stays).map(of).sum();
    let running: i128 = list("containers").map(of).sum();
    let first = list("initContainers").filter(|c| !stays(c)).map(of).max().unwrap_or(0);
    let overhead = spec["overhead"][resource].as_str().and_then(parse).unwrap_or(0);
    (staying + running).max(staying + first) + overhead
}

/// A limit stands for the request that nobody made.
fn quantity_of(resources: &Value, part: &str, resource: &str) -> i128 {
    let said = |part: &str| resources[part][resource].as_str().and_then(parse);
    said(part).or_else(|| said("limits").filter(|_| part == "requests")).unwrap_or(0)
}
