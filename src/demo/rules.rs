//! Which Service a request goes to, by what the Ingresses say. Pure.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::Value;

const ALLOWED: &str = "nginx.ingress.kubernetes.io/whitelist-source-range";

/// A Service's port, as an Ingress names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Backend {
    pub namespace: String,
    pub service: String,
    /// Its number or its name.
    pub port: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// For what no rule is about.
    fallback: Option<Backend>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Rule {
    /// None is any.
    host: Option<String>,
    path: String,
    is_exact: bool,
    /// Whether a visitor on this machine may.
    is_open: bool,
    backend: Backend,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way<'a> {
    To(&'a Backend),
    Forbidden,
    Unknown,
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Rules {
    pub fn of(ingresses: &[Arc<Value>]) -> Rules {
        let mut all = Rules::default();
        for ingress in ingresses {
            let backend = |backend: &Value| backend_of(ingress, &backend["service"]);
            let is_open = is_open(ingress);
            for rule in items(&ingress["spec"]["rules"]) {
                let host = rule["host"].as_str().filter(|host| !host.is_empty());
                for path in items(&rule["http"]["paths"]) {
                    let Some(backend) = backend(&path["backend"]) else { continue };
                    all.rules.push(Rule {
                        host: host.map(str::to_ascii_lowercase),
                        path: path["path"].as_str().unwrap_or("/").to_owned(),
                        is_exact: path["pathType"] == "Exact",
                        is_open,
                        backend,
                    });
                }
            }
            let fallback = backend(&ingress["spec"]["defaultBackend"]);
            all.fallback = all.fallback.or(fallback);
        }
        all
    }

    pub fn backends(&self) -> impl Iterator<Item = &Backend> {
        self.rules.iter().map(|rule| &rule.backend).chain(&self.fallback)
    }

    /// Of the rules of the nearest host, the one with the longest path.
    pub fn way(&self, host: &str, path: &str) -> Way<'_> {
        let host = host.to_ascii_lowercase();
        let nearest = self.rules.iter().map(|rule| rule.nearness(&host)).max().unwrap_or(0);
        let of_host =
            self.rules.iter().filter(|rule| nearest > 0 && rule.nearness(&host) == nearest);
        let fits = of_host.filter(|rule| rule.covers(path));
        match (fits.max_by_key(|rule| (rule.path.len(), rule.is_exact)), &self.fallback) {
            (Some(rule), _) if rule.is_open => Way::To(&rule.backend),
            (Some(_), _) => Way::Forbidden,
            (None, Some(fallback)) => Way::To(fallback),
            (None, None) => Way::Unknown,
        }
    }
}

impl Rule {
    /// 0: not about this host.
    fn nearness(&self, host: &str) -> u8 {
        match self.host.as_deref() {
            Some(own) if own == host => 3,
            Some(own) => {
                let domain = own.strip_prefix("*.");
                let is_under = host.split_once('.').is_some_and(|(_, rest)| Some(rest) == domain);
                2 * u8::from(is_under)
            }
            None => 1,
        }
    }

    /// A prefix counts by whole parts of the path.
    fn covers(&self, path: &str) -> bool {
        if self.is_exact {
            return path == self.path;
        }
        let own = self.path.trim_end_matches('/');
        path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn backend_of(ingress: &Value, service: &Value) -> Option<Backend> {
    let port = &service["port"];
    let number = || port["number"].as_u64().map(|number| number.to_string());
    Some(Backend {
        namespace: ingress["metadata"]["namespace"].as_str()?.to_owned(),
        service: service["name"].as_str()?.to_owned(),
        port: port["name"].as_str().map(str::to_owned).or_else(number)?,
    })
}

/// Every request comes from this machine.
fn is_open(ingress: &Value) -> bool {
    let Some(allowed) = ingress["metadata"]["annotations"][ALLOWED].as_str() else { return true };
    allowed.split(',').any(|range| covers(range.trim(), Ipv4Addr::LOCALHOST) == Some(true))
}

/// None where it is no range of IPv4.
fn covers(range: &str, address: Ipv4Addr) -> Option<bool> {
    let (network, length) = range.split_once('/').unwrap_or((range, "32"));
    let (network, length): (Ipv4Addr, u32) = (network.parse().ok()?, length.parse().ok()?);
    let mask = u32::MAX.checked_shl(32u32.checked_sub(length)?).unwrap_or(0);
    Some(network.to_bits() & mask == address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Path, type and Service.
    type Path<'a> = (&'a str, &'a str, &'a str);

    /// Each host, or none, with its paths.
    fn ingress(rules: &[(&str, &[Path])]) -> Arc<Value> {
        let path = |(path, kind, service): &Path| {
            let service = json!({ "name": service, "port": { "number": 80 } });
            json!({ "path": path, "pathType": kind, "backend": { "service": service } })
        };
        let rules = rules.iter().map(|(host, paths)| {
            let paths: Vec<Value> = paths.iter().map(path).collect();
            match *host {
                "" => json!({ "http": { "paths": paths } }),
                host => json!({ "host": host, "http": { "paths": paths } }),
            }
        });
        let rules: Vec<Value> = rules.collect();
        Arc::new(json!({ "metadata": { "namespace": "birds" }, "spec": { "rules": rules } }))
    }

    fn found<'a>(rules: &'a Rules, host: &str, path: &str) -> &'a str {
        match rules.way(host, path) {
            Way::To(backend) => &backend.service,
            Way::Forbidden => "forbidden",
            Way::Unknown => "unknown",
        }
    }

    #[test]
    fn the_longest_path_wins_and_an_exact_one_before_a_prefix() {
        let rules = Rules::of(&[ingress(&[(
            "parrot.example.com",
            &[
                ("/wings/left/", "Prefix", "left"),
                ("/wings", "Exact", "both-wings"),
                ("/wings", "Prefix", "wings"),
                ("/", "Prefix", "root"),
            ],
        )])]);
        for (path, service) in [
            ("/", "root"),
            ("/beak", "root"),
            ("/wings", "both-wings"),
            ("/wings/", "wings"),
            ("/wings/right", "wings"),
            ("/wingspan", "root"),
            ("/wings/left", "left"),
            ("/wings/left/tip", "left"),
        ] {
            assert_eq!(found(&rules, "parrot.example.com", path), service, "{path}");
        }
    }

    #[test]
    fn the_nearest_host_wins_and_hosts_know_no_case() {
        let rules = Rules::of(&[ingress(&[
            ("*.example.com", &[("/", "Prefix", "any-of-them")]),
            ("", &[("/open", "Prefix", "anybody")]),
            ("Parrot.example.com", &[("/only", "Prefix", "parrot")]),
        ])]);
        for (host, path, service) in [
            ("parrot.EXAMPLE.com", "/only", "parrot"),
            // Its own rules are all that it has.
            ("parrot.example.com", "/open", "unknown"),
            ("toucan.example.com", "/only", "any-of-them"),
            ("a.toucan.example.com", "/", "unknown"),
            ("a.toucan.example.com", "/open/beak", "anybody"),
        ] {
            assert_eq!(found(&rules, host, path), service, "{host}{path}");
        }
        assert_eq!(found(&Rules::default(), "parrot.example.com", "/"), "unknown");
    }

    #[test]
    fn the_default_backend_is_for_what_no_rule_is_about() {
        let mut with = (*ingress(&[("parrot.example.com", &[("/a", "Exact", "parrot")])])).clone();
        with["spec"]["defaultBackend"] =
            json!({ "service": { "name": "rest", "port": { "name": "http" } } });
        let rules = Rules::of(&[Arc::new(with)]);
        assert_eq!(found(&rules, "parrot.example.com", "/a"), "parrot");
        assert_eq!(found(&rules, "parrot.example.com", "/b"), "rest");
        assert_eq!(found(&rules, "toucan.example.com", "/"), "rest");
        let ports: Vec<&str> = rules.backends().map(|backend| &*backend.port).collect();
        assert_eq!(ports, ["80", "http"]);
    }

    #[test]
    fn who_is_not_allowed_is_kept_out() {
        for (range, is_open) in [
            ("0.0.0.0/32", false),
            ("10.0.0.0/8", false),
            ("10.0.0.0/8, 127.0.0.0/8", true),
            ("127.0.0.1", true),
            ("0.0.0.0/0", true),
            ("::/0", false),
            ("127.0.0.1/33", false),
        ] {
            let mut closed = (*ingress(&[("", &[("/", "Prefix", "parrot")])])).clone();
            closed["metadata"]["annotations"] = json!({ ALLOWED: range });
            let rules = Rules::of(&[Arc::new(closed)]);
            let wanted = if is_open { "parrot" } else { "forbidden" };
            assert_eq!(found(&rules, "parrot.example.com", "/"), wanted, "{range}");
        }
    }
}
