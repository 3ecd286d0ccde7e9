//! What is no object: questions about rights, and a pod's log.

use serde_json::{Value, json};

use super::ask::{Ask, get, post, put};
use super::kinds::Kind;

const RIGHTS: &str = "/apis/authorization.k8s.io/v1";

/// By name: of which kind, and what is asked.
pub fn rows(kinds: &[Kind], namespace: &str) -> Vec<(&'static str, &'static str, Vec<Ask>)> {
    let pods = kinds.iter().find(|kind| kind.plural == "pods").expect("it is a kind");
    let pod = pods.object("it");
    let mut two = pods.object("two");
    two["spec"]["containers"] =
        json!([{ "name": "a", "image": "a" }, { "name": "b", "image": "b" }]);
    let all = pods.collection(namespace);
    let log = |query: &str| get(&format!("{all}/{query}"));
    vec![
        ("selfsubjectaccessreviews", "a right", access(namespace)),
        ("selfsubjectrulesreviews", "all rights", rules(namespace)),
        (
            "pods",
            "a log",
            vec![
                log("it/log"),
                post(&all, &pod),
                log("it/log"),
                log("it/log?container=parrot&tailLines=5&previous=true"),
                log("it/log?container=toucan"),
                post(&all, &two),
                log("two/log"),
                log("two/log?container=b"),
                put(&format!("{all}/it/log"), &pod),
            ],
        ),
    ]
}

fn review(kind: &str, spec: Value) -> Value {
    json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec })
}

fn access(namespace: &str) -> Vec<Ask> {
    let url = format!("{RIGHTS}/selfsubjectaccessreviews");
    let of = json!({
        "namespace": namespace, "verb": "patch", "group": "apps", "resource": "deployments",
    });
    let path = json!({ "path": "/healthz", "verb": "get" });
    let specs = [
        json!({ "resourceAttributes": of }),
        json!({ "nonResourceAttributes": path }),
        json!({ "resourceAttributes": of, "nonResourceAttributes": path }),
        json!({ "resourceAttributes": { "verb": 1 } }),
        json!({}),
        json!(null),
    ];
    let asks = specs.map(|spec| post(&url, &review("SelfSubjectAccessReview", spec)));
    let other = [post(&url, &review("Toucan", json!({}))), get(&url), get(&format!("{url}/it"))];
    asks.into_iter().chain(other).collect()
}

fn rules(namespace: &str) -> Vec<Ask> {
    let url = format!("{RIGHTS}/selfsubjectrulesreviews");
    let specs = [json!({ "namespace": namespace }), json!({}), json!({ "namespace": 1 })];
    specs.map(|spec| post(&url, &review("SelfSubjectRulesReview", spec))).into()
}
