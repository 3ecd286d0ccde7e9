//! Whether there is room for a second copy of the app beside the first, and for what is made for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::quantity::{parse, shown};
use super::report::{Check, or_pass};
use super::{CheckInput, budgets};
use crate::model::{Kind, name};
use crate::release::{Slot, managed};

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

/// What somebody makes, and how much of each resource that takes.
struct Need {
    who: String,
    takes: BTreeMap<String, i128>,
}

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let pods = g.replicas();
    let candidate = Need { who: format!("a candidate of {pods} takes"), takes: of_candidate(g) };
    let mut needs = vec![candidate, of_release(g)];
    // What is missing of that is said by a check of its own, and holds up nobody who goes back.
    if !g.is_back {
        needs.push(of_init(g));
    }
    let quotas = g.s.objects.list(Kind::ResourceQuota).filter(|quota| is_of_all_pods(quota));
    let found = quotas.flat_map(|quota| {
        let short = needs.iter().flat_map(|need| {
            need.takes.iter().filter_map(|(resource, takes)| {
                let left = left(quota, resource)?;
                (*takes > left && *takes > 0)
                    .then(|| short(name(quota), resource, &need.who, (*takes, left)))
            })
        });
        short.collect::<Vec<_>>()
    });
    or_pass(found.collect(), NAME, format!("there is room for a candidate of {pods}"))
}

fn short(quota: &str, resource: &str, who: &str, (need, left): (i128, i128)) -> Check {
    let what = format!(
        "ResourceQuota {quota} has {} left for {resource}, and {who} {}",
        shown(left.max(0)),
        shown(need)
    );
    let hint = match who.starts_with("init") {
        true => "raise it, or free some",
        false => "both versions run during a release: raise it, or free some",
    };
    Check::fail(NAME, what).hint(hint)
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
fn of_candidate(g: &CheckInput) -> BTreeMap<String, i128> {
    let slot = g.s.slot(g.to);
    let pods = g.replicas().saturating_sub(slot.map_or(0, |slot| slot.desired()));
    let pods = i128::from(pods + u64::from(slot.is_some_and(|slot| has_to_surge(g, slot))));
    let mut needs = BTreeMap::new();
    for resource in ["pods", "count/pods"] {
        needs.insert(resource.to_owned(), pods * 1000);
    }
    for (counted, part, resource) in COUNTED {
        needs.insert(counted.to_owned(), pods * of_pod(&g.template["spec"], part, resource));
    }
    needs
}

/// Whether pods that run in the slot are replaced by more than there are to be: with none to spare, a new one
/// has to come before an old one goes.
fn has_to_surge(g: &CheckInput, slot: Slot) -> bool {
    if slot.desired() == 0 || slot.runs(&g.template, &g.label) {
        return false;
    }
    let strategy = &slot.0["spec"]["strategy"];
    let (rolling, pods) = (&strategy["rollingUpdate"], g.replicas().max(slot.desired()));
    let parts = |of: &Value| of.as_str()?.strip_suffix('%')?.parse::<u64>().ok();
    // Kubernetes' own default is a quarter, rounded down; of what surges, up.
    let rounded = |of: &Value, up: u64| match of {
        Value::Number(_) => of.as_u64().unwrap_or_default(),
        _ => (pods * parts(of).unwrap_or(25) + up) / 100,
    };
    let spare = rounded(&rolling["maxUnavailable"], 0);
    strategy["type"] != "Recreate" && spare == 0 && rounded(&rolling["maxSurge"], 99) > 0
}

/// The objects that a release makes, and those that others make of them.
fn of_release(g: &CheckInput) -> Need {
    let mut made = BTreeMap::new();
    let mut make = |resource: &str, count: bool| {
        made.insert(resource.to_owned(), if count { 1000 } else { 0 });
    };
    make("count/deployments.apps", g.s.slot(g.to).is_none());
    // Each release has a template of its own: its number is in it. Pods that run a version stay as they are.
    let runs = |slot: Slot| slot.runs(&g.template, &g.label);
    let is_warm = g.is_back && g.s.slot(g.to).is_some_and(runs);
    make("count/replicasets.apps", !is_warm);
    make("count/poddisruptionbudgets.policy", budgets::clones(g));
    let scalers = |colour| !g.s.autoscalers(colour).is_empty();
    make("count/horizontalpodautoscalers.autoscaling", scalers(g.to.other()) && !scalers(g.to));
    Need { who: "a release creates".to_owned(), takes: made }
}

/// What `init` makes, as far as it is not there.
fn of_init(g: &CheckInput) -> Need {
    let is_there = |kind, name: &str| g.s.objects.get(kind, name).is_some();
    let mut services: BTreeSet<String> = g.s.names.serving(&g.service).into_iter().collect();
    services.insert(g.s.names.preview());
    services.retain(|service| !is_there(Kind::Service, service));
    let record = g.s.names.record();
    let services = services.len();
    let counts = [
        // Of each Service others make two objects that lead to its pods.
        (&["services", "count/services", "count/endpoints"][..], services),
        (&["count/endpointslices.discovery.k8s.io"], services),
        (&["configmaps", "count/configmaps"], usize::from(!is_there(record.kind, &record.name))),
        (
            &["count/ingresses.networking.k8s.io"],
            usize::from(
                g.s.managed_ingress().is_none()
                    && managed::is_wanted(g.s, (&g.service, g.route), g.preview_host.as_deref()),
            ),
        ),
    ];
    let takes = counts.into_iter().flat_map(|(resources, count)| {
        let count = i128::try_from(count).unwrap_or(i128::MAX / 1000) * 1000;
        resources.iter().map(move |resource| ((*resource).to_owned(), count))
    });
    Need { who: "init creates".to_owned(), takes: takes.collect() }
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
