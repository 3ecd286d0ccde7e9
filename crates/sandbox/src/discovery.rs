//! What the API server tells about itself: its version, whether it is well, and which resources there
//! are. kubectl asks for all of them at once (aggregated discovery); older clients ask group by group.

use serde_json::{Value, json};

use super::resources::{ALL, PODS, Resource};

/// The version whose behaviour this is.
const MINOR: &str = "36";
const VERSION: &str = "v1.36.3+sandbox";

const JSON: &str = "application/json";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// What stands at a path that is no object's: its media type, and the text.
pub fn answer(declared: &[Resource], path: &str, accept: &str) -> Option<(&'static str, String)> {
    let all = All(ALL.iter().chain(declared).copied().collect());
    let json = |body: Value| Some((JSON, body.to_string()));
    let is_aggregated = accept.split(',').any(is_aggregated);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["healthz" | "livez" | "readyz"] => Some(("text/plain; charset=utf-8", "ok".to_owned())),
        ["version"] => json(version()),
        ["api"] if is_aggregated => Some((AGGREGATED, all.aggregated(&[""]).to_string())),
        ["apis"] if is_aggregated => Some((AGGREGATED, all.aggregated(&all.groups()).to_string())),
        ["api"] => json(json!({
            "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
        })),
        ["apis"] => json(json!({
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": all.groups().into_iter().map(|name| all.group(name)).collect::<Vec<_>>(),
        })),
        ["apis", name] if all.groups().contains(name) => {
            let mut group = all.group(name);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            json(group)
        }
        ["api", version] => all.resources("", version).and_then(json),
        ["apis", group, version] => all.resources(group, version).and_then(json),
        ["openapi", "v3"] => json(all.documents()),
        ["openapi", "v3", "api", version] => all.document("", version).and_then(json),
        ["openapi", "v3", "apis", group, version] => all.document(group, version).and_then(json),
        _ => None,
    }
}

/// Whatever the order of its parameters.
fn is_aggregated(media: &str) -> bool {
    let parts = |media: &str| {
        let mut parts: Vec<String> = media.split(';').map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    parts(media) == parts(AGGREGATED)
}

fn version() -> Value {
    json!({
        "major": "1", "minor": MINOR, "gitVersion": VERSION, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "",
    })
}

fn is_asked_only(resource: Resource) -> bool {
    resource.group == "authorization.k8s.io"
}

fn verbs(resource: Resource) -> &'static [&'static str] {
    match is_asked_only(resource) {
        true => &["create"],
        false => &["create", "delete", "get", "list", "patch", "update", "watch"],
    }
}

/// What `kubectl get all` gets.
fn categories(resource: Resource) -> &'static [&'static str] {
    match resource.plural {
        "pods" | "services" | "deployments" | "replicasets" | "horizontalpodautoscalers" => {
            &["all"]
        }
        _ => &[],
    }
}

/// The parts of an object that have a path of their own: its name, the kind behind it, and what can
/// be done with it.
fn parts(resource: Resource) -> Vec<(&'static str, [&'static str; 3], &'static [&'static str])> {
    let own = ["", "", resource.kind];
    let written: &[&str] = &["get", "patch", "update"];
    let mut parts = Vec::new();
    if resource.plural == PODS.plural {
        parts.push(("log", own, &["get"][..]));
    }
    if resource.has_scale {
        parts.push(("scale", ["autoscaling", "v1", "Scale"], written));
    }
    if resource.has_status {
        parts.push(("status", own, written));
    }
    parts
}

/// Where there are none, the field is not there.
fn add(told: &mut Value, field: &str, names: &[&str]) {
    if !names.is_empty() {
        told[field] = json!(names);
    }
}

/// Where a group's part of the URL begins.
fn root(group: &str, version: &str) -> String {
    match group {
        "" => format!("api/{version}"),
        group => format!("apis/{group}/{version}"),
    }
}

/// The resources that there are.
struct All(Vec<Resource>);

