//! The containers of a pod.

use serde_json::{Value, json};

use super::probes;
use crate::admission::fields::{Errors, items, number, text};
use crate::admission::names;

const MESSAGES: &[&str] = &["File", "FallbackToLogsOnError"];
const PULLS: &[&str] = &["Always", "IfNotPresent", "Never"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

pub fn check(spec: &Value, volumes: &[&str], field: &str, errors: &mut Errors) {
    let containers = items(&spec["containers"]);
    let mut names: Vec<&str> = Vec::new();
    let list = format!("{field}.containers");
    if containers.is_empty() {
        errors.required(&list, "");
    }
    for (i, container) in containers.iter().enumerate() {
        let field = format!("{list}[{i}]");
        common(container, volumes, &field, errors);
        let name = text(&container["name"]);
        match names.contains(&name) {
            true => errors.duplicate(&format!("{field}.name"), &json!(name)),
            false => names.push(name),
        }
        probes::check(container, &field, errors);
    }
    let list = format!("{field}.initContainers");
    for (i, container) in items(&spec["initContainers"]).iter().enumerate() {
        let field = format!("{list}[{i}]");
        common(container, volumes, &field, errors);
        let name = text(&container["name"]);
        if names.contains(&name) {
            errors.duplicate(&format!("{field}.name"), &json!(name));
        } else if !name.is_empty() {
            names.push(name);
        }
        if container["restartPolicy"] == "Always" {
            probes::check(container, &field, errors);
            continue;
        }
        for probe in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if !container[probe].is_null() {
                let why = "may not be set for init containers without restartPolicy=Always";
                errors.forbidden(&format!("{field}.{probe}"), why);
            }
        }
    }
}

fn common(container: &Value, volumes: &[&str], field: &str, errors: &mut Errors) {
    match text(&container["name"]) {
        "" => errors.required(&format!("{field}.name"), ""),
        name => errors.malformed(&format!("{field}.name"), name, names::label(name)),
    }
    if text(&container["image"]).is_empty() {
        errors.required(&format!("{field}.image"), "");
    }
    errors.one_of_or_missing(
        &format!("{field}.terminationMessagePolicy"),
        &container["terminationMessagePolicy"],
        MESSAGES,
    );
    ports(&container["ports"], &format!("{field}.ports"), errors);
    for (i, variable) in items(&container["env"]).iter().enumerate() {
        let field = format!("{field}.env[{i}].name");
        match text(&variable["name"]) {
            "" => errors.required(&field, ""),
            name => errors.malformed(&field, name, names::variable(name)),
        }
    }
    mounts(&container["volumeMounts"], volumes, &format!("{field}.volumeMounts"), errors);
    let policy = &container["imagePullPolicy"];
    errors.one_of_or_missing(&format!("{field}.imagePullPolicy"), policy, PULLS);
}

fn ports(ports: &Value, field: &str, errors: &mut Errors) {
    let mut all: Vec<&str> = Vec::new();
    for (i, port) in items(ports).iter().enumerate() {
        let field = format!("{field}[{i}]");
        let name = text(&port["name"]);
        let wrong = if name.is_empty() { Vec::new() } else { names::port_name(name) };
        if !wrong.is_empty() {
            errors.malformed(&format!("{field}.name"), name, wrong);
        } else if !name.is_empty() && all.contains(&name) {
            errors.duplicate(&format!("{field}.name"), &json!(name));
        } else {
            all.push(name);
        }
        match number(&port["containerPort"]) {
            0 => errors.required(&format!("{field}.containerPort"), ""),
            _ => in_range(&port["containerPort"], &format!("{field}.containerPort"), errors),
        }
        if !port["hostPort"].is_null() {
            in_range(&port["hostPort"], &format!("{field}.hostPort"), errors);
        }
        errors.one_of_or_missing(&format!("{field}.protocol"), &port["protocol"], PROTOCOLS);
    }
}

pub fn in_range(port: &Value, field: &str, errors: &mut Errors) {
    for why in names::port_number(number(port)) {
        errors.invalid(field, port, why);
    }
}

pub fn number_or_name(port: &Value, field: &str, errors: &mut Errors) {
    match port.as_str() {
        Some(name) => errors.malformed(field, name, names::port_name(name)),
        None => in_range(&json!(number(port)), field, errors),
    }
}

fn mounts(mounts: &Value, volumes: &[&str], field: &str, errors: &mut Errors) {
    let mut paths: Vec<&str> = Vec::new();
    for (i, mount) in items(mounts).iter().enumerate() {
        let field = format!("{field}[{i}]");
        let (name, path) = (text(&mount["name"]), text(&mount["mountPath"]));
        if name.is_empty() {
            errors.required(&format!("{field}.name"), "");
        }
        if !volumes.contains(&name) {
            errors.not_found(&format!("{field}.name"), &json!(name));
        }
        if path.is_empty() {
            errors.required(&format!("{field}.mountPath"), "");
        }
        if paths.contains(&path) {
            errors.invalid(&format!("{field}.mountPath"), &json!(path), "must be unique");
        }
        paths.push(path);
    }
}
