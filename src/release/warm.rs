//! The Ingress of ours. While an Ingress names a Service, the ingress controller keeps its backend; a
//! backend that a switch takes away is missed by the nginx workers that are on their way out, and
//! they answer 503 for it. This one names every Service of the app, and lets nobody in, unless a host was
//! asked for under which people can see the candidate.

use json_patch::{PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use super::{Names, Record, Snapshot, objects, ports, template};
use crate::model::{Id, Kind, Write, annotate, annotation, name, pointer, version};
use crate::route::CLASS;

/// Who gets in. All versions of the controller know it by this name, newer ones by another, too.
const ALLOWED: &str = "nginx.ingress.kubernetes.io/whitelist-source-range";
const ALSO_ALLOWED: &str = "nginx.ingress.kubernetes.io/allowlist-source-range";
/// Who does not.
const DENIED: &str = "nginx.ingress.kubernetes.io/denylist-source-range";
/// No request comes from there.
const NOBODY: &str = "0.0.0.0/32";
/// What makes a backend what it is. The controller takes it from the oldest Ingress that names the
/// Service, and that is ours for a colour that is not live, or when the user's was made anew. What
/// shapes hosts and paths (rewrites, authentication, snippets, the protocol, session cookies) takes
/// effect through the Ingress that has it, and would only do harm here.
pub const OF_THE_BACKEND: [&str; 5] = [
    "nginx.ingress.kubernetes.io/load-balance",
    "nginx.ingress.kubernetes.io/service-upstream",
    "nginx.ingress.kubernetes.io/upstream-hash-by",
    "nginx.ingress.kubernetes.io/upstream-hash-by-subset",
    "nginx.ingress.kubernetes.io/upstream-hash-by-subset-size",
];

/// What our Ingress should be like, by what the user's is like now.
pub struct Wanted {
    name: String,
    spec: Value,
    /// Those that are ours to decide on; absent is wanted, too.
    annotations: Vec<(&'static str, Option<String>)>,
}

pub fn wanted(s: &Snapshot, record: &Record) -> Wanted {
    let routes = s.routes(record);
    let route = routes.first().copied().unwrap_or(&Value::Null);
    let services = s.serving(record).into_iter().chain([s.names.preview()]);
    let mut ports = ports::asked_for(s, record);
    ports.sort_by_key(Value::to_string);
    // A backend's name has the port as the Ingress gives it, number or name.
    let paths: Vec<Value> =
        services.flat_map(|service| ports.iter().map(move |port| path(&service, port))).collect();
    let mut rules = vec![json!({"host": host(s), "http": {"paths": paths}})];
    if let Some(host) = &record.preview_host {
        let service = json!({"name": s.names.preview(), "port": ports.first()});
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
    let of_the_route = |key| annotation(route, key).map(str::to_owned);
    let allowed = match record.preview_host {
        None => Some(NOBODY.to_owned()),
        Some(_) => of_the_route(ALLOWED).or_else(|| of_the_route(ALSO_ALLOWED)),
    };
    let denied = record.preview_host.as_ref().and_then(|_| of_the_route(DENIED));
    let mut annotations =
        vec![(ALLOWED, allowed), (DENIED, denied), (CLASS, by_annotation.map(str::to_owned))];
    annotations.extend(OF_THE_BACKEND.map(|key| (key, annotation(route, key).map(str::to_owned))));
    Wanted { name: s.names.preview(), spec, annotations }
}

fn path(service: &str, port: &Value) -> Value {
    let shown = port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
    json!({
        "path": format!("/{service}/{shown}"),
        "pathType": "Exact",
        "backend": {"service": {"name": service, "port": port}},
    })
}

/// One that no name server knows (RFC 6761), and that nobody outside can work out.
fn host(s: &Snapshot) -> String {
    let record = s.record.as_ref().map_or("", |(version, _)| version.uid.as_str());
    format!(
        "{}.bluegreen.invalid",
        template::hash(&json!([s.names.namespace, s.names.app, record]))
    )
}

impl Wanted {
    pub fn make(&self, names: &Names) -> Write {
        let annotations: Map<String, Value> = (self.annotations.iter())
            .filter_map(|(key, value)| Some(((*key).to_owned(), json!(value.as_ref()?))))
            .collect();
        let object = json!({
            "apiVersion": Kind::Ingress.api_version(),
            "kind": "Ingress",
            "metadata": {
                "name": self.name,
                "namespace": names.namespace,
                "labels": objects::labels(names),
                "annotations": annotations,
            },
            "spec": self.spec,
        });
        Write::create(Id::new(Kind::Ingress, &self.name), object)
    }

    /// What brings it in line, if it is not.
    pub fn align(&self, made: &Value) -> Option<Write> {
        let (mut changes, mut set) = (Vec::new(), Vec::new());
        if made["spec"] != self.spec {
            let (path, value) = (pointer(["spec"]), self.spec.clone());
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

/// Why a switch could lose requests now; `init` mends it.
pub fn unfit(s: &Snapshot, record: &Record) -> Option<String> {
    let wanted = wanted(s, record);
    match s.objects.get(Kind::Ingress, &wanted.name) {
        None => Some(format!(
            "there is no Ingress {}, without which a switch loses requests",
            wanted.name
        )),
        Some(made) => wanted.align(made).map(|_| {
            let routes = s.ingress_names(record).join(", ");
            format!("Ingress {} no longer names the app as Ingress {routes} does", wanted.name)
        }),
    }
}
