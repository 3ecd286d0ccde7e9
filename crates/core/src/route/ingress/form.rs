//! How an Ingress is written, as far as a switch has to do with it.

use serde_json::Value;

use crate::model::annotation;
use crate::route::data_plane::ingress_nginx::is_alias;

/// As an Ingress says its class without the field for it.
pub const CLASS: &str = "kubernetes.io/ingress.class";

/// The class of an Ingress; without one it is the cluster's default.
pub fn class(ingress: &Value) -> Option<&str> {
    ingress["spec"]["ingressClassName"].as_str().or_else(|| annotation(ingress, CLASS))
}

pub fn rules(ingress: &Value) -> impl Iterator<Item = &Value> {
    ingress["spec"]["rules"].as_array().into_iter().flatten()
}

pub fn paths(rule: &Value) -> impl Iterator<Item = &Value> {
    rule["http"]["paths"].as_array().into_iter().flatten()
}

/// The hosts of an Ingress's rules; `*` stands for a rule without one.
pub fn hosts(ingress: &Value) -> Vec<String> {
    rules(ingress).map(|rule| rule["host"].as_str().unwrap_or("*").to_owned()).collect()
}

/// By a rule, or by the controller's annotation for more names of the same hosts.
pub fn serves_host(ingress: &Value, host: &str) -> bool {
    rules(ingress).any(|rule| rule["host"] == host) || is_alias(ingress, host)
}

/// The Service that gets what no rule matches.
pub fn default_service(ingress: &Value) -> Option<&str> {
    ingress["spec"]["defaultBackend"]["service"]["name"].as_str()
}

/// The backends that are no Services, each by kind and name.
pub fn resource_backends(ingress: &Value) -> Vec<(&str, &str)> {
    let backends = rules(ingress).flat_map(paths).map(|path| &path["backend"]["resource"]);
    let all = backends.chain([&ingress["spec"]["defaultBackend"]["resource"]]);
    all.filter_map(|resource| Some((resource["kind"].as_str()?, resource["name"].as_str()?)))
        .collect()
}

/// The hosts for which it names a certificate.
pub fn tls_hosts(ingress: &Value) -> impl Iterator<Item = &str> {
    let tls = ingress["spec"]["tls"].as_array().into_iter().flatten();
    let hosts = tls.flat_map(|tls| tls["hosts"].as_array().into_iter().flatten());
    hosts.filter_map(Value::as_str)
}

/// Where its status says that it is reached.
pub struct Address<'a> {
    /// An IP address or a name.
    pub at: &'a str,
    /// Those that are named, if any are: the only ones there are.
    pub ports: Vec<u16>,
}

pub fn addresses(ingress: &Value) -> impl Iterator<Item = Address<'_>> {
    let found = ingress["status"]["loadBalancer"]["ingress"].as_array().into_iter().flatten();
    found.filter_map(|found| {
        let at = found["ip"].as_str().or(found["hostname"].as_str())?;
        Some(Address { at, ports: ports(&found["ports"]) })
    })
}

fn ports(named: &Value) -> Vec<u16> {
    let named = named.as_array().into_iter().flatten();
    let tcp = named.filter(|port| port["protocol"] == "TCP" && port["error"].is_null());
    tcp.filter_map(|port| port["port"].as_u64()?.try_into().ok()).collect()
}
