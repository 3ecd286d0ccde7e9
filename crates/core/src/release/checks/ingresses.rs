//! Whether the Ingresses that name an app can be switched: all of them together, and no request lost.

use super::data_plane;
use super::report::{Check, CheckStatus, or_pass};
use crate::model::{Colour, name};
use crate::release::Snapshot;
use crate::route::{CANARY, DataPlane, Label, OF_THE_BACKEND, Route, RouteKind, resolves_to};

/// `host`: where people are to see the candidate.
pub fn checks(s: &Snapshot, service: &str, label: &Label, host: Option<&str>) -> Vec<Check> {
    let routes = s.routes_to(service, RouteKind::Ingress);
    if routes.is_empty() {
        let hint = format!(
            "give an Ingress a rule whose backend is Service {service}; or, if nothing but that \
             Service is to lead to the app, run init {} --route service",
            s.names.app
        );
        return vec![Check::fail("ingress", nobody_names(s, service)).hint(hint)];
    }
    let amiss = [past(s, service, label), own(s, service, label)].concat();
    let mut checks = or_pass(amiss, "ingress", places(&routes));
    checks.push(classes(s, service, &routes, host));
    let plane = s.data_plane(service, RouteKind::Ingress).plane;
    checks.extend(alike(plane, &routes));
    checks.push(default_backend(s, service, &routes));
    checks.extend(resources(&routes));
    checks.extend(annotations(s, service, &routes));
    checks.extend(canaries(s, service, &routes, plane));
    checks
}

/// Why no Ingress is the app's: some have nothing by which they could name it.
pub fn nobody_names(s: &Snapshot, service: &str) -> String {
    let what = format!("no Ingress in namespace {} names Service {service}", s.names.namespace);
    let without = s.open_routes().filter(|route| route.hosts().is_empty());
    let without: Vec<String> = without
        .map(|route| {
            let has = match route.default_service() {
                Some(service) => format!("only Service {service} as its default backend"),
                None => "no default backend".to_owned(),
            };
            format!("Ingress {} has no rules, and {has}", route.name())
        })
        .collect();
    if without.is_empty() { what } else { format!("{what}; {}", without.join("; ")) }
}

fn places(routes: &[Route]) -> String {
    let place = |route: &Route| match route.hosts() {
        none if none.is_empty() => format!("Ingress {}: its default backend", route.name()),
        hosts => format!("Ingress {}: {}", route.name(), hosts.join(", ")),
    };
    routes.iter().map(place).collect::<Vec<_>>().join("; ")
}

/// Those that reach the app by a Service beside the live one. That follows at a time of its own, and nobody
/// would see that it has arrived.
fn past(s: &Snapshot, service: &str, label: &Label) -> Vec<Check> {
    let followers = Colour::BOTH.into_iter().flat_map(|colour| s.followers(service, label, colour));
    let followers: Vec<String> = followers.map(|follower| name(follower).to_owned()).collect();
    let named = s.open_routes().flat_map(|route| {
        let services = route.services().into_iter();
        let services = services.filter(|service| followers.contains(service));
        services.map(|service| (route.name(), service)).collect::<Vec<_>>()
    });
    let found = named.map(|(ingress, follower)| {
        let what = format!(
            "Ingress {ingress} reaches the app through Service {follower}, others through Service {service}: \
             bluegreen switches one"
        );
        Check::fail("ingress", what).hint(format!("make it name Service {service}"))
    });
    found.collect()
}

/// Ingresses of the user's that name Services which are bluegreen's own. A switch leaves them to name the
/// fixed ones; but before the first nothing should, and the preview Service is no backend for everybody.
fn own(s: &Snapshot, service: &str, label: &Label) -> Vec<Check> {
    let preview = s.names.preview();
    let live = s.service(service).and_then(|live| resolves_to(live, label));
    let wrong = |named: &str| {
        let colour = Colour::BOTH.into_iter().find(|colour| s.names.service(*colour) == named)?;
        (s.record.is_none() && live.is_some_and(|live| live != colour)).then(|| {
            let what = format!("points to {}, which is not live", s.names.deployment(colour));
            (CheckStatus::Fail, what, format!("make it name Service {service}"))
        })
    };
    let shown = |named: &str| {
        (named == preview).then(|| {
            let what = "shows a candidate there before anybody approves it";
            let hint = format!("make it name Service {service}, unless that is its purpose");
            (CheckStatus::Warn, what.to_owned(), hint)
        })
    };
    let found = s.open_routes().flat_map(|route| {
        let amiss = route.services().into_iter().filter_map(|named| {
            let (verdict, what, hint) = wrong(&named).or_else(|| shown(&named))?;
            let what = format!(
                "Ingress {} names Service {named}, bluegreen's own: it {what}",
                route.name()
            );
            Some(Check { status: verdict, ..Check::pass("ingress", what) }.hint(hint))
        });
        amiss.collect::<Vec<_>>()
    });
    found.collect()
}

/// An Ingress is of one class, and so is the one of ours that keeps the backends.
fn classes(s: &Snapshot, service: &str, routes: &[Route], host: Option<&str>) -> Check {
    let first = routes[0].class();
    if routes.iter().any(|route| route.class() != first) {
        let each: Vec<String> = routes
            .iter()
            .map(|route| format!("{} {}", route.name(), route.class().unwrap_or("none")))
            .collect();
        let what = format!(
            "the Ingresses that name the app are of different classes ({}): bluegreen handles one \
             controller per app",
            each.join(", "),
        );
        let hint = "give all of them the same ingressClassName";
        return Check::fail("ingress-class", what).hint(hint);
    }
    data_plane::check(s, service, routes[0], host)
}

