//! DELETE.

use serde_json::{Value, json};

use super::super::ask::{Ask, delete, get, json_patch, merge_patch};
use super::{Row, Scene};

pub const ROWS: &[(&str, Row)] = &[
    ("deleted", |it| vec![it.made(), delete(&it.one(), &json!(null)), get(&it.one())]),
    ("deleted, unknown", |it| vec![delete(&it.one(), &json!(null)), delete(&it.one(), &json!({}))]),
    ("deleted on conditions", |it| {
        let on = |conditions: Value| delete(&it.one(), &json!({ "preconditions": conditions }));
        vec![
            it.made(),
            on(json!({ "uid": "1-2-3" })),
            on(json!({ "resourceVersion": "1" })),
            on(json!({ "uid": "1-2-3", "resourceVersion": "1" })),
            on(json!({ "uid": "<uid>", "resourceVersion": "1" })),
            on(json!({ "uid": 1 })),
            on(json!({ "uid": "<uid>", "resourceVersion": "<version>" })),
            get(&it.one()),
        ]
    }),
    ("deleted for show", |it| {
        vec![
            it.made(),
            delete(&format!("{}?dryRun=All", it.one()), &json!(null)),
            delete(&it.one(), &json!({ "dryRun": ["All"] })),
            delete(&it.one(), &json!({ "dryRun": ["Some"] })),
            get(&it.one()),
        ]
    }),
    // With a body, its options alone count: this query is passed over, and the object goes.
    ("deleted, for show in the URL alone", |it| {
        let at = json!({ "uid": "<uid>", "resourceVersion": "<version>" });
        let options = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": at,
            "propagationPolicy": "Background", "dryRun": ["All"],
        });
        let url = format!("{}?dryRun=All", it.one());
        vec![
            it.made(),
            delete(&it.one(), &options),
            get(&it.one()),
            delete(&url, &json!({ "propagationPolicy": "Background" })),
            get(&it.one()),
        ]
    }),
    ("deleted before what it owns", |it| it.propagated("Background")),
    ("deleted after what it owns", |it| it.propagated("Foreground")),
    ("deleted without what it owns", |it| it.propagated("Orphan")),
    ("deleted in an unknown manner", |it| it.propagated("Sideways")),
    ("deleted, with the manner in the URL", |it| {
        vec![
            it.made(),
            delete(&format!("{}?propagationPolicy=Foreground", it.one()), &json!(null)),
            get(&it.one()),
        ]
    }),
    ("deleted with other options", |it| {
        vec![
            it.made(),
            delete(&it.one(), &json!({ "kind": "Toucan", "apiVersion": "v9" })),
            delete(&it.one(), &json!({ "gracePeriodSeconds": "a" })),
            delete(&it.one(), &json!({ "gracePeriodSeconds": -1 })),
            delete(&it.one(), &json!({ "orphanDependents": true, "propagationPolicy": "Orphan" })),
            delete(&it.one(), &json!({})).saying("{"),
            delete(&it.one(), &json!([])),
            delete(&it.one(), &json!({})).with_media("text/plain"),
            get(&it.one()),
            delete(&it.one(), &json!({ "kind": "DeleteOptions", "apiVersion": "v1" })),
        ]
    }),
    ("deleted while it is held", |it| {
        let release = json!([{ "op": "remove", "path": "/metadata/finalizers" }]);
        vec![
            it.made_but("/metadata/finalizers", json!(["birds.example.com/nest"])),
            delete(&it.one(), &json!(null)),
            delete(&it.one(), &json!(null)),
            get(&it.one()),
            merge_patch(&it.one(), &json!({ "metadata": { "labels": { "n": "1" } } })),
            merge_patch(
                &it.one(),
                &json!({ "metadata": { "finalizers": ["a/b", "birds.example.com/nest"] } }),
            ),
            it.made(),
            json_patch(&it.one(), &release),
            get(&it.one()),
        ]
    }),
];

impl Scene<'_> {
    fn propagated(&self, policy: &str) -> Vec<Ask> {
        let options = json!({ "propagationPolicy": policy });
        vec![
            self.made(),
            delete(&self.one(), &options),
            get(&self.one()),
            delete(&self.one(), &options),
            get(&self.one()),
        ]
    }
}
