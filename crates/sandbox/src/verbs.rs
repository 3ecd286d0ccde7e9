//! What a request asks for, done or refused, as the API server does it.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::access;
use super::admission::mutating::{self, Operation};
use super::admission::{self, Spare};
use super::decode;
use super::deletion;
use super::form::Form;
use super::log;
use super::managers;
use super::options;
use super::passage;
use super::patch::Patch;
use super::refusal::Refusal;
use super::request::{Query, Target};
use super::resources::{DISRUPTION_BUDGETS, EVENTS, NAMESPACES, PODS, SERVICES};
use super::scale;
use super::selectors::Selectors;
use super::store::{Key, Store};
use super::watch::Watch;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const YAML: &str = "application/yaml";

/// What is answered with success.
pub enum Reply {
    Object { code: u16, body: Value },
    Text(String),
    Empty,
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

    pub fn check_media(&self) -> Result<(), Refusal> {
        match self.media() {
            "" | "application/json" | YAML => Ok(()),
            PROTOBUF => Err(Refusal::unknown_format(&["application/json"])),
            _ => Err(Refusal::unknown_format(&["application/json", YAML, PROTOBUF])),
        }
    }

    /// The body, as an object of a kind.
    pub fn object(&self, kind: &str) -> Result<Value, Refusal> {
        self.check_media()?;
        if self.media() == YAML {
            let read = serde_saphyr::from_slice(self.body);
            return read.map_err(|error| decode::unrecognized(kind, &error.to_string(), self.body));
        }
        decode::object_of(kind, self.body)
    }

    /// Whether what no field is for is an error.
    fn is_strict(&self) -> bool {
        self.query.get("fieldValidation") == "Strict"
    }

    pub fn form(&self) -> Result<Form, Refusal> {
        Form::asked(self.headers, &self.query)
    }
}

pub fn answer(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let resource = target.resource;
    let (has_status, has_scale) = (resource.has_status, resource.has_scale);
    let is_pod = resource.plural == PODS.plural;
    match (&target.name, target.part.as_deref(), asked.method.as_str()) {
        (Some(_), ..) if access::is_review(target) => Err(Refusal::no_such_path()),
        (None, _, "GET") if access::is_review(target) => Err(Refusal::not_allowed()),
        (None, _, "GET") => collection(store, target, asked),
        (None, _, "POST") => create(store, target, asked),
        (Some(_), Some("status"), _) if !has_status => Err(Refusal::no_such_path()),
        (Some(name), None | Some("status"), "GET") => {
            let form = asked.form()?;
            let object = there(store, target, name)?;
            let body = form.one(resource, &object, store.clock().now());
            Ok(Reply::Object { code: 200, body })
        }
        (Some(_), None | Some("status"), "PUT") => update(store, target, asked),
        (Some(_), None | Some("status"), "PATCH") => change(store, target, asked),
        (Some(_), None, "DELETE") => deletion::answer(store, target, asked),
        (Some(_), Some("scale"), "GET" | "PUT" | "PATCH") if has_scale => {
            scale::answer(store, target, asked)
        }
        (Some(name), Some("log"), "GET") if is_pod => log::answer(store, target, name, asked),
        (Some(name), Some("portforward"), "GET" | "POST") if is_pod => {
            passage::forward(store, target, name, !asked.header(UPGRADE).is_empty())
        }
        (_, None | Some("status"), _) => Err(Refusal::not_allowed()),
        (_, Some("scale"), _) if has_scale => Err(Refusal::not_allowed()),
        (_, Some("log" | "portforward"), _) if is_pod => Err(Refusal::not_allowed()),
        _ => Err(Refusal::no_such_path()),
    }
}

pub fn there(store: &Store, target: &Target, name: &str) -> Result<Arc<Value>, Refusal> {
    let key = Key::new(target.resource, target.space(), name);
    store.get(&key).ok_or_else(|| Refusal::not_found(target.resource, name))
}

fn collection(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let query = &asked.query;
    let form = asked.form()?;
    let selectors =
        Selectors::parse(target.resource, query.get("labelSelector"), query.get("fieldSelector"))?;
    options::check_list(query)?;
    let namespace = target.namespace.as_deref();
    if query.is_set("watch") {
        let watch = Watch::open(store, target, selectors, query, form)?;
        return Ok(Reply::Watch(Box::new(watch)));
    }
    let version = query.get("resourceVersion");
    if !version.is_empty() {
        let wrong = |error| Refusal::bad_request(format!("invalid resource version: {error}"));
        options::version(version).map_err(wrong)?;
    }
    let (mut objects, at) = store.list_at(target.resource, namespace);
    objects.retain(|object| selectors.matches(object));
    let objects = objects.iter().map(|object| &**object);
    let body = form.list(target.resource, objects, at, store.clock().now());
    Ok(Reply::Object { code: 200, body })
}

