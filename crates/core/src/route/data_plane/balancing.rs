//! By which annotations a data plane is told how to share requests out among pods, as far as a switch is
//! felt there.

use serde_json::Value;

use super::DataPlane;
use crate::model::annotation;

/// Annotations by which a data plane is told something, and with which values: with any, where there are
/// none; one that ends with a blank begins a longer one.
pub type Told = &'static [(&'static str, &'static [&'static str])];

const NGINX_STICKY: Told = &[("nginx.ingress.kubernetes.io/affinity", &["cookie"])];
const NGINX_UPSTREAM: Told = &[("nginx.ingress.kubernetes.io/service-upstream", &["true"])];
const NGINX_PASSWORDS: Told = &[("nginx.ingress.kubernetes.io/auth-type", &["basic", "digest"])];
const F5_METHOD: &str = "nginx.org/lb-method";
const F5_STICKY: Told = &[
    ("nginx.org/sticky-cookie-services", &[]),
    ("nginx.com/sticky-cookie-services", &[]),
    (F5_METHOD, &["ip_hash", "hash "]),
];
const F5_UPSTREAM: Told = &[("nginx.org/use-cluster-ip", &["true"])];
const NOTHING: Told = &[];

impl DataPlane {
    /// That people are kept on one pod.
    pub fn sticky(self) -> Told {
        match self {
            DataPlane::F5Nginx => F5_STICKY,
            _ if self.obeys_nginx() => NGINX_STICKY,
            _ => NOTHING,
        }
    }

    /// That requests go to a Service's own address.
    pub fn by_service_address(self) -> Told {
        match self {
            DataPlane::F5Nginx => F5_UPSTREAM,
            _ if self.obeys_nginx() => NGINX_UPSTREAM,
            _ => NOTHING,
        }
    }

    /// That it asks for passwords, from a file that it writes anew at any change.
    pub fn passwords_in_a_file(self) -> Told {
        if self.is_ingress_nginx() { NGINX_PASSWORDS } else { NOTHING }
    }

    /// Whether it is known by what it is told of all that.
    pub fn is_told_by_annotations(self) -> bool {
        matches!(self, DataPlane::F5Nginx | DataPlane::IngressNginx | DataPlane::TraefikNginx)
    }
}

/// Whether what keeps people on one pod is a cookie.
pub fn is_by_cookie(key: &str) -> bool {
    key != F5_METHOD
}

/// The annotations by which an Ingress says so.
pub fn saying<'a>(ingress: &'a Value, told: Told) -> impl Iterator<Item = &'static str> + use<'a> {
    let is_meant = |said: &str, values: &[&str]| {
        values.is_empty()
            || values.iter().any(|value| match value.ends_with(' ') {
                true => said.starts_with(value),
                false => said == *value,
            })
    };
    let said = told.iter().filter(move |(key, values)| {
        annotation(ingress, key).is_some_and(|said| is_meant(said, values))
    });
    said.map(|(key, _)| *key)
}
