//! The ports by which the Ingresses ask for the app.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::release::{ports, reach};
use crate::route::RouteKind;

pub const NAME: &str = "ingress-ports";
const LISTED: &str = "service-ports";

pub fn checks(g: &CheckInput) -> Vec<Check> {
    let mut checks = asked_for(g);
    checks.extend(unlisted(g));
    checks
}

fn asked_for(g: &CheckInput) -> Vec<Check> {
    // A Service has the ports by which it is asked itself.
    if g.route == RouteKind::Service {
        return Vec::new();
    }
    let services = g.s.names.serving(&g.service);
    let Some(live) = g.s.service(&g.service) else {
        return vec![Check::pass(
            NAME,
            format!("init adds the ports that they use to Service {}", g.service),
        )];
    };
    let asked = g.routes().into_iter().flat_map(|route| {
        route.backends_of(&services).map(move |backend| (route.name(), backend.port))
    });
    let missing = asked.filter(|(_, port)| ports::entry(live, port).is_none());
    let mut found: Vec<Check> = missing.map(|(route, port)| unknown(g, route, &port)).collect();
    found.dedup();
    or_pass(found, NAME, format!("Service {} has every port that the Ingresses use", g.service))
}

/// A container may listen on a port that it does not list, so this is no reason not to begin.
fn unlisted(g: &CheckInput) -> Vec<Check> {
    let services = g.s.following(&g.service, &g.label, g.to.other());
    let base = g.live.neutral_template(&g.label);
    let found = reach::unlisted(&services, (&base, &g.template)).into_iter();
    let found = found.map(|(service, port)| {
        let what = format!(
            "Service {service} sends requests to port {port}, which the live version lists and the new one \
             does not"
        );
        Check::warn(LISTED, what).hint("make sure that a container of the new version listens on it")
    });
    or_pass(
        found.collect(),
        LISTED,
        "the new version lists every port that the live one does for a Service",
    )
}

fn unknown(g: &CheckInput, route: &str, port: &Value) -> Check {
    let shown = if port["number"].is_null() { &port["name"] } else { &port["number"] };
    let what = format!(
        "Ingress {route} uses port {shown} of the app, which Service {} does not have",
        g.service
    );
    Check::fail(NAME, what).hint("add that port to it, or make the Ingress use one that it has")
}
