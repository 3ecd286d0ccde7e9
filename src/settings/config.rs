//! `bluegreen.yaml`: our own short form. The doc comments below are the descriptions in its schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::given::{ANSWER_WITHIN_SECONDS, Given, Hook};
use super::tree::{Node, Wrong};
use super::values::{By, Label, Port, PortOrName, ProbeAt, Secret, SomeTime, Time, Times};
use super::{Address, Files};
use crate::release::{Declared, DeclaredService, Settings};

/// How an app is released with bluegreen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
#[schemars(title = "bluegreen.yaml")]
pub struct Config {
    /// The app: its Deployment's name.
    app: Label,
    /// The namespace of the app; by default the kubeconfig's.
    namespace: Option<Label>,
    /// What leads to the app: ingress, or service if no Ingress names it; by default ingress. init
    /// records it.
    route: Option<By>,
    /// The Ingress that names the app; another one is refused.
    ingress: Option<String>,
    service: Option<Service>,
    gate: Option<Gate>,
    /// The time after which the candidate is deleted without approval; by default none.
    deadline: Option<SomeTime>,
    /// How long the candidate may take to become ready; by default 10m.
    timeout: Option<SomeTime>,
    /// How long the old version is kept after the switch; by default 30s.
    drain: Option<Time>,
    /// How long the new version is watched, and the old one kept at its full size; by default 0s.
    bake: Option<Time>,
    /// Whether the old version is kept running; by default it is scaled down to 0.
    keep_old: Option<bool>,
    /// Where to probe the app through the ingress: an address, auto or none; by default auto. If it
    /// has several Ingresses, a list: ingress/NAME=ADDRESS is for that one only.
    probe: Option<ProbeAt>,
    /// How long to wait for the ingress controller if the switch can't be probed; by default 10s,
    /// or 15s if a Service is the route.
    settle: Option<Time>,
    /// The Secret with the certificate of the preview host, or none. init records it.
    preview_tls_secret: Option<Secret>,
}

/// The live Service: init creates it; an existing one that differs is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Service {
    /// Its name; by default the one that the Ingress names.
    name: Option<Label>,
    /// Its port.
    port: Option<Port>,
    /// Its port's name; by default http.
    port_name: Option<Label>,
    /// The container's port; by default its only one.
    target_port: Option<PortOrName>,
    /// Its port's application protocol.
    app_protocol: Option<String>,
}

/// What must approve the new version before it goes live.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Gate {
    /// No gate: the new version goes live as soon as it is ready.
    #[serde(default)]
    skip: bool,
    /// This address is asked until it answers 200, 201 or 202.
    webhook: Option<Address>,
    /// Several webhooks, asked in this order; all must approve.
    #[serde(default)]
    webhooks: Vec<Webhook>,
    /// The time between two requests; by default 10s.
    interval: Option<SomeTime>,
    /// After this many answers in a row without approval, the candidate is deleted; by default 60.
    threshold: Option<Times>,
    /// A file with the secret that signs each request: whsec_ and base64. Relative to this file's
    /// folder.
    secret_file: Option<PathBuf>,
    /// A file with headers to send, one per line: Name: value. Relative to this file's folder.
    header_file: Option<PathBuf>,
    /// A PEM file with the CA certificates to trust for the webhook, and no others. Relative to
    /// this file's folder.
    ca_file: Option<PathBuf>,
}

/// One webhook.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a mapping")]
struct Webhook {
    /// The name by which its answers are shown.
    name: Option<String>,
    /// The address that is asked.
    url: Address,
    /// The timeout of one request, including its retries; by default 10s.
    timeout: Option<SomeTime>,
    /// How often a request that got no answer, 429 or 5xx is repeated; by default 0.
    #[serde(default)]
    retries: u32,
    /// Sent along in the payload's metadata.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    /// Its certificate is not checked.
    #[serde(default, rename = "disableTLS")]
    disable_tls: bool,
    /// A file with the secret that signs each request: whsec_ and base64. Relative to this file's
    /// folder.
    secret_file: Option<PathBuf>,
    /// A file with headers to send, one per line: Name: value. Relative to this file's folder.
    header_file: Option<PathBuf>,
    /// A PEM file with the CA certificates to trust for the webhook, and no others. Relative to
    /// this file's folder.
    ca_file: Option<PathBuf>,
}