/// What changes with the backends; and what names a Service that the Ingress does not have.
fn annotations(s: &Snapshot, service: &str, routes: &[Route]) -> Vec<Check> {
    let check = "ingress-annotations";
    let services = s.names.serving(service);
    let (mut switched, mut amiss) = (Vec::new(), Vec::new());
    let named = routes.iter().flat_map(|route| {
        route.naming_annotations(&services).into_iter().map(|named| (*route, named))
    });
    for (route, (key, named)) in named {
        if route.backends().iter().any(|backend| backend.service == named) {
            switched.push(format!("{key} of Ingress {}", route.name()));
            continue;
        }
        let what = format!(
            "{key} of Ingress {} names Service {named}, which is not one of its backends: F5's \
             controller then serves none of its hosts",
            route.name()
        );
        let hint = "make it name the Service of the backends; a switch changes both";
        amiss.push(Check::warn(check, what).hint(hint));
    }
    let passes = match switched.is_empty() {
        true => "no annotation of the Ingresses names a Service of the app".to_owned(),
        false => format!("a switch also changes {}", switched.join(", ")),
    };
    or_pass(amiss, check, passes)
}

/// The controller takes these of a Service from the oldest Ingress that names it: which one that is
/// would change in the middle of a switch.
fn alike(plane: DataPlane, routes: &[Route]) -> Vec<Check> {
    if !plane.is_ingress_nginx() {
        let what =
            "only ingress-nginx takes the settings of a backend from one of several Ingresses";
        return vec![Check::pass("ingress-backends", what)];
    }
    let differ = |key: &&str| {
        let first = routes[0].annotation(key);
        routes.iter().any(|route| route.annotation(key) != first)
    };
    let names: Vec<&str> = routes.iter().map(|route| route.name()).collect();
    let found = OF_THE_BACKEND.into_iter().filter(differ).map(|key| {
        let what = format!(
            "the Ingresses that name the app ({}) differ in {key}, of which ingress-nginx uses one \
             value per Service",
            names.join(", ")
        );
        Check::fail("ingress-backends", what).hint("give all of them the same value")
    });
    or_pass(
        found.collect(),
        "ingress-backends",
        "the Ingresses agree on the settings of the backend",
    )
}

/// It is switched as the others are, but nothing can be asked through it to see that it was.
fn default_backend(s: &Snapshot, service: &str, routes: &[Route]) -> Check {
    let check = "ingress-default-backend";
    let services = s.names.serving(service);
    let is_ours = |route: &&Route| {
        route.default_service().is_some_and(|name| services.iter().any(|service| service == name))
    };
    match routes.iter().find(is_ours) {
        None => Check::pass(check, "the app is no Ingress's default backend"),
        Some(route) => {
            let what = format!("the app is the default backend of Ingress {}", route.name());
            let is_all = route.hosts().is_empty();
            let what = if is_all { format!("{what}, which has no rules") } else { what };
            Check::warn(check, what).hint(match is_all {
                true => "it is switched, but the switch can't be probed: give it a rule",
                false => "it is switched with the rest, but only rules are probed",
            })
        }
    }
}

/// What the controller of ours does not serve, and a switch does not change.
fn resources(routes: &[Route]) -> Vec<Check> {
    let check = "ingress-resource-backends";
    let found = routes.iter().flat_map(|route| {
        route.resource_backends().into_iter().map(|(kind, object)| {
            let what = format!(
                "Ingress {} also points to {kind} {object}, which is not a Service",
                route.name()
            );
            Check::warn(check, what).hint("a release leaves it as it is")
        })
    });
    or_pass(found.collect(), check, "every backend is a Service")
}

/// Somebody else's weights say who gets the app then, not the switch; and what a canary names is no
/// backend of its own that the controller would keep.
fn canaries(s: &Snapshot, service: &str, routes: &[Route], plane: DataPlane) -> Vec<Check> {
    let check = "canary-siblings";
    if !plane.obeys_nginx() {
        let what = format!("{} does not support {CANARY}", plane.title());
        return vec![Check::pass(check, what)];
    }
    let services = s.names.serving(service);
    let ours: Vec<String> = routes.iter().flat_map(|route| route.hosts()).collect();
    let found = s.open_routes().filter(|route| route.is_canary()).filter_map(|canary| {
        if canary.names_app(&services) {
            let what = format!(
                "Ingress {} is a canary ({CANARY}) and names the app: it splits the app's \
                 requests, all of which a release switches",
                canary.name()
            );
            let hint = "delete it, or make it name another Service";
            return Some(Check::fail(check, what).hint(hint));
        }
        let host = canary.hosts().into_iter().find(|host| ours.contains(host))?;
        let what = format!("Ingress {} is a canary and takes a share of {host}", canary.name());
        Some(
            Check::warn(check, what)
                .hint("its share keeps going to a Service that is not the app's"),
        )
    });
    or_pass(found.collect(), check, "no canary takes a share of the app's requests")
}
