//! What an Ingress does with requests and with the pods behind it, where a switch is felt.

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::route::{Route, RouteKind, Told, is_by_cookie, saying};

pub fn checks(g: &CheckInput) -> Vec<Check> {
    // What a Service does itself is told with it.
    if g.route == RouteKind::Service {
        return Vec::new();
    }
    let plane = g.s.data_plane(&g.service, g.route).plane;
    let (routes, title) = (g.routes(), plane.title());
    let known = plane.is_told_by_annotations();
    let sticky = having(&routes, plane.sticky()).map(|(ingress, key)| {
        let what = match is_by_cookie(key) {
            true => format!("Ingress {ingress} keeps each client on one pod by a cookie ({key})"),
            false => format!("Ingress {ingress} keeps each client on one pod ({key})"),
        };
        let hint =
            "at the switch every client gets another pod: session state that only a pod has is \
             lost";
        Check::warn("affinity", what).hint(hint)
    });
    let through = having(&routes, plane.by_service_address()).map(|(ingress, key)| {
        let what = format!("Ingress {ingress} sends requests to cluster IPs ({key}), not to pods");
        let hint = "set --drain longer than kube-proxy takes to apply a change of a Service, or \
                    remove the annotation";
        Check::warn("service-upstream", what).hint(hint)
    });
    let asking = having(&routes, plane.passwords_in_a_file()).map(|(ingress, key)| {
        let who = if known {
            "the controller"
        } else {
            "a controller that treats this as ingress-nginx does"
        };
        let what = format!(
            "Ingress {ingress} asks for a password ({key}): on every change of it {who} rewrites \
             the password file, and may answer 401 at that moment"
        );
        let hint = "retry a 401 at the switch, or use auth-url";
        Check::warn("basic-auth", what).hint(hint)
    });
    let pass = |what: &str| match known {
        true => what.to_owned(),
        false => format!("the settings of {title} for it were not checked"),
    };
    [
        or_pass(sticky.collect(), "affinity", pass("no Ingress keeps clients on one pod")),
        or_pass(through.collect(), "service-upstream", pass("requests go directly to the pods")),
        or_pass(
            asking.collect(),
            "basic-auth",
            "no Ingress has a password file that a switch rewrites",
        ),
    ]
    .concat()
}

/// The Ingresses that say so, each with the annotation by which it does.
fn having<'a>(
    routes: &'a [Route<'a>],
    told: Told,
) -> impl Iterator<Item = (&'a str, &'static str)> + use<'a> {
    routes
        .iter()
        .flat_map(move |route| saying(route.object(), told).map(move |key| (route.name(), key)))
}
