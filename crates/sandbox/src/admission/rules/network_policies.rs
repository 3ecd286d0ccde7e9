//! NetworkPolicies.

use serde_json::Value;

use super::containers::in_range;
use super::selectors;
use crate::admission::fields::{Errors, items, number, text};
use crate::admission::names;

const TYPES: &[&str] = &["Ingress", "Egress"];
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];

pub fn check(spec: &Value, errors: &mut Errors) {
    selectors::check(&spec["podSelector"], "spec.podSelector", errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in items(&spec[direction]).iter().enumerate() {
            let field = format!("spec.{direction}[{i}]");
            for (i, port) in items(&rule["ports"]).iter().enumerate() {
                self::port(port, &format!("{field}.ports[{i}]"), errors);
            }
            for (i, peer) in items(&rule[peers]).iter().enumerate() {
                self::peer(peer, &format!("{field}.{peers}[{i}]"), errors);
            }
        }
    }
    let types = items(&spec["policyTypes"]);
    if types.len() > TYPES.len() {
        let why = "may not specify more than two policyTypes";
        errors.invalid("spec.policyTypes", &spec["policyTypes"], why);
        return;
    }
    for (i, kind) in types.iter().enumerate() {
        errors.one_of(&format!("spec.policyTypes[{i}]"), kind, TYPES);
    }
}

fn port(port: &Value, field: &str, errors: &mut Errors) {
    errors.one_of(&format!("{field}.protocol"), &port["protocol"], PROTOCOLS);
    let (from, to) = (&port["port"], &port["endPort"]);
    let end = format!("{field}.endPort");
    match from.as_str() {
        _ if from.is_null() => {
            if !to.is_null() {
                errors.invalid(&end, to, "may not be specified when `port` is not specified");
            }
        }
        Some(name) => {
            if !to.is_null() {
                errors.invalid(&end, to, "may not be specified when `port` is non-numeric");
            }
            errors.malformed(&format!("{field}.port"), name, names::port_name(name));
        }
        None => {
            in_range(from, &format!("{field}.port"), errors);
            if !to.is_null() {
                if number(to) < number(from) {
                    errors.invalid(&end, from, "must be greater than or equal to `port`");
                }
                in_range(to, &end, errors);
            }
        }
    }
}

fn peer(peer: &Value, field: &str, errors: &mut Errors) {
    let selected: Vec<&str> = ["podSelector", "namespaceSelector"]
        .into_iter()
        .filter(|selector| !peer[*selector].is_null())
        .collect();
    for selector in &selected {
        selectors::check(&peer[selector], &format!("{field}.{selector}"), errors);
    }
    let block = &peer["ipBlock"];
    if !block.is_null() && text(&block["cidr"]).is_empty() {
        errors.required(&format!("{field}.ipBlock.cidr"), "");
    }
    match (selected.is_empty(), block.is_null()) {
        (true, true) => errors.required(field, "must specify a peer"),
        (false, false) => {
            errors.forbidden(field, "may not specify both ipBlock and another peer");
        }
        _ => {}
    }
}
