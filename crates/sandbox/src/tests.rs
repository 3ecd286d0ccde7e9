//! The API as a client sees it.

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use serde_json::{Value, json};
use tower::Service;

use super::*;

fn store() -> Store {
    let store = Store::new(1, "2026-01-01T00:00:00Z".parse().unwrap());
    store.add(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "birds"},
    }));
    store
}

async fn call(api: &mut Api, method: Method, path: &str, body: Value) -> (u16, Value) {
    let bytes = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let media = match method {
        Method::PATCH => "application/json-patch+json",
        _ => "application/json",
    };
    let request = Request::builder().method(method).uri(path).header("content-type", media);
    let reply = api.call(request.body(Full::new(bytes)).unwrap()).await.unwrap();
    let code = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (code, serde_json::from_slice(&bytes).unwrap())
}

const MAPS: &str = "/api/v1/namespaces/birds/configmaps";

#[tokio::test(start_paused = true)]
async fn an_object_lives_and_dies() {
    let mut api = Api::new(&store());
    let map = json!({"metadata": {"name": "a"}, "data": {"x": "1"}, "unknown": [1]});
    let (code, made) = call(&mut api, Method::POST, MAPS, map.clone()).await;
    assert_eq!((code, &made["unknown"]), (201, &json!([1])));
    let (code, again) = call(&mut api, Method::POST, MAPS, map).await;
    assert_eq!((code, &again["reason"]), (409, &json!("AlreadyExists")));

    let one = format!("{MAPS}/a");
    let version = &made["metadata"]["resourceVersion"];
    let patch = json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/data/x", "value": "2"},
    ]);
    let (code, changed) = call(&mut api, Method::PATCH, &one, patch.clone()).await;
    assert_eq!((code, &changed["data"]["x"]), (200, &json!("2")));
    let (code, refused) = call(&mut api, Method::PATCH, &one, patch).await;
    assert_eq!((code, &refused["reason"]), (422, &json!("Invalid")));

    let options = json!({"preconditions": {"resourceVersion": version}});
    let (code, _) = call(&mut api, Method::DELETE, &one, options).await;
    assert_eq!(code, 409);
    let (code, _) = call(&mut api, Method::DELETE, &one, Value::Null).await;
    assert_eq!(code, 200);
    let (code, gone) = call(&mut api, Method::GET, &one, Value::Null).await;
    assert_eq!((code, &gone["message"]), (404, &json!("configmaps \"a\" not found")));
}

