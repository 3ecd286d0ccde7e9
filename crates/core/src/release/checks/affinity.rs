//! What an Ingress does with requests and with the pods behind it, where a switch is felt.

use serde_json::Value;

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{annotation, name};
use crate::route::DataPlane;

const AUTH: &str = "nginx.ingress.kubernetes.io/auth-type";

/// Annotations by which a data plane is told something, and with which values: with any, where there are
/// none; one that ends with a blank begins a longer one.
type Told = &'static [(&'static str, &'static [&'static str])];

const NGINX_STICKY: Told = &[("nginx.ingress.kubernetes.io/affinity", &["cookie"])];
const NGINX_UPSTREAM: Told = &[("nginx.ingress.kubernetes.io/service-upstream", &["true"])];
const F5_STICKY: Told = &[
    ("nginx.org/sticky-cookie-services", &[]),
    ("nginx.com/sticky-cookie-services", &[]),
    ("nginx.org/lb-method", &["ip_hash", "hash "]),
];
const F5_UPSTREAM: Told = &[("nginx.org/use-cluster-ip", &["true"])];

pub fn checks(g: &Ground) -> Vec<Check> {
    let plane = g.s.data_plane(&g.service).plane;
    let (routes, title) = (g.routes(), plane.title());
    let (sticky, upstream, known) = match plane {
        DataPlane::F5Nginx => (F5_STICKY, F5_UPSTREAM, true),
        DataPlane::IngressNginx | DataPlane::TraefikNginx => (NGINX_STICKY, NGINX_UPSTREAM, true),
        DataPlane::Other => (NGINX_STICKY, NGINX_UPSTREAM, false),
        _ => (&[][..], &[][..], false),
    };
    let sticky = having(&routes, sticky).map(|(ingress, key)| {
        let what = match key {
            "nginx.org/lb-method" => format!("Ingress {ingress} keeps people on one pod ({key})"),
            _ => format!("Ingress {ingress} keeps people on one pod by a cookie ({key})"),
        };
        let hint =
            "at the switch everybody gets another pod: what a pod alone knows of a session is lost";
        Check::warn("affinity", what).hint(hint)
    });
    let through = having(&routes, upstream).map(|(ingress, key)| {
        let what =
            format!("Ingress {ingress} sends requests to Services' own addresses ({key}), not to pods");
        let hint = "let --drain be longer than the nodes take to follow a Service, or leave the annotation out";
        Check::warn("service-upstream", what).hint(hint)
    });
    let passwords: Told =
        if plane.is_ingress_nginx() { &[(AUTH, &["basic", "digest"])] } else { &[] };
    let asking = having(&routes, passwords).map(|(ingress, key)| {
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
    routes: &'a [&Value],
    told: Told,
) -> impl Iterator<Item = (&'a str, &'static str)> + use<'a> {
    let is_meant = |said: &str, values: &[&str]| {
        values.is_empty()
            || values.iter().any(|value| match value.ends_with(' ') {
                true => said.starts_with(value),
                false => said == *value,
            })
    };
    routes.iter().flat_map(move |route| {
        let said = told.iter().filter(move |(key, values)| {
            annotation(route, key).is_some_and(|said| is_meant(said, values))
        });
        said.map(move |(key, _)| (name(route), *key))
    })
}