impl All {
    /// All but the core group.
    fn groups(&self) -> Vec<&'static str> {
        let groups = self.0.iter().map(|it| it.group).filter(|it| !it.is_empty());
        let mut groups: Vec<_> = groups.collect();
        groups.dedup();
        groups
    }

    /// Each group has one version.
    fn version_of(&self, group: &str) -> &'static str {
        self.0.iter().find(|it| it.group == group).map_or("", |it| it.version)
    }

    fn group(&self, name: &str) -> Value {
        let version = self.version_of(name);
        let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
        json!({ "name": name, "versions": [version], "preferredVersion": version })
    }

    fn of_group(&self, group: &str) -> impl Iterator<Item = Resource> {
        self.0.iter().copied().filter(move |it| it.group == group)
    }

    fn aggregated(&self, groups: &[&str]) -> Value {
        let kind = |[group, version, kind]: [&str; 3]| json!({ "group": group, "version": version, "kind": kind });
        let resource = |it: Resource| {
            let mut told = json!({
                "resource": it.path_name(),
                "responseKind": kind(["", "", it.kind]),
                "scope": if it.is_namespaced { "Namespaced" } else { "Cluster" },
                "singularResource": it.singular,
                "verbs": verbs(it),
            });
            add(&mut told, "shortNames", it.short);
            add(&mut told, "categories", categories(it));
            let parts = parts(it).into_iter().map(
                |(name, of, verbs)| json!({ "subresource": name, "responseKind": kind(of), "verbs": verbs }),
            );
            let parts: Vec<Value> = parts.collect();
            if !parts.is_empty() {
                told["subresources"] = json!(parts);
            }
            told
        };
        let items = groups.iter().map(|group| {
            let metadata = if group.is_empty() { json!({}) } else { json!({ "name": group }) };
            json!({
                "metadata": metadata,
                "versions": [{
                    "version": self.version_of(group),
                    "resources": self.of_group(group).map(resource).collect::<Vec<_>>(),
                    "freshness": "Current",
                }],
            })
        });
        json!({
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items.collect::<Vec<_>>(),
        })
    }

    fn resources(&self, group: &str, version: &str) -> Option<Value> {
        let first = self.of_group(group).find(|it| it.version == version)?;
        let mut all = Vec::new();
        for it in self.of_group(group) {
            let mut told = json!({
                "name": it.path_name(), "singularName": it.singular, "namespaced": it.is_namespaced,
                "kind": it.kind, "verbs": verbs(it),
            });
            add(&mut told, "shortNames", it.short);
            add(&mut told, "categories", categories(it));
            all.push(told);
            for (name, [group, version, kind], verbs) in parts(it) {
                let mut told = json!({
                    "name": format!("{}/{name}", it.path_name()), "singularName": "",
                    "namespaced": it.is_namespaced, "kind": kind, "verbs": verbs,
                });
                if !group.is_empty() {
                    told["group"] = json!(group);
                    told["version"] = json!(version);
                }
                all.push(told);
            }
        }
        Some(json!({
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": first.api_version(), "resources": all,
        }))
    }

    fn documents(&self) -> Value {
        let all = self.groups();
        let paths = [""].iter().chain(&all).map(|group| {
            let root = root(group, self.version_of(group));
            // The hash is for a client's cache: what is told never changes.
            let url = format!("/openapi/v3/{root}?hash={VERSION}");
            (root, json!({ "serverRelativeURL": url }))
        });
        json!({ "paths": serde_json::Map::from_iter(paths) })
    }

    /// No schema, but what `kubectl create` and `apply` look for: that an object is checked by the server,
    /// so that they do not have to.
    fn document(&self, group: &str, version: &str) -> Option<Value> {
        self.of_group(group).find(|it| it.version == version)?;
        let paths = self.of_group(group).filter(|it| !is_asked_only(it)).map(|it| {
            let space = if it.is_namespaced { "namespaces/{namespace}/" } else { "" };
            let patch = json!({
                "parameters": [{ "name": "fieldValidation", "in": "query" }],
                "responses": {},
                "x-kubernetes-group-version-kind": {
                    "group": group, "version": version, "kind": it.kind,
                },
            });
            let path = format!("/{}/{space}{}/{{name}}", root(group, version), it.path_name());
            (path, json!({ "patch": patch }))
        });
        Some(json!({
            "openapi": "3.0.0",
            "info": { "title": "Kubernetes", "version": VERSION },
            "paths": serde_json::Map::from_iter(paths),
        }))
    }
}
