//! The scale subresource: what `kubectl scale` and an HPA write.

use http::Method;
use serde_json::{Value, json};

use super::Store;
use super::admission::{self, Spare};
use super::patch;
use super::refusal::Refusal;
use super::request::Target;
use super::store::Key;
use super::verbs::{Asked, Reply, there};

pub fn answer(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let name = target.name.as_deref().unwrap_or_default();
    if asked.method == Method::GET {
        let object = there(store, target, name)?;
        return Ok(Reply::Object { code: 200, body: of(&object) });
    }
    let given = if asked.method == Method::PUT { Some(asked.object()?) } else { None };
    let patch = if asked.method == Method::PATCH { Some(patch::read(asked)?) } else { None };
    let key = Key::new(target.resource, target.space(), name);
    let object = store.edit_or_show(target.resource, &key, asked.query.is_dry(), |old| {
        let scale = match (given, patch) {
            (Some(scale), _) => scale,
            (None, Some(patch)) => patch.on(&of(old))?,
            (None, None) => return Err(Refusal::not_allowed()),
        };
        let mut new = old.clone();
        new["spec"]["replicas"] = match &scale["spec"]["replicas"] {
            // A scale leaves out what is zero.
            Value::Null => json!(0),
            replicas => replicas.clone(),
        };
        if let Some(version) = scale["metadata"]["resourceVersion"].as_str() {
            new["metadata"]["resourceVersion"] = json!(version);
        }
        admission::admit_change(target, old, &mut new, &Spare::default())?;
        Ok(new)
    })?;
    Ok(Reply::Object { code: 200, body: of(&object) })
}

fn of(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {},
        "spec": {},
        "status": {
            "replicas": object["status"]["replicas"].as_u64().unwrap_or(0),
            "selector": selector.collect::<Vec<_>>().join(","),
        },
    });
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        scale["metadata"][field] = metadata[field].clone();
    }
    match object["spec"]["replicas"].as_u64() {
        Some(0) | None => {}
        Some(replicas) => scale["spec"]["replicas"] = json!(replicas),
    }
    scale
}
