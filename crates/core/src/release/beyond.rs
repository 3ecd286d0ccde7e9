//! What is looked at beyond the app's namespace, where that may be read: which controller serves the class
//! of its Ingresses, and whether another namespace has its preview host. A release does without.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checks::CheckInput;
use crate::model::name;
use crate::route::serves_host;

/// What there is to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sought {
    /// The app's Ingresses are of one class, or are refused.
    pub class: Option<String>,
    pub host: Option<String>,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beyond {
    /// `spec.controller` of classes, by their names.
    pub controllers: BTreeMap<String, String>,
    /// Of the preview host, if all Ingresses could be listed.
    pub host: Option<Elsewhere>,
}

/// A host, and the Ingress of another namespace that serves it, as `NAME in namespace NAMESPACE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Elsewhere {
    pub host: String,
    pub served_by: Option<String>,
}

pub fn sought(g: &CheckInput) -> Sought {
    let class = g.routes().first().and_then(|route| route.class());
    Sought { class: class.map(str::to_owned), host: g.preview_host.clone() }
}

impl Elsewhere {
    /// Of the Ingresses of all namespaces, the app's own among them, which is known already.
    pub fn among<'a>(
        host: &str,
        own: &str,
        ingresses: impl IntoIterator<Item = &'a Value>,
    ) -> Elsewhere {
        let namespace = |ingress: &'a Value| ingress["metadata"]["namespace"].as_str();
        let mut others = ingresses.into_iter().filter(|ingress| namespace(ingress) != Some(own));
        let taken = others.find(|ingress| serves_host(ingress, host));
        let served_by = taken.map(|ingress| {
            format!("{} in namespace {}", name(ingress), namespace(ingress).unwrap_or_default())
        });
        Elsewhere { host: host.to_owned(), served_by }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_looked_for_in_other_namespaces_alone() {
        let ingress = |namespace: &str, host: &str| {
            json!({"metadata": {"namespace": namespace, "name": "web"},
                "spec": {"rules": [{"host": host}]}})
        };
        let all = [ingress("birds", "a.example.com"), ingress("cats", "b.example.com")];
        let served_by = |host| Elsewhere::among(host, "birds", &all).served_by;
        assert_eq!(served_by("a.example.com"), None);
        assert_eq!(served_by("b.example.com").as_deref(), Some("web in namespace cats"));
    }
}
