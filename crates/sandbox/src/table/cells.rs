//! The cells of each kind but pods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kinds::name;
use super::text::{NONE, age, count, each, few, items, labels, or, plain, selector, since};

pub fn deployment(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let ready = format!("{}/{}", count(&status["readyReplicas"]), count(&spec["replicas"]));
    let [containers, images] = containers(spec);
    vec![
        name(object),
        json!(ready),
        count(&status["updatedReplicas"]),
        count(&status["availableReplicas"]),
        age(object, now),
        containers,
        images,
        json!(selector(&spec["selector"])),
    ]
}

pub fn replica_set(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let [containers, images] = containers(spec);
    vec![
        name(object),
        count(&spec["replicas"]),
        count(&status["replicas"]),
        count(&status["readyReplicas"]),
        age(object, now),
        containers,
        images,
        json!(selected(&spec["selector"])),
    ]
}

/// Their names and their images.
fn containers(spec: &Value) -> [Value; 2] {
    let containers = &spec["template"]["spec"]["containers"];
    ["name", "image"].map(|field| json!(each(containers, field).join(",")))
}

fn selected(given: &Value) -> String {
    match selector(given) {
        nothing if nothing.is_empty() => NONE.to_owned(),
        selector => selector,
    }
}

pub fn service(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    let ports: Vec<String> = items(&spec["ports"])
        .iter()
        .map(|port| {
            let node_port = plain(&port["nodePort"]).map(|port| format!(":{port}"));
            let protocol = or(&port["protocol"], "TCP");
            format!("{}{}/{protocol}", port["port"], node_port.unwrap_or_default())
        })
        .collect();
    let ports = if ports.is_empty() { NONE.to_owned() } else { ports.join(",") };
    vec![
        name(object),
        json!(or(&spec["type"], "")),
        json!(or(&spec["clusterIPs"][0], NONE)),
        json!(external(object)),
        json!(ports),
        age(object, now),
        json!(labels(&spec["selector"])),
    ]
}

fn external(service: &Value) -> String {
    let spec = &service["spec"];
    let given = items(&spec["externalIPs"]).iter().filter_map(plain);
    let (mut all, nothing) = match spec["type"].as_str().unwrap_or_default() {
        "ExternalName" => return or(&spec["externalName"], ""),
        "LoadBalancer" => (balanced(service), "<pending>"),
        "ClusterIP" | "NodePort" => (Vec::new(), NONE),
        _ => return "<unknown>".to_owned(),
    };
    all.extend(given);
    if all.is_empty() { nothing.to_owned() } else { all.join(",") }
}

/// The addresses that a load balancer gave it, in order.
fn balanced(object: &Value) -> Vec<String> {
    let given = items(&object["status"]["loadBalancer"]["ingress"]).iter();
    let mut all: Vec<String> =
        given.filter_map(|at| plain(&at["ip"]).or_else(|| plain(&at["hostname"]))).collect();
    all.sort();
    all.dedup();
    all
}

pub fn ingress(object: &Value, now: Timestamp) -> Vec<Value> {
    let spec = &object["spec"];
    // Those beyond the third are counted, whether they name a host or not.
    let rules = items(&spec["rules"]);
    let hosts: Vec<String> = rules.iter().take(3).filter_map(|rule| plain(&rule["host"])).collect();
    let hosts = match (hosts.join(","), rules.len()) {
        (none, _) if none.is_empty() => "*".to_owned(),
        (hosts, all @ 4..) => format!("{hosts} + {} more...", all - 3),
        (hosts, _) => hosts,
    };
    vec![
        name(object),
        json!(or(&spec["ingressClassName"], NONE)),
        json!(hosts),
        json!(balanced(object).join(",")),
        json!(if items(&spec["tls"]).is_empty() { "80" } else { "80, 443" }),
        age(object, now),
    ]
}

pub fn ingress_class(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, parameters) = (&object["spec"], &object["spec"]["parameters"]);
    let kind = parameters["kind"].as_str().map(|kind| {
        let group = plain(&parameters["apiGroup"]).map(|group| format!(".{group}"));
        let named = plain(&parameters["name"]).unwrap_or_default();
        format!("{kind}{}/{named}", group.unwrap_or_default())
    });
    let parameters = kind.unwrap_or_else(|| NONE.to_owned());
    vec![name(object), spec["controller"].clone(), json!(parameters), age(object, now)]
}

pub fn network_policy(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), json!(selected(&object["spec"]["podSelector"])), age(object, now)]
}

