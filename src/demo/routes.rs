//! What an ingress controller makes of the objects: where a request goes.

use serde_json::Value;

use crate::sandbox::{Key, Store, resources};

/// Lets nobody in.
const DENIED: (&str, &str) = ("nginx.ingress.kubernetes.io/whitelist-source-range", "0.0.0.0/32");
const SERVICE: &str = "kubernetes.io/service-name";

/// The configuration, as of one look at the objects.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Routes {
    rules: Vec<Rule>,
    /// The candidate's pods, for those who look at it before it is live.
    pub preview: Vec<String>,
}

#[derive(Clone, PartialEq, Debug)]
struct Rule {
    /// None: any.
    host: Option<String>,
    path: String,
    is_exact: bool,
    is_denied: bool,
    /// The addresses of the pods that are ready.
    ends: Vec<String>,
}

/// Where a request goes.
#[derive(PartialEq, Debug)]
pub enum Way<'a> {
    Pods(&'a [String]),
    Denied,
    Nowhere,
}

impl Routes {
    pub fn read(store: &Store, namespace: &str, preview: &str) -> Routes {
        let mut rules = Vec::new();
        for ingress in store.list(&resources::INGRESSES, Some(namespace)) {
            let is_denied = ingress["metadata"]["annotations"][DENIED.0] == DENIED.1;
            for rule in list(&ingress["spec"]["rules"]) {
                for path in list(&rule["http"]["paths"]) {
                    let service = path["backend"]["service"]["name"].as_str().unwrap_or_default();
                    rules.push(Rule {
                        host: rule["host"].as_str().map(str::to_owned),
                        path: path["path"].as_str().unwrap_or("/").to_owned(),
                        is_exact: path["pathType"] == "Exact",
                        is_denied,
                        ends: ready(store, namespace, service),
                    });
                }
            }
        }
        // The longest path that fits counts, and one that fits exactly before any other.
        rules.sort_by_key(|rule| (!rule.is_exact, std::cmp::Reverse(rule.path.len())));
        Routes { rules, preview: ready(store, namespace, preview) }
    }

    pub fn find(&self, host: &str, path: &str) -> Way<'_> {
        let of_host = |rule: &&Rule| rule.host.as_deref() == Some(host);
        let fits = |rule: &&Rule| rule.fits(path);
        let found = self.rules.iter().filter(of_host).find(fits);
        let any = || self.rules.iter().filter(|rule| rule.host.is_none()).find(fits);
        match found.or_else(any) {
            Some(rule) if rule.is_denied => Way::Denied,
            Some(rule) => Way::Pods(&rule.ends),
            None => Way::Nowhere,
        }
    }
}

impl Rule {
    /// As Kubernetes has it: a prefix of whole parts.
    fn fits(&self, path: &str) -> bool {
        let prefix = self.path.trim_end_matches('/');
        match self.is_exact {
            true => path == self.path,
            false => path
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        }
    }
}

/// The ready ends of a Service, by its slices.
fn ready(store: &Store, namespace: &str, service: &str) -> Vec<String> {
    if store.get(&Key::new(&resources::SERVICES, namespace, service)).is_none() {
        return Vec::new();
    }
    let slices = store.list(&resources::ENDPOINT_SLICES, Some(namespace));
    let own = slices.iter().filter(|slice| slice["metadata"]["labels"][SERVICE] == service);
    let ends = own.flat_map(|slice| list(&slice["endpoints"]));
    let ready = ends.filter(|end| end["conditions"]["ready"] == true);
    ready.filter_map(|end| Some(end["addresses"][0].as_str()?.to_owned())).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store() -> Store {
        let store = Store::new(1, "2026-01-01T00:00:00Z".parse().unwrap());
        let path = |path: &str, kind: &str, service: &str| json!({"path": path, "pathType": kind, "backend": {"service": {"name": service}}});
        for (name, ready) in [("a", true), ("b", true), ("c", false)] {
            store.add(json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": "n"}}));
            store.add(json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": name, "namespace": "n", "labels": {SERVICE: name}},
                "endpoints": [{"addresses": [name], "conditions": {"ready": ready}}]}));
        }
        store.add(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "open", "namespace": "n"},
        "spec": {"rules": [
            {"host": "x", "http": {"paths": [
                path("/", "Prefix", "a"), path("/b", "Prefix", "b"),
                path("/b/e", "Exact", "a"), path("/c", "Prefix", "c"),
            ]}},
            {"http": {"paths": [path("/any", "Prefix", "b")]}},
        ]}}));
        store.add(json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "ours", "namespace": "n", "annotations": {DENIED.0: DENIED.1}},
            "spec": {"rules": [{"host": "y", "http": {"paths": [path("/", "Prefix", "b")]}}]}}));
        store
    }

    #[tokio::test(start_paused = true)]
    async fn requests_go_where_the_ingresses_say() {
        let routes = Routes::read(&store(), "n", "b");
        let ends = |name: &str| vec![name.to_owned()];
        for (host, path, wanted) in [
            ("x", "/", Some("a")),
            ("x", "/bees", Some("a")),
            ("x", "/b", Some("b")),
            ("x", "/b/", Some("b")),
            ("x", "/b/e", Some("a")),
            ("x", "/b/ee", Some("b")),
            ("z", "/any/where", Some("b")),
            ("z", "/", None),
        ] {
            let wanted = wanted.map(ends);
            let way = match routes.find(host, path) {
                Way::Pods(pods) => Some(pods.to_vec()),
                _ => None,
            };
            assert_eq!(way, wanted, "{host}{path}");
        }
        assert_eq!(routes.find("y", "/"), Way::Denied);
        assert_eq!(routes.find("x", "/c"), Way::Pods(&[]));
        assert_eq!(routes.preview, ends("b"));
    }
}
