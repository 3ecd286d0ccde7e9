//! Routes: the objects through which people reach an app. Which colour one resolves to, the patch that
//! changes it, and which data plane obeys it. Pure.

mod data_plane;
mod ingress;
mod service;

use json_patch::PatchOperation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use data_plane::{Believed, By, CANARY, DataPlane, Means, OF_THE_BACKEND, Told};
pub use data_plane::{SECONDS_AFTER_A_SWITCH, SECONDS_BEFORE_A_SWITCH, SECONDS_FOR_THE_NODES};
pub use data_plane::{access_lists, is_a_list, is_by_cookie, keeps_out, means, saying};
pub use ingress::{Address, Asked, Backend, ManagedIngress, Marker, Markers, Needs, Word};
pub use ingress::{managed_ingress, serves_host, tls_hosts};
pub use service::{Label, follow, resolves_to, selects};

use crate::model::{Colour, EPOCH, Id, Kind, RELEASE, Write, annotate, annotation, name, of_app};

/// What leads people to an app, as `init` was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// Ingresses that name its Service.
    #[default]
    Ingress,
    /// Nothing but its Service.
    Service,
}

impl RouteKind {
    pub const ALL: [RouteKind; 2] = [RouteKind::Ingress, RouteKind::Service];

    pub fn is_ingress(&self) -> bool {
        *self == RouteKind::Ingress
    }

    pub fn as_str(self) -> &'static str {
        match self {
            RouteKind::Ingress => "ingress",
            RouteKind::Service => "service",
        }
    }
}

/// An object that leads people to an app. A new kind of route is a variant here, a folder beside
/// `ingress`, and a `Kind` of object that is read.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Route<'a> {
    Ingress(&'a Value),
    /// The live Service itself, where nothing else names it: its selector is what is switched.
    Service(&'a Value),
}

/// A switch: every backend of the app to one Service, or the live Service's selector to one colour, in
/// one patch.
pub struct Switch<'a> {
    /// Whose it is: others may have a part of the same route.
    pub app: &'a str,
    /// The Services of the app: backends that name another one are not ours.
    pub services: &'a [String],
    pub to: &'a str,
    /// The colour that this Service is fixed to, and what tells it from the other.
    pub colour: Colour,
    pub label: &'a Label,
    pub release: u64,
    pub epoch: u64,
}

impl Switch<'_> {
    /// That it is this app's switch, by this release, in this epoch.
    fn stamps(&self, route: &Value) -> Vec<PatchOperation> {
        let [release, epoch] = [RELEASE, EPOCH].map(|key| of_app(key, self.app));
        let stamps =
            [(release.as_str(), self.release.to_string()), (&epoch, self.epoch.to_string())];
        annotate(route, &stamps)
    }
}

impl<'a> Route<'a> {
    /// The kinds of objects that are nothing but routes. Which Service is one, the app says.
    pub const KINDS: [Kind; 1] = [Kind::Ingress];

    /// An object of one of these kinds, as a route.
    pub fn of(kind: Kind, object: &'a Value) -> Option<Route<'a>> {
        match kind {
            Kind::Ingress => Some(Route::Ingress(object)),
            _ => None,
        }
    }

    /// An object that says its own kind.
    pub fn parse(object: &'a Value) -> Option<Route<'a>> {
        Route::of(Kind::parse(object["kind"].as_str()?)?, object)
    }

    pub fn kind(self) -> Kind {
        match self {
            Route::Ingress(_) => Kind::Ingress,
            Route::Service(_) => Kind::Service,
        }
    }

    pub fn kind_name(self) -> &'static str {
        match self {
            Route::Ingress(_) => "Ingress",
            Route::Service(_) => "Service",
        }
    }

    pub fn object(self) -> &'a Value {
        match self {
            Route::Ingress(object) | Route::Service(object) => object,
        }
    }

