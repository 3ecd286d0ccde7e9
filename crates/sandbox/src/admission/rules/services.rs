//! Services.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::containers::{in_range, number_or_name};
use crate::admission::fields::{Errors, items, number, text};
use crate::admission::metadata::labels;
use crate::admission::names;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const FAMILIES: &[&str] = &["IPv4", "IPv6"];
const FAMILY_POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
const TRAFFIC: &[&str] = &["Cluster", "Local"];

const NEARNESS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];

pub fn check(spec: &Value, old: Option<&Value>, errors: &mut Errors) {
    if let Some(old) = old {
        change(&old["spec"], spec, errors);
    }
    let kind = text(&spec["type"]);
    let is_headless = spec["clusterIP"] == "None";
    if items(&spec["ports"]).is_empty() && !is_headless && kind != "ExternalName" {
        errors.required("spec.ports", "");
    }
    match kind {
        "LoadBalancer" | "NodePort" if is_headless => {
            let why = format!("may not be set to 'None' for {kind} services");
            errors.invalid("spec.clusterIPs[0]", &json!("None"), why);
        }
        "ExternalName" => external(spec, errors),
        _ => {}
    }
    ports(spec, errors);
    labels(&spec["selector"], "spec.selector", errors);
    let affinity = &spec["sessionAffinity"];
    errors.one_of_or_missing("spec.sessionAffinity", affinity, &["ClientIP", "None"]);
    if *affinity == "ClientIP" {
        lasting(&spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], errors);
    }
    if kind != "ExternalName" {
        addresses(spec, errors);
    }
    errors.one_of_or_missing("spec.type", &spec["type"], TYPES);
    node_ports(spec, errors);
    traffic(spec, errors);
}

fn lasting(seconds: &Value, errors: &mut Errors) {
    if !(1..=86_400).contains(&number(seconds)) {
        let why = "must be greater than 0 and less than 86400";
        errors.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why);
    }
}

fn external(spec: &Value, errors: &mut Errors) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !spec[field].is_null() {
            let why = "may not be set for ExternalName services";
            errors.forbidden(&format!("spec.{field}"), why);
        }
    }
    let name = text(&spec["externalName"]);
    match name.strip_suffix('.').unwrap_or(name) {
        "" => errors.required("spec.externalName", ""),
        name => errors.malformed("spec.externalName", name, names::subdomain(name)),
    }
}

fn ports(spec: &Value, errors: &mut Errors) {
    let ports = items(&spec["ports"]);
    let mut all: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{i}]");
        match text(&port["name"]) {
            "" if ports.len() > 1 => errors.required(&format!("{field}.name"), ""),
            "" => {}
            name => {
                let field = format!("{field}.name");
                errors.malformed(&field, name, names::label(name));
                match all.contains(&name) {
                    true => errors.duplicate(&field, &json!(name)),
                    false => all.push(name),
                }
            }
        }
        in_range(&port["port"], &format!("{field}.port"), errors);
        errors.one_of_or_missing(&format!("{field}.protocol"), &port["protocol"], PROTOCOLS);
        number_or_name(&port["targetPort"], &format!("{field}.targetPort"), errors);
        if let Some(protocol) = port["appProtocol"].as_str() {
            let wrong = names::qualified(protocol);
            errors.malformed(&format!("{field}.appProtocol"), protocol, wrong);
        }
    }
}

