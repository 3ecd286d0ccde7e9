//! The Ingress of ours, by what the app is: whether there has to be one, and whether it is as it should be.

use serde_json::{Value, json};

use super::{Record, Snapshot, marker, ports, template};
use crate::model::Kind;
use crate::route::{ManagedIngress, Needs, RouteKind, Word, managed_ingress};

impl Snapshot {
    pub fn managed_ingress(&self) -> Option<&Value> {
        self.objects.get(Kind::Ingress, &self.names.preview())
    }
}

/// Whether there has to be one: for a switch, or for a host under which people see the candidate.
pub fn is_wanted(s: &Snapshot, (service, by): (&str, RouteKind), host: Option<&str>) -> bool {
    host.is_some() || s.data_plane(service, by).wants_ours()
}

pub fn wanted(s: &Snapshot, record: &Record) -> ManagedIngress {
    let routes = s.routes(record);
    managed_ingress(Needs {
        name: s.names.preview(),
        route: routes.first().map_or(&Value::Null, |route| route.object()),
        services: s.serving(record).into_iter().chain([s.names.preview()]).collect(),
        preview_service: s.names.preview(),
        ports: ports::asked_for(s, record),
        hidden_host: host(s),
        preview_host: record.preview_host.as_ref(),
        preview_tls_secret: record.preview_tls_secret.as_ref(),
    })
}

/// One that no name server knows (RFC 6761), and that nobody outside can work out.
pub fn host(s: &Snapshot) -> String {
    format!("{}.bluegreen.invalid", secret(s))
}

/// What cannot be worked out from outside.
pub fn secret(s: &Snapshot) -> String {
    let record = s.record.as_ref().map_or("", |(version, _)| version.uid.as_str());
    template::hash(&json!([s.names.namespace, s.names.app, record]))
}

/// Why a switch could lose requests now; `init` mends it.
pub fn unfit(s: &Snapshot, record: &Record) -> Option<String> {
    let wanted = wanted(s, record);
    let route = (record.service.as_str(), record.route);
    match s.managed_ingress() {
        None if !is_wanted(s, route, record.preview_host.as_deref()) => None,
        None => Some(match s.data_plane(&record.service, record.route).plane.needs_both_named() {
            Some(true) => {
                format!(
                    "there is no Ingress {}, without which a switch loses requests",
                    wanted.name()
                )
            }
            None => {
                format!(
                    "there is no Ingress {}, without which a switch may lose requests",
                    wanted.name()
                )
            }
            Some(false) => format!("there is no Ingress {}, which init creates", wanted.name()),
        }),
        // Nothing names the app that it could be like: a check of its own says that.
        Some(_) if s.routes(record).is_empty() => None,
        // A release that is being confirmed may have added to it.
        Some(made) => wanted.align(&marker::without(s, made), Word::None).map(|_| {
            let routes = s.route_names(record).join(", ");
            format!("Ingress {} no longer names the app as Ingress {routes} does", wanted.name())
        }),
    }
}
