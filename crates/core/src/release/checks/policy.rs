//! Policies of each kind, read as what they have in common: by what they find pods.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Optional, name};
use crate::release::{calico, selector};

/// Sources that Cilium may put before a label of a pod.
const CILIUM_SOURCES: [&str; 2] = ["k8s:", "any:"];
/// What Cilium gives every pod of a namespace and an account: both versions' are alike in it.
const CILIUM_OWN: [&str; 2] = ["io.kubernetes.pod.", "io.cilium."];

type Labels = BTreeMap<String, String>;

/// A policy, and by what it finds pods.
pub struct Policy {
    pub shown: String,
    /// Where it says whom it holds for.
    pub field: &'static str,
    pub holds_for: Vec<Selector>,
    /// Whom it lets in or out.
    pub admits: Vec<Selector>,
    /// All but that: two policies that are alike in it are one for two versions.
    pub rest: Value,
    /// Whether its selector has expressions, by which it can match both versions.
    pub has_expressions: bool,
}

pub enum Selector {
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
pub fn any(selectors: &[Selector], labels: &Labels) -> Option<bool> {
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

pub fn without(spec: &Value, field: &str) -> Value {
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

pub fn network(policy: &Value) -> Policy {
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
pub fn other(kind: Optional, policy: &Value) -> Option<Policy> {
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
