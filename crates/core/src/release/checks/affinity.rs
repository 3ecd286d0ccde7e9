//! What an Ingress does with requests and with the pods behind it, where a switch is felt.

use super::Ground;
use super::report::{Check, or_pass};
use crate::route::{Route, Told, is_by_cookie, saying};

pub fn checks(g: &Ground) -> Vec<Check> {
    let plane = g.s.data_plane(&g.service).plane;
    let (routes, title) = (g.routes(), plane.title());
    let known = plane.is_told_by_annotations();
    let sticky = having(&routes, plane.sticky()).map(|(ingress, key)| {
        let what = match is_by_cookie(key) {
            true => format!("Ingress {ingress} keeps people on one pod by a cookie ({key})"),
            false => format!("Ingress {ingress} keeps people on one pod ({key})"),
        };
        let hint =
            "at the switch everybody gets another pod: what a pod alone knows of a session is lost";
        Check::warn("affinity", what).hint(hint)
    });
    let through = having(&routes, plane.by_service_address()).map(|(ingress, key)| {
        let what =
            format!("Ingress {ingress} sends requests to Services' own addresses ({key}), not to pods");
        let hint = "let --drain be longer than the nodes take to follow a Service, or leave the annotation out";
        Check::warn("service-upstream", what).hint(hint)
    });
    let asking = having(&routes, plane.passwords_in_a_file()).map(|(ingress, key)| {
        let who = if known { "the controller" } else { "a controller that obeys this as ingress-nginx does" };
        let what = format!(
            "Ingress {ingress} asks for a password ({key}): at any change of it {who} writes the file of passwords \
             anew, and may refuse a request of that instant with 401"
        );
        let hint = "ask again where a program gets a 401 at the switch, or let auth-url ask";
        Check::warn("basic-auth", what).hint(hint)
    });
    let pass = |what: &str| match known {
        true => what.to_owned(),
        false => format!("how {title} is told of it was not looked at"),
    };
    [
        or_pass(sticky.collect(), "affinity", pass("nobody is kept on one pod")),
        or_pass(through.collect(), "service-upstream", pass("requests go to the pods themselves")),
        or_pass(
            asking.collect(),
            "basic-auth",
            "no Ingress has its passwords in a file that a switch writes anew",
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
