//! What a pod template asks of the scheduler that two versions can't both have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::string_map;
use crate::release::{selector, template};

const NAME: &str = "scheduling";
/// Of a ReplicaSet each: no two versions have one in common.
const OF_A_VERSION: &str = "pod-template-hash";
/// By which other schedulers put pods into a group, on the pod.
const GROUPS: [&str; 3] = [
    "scheduling.x-k8s.io/pod-group",
    "scheduling.k8s.io/group-name",
    "pod-group.scheduling.sigs.k8s.io/name",
];

type Labels = BTreeMap<String, String>;

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let found = apart(g).into_iter().chain(group(g)).chain(claims(g));
    or_pass(found.collect(), NAME, "the scheduler can place both versions at the same time")
}

/// Pods of one version that keep those of the other off their nodes, in either direction.
fn apart(g: &CheckInput) -> Option<Check> {
    let candidate = template::coloured(&g.template, &g.label, g.to, 0);
    let [mine, theirs] = [g.candidate_labels(), g.live_labels()];
    let namespace = g.s.names.namespace.as_str();
    let sides = [(&candidate, &mine, &theirs), (g.live.template(), &theirs, &mine)];
    let domain = sides.into_iter().find_map(|(template, own, others)| {
        let terms = &template["spec"]["affinity"]["podAntiAffinity"];
        let terms = &terms["requiredDuringSchedulingIgnoredDuringExecution"];
        let mut terms = terms.as_array().into_iter().flatten();
        let term = terms.find(|term| keeps_off(term, own, others, namespace))?;
        term["topologyKey"].as_str()
    })?;
    let what = format!(
        "the anti-affinity of the pod template keeps both versions off each other's {domain}: a \
         candidate's pods can't run where a live one does"
    );
    let hint = format!(
        "add {} more of them, or make its labelSelector match {}, by which the versions differ",
        g.replicas(),
        g.label.key
    );
    Some(Check::warn(NAME, what).hint(hint))
}

/// Whether a term of a pod with the one labels is about pods with the others.
fn keeps_off(term: &Value, own: &Labels, others: &Labels, namespace: &str) -> bool {
    let list = |field: &str| term[field].as_array().into_iter().flatten();
    let namespaces = || list("namespaces");
    let is_here = match term["namespaceSelector"].is_null() {
        true => namespaces().next().is_none() || namespaces().any(|it| it == namespace),
        // Of other namespaces nothing is known here, nor of the labels of this one.
        false => term["namespaceSelector"].as_object().is_some_and(serde_json::Map::is_empty),
    };
    let alike = |key: &Value| {
        let key = key.as_str().unwrap_or_default();
        key != OF_A_VERSION && own.get(key) == others.get(key)
    };
    is_here
        && selector::matches(&term["labelSelector"], others)
        && list("matchLabelKeys").all(alike)
        && !list("mismatchLabelKeys").any(alike)
}

/// A group of pods that are placed together, which both versions would be of.
fn group(g: &CheckInput) -> Option<Check> {
    let (metadata, spec) = (&g.template["metadata"], &g.template["spec"]);
    let bears = |field: &str| {
        let all = string_map(&metadata[field]);
        GROUPS.iter().find_map(|key| all.get(*key).cloned())
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let name = text(&spec["schedulingGroup"]["podGroupName"])
        .or_else(|| text(&spec["workloadRef"]["podGroup"]))
        .or_else(|| bears("labels"))
        .or_else(|| bears("annotations"))?;
    let what = format!(
        "the pod template names PodGroup {name}: the pods of both versions would be one group to the scheduler"
    );
    let hint = "make sure that the group's size allows for it, or leave it out";
    Some(Check::warn(NAME, what).hint(hint))
}

/// Devices that are claimed once, for all pods.
fn claims(g: &CheckInput) -> Vec<Check> {
    let claims = g.template["spec"]["resourceClaims"].as_array().into_iter().flatten();
    let claims = claims.filter_map(|claim| claim["resourceClaimName"].as_str());
    claims
        .map(|claim| {
            let what = format!(
                "the pod template names ResourceClaim {claim}: both versions would share it, and a candidate's pods \
                 start only where its devices are"
            );
            let hint = "name a ResourceClaimTemplate (resourceClaimTemplateName), or make sure that there is room";
            Check::warn(NAME, what).hint(hint)
        })
        .collect()
}
