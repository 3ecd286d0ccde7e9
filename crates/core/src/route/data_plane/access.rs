//! Who is let in: by which annotations of an Ingress a data plane asks something of whoever comes, or lets
//! nobody through.

use serde_json::Value;

use super::DataPlane;
use super::ingress_nginx::{ALLOWED, ALSO_ALLOWED, DENIED};
use crate::model::annotation;

const OF_INGRESS_NGINX: [&str; 3] = [
    "nginx.ingress.kubernetes.io/auth-url",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
];
pub const OF_F5: [&str; 4] = [
    "nginx.org/policies",
    "nginx.org/basic-auth-secret",
    "nginx.com/jwt-key",
    "appprotect.f5.com/app-protect-policy",
];
const OF_TRAEFIK: [&str; 1] = ["traefik.ingress.kubernetes.io/router.middlewares"];
/// Configuration of nginx's own, which may say anything.
const NGINX_SNIPPETS: [&str; 3] = [
    "nginx.ingress.kubernetes.io/server-snippet",
    "nginx.ingress.kubernetes.io/configuration-snippet",
    "nginx.ingress.kubernetes.io/auth-snippet",
];
const F5_SNIPPETS: [&str; 2] = ["nginx.org/server-snippets", "nginx.org/location-snippets"];
/// Directives in it that keep people out, by their whole names or how these begin: `auth_basic_user_file`.
const KEEPS_OUT: [&str; 5] = ["deny", "auth_basic", "auth_request", "auth_jwt", "access_by_lua"];

impl DataPlane {
    /// Those that mean something there. Of a controller that is not known, all may.
    pub fn access_rules(self) -> impl Iterator<Item = &'static str> {
        let is_unknown = self == DataPlane::Other;
        let of = move |keys: &'static [&'static str], is_meant: bool| {
            keys.iter().copied().filter(move |_| is_meant || is_unknown)
        };
        of(&OF_INGRESS_NGINX, self.obeys_nginx())
            .chain(of(&NGINX_SNIPPETS, self.obeys_nginx()))
            .chain(of(&OF_F5, self == DataPlane::F5Nginx))
            .chain(of(&F5_SNIPPETS, self == DataPlane::F5Nginx))
            .chain(of(&OF_TRAEFIK, self == DataPlane::Traefik))
    }

    /// The lists of addresses of an Ingress that it obeys, by the key that ours has them under.
    pub fn access_lists(self, ingress: &Value) -> Vec<(&'static str, &str)> {
        if self.obeys_nginx() { access_lists(ingress) } else { Vec::new() }
    }
}

/// Whether an annotation of an Ingress keeps anybody out.
pub fn keeps_out(ingress: &Value, key: &str) -> bool {
    let said = annotation(ingress, key).unwrap_or_default();
    if !NGINX_SNIPPETS.contains(&key) && !F5_SNIPPETS.contains(&key) {
        return !said.trim().is_empty();
    }
    let words: Vec<&str> = said
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|w| !w.is_empty())
        .collect();
    let is_one = |word: &&str| {
        let rest = KEEPS_OUT.into_iter().filter_map(|known| word.strip_prefix(known));
        rest.into_iter().any(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    // `return 403`, and not one that leads elsewhere.
    let refuses = |pair: &[&str]| pair[0] == "return" && pair[1].starts_with('4');
    words.iter().any(is_one) || words.windows(2).any(refuses)
}

/// The lists of addresses of an Ingress that ours takes over, by the key that it has them under.
pub fn access_lists(ingress: &Value) -> Vec<(&'static str, &str)> {
    let allowed = [ALLOWED, ALSO_ALLOWED].into_iter().find_map(|key| annotation(ingress, key));
    let denied = annotation(ingress, DENIED).map(|list| (DENIED, list));
    allowed.map(|list| (ALLOWED, list)).into_iter().chain(denied).collect()
}

pub fn is_a_list(key: &str) -> bool {
    [ALLOWED, DENIED].contains(&key)
}