    pub fn name(self) -> &'a str {
        name(self.object())
    }

    pub fn id(self) -> Id {
        Id::new(self.kind(), self.name())
    }

    /// What it says under a key of its annotations.
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        annotation(self.object(), key)
    }

    /// Every place that names a Service, whosever it is.
    pub fn backends(self) -> Vec<Backend> {
        match self {
            Route::Ingress(ingress) => ingress::backends(ingress),
            Route::Service(service) => service::backends(service),
        }
    }

    /// Those of them that name one of these.
    pub fn backends_of(self, services: &[String]) -> impl Iterator<Item = Backend> {
        self.backends().into_iter().filter(move |backend| services.contains(&backend.service))
    }

    /// Whether it sends anything to one of these Services.
    pub fn names_app(self, services: &[String]) -> bool {
        self.backends_of(services).next().is_some()
    }

    /// The Services that it names, each once.
    pub fn services(self) -> Vec<String> {
        let backends = self.backends().into_iter();
        let mut services: Vec<String> = backends.map(|backend| backend.service).collect();
        services.sort();
        services.dedup();
        services
    }

    /// The hosts that it serves; `*` stands for any.
    pub fn hosts(self) -> Vec<String> {
        match self {
            Route::Ingress(ingress) => ingress::hosts(ingress),
            Route::Service(_) => Vec::new(),
        }
    }

    /// The name of what says which data plane obeys it, where it names that.
    pub fn class(self) -> Option<&'a str> {
        match self {
            Route::Ingress(ingress) => ingress::class(ingress),
            Route::Service(_) => None,
        }
    }

    /// The Service that gets what no rule matches.
    pub fn default_service(self) -> Option<&'a str> {
        match self {
            Route::Ingress(ingress) => ingress::default_service(ingress),
            Route::Service(_) => None,
        }
    }

    /// The backends that are no Services, each by kind and name.
    pub fn resource_backends(self) -> Vec<(&'a str, &'a str)> {
        match self {
            Route::Ingress(ingress) => ingress::resource_backends(ingress),
            Route::Service(_) => Vec::new(),
        }
    }

    /// Which annotation names which of these Services, each pair once: they change with the backends.
    pub fn naming_annotations(self, services: &[String]) -> Vec<(&'a str, String)> {
        match self {
            Route::Ingress(ingress) => ingress::naming_annotations(ingress, services),
            Route::Service(_) => Vec::new(),
        }
    }

    /// The fields that a switch changes, beside annotations.
    pub fn switched_fields(self) -> &'static str {
        match self {
            Route::Ingress(_) => {
                "the backends' service names in spec.rules and spec.defaultBackend"
            }
            Route::Service(_) => "spec.selector",
        }
    }

    /// The places of the backends' names in objects of a kind of route, as jq finds them.
    pub fn backends_in_jq(kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Ingress => Some(".spec.rules[]?.http.paths[]?.backend.service.name"),
            _ => None,
        }
    }

    /// Whether it takes a share of what another one gets.
    pub fn is_canary(self) -> bool {
        match self {
            Route::Ingress(ingress) => data_plane::is_canary(ingress),
            Route::Service(_) => false,
        }
    }

    /// What of these Services a visitor would ask through it; or why that can't be asked.
    pub fn asked(self, services: &[String]) -> Vec<Result<Asked, String>> {
        match self {
            Route::Ingress(ingress) => ingress::asked(ingress, services),
            Route::Service(service) => service::asked(service).map(Ok).into_iter().collect(),
        }
    }

    /// Where it says that it is reached.
    pub fn addresses(self) -> Vec<Address<'a>> {
        match self {
            Route::Ingress(ingress) => ingress::addresses(ingress).collect(),
            // Behind what a load balancer of its has there may be only some of the nodes.
            Route::Service(_) => Vec::new(),
        }
    }

    /// Which data plane obeys it. `controller` is what its class says, where that may be read.
    pub fn data_plane(self, controller: Option<&str>) -> Believed {
        match self {
            Route::Ingress(ingress) => data_plane::of(ingress, controller),
            Route::Service(_) => Believed::of_services(),
        }
    }

    /// The Services that it names for the app and that a switch takes away.
    pub fn taken_away(self, switch: &Switch) -> Vec<String> {
        match self {
            Route::Ingress(ingress) => switch.was(ingress),
            Route::Service(_) => Vec::new(),
        }
    }

    /// A switch of it, as a patch that tests what it saw.
    pub fn switch(self, switch: &Switch) -> Write {
        match self {
            Route::Ingress(ingress) => switch.patch(ingress),
            Route::Service(service) => service::switch(service, switch),
        }
    }
}