#[tokio::test(start_paused = true)]
async fn a_generation_counts_what_is_meant() {
    let mut api = Api::new(&store());
    let all = "/apis/apps/v1/namespaces/birds/deployments";
    let labels = json!({"app": "parrot"});
    let containers = json!([{"name": "parrot", "image": "parrot:1"}]);
    let parrot = json!({
        "metadata": {"name": "parrot"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    });
    assert_eq!(call(&mut api, Method::POST, all, parrot).await.0, 201);
    for (field, value, generation) in [
        ("/metadata/labels", json!({"a": "b"}), 1),
        ("/metadata/annotations", json!({"a": "b"}), 2),
        ("/spec/replicas", json!(2), 3),
    ] {
        let patch = json!([{"op": "add", "path": field, "value": value}]);
        let (_, now) = call(&mut api, Method::PATCH, &format!("{all}/parrot"), patch).await;
        assert_eq!(now["metadata"]["generation"], generation, "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_its_selector_lets_through() {
    let store = store();
    let mut api = Api::new(&store);
    let watch = format!(
        "{MAPS}?watch=true&resourceVersion={}&labelSelector=x&timeoutSeconds=5",
        store.revision()
    );
    for (name, labels) in [("a", json!({"x": "1"})), ("b", json!({}))] {
        let map = json!({"metadata": {"name": name, "labels": labels}});
        call(&mut api, Method::POST, MAPS, map).await;
    }
    for name in ["a", "b"] {
        let value = if name == "a" { json!({}) } else { json!({"x": "2"}) };
        let patch = json!([{"op": "add", "path": "/metadata/labels", "value": value}]);
        call(&mut api, Method::PATCH, &format!("{MAPS}/{name}"), patch).await;
    }
    let request = Request::get(watch).body(Full::<Bytes>::default()).unwrap();
    let body = api.call(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let seen: Vec<String> = String::from_utf8(body.to_vec())
        .unwrap()
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            text(&event["type"]) + " " + &text(&event["object"]["metadata"]["name"])
        })
        .collect();
    assert_eq!(seen, ["ADDED a", "DELETED a", "ADDED b"]);
}

#[tokio::test(start_paused = true)]
async fn faults_are_met_by_the_call_they_are_for() {
    let store = store();
    let mut api = Api::new(&store);
    api.faults().on_nth(0, Fault::Unsent);
    api.faults().on_nth(1, Fault::Unanswered);
    let one = |name: &str| {
        let body = json!({"metadata": {"name": name}}).to_string();
        Request::post(MAPS).body(Full::<Bytes>::from(body)).unwrap()
    };
    assert!(api.call(one("a")).await.is_err() && api.call(one("b")).await.is_err());
    let names: Vec<Value> = store
        .list(&resources::CONFIG_MAPS, Some("birds"))
        .iter()
        .map(|map| map["metadata"]["name"].clone())
        .collect();
    assert_eq!(names, ["b"]);
    assert_eq!(api.faults().calls().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_tables_begins_with_what_there_is_and_names_its_columns_once() {
    let store = store();
    let mut api = Api::new(&store);
    for name in ["a", "b"] {
        call(&mut api, Method::POST, MAPS, json!({ "metadata": { "name": name } })).await;
    }
    let asked = "watch=true&timeoutSeconds=5&allowWatchBookmarks=true&sendInitialEvents=true";
    let (code, refused) =
        call(&mut api, Method::GET, &format!("{MAPS}?{asked}"), Value::Null).await;
    assert_eq!((code, &refused["details"]["kind"]), (422, &json!("ListOptions")));

    let watch = format!("{MAPS}?{asked}&resourceVersionMatch=NotOlderThan");
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let request = Request::get(watch).header("accept", table).body(Full::<Bytes>::default());
    let reply = api.call(request.unwrap()).await.unwrap();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    let events: Vec<Value> = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let table = &event["object"];
            let kind = event["type"].as_str().unwrap();
            (
                kind,
                table["rows"][0]["cells"][0].as_str().unwrap(),
                !table["columnDefinitions"].is_null(),
            )
        })
        .collect();
    assert_eq!(told, [("ADDED", "a", true), ("ADDED", "b", false), ("BOOKMARK", "", false)]);
    let end = &events[2]["object"]["rows"][0]["object"]["metadata"]["annotations"];
    assert_eq!(end["k8s.io/initial-events-end"], "true");
}

#[tokio::test(start_paused = true)]
async fn it_tells_what_it_has() {
    let mut api = Api::new(&store());
    let (code, list) = call(&mut api, Method::GET, "/apis/apps/v1", Value::Null).await;
    assert_eq!((code, &list["groupVersion"]), (200, &json!("apps/v1")));
    let unknown = Request::get("/apis/apps/v2").body(Full::<Bytes>::default()).unwrap();
    let reply = api.call(unknown).await.unwrap();
    assert_eq!(reply.status(), 404);
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "404 page not found\n");
    let whole = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let request = Request::get("/apis").header("accept", whole).body(Full::<Bytes>::default());
    let reply = api.call(request.unwrap()).await.unwrap();
    assert_eq!(reply.headers()["content-type"], whole);
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    let groups: Value = serde_json::from_slice(&body).unwrap();
    let apps = &groups["items"][0]["versions"][0]["resources"][0];
    assert_eq!(apps["resource"], "deployments");
    assert_eq!(apps["subresources"][0]["responseKind"]["kind"], "Scale");
}

#[tokio::test(start_paused = true)]
async fn somebodys_admission_changes_what_it_is_about() {
    let store = store();
    let mut api = Api::new(&store);
    let mutation = |operation, has_dry_run| Mutation {
        name: "beaks".to_owned(),
        resource: &resources::CONFIG_MAPS,
        operations: vec![operation],
        has_dry_run,
        change: std::sync::Arc::new(|map: &mut Value| map["data"]["beak"] = json!("yes")),
    };
    let map = |name: &str| json!({"metadata": {"name": name}, "data": {"x": "1"}});
    let tried = format!("{MAPS}?dryRun=All");

    store.set_mutations(vec![mutation(Operation::Create, true)]);
    let (_, made) = call(&mut api, Method::POST, &tried, map("a")).await;
    assert_eq!(made["data"]["beak"], "yes");
    let (_, made) = call(&mut api, Method::POST, MAPS, map("a")).await;
    assert_eq!(made["data"], json!({"beak": "yes", "x": "1"}));
    // Who made it owns what was sent.
    let owned = &made["metadata"]["managedFields"][0]["fieldsV1"];
    assert_eq!(*owned, json!({"f:data": {"f:x": {}}}));
    let remove = json!([{"op": "remove", "path": "/data/beak"}]);
    let one = format!("{MAPS}/a");
    let (_, changed) = call(&mut api, Method::PATCH, &one, remove.clone()).await;
    assert_eq!(changed["data"], json!({"x": "1"}));

    store.set_mutations(vec![mutation(Operation::Update, false)]);
    let (_, made) = call(&mut api, Method::POST, MAPS, map("b")).await;
    assert_eq!(made["data"], json!({"x": "1"}));
    let (code, refused) =
        call(&mut api, Method::PATCH, &format!("{one}?dryRun=All"), json!([])).await;
    let why = "admission webhook \"beaks\" does not support dry run";
    assert_eq!((code, &refused["message"]), (400, &json!(why)));
    // Also what changes nothing is an update.
    let (_, changed) = call(&mut api, Method::PATCH, &one, json!([])).await;
    assert_eq!(changed["data"]["beak"], "yes");
}
