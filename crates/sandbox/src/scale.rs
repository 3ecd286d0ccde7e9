//! The scale subresource: what `kubectl scale` and an HPA write.

use http::Method;
use serde_json::{Value, json};

use super::Store;
use super::admission::{self, Spare};
use super::options;
use super::patch::Patch;
use super::refusal::{FieldError, Refusal, Wrong};
use super::request::Target;
use super::resources::of_kind;
use super::store::Key;
use super::types;
use super::verbs::{Asked, Reply, there};

const KIND: &str = "Scale";
const GROUP: &str = "autoscaling";

pub fn answer(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let name = target.name.as_deref().unwrap_or_default();
    asked.form()?;
    if asked.method == Method::GET {
        let object = there(store, target, name)?;
        return Ok(Reply::Object { code: 200, body: of(&object) });
    }
    let wish = Wish::of(target, asked)?;
    let key = Key::new(target.resource, target.space(), name);
    let object = store.edit_or_show(target.resource, &key, asked.query.is_dry(), |old| {
        let scale = wish.on(&of(old))?;
        admission::check_name(&scale, name)?;
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if replicas < 0 {
            let error = FieldError {
                what: Wrong::Invalid,
                field: "spec.replicas".to_owned(),
                value: json!(replicas),
                detail: "must be greater than or equal to 0".to_owned(),
            };
            return Err(Refusal::invalid_of(KIND, GROUP, name, &[error]));
        }
        let mut new = old.clone();
        new["spec"]["replicas"] = json!(replicas);
        new["metadata"]["resourceVersion"] = scale["metadata"]["resourceVersion"].clone();
        admission::admit_change(target, old, &mut new, &Spare::default())?;
        Ok(new)
    })?;
    Ok(Reply::Object { code: 200, body: of(&object) })
}

/// A scale as it is to be.
enum Wish<'a> {
    Whole(Value),
    Patched(Patch<'a>),
}

impl<'a> Wish<'a> {
    fn of(target: &Target, asked: &Asked<'a>) -> Result<Wish<'a>, Refusal> {
        if asked.method == Method::PATCH {
            let patch = Patch::of(asked)?;
            options::check_write("PatchOptions", &asked.query)?;
            return Ok(Wish::Patched(patch));
        }
        options::check_write("UpdateOptions", &asked.query)?;
        let object = asked.object(KIND)?;
        let unfit = |error| {
            let what = format!("{KIND} in version \"v1\" cannot be handled as a {KIND}");
            Refusal::bad_request(format!("{what}: {error}"))
        };
        let said = |field: &str| object[field].as_str().unwrap_or_default();
        if let Some(other) = of_kind(said("apiVersion"), said("kind")) {
            let (kind, version) = (other.kind, other.version);
            return Err(Refusal::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a {KIND}: converting \
                 ({version}.{kind}) to (autoscaling.{KIND}): unknown conversion"
            )));
        }
        let mut object = types::read(KIND, &object).map_err(unfit)?.value;
        admission::check_namespace(target, &mut object)?;
        admission::check_name(&object, target.name.as_deref().unwrap_or_default())?;
        Ok(Wish::Whole(object))
    }

    fn on(self, old: &Value) -> Result<Value, Refusal> {
        match self {
            Wish::Whole(scale) => Ok(scale),
            Wish::Patched(patch) => {
                let new = patch.on(old)?;
                types::read(KIND, &new).map(|read| read.value).map_err(Refusal::bad_request)
            }
        }
    }
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
