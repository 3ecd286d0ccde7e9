//! Pods as the kubelet reports them, and the endpoints that follow from them.

use bluegreen::model::name;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What keeps another object as it is, as that one says it.
pub fn owner(of: &Value) -> Value {
    let metadata = &of["metadata"];
    json!({"kind": of["kind"], "name": metadata["name"], "uid": metadata["uid"], "controller": true})
}

pub fn of(set: &Value, pod: &str) -> Value {
    let template = &set["spec"]["template"];
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod,
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner(set)],
        },
        "spec": template["spec"],
    })
}

/// What the kubelet says: a tag of `:crash` crashes, `:never-ready` runs without getting ready.
pub fn status(pod: &Value, bad: &[String], now: Timestamp) -> Value {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let statuses: Vec<Value> = containers
        .map(|container| {
            let image = container["image"].as_str().unwrap_or_default();
            let common = json!({
                "name": container["name"], "image": image, "imageID": "", "restartCount": 0,
            });
            let mut status = common;
            status["ready"] = json!(false);
            if image.ends_with(":crash") {
                status["restartCount"] = json!(3);
                status["state"] =
                    json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
                status["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
            } else {
                let healthy = !image.ends_with(":never-ready") && !bad.iter().any(|b| b == image);
                status["ready"] = json!(healthy);
                status["state"] = json!({"running": {}});
            }
            status
        })
        .collect();
    let ready = statuses.iter().all(|status| status["ready"] == true);
    let ready = if ready { "True" } else { "False" };
    let condition = match &pod["status"]["conditions"][0] {
        old if old["status"] == ready => old.clone(),
        _ => json!({"type": "Ready", "status": ready, "lastTransitionTime": now.to_string()}),
    };
    json!({"phase": "Running", "conditions": [condition], "containerStatuses": statuses})
}

pub fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["status"] == "True"
}

pub fn slice(service: &Value, pods: &[&Value]) -> Value {
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| {
            json!({
                "addresses": [name(pod)],
                "conditions": {"ready": is_ready(pod)},
                "targetRef": {"kind": "Pod", "name": name(pod)},
            })
        })
        .collect();
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let ports: Vec<Value> = ports
        .filter(|_| !pods.is_empty())
        .map(|port| json!({"name": port["name"], "port": port["targetPort"]}))
        .collect();
    let name = name(service);
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {"name": format!("{name}-ends"), "labels": {"kubernetes.io/service-name": name}},
        "ports": ports,
        "endpoints": endpoints,
    })
}
