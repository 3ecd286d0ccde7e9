//! The Ingress of ours. While an Ingress names a Service, the ingress controller keeps its backend; a
//! backend that a switch takes away is missed by the nginx workers that are on their way out, and
//! they answer 503 for it. This one names every Service of the app, and lets nobody in, unless a host was
//! asked for under which people can see the candidate.

use json_patch::{PatchOperation, RemoveOperation, ReplaceOperation};
use serde_json::{Map, Value, json};

use super::{Names, PreviewTls, Record, Snapshot, marker, objects, ports, template};
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
    /// Without `tls`.
    spec: Value,
    /// The certificate of the preview host, as it was asked for.
    tls: Option<Value>,
    /// Its Secret, whether there is a host or not.
    secret: Option<String>,
    /// Those that are ours to decide on; absent is wanted, too.
    annotations: Vec<(&'static str, Option<String>)>,
}

/// The address lists of an Ingress that ours takes over, by the key that it has them under.
pub fn access_lists(route: &Value) -> Vec<(&'static str, &str)> {
    let allowed = [ALLOWED, ALSO_ALLOWED].into_iter().find_map(|key| annotation(route, key));
    let denied = annotation(route, DENIED).map(|list| (DENIED, list));
    allowed.map(|list| (ALLOWED, list)).into_iter().chain(denied).collect()
}

pub fn is_a_list(key: &str) -> bool {
    [ALLOWED, DENIED].contains(&key)
}

/// Whether there has to be one: for a switch, or for a host under which people see the candidate.
pub fn is_wanted(s: &Snapshot, service: &str, host: Option<&str>) -> bool {
    host.is_some() || s.data_plane(service).wants_ours()
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
    let lists = access_lists(route);
    let list = |wanted: &str| {
        let list = lists.iter().find(|(key, _)| *key == wanted);
        list.map(|(_, list)| (*list).to_owned()).filter(|_| record.preview_host.is_some())
    };
    let (denied, allowed) = (list(DENIED), list(ALLOWED));
    let allowed = allowed.or_else(|| record.preview_host.is_none().then(|| NOBODY.to_owned()));
    let mut annotations =
        vec![(ALLOWED, allowed), (DENIED, denied), (CLASS, by_annotation.map(str::to_owned))];
    annotations.extend(OF_THE_BACKEND.map(|key| (key, annotation(route, key).map(str::to_owned))));
    let asked = record.preview_tls_secret.as_ref().zip(record.preview_host.as_ref());
    let tls = asked.map(|(secret, host)| json!([{"hosts": [host], "secretName": secret}]));
    let secret = record.preview_tls_secret.clone();
    Wanted { name: s.names.preview(), spec, tls, secret, annotations }
}

pub fn path(service: &str, port: &Value) -> Value {
    let shown = port["name"].as_str().map_or_else(|| port["number"].to_string(), str::to_owned);
    json!({
        "path": format!("/{service}/{shown}"),
        "pathType": "Exact",
        "backend": {"service": {"name": service, "port": port}},
    })
}

/// One that no name server knows (RFC 6761), and that nobody outside can work out.
pub fn host(s: &Snapshot) -> String {
    format!("{}.bluegreen.invalid", secret(s))
}

/// What cannot be worked out from outside.
pub fn secret(s: &Snapshot) -> String {
    let record = s.record.as_ref().map_or("", |(version, _)| version.uid.as_str());
    template::hash(&json!([s.names.namespace, s.names.app, record]))
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
            (None, Word::Of(Some(_))) => Value::Null,
            // With the host goes the certificate that was asked for it.
            (None, Word::Of(None)) => match entries.map(Vec::as_slice) {
                Some([only])
                    if self.secret.as_ref().is_some_and(|it| only["secretName"] == **it) =>
                {
                    Value::Null
                }
                _ => is.clone(),
            },
            (Some(tls), Word::Of(said)) => {
                let is_kept = has(&tls[0]) || said.is_none() && covers(&tls[0]["hosts"][0]);
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

/// What is said of `spec.tls`: nothing, or what an `init` is given for it.
#[derive(Clone, Copy)]
pub enum Word<'a> {
    None,
    Of(Option<&'a PreviewTls>),
}

/// Why a switch could lose requests now; `init` mends it.
pub fn unfit(s: &Snapshot, record: &Record) -> Option<String> {
    let wanted = wanted(s, record);
    match s.objects.get(Kind::Ingress, &wanted.name) {
        None if !is_wanted(s, &record.service, record.preview_host.as_deref()) => None,
        None => Some(match s.data_plane(&record.service).plane.needs_both_named() {
            Some(true) => {
                format!(
                    "there is no Ingress {}, without which a switch loses requests",
                    wanted.name
                )
            }
            None => {
                format!(
                    "there is no Ingress {}, without which a switch may lose requests",
                    wanted.name
                )
            }
            Some(false) => format!("there is no Ingress {}, which init makes", wanted.name),
        }),
        // A release that is being confirmed may have added to it.
        Some(made) => wanted.align(&marker::without(s, made), Word::None).map(|_| {
            let routes = s.ingress_names(record).join(", ");
            format!("Ingress {} no longer names the app as Ingress {routes} does", wanted.name)
        }),
    }
}
