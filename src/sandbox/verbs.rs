//! What a request asks for, done or refused, as the API server does it.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::admission::{self, Spare};
use super::form::Form;
use super::managers;
use super::patch;
use super::refusal::Refusal;
use super::request::{Query, Target};
use super::resources::{NAMESPACES, PODS};
use super::scale;
use super::selectors::Selectors;
use super::store::{Fate, Key, Store};
use super::watch::Watch;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// What is answered with success.
pub enum Reply {
    Object { code: u16, body: Value },
    Text(String),
    Watch(Box<Watch>),
}

/// One request, with its body read.
pub struct Asked<'a> {
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    pub query: Query,
    pub body: &'a [u8],
}

impl Asked<'_> {
    pub fn header(&self, name: http::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn media(&self) -> &str {
        self.header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
    }

    pub fn is_protobuf(&self) -> bool {
        self.media() == PROTOBUF
    }

    /// The body, as an object.
    pub fn object(&self) -> Result<Value, Refusal> {
        let media = self.media();
        if self.is_protobuf() {
            return Err(Refusal::unknown_format(&["application/json"]));
        }
        if !matches!(media, "" | "application/json") {
            let accepted = ["application/json", "application/yaml", PROTOBUF];
            return Err(Refusal::unknown_format(&accepted));
        }
        match serde_json::from_slice(self.body) {
            Ok(object @ Value::Object(_)) => Ok(object),
            Ok(_) => Err(Refusal::bad_request("the body is not an object")),
            Err(error) => {
                Err(Refusal::bad_request(format!("error decoding the body as JSON: {error}")))
            }
        }
    }

    pub fn form(&self) -> Result<Form, Refusal> {
        Form::asked(self.headers, &self.query)
    }
}

pub fn answer(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    match (&target.name, target.part.as_deref(), asked.method.as_str()) {
        (None, _, "GET") => collection(store, target, asked),
        (None, _, "POST") => create(store, target, asked),
        (Some(name), None | Some("status"), "GET") => {
            let object = there(store, target, name)?;
            let body = asked.form()?.one(target.resource, &object, store.clock().now());
            Ok(Reply::Object { code: 200, body })
        }
        (Some(_), None | Some("status"), "PUT") => update(store, target, asked),
        (Some(_), None | Some("status"), "PATCH") => change(store, target, asked),
        (Some(_), None, "DELETE") => delete(store, target, asked),
        (Some(_), Some("scale"), "GET" | "PUT" | "PATCH") if target.resource.has_scale => {
            scale::answer(store, target, asked)
        }
        (Some(name), Some("log"), "GET") if target.resource.plural == PODS.plural => {
            log(store, target, name, asked)
        }
        (Some(_), Some("scale" | "log"), _) | (_, None, _) => Err(Refusal::not_allowed()),
        _ => Err(Refusal::no_such_path()),
    }
}

pub fn there(store: &Store, target: &Target, name: &str) -> Result<Arc<Value>, Refusal> {
    let key = Key::new(target.resource, target.space(), name);
    store.get(&key).ok_or_else(|| Refusal::not_found(target.resource, name))
}

fn collection(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let query = &asked.query;
    let selectors =
        Selectors::parse(target.resource, query.get("labelSelector"), query.get("fieldSelector"))?;
    let namespace = target.namespace.as_deref();
    if query.is_set("watch") {
        let watch = Watch::open(store, target, selectors, query, asked.form()?)?;
        return Ok(Reply::Watch(Box::new(watch)));
    }
    let (mut objects, at) = store.list_at(target.resource, namespace);
    objects.retain(|object| selectors.matches(object));
    let objects = objects.iter().map(|object| &**object);
    let body = asked.form()?.list(target.resource, objects, at, store.clock().now());
    Ok(Reply::Object { code: 200, body })
}

fn create(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    if super::access::is_review(target) {
        return Ok(Reply::Object { code: 201, body: super::access::review(target, asked)? });
    }
    let mut object = asked.object()?;
    admission::place(target, &mut object)?;
    if target.resource.is_namespaced
        && store.get(&Key::new(&NAMESPACES, "", target.space())).is_none()
    {
        return Err(Refusal::not_found(&NAMESPACES, target.space()));
    }
    if let Some(prefix) = object["metadata"]["generateName"].as_str()
        && object["metadata"]["name"].as_str().is_none_or(str::is_empty)
    {
        object["metadata"]["name"] = json!(format!("{prefix}{}", store.suffix()));
    }
    let spare = Spare::of(store, target.resource);
    admission::admit_new(target.resource, &mut object, &spare)?;
    managers::note(&mut object, target, asked, store.clock());
    let object = store.create_or_show(target.resource, object, asked.query.is_dry())?;
    Ok(Reply::Object { code: 201, body: (*object).clone() })
}

