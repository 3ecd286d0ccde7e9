//! Ingresses: the backends that serve the app, and the one patch that switches them all.

mod annotations;
mod asked;
mod form;
mod keep_backends;
mod marker;

use json_patch::{PatchOperation, ReplaceOperation, TestOperation, jsonptr::PointerBuf};
use serde_json::{Value, json};

pub use annotations::{are_f5s, named as naming_annotations};
pub use asked::{Asked, asked};
pub use form::{Address, addresses, class, default_service, hosts, resource_backends};
pub use form::{serves_host, tls_hosts};
pub use keep_backends::{ManagedIngress, Needs, Word, wanted as managed_ingress};
pub use marker::{Marker, Markers};

use super::Switch;
use crate::model::{Id, Kind, Write, name, pointer, version};

/// One place of an Ingress that names a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backend {
    pub service: String,
    pub host: Option<String>,
    pub path: Option<String>,
    /// `{"number": 80}` or `{"name": "http"}`.
    pub port: Value,
    /// Where the rule stands (absent for the default backend) and the path within it.
    pub(super) place: Option<(usize, usize)>,
}

impl Backend {
    /// The pointer to this backend's part of the Ingress.
    fn pointer(&self, tail: &[&str]) -> PointerBuf {
        let tail = tail.iter().map(|token| (*token).to_owned());
        let head = match self.place {
            None => vec!["spec".to_owned(), "defaultBackend".to_owned()],
            Some((rule, path)) => {
                ["spec", "rules", &rule.to_string(), "http", "paths", &path.to_string()]
                    .map(str::to_owned)
                    .to_vec()
            }
        };
        PointerBuf::from_tokens(head.into_iter().chain(tail))
    }

    fn service_pointer(&self) -> PointerBuf {
        match self.place {
            None => self.pointer(&["service", "name"]),
            Some(_) => self.pointer(&["backend", "service", "name"]),
        }
    }
}

/// Every backend of an Ingress that names a Service, the default backend included.
pub fn backends(ingress: &Value) -> Vec<Backend> {
    let mut found = Vec::new();
    let default = &ingress["spec"]["defaultBackend"]["service"];
    if let Some(service) = default["name"].as_str() {
        let (host, path, place) = (None, None, None);
        found.push(Backend {
            service: service.into(),
            host,
            path,
            port: default["port"].clone(),
            place,
        });
    }
    for (r, rule) in form::rules(ingress).enumerate() {
        for (p, path) in form::paths(rule).enumerate() {
            let backend = &path["backend"]["service"];
            if let Some(service) = backend["name"].as_str() {
                found.push(Backend {
                    service: service.into(),
                    host: rule["host"].as_str().map(str::to_owned),
                    path: path["path"].as_str().map(str::to_owned),
                    port: backend["port"].clone(),
                    place: Some((r, p)),
                });
            }
        }
    }
    found
}

impl Switch<'_> {
    /// The Services that this Ingress names for the app and that the switch takes away.
    pub(super) fn was(&self, ingress: &Value) -> Vec<String> {
        let mut was: Vec<String> = self.moved(ingress).map(|backend| backend.service).collect();
        was.sort();
        was.dedup();
        was
    }

    fn moved(&self, ingress: &Value) -> impl Iterator<Item = Backend> {
        backends(ingress).into_iter().filter(|backend| self.moves(&backend.service))
    }

    fn moves(&self, service: &str) -> bool {
        service != self.to && self.services.iter().any(|ours| ours == service)
    }

    /// The patch tests what it saw (identity, state, host, path and the old name of each backend, and each
    /// annotation that names one) and sets the app's release number with the names, so that one cannot
    /// stand without the other.
    pub(super) fn patch(&self, ingress: &Value) -> Write {
        let mut operations = Vec::new();
        for backend in self.moved(ingress) {
            if let Some((rule, _)) = backend.place {
                if let Some(host) = &backend.host {
                    operations
                        .push(test(pointer(["spec", "rules", &rule.to_string(), "host"]), host));
                }
                if let Some(path) = &backend.path {
                    operations.push(test(backend.pointer(&["path"]), path));
                }
            }
            operations.push(test(backend.service_pointer(), &backend.service));
            operations.push(PatchOperation::Replace(ReplaceOperation {
                path: backend.service_pointer(),
                value: json!(self.to),
            }));
        }
        operations.extend(annotations::rename(ingress, |service| self.moves(service), self.to));
        operations.extend(self.stamps(ingress));
        Write::patch(Id::new(Kind::Ingress, name(ingress)), &version(ingress), operations)
    }
}

