//! Sets of fields, in the form of `fieldsV1`. A list of things with names is taken by these, any other
//! as one value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

type Path = Vec<String>;

/// What the server itself keeps of an object, and nobody owns.
const SERVERS: [&str; 11] = [
    "name",
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

/// The values of an object, by their paths.
pub struct Named(BTreeMap<Path, Value>);

impl Named {
    /// Of its status alone, or of all the rest.
    pub fn of(object: &Value, is_of_status: bool) -> Named {
        let mut found = BTreeMap::new();
        for (key, value) in object.as_object().into_iter().flatten() {
            let is_said = !["apiVersion", "kind"].contains(&key.as_str());
            if is_said && (key == "status") == is_of_status {
                leaves(value, &mut vec![format!("f:{key}")], &mut found);
            }
        }
        let is_servers = |path: &Path| {
            path[0] == "f:metadata" && path.get(1).is_some_and(|it| SERVERS.contains(&&it[2..]))
        };
        found.retain(|path, _| !is_servers(path));
        Named(found)
    }

    pub fn other_than(&self, before: &Named) -> Fields {
        let other = self.0.iter().filter(|(path, value)| before.0.get(*path) != Some(value));
        Fields(other.map(|(path, _)| path.clone()).collect())
    }

    pub fn not_in(&self, after: &Named) -> Fields {
        let gone = self.0.keys().filter(|path| !after.0.contains_key(*path));
        Fields(gone.cloned().collect())
    }
}

fn leaves(value: &Value, path: &mut Path, found: &mut BTreeMap<Path, Value>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, it)| (format!("f:{key}"), it)).collect(),
        Value::Array(items) => {
            let key = |it: &Value| it["name"].as_str().map(key_of);
            items.iter().map(|it| Some((key(it)?, it))).collect::<Option<_>>().unwrap_or_default()
        }
        _ => Vec::new(),
    };
    if parts.is_empty() {
        found.insert(path.clone(), value.clone());
        return;
    }
    for (key, part) in parts {
        path.push(key);
        leaves(part, path, found);
        path.pop();
    }
}

fn key_of(name: &str) -> String {
    format!("k:{}", json!({ "name": name }))
}

#[derive(Clone, PartialEq, Debug)]
pub struct Fields(BTreeSet<Path>);

impl Fields {
    pub fn read(shown: &Value) -> Fields {
        let mut found = BTreeSet::new();
        for (key, below) in shown.as_object().into_iter().flatten() {
            under(below, &mut vec![key.clone()], &mut found);
        }
        Fields(found)
    }

    pub fn with(&self, other: &Fields) -> Fields {
        Fields(self.0.union(&other.0).cloned().collect())
    }

    pub fn without(&self, other: &Fields) -> Fields {
        Fields(self.0.difference(&other.0).cloned().collect())
    }

    pub fn shown(&self) -> Value {
        let mut shown = json!({});
        for path in &self.0 {
            let mut at = &mut shown;
            for part in path {
                at = &mut at[part.as_str()];
                if at.is_null() {
                    *at = json!({});
                }
            }
        }
        shown
    }
}

fn under(below: &Value, path: &mut Path, found: &mut BTreeSet<Path>) {
    match below.as_object().filter(|fields| !fields.is_empty()) {
        None => drop(found.insert(path.clone())),
        Some(fields) => {
            for (key, below) in fields {
                path.push(key.clone());
                under(below, path, found);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_as_kubernetes_tells_them() {
        let old = json!({
            "kind": "Deployment",
            "metadata": { "name": "a", "labels": { "app": "a" } },
            "spec": { "containers": [{ "name": "x", "image": "x:1", "args": ["-v"] }], "gone": 1 },
            "status": { "replicas": 1 },
        });
        let mut new = old.clone();
        new["spec"]["containers"][0]["image"] = json!("x:2");
        new["metadata"]["resourceVersion"] = json!("7");
        new["status"]["replicas"] = json!(2);
        new["spec"].as_object_mut().unwrap().remove("gone");
        let (was, is) = (Named::of(&old, false), Named::of(&new, false));
        let written = is.other_than(&was);
        let image =
            json!({ "f:spec": { "f:containers": { "k:{\"name\":\"x\"}": { "f:image": {} } } } });
        assert_eq!(written.shown(), image);
        assert_eq!(Fields::read(&image), written);
        assert_eq!(was.not_in(&is).shown(), json!({ "f:spec": { "f:gone": {} } }));
        let all = is.other_than(&Named::of(&Value::Null, false));
        assert_eq!(all.without(&written).with(&written), all);
        assert_eq!(all.shown()["f:metadata"], json!({ "f:labels": { "f:app": {} } }));
        let status = Named::of(&new, true).other_than(&Named::of(&old, true));
        assert_eq!(status.shown(), json!({ "f:status": { "f:replicas": {} } }));
    }
}
