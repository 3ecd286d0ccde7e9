//! The Ingress of ours. While an Ingress names a Service, the ingress controller keeps its backend; a
//! backend that a switch takes away is missed by the nginx workers that are on their way out, and
//! they answer 503 for it. This one names every Service of the app, and lets nobody in, unless a host was
//! asked for under which people can see the candidate.

use json_patch::{PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use super::form::CLASS;
use crate::model::{Id, Kind, Write, annotate, annotation, name, pointer, version};
use crate::route::data_plane::access_lists;
use crate::route::data_plane::ingress_nginx::{ALLOWED, DENIED, NOBODY, OF_THE_BACKEND};

/// What our Ingress should be like, by what the user's is like now.
pub struct ManagedIngress {
    name: String,
    /// Without `tls`.
    spec: Value,
    /// The certificate of the preview host, as it was asked for.
    tls: Option<Value>,
    /// Its Secret, whether there is a host or not.
    secret: Option<String>,
    /// Those that are ours to decide on; absent is wanted, too.
    annotations: Vec<(&'static str, Option<String>)>,
}

/// What it is made for.
pub struct Needs<'a> {
    pub name: String,
    /// The user's Ingress, by which the rest goes.
    pub route: &'a Value,
    /// All of the app's, the preview Service last.
    pub services: Vec<String>,
    pub preview_service: String,
    /// Those by which the app is asked for, each as the Ingresses have it.
    pub ports: Vec<Value>,
    /// One that nobody outside can know.
    pub hidden_host: String,
    /// Where people are to see the candidate.
    pub preview_host: Option<&'a String>,
    pub preview_tls_secret: Option<&'a String>,
}

pub fn wanted(needs: Needs) -> ManagedIngress {
    let Needs { route, mut ports, preview_host, .. } = needs;
    let services = needs.services.into_iter();
    ports.sort_by_key(Value::to_string);
    // A backend's name has the port as the Ingress gives it, number or name.
    let paths: Vec<Value> =
        services.flat_map(|service| ports.iter().map(move |port| path(&service, port))).collect();
    let mut rules = vec![json!({"host": needs.hidden_host, "http": {"paths": paths}})];
    if let Some(host) = preview_host {
        let service = json!({"name": needs.preview_service, "port": ports.first()});
        let path = json!({"path": "/", "pathType": "Prefix", "backend": {"service": service}});
        rules.push(json!({"host": host, "http": {"paths": [path]}}));
    }
    let mut spec = json!({"rules": rules});
    let class = &route["spec"]["ingressClassName"];
    if !class.is_null() {
        spec["ingressClassName"] = class.clone();
    }
    // The API server takes only one of the two from a new Ingress.
    let by_annotation = annotation(route, CLASS).filter(|_| class.is_null());
    // It holds for the whole Ingress. The other host stays unknown to anybody outside. Where the app is
    // for some networks alone, its candidate is not for the others.
    let lists = access_lists(route);
    let list = |wanted: &str| {
        let list = lists.iter().find(|(key, _)| *key == wanted);
        list.map(|(_, list)| (*list).to_owned()).filter(|_| preview_host.is_some())
    };
    let (denied, allowed) = (list(DENIED), list(ALLOWED));
    let allowed = allowed.or_else(|| preview_host.is_none().then(|| NOBODY.to_owned()));
    let mut annotations =
        vec![(ALLOWED, allowed), (DENIED, denied), (CLASS, by_annotation.map(str::to_owned))];
    annotations.extend(OF_THE_BACKEND.map(|key| (key, annotation(route, key).map(str::to_owned))));
    let asked = needs.preview_tls_secret.zip(preview_host);
    let tls = asked.map(|(secret, host)| json!([{"hosts": [host], "secretName": secret}]));
    let secret = needs.preview_tls_secret.cloned();
    ManagedIngress { name: needs.name, spec, tls, secret, annotations }
}

pub fn path(service: &str, port: &Value) -> Value {
    let shown = port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
    json!({
        "path": format!("/{service}/{shown}"),
        "pathType": "Exact",
        "backend": {"service": {"name": service, "port": port}},
    })
}

impl ManagedIngress {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn make(&self, namespace: &str, labels: Value) -> Write {
        let annotations: Map<String, Value> = (self.annotations.iter())
            .filter_map(|(key, value)| Some(((*key).to_owned(), json!(value.as_ref()?))))
            .collect();
        let object = json!({
            "apiVersion": Kind::Ingress.api_version(),
            "kind": "Ingress",
            "metadata": {
                "name": self.name,
                "namespace": namespace,
                "labels": labels,
                "annotations": annotations,
            },
            "spec": self.with_tls(self.tls.clone().unwrap_or_default()),
        });
        Write::create(Id::new(Kind::Ingress, &self.name), object)
    }

    fn with_tls(&self, tls: Value) -> Value {
        let mut spec = self.spec.clone();
        if !tls.is_null() {
            spec["tls"] = tls;
        }
        spec
    }

    /// `spec.tls` as it should be. What stands there is the user's, whoever wrote it, unless somebody asks
    /// for another now, or for another host.
    fn tls(&self, made: &Value, word: Word) -> Value {
        let (is, entries) = (&made["spec"]["tls"], made["spec"]["tls"].as_array());
        let has = |entry: &Value| {
            let mut entries = entries.into_iter().flatten();
            entries.any(|is| {
                let hosts = is["hosts"].as_array();
                is["secretName"] == entry["secretName"]
                    && hosts.is_some_and(|hosts| hosts.contains(&entry["hosts"][0]))
            })
        };
        let covers = |host: &Value| {
            let mut hosts = entries.into_iter().flatten().flat_map(|is| is["hosts"].as_array());
            hosts.any(|hosts| hosts.contains(host))
        };
        match (&self.tls, word) {
            (_, Word::None) => is.clone(),
            (None, Word::Said) => Value::Null,
            // With the host goes the certificate that was asked for it.
            (None, Word::Silent) => match entries.map(Vec::as_slice) {
                Some([only])
                    if self.secret.as_ref().is_some_and(|it| only["secretName"] == **it) =>
                {
                    Value::Null
                }
                _ => is.clone(),
            },
            (Some(tls), Word::Said | Word::Silent) => {
                let is_kept = has(&tls[0]) || word == Word::Silent && covers(&tls[0]["hosts"][0]);
                if is_kept { is.clone() } else { tls.clone() }
            }
        }
    }

    /// What brings it in line, if it is not.
    pub fn align(&self, made: &Value, word: Word) -> Option<Write> {
        let (mut changes, mut set) = (Vec::new(), Vec::new());
        let spec = self.with_tls(self.tls(made, word));
        if made["spec"] != spec {
            let (path, value) = (pointer(["spec"]), spec);
            changes.push(PatchOperation::Replace(ReplaceOperation { path, value }));
        }
        for (key, wanted) in &self.annotations {
            match wanted {
                _ if annotation(made, key) == wanted.as_deref() => {}
                Some(value) => set.push((*key, value.clone())),
                None => changes.push(PatchOperation::Remove(RemoveOperation {
                    path: pointer(["metadata", "annotations", key]),
                })),
            }
        }
        if !set.is_empty() {
            changes.extend(annotate(made, &set));
        }
        let id = Id::new(Kind::Ingress, name(made));
        (!changes.is_empty()).then(|| Write::patch(id, &version(made), changes))
    }
}

/// What is said of `spec.tls`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// Nothing: nobody prepares the app now.
    None,
    /// Nothing, by an `init`.
    Silent,
    /// An `init` asks for one, or for none.
    Said,
}