pub(super) fn test(path: PointerBuf, value: &str) -> PatchOperation {
    PatchOperation::Test(TestOperation { path, value: json!(value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Colour;
    use crate::route::{Label, Route};

    fn ingress() -> Value {
        json!({
            "kind": "Ingress",
            "metadata": {"name": "parrot", "uid": "u", "resourceVersion": "7"},
            "spec": {
                "defaultBackend": {"service": {"name": "parrot", "port": {"number": 80}}},
                "rules": [
                    {"host": "docs.example.com", "http": {"paths": [
                        {"path": "/", "backend": {"service": {"name": "docs", "port": {"number": 80}}}},
                        {"path": "/static", "backend": {"resource": {"kind": "Bucket", "name": "b"}}},
                        {"path": "/parrot", "backend": {"service": {"name": "parrot", "port": {"name": "http"}}}}
                    ]}},
                    {"host": "empty.example.com"}
                ]
            }
        })
    }

    fn label() -> Label {
        Label { key: "app".into(), blue: "parrot".into() }
    }

    fn switching<'a>(services: &'a [String], label: &'a Label) -> Switch<'a> {
        let (app, to, colour) = ("parrot", "parrot-green", Colour::Green);
        Switch { app, services, to, colour, label, release: 1, epoch: 0 }
    }

    #[test]
    fn finds_every_backend_that_names_a_service() {
        let found = backends(&ingress());
        let services: Vec<_> = found.iter().map(|backend| backend.service.as_str()).collect();
        assert_eq!(services, ["parrot", "docs", "parrot"]);
        assert_eq!(found[2].host.as_deref(), Some("docs.example.com"));
        assert_eq!(found[2].port, json!({"name": "http"}));
        assert_eq!(hosts(&ingress()), ["docs.example.com", "empty.example.com"]);
        assert!(Route::Ingress(&ingress()).names_app(&["parrot".into()]));
        assert!(!Route::Ingress(&ingress()).names_app(&["toucan".into()]));
    }

    #[test]
    fn switches_all_backends_of_the_app_in_one_patch_that_tests_what_it_saw() {
        let services = ["parrot".to_owned(), "parrot-blue".into(), "parrot-green".into()];
        let label = label();
        let switch = Switch { release: 3, epoch: 1, ..switching(&services, &label) };
        assert_eq!(switch.was(&ingress()), ["parrot"]);
        let Write::Patch { patch, .. } = switch.patch(&ingress()) else { panic!("not a patch") };
        assert_eq!(
            serde_json::to_value(&patch).unwrap(),
            json!([
                {"op": "test", "path": "/metadata/uid", "value": "u"},
                {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "test", "path": "/spec/defaultBackend/service/name", "value": "parrot"},
                {"op": "replace", "path": "/spec/defaultBackend/service/name", "value": "parrot-green"},
                {"op": "test", "path": "/spec/rules/0/host", "value": "docs.example.com"},
                {"op": "test", "path": "/spec/rules/0/http/paths/2/path", "value": "/parrot"},
                {"op": "test", "path": "/spec/rules/0/http/paths/2/backend/service/name", "value": "parrot"},
                {"op": "replace", "path": "/spec/rules/0/http/paths/2/backend/service/name", "value": "parrot-green"},
                {"op": "add", "path": "/metadata/annotations", "value": {}},
                {"op": "add", "path": "/metadata/annotations/bluegreen~1release.parrot", "value": "3"},
                {"op": "add", "path": "/metadata/annotations/bluegreen~1epoch.parrot", "value": "1"},
            ])
        );
    }

    #[test]
    fn annotations_that_name_the_app_are_switched_in_the_same_patch() {
        let services = ["parrot".to_owned(), "parrot-blue".into(), "parrot-green".into()];
        let label = label();
        let mut ingress = ingress();
        ingress["metadata"]["annotations"] = json!({
            "nginx.org/websocket-services": "docs, parrot",
            "nginx.org/rewrites": "serviceName=docs rewrite=/parrot",
        });
        let switch = Switch { release: 3, epoch: 1, ..switching(&services, &label) };
        let Write::Patch { patch, .. } = switch.patch(&ingress) else { panic!("not a patch") };
        let operations = serde_json::to_value(&patch).unwrap();
        let (path, old) = ("/metadata/annotations/nginx.org~1websocket-services", "docs, parrot");
        assert_eq!(
            operations.as_array().unwrap()[8..10],
            [
                json!({"op": "test", "path": path, "value": old}),
                json!({"op": "replace", "path": path, "value": "docs, parrot-green"}),
            ]
        );
        let mut changed = ingress.clone();
        changed["metadata"]["annotations"]["nginx.org/websocket-services"] = json!("parrot");
        assert!(json_patch::patch(&mut changed, &patch).is_err(), "{path} is not tested");
        json_patch::patch(&mut ingress, &patch).unwrap();
        let back = Switch { to: "parrot-blue", ..switch };
        let Write::Patch { patch, .. } = back.patch(&ingress) else { panic!("not a patch") };
        json_patch::patch(&mut ingress, &patch).unwrap();
        let annotations = &ingress["metadata"]["annotations"];
        assert_eq!(annotations["nginx.org/websocket-services"], "docs, parrot-blue");
        assert_eq!(annotations["nginx.org/rewrites"], "serviceName=docs rewrite=/parrot");
    }

    #[test]
    fn a_patch_planned_on_an_older_look_does_not_apply() {
        let services = ["parrot".to_owned()];
        let label = label();
        let switch = switching(&services, &label);
        let Write::Patch { patch, .. } = switch.patch(&ingress()) else { panic!("not a patch") };
        for (path, value) in [
            ("/metadata/uid", "another"),
            ("/metadata/resourceVersion", "8"),
            ("/spec/rules/0/host", "www.example.com"),
            ("/spec/rules/0/http/paths/2/path", "/macaw"),
            ("/spec/rules/0/http/paths/2/backend/service/name", "macaw"),
            ("/spec/defaultBackend/service/name", "macaw"),
        ] {
            let mut changed = ingress();
            *changed.pointer_mut(path).unwrap() = json!(value);
            assert!(json_patch::patch(&mut changed, &patch).is_err(), "{path} is not tested");
        }
        let mut same = ingress();
        json_patch::patch(&mut same, &patch).unwrap();
        assert!(!Route::Ingress(&same).names_app(&["parrot".into()]));
    }
}