fn update(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let mut new = asked.object()?;
    let name = target.name.as_deref().unwrap_or_default();
    admission::place(target, &mut new)?;
    if new["metadata"]["name"] != name {
        let said = new["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Refusal::bad_request(format!(
            "the name of the object ({said}) does not match the name on the URL ({name})"
        )));
    }
    written(store, target, asked, |_| Ok(new))
}

fn change(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let patch = patch::read(asked)?;
    written(store, target, asked, |old| patch.on(old))
}

/// An update, whatever it was asked as: what may not change stays, and what comes of it is checked.
fn written(
    store: &Store,
    target: &Target,
    asked: &Asked,
    new: impl FnOnce(&Value) -> Result<Value, Refusal>,
) -> Result<Reply, Refusal> {
    let name = target.name.as_deref().unwrap_or_default();
    let key = Key::new(target.resource, target.space(), name);
    let spare = Spare::of(store, target.resource);
    let object = store.edit_or_show(target.resource, &key, asked.query.is_dry(), |old| {
        let mut new = new(old)?;
        if target.part.is_some() {
            let status = std::mem::take(&mut new["status"]);
            let version = new["metadata"]["resourceVersion"].take();
            new = old.clone();
            new["status"] = status;
            new["metadata"]["resourceVersion"] = version;
        }
        admission::admit_change(target, old, &mut new, &spare)?;
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        if new != *old {
            managers::note(&mut new, target, asked, store.clock());
        }
        Ok(new)
    })?;
    Ok(Reply::Object { code: 200, body: (*object).clone() })
}

fn delete(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let name = target.name.as_deref().unwrap_or_default();
    let resource = target.resource;
    let key = Key::new(resource, target.space(), name);
    let options = if asked.body.is_empty() { json!({}) } else { asked.object()? };
    let dry = asked.query.is_dry() || options["dryRun"][0] == "All";
    let (object, gone) = store.delete(resource, &key, dry, |old| {
        admission::precondition(resource, old, &options["preconditions"])?;
        Ok(admission::fate(resource, old, &options, &asked.query, store.clock()))
    })?;
    // What has no grace period is told with a Status, what stays for a while as an object.
    let body = match gone && resource.plural != PODS.plural {
        false => (*object).clone(),
        true => {
            let mut details = json!({
                "name": name, "kind": resource.plural, "uid": object["metadata"]["uid"],
            });
            if !resource.group.is_empty() {
                details["group"] = json!(resource.group);
            }
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": details,
            })
        }
    };
    Ok(Reply::Object { code: 200, body })
}

fn log(store: &Store, target: &Target, name: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let pod = there(store, target, name)?;
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let container = match (asked.query.get("container"), containers) {
        ("", [only]) => only["name"].as_str().unwrap_or_default(),
        ("", several) => {
            let names: Vec<_> = several.iter().filter_map(|it| it["name"].as_str()).collect();
            return Err(Refusal::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                names.join(" ")
            )));
        }
        (given, several) if several.iter().any(|it| it["name"] == given) => given,
        (given, _) => {
            let why = format!("container {given} is not valid for pod {name}");
            return Err(Refusal::bad_request(why));
        }
    };
    let previous = asked.query.is_set("previous");
    let key = Key::new(&PODS, target.space(), name);
    let Some(text) = store.log(&key, container, previous) else {
        let why = match previous {
            true => {
                format!("previous terminated container {container:?} in pod {name:?} not found")
            }
            false => {
                let pod = format!("container {container:?} in pod {name:?}");
                format!("{pod} is waiting to start: ContainerCreating")
            }
        };
        return Err(Refusal::bad_request(why));
    };
    let lines: Vec<&str> = text.lines().collect();
    let tail = asked.query.get("tailLines").parse().unwrap_or(lines.len());
    let kept = &lines[lines.len().saturating_sub(tail)..];
    Ok(Reply::Text(kept.iter().map(|line| format!("{line}\n")).collect()))
}

/// The time of an end to come is the end's; whoever counts generations counts this.
pub fn fate_of_marked(mut object: Value, stamp: &str, seconds: u64) -> Fate {
    let metadata = &mut object["metadata"];
    if metadata["deletionTimestamp"].is_null() {
        metadata["deletionTimestamp"] = json!(stamp);
        metadata["deletionGracePeriodSeconds"] = json!(seconds);
        if let Some(generation) = metadata["generation"].as_u64() {
            metadata["generation"] = json!(generation + 1);
        }
    }
    Fate::Marked(object)
}
