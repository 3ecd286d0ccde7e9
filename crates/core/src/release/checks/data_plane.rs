//! Which data plane obeys the app's Ingresses: whether it is one that bluegreen may switch, and what is
//! known of it.

use super::report::Check;
use crate::release::{Snapshot, managed};
use crate::route::{Believed, By, DataPlane, Route, RouteKind};

pub const NAME: &str = "ingress-class";

/// Of an app whose Ingresses are all of one class.
pub fn check(s: &Snapshot, service: &str, route: Route, host: Option<&str>) -> Check {
    let believed = s.data_plane(service, RouteKind::Ingress);
    let ours = s.names.preview();
    let has_ours =
        s.managed_ingress().is_some() || managed::is_wanted(s, (service, RouteKind::Ingress), host);
    let title = believed.plane.title();
    let of_class = match (route.class(), &believed.by) {
        (Some(class), _) => format!("Ingress {} is of class {class}", route.name()),
        (None, By::Controller(_)) => {
            format!("Ingress {} is of the cluster's default class", route.name())
        }
        (None, _) => format!("Ingress {} is of no class", route.name()),
    };
    let why = why(&believed, route);
    match believed.plane {
        plane if plane.is_a_clouds() => {
            let what = format!(
                "{of_class}, which {title} serves{why}: a switch there cuts connections, and \
                 bluegreen's own Ingress, {ours}, would create another load balancer"
            );
            let hint = "bluegreen can't release an app there yet: serve it through ingress-nginx, \
                        with its ingressClassName";
            Check::fail(NAME, what).hint(hint)
        }
        DataPlane::Other => unknown(of_class, &believed, route, &ours),
        plane if has_ours && plane.locks() == Some(false) => {
            let what = format!(
                "{of_class}, which {title} serves{why}: it does not restrict an Ingress by \
                 address, so anyone who knows the host of Ingress {ours} reaches every version of \
                 the app"
            );
            let hint = format!(
                "allow only people who may see a candidate to read Ingress {ours}: it contains \
                 that host"
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
            format!("{of_class}, whose controller, {controller}, is unknown to bluegreen")
        }
        (_, Some(class)) => {
            format!(
                "{of_class}, whose controller is unknown: there is no IngressClass {class}, or you are not allowed to get it"
            )
        }
        (_, None) => {
            format!("{of_class}, and the controller of the cluster's default class is unknown")
        }
    };
    let what = format!(
        "{which}: a switch may lose requests there, may take long to take effect, and Ingress \
         {ours} may be open to people outside"
    );
    let hint = match (&believed.by, route.class()) {
        (By::Controller(_), _) => {
            "try it with an unimportant app first, and confirm every switch with --probe"
        }
        (_, Some(_)) => {
            "see kubectl get ingressclass; to let bluegreen see it, grant get on ingressclasses"
        }
        (_, None) => "give it an ingressClassName",
    };
    Check::warn(NAME, what).hint(hint)
}

fn why(believed: &Believed, route: Route) -> String {
    match (&believed.by, route.class()) {
        (By::Controller(_), Some(class)) => format!(", as IngressClass {class} says"),
        (By::Controller(_), None) => ", as that IngressClass says".to_owned(),
        (By::Name, _) => ", by its name".to_owned(),
        (By::Marks | By::Written, _) => ", by its annotations".to_owned(),
        _ => String::new(),
    }
}
