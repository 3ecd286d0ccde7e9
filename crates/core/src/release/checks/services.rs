//! Services: the live one, and what would send people to a candidate before its time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::report::{Check, or_pass};
use super::{CheckInput, controllers};
use crate::model::{Colour, Kind, name, string_map};
use crate::release::strangers::Stranger;
use crate::release::{Snapshot, strangers, whose};
use crate::route::{Label, selects};

const NAME: &str = "services";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let live = g.s.service(&g.service);
    let mut found = match live {
        Some(live) => live_service(g, live),
        None => shared(g.s, &g.label, &[as_init_makes_it(g)]),
    };
    found.extend(catching(g.s, &g.service, &g.label, &g.template, g.to));
    let fixed = g.s.service(&g.s.names.service(g.to));
    found.extend(
        fixed.map(|fixed| shared(g.s, &g.label, std::slice::from_ref(fixed))).unwrap_or_default(),
    );
    for follower in g.s.followers(&g.service, &g.label, g.to.other()) {
        let others = unable(g.s, &g.label, follower);
        if others.is_empty() {
            let what = format!(
                "Service {} selects the live pods, like Service {}: a switch changes both",
                name(follower),
                g.service
            );
            found.push(Check::warn(NAME, what));
        }
        found.extend(others);
    }
    let passes = match live {
        Some(_) => format!("Service {} is the only one that selects the app's pods", g.service),
        None => format!("Service {} does not exist yet: init creates it", g.service),
    };
    let mut checks = or_pass(found, NAME, passes);
    checks.push(external_name(g, live));
    checks
}

/// The live Service, where there is none yet.
fn as_init_makes_it(g: &CheckInput) -> Value {
    let selector = &g.live.0["spec"]["selector"]["matchLabels"];
    json!({"metadata": {"name": g.service}, "spec": {"selector": selector}})
}

fn external_name(g: &CheckInput, live: Option<&Value>) -> Check {
    let (name, service) = ("external-name", &g.service);
    match live {
        Some(live) if is_external(live) => {
            let host = live["spec"]["externalName"].as_str().unwrap_or("a name outside");
            let what = format!(
                "Service {service} is of type ExternalName: it points to {host}, and has no pods \
                 to switch between"
            );
            let hint = "make the Ingress name a Service that selects the app's pods";
            Check::fail(name, what).hint(hint)
        }
        Some(_) => Check::pass(name, format!("Service {service} selects pods")),
        None => Check::pass(name, format!("Service {service} will select pods")),
    }
}

fn is_external(service: &Value) -> bool {
    service["spec"]["type"] == "ExternalName"
}

fn live_service(g: &CheckInput, live: &Value) -> Vec<Check> {
    let (service, label) = (&g.service, &g.label);
    if is_external(live) {
        return Vec::new();
    }
    if string_map(&live["spec"]["selector"]).is_empty() {
        let what = format!("Service {service} has no selector");
        return vec![
            Check::fail(NAME, what).hint("its endpoints are managed manually; give it a selector"),
        ];
    }
    let mut found = unable(g.s, label, live);
    if live["spec"]["selector"][&label.key].is_null() {
        let what = format!(
            "Service {service} does not select by {}, the label that tells the colours apart, so it would \
             send requests to a candidate that nobody approved",
            label.key
        );
        let hint = format!("add {}: {} to its selector", label.key, label.blue);
        found.push(Check::fail(NAME, what).hint(hint));
    }
    found
}

/// Why a Service that has to follow a switch can't.
pub fn unable(s: &Snapshot, label: &Label, service: &Value) -> Vec<Check> {
    let mut found = shared(s, label, &strangers::forms(label, service));
    if let Some(by) = whose::controller(service) {
        let text = |field: &str| by[field].as_str().unwrap_or_default();
        let (kind, owner) = (text("kind"), text("name"));
        let what =
            format!("Service {} is managed by {kind} {owner}, its controller", name(service));
        let hint = controllers::leave(s, by);
        found.push(Check::fail(NAME, what).hint(hint));
    }
    found
}

/// What is not of the app, and a Service leads to as well, in one of its forms: pods that there are, and
/// Deployments that may have some.
fn shared(s: &Snapshot, label: &Label, forms: &[Value]) -> Vec<Check> {
    let slots = Colour::BOTH.map(|colour| s.names.deployment(colour));
    let found = forms.iter().flat_map(|service| {
        let others = s.objects.list(Kind::Deployment);
        let others = others.filter(|other| !slots.iter().any(|slot| slot == name(other)));
        let others = others.filter(|other| {
            selects(service, &string_map(&other["spec"]["template"]["metadata"]["labels"]))
        });
        let all = others.map(strangers::of_deployment);
        let all: Vec<_> = all.chain(strangers::selected(s, label, service)).collect();
        all.into_iter().map(|other| (other, name(service)))
    });
    let found: BTreeSet<(Stranger, &str)> = found.collect();
    let found = found.into_iter().map(|(other, service)| {
        let what = format!("Service {service} also selects {}", other.what);
        let hint = match other.is_job {
            true => format!(
                "wait until that Job has ended, or give its pods another value of the label {}",
                label.key
            ),
            false => "a switch would remove them from it".to_owned(),
        };
        Check::fail(NAME, what).hint(hint)
    });
    found.collect()
}

/// Services of others that would pick up the pods of a candidate before anybody approved it. The
/// template is the candidate's, in whatever colour.
pub fn catching(
    s: &Snapshot,
    live: &str,
    label: &Label,
    template: &Value,
    to: Colour,
) -> Vec<Check> {
    let mut own = vec![live.to_owned(), s.names.preview()];
    own.extend(Colour::BOTH.map(|colour| s.names.service(colour)));
    let mut labels = string_map(&template["metadata"]["labels"]);
    labels.insert(label.key.clone(), label.value(to));
    let services =
        s.objects.list(Kind::Service).filter(|service| !own.iter().any(|n| n == name(service)));
    services
        .filter(|service| selects(service, &labels))
        .map(|service| {
            let what = format!(
                "the selector of Service {} matches the app's pods, and would match a candidate's before anybody \
                 approved them",
                name(service)
            );
            let hint = format!("make it select {}: {} only", label.key, label.value(to.other()));
            Check::fail(NAME, what).hint(hint)
        })
        .collect()
}
