//! `bluegreen.yaml`: our own short form. The doc comments below are the descriptions in its schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::given::{ANSWER_WITHIN_SECONDS, Given, Hook};
use super::tree::{Node, Wrong};
use super::values::{Address, Label, Port, PortOrName, ProbeAt, SomeTime, Time, Times};
use crate::release::{Expected, ExpectedService, Settings};

/// How an app is released with bluegreen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(title = "bluegreen.yaml")]
pub struct Config {
    /// The app: its Deployment's name.
    app: Label,
    /// The namespace of the app; by default the kubeconfig's.
    namespace: Option<Label>,
    /// The Ingress that names the app; another one is refused.
    ingress: Option<String>,
    service: Option<Service>,
    gate: Option<Gate>,
    /// When no answer at all destroys the candidate; by default never.
    deadline: Option<SomeTime>,
    /// How long the candidate may take to be ready; by default 10m.
    timeout: Option<SomeTime>,
    /// How long the old version is kept when the switch has arrived; by default 30s.
    drain: Option<Time>,
    /// How long the new version is watched, and the old one kept at its full size; by default 0s.
    bake: Option<Time>,
    /// The old version is not put away.
    #[serde(default)]
    keep_old: bool,
    /// Where the app is asked through the ingress: an address, auto or none; by default auto.
    probe: Option<ProbeAt>,
    /// How long the ingress controller is given where nothing can be asked; by default 10s.
    settle: Option<Time>,
}

/// The live Service: init makes it so; one that exists and differs is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Service {
    /// Its name; by default the one that the Ingress names.
    name: Option<Label>,
    /// Its port.
    port: Option<Port>,
    /// Its port's name; made as http by default.
    port_name: Option<Label>,
    /// The container's port; by default its only one.
    target_port: Option<PortOrName>,
    /// Its port's application protocol.
    app_protocol: Option<String>,
}

/// What has to say yes before the new version goes live.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Gate {
    /// No gate: the new version goes live as soon as it is ready.
    #[serde(default)]
    skip: bool,
    /// This address is asked until it answers 200, 201 or 202.
    webhook: Option<Address>,
    /// Several addresses, asked in this order; all have to say yes.
    #[serde(default)]
    webhooks: Vec<Webhook>,
    /// The time between two questions; by default 10s.
    interval: Option<SomeTime>,
    /// So many answers in a row that are not a yes destroy the candidate; by default 60.
    threshold: Option<Times>,
}

/// One webhook.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Webhook {
    /// The name by which its answers are shown.
    name: Option<String>,
    /// The address that is asked.
    url: Address,
    /// How long all tries of one question may take; by default 10s.
    timeout: Option<SomeTime>,
    /// How often a question that got no answer, 429 or 5xx is repeated; by default 0.
    #[serde(default)]
    retries: u32,
    /// Sent along in the payload's metadata.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    /// Its certificate is not checked.
    #[serde(default, rename = "disableTLS")]
    disable_tls: bool,
}

pub fn read(document: &Node) -> Result<Given, Wrong> {
    let config = Config::deserialize(document)?;
    let gate = config.gate.as_ref();
    if let Some(Gate { webhook: Some(_), webhooks, .. }) = gate
        && !webhooks.is_empty()
    {
        let at = document.get("gate").map(|gate| gate.at);
        return Err(Wrong { at, why: "webhook and webhooks exclude each other".to_owned() });
    }
    let one =
        gate.and_then(|gate| gate.webhook.as_ref()).map(|address| Hook::new(address.0.clone()));
    let several = gate.into_iter().flat_map(|gate| &gate.webhooks).map(|hook| Hook {
        name: hook.name.clone(),
        url: hook.url.0.clone(),
        timeout_seconds: hook.timeout.map_or(ANSWER_WITHIN_SECONDS, |time| time.0),
        retries: hook.retries,
        metadata: hook.metadata.clone(),
        disable_tls: hook.disable_tls,
    });
    let service = config.service.map(|service| ExpectedService {
        name: service.name.map(|name| name.0),
        port: service.port.map(|port| port.0),
        port_name: service.port_name.map(|name| name.0),
        target_port: service.target_port.map(|port| port.0),
        app_protocol: service.app_protocol,
    });
    Ok(Given {
        app: config.app.0,
        namespace: config.namespace.map(|namespace| namespace.0),
        hooks: one.into_iter().chain(several).collect(),
        settings: Settings {
            interval_seconds: gate.and_then(|gate| gate.interval).map(|time| time.0),
            threshold: gate.and_then(|gate| gate.threshold).map(|times| times.0),
            deadline_seconds: config.deadline.map(|time| time.0),
            timeout_seconds: config.timeout.map(|time| time.0),
            drain_seconds: config.drain.map(|time| time.0),
            settle_seconds: config.settle.map(|time| time.0),
            bake_seconds: config.bake.map(|time| time.0),
            keep_old: config.keep_old,
            skip: gate.is_some_and(|gate| gate.skip),
        },
        expected: Expected { ingress: config.ingress, service },
        probe: config.probe.map(|probe| probe.0),
    })
}
