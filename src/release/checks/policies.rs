//! Policies that are bound to pods by their labels, and hold for the live pods but not for a candidate's,
//! or the other way round: NetworkPolicies, and those of controllers that a cluster may have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::report::{Check, or_pass};
use super::{Ground, unknown};
use crate::model::{Kind, Optional, name, string_map};
use crate::release::{calico, selector};

const NETWORK: &str = "network-policies";
const OTHER: &str = "policies";
const OTHERS: [Optional; 6] = [
    Optional::AuthorizationPolicy,
    Optional::PeerAuthentication,
    Optional::RequestAuthentication,
    Optional::CiliumNetworkPolicy,
    Optional::CalicoNetworkPolicy,
    Optional::VerticalPodAutoscaler,
];
/// Sources that Cilium may put before a label of a pod.
const CILIUM_SOURCES: [&str; 2] = ["k8s:", "any:"];
/// What Cilium gives every pod of a namespace and an account: both versions' are alike in it.
const CILIUM_OWN: [&str; 2] = ["io.kubernetes.pod.", "io.cilium."];

type Labels = BTreeMap<String, String>;

pub fn checks(g: &Ground) -> Vec<Check> {
    let of_kubernetes: Vec<Policy> = g.s.objects.list(Kind::NetworkPolicy).map(network).collect();
    let mut checks = or_pass(
        told(g, NETWORK, &of_kubernetes),
        NETWORK,
        "each holds for a candidate as for the live pods",
    );
    let mut found = Vec::new();
    for kind in OTHERS {
        let objects = g.s.objects.others.list(kind);
        let of_kind: Vec<Policy> = objects.filter_map(|object| other(kind, object)).collect();
        found.extend(told(g, OTHER, &of_kind));
    }
    found.extend(scaled_vertically(g));
    found.extend(unknown::of(g.s, OTHER, &OTHERS));
    let passes = "each that is known holds for a candidate as for the live pods";
    checks.extend(or_pass(found, OTHER, passes));
    checks
}

/// A policy, and by what it finds pods.
struct Policy {
    shown: String,
    /// Where it says whom it holds for.
    field: &'static str,
    holds_for: Vec<Selector>,
    /// Whom it lets in or out.
    admits: Vec<Selector>,
    /// All but that: two policies that are alike in it are one for two versions.
    rest: Value,
    /// Whether its selector has expressions, by which it can match both versions.
    has_expressions: bool,
}

enum Selector {
    /// As Kubernetes has them.
    Labels(Value),
    /// As Calico has them.
    Expression(String),
}

impl Selector {
    /// None where it is not understood.
    fn matches(&self, labels: &Labels) -> Option<bool> {
        match self {
            Selector::Labels(value) => Some(selector::matches(value, labels)),
            Selector::Expression(text) => calico::matches(text, labels),
        }
    }
}

/// By some of them; none where one is not understood and no other matches.
fn any(selectors: &[Selector], labels: &Labels) -> Option<bool> {
    let mut is_known = true;
    for selector in selectors {
        match selector.matches(labels) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(false)
}

fn without(spec: &Value, field: &str) -> Value {
    let mut spec = spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        fields.remove(field);
    }
    spec
}

/// The peers of a policy's rules.
fn peers<'a>(
    spec: &'a Value,
    rules: [(&'static str, &'static str); 2],
) -> impl Iterator<Item = &'a Value> {
    rules.into_iter().flat_map(move |(rules, peers)| {
        let rules = spec[rules].as_array().into_iter().flatten();
        rules.flat_map(move |rule| match &rule[peers] {
            Value::Array(peers) => peers.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        })
    })
}

fn network(policy: &Value) -> Policy {
    let spec = &policy["spec"];
    let peers = peers(spec, [("ingress", "from"), ("egress", "to")]);
    Policy {
        shown: format!("NetworkPolicy {}", name(policy)),
        field: "podSelector",
        holds_for: vec![Selector::Labels(spec["podSelector"].clone())],
        admits: peers.map(|peer| Selector::Labels(peer["podSelector"].clone())).collect(),
        rest: without(spec, "podSelector"),
        has_expressions: true,
    }
}

