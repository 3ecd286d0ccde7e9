//! What the API server fills in: what is read back is not what was sent.

mod pods;
mod services;

use serde_json::{Value, json};

pub use services::Spare;

use crate::admission::fields::{items, text};
use crate::resources::{
    AUTOSCALERS, CLAIMS, CONFIG_MAPS, DEPLOYMENTS, DISRUPTION_BUDGETS, ENDPOINT_SLICES, EVENTS,
    INGRESSES, NAMESPACES, NETWORK_POLICIES, PODS, QUOTAS, REPLICA_SETS, Resource, SERVICES,
};

/// What an object has that is new, or changed (`old` is how it was): where nothing is said, what
/// holds then.
pub fn fill_in(resource: Resource, object: &mut Value, old: Option<&Value>, spare: &Spare) {
    // An object without them has empty ones.
    let parts: &[&str] = match resource.plural {
        plural if plural == EVENTS.plural => &["involvedObject", "source"],
        plural if [CONFIG_MAPS.plural, ENDPOINT_SLICES.plural].contains(&plural) => &[],
        _ => &["spec"],
    };
    for part in parts {
        or(&mut object[*part], json!({}));
    }
    match resource.plural {
        plural if plural == NAMESPACES.plural => namespace(object, old),
        plural if plural == SERVICES.plural => services::fill_in(object, old, spare),
        plural if plural == PODS.plural => pods::fill_in(object, old),
        plural if plural == DEPLOYMENTS.plural => deployment(object),
        plural if plural == REPLICA_SETS.plural => replica_set(object),
        plural if plural == INGRESSES.plural => ingress(&mut object["spec"]),
        plural if plural == NETWORK_POLICIES.plural => policy(&mut object["spec"]),
        plural if plural == ENDPOINT_SLICES.plural => endpoint_slice(object),
        plural if plural == AUTOSCALERS.plural => autoscaler(&mut object["spec"]),
        plural if plural == EVENTS.plural => event(object),
        plural if plural == CLAIMS.plural => claim(object, old),
        _ => {}
    }
    if old.is_none() {
        begin(resource, object);
    }
}

/// The status of what was just made.
fn begin(resource: Resource, object: &mut Value) {
    let none = |counts: &[&str]| {
        Value::Object(counts.iter().map(|count| ((*count).to_owned(), json!(0))).collect())
    };
    let status = match resource.plural {
        plural if plural == NAMESPACES.plural => json!({ "phase": "Active" }),
        plural if [SERVICES.plural, INGRESSES.plural].contains(&plural) => {
            json!({ "loadBalancer": {} })
        }
        plural if plural == PODS.plural => {
            json!({ "phase": "Pending", "qosClass": pods::quality(&object["spec"]) })
        }
        plural if plural == CLAIMS.plural => json!({ "phase": "Pending" }),
        plural if [DEPLOYMENTS.plural, QUOTAS.plural].contains(&plural) => json!({}),
        plural if plural == REPLICA_SETS.plural => none(&["replicas"]),
        plural if plural == AUTOSCALERS.plural => {
            json!({ "currentMetrics": null, "desiredReplicas": 0 })
        }
        plural if plural == DISRUPTION_BUDGETS.plural => {
            none(&["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"])
        }
        _ => return,
    };
    object["status"] = status;
}

fn or(field: &mut Value, default: Value) {
    if field.is_null() {
        *field = default;
    }
}

/// Where nothing is said and where it is empty.
fn or_empty(field: &mut Value, default: &str) {
    if text(field).is_empty() {
        *field = json!(default);
    }
}

fn each(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}

fn namespace(object: &mut Value, old: Option<&Value>) {
    if let Some(name) = object["metadata"]["name"].as_str().map(str::to_owned) {
        object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(name);
    }
    if old.is_some() {
        or_empty(&mut object["status"]["phase"], "Active");
    }
    // These are not let go of by whoever writes the object.
    let finalizers = match old {
        Some(old) => old["spec"]["finalizers"].clone(),
        None => {
            let mut finalizers = items(&object["spec"]["finalizers"]).to_vec();
            if !finalizers.contains(&json!("kubernetes")) {
                finalizers.push(json!("kubernetes"));
            }
            json!(finalizers)
        }
    };
    object["spec"] = match finalizers {
        Value::Null => json!({}),
        finalizers => json!({ "finalizers": finalizers }),
    };
}

