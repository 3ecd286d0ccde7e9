//! NetworkPolicies that hold for the live pods and not for a candidate, or the other way round.

use serde_json::Value;

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{Kind, name};
use crate::release::selector;

const NAME: &str = "network-policies";

pub fn checks(g: &Ground) -> Vec<Check> {
    let (live, candidate) = (g.live_labels(), g.candidate_labels());
    let policies = g.s.objects.list(Kind::NetworkPolicy);
    let found = policies.flat_map(|policy| {
        let held = [&live, &candidate]
            .map(|labels| selector::matches(&policy["spec"]["podSelector"], labels));
        let admitted = [&live, &candidate]
            .map(|labels| peers(policy).any(|peer| selector::matches(peer, labels)));
        gap(g, name(policy), held).into_iter().chain(shut_out(g, name(policy), admitted))
    });
    or_pass(found.collect(), NAME, "each holds for a candidate as for the live pods")
}

/// The pods of this namespace that a policy lets in or out.
fn peers(policy: &Value) -> impl Iterator<Item = &Value> {
    let rules = [("ingress", "from"), ("egress", "to")].into_iter();
    let peers = rules.flat_map(|(rules, peers)| {
        let rules = policy["spec"][rules].as_array().into_iter().flatten();
        rules.flat_map(move |rule| rule[peers].as_array().into_iter().flatten())
    });
    peers.map(|peer| &peer["podSelector"])
}

fn gap(g: &Ground, policy: &str, held: [bool; 2]) -> Option<Check> {
    match held {
        [true, false] => {
            let what = format!(
                "NetworkPolicy {policy} holds for the live pods and not for a candidate's, which would run without it"
            );
            let hint = format!(
                "let its podSelector match {}: {} as well, or give --allow-policy-gap",
                g.label.key,
                g.label.value(g.to)
            );
            Some(match g.allow_policy_gap {
                true => Check::warn(NAME, what),
                false => Check::fail(NAME, what).hint(hint),
            })
        }
        [false, true] => {
            let what = format!(
                "NetworkPolicy {policy} holds for a candidate's pods and not for the live ones"
            );
            Some(Check::warn(NAME, what).hint("make sure that they can be reached"))
        }
        _ => None,
    }
}

/// Somebody else's policy, which knows the live pods by the label that a candidate has another value of.
fn shut_out(g: &Ground, policy: &str, admitted: [bool; 2]) -> Option<Check> {
    (admitted == [true, false]).then(|| {
        let what =
            format!("NetworkPolicy {policy} lets the live pods through and not a candidate's");
        let hint = format!("let its rules name {}: {} as well", g.label.key, g.label.value(g.to));
        Check::warn(NAME, what).hint(hint)
    })
}
