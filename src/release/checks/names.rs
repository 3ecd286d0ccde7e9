//! The names that a release needs for objects of its own.

use serde_json::Value;

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{APP_LABEL, Colour, Id, Kind, MANAGED_BY, MANAGER, annotation, label, name};
use crate::release::{Snapshot, strangers};

const ALIASES: &str = "nginx.ingress.kubernetes.io/server-alias";

/// Kubernetes' limit for names of Services and for label values.
const LONGEST_NAME: usize = 63;

pub fn checks(g: &Ground) -> Vec<Check> {
    let mut found: Vec<Check> = [g.s.names.preview(), g.label.value(Colour::Green)]
        .into_iter()
        .filter(|long| long.len() > LONGEST_NAME)
        .map(|long| {
            Check::fail("names", format!("{long:?} would be longer than {LONGEST_NAME} characters"))
        })
        .collect();
    found.extend(foreign_objects(g.s));
    found.extend(strangers::like_green(g.s, &g.label).into_iter().map(|others| {
        let (key, green) = (&g.label.key, g.label.value(Colour::Green));
        let what = format!(
            "the label {key}: {green}, by which a candidate's pods are told, is on {others}"
        );
        Check::fail("names", what)
            .hint("give those another value: the app's Services would lead to them")
    }));
    let mut checks = or_pass(found, "names", "the names of the objects that it makes are free");
    checks.push(match &g.preview_host {
        None => Check::pass("preview-host", "the candidate is not seen from outside"),
        Some(host) => preview_host(g.s, host)
            .unwrap_or_else(|| Check::pass("preview-host", format!("{host} is nobody else's"))),
    });
    checks
}

/// A host that is somebody's already, another app's preview included: two Ingresses of one host are
/// merged by the controller, the older one's paths come first, and the candidate would be seen by those
/// who are not meant to.
pub fn preview_host(s: &Snapshot, host: &str) -> Option<Check> {
    let others = s.objects.list(Kind::Ingress).filter(|other| name(other) != s.names.preview());
    let taken = others.into_iter().find(|other| serves(other, host))?;
    let what = format!("Ingress {} serves {host}", name(taken));
    let hint = "the preview needs a host of its own (init --preview-host HOST, or none)";
    Some(Check::fail("preview-host", what).hint(hint))
}

/// By a rule, or by the controller's annotation for more names of the same hosts.
fn serves(ingress: &Value, host: &str) -> bool {
    let rules = ingress["spec"]["rules"].as_array();
    let aliases = annotation(ingress, ALIASES).unwrap_or_default();
    rules.into_iter().flatten().any(|rule| rule["host"] == host)
        || aliases.split(',').any(|alias| alias.trim() == host)
}

/// Objects of somebody else under the names that we need.
fn foreign_objects(s: &Snapshot) -> Vec<Check> {
    let mut needed: Vec<Id> =
        Colour::BOTH.map(|colour| Id::new(Kind::Service, s.names.service(colour))).to_vec();
    needed.push(Id::new(Kind::Service, s.names.preview()));
    needed.push(Id::new(Kind::Ingress, s.names.preview()));
    let slot = s.names.deployment(Colour::Green);
    let kinds = [Kind::Deployment, Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
    needed.extend(kinds.map(|kind| Id::new(kind, slot.clone())));
    let is_foreign = |object: &Value| {
        label(object, MANAGED_BY) != Some(MANAGER)
            || label(object, APP_LABEL) != Some(s.names.app.as_str())
    };
    needed
        .into_iter()
        .filter(|id| s.objects.get(id.kind, &id.name).is_some_and(is_foreign))
        .map(|id| {
            let what = format!("{id} exists and is not bluegreen's, which needs that name");
            Check::fail("names", what)
        })
        .collect()
}
