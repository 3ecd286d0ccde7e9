//! Whether an app can be released as it is: a table of checks, each of which looks at one thing. What
//! it finds is named, with what to do about it.

mod access;
mod admission;
mod affinity;
mod autoscaler;
mod budgets;
mod controllers;
mod data_plane;
mod deletion;
mod deployment;
pub mod direct;
mod dry_run;
mod ingresses;
mod managers;
mod monitors;
mod names;
mod pod_template;
mod policies;
mod policy;
mod ports;
mod prepared;
mod quantity;
mod quota;
mod report;
pub mod rights;
mod scheduling;
mod service_route;
mod services;
mod unknown;
mod volumes;

use std::collections::BTreeMap;

pub use admission::checks as admission;
pub use dry_run::{DryRun, Reply, are_outdated, checks as dry_run, is_outdated};
pub use ingresses::nobody_names;
pub use pod_template::checks as pod_template;
pub use prepared::{checks as prepared, drift, gone, live, missing, turned};
pub use report::{Check, CheckStatus, Report};
use serde_json::Value;

use super::{Record, Slot, Snapshot, template};
use crate::model::{Colour, string_map};
use crate::route::{Label, Route, RouteKind};

/// What a release would stand on.
pub struct CheckInput<'a> {
    pub s: &'a Snapshot,
    /// The live Service's name; it may not be there yet.
    pub service: String,
    pub route: RouteKind,
    pub label: Label,
    pub live: Slot<'a>,
    /// The colour that a candidate goes into.
    pub to: Colour,
    /// The candidate's, in its neutral form.
    pub template: Value,
    pub preview_host: Option<String>,
    /// Whether the candidate may be without a policy that the live pods have.
    pub allow_policy_gap: bool,
    /// Whether it is a version that was live before.
    pub is_back: bool,
}

impl CheckInput<'_> {
    /// The labels of a candidate's pods.
    fn candidate_labels(&self) -> BTreeMap<String, String> {
        let template = template::coloured(&self.template, &self.label, self.to, 0);
        string_map(&template["metadata"]["labels"])
    }

    fn live_labels(&self) -> BTreeMap<String, String> {
        string_map(&self.live.template()["metadata"]["labels"])
    }

    /// How many pods a candidate starts with.
    pub fn replicas(&self) -> u64 {
        self.live.desired().max(1)
    }

    pub fn routes(&self) -> Vec<Route<'_>> {
        self.s.routes_to(&self.service, self.route)
    }
}

/// All that can be told from the objects alone.
pub fn table(g: &CheckInput) -> Vec<Check> {
    [
        deployment::checks(g),
        names::checks(g),
        access::checks(g),
        volumes::checks(g),
        scheduling::checks(g),
        services::checks(g),
        policies::checks(g),
        monitors::checks(g),
        budgets::checks(g),
        autoscaler::checks(g),
        quota::checks(g),
        of_routes(g.s, (&g.service, g.route), &g.label, g.preview_host.as_deref()),
        service_route::late(g),
        ports::checks(g),
        affinity::checks(g),
        deletion::checks(g),
        managers::checks(g),
    ]
    .concat()
}

fn of_routes(
    s: &Snapshot,
    (service, by): (&str, RouteKind),
    label: &Label,
    host: Option<&str>,
) -> Vec<Check> {
    match by {
        RouteKind::Ingress => ingresses::checks(s, service, label, host),
        RouteKind::Service => service_route::checks(s, service, host),
    }
}

/// Who else has the app, where nothing more is known of it than its name.
pub fn controllers(s: &Snapshot) -> Vec<Check> {
    controllers::checks(s, &[], &[])
}

/// What somebody should know before a release begins.
pub fn warnings(g: &CheckInput) -> Vec<Check> {
    table(g).into_iter().filter(|check| check.status == CheckStatus::Warn).collect()
}

/// Why a release would not begin.
pub fn reasons(g: &CheckInput) -> Vec<String> {
    let mut table = table(g);
    table.retain(|check| !g.is_back || stops_a_way_back(g.s, (&g.service, g.route), check));
    failed(&table)
}

/// Whether it stops a rollback as it stops a new version. An app may have been released when this was not
/// refused yet, or elsewhere: it has to be able to go back, at no more than the same switch has cost it on the
/// way. And of a version that was live nothing has to be hidden.
fn stops_a_way_back(s: &Snapshot, (service, by): (&str, RouteKind), check: &Check) -> bool {
    match check.name {
        names::PREVIEW_HOST | access::NAME => false,
        data_plane::NAME => !s.data_plane(service, by).plane.is_a_clouds(),
        service_route::NAME => !service_route::goes_back(s, service),
        _ => true,
    }
}

/// Why an app would not be taken in. Its Ingress may be brought in line with a Service's new port after
/// that Service's likes.
pub fn reasons_before_init(g: &CheckInput) -> Vec<String> {
    let table: Vec<Check> =
        table(g).into_iter().filter(|check| check.name != ports::NAME).collect();
    failed(&table)
}

/// Those that failed, as reasons.
pub fn failed(checks: &[Check]) -> Vec<String> {
    checks.iter().filter(|check| check.has_failed()).map(Check::reason).collect()
}

/// What is wrong with what leads people to the app; nothing where a switch may go on.
pub fn routes(s: &Snapshot, record: &Record, is_back: bool) -> Vec<String> {
    let route = (record.service.as_str(), record.route);
    let mut found = of_routes(s, route, &record.label, None);
    found.retain(|check| !is_back || stops_a_way_back(s, route, check));
    failed(&found)
}

/// Services that have to follow a switch and can't.
pub fn unable(s: &Snapshot, service: &str, label: &Label, from: Colour) -> Vec<String> {
    let services = s.following(service, label, from).into_iter();
    failed(&services.flat_map(|service| services::unable(s, label, service)).collect::<Vec<_>>())
}

/// Services that would send people to the pods of a candidate before anybody approved it. The template
/// is the candidate's, in whatever colour.
pub fn catching_selectors(
    s: &Snapshot,
    service: &str,
    label: &Label,
    template: &Value,
    to: Colour,
) -> Vec<String> {
    services::catching(s, service, label, template, to).iter().map(Check::reason).collect()
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
