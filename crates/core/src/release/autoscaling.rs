//! What stands beside a Deployment and is about its size: the HorizontalPodAutoscaler and the
//! PodDisruptionBudget of a colour. A user's own are never deleted; clones of ours go with their slot.

use json_patch::{AddOperation, PatchOperation, RemoveOperation};
use serde_json::{Value, json};

use super::carried::Marks;
use super::{Names, Snapshot, manifests, selector};
use crate::model::{
    Colour, EPOCH, Id, Kind, MANAGED_BY, MANAGER, Objects, RELEASE, Write, annotate, annotation,
    label, name, pointer, string_map, version,
};
use crate::route::Label;

/// What an autoscaler's minReplicas was before it was held, and what it is held at: `2 5`.
pub const PINNED: &str = "bluegreen/held";

impl Snapshot {
    /// The autoscalers of a colour's Deployment.
    pub fn autoscalers(&self, colour: Colour) -> Vec<&Value> {
        let deployment = self.names.deployment(colour);
        let all = self.objects.list(Kind::HorizontalPodAutoscaler);
        all.filter(|scaler| {
            let target = &scaler["spec"]["scaleTargetRef"];
            target["kind"] == "Deployment" && target["name"] == deployment.as_str()
        })
        .collect()
    }

    /// The clone of ours that belongs to a colour, of either kind.
    pub fn clone_beside(&self, kind: Kind, colour: Colour) -> Option<&Value> {
        let object = self.objects.get(kind, &self.names.deployment(colour))?;
        (label(object, MANAGED_BY) == Some(MANAGER)).then_some(object)
    }
}

/// The clone of an autoscaler, for a colour.
pub fn autoscaler(names: &Names, like: &Value, colour: Colour, number: u64, epoch: u64) -> Write {
    let mut spec = unpinned_spec(like);
    spec["scaleTargetRef"]["name"] = json!(names.deployment(colour));
    made(names, (Kind::HorizontalPodAutoscaler, like), colour, spec, number, epoch)
}

/// What its owner gave it, whether it is held or not.
pub fn unpinned_spec(object: &Value) -> Value {
    let mut spec = object["spec"].clone();
    if let Some((own, at)) = pinned(object)
        && spec["minReplicas"] == at
    {
        spec["minReplicas"] = json!(own);
    }
    spec
}

/// The clone of a budget that holds the live pods, for those of a colour; none where its selector
/// can't be rewritten to hold them.
pub fn budget(
    names: &Names,
    like: &Value,
    key: &Label,
    colour: Colour,
    labels: &Value,
    number: u64,
    epoch: u64,
) -> Option<Write> {
    let mut spec = like["spec"].clone();
    let (was, is) = (key.value(colour.other()), key.value(colour));
    let mut set = |value: &mut Value| {
        if *value == was.as_str() {
            *value = json!(is);
        }
    };
    // Nothing is to stand there that the API server would not give back.
    if let Some(value) = spec.pointer_mut("/selector/matchLabels").and_then(|l| l.get_mut(&key.key))
    {
        set(value);
    }
    let expressions = spec.pointer_mut("/selector/matchExpressions").and_then(Value::as_array_mut);
    for expression in expressions.into_iter().flatten().filter(|e| e["key"] == key.key.as_str()) {
        expression["values"].as_array_mut().into_iter().flatten().for_each(&mut set);
    }
    let holds = selector::matches(&spec["selector"], &string_map(labels));
    holds.then(|| made(names, (Kind::PodDisruptionBudget, like), colour, spec, number, epoch))
}

fn made(
    names: &Names,
    (kind, like): (Kind, &Value),
    colour: Colour,
    spec: Value,
    number: u64,
    epoch: u64,
) -> Write {
    let name = names.deployment(colour);
    let mut object = json!({
        "apiVersion": kind.api_version(),
        "kind": kind.to_string(),
        "metadata": {
            "name": name,
            "namespace": names.namespace,
            "labels": manifests::labels(names),
            "annotations": {RELEASE: number.to_string(), EPOCH: epoch.to_string()},
        },
        "spec": spec,
    });
    Marks::of(&like["metadata"]).onto(&mut object["metadata"]);
    Write::create(Id::new(kind, name), object)
}

/// Whether what one of the app's autoscalers does depends on the version of Kubernetes.
pub fn depends_on_the_version(objects: &Objects, names: &Names) -> bool {
    let deployments = Colour::BOTH.map(|colour| names.deployment(colour));
    objects.list(Kind::HorizontalPodAutoscaler).any(|scaler| {
        let target = &scaler["spec"]["scaleTargetRef"]["name"];
        min_replicas(scaler) == 0 && deployments.iter().any(|name| target == name.as_str())
    })
}

pub fn min_replicas(scaler: &Value) -> u64 {
    scaler["spec"]["minReplicas"].as_u64().unwrap_or(1)
}

/// What it was before, and what it is held at.
fn pinned(scaler: &Value) -> Option<(u64, u64)> {
    let (own, at) = annotation(scaler, PINNED)?.split_once(' ')?;
    Some((own.parse().ok()?, at.parse().ok()?))
}

/// What makes an autoscaler keep its Deployment at least at this size, if it does not. One that
/// somebody has put back meanwhile is left alone.
pub fn pin_min_replicas(scaler: &Value, size: u64) -> Option<Write> {
    let most = scaler["spec"]["maxReplicas"].as_u64().unwrap_or(size);
    let (size, min) = (size.min(most), min_replicas(scaler));
    let own = match pinned(scaler) {
        None => min,
        Some((own, at)) if at == min => own,
        Some(_) => return None,
    };
    (min < size).then(|| with_min(scaler, size, &[(PINNED, format!("{own} {size}"))]))
}

/// What lets go of one that is held.
pub fn unpin(scaler: &Value) -> Option<Write> {
    annotation(scaler, PINNED)?;
    let min = min_replicas(scaler);
    let own = pinned(scaler).filter(|(_, at)| *at == min).map_or(min, |(own, _)| own);
    Some(with_min(scaler, own, &[]))
}

fn with_min(scaler: &Value, min: u64, annotations: &[(&str, String)]) -> Write {
    let mut changes = vec![PatchOperation::Add(AddOperation {
        path: pointer(["spec", "minReplicas"]),
        value: json!(min),
    })];
    match annotations {
        [] => changes.push(PatchOperation::Remove(RemoveOperation {
            path: pointer(["metadata", "annotations", PINNED]),
        })),
        annotations => changes.extend(annotate(scaler, annotations)),
    }
    Write::patch(Id::new(Kind::HorizontalPodAutoscaler, name(scaler)), &version(scaler), changes)
}

/// Whoever manages an autoscaler that is no person's own.
pub fn owner(scaler: &Value) -> Option<String> {
    if let Some(object) = label(scaler, "scaledobject.keda.sh/name") {
        return Some(format!("ScaledObject {object} of KEDA"));
    }
    let owner = &scaler["metadata"]["ownerReferences"][0];
    Some(format!("{} {}", owner["kind"].as_str()?, owner["name"].as_str()?))
}
