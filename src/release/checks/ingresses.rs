//! Whether the Ingresses that name an app can be switched: all of them together, and no request lost.

use serde_json::Value;

use super::report::{Check, or_pass};
use crate::model::{Colour, annotation, name};
use crate::release::{Snapshot, warm};
use crate::route::{CANARY, Label, backends, class, hosts, is_canary, names_app};

pub fn checks(s: &Snapshot, service: &str, label: &Label) -> Vec<Check> {
    let routes = s.routes_to(service);
    if routes.is_empty() {
        let what = format!("no Ingress in namespace {} names Service {service}", s.names.namespace);
        return vec![Check::fail("ingress", what)];
    }
    let mut checks = or_pass(past(s, service, label), "ingress", places(&routes));
    checks.push(classes(s, &routes));
    checks.extend(alike(&routes));
    checks.push(default_backend(s, service, &routes));
    checks.extend(resources(&routes));
    checks.extend(canaries(s, service, &routes));
    checks
}

fn places(routes: &[&Value]) -> String {
    let place = |route: &&Value| format!("Ingress {}: {}", name(route), hosts(route).join(", "));
    routes.iter().map(place).collect::<Vec<_>>().join("; ")
}

/// Those that reach the app by a Service beside the live one. That follows at a time of its own, and nobody
/// would see that it has arrived.
fn past(s: &Snapshot, service: &str, label: &Label) -> Vec<Check> {
    let followers = Colour::BOTH.into_iter().flat_map(|colour| s.followers(service, label, colour));
    let followers: Vec<String> = followers.map(|follower| name(follower).to_owned()).collect();
    let named = s.open_ingresses().flat_map(|ingress| {
        let backends = backends(ingress).into_iter().map(|backend| backend.service);
        let mut services: Vec<String> =
            backends.filter(|service| followers.contains(service)).collect();
        services.sort();
        services.dedup();
        services.into_iter().map(|service| (name(ingress), service)).collect::<Vec<_>>()
    });
    let found = named.map(|(ingress, follower)| {
        let what = format!(
            "Ingress {ingress} reaches the app through Service {follower}, others through Service {service}: \
             bluegreen switches one"
        );
        Check::fail("ingress", what).hint(format!("let it name Service {service}"))
    });
    found.collect()
}

/// An Ingress is of one class, and so is the one of ours that keeps the backends.
fn classes(s: &Snapshot, routes: &[&Value]) -> Check {
    let first = class(routes[0]);
    if routes.iter().any(|route| class(route) != first) {
        let each: Vec<String> = routes
            .iter()
            .map(|route| format!("{} {}", name(route), class(route).unwrap_or("none")))
            .collect();
        let what = format!(
            "the Ingresses that name the app are of different classes ({}), and Ingress {} can keep its Services \
             known to one ingress controller only",
            each.join(", "),
            s.names.preview()
        );
        let hint = "give all of them the same ingressClassName";
        return Check::fail("ingress-class", what).hint(hint);
    }
    match first {
        Some(class) => Check::pass("ingress-class", class),
        None => {
            let what = format!("Ingress {} is of no class", name(routes[0]));
            let hint = "the cluster's default class has to be that of ingress-nginx: give it an ingressClassName";
            Check::warn("ingress-class", what).hint(hint)
        }
    }
}

/// The controller takes these of a Service from the oldest Ingress that names it: which one that is
/// would change in the middle of a switch.
fn alike(routes: &[&Value]) -> Vec<Check> {
    let differ = |key: &&str| {
        let first = annotation(routes[0], key);
        routes.iter().any(|route| annotation(route, key) != first)
    };
    let names: Vec<&str> = routes.iter().map(|route| name(route)).collect();
    let found = warm::OF_THE_BACKEND.into_iter().filter(differ).map(|key| {
        let what = format!(
            "the Ingresses that name the app ({}) differ in {key}, of which the ingress controller takes one for \
             each Service",
            names.join(", ")
        );
        Check::fail("ingress-backends", what).hint("give all of them the same")
    });
    or_pass(found.collect(), "ingress-backends", "the Ingresses ask for one kind of backend")
}

/// It is switched as the others are, but nothing can be asked through it to see that it was.
fn default_backend(s: &Snapshot, service: &str, routes: &[&Value]) -> Check {
    let check = "ingress-default-backend";
    let services = s.names.serving(service);
    let is_ours = |route: &&&Value| {
        let default = &route["spec"]["defaultBackend"]["service"]["name"];
        default.as_str().is_some_and(|name| services.iter().any(|service| service == name))
    };
    match routes.iter().find(is_ours) {
        None => Check::pass(check, "no Ingress has the app for what no rule matches"),
        Some(route) => {
            let what = format!("the app is the default backend of Ingress {}", name(route));
            Check::warn(check, what).hint(
                "it is switched with the rest, but only rules are asked whether that has arrived",
            )
        }
    }
}

/// What the controller of ours does not serve, and a switch does not change.
fn resources(routes: &[&Value]) -> Vec<Check> {
    let check = "ingress-resource-backends";
    let found = routes.iter().flat_map(|route| {
        let rules = route["spec"]["rules"].as_array().into_iter().flatten();
        let paths = rules.flat_map(|rule| rule["http"]["paths"].as_array().into_iter().flatten());
        let backends = paths.map(|path| &path["backend"]["resource"]);
        let backends = backends.chain([&route["spec"]["defaultBackend"]["resource"]]);
        backends.filter_map(|resource| {
            let (kind, object) = (resource["kind"].as_str()?, resource["name"].as_str()?);
            let what = format!(
                "Ingress {} also leads to {kind} {object}, which is no Service",
                name(route)
            );
            Some(Check::warn(check, what).hint("a release leaves it as it is"))
        })
    });
    or_pass(found.collect(), check, "every backend is a Service")
}

/// Somebody else's weights say who gets the app then, not the switch; and what a canary names is no
/// backend of its own that the controller would keep.
fn canaries(s: &Snapshot, service: &str, routes: &[&Value]) -> Vec<Check> {
    let check = "canary-siblings";
    let services = s.names.serving(service);
    let ours: Vec<String> = routes.iter().flat_map(|route| hosts(route)).collect();
    let found = s.open_ingresses().filter(|ingress| is_canary(ingress)).filter_map(|canary| {
        if names_app(canary, &services) {
            let what = format!(
                "Ingress {} is a canary ({CANARY}) and names the app: it shares out the app's requests beside a \
                 release, which switches all of them",
                name(canary)
            );
            let hint = "remove it, or let it name a Service of its own";
            return Some(Check::fail(check, what).hint(hint));
        }
        let host = hosts(canary).into_iter().find(|host| ours.contains(host))?;
        let what = format!("Ingress {} is a canary and takes a share of {host}", name(canary));
        Some(Check::warn(check, what).hint("what it takes goes on leading to a Service that is not the app's"))
    });
    or_pass(found.collect(), check, "no canary takes a share of the app's requests")
}
