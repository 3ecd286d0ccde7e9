//! What of an Ingress a visitor would ask, and how.

use serde_json::Value;

use super::{backends, form::tls_hosts};
use crate::route::data_plane::ingress_nginx::{forces_tls, literal, speaks_tls};

/// One rule of the app's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    pub host: Option<String>,
    /// As it can be asked for.
    pub path: String,
    /// The port of the app's Service, as the Ingress names it.
    pub port: Value,
    /// Whether it is asked by TLS.
    pub is_encrypted: bool,
    /// Whether the controller speaks TLS to the app.
    pub is_tls: bool,
}

/// Of each backend that names one of these Services; or why it can't be asked.
pub fn asked(ingress: &Value, services: &[String]) -> Vec<Result<Asked, String>> {
    let of_app = backends(ingress).into_iter().filter(|it| services.contains(&it.service));
    let asked = of_app.map(|backend| {
        let path = literal(backend.path.as_deref().unwrap_or("/"))?.to_owned();
        let is_encrypted = is_encrypted(ingress, backend.host.as_deref());
        let is_tls = speaks_tls(ingress);
        Ok(Asked { host: backend.host, path, port: backend.port, is_encrypted, is_tls })
    });
    asked.collect()
}

/// Whether nginx only redirects to https what comes without.
fn is_encrypted(ingress: &Value, host: Option<&str>) -> bool {
    let covers = |listed: &str| {
        let host = host.unwrap_or_default();
        let under = host.split_once('.').map(|(_, domain)| domain);
        listed == host || under.is_some() && listed.strip_prefix("*.") == under
    };
    tls_hosts(ingress).any(covers) || forces_tls(ingress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_may_be_an_expression_is_asked_for_only_where_it_is_clear() {
        for (path, asked) in [
            ("/", Some("/")),
            ("/parrot.v2/~a_b-c", Some("/parrot.v2/~a_b-c")),
            ("/parrot(/|$)(.*)", Some("/parrot")),
            ("/parrot/?(.*)", Some("/parrot")),
            ("/(.*)", Some("/")),
            ("/.*", Some("/")),
            ("(.*)", Some("/")),
            ("/parrot(/|$)(.*)/x", None),
            ("/v[0-9]+/parrot", None),
            ("/parrot$", None),
            ("/a b", None),
        ] {
            assert_eq!(literal(path).ok(), asked, "{path}");
        }
    }
}
