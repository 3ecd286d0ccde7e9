//! Ingresses.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::containers::in_range;
use crate::admission::fields::{Errors, items, text};
use crate::admission::names;

const CLASS: &str = "kubernetes.io/ingress.class";
const TYPES: &[&str] = &["Exact", "ImplementationSpecific", "Prefix"];

pub fn check(ingress: &Value, old: Option<&Value>, errors: &mut Errors) {
    let spec = &ingress["spec"];
    let (rules, default) = (items(&spec["rules"]), &spec["defaultBackend"]);
    if rules.is_empty() && default.is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.invalid("spec", &spec["rules"], why);
    }
    if !default.is_null() {
        backend(default, "spec.defaultBackend", errors);
    }
    for (i, rule) in rules.iter().enumerate() {
        let field = format!("spec.rules[{i}]");
        let host = text(&rule["host"]);
        if host.parse::<IpAddr>().is_ok() {
            let why = "must be a DNS name, not an IP address";
            errors.invalid(&format!("{field}.host"), &rule["host"], why);
        }
        if !host.is_empty() {
            errors.malformed(&format!("{field}.host"), host, wrong_host(host));
        }
        if !rule["http"].is_null() {
            paths(&rule["http"], &format!("{field}.http.paths"), errors);
        }
    }
    for (i, tls) in items(&spec["tls"]).iter().enumerate() {
        for (j, host) in items(&tls["hosts"]).iter().enumerate() {
            let (host, field) = (text(host), format!("spec.tls[{i}].hosts[{j}]"));
            errors.malformed(&field, host, wrong_host(host));
        }
        let secret = text(&tls["secretName"]);
        if !secret.is_empty() {
            let field = format!("spec.tls[{i}].secretName");
            errors.malformed(&field, secret, names::subdomain(secret));
        }
    }
    let class = &spec["ingressClassName"];
    if let Some(class) = class.as_str() {
        errors.malformed("spec.ingressClassName", class, names::subdomain(class));
    }
    let said = &ingress["metadata"]["annotations"][CLASS];
    if old.is_none() && !said.is_null() && !class.is_null() && said != class {
        let why = "must match `ingressClassName` when both are specified";
        errors.invalid(&format!("annotations.{CLASS}"), said, why);
    }
}

/// Which controller serves a class is settled once.
pub fn class(class: &Value, old: Option<&Value>, errors: &mut Errors) {
    let controller = &class["spec"]["controller"];
    if old.is_some_and(|old| old["spec"]["controller"] != *controller) {
        errors.invalid("spec.controller", controller, "field is immutable");
    }
    let said = text(controller);
    match said.split_once('/') {
        _ if said.is_empty() => errors.required("spec.controller", ""),
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => {
            errors.malformed("spec.controller", domain, names::subdomain(domain));
        }
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            errors.invalid("spec.controller", controller, why);
        }
    }
}

fn wrong_host(host: &str) -> Vec<String> {
    if host.contains('*') { names::wildcard(host) } else { names::subdomain(host) }
}

fn paths(http: &Value, field: &str, errors: &mut Errors) {
    let paths = items(&http["paths"]);
    if paths.is_empty() {
        errors.required(field, "");
    }
    for (i, rule) in paths.iter().enumerate() {
        let field = format!("{field}[{i}]");
        if rule["pathType"].is_null() {
            errors.required(&format!("{field}.pathType"), "pathType must be specified");
            continue;
        }
        path(rule, &field, errors);
        backend(&rule["backend"], &format!("{field}.backend"), errors);
    }
}

fn path(rule: &Value, field: &str, errors: &mut Errors) {
    let path = text(&rule["path"]);
    let path_field = format!("{field}.path");
    let mut wrong = |why: String| errors.invalid(&path_field, &json!(path), why);
    match text(&rule["pathType"]) {
        "Exact" | "Prefix" => {
            if !path.starts_with('/') {
                wrong("must be an absolute path".to_owned());
            }
            for held in ["//", "/./", "/../", "%2f", "%2F"] {
                if path.contains(held) {
                    wrong(format!("must not contain '{held}'"));
                }
            }
            for end in ["/..", "/."] {
                if path.ends_with(end) {
                    wrong(format!("cannot end with '{end}'"));
                }
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !path.starts_with('/') {
                wrong("must be an absolute path".to_owned());
            }
        }
        _ => errors.one_of(&format!("{field}.pathType"), &rule["pathType"], TYPES),
    }
}

fn backend(backend: &Value, field: &str, errors: &mut Errors) {
    let service = &backend["service"];
    match (service.is_null(), backend["resource"].is_null()) {
        (false, false) => {
            errors.invalid(field, &json!(""), "cannot set both resource and service backends");
        }
        (true, true) => {
            errors.invalid(field, &json!(""), "resource or service backend is required");
        }
        (true, false) => {}
        (false, true) => {
            let name_field = format!("{field}.service.name");
            match text(&service["name"]) {
                "" => errors.required(&name_field, ""),
                name => errors.malformed(&name_field, name, names::label(name)),
            }
            port(&service["port"], field, errors);
        }
    }
}

fn port(port: &Value, field: &str, errors: &mut Errors) {
    match (text(&port["name"]), port["number"].is_null()) {
        ("", true) => errors.required(field, "port name or number is required"),
        ("", false) => in_range(&port["number"], &format!("{field}.service.port.number"), errors),
        (name, true) => {
            let field = format!("{field}.service.port.name");
            errors.malformed(&field, name, names::port_name(name));
        }
        (_, false) => errors.invalid(field, &json!(""), "cannot set both port name & port number"),
    }
}