fn addresses(spec: &Value, errors: &mut Errors) {
    let (ip, ips) = (text(&spec["clusterIP"]), items(&spec["clusterIPs"]));
    if ips.first().map(text).unwrap_or_default() != ip {
        let (field, value) = ("spec.clusterIPs", &spec["clusterIPs"]);
        match (ip, ips) {
            ("", _) => {
                errors.invalid(field, value, "must be empty when `clusterIP` is not specified")
            }
            (_, []) => errors.required(field, ""),
            _ => errors.invalid(field, value, "first value must match `clusterIP`"),
        }
    }
    for (i, family) in items(&spec["ipFamilies"]).iter().enumerate() {
        errors.one_of(&format!("spec.ipFamilies[{i}]"), family, FAMILIES);
    }
    if !spec["ipFamilyPolicy"].is_null() {
        errors.one_of("spec.ipFamilyPolicy", &spec["ipFamilyPolicy"], FAMILY_POLICIES);
    }
    for (i, ip) in ips.iter().enumerate() {
        let is_none = i == 0 && ip == "None";
        if !is_none && text(ip).parse::<IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            errors.invalid(&format!("spec.clusterIPs[{i}]"), ip, why);
        }
    }
}

fn node_ports(spec: &Value, errors: &mut Errors) {
    let ports = items(&spec["ports"]);
    let is = |i: usize, part: &str| (&ports[i][part], format!("spec.ports[{i}].{part}"));
    for i in 0..ports.len() {
        let (port, field) = is(i, "nodePort");
        if spec["type"] == "ClusterIP" && !port.is_null() {
            errors.forbidden(&field, "may not be used when `type` is 'ClusterIP'");
        }
    }
    let is_again = |i: usize, part: &str| {
        let same = |other: &Value| {
            other[part] == ports[i][part] && other["protocol"] == ports[i]["protocol"]
        };
        !ports[i][part].is_null() && ports[..i].iter().any(same)
    };
    for i in (0..ports.len()).filter(|i| is_again(*i, "nodePort")) {
        let (port, field) = is(i, "nodePort");
        errors.duplicate(&field, port);
    }
    for i in (0..ports.len()).filter(|i| is_again(*i, "port")) {
        // As the API server shows it: by its own names.
        let port = json!({
            "Name": "", "Protocol": ports[i]["protocol"], "AppProtocol": null,
            "Port": ports[i]["port"], "TargetPort": 0, "NodePort": 0,
        });
        errors.duplicate(&format!("spec.ports[{i}]"), &port);
    }
}

fn traffic(spec: &Value, errors: &mut Errors) {
    let is_outer = matches!(text(&spec["type"]), "NodePort" | "LoadBalancer")
        || !items(&spec["externalIPs"]).is_empty();
    let (field, policy) = ("spec.externalTrafficPolicy", &spec["externalTrafficPolicy"]);
    if is_outer {
        errors.one_of_or_missing(field, policy, TRAFFIC);
    } else if !policy.is_null() {
        errors.invalid(field, policy, "may only be set for externally-accessible services");
    }
    let inner = &spec["internalTrafficPolicy"];
    if !inner.is_null() {
        errors.one_of("spec.internalTrafficPolicy", inner, TRAFFIC);
    }
    let nearness = &spec["trafficDistribution"];
    if !nearness.is_null() {
        errors.one_of("spec.trafficDistribution", nearness, NEARNESS);
    }
}

fn change(old: &Value, new: &Value, errors: &mut Errors) {
    if [old, new].iter().any(|spec| spec["type"] == "ExternalName") {
        return;
    }
    let (was, is) = (items(&old["clusterIPs"]), items(&new["clusterIPs"]));
    for (i, ip) in was.iter().enumerate() {
        if is.get(i).is_some_and(|is| is != ip) {
            let field = format!("spec.clusterIPs[{i}]");
            errors.invalid(&field, &new["clusterIPs"], "may not change once set");
        }
    }
    if !was.is_empty() && is.is_empty() {
        let why = "primary clusterIP can not be unset";
        errors.invalid("spec.clusterIPs[0]", &new["clusterIPs"], why);
    }
    let (was, is) = (items(&old["ipFamilies"]), items(&new["ipFamilies"]));
    for (i, family) in was.iter().enumerate() {
        if is.get(i).is_some_and(|is| is != family) {
            let field = format!("spec.ipFamilies[{i}]");
            errors.invalid(&field, &new["ipFamilies"], "may not change once set");
        }
    }
}
