//! Where the app's routes lead, and how far a release's switch has come. With several routes it is one patch
//! each: in the middle of it those that are switched bear the release's number, and the others lead where they
//! did.

use std::collections::BTreeSet;

use super::{Record, Release, Snapshot};
use crate::model::{Colour, MANAGED_BY, MANAGER, label};
use crate::route::{Believed, By, DataPlane, Route, RouteKind, resolves_to};

/// Where something that serves the app leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leads {
    To(Colour),
    /// Some of it to one colour, some to another, or to neither.
    Astray,
}

impl Snapshot {
    /// The routes that are not ours: requests come through them.
    pub fn open_routes(&self) -> impl Iterator<Item = Route<'_>> {
        let all = Route::KINDS.into_iter().flat_map(move |kind| {
            self.objects.list(kind).filter_map(move |object| Route::of(kind, object))
        });
        all.filter(|route| label(route.object(), MANAGED_BY) != Some(MANAGER))
    }

    /// The user's routes that serve the app.
    pub fn routes(&self, record: &Record) -> Vec<Route<'_>> {
        self.routes_to(&record.service, record.route)
    }

    /// The same, where no record says yet which the live Service is, and what leads to it.
    pub fn routes_to(&self, live: &str, by: RouteKind) -> Vec<Route<'_>> {
        match by {
            RouteKind::Ingress => self.named_by(live).collect(),
            RouteKind::Service => self.service(live).map(Route::Service).into_iter().collect(),
        }
    }

    /// The Ingresses that name the app.
    pub fn named_by(&self, live: &str) -> impl Iterator<Item = Route<'_>> {
        let services = self.names.serving(live);
        self.open_routes().filter(move |route| route.names_app(&services))
    }

    /// Which data plane obeys the app's routes, by the one of which the most is known.
    pub fn data_plane(&self, live: &str, by: RouteKind) -> Believed {
        if by == RouteKind::Service {
            return Believed::of_services();
        }
        let recorded = self.record.as_ref().map(|(_, record)| &record.controllers);
        let of = |route: &Route| {
            let mut found = [Some(&self.memory.beyond.controllers), recorded].into_iter().flatten();
            // One without a class is of the cluster's default class, which has no name there.
            let class = route.class().unwrap_or_default();
            let controller = found.find_map(|it| it.get(class));
            route.data_plane(controller.map(String::as_str))
        };
        let believed = self.routes_to(live, by).iter().map(of).max_by(|a, b| a.by.cmp(&b.by));
        believed.unwrap_or(Believed { plane: DataPlane::Other, by: By::Nothing })
    }

    /// Where a Service leads, by what it selects.
    pub fn service_leads(&self, service: &str, record: &Record) -> Leads {
        let colour = self.service(service).and_then(|s| resolves_to(s, &record.label));
        colour.map_or(Leads::Astray, Leads::To)
    }

    pub fn live_service_leads(&self, record: &Record) -> Leads {
        self.service_leads(&record.service, record)
    }

    /// Where a route's backends of this app lead, by what their Services really select.
    pub fn route_leads(&self, route: Route, record: &Record) -> Leads {
        let services = self.serving(record);
        let places: BTreeSet<_> = route
            .backends_of(&services)
            .map(|backend| match self.service_leads(&backend.service, record) {
                Leads::To(colour) => Some(colour),
                Leads::Astray => None,
            })
            .collect();
        match places.into_iter().collect::<Vec<_>>()[..] {
            [Some(colour)] => Leads::To(colour),
            _ => Leads::Astray,
        }
    }

    /// Whether anything of a route still leads to this colour.
    pub fn touches(&self, route: Route, record: &Record, colour: Colour) -> bool {
        let services = self.serving(record);
        route
            .backends_of(&services)
            .any(|backend| self.service_leads(&backend.service, record) == Leads::To(colour))
    }

    /// Whether the Service that is fixed to a colour still selects it.
    pub fn is_fixed(&self, colour: Colour, record: &Record) -> bool {
        self.service_leads(&self.names.service(colour), record) == Leads::To(colour)
    }

    /// Where all the routes lead together.
    pub fn routes_lead(&self, record: &Record) -> Leads {
        let routes = self.routes(record);
        let mut places = routes.into_iter().map(|route| self.route_leads(route, record));
        match places.next() {
            Some(Leads::To(first)) if places.all(|place| place == Leads::To(first)) => {
                Leads::To(first)
            }
            _ => Leads::Astray,
        }
    }

    pub fn switched(&self, record: &Record, release: &Release) -> bool {
        self.routes_lead(record) == Leads::To(release.to)
            && (self.bears_number(record, release) || release.switched.is_some())
    }

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

    /// The routes that lead to the candidate, or some of each of them: by kind and name.
    pub fn leading(&self, record: &Record, release: &Release) -> Vec<String> {
        let routes = self.routes(record).into_iter();
        let leading = routes.filter(|route| self.touches(*route, record, release.to));
        leading.map(|route| route.id().to_string()).collect()
    }

    fn named(&self, record: &Record, wanted: impl Fn(Route) -> bool) -> Vec<String> {
        let routes = self.routes(record).into_iter().filter(|route| wanted(*route));
        routes.map(|route| route.name().to_owned()).collect()
    }
}