pub fn read(document: &Node) -> Result<Given, Wrong> {
    let config = Config::deserialize(document)?;
    let gate = config.gate.as_ref();
    if let Some(Gate { webhook: Some(_), webhooks, .. }) = gate
        && !webhooks.is_empty()
    {
        let at = document.get("gate").map(|gate| gate.at);
        return Err(Wrong { at, why: "use either webhook or webhooks, not both".to_owned() });
    }
    if gate.is_some_and(|gate| gate.skip && (gate.webhook.is_some() || !gate.webhooks.is_empty())) {
        let at = document.get("gate").map(|gate| gate.at);
        return Err(Wrong {
            at,
            why: "skip: true means no gate, and can't be combined with a webhook".to_owned(),
        });
    }
    let beside = gate.map(|gate| files(&gate.secret_file, &gate.header_file, &gate.ca_file));
    let beside = beside.unwrap_or_default();
    if gate.is_some_and(|gate| !gate.webhooks.is_empty()) && !beside.is_empty() {
        let at = document.get("gate").map(|gate| gate.at);
        let why = "secretFile, headerFile and caFile belong to a single webhook: set them there";
        return Err(Wrong { at, why: why.to_owned() });
    }
    let one = gate.and_then(|gate| gate.webhook.clone());
    // What stands beside a webhook is for nobody else to have.
    let (one, beside) = match one {
        Some(address) => (Some(Hook { files: beside, ..Hook::new(address) }), Files::default()),
        None => (None, beside),
    };
    let several = gate.into_iter().flat_map(|gate| &gate.webhooks).map(|hook| Hook {
        name: hook.name.clone(),
        address: hook.url.clone(),
        timeout_seconds: hook.timeout.map_or(ANSWER_WITHIN_SECONDS, |time| time.0),
        retries: hook.retries,
        metadata: hook.metadata.clone(),
        disable_tls: hook.disable_tls,
        files: files(&hook.secret_file, &hook.header_file, &hook.ca_file),
    });
    let service = config.service.map(|service| DeclaredService {
        name: service.name.map(|name| name.0),
        port: service.port.map(|port| port.0),
        port_name: service.port_name.map(|name| name.0),
        target_port: service.target_port.map(|port| port.0),
        app_protocol: service.app_protocol,
    });
    let asked = config.probe.as_ref().map(|probe| probe.0.routes()).unwrap_or_default();
    Ok(Given {
        app: config.app.0,
        namespace: config.namespace.map(|namespace| namespace.0),
        hooks: one.into_iter().chain(several).collect(),
        files: beside,
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
        expected: Declared {
            route: config.route.map(|By(route)| route),
            ingress: config.ingress,
            service,
            asked,
        },
        probe: config.probe.map(|probe| probe.0),
        preview_tls: config.preview_tls_secret.map(|secret| secret.0),
    })
}

fn files(secret: &Option<PathBuf>, headers: &Option<PathBuf>, ca: &Option<PathBuf>) -> Files {
    Files { secret: secret.clone(), headers: headers.clone(), ca: ca.clone() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::yaml::Source;

    fn given(gate: &str) -> Result<Given, String> {
        let source = Source::of(&format!("app: parrot\ngate: {gate}"));
        let document = source.documents().unwrap().remove(0);
        read(&document).map_err(|wrong| wrong.why)
    }

    #[test]
    fn files_belong_to_the_webhook_that_they_stand_beside() {
        let files = "secretFile: s, headerFile: /h, caFile: c";
        let all = Files {
            secret: Some("in/s".into()),
            headers: Some("/h".into()),
            ca: Some("in/c".into()),
        };
        let within = |gate: String| given(&gate).unwrap().within(Path::new("in"));
        let one = within(format!("{{webhook: 'http://a/', {files}}}"));
        assert_eq!((&one.hooks[0].files, &one.files), (&all, &Files::default()));
        // Whoever names a webhook by --webhook, say, gets those that stand beside none.
        let none = within(format!("{{{files}}}"));
        assert!(none.hooks.is_empty() && none.files == all);
        let hooks = format!("webhooks: [{{url: 'http://a/', {files}}}, {{url: 'http://b/'}}]");
        let several = within(format!("{{{hooks}}}"));
        let of: Vec<&Files> = several.hooks.iter().map(|hook| &hook.files).collect();
        assert_eq!(of, [&all, &Files::default()]);
        let why = given(&format!("{{caFile: c, {hooks}}}")).unwrap_err();
        assert!(why.contains("belong to a single webhook"), "{why}");
    }
}
