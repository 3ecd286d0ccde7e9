//! What is asked of a container while it runs.

use serde_json::Value;

use super::containers::number_or_name;
use crate::admission::fields::{Errors, number, text};

const HANDLERS: &[&str] = &["exec", "httpGet", "tcpSocket", "grpc", "sleep"];

pub fn check(container: &Value, field: &str, errors: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if !handler.is_null() {
            self::handler(handler, &format!("{field}.lifecycle.{hook}"), errors);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if !container[probe].is_null() {
            self::probe(&container[probe], probe, &format!("{field}.{probe}"), errors);
        }
    }
}

fn probe(probe: &Value, kind: &str, field: &str, errors: &mut Errors) {
    handler(probe, field, errors);
    for count in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        errors.not_negative(&format!("{field}.{count}"), &probe[count]);
    }
    let grace = &probe["terminationGracePeriodSeconds"];
    let grace_field = format!("{field}.terminationGracePeriodSeconds");
    if !grace.is_null() && number(grace) <= 0 {
        errors.invalid(&grace_field, grace, "must be greater than 0");
    }
    if kind == "readinessProbe" {
        if !grace.is_null() {
            errors.invalid(&grace_field, grace, "must not be set for readinessProbes");
        }
    } else if probe["successThreshold"] != 1 {
        errors.invalid(
            &format!("{field}.successThreshold"),
            &probe["successThreshold"],
            "must be 1",
        );
    }
}

fn handler(handler: &Value, field: &str, errors: &mut Errors) {
    let mut is_first = true;
    for kind in HANDLERS.iter().filter(|kind| !handler[**kind].is_null()) {
        let (action, field) = (&handler[kind], format!("{field}.{kind}"));
        if !is_first {
            errors.forbidden(&field, "may not specify more than 1 handler type");
            continue;
        }
        is_first = false;
        match *kind {
            "exec" if action["command"].is_null() => {
                errors.required(&format!("{field}.command"), "");
            }
            "httpGet" => {
                if text(&action["path"]).is_empty() {
                    errors.required(&format!("{field}.path"), "");
                }
                number_or_name(&action["port"], &format!("{field}.port"), errors);
                let scheme = &action["scheme"];
                errors.one_of(&format!("{field}.scheme"), scheme, &["HTTP", "HTTPS"]);
            }
            "tcpSocket" | "grpc" => {
                number_or_name(&action["port"], &format!("{field}.port"), errors);
            }
            _ => {}
        }
    }
    if is_first {
        errors.required(field, "must specify a handler type");
    }
}