/// An object that was sent whole, as one of the kind that the URL has.
pub fn sent(target: &Target, asked: &Asked) -> Result<Value, Refusal> {
    let resource = target.resource;
    let mut object = asked.object(resource.kind)?;
    options::check_kind(resource, &object, asked.body)?;
    admission::take_in(resource, &mut object, asked.is_strict())?;
    admission::check_namespace(target, &mut object)?;
    Ok(object)
}

fn create(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    asked.form()?;
    options::check_write("CreateOptions", &asked.query)?;
    if access::is_review(target) {
        let body = access::review(target, asked, store.clock())?;
        return Ok(Reply::Object { code: 201, body });
    }
    created(store, target, asked, sent(target, asked)?)
}

fn created(
    store: &Store,
    target: &Target,
    asked: &Asked,
    mut object: Value,
) -> Result<Reply, Refusal> {
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
    let spare = Spare::of(store, target.resource, asked.query.is_dry());
    admission::admit_new(target.resource, &mut object, &spare)?;
    if asked.method == Method::POST {
        admission::check_unversioned(&object)?;
    }
    managers::note(&Value::Null, &mut object, target, asked, store.clock());
    let (dry, resource) = (asked.query.is_dry(), target.resource);
    let of_new = (resource, Operation::Create);
    if let Some(mut changed) = mutating::changed(&store.mutations(), of_new, &object, dry)? {
        admission::admit_new(resource, &mut changed, &spare)?;
        managers::carry(&object, &mut changed);
        object = changed;
    }
    let object = store.create_or_show(resource, object, dry)?;
    Ok(Reply::Object { code: 201, body: (*object).clone() })
}

fn update(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    asked.form()?;
    options::check_write("UpdateOptions", &asked.query)?;
    let new = sent(target, asked)?;
    let resource = target.resource;
    let name = target.name.as_deref().unwrap_or_default();
    admission::check_name(&new, name)?;
    let is_made = [EVENTS.plural, SERVICES.plural].contains(&resource.plural)
        && target.part.is_none()
        && there(store, target, name).is_err();
    if is_made {
        return created(store, target, asked, new);
    }
    written(store, target, asked, |old| {
        admission::check_uid(target, &new, old)?;
        let is_unversioned =
            matches!(new["metadata"]["resourceVersion"].as_str(), None | Some("0"));
        match resource.plural == DISRUPTION_BUDGETS.plural && is_unversioned {
            true => Err(admission::unversioned(resource, name)),
            false => Ok(new),
        }
    })
}

fn change(store: &Store, target: &Target, asked: &Asked) -> Result<Reply, Refusal> {
    let patch = Patch::of(asked)?;
    asked.form()?;
    options::check_write("PatchOptions", &asked.query)?;
    let name = target.name.as_deref().unwrap_or_default();
    written(store, target, asked, |old| {
        let new = admission::patched(target.resource, patch.on(old)?, asked.is_strict())?;
        admission::check_name(&new, name)?;
        Ok(new)
    })
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
    let spare = Spare::of(store, target.resource, asked.query.is_dry());
    let (dry, mutations) = (asked.query.is_dry(), store.mutations());
    let object = store.edit_or_show(target.resource, &key, dry, |old| {
        let mut new = new(old)?;
        admission::check_namespace(target, &mut new)?;
        admission::admit_change(target, old, &mut new, &spare)?;
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
        if new != *old {
            managers::note(old, &mut new, target, asked, store.clock());
        }
        // A status is another resource to it.
        if target.part.is_some() {
            return Ok(new);
        }
        let of_old = (target.resource, Operation::Update);
        if let Some(mut changed) = mutating::changed(&mutations, of_old, &new, dry)? {
            admission::admit_change(target, old, &mut changed, &spare)?;
            managers::carry(&new, &mut changed);
            new = changed;
        }
        Ok(new)
    })?;
    Ok(Reply::Object { code: 200, body: (*object).clone() })
}