pub fn endpoint_slice(object: &Value, now: Timestamp) -> Vec<Value> {
    let few = |list: Vec<String>| match few(&list, 3, ",") {
        nothing if nothing.is_empty() => "<unset>".to_owned(),
        few => few,
    };
    let ports = items(&object["ports"]).iter();
    let ports = ports.map(|port| plain(&port["port"]).unwrap_or_else(|| or(&port["name"], "*")));
    let endpoints = items(&object["endpoints"]).iter();
    let addresses = endpoints.flat_map(|endpoint| items(&endpoint["addresses"]));
    vec![
        name(object),
        json!(or(&object["addressType"], "")),
        json!(few(ports.collect())),
        json!(few(addresses.filter_map(plain).collect())),
        age(object, now),
    ]
}

pub fn autoscaler(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let target = &spec["scaleTargetRef"];
    let metrics: Vec<String> = items(&spec["metrics"])
        .iter()
        .enumerate()
        .map(|(nth, metric)| measured(metric, &status["currentMetrics"][nth]))
        .collect();
    let metrics = if metrics.is_empty() { NONE.to_owned() } else { few(&metrics, 2, ", ") };
    vec![
        name(object),
        json!(format!("{}/{}", or(&target["kind"], ""), or(&target["name"], ""))),
        json!(metrics),
        json!(or(&spec["minReplicas"], "<unset>")),
        count(&spec["maxReplicas"]),
        count(&status["currentReplicas"]),
        age(object, now),
    ]
}

/// A metric as it is and as it should be.
fn measured(metric: &Value, status: &Value) -> String {
    let source = match metric["type"].as_str().unwrap_or_default() {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".to_owned(),
    };
    let (target, is) = (&metric[source]["target"], &status[source]["current"]);
    let unknown = "<unknown>";
    let average = plain(&target["averageValue"]);
    match (source, average) {
        ("resource" | "containerResource", average) => {
            let percent = |value: &Value| plain(value).map(|value| format!("{value}%"));
            let (is, target) = match average {
                Some(average) => (or(&is["averageValue"], unknown), average),
                None => (
                    percent(&is["averageUtilization"]).unwrap_or_else(|| unknown.to_owned()),
                    percent(&target["averageUtilization"]).unwrap_or_else(|| "<auto>".to_owned()),
                ),
            };
            format!("{}: {is}/{target}", or(&metric[source]["name"], ""))
        }
        ("pods", average) => {
            format!("{}/{}", or(&is["averageValue"], unknown), average.unwrap_or_default())
        }
        (_, Some(average)) => format!("{}/{average} (avg)", or(&is["averageValue"], unknown)),
        (_, None) => format!("{}/{}", or(&is["value"], unknown), or(&target["value"], "")),
    }
}

pub fn budget(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![
        name(object),
        json!(or(&object["spec"]["minAvailable"], "N/A")),
        json!(or(&object["spec"]["maxUnavailable"], "N/A")),
        count(&object["status"]["disruptionsAllowed"]),
        age(object, now),
    ]
}

pub fn config_map(object: &Value, now: Timestamp) -> Vec<Value> {
    let keys = |field: &str| object[field].as_object().map_or(0, |keys| keys.len());
    vec![name(object), json!(keys("data") + keys("binaryData")), age(object, now)]
}

pub fn namespace(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![name(object), json!(or(&object["status"]["phase"], "")), age(object, now)]
}

pub fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let first_of = |values: &[&Value]| {
        values.iter().find_map(|value| plain(value)).map_or(Value::Null, Value::from)
    };
    let series = &object["series"];
    let first = first_of(&[&object["firstTimestamp"], &object["eventTime"]]);
    let last = first_of(&[&series["lastObservedTime"], &object["lastTimestamp"], &first]);
    let times = if series.is_null() { &object["count"] } else { &series["count"] };
    let about = &object["involvedObject"];
    let kind = or(&about["kind"], "").to_lowercase();
    let target = match plain(&about["name"]) {
        Some(name) => format!("{kind}/{name}"),
        None => kind,
    };
    let component = first_of(&[&object["source"]["component"], &object["reportingComponent"]]);
    let host = first_of(&[&object["source"]["host"], &object["reportingInstance"]]);
    let source: Vec<String> = [component, host].iter().filter_map(plain).collect();
    vec![
        json!(since(&last, now)),
        json!(or(&object["type"], "")),
        json!(or(&object["reason"], "")),
        json!(target),
        json!(or(&about["fieldPath"], "")),
        json!(source.join(", ")),
        json!(or(&object["message"], "").trim()),
        json!(since(&first, now)),
        // One that stands for itself alone has no count.
        json!(times.as_i64().filter(|times| *times > 0).unwrap_or(1)),
        name(object),
    ]
}
