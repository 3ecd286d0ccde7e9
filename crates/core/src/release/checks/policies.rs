//! Policies that are bound to pods by their labels, and hold for the live pods but not for a candidate's,
//! or the other way round: NetworkPolicies, and those of controllers that a cluster may have.

use serde_json::Value;

use super::policy::{Policy, any, network, other, without};
use super::report::{Check, CheckStatus, or_pass};
use super::{CheckInput, unknown};
use crate::model::{Colour, Kind, Optional, name};

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
/// What lets a release go on without one of them.
const WORD: &str = ", or use --allow-policy-gap";
/// Istio's of this namespace hold for all: it is `istio-system`, unless a mesh says another.
const ROOT: &str = "istio-system";
const MESH: [Optional; 3] =
    [Optional::AuthorizationPolicy, Optional::PeerAuthentication, Optional::RequestAuthentication];

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let of_kubernetes: Vec<Policy> = g.s.objects.list(Kind::NetworkPolicy).map(network).collect();
    let mut checks = or_pass(
        told(g, NETWORK, &of_kubernetes),
        NETWORK,
        "all apply to a candidate as to the live pods",
    );
    let mut found = Vec::new();
    for kind in OTHERS {
        let objects = g.s.objects.others.list(kind);
        let of_kind: Vec<Policy> = objects.filter_map(|object| other(kind, object)).collect();
        found.extend(told(g, OTHER, &of_kind));
        found.extend(of_services(g, kind));
    }
    found.extend(of_the_mesh(g));
    found.extend(scaled_vertically(g));
    found.extend(unknown::of(g.s, OTHER, &OTHERS));
    let passes = "all known ones apply to a candidate as to the live pods";
    checks.extend(or_pass(found, OTHER, passes));
    if g.s.objects.others.is_short_sighted(&MESH) {
        let what =
            format!("Istio's of namespace {ROOT} were not checked: they could not be listed");
        checks.push(Check::pass(OTHER, what));
    }
    checks
}

/// Those of the mesh's root namespace that find pods by their labels. Only `check` sees them, since most may not,
/// so no release is refused for them.
fn of_the_mesh(g: &CheckInput) -> Vec<Check> {
    let found = MESH.into_iter().flat_map(|kind| {
        let is_of_root = |policy: &&Value| policy["metadata"]["namespace"] == ROOT;
        let of_root = g.s.objects.others.elsewhere(kind).filter(is_of_root);
        let of_root = of_root.filter_map(|object| other(kind, object)).map(|policy| {
            let shown = format!("{} of namespace {ROOT}", policy.shown);
            Policy { shown, ..policy }
        });
        told(g, OTHER, &of_root.collect::<Vec<_>>())
    });
    let said = |check: Check| {
        let hint = check.hint.map(|hint| hint.replace(WORD, ""));
        Check { status: CheckStatus::Warn, hint, ..check }
    };
    found.map(said).collect()
}

/// Policies that name a Service by which an Ingress reaches the app now, and not the one by which it will
/// after the switch.
fn of_services(g: &CheckInput, kind: Optional) -> Vec<Check> {
    let (to, policies) = (g.s.names.service(g.to), g.s.objects.others.list(kind));
    let all: Vec<(&Value, Vec<&str>)> =
        policies.map(|policy| (policy, services_of(policy))).collect();
    let ours = g.s.names.serving(&g.service);
    let routes = g.routes();
    let backends = routes.iter().flat_map(|route| route.backends()).map(|backend| backend.service);
    let now: Vec<String> = backends.filter(|service| ours.contains(service)).collect();
    let rest = |policy: &Value| without(&without(&policy["spec"], "targetRefs"), "targetRef");
    let lost_by = all.iter().filter(|(policy, services)| {
        let holds = services.iter().any(|named| now.iter().any(|service| service == named));
        let will = |(other, services): &(&Value, Vec<&str>)| {
            services.contains(&to.as_str()) && rest(other) == rest(policy)
        };
        holds && !all.iter().any(will)
    });
    let found = lost_by.map(|(policy, _)| {
        let what = format!(
            "{kind} {} applies to requests to Service {}, and not to {to}, through which an \
             Ingress reaches a candidate once it is live",
            name(policy),
            now.first().map_or("", String::as_str)
        );
        let [blue, green] = Colour::BOTH.map(|colour| g.s.names.service(colour));
        lost(g, OTHER, what, format!("add the Services {blue} and {green} to its targetRefs"))
    });
    found.collect()
}

/// The Services that a policy names.
fn services_of(policy: &Value) -> Vec<&str> {
    let spec = &policy["spec"];
    let several = spec["targetRefs"].as_array().into_iter().flatten();
    let all = several.chain([&spec["targetRef"]]);
    all.filter(|target| target["kind"] == "Service").filter_map(|it| it["name"].as_str()).collect()
}

/// What is to be said of policies of one kind.
fn told(g: &CheckInput, check: &'static str, policies: &[Policy]) -> Vec<Check> {
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
                let what = format!("the {field} of {shown} can't be interpreted");
                let hint = "make sure that it applies to a candidate's pods as to the live ones";
                Some(Check::warn(check, what).hint(hint))
            }
        };
        let admitted = both.each_ref().map(|labels| any(&policy.admits, labels));
        let shut_out = (admitted == [Some(true), Some(false)]).then(|| shut_out(g, check, policy));
        gap.into_iter().chain(shut_out)
    });
    found.collect()
}

fn gap(g: &CheckInput, check: &'static str, policy: &Policy, holds_for_live: bool) -> Check {
    let shown = &policy.shown;
    if !holds_for_live {
        let what = format!("{shown} applies to a candidate's pods and not to the live ones");
        return Check::warn(check, what).hint("make sure that they can be reached");
    }
    let what = format!(
        "{shown} applies to the live pods and not to a candidate's, which would run without it"
    );
    let (key, value, field) = (&g.label.key, g.label.value(g.to), policy.field);
    let way_out = match policy.has_expressions {
        true => format!("make its {field} match {key}: {value} as well"),
        false => {
            format!("create a copy of it for {key}: {value}, or select by a label that both have")
        }
    };
    lost(g, check, what, way_out)
}

/// A candidate would run without it: somebody has to say that it may.
fn lost(g: &CheckInput, check: &'static str, what: String, way_out: String) -> Check {
    match g.allow_policy_gap {
        true => Check::warn(check, what),
        false => Check::fail(check, what).hint(format!("{way_out}{WORD}")),
    }
}

/// Somebody else's policy, which knows the live pods by the label that a candidate has another value of.
fn shut_out(g: &CheckInput, check: &'static str, policy: &Policy) -> Check {
    let what = format!("{} admits the live pods and not a candidate's", policy.shown);
    let hint = format!("add {}: {} to its rules", g.label.key, g.label.value(g.to));
    Check::warn(check, what).hint(hint)
}

/// The resources of the live pods are set by an autoscaler that knows their Deployment by its name.
fn scaled_vertically(g: &CheckInput) -> Option<Check> {
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
        "VerticalPodAutoscaler {} sets the resources of the pods of Deployment {}: a candidate's, \
         those of Deployment {candidate}, would keep those of the template",
        name(scaler),
        g.live.name()
    );
    let way_out = format!("create a copy of it whose targetRef names {candidate}");
    Some(lost(g, OTHER, what, way_out))
}
