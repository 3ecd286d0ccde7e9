//! Whether an app that was taken in is still as `init` left it.

use super::report::{Check, or_pass};
use crate::model::Colour;
use crate::release::routes::Leads;
use crate::release::{Record, Slot, Snapshot, drift, managed, marker, ports, ways};
use crate::route::{Route, RouteKind};

const NAME: &str = "prepared";

/// Services that are not there.
pub fn gone(s: &Snapshot, record: &Record) -> Vec<String> {
    let services = s.serving(record).into_iter().chain([s.names.preview()]);
    let gone = services.filter(|service| s.service(service).is_none());
    gone.map(|service| format!("there is no Service {service}")).collect()
}

/// What `init` made and is not there, or not as it has to be.
pub fn missing(s: &Snapshot, record: &Record) -> Vec<String> {
    let gone = gone(s, record);
    if !gone.is_empty() {
        return gone;
    }
    let ports = Colour::BOTH.into_iter().filter_map(|colour| ports::missing(s, record, colour));
    ports.chain(managed::unfit(s, record)).collect()
}

/// Services of ours that are fixed to a colour, and select another's pods. Who is led by them is told by nobody
/// but whoever turned them. Where the pods have other labels than the record says, it is wrong, and not they.
pub fn turned(s: &Snapshot, record: &Record) -> Vec<Check> {
    let bears = |colour| {
        let labels =
            |slot: Slot<'_>| slot.template()["metadata"]["labels"][&record.label.key].clone();
        s.slot(colour).is_none_or(|slot| labels(slot) == record.label.value(colour).as_str())
    };
    if !Colour::BOTH.into_iter().all(bears) {
        return Vec::new();
    }
    let turned = Colour::BOTH.into_iter().filter(|colour| {
        s.service(&s.names.service(*colour)).is_some() && !s.is_fixed(*colour, record)
    });
    let check = |colour| {
        let (service, slot) = (s.names.service(colour), s.names.deployment(colour));
        let what = format!("Service {service} no longer selects the pods of {slot}");
        Check::fail(NAME, what).hint(ways::select(s, record, &service, colour))
    };
    turned.map(check).collect()
}

/// The one colour that people outside and callers inside the cluster are led to; or that there is none.
pub fn live(s: &Snapshot, record: &Record) -> Result<Colour, String> {
    match s.routes_lead(record) {
        Leads::To(colour) if s.live_service_leads(record) == Leads::To(colour) => Ok(colour),
        _ if record.route == RouteKind::Service => {
            Err(format!("Service {} does not point to one colour", record.service))
        }
        _ => {
            let what = format!(
                "the Ingress and Service {} do not point to the same colour",
                record.service
            );
            let elsewhere = elsewhere(s, record);
            Err(if elsewhere.is_empty() { what } else { format!("{what}: {elsewhere}") })
        }
    }
}

/// The Ingresses that name a Service of bluegreen's own which leads to another colour than the live one.
fn elsewhere(s: &Snapshot, record: &Record) -> String {
    let Leads::To(live) = s.live_service_leads(record) else { return String::new() };
    let fixed = s.names.service(live.other());
    let naming = |route: &&Route| route.backends().iter().any(|backend| backend.service == fixed);
    let (routes, service) = (s.routes(record), &record.service);
    let named: Vec<String> = routes
        .iter()
        .filter(naming)
        .map(|route| {
            format!(
                "Ingress {} names Service {fixed}, which points to {}, and Service {service} \
                 points to {}",
                route.name(),
                s.names.deployment(live.other()),
                s.names.deployment(live)
            )
        })
        .collect();
    named.join("; ")
}

/// The hints are the command lines of `init` and `status`.
pub fn checks(s: &Snapshot, init: &str, status: &str) -> Vec<Check> {
    let Some((_, record)) = &s.record else {
        return vec![Check::pass(NAME, "not set up yet: run init")];
    };
    let missing = missing(s, record).into_iter();
    let mut found: Vec<Check> = missing.map(|it| Check::fail(NAME, it).hint(init)).collect();
    found.extend(turned(s, record));
    // While one is switched after the other they may lead to two.
    if let (Err(what), true) = (live(s, record), found.is_empty() && record.release.is_none()) {
        found.push(Check::fail(NAME, what).hint(status));
    }
    let left = marker::left(s).filter(|_| record.release.is_none());
    found.extend(left.map(|what| Check::warn(NAME, what).hint(init)));
    or_pass(found, NAME, "everything that init created exists")
}

/// What the user has changed of the app's size while green is live. `init` is its command line.
pub fn drift(s: &Snapshot, init: &str) -> Vec<Check> {
    let name = "drift";
    let Some((_, record)) = &s.record else {
        return vec![Check::pass(name, "nothing has been released yet")];
    };
    let found = drift::of(s, record).into_iter();
    let found = found.map(|drift| {
        let command = drift.mend.unwrap_or_else(|| init.to_owned());
        Check::warn(name, drift.what).hint(format!("{command}; or the next release applies it"))
    });
    or_pass(
        found.collect(),
        name,
        "the live version has the replicas and the autoscaler that you set",
    )
}
