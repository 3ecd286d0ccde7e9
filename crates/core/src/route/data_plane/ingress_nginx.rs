//! Annotations that ingress-nginx obeys, and whoever follows it.

use serde_json::Value;

use crate::model::annotation;

/// Who gets in. All versions of the controller know it by this name, newer ones by another, too.
pub const ALLOWED: &str = "nginx.ingress.kubernetes.io/whitelist-source-range";
pub const ALSO_ALLOWED: &str = "nginx.ingress.kubernetes.io/allowlist-source-range";
/// Who does not.
pub const DENIED: &str = "nginx.ingress.kubernetes.io/denylist-source-range";
/// A list of addresses from which no request comes.
pub const NOBODY: &str = "0.0.0.0/32";
/// What makes a backend what it is. The controller takes it from the oldest Ingress that names the
/// Service, and that is ours for a colour that is not live, or when the user's was made anew. What
/// shapes hosts and paths (rewrites, authentication, snippets, the protocol, session cookies) takes
/// effect through the Ingress that has it, and would only do harm here.
pub const OF_THE_BACKEND: [&str; 5] = [
    "nginx.ingress.kubernetes.io/load-balance",
    "nginx.ingress.kubernetes.io/service-upstream",
    "nginx.ingress.kubernetes.io/upstream-hash-by",
    "nginx.ingress.kubernetes.io/upstream-hash-by-subset",
    "nginx.ingress.kubernetes.io/upstream-hash-by-subset-size",
];

/// That an Ingress takes a share of what another one gets.
pub const CANARY: &str = "nginx.ingress.kubernetes.io/canary";
/// More names for the hosts of an Ingress.
const ALIASES: &str = "nginx.ingress.kubernetes.io/server-alias";
/// How the controller speaks to the app.
const BACKEND_PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";
const FORCE_TLS: &str = "nginx.ingress.kubernetes.io/force-ssl-redirect";
/// How paths end that are regular expressions and still match what stands before: the forms in
/// ingress-nginx's own documentation.
const OPEN_ENDS: [&str; 4] = ["(/|$)(.*)", "/?(.*)", "(.*)", ".*"];
/// Outside of letters and digits, what stands for itself in a path and in a regular expression.
const PLAIN: &str = "/-._~%!&',;=:@";

/// Whether an Ingress takes a share of what another one gets, as the controller reads it.
pub fn is_canary(ingress: &Value) -> bool {
    annotation(ingress, CANARY)
        .is_some_and(|said| ["1", "t", "true"].contains(&said.to_ascii_lowercase().as_str()))
}

/// Whether an annotation gives an Ingress's hosts this name as well.
pub fn is_alias(ingress: &Value, host: &str) -> bool {
    let aliases = annotation(ingress, ALIASES).unwrap_or_default();
    aliases.split(',').any(|alias| alias.trim() == host)
}

/// Whether the app is spoken to by TLS.
pub fn speaks_tls(ingress: &Value) -> bool {
    annotation(ingress, BACKEND_PROTOCOL).is_some_and(|said| said.starts_with("HTTPS"))
}

/// Whether whatever comes without TLS is redirected, for hosts without a certificate too.
pub fn forces_tls(ingress: &Value) -> bool {
    annotation(ingress, FORCE_TLS) == Some("true")
}

/// What of a path can be asked for: all of it, or what stands before an open end. Whether a path is
/// a regular expression depends on other Ingresses too (one with `use-regex` makes them all so for
/// its host), so nothing is asked for that could mean something else then.
pub fn literal(path: &str) -> Result<&str, String> {
    let start = OPEN_ENDS.iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
    if !start.chars().all(is_plain) {
        return Err(format!("path {path} can't be asked for as it stands"));
    }
    Ok(if start.is_empty() { "/" } else { start })
}
