//! The names that a release needs for objects of its own.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::{APP_LABEL, Colour, Id, Kind, MANAGED_BY, MANAGER, label, name};
use crate::release::{Snapshot, strangers};
use crate::route::serves_host;

pub const PREVIEW_HOST: &str = "preview-host";

/// Kubernetes' limit for names of Services and for label values.
const LONGEST_NAME: usize = 63;

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let mut found: Vec<Check> = [g.s.names.preview(), g.label.value(Colour::Green)]
        .into_iter()
        .filter(|long| long.len() > LONGEST_NAME)
        .map(|long| {
            Check::fail("names", format!("{long:?} would be longer than {LONGEST_NAME} characters"))
                .hint("create the Deployment again with a shorter name or label")
        })
        .collect();
    found.extend(foreign_objects(g.s));
    found.extend(strangers::like_green(g.s, &g.label).into_iter().map(|others| {
        let (key, green) = (&g.label.key, g.label.value(Colour::Green));
        let what = format!(
            "the label {key}: {green}, which identifies a candidate's pods, is on {}",
            others.what
        );
        Check::fail("names", what)
            .hint("give those another value: the app's Services would select them")
    }));
    let mut checks =
        or_pass(found, "names", "the names of the objects that bluegreen creates are free");
    checks.push(match &g.preview_host {
        None => Check::pass(PREVIEW_HOST, "no preview host is set"),
        Some(host) => preview_host(g.s, host),
    });
    checks
}

/// A host that is somebody's already, another app's preview included: two Ingresses of one host are
/// merged by the controller, the older one's paths come first, and the candidate would be seen by those
/// who are not meant to.
fn preview_host(s: &Snapshot, host: &str) -> Check {
    let name_of = PREVIEW_HOST;
    let others = s.objects.list(Kind::Ingress).filter(|other| name(other) != s.names.preview());
    let taken = others.into_iter().find(|other| serves_host(other, host)).map(name);
    let beyond = s.memory.beyond.host.as_ref().filter(|beyond| beyond.host == host);
    let elsewhere = beyond.and_then(|beyond| beyond.served_by.as_deref());
    if let Some(taken) = taken.or(elsewhere) {
        let what = format!("Ingress {taken} serves {host}");
        let hint = "use another preview host (init --preview-host HOST, or none)";
        return Check::fail(name_of, what).hint(hint);
    }
    if beyond.is_some() {
        return Check::pass(name_of, format!("no other Ingress serves {host}"));
    }
    let what = format!(
        "no other Ingress in namespace {} serves {host}; you are not allowed to list the Ingresses \
         of other namespaces, so one of those may serve it",
        s.names.namespace
    );
    // Once it was taken it is not said with every release.
    let is_recorded =
        s.record.as_ref().is_some_and(|(_, record)| record.preview_host.as_deref() == Some(host));
    match is_recorded {
        true => Check::pass(name_of, what),
        false => Check::warn(name_of, what).hint("make sure that no other Ingress serves the host"),
    }
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
            let what = format!("name conflict: {id} exists and was not created by bluegreen");
            let Id { kind, name } = &id;
            let (plural, flags) = (kind.plural(), &s.names.flags);
            let command = format!("kubectl describe {plural} {name}{flags}");
            Check::fail("names", what)
                .hint(format!("find its owner, and rename or delete it: {command}"))
        })
        .collect()
}
