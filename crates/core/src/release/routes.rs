//! How far a release's switch has come. With several routes it is one patch each: in the middle
//! of it those that are switched bear the release's number, and the others lead where they did.

use super::snapshot::Leads;
use super::{Record, Release, Snapshot};
use crate::route::Route;

impl Snapshot {
    /// Whether a route was switched by this release, whatever it names now.
    pub fn bears_number(&self, record: &Record, release: &Release) -> bool {
        self.routes(record).into_iter().any(|route| self.bears(route, record, release))
    }

    /// Whether any route was switched and still is: from then on the release goes forward, or all
    /// of them go back.
    pub fn begun(&self, record: &Record, release: &Release) -> bool {
        self.routes(record).into_iter().any(|route| {
            self.bears(route, record, release)
                && self.route_leads(route, record) == Leads::To(release.to)
        })
    }

    /// The routes that this release switched and that lead elsewhere now.
    pub fn put_back(&self, record: &Record, release: &Release) -> Vec<String> {
        // Once all are switched, whoever applies a route again may take the number off it.
        let switched =
            |route: Route| self.bears(route, record, release) || release.switched.is_some();
        self.named(record, |route| {
            switched(route) && self.route_leads(route, record) != Leads::To(release.to)
        })
    }

    /// The routes that this release did not switch and that do not lead where it found them.
    pub fn strayed(&self, record: &Record, release: &Release) -> Vec<String> {
        self.named(record, |route| {
            !self.bears(route, record, release)
                && self.route_leads(route, record) != Leads::To(release.from)
        })
    }

    /// The routes that still lead to a colour, or some of each of them.
    pub fn leading(&self, record: &Record, release: &Release) -> Vec<String> {
        self.named(record, |route| self.touches(route, record, release.to))
    }

    fn named(&self, record: &Record, wanted: impl Fn(Route) -> bool) -> Vec<String> {
        let routes = self.routes(record).into_iter().filter(|route| wanted(*route));
        routes.map(|route| route.name().to_owned()).collect()
    }
}