/// None for what is not bound to pods by their labels.
fn other(kind: Optional, policy: &Value) -> Option<Policy> {
    let (shown, spec) = (format!("{kind} {}", name(policy)), &policy["spec"]);
    match kind {
        Optional::AuthorizationPolicy
        | Optional::PeerAuthentication
        | Optional::RequestAuthentication => {
            let is_by_name = ["targetRef", "targetRefs"].iter().any(|it| !spec[it].is_null());
            // Without a selector it holds for all.
            let selector = match &spec["selector"] {
                Value::Null => json!({}),
                selector => selector.clone(),
            };
            (!is_by_name).then(|| Policy {
                shown,
                field: "selector",
                holds_for: vec![Selector::Labels(selector)],
                admits: Vec::new(),
                rest: without(spec, "selector"),
                has_expressions: false,
            })
        }
        Optional::CiliumNetworkPolicy => {
            let several = policy["specs"].as_array().into_iter().flatten();
            let rules: Vec<&Value> =
                Some(spec).filter(|spec| spec.is_object()).into_iter().chain(several).collect();
            let field = "endpointSelector";
            let ends = [("ingress", "fromEndpoints"), ("egress", "toEndpoints")];
            let selector = |value: &Value| Selector::Labels(of_cilium(value));
            Some(Policy {
                shown,
                field,
                holds_for: rules.iter().map(|rule| selector(&rule[field])).collect(),
                admits: rules.iter().flat_map(|rule| peers(rule, ends)).map(selector).collect(),
                rest: rules.iter().map(|rule| without(rule, field)).collect(),
                has_expressions: true,
            })
        }
        Optional::CalicoNetworkPolicy => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let peers = peers(spec, [("ingress", "source"), ("egress", "destination")]);
            let peers = peers.filter_map(|peer| text(&peer["selector"]));
            Some(Policy {
                shown,
                field: "selector",
                holds_for: vec![Selector::Expression(text(&spec["selector"]).unwrap_or_default())],
                admits: peers.map(Selector::Expression).collect(),
                rest: without(spec, "selector"),
                has_expressions: true,
            })
        }
        _ => None,
    }
}

/// A selector of Cilium's as Kubernetes has them.
fn of_cilium(selector: &Value) -> Value {
    let key = |key: &str| {
        let source = CILIUM_SOURCES.iter().find(|source| key.starts_with(*source));
        let key = &key[source.map_or(0, |source| source.len())..];
        let is_own = CILIUM_OWN.iter().any(|own| key.starts_with(own));
        (!is_own).then(|| key.to_owned())
    };
    let mut plain = selector.clone();
    if let Some(labels) = selector["matchLabels"].as_object() {
        let labels = labels.iter().filter_map(|(it, value)| Some((key(it)?, value.clone())));
        plain["matchLabels"] = labels.collect();
    }
    if let Some(expressions) = selector["matchExpressions"].as_array() {
        let expressions = expressions.iter().filter_map(|expression| {
            let mut expression = expression.clone();
            expression["key"] = json!(key(expression["key"].as_str()?)?);
            Some(expression)
        });
        plain["matchExpressions"] = expressions.collect();
    }
    plain
}

/// What is to be said of policies of one kind.
fn told(g: &Ground, check: &'static str, policies: &[Policy]) -> Vec<Check> {
    let both = [g.live_labels(), g.candidate_labels()];
    let held = |policy: &Policy| both.each_ref().map(|labels| any(&policy.holds_for, labels));
    let all: Vec<[Option<bool>; 2]> = policies.iter().map(held).collect();
    let has_twin = |n: usize| {
        let (other, policy) = (|held: Option<bool>| held != Some(true), &policies[n]);
        let missing = if other(all[n][0]) { 0 } else { 1 };
        (0..policies.len())
            .any(|twin| all[twin][missing] == Some(true) && policies[twin].rest == policy.rest)
    };
    let found = policies.iter().enumerate().flat_map(|(n, policy)| {
        let gap = match all[n] {
            [Some(live), Some(candidate)] if live != candidate && !has_twin(n) => {
                Some(gap(g, check, policy, live))
            }
            [Some(_), Some(_)] => None,
            _ => {
                let Policy { shown, field, .. } = policy;
                let what = format!("the {field} of {shown} is not understood");
                let hint = "make sure that it holds for a candidate's pods as for the live ones";
                Some(Check::warn(check, what).hint(hint))
            }
        };
        let admitted = both.each_ref().map(|labels| any(&policy.admits, labels));
        let shut_out = (admitted == [Some(true), Some(false)]).then(|| shut_out(g, check, policy));
        gap.into_iter().chain(shut_out)
    });
    found.collect()
}

