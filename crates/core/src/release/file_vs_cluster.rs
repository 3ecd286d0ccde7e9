//! What a file says about the objects around the app: held against the cluster, and the pattern for
//! a live Service that nobody has made yet.

use serde_json::{Value, json};

use super::Snapshot;
use crate::model::Id;
use crate::route::{Backend, Route, RouteKind};

/// The name of a port whose name the file does not give, as Flagger has it.
const PORT_NAME: &str = "http";

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Declared {
    /// What leads people to the app.
    pub route: Option<RouteKind>,
    /// The Ingress that names the app.
    pub ingress: Option<String>,
    pub service: Option<DeclaredService>,
    /// Routes for which an address to ask is given.
    pub asked: Vec<Id>,
}

/// The live Service. What is absent, the file leaves open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeclaredService {
    pub name: Option<String>,
    pub port: Option<u16>,
    pub port_name: Option<String>,
    /// A number or a name.
    pub target_port: Option<Value>,
    pub app_protocol: Option<String>,
}

/// Where the cluster is not as the file says. `service` is the live Service's name.
pub fn unmet(s: &Snapshot, (service, by): (&str, RouteKind), expected: &Declared) -> Vec<String> {
    let mut reasons: Vec<String> = route(s, by, expected).into_iter().collect();
    reasons.extend(ingress(s, (service, by), expected));
    reasons.extend(no_routes(s, (service, by), &expected.asked));
    let Some(wanted) = &expected.service else { return reasons };
    if let Some(name) = wanted.name.as_ref().filter(|name| *name != service) {
        reasons.push(format!(
            "the settings name Service {name}, but requests reach the app through Service {service}"
        ));
        return reasons;
    }
    if let Some(live) = s.service(service) {
        reasons.extend(ports(live, service, wanted));
    }
    reasons
}

/// Those that are none of the app's routes.
pub fn no_routes(s: &Snapshot, (service, by): (&str, RouteKind), asked: &[Id]) -> Vec<String> {
    let routes: Vec<Id> = s.routes_to(service, by).into_iter().map(Route::id).collect();
    let others = asked.iter().filter(|asked| !routes.contains(asked));
    let reasons = others.map(|asked| {
        let why = match s.objects.get(asked.kind, &asked.name) {
            Some(_) => format!("which does not name the app; {} does", list(&routes)),
            None => format!("which does not exist in namespace {}", s.names.namespace),
        };
        format!("a probe address is given for {asked}, {why}")
    });
    reasons.collect()
}

/// A file's word for the route, where `init` has recorded another one.
fn route(s: &Snapshot, by: RouteKind, expected: &Declared) -> Option<String> {
    let wanted = expected.route.filter(|wanted| *wanted != by)?;
    let (wanted, by, app) = (wanted.as_str(), by.as_str(), &s.names.app);
    Some(format!(
        "the settings say route: {wanted}, and {app} was set up with route: {by}; to change it: \
         init {app} --route {wanted}"
    ))
}

fn ingress(s: &Snapshot, (service, by): (&str, RouteKind), expected: &Declared) -> Option<String> {
    let wanted = expected.ingress.as_ref()?;
    if by == RouteKind::Service {
        return Some(format!(
            "the settings name Ingress {wanted}, but Service {service} is the app's route: remove \
             one of the two settings"
        ));
    }
    let namespace = &s.names.namespace;
    let Some(found) = s.open_routes().find(|route| route.name() == wanted) else {
        return Some(format!(
            "the settings name Ingress {wanted}, which does not exist in namespace {namespace}"
        ));
    };
    let routes = s.routes_to(service, by);
    if routes.contains(&found) {
        return None;
    }
    let others: Vec<Id> = routes.into_iter().map(Route::id).collect();
    Some(format!(
        "the settings name Ingress {wanted}, which does not name Service {service}; {} does",
        list(&others)
    ))
}

fn list(others: &[Id]) -> String {
    let others: Vec<String> = others.iter().map(Id::to_string).collect();
    if others.is_empty() { "no other".to_owned() } else { others.join(", ") }
}

/// Where the port of a Service that exists is not the file's.
fn ports(live: &Value, service: &str, wanted: &DeclaredService) -> Vec<String> {
    let Some(port) = wanted.port else { return Vec::new() };
    let mut ports = live["spec"]["ports"].as_array().into_iter().flatten();
    let Some(entry) = ports.find(|entry| entry["port"].as_u64() == Some(port.into())) else {
        return vec![format!(
            "the settings say port {port} of Service {service}, which has no such port"
        )];
    };
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let parts = [
        ("name", "portName", text(&wanted.port_name)),
        ("targetPort", "targetPort", wanted.target_port.clone()),
        ("appProtocol", "appProtocol", text(&wanted.app_protocol)),
    ];
    let differing = parts.into_iter().filter_map(|(field, key, wanted)| {
        let wanted = wanted.filter(|wanted| entry[field] != *wanted)?;
        let has = match &entry[field] {
            Value::Null => "none".to_owned(),
            value => plain(value),
        };
        Some(format!(
            "the settings say {key} {} for port {port} of Service {service}, which has {has}",
            plain(&wanted)
        ))
    });
    differing.collect()
}

/// The ports of the live Service, where `init` has to make it: the file's one, which every Ingress
/// must be able to find. `target` is where the file leaves it open.
pub fn made_ports(
    s: &Snapshot,
    service: &str,
    wanted: &DeclaredService,
    port: u16,
    target: &Value,
) -> Result<Value, Vec<String>> {
    let port_name = wanted.port_name.as_deref().unwrap_or(PORT_NAME);
    let mut entry =
        json!({"name": port_name, "port": port, "targetPort": target, "protocol": "TCP"});
    if let Some(protocol) = &wanted.app_protocol {
        entry["appProtocol"] = json!(protocol);
    }
    let finds = |backend: &Backend| match backend.port["number"].as_u64() {
        Some(number) => number == u64::from(port),
        None => backend.port["name"] == port_name,
    };
    let named = s.open_routes().flat_map(Route::backends);
    let lost = named.filter(|backend| backend.service == service && !finds(backend));
    let reasons: Vec<String> = lost
        .map(|backend| {
            let asked = [&backend.port["number"], &backend.port["name"]];
            let asked = asked.into_iter().find(|port| !port.is_null()).map(plain);
            format!(
                "the Ingress uses port {} of Service {service}, but the settings give it port \
                 {port} ({port_name})",
                asked.unwrap_or_default()
            )
        })
        .collect();
    if reasons.is_empty() { Ok(json!([entry])) } else { Err(reasons) }
}

/// A number or a name, without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
