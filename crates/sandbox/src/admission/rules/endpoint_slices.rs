//! EndpointSlices.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::admission::fields::{Errors, items, text};
use crate::admission::names;

const TYPES: &[&str] = &["FQDN", "IPv4", "IPv6"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

pub fn check(slice: &Value, old: Option<&Value>, errors: &mut Errors) {
    errors.one_of_or_missing("addressType", &slice["addressType"], TYPES);
    let mut all: Vec<&Value> = Vec::new();
    for (i, port) in items(&slice["ports"]).iter().enumerate() {
        let field = format!("ports[{i}]");
        let name = text(&port["name"]);
        if !name.is_empty() {
            errors.malformed(&format!("{field}.name"), name, names::label(name));
        }
        match all.contains(&&port["name"]) {
            true => errors.duplicate(&format!("{field}.name"), &port["name"]),
            false => all.push(&port["name"]),
        }
        errors.one_of_or_missing(&format!("{field}.protocol"), &port["protocol"], PROTOCOLS);
    }
    for (i, endpoint) in items(&slice["endpoints"]).iter().enumerate() {
        addresses(endpoint, text(&slice["addressType"]), &format!("endpoints[{i}]"), errors);
    }
    if let Some(old) = old {
        errors.unchanged("addressType", &old["addressType"], &slice["addressType"]);
    }
}

fn addresses(endpoint: &Value, kind: &str, field: &str, errors: &mut Errors) {
    let all = items(&endpoint["addresses"]);
    if all.is_empty() {
        errors.required(&format!("{field}.addresses"), "must contain at least 1 address");
    }
    for (i, address) in all.iter().enumerate() {
        let (text, one) = (text(address), format!("{field}.addresses[{i}]"));
        match kind {
            "IPv4" | "IPv6" if text.parse::<IpAddr>().is_err() => {
                let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
                errors.invalid(&one, address, why);
            }
            "IPv4" if text.parse::<Ipv4Addr>().is_err() => {
                let field = format!("{field}.addresses");
                errors.invalid(&field, address, "must be an IPv4 address");
            }
            "IPv6" if text.parse::<Ipv6Addr>().is_err() => {
                let field = format!("{field}.addresses");
                errors.invalid(&field, address, "must be an IPv6 address");
            }
            _ => {}
        }
    }
    for (part, form) in [
        ("nodeName", names::subdomain as fn(&str) -> Vec<String>),
        ("hostname", names::label as fn(&str) -> Vec<String>),
    ] {
        if let Some(name) = endpoint[part].as_str() {
            errors.malformed(&format!("{field}.{part}"), name, form(name));
        }
    }
}
