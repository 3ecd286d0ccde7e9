//! An object's parts, and what is no part of the API.

use serde_json::{Value, json};

use super::super::ask::{Ask, delete, get, json_patch, merge_patch, post, put, strategic_patch};
use super::{Row, Scene};

pub const ROWS: &[(&str, Row)] = &[
    ("its status", |it| it.status()),
    ("its scale", |it| it.scale()),
    ("parts that it has not", |it| {
        let part = |part: &str| format!("{}/{part}", it.one());
        vec![
            it.made(),
            get(&part("beak")),
            get(&part("log/beak")),
            put(&part("beak"), &it.object()),
            get(&part("log")),
            delete(&part("status"), &json!(null)),
            post(&part("status"), &it.object()),
        ]
    }),
    ("methods that there are not", |it| {
        vec![
            post(&it.one(), &it.object()),
            put(&it.all(), &it.object()),
            merge_patch(&it.all(), &json!({})),
            Ask { method: "OPTIONS", ..get(&it.one()) },
            Ask { method: "BIRD", ..get(&it.one()) },
        ]
    }),
    ("paths that there are not", |it| {
        let path = |from: &str, to: &str| it.one().replace(from, to);
        let group = it.kind.group();
        vec![
            get(&path("/v1/", "/v9/").replace("/v2/", "/v9/")),
            get(&path("/api/", "/apis/beak/").replace("/apis/", "/apis/beak.")),
            get(&path(it.kind.plural, "toucans")),
            get(&format!("{}/more/parts/of/it", it.one())),
            get(&format!("{group}/toucans")),
            get("/beak"),
        ]
    }),
];

impl Scene<'_> {
    fn status(&self) -> Vec<Ask> {
        let status = format!("{}/status", self.one());
        if !self.kind.has_status {
            return vec![self.made(), get(&status), put(&status, &self.object())];
        }
        let mut object = self.changed("2");
        let (field, empty) = match self.kind.plural {
            "ingresses" => ("loadBalancer", json!({})),
            _ => ("conditions", json!([])),
        };
        object["status"] = json!({ field: empty });
        let mut stale = object.clone();
        stale["metadata"]["resourceVersion"] = json!("1");
        vec![
            self.made(),
            get(&status),
            merge_patch(&status, &json!({ "metadata": { "labels": { "n": "1" } } })),
            merge_patch(&status, &json!({ "spec": null })),
            put(&status, &object),
            put(&status, &stale),
            put(&self.one(), &object),
            merge_patch(&status, &json!({ "status": { field: "a" } })),
            get(&self.one()),
        ]
    }

    fn scale(&self) -> Vec<Ask> {
        let scale = format!("{}/scale", self.one());
        let sized = |replicas: Value, version: &str| {
            json!({
                "kind": "Scale", "apiVersion": "autoscaling/v1",
                "metadata": {
                    "name": self.name, "namespace": self.namespace, "resourceVersion": version,
                },
                "spec": { "replicas": replicas },
            })
        };
        let mut asks = vec![self.made(), get(&scale)];
        if self.kind.has_scale {
            let mut unnamed = sized(json!(1), "");
            unnamed["metadata"] = json!({});
            asks.extend([
                put(&scale, &sized(json!(2), "")),
                put(&scale, &sized(json!(3), "<first-version>")),
                put(&scale, &sized(json!(-1), "")),
                put(&scale, &sized(json!("a"), "")),
                put(&scale, &sized(json!(0), "")),
                get(&scale),
                put(&scale, &unnamed),
                put(&scale, &self.object()),
                put(&format!("{scale}?dryRun=All"), &sized(json!(4), "")),
                merge_patch(&scale, &json!({ "spec": { "replicas": 5 } })),
                merge_patch(&scale, &json!({ "spec": { "replicas": 0 } })),
                strategic_patch(&scale, &json!({ "spec": { "replicas": 1 } })),
                json_patch(
                    &scale,
                    &json!([{ "op": "test", "path": "/spec/replicas", "value": 9 }]),
                ),
                json_patch(
                    &scale,
                    &json!([{ "op": "replace", "path": "/spec/replicas", "value": 0 }]),
                ),
                delete(&scale, &json!(null)),
                get(&self.one()),
            ]);
        }
        asks
    }
}
