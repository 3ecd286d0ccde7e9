//! The rows that every kind has: each verb, done well and done wrong.

mod changing;
mod deleting;
mod making;
mod parts;
mod reading;

use serde_json::{Value, json};

use super::ask::{Ask, Step, delete, get, merge_patch, post, put};
use super::kinds::Kind;

/// What a row is about.
pub struct Scene<'a> {
    pub kind: &'a Kind,
    pub namespace: &'a str,
    pub name: String,
}

pub type Row = fn(&Scene) -> Vec<Ask>;

/// All of them, or those that read.
pub fn rows(is_read: bool) -> impl Iterator<Item = &'static (&'static str, Row)> {
    let all = [reading::ROWS, making::ROWS, changing::ROWS, deleting::ROWS, parts::ROWS];
    all.into_iter().take(if is_read { 1 } else { usize::MAX }).flatten()
}

impl Scene<'_> {
    pub fn all(&self) -> String {
        self.kind.collection(self.namespace)
    }

    pub fn one(&self) -> String {
        format!("{}/{}", self.all(), self.name)
    }

    pub fn object(&self) -> Value {
        self.kind.object(&self.name)
    }

    pub fn made(&self) -> Ask {
        post(&self.all(), &self.object())
    }

    pub fn made_with(&self, query: &str) -> Ask {
        post(&format!("{}?{query}", self.all()), &self.object())
    }

    pub fn object_but(&self, path: &str, value: Value) -> Value {
        let mut object = self.object();
        let (above, field) = path.rsplit_once('/').expect("a pointer");
        let above = object.pointer_mut(above).expect("it is there");
        match value {
            Value::Null => drop(above.as_object_mut().expect("a map").remove(field)),
            value => above[field] = value,
        }
        object
    }

    pub fn made_but(&self, path: &str, value: Value) -> Ask {
        post(&self.all(), &self.object_but(path, value))
    }

    pub fn dry(&self, ask: Ask) -> Ask {
        Ask { path: ask.path + "?dryRun=All", ..ask }
    }

    /// With another label.
    pub fn changed(&self, n: &str) -> Value {
        self.object_but("/metadata/labels", json!({ "app": "parrot", "row": self.name, "n": n }))
    }

    pub fn versioned(&self, n: &str) -> Value {
        let mut object = self.changed(n);
        object["metadata"]["resourceVersion"] = json!("<version>");
        object["metadata"]["uid"] = json!("<uid>");
        object
    }

    pub fn versioned_as(&self, version: &str) -> Value {
        self.object_but("/metadata/resourceVersion", json!(version))
    }

    pub fn list(&self, name: &str, selector: &str) -> Ask {
        let selector: String = url::form_urlencoded::byte_serialize(selector.as_bytes()).collect();
        let query = format!("{name}={selector}").replace("%253D", "%3D");
        get(&format!("{}?{query}", self.all()))
    }

    /// What is seen of a life, from its beginning or from later.
    pub fn watches(&self) -> Vec<(&'static str, Vec<Step>)> {
        let collection = self.all();
        let life = || {
            let label = |n: &str| json!({ "metadata": { "labels": { "app": n } } });
            [
                self.made(),
                merge_patch(&self.one(), &label("toucan")),
                merge_patch(&self.one(), &label("toucan")),
                merge_patch(&self.one(), &label("parrot")),
                put(&self.one(), &self.changed("2")),
                delete(&self.one(), &json!({ "gracePeriodSeconds": 0 })),
                self.made(),
            ]
            .map(Step::Ask)
        };
        let watch = |query: &str| {
            let path = format!("{collection}?watch=true&timeoutSeconds=30&{query}");
            let end = self.kind.object(&format!("{}-end", self.name));
            Step::Watch { path, collection: collection.clone(), end }
        };
        let mark = || Step::Mark { collection: collection.clone() };
        let row = |queries: &[&str]| {
            let mut steps = vec![mark()];
            steps.extend(life());
            steps.extend(queries.iter().map(|query| watch(query)));
            steps
        };
        let name = format!("resourceVersion=<start>&fieldSelector=metadata.name!={}", self.name);
        vec![
            ("watched", row(&["resourceVersion=<start>"])),
            ("watched by labels", row(&["resourceVersion=<start>&labelSelector=app%3Dparrot"])),
            ("watched by fields", row(&[&name])),
            ("watched with bookmarks", row(&["resourceVersion=<start>&allowWatchBookmarks=true"])),
            (
                "watched in other ways",
                row(&[
                    "resourceVersion=a",
                    "resourceVersion=<start>&labelSelector=(",
                    "resourceVersion=<start>&fieldSelector=a%3Db",
                    "sendInitialEvents=true",
                    "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
                ]),
            ),
        ]
    }
}
