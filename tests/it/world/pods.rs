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

/// One for each set of ports that pods have: a name that no container has leads nowhere.
pub fn slices(service: &Value, pods: &[&Value]) -> Vec<Value> {
    let mut groups: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    for pod in pods {
        let endpoint = json!({
            "addresses": [name(pod)],
            "conditions": {"ready": is_ready(pod)},
            "targetRef": {"kind": "Pod", "name": name(pod)},
        });
        let ports = ports(service, pod);
        match groups.iter_mut().find(|(of_group, _)| *of_group == ports) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => groups.push((ports, vec![endpoint])),
        }
    }
    if groups.is_empty() {
        groups.push((Vec::new(), Vec::new()));
    }
    let name = name(service);
    let slices = groups.into_iter().enumerate().map(|(n, (ports, endpoints))| {
        json!({
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "addressType": "IPv4",
            "metadata": {
                "name": if n == 0 { format!("{name}-ends") } else { format!("{name}-ends-{n}") },
                "labels": {"kubernetes.io/service-name": name},
            },
            "ports": ports,
            "endpoints": endpoints,
        })
    });
    slices.collect()
}

fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let listed: Vec<&Value> = containers
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .collect();
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let found = ports.filter_map(|port| {
        let number = match &port["targetPort"] {
            Value::String(name) => {
                &listed.iter().find(|listed| listed["name"] == *name)?["containerPort"]
            }
            Value::Null => &port["port"],
            number => number,
        };
        Some(json!({"name": port["name"], "port": number}))
    });
    found.collect()
}
