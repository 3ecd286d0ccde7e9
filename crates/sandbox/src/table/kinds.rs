//! The columns of each kind, and who fills them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resources::Resource;
use super::text::age;
use super::{Column, cells, number, pods, text, wide};

pub struct Kind {
    pub columns: &'static [Column],
    pub cells: fn(&Value, Timestamp) -> Vec<Value>,
}

pub fn of(resource: Resource) -> Kind {
    match resource.plural {
        "deployments" => Kind { columns: &DEPLOYMENTS, cells: cells::deployment },
        "replicasets" => Kind { columns: &REPLICA_SETS, cells: cells::replica_set },
        "pods" => Kind { columns: &PODS, cells: pods::pod },
        "services" => Kind { columns: &SERVICES, cells: cells::service },
        "ingresses" => Kind { columns: &INGRESSES, cells: cells::ingress },
        "ingressclasses" => Kind { columns: &INGRESS_CLASSES, cells: cells::ingress_class },
        "networkpolicies" => Kind { columns: &NETWORK_POLICIES, cells: cells::network_policy },
        "endpointslices" => Kind { columns: &ENDPOINT_SLICES, cells: cells::endpoint_slice },
        "horizontalpodautoscalers" => Kind { columns: &AUTOSCALERS, cells: cells::autoscaler },
        "poddisruptionbudgets" => Kind { columns: &BUDGETS, cells: cells::budget },
        "configmaps" => Kind { columns: &CONFIG_MAPS, cells: cells::config_map },
        "namespaces" => Kind { columns: &NAMESPACES, cells: cells::namespace },
        "events" => Kind { columns: &EVENTS, cells: cells::event },
        _ => Kind { columns: &OTHERS, cells: |object, now| vec![name(object), age(object, now)] },
    }
}

pub fn name(object: &Value) -> Value {
    json!(object["metadata"]["name"].as_str().unwrap_or_default())
}

static OTHERS: [Column; 2] = [text("Name"), text("Age")];

static DEPLOYMENTS: [Column; 8] = [
    text("Name"),
    text("Ready"),
    text("Up-to-date"),
    text("Available"),
    text("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

static REPLICA_SETS: [Column; 8] = [
    text("Name"),
    number("Desired"),
    number("Current"),
    number("Ready"),
    text("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

static PODS: [Column; 9] = [
    text("Name"),
    text("Ready"),
    text("Status"),
    text("Restarts"),
    text("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];

static SERVICES: [Column; 7] = [
    text("Name"),
    text("Type"),
    text("Cluster-IP"),
    text("External-IP"),
    text("Port(s)"),
    text("Age"),
    wide("Selector"),
];

static INGRESSES: [Column; 6] =
    [text("Name"), text("Class"), text("Hosts"), text("Address"), text("Ports"), text("Age")];

static INGRESS_CLASSES: [Column; 4] =
    [text("Name"), text("Controller"), text("Parameters"), text("Age")];

static NETWORK_POLICIES: [Column; 3] = [text("Name"), text("Pod-Selector"), text("Age")];

static ENDPOINT_SLICES: [Column; 5] =
    [text("Name"), text("AddressType"), text("Ports"), text("Endpoints"), text("Age")];

static AUTOSCALERS: [Column; 7] = [
    text("Name"),
    text("Reference"),
    text("Targets"),
    text("MinPods"),
    text("MaxPods"),
    text("Replicas"),
    text("Age"),
];

static BUDGETS: [Column; 5] = [
    text("Name"),
    text("Min Available"),
    text("Max Unavailable"),
    number("Allowed Disruptions"),
    text("Age"),
];

static CONFIG_MAPS: [Column; 3] = [text("Name"), text("Data"), text("Age")];

static NAMESPACES: [Column; 3] = [text("Name"), text("Status"), text("Age")];

static EVENTS: [Column; 10] = [
    text("Last Seen"),
    text("Type"),
    text("Reason"),
    text("Object"),
    wide("Subobject"),
    wide("Source"),
    text("Message"),
    wide("First Seen"),
    wide("Count"),
    wide("Name"),
];
