//! POST, done well and done wrong.

use serde_json::{Value, json};

use super::super::ask::{Ask, get, post};
use super::Row;

pub const ROWS: &[(&str, Row)] = &[
    ("made and read", |it| vec![it.made(), get(&it.one())]),
    ("made twice", |it| vec![it.made(), it.made()]),
    ("made for show", |it| vec![it.made_with("dryRun=All"), get(&it.one())]),
    ("made for an unknown show", |it| vec![it.made_with("dryRun=Some")]),
    ("made with a generated name", |it| {
        let mut object = it.object();
        object["metadata"]["name"] = json!(null);
        object["metadata"]["generateName"] = json!(format!("{}-", it.name));
        vec![post(&it.all(), &object)]
    }),
    ("made without a name", |it| vec![it.made_but("/metadata/name", json!(null))]),
    ("made with names of a bad form", |it| {
        let wrong = ["A", "a_b", "-a", "a.", "a b", "a/b", "Ä", "."];
        wrong.iter().map(|name| it.made_but("/metadata/name", json!(name))).collect()
    }),
    ("made with a long name", |it| {
        [63, 64, 253, 254]
            .map(|n| it.dry(it.made_but("/metadata/name", json!("a".repeat(n)))))
            .into()
    }),
    ("made with a name of dots", |it| {
        vec![it.dry(it.made_but("/metadata/name", json!("a.b-1.c")))]
    }),
    ("made with a number first", |it| vec![it.dry(it.made_but("/metadata/name", json!("1a")))]),
    ("made in another namespace", |it| vec![it.made_but("/metadata/namespace", json!("default"))]),
    ("made as another kind", |it| vec![it.made_but("/kind", json!("Toucan"))]),
    ("made as another version", |it| {
        vec![it.made_but("/apiVersion", json!("v9")), it.made_but("/apiVersion", json!("a/b/c"))]
    }),
    ("made without saying what it is", |it| {
        let mut object = it.object();
        object.as_object_mut().unwrap().retain(|field, _| field != "kind" && field != "apiVersion");
        vec![post(&it.all(), &object)]
    }),
    ("made with a version", |it| vec![it.made_but("/metadata/resourceVersion", json!("1"))]),
    ("made with a uid", |it| vec![it.made_but("/metadata/uid", json!("1-2-3"))]),
    ("made with what is the server's", |it| {
        let mut object = it.object();
        object["metadata"]["generation"] = json!(7);
        object["metadata"]["creationTimestamp"] = json!("2020-01-01T00:00:00Z");
        object["metadata"]["deletionTimestamp"] = json!("2020-01-01T00:00:00Z");
        object["metadata"]["selfLink"] = json!("/here");
        vec![post(&it.all(), &object), get(&it.one())]
    }),
    ("made with labels of a bad form", |it| {
        let wrong = [
            json!({ "a": "b c" }),
            json!({ "a b": "c" }),
            json!({ "a/b/c": "d" }),
            json!({ "-a": "d" }),
            json!({ "b": "-" }),
            json!({ "A.b/c": "d" }),
            json!({ "": "a" }),
            json!({ "a": "b".repeat(64) }),
            json!({ "a".repeat(64): "b" }),
            json!({ "a": 1 }),
            json!({ "a": null }),
            json!(["a"]),
            json!("a"),
        ];
        wrong.iter().map(|labels| it.dry(it.made_but("/metadata/labels", labels.clone()))).collect()
    }),
    ("made with annotations", |it| {
        let some = [
            json!({ "a b": "c" }),
            json!({ "A/b": "c d\n" }),
            json!({ "a": 1 }),
            json!({ "a": true, "b": {} }),
            json!({}),
            json!({ "x": "y".repeat(262_145) }),
        ];
        some.iter().map(|all| it.dry(it.made_but("/metadata/annotations", all.clone()))).collect()
    }),
    ("made with owners", |it| {
        let owner =
            json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "1" });
        let but = |field: &str, value: Value| {
            let mut owner = owner.clone();
            owner[field] = value;
            owner
        };
        let some = [
            json!([owner]),
            json!([but("uid", json!(""))]),
            json!([but("name", json!(null))]),
            json!([but("kind", json!(""))]),
            json!([but("apiVersion", json!("a/b/c"))]),
            json!([but("apiVersion", json!(""))]),
            json!([but("controller", json!(true)), but("controller", json!(true))]),
            json!([owner, owner]),
            json!([but("controller", json!("yes"))]),
            json!([but("kind", json!("Event"))]),
        ];
        some.iter()
            .map(|all| it.dry(it.made_but("/metadata/ownerReferences", all.clone())))
            .collect()
    }),
    ("made with finalizers", |it| {
        let some = [json!(["a.b/c"]), json!(["orphan"]), json!(["a"]), json!(["a b/c"]), json!([])];
        some.iter().map(|all| it.dry(it.made_but("/metadata/finalizers", all.clone()))).collect()
    }),
    ("made with metadata of another type", |it| {
        let some = [json!([]), json!("a"), json!(1), json!(null)];
        let all = some.iter().map(|it_| it.made_but("/metadata", it_.clone()));
        all.chain([
            it.made_but("/metadata/name", json!(1)),
            it.made_but("/metadata/namespace", json!(1)),
            it.made_but("/metadata/creationTimestamp", json!("yesterday")),
            it.made_but("/metadata/finalizers", json!("a")),
        ])
        .collect()
    }),
    ("made with an unknown field", |it| vec![it.dry(it.made_but("/beak", json!("red")))]),
    ("made with an unknown field, strictly", |it| {
        let strict = |ask: Ask| Ask { path: ask.path + "?fieldValidation=Strict", ..ask };
        vec![
            strict(it.made_but("/beak", json!("red"))),
            strict(it.made_but("/metadata/beak", json!({ "colour": "red" }))),
            strict(it.made_but("/metadata/name", json!(7))),
        ]
    }),
    ("made of something else", |it| {
        let bodies =
            ["", "{", "[]", "\"a\"", "null", "1", "{}", "{\"kind\":1}", "{\"metadata\":{}}{}"];
        bodies.iter().map(|body| post(&it.all(), &json!({})).saying(body)).collect()
    }),
    ("made in another format", |it| {
        let media = ["text/plain", "application/yaml", "application/xml", "", "a"];
        media.map(|media| post(&it.all(), &it.object()).with_media(media)).into()
    }),
    ("made for another format", |it| {
        vec![it.made().accepting("text/html"), it.made().accepting("*/*")]
    }),
];
