//! What is looked at beyond the app's namespace, where that may be read: which controller serves the class
//! of its Ingresses, and whether another namespace has its preview host. A release does without.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checks::CheckInput;
use crate::model::{Kind, annotation, name};
use crate::route::serves_host;

const IS_DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

/// What there is to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sought {
    /// The app's Ingresses are of one class, or are refused.
    pub class: Option<Class>,
    pub host: Option<String>,
}

/// The class of an Ingress.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Class {
    Named(String),
    /// It names none.
    Default,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Beyond {
    /// `spec.controller` of classes, by their names; of the cluster's default class by none.
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
    // Of an app without an Ingress there is none.
    let mut ingresses = g.routes().into_iter().filter(|route| route.kind() == Kind::Ingress);
    let class = ingresses.next().map(|route| match route.class() {
        Some(class) => Class::Named(class.to_owned()),
        None => Class::Default,
    });
    Sought { class, host: g.preview_host.clone() }
}

/// The controller of the class that an Ingress is given which names none. Of several it is the newest, as the
/// API server has it.
pub fn default_controller(classes: &[Value]) -> Option<&str> {
    let is_default = |class: &&Value| annotation(class, IS_DEFAULT) == Some("true");
    let created =
        |class: &Value| class["metadata"]["creationTimestamp"].as_str().unwrap_or("").to_owned();
    let defaults = classes.iter().filter(is_default);
    let newest =
        defaults.max_by(|a, b| created(a).cmp(&created(b)).then_with(|| name(b).cmp(name(a))))?;
    newest["spec"]["controller"].as_str()
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
    fn the_newest_default_class_counts() {
        let class = |name: &str, created: &str, is_default: &str| {
            json!({"metadata": {"name": name, "creationTimestamp": created,
                "annotations": {IS_DEFAULT: is_default}}, "spec": {"controller": name}})
        };
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        let of = |classes: &[Value]| default_controller(classes).map(str::to_owned);
        assert_eq!(of(&[class("a", new, "false")]), None);
        let all = [class("c", old, "true"), class("b", new, "true"), class("d", new, "true")];
        assert_eq!(of(&all).as_deref(), Some("b"));
    }

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
