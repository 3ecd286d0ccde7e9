//! Kubernetes objects of one namespace, kept as JSON: a typed struct drops the fields that it does
//! not know, and what the user wrote must survive us.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Others;

/// A kind of object that a release reads or writes.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
pub enum Kind {
    ConfigMap,
    Deployment,
    EndpointSlice,
    Event,
    HorizontalPodAutoscaler,
    Ingress,
    NetworkPolicy,
    PersistentVolumeClaim,
    Pod,
    PodDisruptionBudget,
    ReplicaSet,
    ResourceQuota,
    Service,
}

impl Kind {
    pub fn api_version(self) -> &'static str {
        match self {
            Kind::ConfigMap
            | Kind::Event
            | Kind::PersistentVolumeClaim
            | Kind::Pod
            | Kind::ResourceQuota
            | Kind::Service => "v1",
            Kind::Deployment | Kind::ReplicaSet => "apps/v1",
            Kind::EndpointSlice => "discovery.k8s.io/v1",
            Kind::HorizontalPodAutoscaler => "autoscaling/v2",
            Kind::Ingress | Kind::NetworkPolicy => "networking.k8s.io/v1",
            Kind::PodDisruptionBudget => "policy/v1",
        }
    }

    /// The resource's name in URLs and in RBAC rules.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::ConfigMap => "configmaps",
            Kind::Deployment => "deployments",
            Kind::EndpointSlice => "endpointslices",
            Kind::Event => "events",
            Kind::HorizontalPodAutoscaler => "horizontalpodautoscalers",
            Kind::Ingress => "ingresses",
            Kind::NetworkPolicy => "networkpolicies",
            Kind::PersistentVolumeClaim => "persistentvolumeclaims",
            Kind::Pod => "pods",
            Kind::PodDisruptionBudget => "poddisruptionbudgets",
            Kind::ReplicaSet => "replicasets",
            Kind::ResourceQuota => "resourcequotas",
            Kind::Service => "services",
        }
    }

    pub fn parse(kind: &str) -> Option<Kind> {
        serde_json::from_value(Value::from(kind)).ok()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What names an object within the app's namespace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct Id {
    pub kind: Kind,
    pub name: String,
}

impl Id {
    pub fn new(kind: Kind, name: impl Into<String>) -> Id {
        Id { kind, name: name.into() }
    }

    /// The identity of an object that says its own kind.
    pub fn of(object: &Value) -> Option<Id> {
        Some(Id::new(Kind::parse(object["kind"].as_str()?)?, name(object)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Which object, and which state of it, an observation saw: every update and delete carries it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    pub uid: String,
    pub resource_version: String,
}

pub fn version(object: &Value) -> Version {
    let field = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
    Version { uid: field("uid"), resource_version: field("resourceVersion") }
}

pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

pub fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}

pub fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["labels"][key].as_str()
}

/// The string entries of a JSON object: labels, selectors.
pub fn string_map(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}

/// What was read of one namespace. A copy shares the objects: each pass of the loop takes one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Objects {
    own: BTreeMap<Id, Arc<Value>>,
    /// What is only read before something begins.
    pub others: Others,
    /// The API server's version, major and minor, where something depends on it.
    pub server: Option<(u64, u64)>,
}

impl Objects {
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Value> {
        self.own.get(&Id::new(kind, name)).map(|object| &**object)
    }

    pub fn list(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        self.own.iter().filter(move |(id, _)| id.kind == kind).map(|(_, object)| &**object)
    }

    pub fn insert(&mut self, id: Id, object: Value) {
        self.own.insert(id, Arc::new(object));
    }

    pub fn remove(&mut self, id: &Id) {
        self.own.remove(id);
    }

    /// Forgets all objects of one kind: a list that was read again replaces what was known.
    pub fn clear(&mut self, kind: Kind) {
        self.own.retain(|id, _| id.kind != kind);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Value)> {
        self.own.iter().map(|(id, object)| (id, &**object))
    }
}
