//! Whether an app can be released as it is. Every reason names what it is about, and what to do.

mod ingresses;

pub use ingresses::reasons as routes;
use serde_json::Value;

use super::{Names, Slot, Snapshot};
use crate::model::{
    APP_LABEL, Colour, Id, Kind, MANAGED_BY, MANAGER, annotation, label, name, string_map,
};
use crate::route::{Label, selects};

const ALIASES: &str = "nginx.ingress.kubernetes.io/server-alias";

/// Kubernetes' limit for names of Services and for label values.
const LONGEST_NAME: usize = 63;

/// What is wrong with the app's Deployment by itself.
pub fn deployment(names: &Names, slot: Slot, rewritten: &Label) -> Vec<String> {
    let mut reasons = Vec::new();
    let spec = &slot.0["spec"];
    let expressions = spec["selector"]["matchExpressions"].as_array();
    if expressions.into_iter().flatten().any(|e| e["key"] == rewritten.key.as_str()) {
        reasons.push(format!(
            "Deployment {} selects its pods by an expression on {}, the label that tells the colours apart: \
             select by matchLabels alone",
            slot.name(),
            rewritten.key
        ));
    }
    if slot.is_paused() {
        reasons.push(format!(
            "Deployment {0} is paused, so a copy of it would never start: kubectl rollout resume deployment/{0} -n {1}",
            slot.name(),
            names.namespace
        ));
    }
    if spec["revisionHistoryLimit"].as_u64() == Some(0) {
        reasons.push(format!(
            "Deployment {} has revisionHistoryLimit 0: without an old ReplicaSet there is no way back to an old version",
            slot.name()
        ));
    }
    for long in [names.preview(), rewritten.value(Colour::Green)] {
        if long.len() > LONGEST_NAME {
            reasons.push(format!("{long:?} would be longer than {LONGEST_NAME} characters"));
        }
    }
    reasons
}

/// What else in the namespace is in the way of a release.
pub fn surroundings(s: &Snapshot, service: &str, rewritten: &Label) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(autoscalers(s));
    reasons.extend(routes(s, service));
    reasons.extend(foreign_objects(s));
    if let Some(live) = s.service(service) {
        reasons.extend(live_service(s, live, rewritten));
    }
    if let Some(base) = Colour::BOTH.into_iter().find_map(|colour| s.slot(colour)) {
        reasons.extend(catching_selectors(s, service, rewritten, base.template()));
    }
    reasons
}

fn autoscalers(s: &Snapshot) -> Vec<String> {
    let ours = Colour::BOTH.map(|colour| s.names.deployment(colour));
    let targets = |scaler: &Value| {
        let target = &scaler["spec"]["scaleTargetRef"];
        target["kind"] == "Deployment" && ours.iter().any(|name| target["name"] == name.as_str())
    };
    s.objects
        .list(Kind::HorizontalPodAutoscaler)
        .filter(|scaler| targets(scaler))
        .map(|scaler| {
            format!(
                "HorizontalPodAutoscaler {} scales the app, and bluegreen does not move an autoscaler to the new colour yet",
                name(scaler)
            )
        })
        .collect()
}

/// A host that is somebody's already, another app's preview included: two Ingresses of one host are
/// merged by the controller, the older one's paths come first, and the candidate would be seen by those
/// who are not meant to.
pub fn preview_host(s: &Snapshot, host: &str) -> Option<String> {
    let others = s.objects.list(Kind::Ingress).filter(|other| name(other) != s.names.preview());
    let taken = others.into_iter().find(|other| serves(other, host))?;
    Some(format!(
        "Ingress {} serves {host}: the preview needs a host of its own (init --preview-host HOST, or none)",
        name(taken)
    ))
}

/// By a rule, or by the controller's annotation for more names of the same hosts.
fn serves(ingress: &Value, host: &str) -> bool {
    let rules = ingress["spec"]["rules"].as_array();
    let aliases = annotation(ingress, ALIASES).unwrap_or_default();
    rules.into_iter().flatten().any(|rule| rule["host"] == host)
        || aliases.split(',').any(|alias| alias.trim() == host)
}

