//! The objects that bluegreen makes.

use json_patch::{PatchOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use super::carried::Load;
use super::{Names, Slot, ports, template};
use crate::model::{
    APP_LABEL, Colour, EPOCH, Id, Kind, MANAGED_BY, MANAGER, RELEASE, TEMPLATE_HASH, Write, name,
    pointer, version,
};
use crate::route::Label;

pub fn labels(names: &Names) -> Value {
    json!({MANAGED_BY: MANAGER, APP_LABEL: names.app})
}

/// A Service with the ports and manners of another, for other pods. Node ports and labels stay
/// behind: the first are the user's, by the second something may find and scrape it.
pub fn service_like(names: &Names, name: &str, like: &Value, selector: Value) -> Write {
    let mut spec = Map::new();
    for field in ["sessionAffinity", "sessionAffinityConfig", "ipFamilies", "ipFamilyPolicy"] {
        if let Some(value) = like.get(field).filter(|value| !value.is_null()) {
            spec.insert(field.to_owned(), value.clone());
        }
    }
    spec.insert("ports".to_owned(), ports::plain(like));
    spec.insert("selector".to_owned(), selector);
    spec.insert("type".to_owned(), json!("ClusterIP"));
    let object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": names.namespace, "labels": labels(names)},
        "spec": spec,
    });
    Write::create(Id::new(Kind::Service, name), object)
}

/// The ports of a Service of ours, brought in line with the live Service's.
pub fn align_ports(service: &Value, ports: Value) -> Write {
    let replace = PatchOperation::Replace(ReplaceOperation {
        path: pointer(["spec", "ports"]),
        value: ports,
    });
    Write::patch(Id::new(Kind::Service, name(service)), &version(service), vec![replace])
}

/// The Deployment of a candidate: the live one's spec, with the metadata of a slot.
pub fn candidate(names: &Names, from: Slot, label: &Label, candidate: &Candidate) -> Write {
    let mut spec = from.0["spec"].clone();
    spec["selector"]["matchLabels"][&label.key] = json!(label.value(candidate.colour));
    spec["template"] =
        template::coloured(candidate.template, label, candidate.colour, candidate.release);
    spec["replicas"] = json!(candidate.replicas);
    let name = names.deployment(candidate.colour);
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": names.namespace,
            "labels": labels(names),
            "annotations": {
                RELEASE: candidate.release.to_string(),
                EPOCH: candidate.epoch.to_string(),
                TEMPLATE_HASH: candidate.hash,
            },
        },
        "spec": spec,
    });
    if let Some(load) = candidate.load {
        load.onto(&mut object["metadata"]);
    }
    Write::create(Id::new(Kind::Deployment, name), object)
}

/// What goes into a slot.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    pub colour: Colour,
    pub release: u64,
    pub epoch: u64,
    pub hash: &'a str,
    /// In its neutral form.
    pub template: &'a Value,
    pub replicas: u64,
    /// Labels and annotations of the Deployment's own.
    pub load: Option<&'a Load>,
}