fn gap(g: &Ground, check: &'static str, policy: &Policy, holds_for_live: bool) -> Check {
    let shown = &policy.shown;
    if !holds_for_live {
        let what = format!("{shown} holds for a candidate's pods and not for the live ones");
        return Check::warn(check, what).hint("make sure that they can be reached");
    }
    let what = format!(
        "{shown} holds for the live pods and not for a candidate's, which would run without it"
    );
    let (key, value, field) = (&g.label.key, g.label.value(g.to), policy.field);
    let way_out = match policy.has_expressions {
        true => format!("let its {field} match {key}: {value} as well"),
        false => format!("make another like it for {key}: {value}, or select by a label of both"),
    };
    lost(g, check, what, way_out)
}

/// A candidate would run without it: somebody has to say that it may.
fn lost(g: &Ground, check: &'static str, what: String, way_out: String) -> Check {
    match g.allow_policy_gap {
        true => Check::warn(check, what),
        false => Check::fail(check, what).hint(format!("{way_out}, or give --allow-policy-gap")),
    }
}

/// Somebody else's policy, which knows the live pods by the label that a candidate has another value of.
fn shut_out(g: &Ground, check: &'static str, policy: &Policy) -> Check {
    let what = format!("{} lets the live pods through and not a candidate's", policy.shown);
    let hint = format!("let its rules name {}: {} as well", g.label.key, g.label.value(g.to));
    Check::warn(check, what).hint(hint)
}

/// The resources of the live pods are set by an autoscaler that knows their Deployment by its name.
fn scaled_vertically(g: &Ground) -> Option<Check> {
    let of = |deployment: &str| {
        g.s.objects.others.list(Optional::VerticalPodAutoscaler).find(|scaler| {
            let (target, policy) = (&scaler["spec"]["targetRef"], &scaler["spec"]["updatePolicy"]);
            // One that is off only recommends.
            target["kind"] == "Deployment"
                && target["name"] == deployment
                && policy["updateMode"] != "Off"
        })
    };
    let candidate = g.s.names.deployment(g.to);
    let scaler = of(g.live.name()).filter(|_| of(&candidate).is_none())?;
    let what = format!(
        "VerticalPodAutoscaler {} sets the resources of the pods of Deployment {}: a candidate's, those of Deployment \
         {candidate}, would have what the template says",
        name(scaler),
        g.live.name()
    );
    let way_out = format!("make another like it whose targetRef names {candidate}");
    Some(lost(g, OTHER, what, way_out))
}

/// What a monitor reads of the live pods and would not read of a candidate's, or would read twice.
pub fn monitors(g: &Ground) -> Vec<Check> {
    const NAME: &str = "monitors";
    const KINDS: [Optional; 2] = Optional::MONITORS;
    let both = [g.live_labels(), g.candidate_labels()];
    let others = &g.s.objects.others;
    let held = |monitor: &Value| {
        both.each_ref().map(|labels| selector::matches(&monitor["spec"]["selector"], labels))
    };
    let pods = others.list(Optional::PodMonitor).collect::<Vec<_>>();
    let rest = |monitor: &Value| without(&monitor["spec"], "selector");
    let is_alone = |monitor: &&Value| {
        let twin = |other: &&Value| held(other)[1] && rest(other) == rest(monitor);
        held(monitor) == [true, false] && !pods.iter().any(twin)
    };
    let mut found: Vec<Check> = pods
        .iter()
        .copied()
        .filter(is_alone)
        .map(|monitor| {
            let what = format!(
                "PodMonitor {} reads the live pods and not a candidate's: there would be no metrics of the new version",
                name(monitor)
            );
            let (key, value) = (&g.label.key, g.label.value(g.to));
            Check::warn(NAME, what).hint(format!("let its selector match {key}: {value} as well"))
        })
        .collect();
    // The Services of ours have no labels but ours: what selects them selects whatever there is.
    let own = string_map(&crate::release::objects::labels(&g.s.names));
    let own = others
        .list(Optional::ServiceMonitor)
        .filter(|it| selector::matches(&it["spec"]["selector"], &own));
    found.extend(own.map(|monitor| {
        let what = format!(
            "ServiceMonitor {} selects the Services that bluegreen makes, too: pods would be read more than once",
            name(monitor)
        );
        Check::warn(NAME, what).hint(format!("let its selector name a label of Service {}", g.service))
    }));
    found.extend(unknown::of(g.s, NAME, &KINDS));
    or_pass(found, NAME, "none that is known loses sight of the app")
}