/// Objects of somebody else under the names that we need.
fn foreign_objects(s: &Snapshot) -> Vec<String> {
    let mut needed: Vec<Id> =
        Colour::BOTH.map(|colour| Id::new(Kind::Service, s.names.service(colour))).to_vec();
    needed.push(Id::new(Kind::Service, s.names.preview()));
    needed.push(Id::new(Kind::Ingress, s.names.preview()));
    needed.push(Id::new(Kind::Deployment, s.names.deployment(Colour::Green)));
    let is_foreign = |object: &Value| {
        label(object, MANAGED_BY) != Some(MANAGER)
            || label(object, APP_LABEL) != Some(s.names.app.as_str())
    };
    needed
        .into_iter()
        .filter(|id| s.objects.get(id.kind, &id.name).is_some_and(is_foreign))
        .map(|id| format!("{id} exists and is not bluegreen's, which needs that name"))
        .collect()
}

fn live_service(s: &Snapshot, live: &Value, rewritten: &Label) -> Vec<String> {
    let mut reasons = Vec::new();
    let service = name(live);
    if live["spec"]["type"] == "ExternalName" {
        reasons.push(format!("Service {service} is of type ExternalName: it selects no pods"));
        return reasons;
    }
    if string_map(&live["spec"]["selector"]).is_empty() {
        reasons
            .push(format!("Service {service} has no selector: somebody else keeps its endpoints"));
        return reasons;
    }
    let slots: Vec<String> = Colour::BOTH.map(|colour| s.names.deployment(colour)).to_vec();
    for other in s.objects.list(Kind::Deployment).filter(|d| !slots.iter().any(|n| n == name(d))) {
        if selects(live, &string_map(&other["spec"]["template"]["metadata"]["labels"])) {
            reasons.push(format!(
                "Service {service} also selects the pods of Deployment {}: a switch would take them away from it",
                name(other)
            ));
        }
    }
    if live["spec"]["selector"][&rewritten.key].is_null() {
        reasons.push(format!(
            "Service {service} does not select by {0}, the label that tells the colours apart, so it would \
             send requests to a candidate that nobody approved: add {0}: {1} to its selector",
            rewritten.key, rewritten.blue
        ));
    }
    reasons
}

/// Services of others that would pick up the pods of a candidate before anybody approved it.
/// The template is the candidate's, in whatever colour.
pub fn catching_selectors(
    s: &Snapshot,
    live: &str,
    rewritten: &Label,
    template: &Value,
) -> Vec<String> {
    let mut own = vec![live.to_owned(), s.names.preview()];
    own.extend(Colour::BOTH.map(|colour| s.names.service(colour)));
    let mut labels = string_map(&template["metadata"]["labels"]);
    let services =
        s.objects.list(Kind::Service).filter(|service| !own.iter().any(|n| n == name(service)));
    services
        .filter(|service| {
            Colour::BOTH.iter().any(|colour| {
                labels.insert(rewritten.key.clone(), rewritten.value(*colour));
                selects(service, &labels)
            })
        })
        .map(|service| {
            format!(
                "the selector of Service {} matches the app's pods, and would match a candidate's before anybody \
                 approved them: bluegreen moves one Service, {live}",
                name(service)
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_may_be_as_long_as_kubernetes_allows_and_no_longer() {
        let reasons = |app: usize, label: usize| {
            let deployment = json!({"metadata": {"name": "parrot"}, "spec": {}});
            let names = Names::new("blue-green", "p".repeat(app));
            let label = Label { key: "app".into(), blue: "p".repeat(label) };
            super::deployment(&names, Slot(&deployment), &label)
        };
        // -preview is the longest ending of a Service, -green the one of the label's value.
        assert_eq!(reasons(55, 57), Vec::<String>::new());
        assert_eq!(reasons(56, 57).len(), 1);
        assert_eq!(reasons(55, 58).len(), 1);
    }
}
