//! Flagger's Canary, as it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{self, HOOKS};
use super::given::{ANSWER_WITHIN_SECONDS, Given, Hook};
use super::tree::{Mark, Node, Wrong};
use super::values::{Label, Port, PortOrName, SomeTime, Times};
use super::{Address, Files, nearest};
use crate::release::{Declared, DeclaredService, Settings};

const API_VERSION: &str = "flagger.app/v1beta1";
/// The one type of webhooks that is a gate.
const CONFIRM: &str = "confirm-promotion";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Canary {
    api_version: String,
    #[serde(default)]
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(expecting = "a mapping")]
struct Metadata {
    namespace: Option<Label>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Spec {
    provider: Option<String>,
    target_ref: Reference,
    ingress_ref: Option<Reference>,
    service: Option<Service>,
    analysis: Analysis,
    progress_deadline_seconds: Option<Times>,
    #[serde(default)]
    skip_analysis: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Reference {
    api_version: String,
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Service {
    name: Option<Label>,
    port: Port,
    port_name: Option<Label>,
    target_port: Option<PortOrName>,
    app_protocol: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Analysis {
    interval: SomeTime,
    threshold: Times,
    iterations: Option<u64>,
    #[serde(default)]
    webhooks: Vec<Webhook>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a mapping")]
struct Webhook {
    name: Option<String>,
    url: Address,
    timeout: Option<SomeTime>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default, rename = "disableTLS")]
    disable_tls: bool,
}

/// Why a Canary can't be used: one thing that is wrong, or all that bluegreen does not do.
#[derive(Debug)]
pub enum Unusable {
    Wrong(Wrong),
    Refused(Vec<String>),
}

impl From<Wrong> for Unusable {
    fn from(wrong: Wrong) -> Unusable {
        Unusable::Wrong(wrong)
    }
}

pub fn read(document: &Node) -> Result<Given, Unusable> {
    let mut refused = fields::refused(document)?;
    refused.extend(hooks_of_other_types(document)?);
    if !refused.is_empty() {
        return Err(Unusable::Refused(refused));
    }
    let canary = Canary::deserialize(document)?;
    let place = |path: &[&str]| place(document, path);
    if canary.api_version != API_VERSION {
        return Err(Wrong::at(place(&["apiVersion"]), format!("this must be {API_VERSION}")).into());
    }
    let spec = canary.spec;
    match spec.provider.as_deref() {
        Some("nginx" | "kubernetes") => {}
        Some(_) => {
            let why =
                "bluegreen switches Ingresses of NGINX: the provider must be nginx or kubernetes";
            return Err(Wrong::at(place(&["spec", "provider"]), why).into());
        }
        None => {
            let why = "the key provider is missing: Flagger would use the one it was installed \
                       with; write provider: nginx";
            return Err(Wrong::at(place(&["spec"]), why).into());
        }
    }
    let target = refers(&spec.target_ref, "apps/v1", "Deployment", place(&["spec", "targetRef"]))?;
    if !super::is_dns_label(&target) {
        let why = "an app's name consists of lower case letters, digits and -";
        return Err(Wrong::at(place(&["spec", "targetRef", "name"]), why).into());
    }
    let ingress = spec.ingress_ref.map(|ingress| {
        refers(&ingress, "networking.k8s.io/v1", "Ingress", place(&["spec", "ingressRef"]))
    });
    if spec.analysis.iterations.is_some_and(|iterations| iterations != 1) {
        let why = "this must be 1 or omitted: the gate decides how long a candidate waits";
        return Err(Wrong::at(place(&["spec", "analysis", "iterations"]), why).into());
    }
    let service = spec.service.map(|service| DeclaredService {
        name: service.name.map(|name| name.0),
        port: Some(service.port.0),
        port_name: service.port_name.map(|name| name.0),
        // By default the same, as with Flagger.
        target_port: Some(service.target_port.map_or(service.port.0.into(), |port| port.0)),
        app_protocol: service.app_protocol,
    });
    let hooks = spec.analysis.webhooks.into_iter().map(|hook| Hook {
        name: hook.name,
        address: hook.url,
        timeout_seconds: hook.timeout.map_or(ANSWER_WITHIN_SECONDS, |time| time.0),
        retries: hook.retries,
        metadata: hook.metadata,
        disable_tls: hook.disable_tls,
        files: Files::default(),
    });
    Ok(Given {
        preview_tls: None,
        app: target,
        namespace: canary.metadata.namespace.map(|namespace| namespace.0),
        expected: Declared { ingress: ingress.transpose()?, service, ..Declared::default() },
        settings: Settings {
            interval_seconds: Some(spec.analysis.interval.0),
            threshold: Some(spec.analysis.threshold.0),
            timeout_seconds: spec.progress_deadline_seconds.map(|seconds| seconds.0),
            skip: spec.skip_analysis,
            ..Settings::default()
        },
        hooks: hooks.collect(),
        files: Files::default(),
        probe: None,
    })
}

/// The place of a value, or of the nearest mapping that ought to have it.
fn place(document: &Node, path: &[&str]) -> Mark {
    let mut node = document;
    for key in path {
        match node.get(key) {
            Some(below) => node = below,
            None => break,
        }
    }
    node.at
}

/// The name that a reference gives, if it is one to such an object.
fn refers(to: &Reference, api_version: &str, kind: &str, at: Mark) -> Result<String, Wrong> {
    match to.api_version == api_version && to.kind == kind {
        true => Ok(to.name.clone()),
        false => {
            let why = format!("this must refer to {api_version} {kind}");
            Err(Wrong::at(at, why))
        }
    }
}

fn hooks_of_other_types(document: &Node) -> Result<Vec<String>, Wrong> {
    let hooks = document.get("spec").and_then(|spec| spec.get("analysis"));
    let hooks = hooks.and_then(|analysis| analysis.get("webhooks"));
    let mut refused = Vec::new();
    for hook in hooks.map(Node::items).unwrap_or_default() {
        let at = hook.get("type").map_or(hook.at, |node| node.at);
        let name = hook.get("type").and_then(Node::text).unwrap_or_default();
        if name == CONFIRM {
            continue;
        }
        let Some((_, advice)) = HOOKS.iter().find(|(other, _)| *other == name) else {
            let known: Vec<&str> = HOOKS.iter().map(|(name, _)| *name).chain([CONFIRM]).collect();
            let near = nearest(name, &known).unwrap_or(CONFIRM);
            return Err(Wrong::at(at, format!("not a type of hook: did you mean {near}?")));
        };
        let shown = if name.is_empty() { "none" } else { name };
        refused.push(format!("line {}: spec.analysis.webhooks[].type: {shown}: {advice}", at.line));
    }
    Ok(refused)
}