fn deployment(object: &mut Value) {
    let spec = &mut object["spec"];
    or(&mut spec["replicas"], json!(1));
    or(&mut spec["revisionHistoryLimit"], json!(10));
    or(&mut spec["progressDeadlineSeconds"], json!(600));
    let strategy = &mut spec["strategy"];
    or_empty(&mut strategy["type"], "RollingUpdate");
    if strategy["type"] == "RollingUpdate" {
        or(&mut strategy["rollingUpdate"]["maxSurge"], json!("25%"));
        or(&mut strategy["rollingUpdate"]["maxUnavailable"], json!("25%"));
    }
    pods::fill_in_template(&mut spec["template"]);
}

fn replica_set(object: &mut Value) {
    let spec = &mut object["spec"];
    or(&mut spec["replicas"], json!(1));
    pods::fill_in_template(&mut spec["template"]);
}

fn ingress(spec: &mut Value) {
    for rule in each(&mut spec["rules"]) {
        if rule["http"].is_null() {
            continue;
        }
        for path in each(&mut rule["http"]["paths"]) {
            or(&mut path["backend"], json!({}));
            port_of_backend(&mut path["backend"]);
        }
    }
    if !spec["defaultBackend"].is_null() {
        port_of_backend(&mut spec["defaultBackend"]);
    }
    clean(spec);
}

fn port_of_backend(backend: &mut Value) {
    if !backend["service"].is_null() {
        or(&mut backend["service"]["port"], json!({}));
    }
}

fn policy(spec: &mut Value) {
    or(&mut spec["podSelector"], json!({}));
    if items(&spec["policyTypes"]).is_empty() {
        let has_egress = !items(&spec["egress"]).is_empty();
        spec["policyTypes"] =
            if has_egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    }
    for direction in ["ingress", "egress"] {
        for rule in each(&mut spec[direction]) {
            for port in each(&mut rule["ports"]) {
                or(&mut port["protocol"], json!("TCP"));
            }
        }
    }
    clean(spec);
}

fn endpoint_slice(object: &mut Value) {
    or(&mut object["addressType"], json!(""));
    for endpoint in each(&mut object["endpoints"]) {
        or(&mut endpoint["addresses"], Value::Null);
        or(&mut endpoint["conditions"], json!({}));
    }
    for port in each(&mut object["ports"]) {
        or(&mut port["name"], json!(""));
        or(&mut port["protocol"], json!("TCP"));
    }
}

fn event(object: &mut Value) {
    for (field, empty) in [
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("eventTime", Value::Null),
        ("reportingComponent", json!("")),
        ("reportingInstance", json!("")),
    ] {
        or(&mut object[field], empty);
    }
}

fn claim(object: &mut Value, old: Option<&Value>) {
    or(&mut object["spec"]["volumeMode"], json!("Filesystem"));
    if old.is_none() {
        object["metadata"]["finalizers"] = json!(["kubernetes.io/pvc-protection"]);
    }
}

fn autoscaler(spec: &mut Value) {
    or(&mut spec["minReplicas"], json!(1));
    if items(&spec["metrics"]).is_empty() {
        let target = json!({ "type": "Utilization", "averageUtilization": 80 });
        let cpu = json!({ "name": "cpu", "target": target });
        spec["metrics"] = json!([{ "type": "Resource", "resource": cpu }]);
    }
    for (field, empty) in [("maxReplicas", json!(0)), ("scaleTargetRef", json!({}))] {
        or(&mut spec[field], empty);
    }
    for field in ["kind", "name"] {
        or(&mut spec["scaleTargetRef"][field], json!(""));
    }
    if spec["behavior"].is_null() {
        clean(spec);
        return;
    }
    let percent = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
    let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
    let up = &mut spec["behavior"]["scaleUp"];
    or(&mut up["stabilizationWindowSeconds"], json!(0));
    or(&mut up["selectPolicy"], json!("Max"));
    or(&mut up["policies"], json!([pods, percent]));
    let down = &mut spec["behavior"]["scaleDown"];
    or(&mut down["selectPolicy"], json!("Max"));
    or(&mut down["policies"], json!([percent]));
}

/// Takes out what only looking made.
fn clean(object: &mut Value) {
    match object {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        _ => {}
    }
}
