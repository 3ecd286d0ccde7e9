//! Pods, and the templates that pods are made from.

use serde_json::{Value, json};

use super::{clean, each, or, or_empty};
use crate::admission::fields::{entries, items, text};

pub fn fill_in(pod: &mut Value, old: Option<&Value>) {
    let spec = &mut pod["spec"];
    for list in ["containers", "initContainers"] {
        for container in each(&mut spec[list]) {
            // What is not requested is what it may have.
            let limits = container["resources"]["limits"].clone();
            for (resource, limit) in entries(&limits) {
                or(&mut container["resources"]["requests"][resource], limit.clone());
            }
        }
    }
    or(&mut spec["enableServiceLinks"], json!(true));
    if spec["hostNetwork"] == true {
        for list in ["containers", "initContainers"] {
            each(&mut spec[list]).for_each(host_ports);
        }
    }
    fill_in_spec(spec);
    tolerate(spec);
    if old.is_none() {
        admit(spec);
    }
}

fn host_ports(container: &mut Value) {
    for port in each(&mut container["ports"]) {
        let number = port["containerPort"].clone();
        or(&mut port["hostPort"], number);
    }
}

/// What the controllers in the API server add to a new pod.
fn admit(spec: &mut Value) {
    or_empty(&mut spec["serviceAccountName"], "default");
    spec["serviceAccount"] = spec["serviceAccountName"].clone();
    or(&mut spec["priority"], json!(0));
    or(&mut spec["preemptionPolicy"], json!("PreemptLowerPriority"));
}

/// What nobody tolerates by themselves is tolerated for a while.
fn tolerate(spec: &mut Value) {
    let mut tolerations = items(&spec["tolerations"]).to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !tolerations.iter().any(|it| it["key"] == key && it["effect"] != "NoSchedule") {
            tolerations.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
    spec["tolerations"] = json!(tolerations);
}

pub fn fill_in_template(template: &mut Value) {
    or(&mut template["metadata"], json!({}));
    or(&mut template["spec"], json!({}));
    fill_in_spec(&mut template["spec"]);
}

fn fill_in_spec(spec: &mut Value) {
    or_empty(&mut spec["dnsPolicy"], "ClusterFirst");
    or_empty(&mut spec["restartPolicy"], "Always");
    or(&mut spec["securityContext"], json!({}));
    or(&mut spec["terminationGracePeriodSeconds"], json!(30));
    or_empty(&mut spec["schedulerName"], "default-scheduler");
    // Two names of the same.
    for (from, to) in
        [("serviceAccountName", "serviceAccount"), ("serviceAccount", "serviceAccountName")]
    {
        if let Some(name) = spec[from].as_str().map(str::to_owned) {
            or(&mut spec[to], json!(name));
        }
    }
    for list in ["containers", "initContainers"] {
        for container in each(&mut spec[list]) {
            fill_in_container(container);
        }
    }
    for volume in each(&mut spec["volumes"]) {
        fill_in_volume(volume);
    }
    clean(spec);
}

fn fill_in_container(container: &mut Value) {
    let policy = if is_latest(text(&container["image"])) { "Always" } else { "IfNotPresent" };
    or_empty(&mut container["imagePullPolicy"], policy);
    or_empty(&mut container["terminationMessagePath"], "/dev/termination-log");
    or_empty(&mut container["terminationMessagePolicy"], "File");
    or(&mut container["resources"], json!({}));
    or(&mut container["name"], json!(""));
    for kind in ["limits", "requests"] {
        // A quantity is told as a text.
        for quantity in container["resources"][kind].as_object_mut().into_iter().flatten() {
            if quantity.1.is_number() {
                *quantity.1 = json!(quantity.1.to_string());
            }
        }
    }
    for port in each(&mut container["ports"]) {
        or_empty(&mut port["protocol"], "TCP");
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if !container[probe].is_null() {
            let probe = &mut container[probe];
            or(&mut probe["timeoutSeconds"], json!(1));
            or(&mut probe["periodSeconds"], json!(10));
            or(&mut probe["successThreshold"], json!(1));
            or(&mut probe["failureThreshold"], json!(3));
            if !probe["grpc"].is_null() {
                or(&mut probe["grpc"]["service"], json!(""));
            }
            fill_in_http(probe);
        }
    }
    for hook in ["postStart", "preStop"] {
        if !container["lifecycle"][hook].is_null() {
            fill_in_http(&mut container["lifecycle"][hook]);
        }
    }
    for variable in each(&mut container["env"]) {
        fill_in_field(&mut variable["valueFrom"]);
    }
}

fn fill_in_field(source: &mut Value) {
    if !source["fieldRef"].is_null() {
        or_empty(&mut source["fieldRef"]["apiVersion"], "v1");
    }
}

fn fill_in_http(handler: &mut Value) {
    if !handler["httpGet"].is_null() {
        or_empty(&mut handler["httpGet"]["path"], "/");
        or_empty(&mut handler["httpGet"]["scheme"], "HTTP");
    }
}

fn each_in<'a>(object: &'a mut Value, path: &str) -> impl Iterator<Item = &'a mut Value> {
    object.pointer_mut(path).into_iter().flat_map(each)
}

