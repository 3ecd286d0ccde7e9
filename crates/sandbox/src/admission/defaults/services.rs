//! Services: their addresses and ports are given out.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{clean, each, or, or_empty};
use crate::admission::fields::{items, text};
use crate::resources::{Resource, SERVICES};
use crate::store::Store;

/// Node ports are from here on, so many.
const PORTS: (u64, u64) = (30_000, 2_768);

/// What is free to be given to a Service.
#[derive(Default)]
pub struct Spare {
    address: String,
    ports: RefCell<Vec<u64>>,
}

impl Spare {
    /// What is only for show is shown the first address, free or not.
    pub fn of(store: &Store, resource: Resource, is_for_show: bool) -> Spare {
        if resource.plural != SERVICES.plural {
            return Spare::default();
        }
        let all = store.list(&SERVICES, None);
        let address = loop {
            if is_for_show {
                break "10.96.0.1".to_owned();
            }
            // Not the network's own, nor the API server's.
            let number = 2 + store.random(0xffff - 2);
            let address = format!("10.96.{}.{}", number >> 8, number & 0xff);
            if all.iter().all(|service| service["spec"]["clusterIP"] != *address) {
                break address;
            }
        };
        let (first, many) = PORTS;
        let is_taken = |port: &u64| {
            let mut ports = all.iter().flat_map(|service| items(&service["spec"]["ports"]));
            ports.any(|it| it["nodePort"] == *port)
        };
        let start = store.random(many);
        let ports = (0..many).map(|i| first + (start + i) % many);
        let ports = ports.filter(|port| !is_taken(port)).take(16).collect();
        Spare { address, ports: RefCell::new(ports) }
    }

    fn port(&self) -> Value {
        self.ports.borrow_mut().pop().map_or(Value::Null, |port| json!(port))
    }
}

pub fn fill_in(service: &mut Value, old: Option<&Value>, spare: &Spare) {
    let spec = &mut service["spec"];
    or_empty(&mut spec["sessionAffinity"], "None");
    match text(&spec["sessionAffinity"]) {
        "None" => spec["sessionAffinityConfig"] = Value::Null,
        "ClientIP" => {
            or(&mut spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], json!(10_800));
        }
        _ => {}
    }
    or_empty(&mut spec["type"], "ClusterIP");
    for port in each(&mut spec["ports"]) {
        or(&mut port["port"], json!(0));
        or_empty(&mut port["protocol"], "TCP");
        let target = &port["targetPort"];
        if target.is_null() || *target == 0 || *target == "" {
            port["targetPort"] = port["port"].clone();
        }
    }
    if is_reached_from_outside(spec) {
        or_empty(&mut spec["externalTrafficPolicy"], "Cluster");
    }
    if text(&spec["type"]) != "ExternalName" {
        or(&mut spec["internalTrafficPolicy"], json!("Cluster"));
    }
    if spec["type"] == "LoadBalancer" {
        or(&mut spec["allocateLoadBalancerNodePorts"], json!(true));
    }
    if let Some(old) = old {
        keep(spec, &old["spec"]);
    } else if !text(&spec["clusterIP"]).is_empty() && items(&spec["clusterIPs"]).is_empty() {
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
    if has_address(spec) {
        allot(spec, spare);
    }
    clean(service);
}

fn is_reached_from_outside(spec: &Value) -> bool {
    has_node_ports(spec)
        || (text(&spec["type"]) == "ClusterIP" && !items(&spec["externalIPs"]).is_empty())
}

fn has_address(spec: &Value) -> bool {
    text(&spec["type"]) != "ExternalName"
}

fn has_node_ports(spec: &Value) -> bool {
    let given = spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != false;
    spec["type"] == "NodePort" || given
}

/// What was given out stays, where a change says nothing of it, and goes where it has no use.
fn keep(spec: &mut Value, old: &Value) {
    let said = text(&spec["clusterIP"]).to_owned();
    let is_same = spec["clusterIPs"] == old["clusterIPs"];
    if has_address(old) && has_address(spec) {
        if said.is_empty() {
            spec["clusterIP"] = old["clusterIP"].clone();
        }
        if items(&spec["clusterIPs"]).is_empty() {
            spec["clusterIPs"] = old["clusterIPs"].clone();
        }
    }
    if spec["clusterIP"] != old["clusterIP"] && spec["clusterIPs"] == old["clusterIPs"] {
        let ip = spec["clusterIP"].clone();
        spec["clusterIPs"] = if ip.is_null() { Value::Null } else { json!([ip]) };
    }
    if has_address(old) && !has_address(spec) && is_same {
        for field in ["clusterIP", "clusterIPs"] {
            spec[field] = Value::Null;
        }
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if spec[field] == old[field] {
                spec[field] = Value::Null;
            }
        }
    }
    if !is_reached_from_outside(spec)
        && is_reached_from_outside(old)
        && spec["externalTrafficPolicy"] == old["externalTrafficPolicy"]
    {
        spec["externalTrafficPolicy"] = Value::Null;
    }
    for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        let is_no_more = old["type"] == "LoadBalancer" && spec["type"] != "LoadBalancer";
        if is_no_more && spec[field] == old[field] {
            spec[field] = Value::Null;
        }
    }
    match (has_node_ports(old), has_node_ports(spec)) {
        (true, false) if given_ports(old) == given_ports(spec) => {
            each(&mut spec["ports"]).for_each(|port| port["nodePort"] = Value::Null)
        }
        (true, true) => {
            for port in each(&mut spec["ports"]) {
                let mut before = items(&old["ports"]).iter();
                let same = before.find(|it| it["name"] == port["name"]);
                if let Some(same) = same {
                    or(&mut port["nodePort"], same["nodePort"].clone());
                }
            }
        }
        _ => {}
    }
    if !has_address(spec) && spec["internalTrafficPolicy"] == old["internalTrafficPolicy"] {
        spec["internalTrafficPolicy"] = Value::Null;
    }
}

fn given_ports(spec: &Value) -> BTreeSet<u64> {
    items(&spec["ports"]).iter().filter_map(|port| port["nodePort"].as_u64()).collect()
}

fn allot(spec: &mut Value, spare: &Spare) {
    let is_headless = spec["clusterIP"] == "None";
    let selects_nothing = spec["selector"].as_object().is_none_or(serde_json::Map::is_empty);
    if is_headless && selects_nothing {
        or(&mut spec["ipFamilyPolicy"], json!("RequireDualStack"));
        let is_single = spec["ipFamilyPolicy"] == "SingleStack";
        or(
            &mut spec["ipFamilies"],
            if is_single { json!(["IPv4"]) } else { json!(["IPv4", "IPv6"]) },
        );
    }
    or(&mut spec["ipFamilyPolicy"], json!("SingleStack"));
    or(&mut spec["ipFamilies"], json!(["IPv4"]));
    if text(&spec["clusterIP"]).is_empty() && items(&spec["clusterIPs"]).is_empty() {
        spec["clusterIP"] = json!(spare.address);
        spec["clusterIPs"] = json!([spare.address]);
    }
    if has_node_ports(spec) {
        for port in each(&mut spec["ports"]) {
            if port["nodePort"].is_null() {
                port["nodePort"] = spare.port();
            }
        }
    }
}
