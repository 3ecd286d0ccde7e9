//! Who is let in: what the user's Ingress asks of people, and an Ingress of ours would not.

use serde_json::Value;

use super::Ground;
use super::report::{Check, or_pass};
use crate::model::{Kind, annotation, name};
use crate::release::warm;
use crate::route::{DataPlane, F5_ACCESS};

pub const NAME: &str = "preview-access";

/// What asks something of whoever comes, or lets nobody through.
const OF_INGRESS_NGINX: [&str; 3] = [
    "nginx.ingress.kubernetes.io/auth-url",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
];
const OF_TRAEFIK: [&str; 1] = ["traefik.ingress.kubernetes.io/router.middlewares"];
/// Configuration of nginx's own, which may say anything.
const NGINX_SNIPPETS: [&str; 3] = [
    "nginx.ingress.kubernetes.io/server-snippet",
    "nginx.ingress.kubernetes.io/configuration-snippet",
    "nginx.ingress.kubernetes.io/auth-snippet",
];
const F5_SNIPPETS: [&str; 2] = ["nginx.org/server-snippets", "nginx.org/location-snippets"];
/// Directives in it that keep people out, by their whole names or how these begin: `auth_basic_user_file`.
const KEEPS_OUT: [&str; 5] = ["deny", "auth_basic", "auth_request", "auth_jwt", "access_by_lua"];

pub fn checks(g: &Ground) -> Vec<Check> {
    let plane = g.s.data_plane(&g.service).plane;
    let host = g.preview_host.as_deref();
    // Without a host of people's, it is closed where it can be.
    if host.is_none() && plane.locks() != Some(false) {
        let ours = g.s.names.preview();
        return vec![Check::pass(
            NAME,
            match plane.locks() {
                Some(_) => format!("Ingress {ours} lets nobody in"),
                None => format!("nobody outside knows the host of Ingress {ours}"),
            },
        )];
    }
    let made = g.s.objects.get(Kind::Ingress, &g.s.names.preview());
    if made.is_none() && !warm::is_wanted(g.s, &g.service, host) {
        return vec![Check::pass(NAME, "no Ingress of bluegreen's own is needed")];
    }
    let routes = g.routes();
    let found = routes.iter().flat_map(|route| {
        let asked = keys(plane).filter(|key| asks(route, key));
        let lists = warm::access_lists(route).into_iter().filter(|_| plane.obeys_nginx());
        // Of the lists ours has the first Ingress's.
        let other = lists.filter(|list| !warm::access_lists(routes[0]).contains(list));
        let lost = asked.filter(|key| made.is_none_or(|made| !is_said(made, key)));
        lost.chain(other.map(|(key, _)| key)).map(|key| lacking(g, route, key)).collect::<Vec<_>>()
    });
    or_pass(found.collect(), NAME, "the candidate is for nobody whom the app does not let in")
}

/// Those that mean something there. Of a controller that is not known, all may.
fn keys(plane: DataPlane) -> impl Iterator<Item = &'static str> {
    let is_unknown = plane == DataPlane::Other;
    let of = move |keys: &'static [&'static str], is_meant: bool| {
        keys.iter().copied().filter(move |_| is_meant || is_unknown)
    };
    of(&OF_INGRESS_NGINX, plane.obeys_nginx())
        .chain(of(&NGINX_SNIPPETS, plane.obeys_nginx()))
        .chain(of(&F5_ACCESS, plane == DataPlane::F5Nginx))
        .chain(of(&F5_SNIPPETS, plane == DataPlane::F5Nginx))
        .chain(of(&OF_TRAEFIK, plane == DataPlane::Traefik))
}

fn asks(route: &Value, key: &str) -> bool {
    let said = annotation(route, key).unwrap_or_default();
    if !NGINX_SNIPPETS.contains(&key) && !F5_SNIPPETS.contains(&key) {
        return !said.trim().is_empty();
    }
    let words: Vec<&str> = said
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    let is_one = |word: &&str| {
        let rest = KEEPS_OUT.into_iter().filter_map(|known| word.strip_prefix(known));
        rest.into_iter().any(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    // `return 403`, and not one that leads elsewhere.
    let refuses = |pair: &[&str]| pair[0] == "return" && pair[1].starts_with('4');
    words.iter().any(is_one) || words.windows(2).any(refuses)
}

fn is_said(made: &Value, key: &str) -> bool {
    annotation(made, key).is_some_and(|said| !said.trim().is_empty())
}

fn lacking(g: &Ground, route: &Value, key: &str) -> Check {
    let (ours, namespace) = (g.s.names.preview(), &g.s.names.namespace);
    let seen = match &g.preview_host {
        Some(host) => format!("show the candidate at {host} to everybody"),
        None => "lead everybody who knows its host to every version of the app".to_owned(),
    };
    let what = format!(
        "Ingress {} does not let everybody in ({key}), and Ingress {ours} has no such rule: it would {seen}",
        name(route)
    );
    let annotate = format!("kubectl annotate ingress {ours} -n {namespace} {key}=...");
    let is_there = g.s.objects.get(Kind::Ingress, &ours).is_some();
    let is_of_use = warm::is_wanted(g.s, &g.service, g.preview_host.as_deref());
    Check::fail(NAME, what).hint(match (is_there, &g.preview_host) {
        _ if warm::is_a_list(key) => "let all Ingresses of the app have the same list".to_owned(),
        (true, _) if !is_of_use => {
            format!("nothing needs that one there: kubectl delete ingress {ours} -n {namespace}")
        }
        (true, _) => format!("give that one a rule of its own: {annotate}"),
        (false, Some(_)) => {
            format!("init without a preview host first, then {annotate}, then init with it")
        }
        (false, None) => "bluegreen can't take such an app in there yet".to_owned(),
    })
}
