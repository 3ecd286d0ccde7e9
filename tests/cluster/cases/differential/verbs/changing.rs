//! PUT and PATCH.

use serde_json::{Value, json};

use super::super::ask::{
    JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, get, json_patch, merge_patch, put, strategic_patch,
};
use super::Row;

pub const ROWS: &[(&str, Row)] = &[
    ("replaced", |it| {
        vec![
            it.made(),
            put(&it.one(), &it.versioned("2")),
            put(&it.one(), &it.versioned("2")),
            get(&it.one()),
        ]
    }),
    ("replaced by itself", |it| vec![it.made(), put(&it.one(), &it.object()), get(&it.one())]),
    ("replaced, whatever there is", |it| vec![it.made(), put(&it.one(), &it.changed("2"))]),
    ("replaced when it has changed", |it| {
        let stale = it.versioned_as("<first-version>");
        vec![it.made(), put(&it.one(), &it.changed("2")), put(&it.one(), &stale)]
    }),
    ("replaced for show", |it| {
        let dry = format!("{}?dryRun=All", it.one());
        vec![it.made(), put(&dry, &it.changed("2")), get(&it.one())]
    }),
    ("replaced, unknown", |it| {
        vec![put(&it.one(), &it.object()), put(&it.one(), &it.versioned_as("1"))]
    }),
    ("replaced by another", |it| {
        let but = |path: &str, value: Value| put(&it.one(), &it.object_but(path, value));
        vec![
            it.made(),
            but("/metadata/name", json!("another")),
            but("/metadata/name", json!(null)),
            but("/metadata/namespace", json!("default")),
            but("/kind", json!("Toucan")),
            but("/apiVersion", json!("v9")),
            but("/metadata/uid", json!("1-2-3")),
            but("/metadata/resourceVersion", json!("0")),
            but("/metadata/resourceVersion", json!("a")),
            but("/metadata/labels", json!({ "a b": "c" })),
            but("/metadata/generation", json!(9)),
            but("/metadata/creationTimestamp", json!("2020-01-01T00:00:00Z")),
            put(&it.one(), &json!({})).saying("{"),
            put(&it.one(), &it.object()).with_media("text/plain"),
        ]
    }),
    ("patched with tests", |it| {
        let test = |path: &str, value: &str| json!({ "op": "test", "path": path, "value": value });
        let add = json!({ "op": "add", "path": "/metadata/labels/n", "value": "1" });
        let right = test("/metadata/resourceVersion", "<version>");
        let stale = test("/metadata/resourceVersion", "<first-version>");
        let patch = |ops: Value| json_patch(&it.one(), &ops);
        vec![
            it.made(),
            patch(json!([right, add])),
            patch(json!([stale, add])),
            patch(json!([add, test("/metadata/name", "another")])),
            patch(json!([test("/metadata/uid", "<uid>")])),
            patch(json!([test("/metadata/nothing", "a")])),
            patch(json!([{ "op": "test", "path": "/metadata/nothing", "value": null }])),
            get(&it.one()),
        ]
    }),
    ("patched with an unknown field, strictly", |it| {
        let strict = format!("{}?fieldValidation=Strict", it.one());
        let add = |path: &str, value: Value| {
            json_patch(&strict, &json!([{ "op": "add", "path": path, "value": value }]))
        };
        vec![
            it.made(),
            add("/beak", json!("red")),
            add("/metadata/beak", json!({ "colour": "red" })),
            add("/metadata/labels/n", json!("1")),
            get(&it.one()),
        ]
    }),
    ("patched with operations", |it| {
        let ops = [
            json!([]),
            json!([{ "op": "add", "path": "/metadata/annotations", "value": { "a/b": "1", "c": "2" } }]),
            json!([{ "op": "replace", "path": "/metadata/annotations/a~1b", "value": "3" }]),
            json!([{ "op": "remove", "path": "/metadata/annotations/c" }]),
            json!([{ "op": "copy", "from": "/metadata/annotations/a~1b", "path": "/metadata/annotations/d" }]),
            json!([{ "op": "move", "from": "/metadata/annotations/d", "path": "/metadata/annotations/e" }]),
            json!([{ "op": "remove", "path": "/metadata/annotations/nothing" }]),
            json!([{ "op": "replace", "path": "/metadata/annotations/nothing", "value": "1" }]),
            json!([{ "op": "add", "path": "/metadata/nothing/a", "value": "1" }]),
            json!([{ "op": "add", "path": "/metadata/finalizers/0", "value": "a/b" }]),
            json!([{ "op": "rename", "path": "/metadata/labels/a" }]),
            json!([{ "path": "/metadata/labels/a" }]),
            json!([{ "op": "add", "path": "/metadata/labels/a" }]),
            json!([{ "op": "add", "path": "metadata", "value": {} }]),
            json!({ "op": "add", "path": "/metadata/labels/a", "value": "1" }),
            json!("a"),
        ];
        let patches = ops.iter().map(|ops| json_patch(&it.one(), ops));
        [it.made()].into_iter().chain(patches).chain([get(&it.one())]).collect()
    }),
    ("patched to what may not be", |it| {
        let set = |path: &str, value: Value| {
            json_patch(&it.one(), &json!([{ "op": "add", "path": path, "value": value }]))
        };
        vec![
            it.made(),
            set("/metadata/name", json!("another")),
            set("/metadata/namespace", json!("default")),
            set("/metadata/uid", json!("1-2-3")),
            set("/metadata/resourceVersion", json!("1")),
            set("/metadata/labels", json!({ "a": "b c" })),
            set("/metadata/generation", json!(9)),
            set("/metadata/creationTimestamp", json!("2020-01-01T00:00:00Z")),
            set("/metadata/deletionTimestamp", json!("2020-01-01T00:00:00Z")),
            set("/kind", json!("Toucan")),
            get(&it.one()),
        ]
    }),
    ("merged", |it| {
        let patches = [
            json!({}),
            json!({ "metadata": { "annotations": { "a": "1", "b": "2" } } }),
            json!({ "metadata": { "annotations": { "a": null } } }),
            json!({ "metadata": { "resourceVersion": "<version>", "labels": { "n": "1" } } }),
            json!({ "metadata": { "resourceVersion": "<first-version>", "labels": { "n": "2" } } }),
            json!({ "metadata": { "labels": null } }),
            json!({ "metadata": { "name": "another" } }),
            json!({ "metadata": { "labels": { "a": "b c" } } }),
            json!([]),
            json!("a"),
            json!(null),
        ];
        let patches = patches.iter().map(|patch| merge_patch(&it.one(), patch));
        [it.made()].into_iter().chain(patches).chain([get(&it.one())]).collect()
    }),
    ("merged as kubectl does", |it| {
        let patches = [
            json!({}),
            json!({ "metadata": { "annotations": { "a": "1" }, "finalizers": ["a/b"] } }),
            json!({ "metadata": { "annotations": null, "$setElementOrder/finalizers": ["a/b"] } }),
            json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": ["a/b"] } }),
            json!({ "metadata": { "resourceVersion": "<first-version>", "labels": { "n": "2" } } }),
            json!({ "metadata": { "labels": { "$patch": "replace", "n": "1" } } }),
            json!({ "metadata": { "labels": { "a": "b c" } } }),
            json!({ "metadata": { "name": "another" } }),
            json!([]),
            json!("a"),
        ];
        let patches = patches.iter().map(|patch| strategic_patch(&it.one(), patch));
        [it.made()].into_iter().chain(patches).chain([get(&it.one())]).collect()
    }),
    ("patched for show", |it| {
        let one = format!("{}?dryRun=All", it.one());
        vec![
            it.made(),
            merge_patch(&one, &json!({ "metadata": { "labels": { "n": "1" } } })),
            json_patch(&one, &json!([{ "op": "remove", "path": "/metadata/labels" }])),
            get(&it.one()),
        ]
    }),
    ("patched, unknown", |it| {
        vec![
            merge_patch(&it.one(), &json!({})),
            json_patch(&it.one(), &json!([{ "op": "test", "path": "/a", "value": 1 }])),
            strategic_patch(&it.one(), &json!({})),
            merge_patch(&it.one(), &json!({})).saying("{"),
        ]
    }),
    ("patched in other formats", |it| {
        let media = ["application/json", "text/plain", "", "application/apply-patch+yaml"];
        let patches = media.map(|media| merge_patch(&it.one(), &json!({})).with_media(media));
        let broken = [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]
            .map(|media| merge_patch(&it.one(), &json!({})).saying("{").with_media(media));
        [it.made()].into_iter().chain(patches[..3].to_vec()).chain(broken).collect()
    }),
];
