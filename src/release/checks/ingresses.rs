//! Whether the Ingresses that name an app can be switched: all of them together, and no request lost.

use serde_json::Value;

use crate::model::{annotation, name};
use crate::release::{Snapshot, warm};
use crate::route::{CANARY, class, is_canary};

pub fn reasons(s: &Snapshot, service: &str) -> Vec<String> {
    let routes = s.routes_to(service);
    if routes.is_empty() {
        return vec![format!(
            "no Ingress in namespace {} names Service {service}",
            s.names.namespace
        )];
    }
    let mut reasons: Vec<String> = routes.iter().filter_map(|route| canary(route)).collect();
    reasons.extend(classes(s, &routes));
    reasons.extend(backends(&routes));
    reasons
}

/// Somebody else's weights say who gets the app then, not the switch; and what a canary names is no
/// backend of its own that the controller would keep.
fn canary(route: &Value) -> Option<String> {
    is_canary(route).then(|| {
        format!(
            "Ingress {} is a canary ({CANARY}) and names the app: it shares out the app's requests beside a \
             release, which switches all of them: remove it, or let it name a Service of its own",
            name(route)
        )
    })
}

/// An Ingress is of one class, and so is the one of ours that keeps the backends.
fn classes(s: &Snapshot, routes: &[&Value]) -> Option<String> {
    let first = class(routes[0]);
    routes.iter().any(|route| class(route) != first).then(|| {
        let each: Vec<String> = routes
            .iter()
            .map(|route| format!("{} {}", name(route), class(route).unwrap_or("none")))
            .collect();
        format!(
            "the Ingresses that name the app are of different classes ({}), and Ingress {} can keep its Services \
             known to one ingress controller only: give all of them the same ingressClassName",
            each.join(", "),
            s.names.preview()
        )
    })
}

/// The controller takes these of a Service from the oldest Ingress that names it: which one that is
/// would change in the middle of a switch.
fn backends(routes: &[&Value]) -> Vec<String> {
    let differ = |key: &&str| {
        let first = annotation(routes[0], key);
        routes.iter().any(|route| annotation(route, key) != first)
    };
    let names: Vec<&str> = routes.iter().map(|route| name(route)).collect();
    let reason = |key: &str| {
        format!(
            "the Ingresses that name the app ({}) differ in {key}, of which the ingress controller takes one for \
             each Service: give all of them the same",
            names.join(", ")
        )
    };
    warm::OF_THE_BACKEND.into_iter().filter(differ).map(reason).collect()
}
