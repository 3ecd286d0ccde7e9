//! Which data plane obeys the app's Ingresses: whether it is one that bluegreen may switch, and what is
//! known of it.

use super::report::Check;
use crate::release::{Snapshot, managed};
use crate::route::{Believed, By, DataPlane, Route};

pub const NAME: &str = "ingress-class";

/// Of an app whose Ingresses are all of one class.
pub fn check(s: &Snapshot, service: &str, route: Route, host: Option<&str>) -> Check {
    let believed = s.data_plane(service);
    let ours = s.names.preview();
    let has_ours = s.managed_ingress().is_some() || managed::is_wanted(s, service, host);
    let title = believed.plane.title();
    let of_class = match route.class() {
        Some(class) => format!("Ingress {} is of class {class}", route.name()),
        None => format!("Ingress {} is of no class", route.name()),
    };
    let why = why(&believed, route);
    match believed.plane {
        plane if plane.is_a_clouds() => {
            let what = format!(
                "{of_class}, which {title} serves{why}: a switch there cuts connections, and an Ingress of bluegreen's own, \
                 {ours}, would order another load balancer"
            );
            let hint = "bluegreen can't release an app there yet: serve it through ingress-nginx, with an \
                        ingressClassName of that";
            Check::fail(NAME, what).hint(hint)
        }
        DataPlane::Other => unknown(of_class, &believed, route, &ours),
        plane if has_ours && plane.locks() == Some(false) => {
            let what = format!(
                "{of_class}, which {title} serves{why}: it closes no Ingress by addresses, so whoever knows the \
                 host of Ingress {ours} reaches every version of the app"
            );
            let hint = format!(
                "let nobody read Ingress {ours} who may not see a candidate: it has that host"
            );
            Check::warn(NAME, what).hint(hint)
        }
        _ => Check::pass(NAME, format!("{of_class}, which {title} serves{why}")),
    }
}

/// What a release goes by holds for controllers that were tried.
fn unknown(of_class: String, believed: &Believed, route: Route, ours: &str) -> Check {
    let which = match (&believed.by, route.class()) {
        (By::Controller(controller), _) => {
            format!("{of_class}, whose controller, {controller}, bluegreen does not know")
        }
        (_, Some(class)) => format!(
            "{of_class}, and nothing says which controller serves that: IngressClass {class} can't be read"
        ),
        (_, None) => {
            format!(
                "{of_class}, and nothing says which controller serves the cluster's default class"
            )
        }
    };
    let what = format!(
        "{which}: so it isn't known whether a switch loses requests there, how long one takes to arrive, and \
         whether Ingress {ours} is closed to people outside"
    );
    let hint = match (&believed.by, route.class()) {
        (By::Controller(_), _) => {
            "try it with an app that nobody needs, and let --probe confirm every switch"
        }
        (_, Some(_)) => {
            "let whoever releases get ingressclasses, or look yourself: kubectl get ingressclass"
        }
        (_, None) => "give it an ingressClassName",
    };
    Check::warn(NAME, what).hint(hint)
}

fn why(believed: &Believed, route: Route) -> String {
    match (&believed.by, route.class()) {
        (By::Controller(_), Some(class)) => format!(", as IngressClass {class} says"),
        (By::Name, _) => ", by its name".to_owned(),
        (By::Marks | By::Written, _) => ", by what stands on it".to_owned(),
        _ => String::new(),
    }
}