fn fill_in_volume(volume: &mut Value) {
    for source in ["configMap", "secret", "downwardAPI", "projected"] {
        if !volume[source].is_null() {
            or(&mut volume[source]["defaultMode"], json!(0o644));
        }
    }
    each_in(volume, "/downwardAPI/items").for_each(fill_in_field);
    for source in each_in(volume, "/projected/sources") {
        each_in(source, "/downwardAPI/items").for_each(fill_in_field);
        if !source["serviceAccountToken"].is_null() {
            or(&mut source["serviceAccountToken"]["expirationSeconds"], json!(3_600));
        }
    }
    if !volume["hostPath"].is_null() {
        or(&mut volume["hostPath"]["type"], json!(""));
    }
    clean(volume);
    if volume.as_object().is_some_and(|volume| volume.keys().all(|field| field == "name")) {
        volume["emptyDir"] = json!({});
    }
}

/// Whether an image has the tag `latest`, or neither tag nor digest.
fn is_latest(image: &str) -> bool {
    let (image, digest) = image.split_once('@').unwrap_or((image, ""));
    let name = image.rsplit('/').next().unwrap_or_default();
    let has_tag = name.split_once(':').map(|(_, tag)| tag == "latest");
    has_tag.unwrap_or(digest.is_empty() && !name.is_empty())
}

/// How safe a pod is from being evicted.
pub fn quality(spec: &Value) -> &'static str {
    let resources: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| items(&spec[list]))
        .map(|container| &container["resources"])
        .collect();
    let says = |kind: &str, resource: &str| {
        resources.iter().map(|it| it[kind][resource].clone()).collect::<Vec<_>>()
    };
    let counted = ["cpu", "memory"];
    let is_best_effort = counted.iter().all(|resource| {
        ["limits", "requests"].iter().all(|kind| says(kind, resource).iter().all(Value::is_null))
    });
    let is_guaranteed = counted.iter().all(|resource| {
        let (limits, requests) = (says("limits", resource), says("requests", resource));
        limits == requests && limits.iter().all(|limit| !limit.is_null())
    });
    match (is_best_effort, is_guaranteed) {
        (true, _) => "BestEffort",
        (false, true) => "Guaranteed",
        (false, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_version_is_pulled_each_time() {
        for (image, is) in [
            ("parrot", true),
            ("parrot:latest", true),
            ("example.com:5000/parrot", true),
            ("parrot:1", false),
            ("example.com:5000/parrot:1", false),
            ("parrot@sha256:0", false),
            ("parrot:latest@sha256:0", true),
        ] {
            assert_eq!(is_latest(image), is, "{image}");
        }
    }

    #[test]
    fn a_pod_is_as_safe_as_its_containers_say() {
        let some = json!({ "requests": { "cpu": "1" } });
        let both = json!({ "cpu": "1", "memory": "1Mi" });
        let all = json!({ "requests": both, "limits": both });
        for (resources, class) in [
            (vec![json!({})], "BestEffort"),
            (vec![some.clone()], "Burstable"),
            (vec![all.clone(), json!({})], "Burstable"),
            (vec![all.clone(), all], "Guaranteed"),
        ] {
            let containers: Vec<Value> =
                resources.into_iter().map(|it| json!({ "resources": it })).collect();
            assert_eq!(quality(&json!({ "containers": containers })), class, "{containers:?}");
        }
    }
}
