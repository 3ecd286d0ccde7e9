//! The live Service as the app's route: that nothing else leads to the app, and what of such a Service a
//! switch can't move at once.

use serde_json::Value;

use super::CheckInput;
use super::report::{Check, or_pass};
use crate::model::{Kind, MANAGED_BY, MANAGER, label, name};
use crate::release::{Snapshot, endpoints};
use crate::route::{Route, RouteKind, SECONDS_FOR_THE_NODES};

pub const NAME: &str = "service-route";
const AFFINITY: &str = "service-affinity";

/// Whether a switch of its selector would be a switch of all that leads to the app.
pub fn checks(s: &Snapshot, service: &str, host: Option<&str>) -> Vec<Check> {
    let app = &s.names.app;
    let is_free = s.record.as_ref().is_none_or(|(_, record)| record.release.is_none());
    let named = s.named_by(service).map(Route::id).map(|id| {
        let what = format!("{id} names the app, so Service {service} is not its only route");
        let hint = match is_free {
            true => format!(
                "remove the app from it; or release the app through it: init {app} --route ingress"
            ),
            false => "remove the app from it".to_owned(),
        };
        Check::fail(NAME, what).hint(hint)
    });
    let mut found: Vec<Check> = named.collect();
    let preview = s.names.preview();
    if let Some(host) = host {
        let what = format!("the preview host {host} needs an Ingress, and the app has none");
        let hint = format!(
            "init {app} --preview-host none; in the cluster, Service {preview} leads to the candidate"
        );
        found.push(Check::fail(NAME, what).hint(hint));
    }
    if s.managed_ingress().is_some_and(|made| label(made, MANAGED_BY) == Some(MANAGER)) {
        let what = format!("bluegreen's own Ingress {preview} is left, and names the app");
        let hint = format!("kubectl delete ingress {preview}{}", s.names.flags);
        found.push(Check::fail(NAME, what).hint(hint));
    }
    match s.service(service) {
        None => {
            let what = format!("there is no Service {service}, which is the app's route");
            let hint = "create it, with a selector for the app's pods";
            found.push(Check::fail(NAME, what).hint(hint));
        }
        Some(live) if ports(live).next().is_none() => {
            let what = format!("Service {service} has no ports, so its pods can't be counted");
            found.push(Check::fail(NAME, what).hint("give it the ports of the app"));
        }
        Some(_) => {}
    }
    // A switch of the selector leaves them where they are.
    found.extend(endpoints::without_pod(&s.objects, service).into_iter().map(|address| {
        let what =
            format!("an EndpointSlice of Service {service} names {address}, which is no pod's");
        Check::fail(NAME, what).hint("delete that EndpointSlice: a switch would not change it")
    }));
    let passes = format!(
        "no Ingress of the namespace names the app, and Service {service} leads to it: a release switches its selector. No node says when \
         it has applied that: bluegreen waits for the EndpointSlices, then {SECONDS_FOR_THE_NODES}s \
         (--settle)"
    );
    or_pass(found, NAME, passes)
}

/// Whether a switch back of its selector takes along whoever was led to the app otherwise meanwhile.
pub fn goes_back(s: &Snapshot, service: &str) -> bool {
    let services = s.names.serving(service);
    let goes_along = |route: Route| {
        let backends = route.backends();
        let mut ours = backends.iter().filter(|backend| services.contains(&backend.service));
        ours.all(|backend| backend.service == service)
    };
    let is_whole = s.service(service).is_some_and(|live| ports(live).next().is_some());
    is_whole && s.named_by(service).all(goes_along)
}

/// Whose callers follow a switch late: of that Service, and of those that are switched with it.
pub fn late(g: &CheckInput) -> Vec<Check> {
    if g.route == RouteKind::Ingress {
        return Vec::new();
    }
    let services = g.s.following(&g.service, &g.label, g.to.other());
    let id = |service: &Value| format!("{} {}", Kind::Service, name(service));
    let lasting = services.iter().filter(|service| ports(service).any(lasts)).map(|service| {
        let what = format!(
            "{} has long-lived connections (gRPC): one that is open stays with the old version until \
             its pods end",
            id(service)
        );
        Check::warn(NAME, what).hint("set --drain, and let the app close its connections at its end")
    });
    let headless = services.iter().filter(|service| service["spec"]["clusterIP"] == "None");
    let headless = headless.map(|service| {
        let what =
            format!("{} is headless: its callers have the pods' addresses from DNS", id(service));
        let hint =
            "set --drain longer than the records' TTL (30s by default) and what callers cache";
        Check::warn(NAME, what).hint(hint)
    });
    let local = services.iter().flat_map(|service| {
        let policies = ["internalTrafficPolicy", "externalTrafficPolicy"].into_iter();
        let of_node = policies.filter(|policy| service["spec"][policy] == "Local");
        of_node.map(|policy| {
            let what = format!(
                "{} leads requests only to pods on the same node ({policy}: Local): after the switch, \
                 nodes without a pod of the new version lose them",
                id(service)
            );
            let hint = "set it to Cluster, or give each node a pod of the new version";
            Check::warn(NAME, what).hint(hint)
        })
    });
    let sticky = services.iter().filter(|it| it["spec"]["sessionAffinity"] == "ClientIP");
    let sticky = sticky.map(|service| {
        let what =
            format!("{} keeps each client on one pod (sessionAffinity: ClientIP)", id(service));
        let hint =
            "at the switch every client gets another pod: session state that only a pod has is lost";
        Check::warn(AFFINITY, what).hint(hint)
    });
    let sticky = or_pass(sticky.collect(), AFFINITY, "no Service keeps clients on one pod");
    lasting.chain(headless).chain(local).chain(sticky).collect()
}

fn ports(service: &Value) -> impl Iterator<Item = &Value> {
    service["spec"]["ports"].as_array().into_iter().flatten()
}

/// Whether its connections carry one request after another, as its name or its protocol says.
fn lasts(port: &Value) -> bool {
    let name = port["name"].as_str().unwrap_or_default();
    let protocol = port["appProtocol"].as_str().unwrap_or_default();
    let is_grpc = name == "grpc" || name.starts_with("grpc-");
    is_grpc || ["grpc", "kubernetes.io/h2c"].contains(&protocol)
}
