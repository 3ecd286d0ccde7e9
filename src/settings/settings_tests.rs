//! What files say, and what is said of those that can't be used.

use serde_json::json;

use super::canary::{self, Unusable};
use super::tree::Node;
use super::yaml::Source;
use super::{Config, Given, Probe, Word, config};
use crate::model::{Id, Kind};
use crate::release::{Declared, DeclaredService, Settings};
use crate::route::RouteKind;

const CANARY: &str = include_str!("../../examples/parrot/canary.yaml");

fn document(text: &str) -> Node {
    let mut documents = Source::of(text).documents().unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn canary(text: &str) -> Given {
    canary::read(&document(text)).unwrap()
}

/// What is wrong with a Canary: `line: why`, or all that is refused.
fn canary_error(text: &str) -> String {
    match canary::read(&document(text)).unwrap_err() {
        Unusable::Refused(reasons) => reasons.join("\n"),
        Unusable::Wrong(wrong) => {
            format!("{}: {}", wrong.at.expect("a place").line, wrong.why)
        }
    }
}

fn config_error(text: &str) -> String {
    let source = Source::of(text);
    let document = source.documents().unwrap().remove(0);
    source.wrong("is wrong", &config::read(&document).unwrap_err()).causes.remove(0)
}

/// The article's Canary with one line in the place of another.
fn with(line: &str, instead: &str) -> String {
    assert!(CANARY.contains(line), "{line}");
    CANARY.replacen(line, instead, 1)
}

#[test]
fn the_articles_canary_is_understood() {
    let given = canary(CANARY);
    assert_eq!((given.app.as_str(), given.namespace.as_deref()), ("parrot", Some("blue-green")));
    assert_eq!(
        given.expected,
        Declared {
            ingress: Some("parrot".to_owned()),
            service: Some(DeclaredService {
                port: Some(80),
                target_port: Some(json!(3000)),
                ..DeclaredService::default()
            }),
            ..Declared::default()
        }
    );
    assert_eq!(
        given.settings,
        Settings { interval_seconds: Some(60), threshold: Some(60), ..Settings::default() }
    );
    let [hook] = &given.hooks[..] else { panic!("{:?}", given.hooks) };
    assert_eq!(hook.name.as_deref(), Some("confirm-promotion"));
    assert_eq!(hook.address.url().path(), "/6f0ce11c-d2d8-4375-895d-a5c1ec90a323");
    assert_eq!((hook.timeout_seconds, hook.retries, hook.disable_tls), (10, 0, false));
}

#[test]
fn every_setting_of_a_canary_counts() {
    let more = with(
        "  service:\n    port: 80\n    targetPort: 3000\n",
        "  progressDeadlineSeconds: 120\n  skipAnalysis: true\n  service:\n    name: web\n    port: 8080\n    portName: grpc\n    targetPort: api\n    appProtocol: h2c\n",
    );
    let more = more
        + "      timeout: 5s\n      retries: 3\n      disableTLS: true\n      metadata: {team: birds}\n    - {name: b, type: confirm-promotion, url: 'http://b/'}\nstatus: {phase: Initialized}\n";
    let given = canary(&more);
    assert_eq!(given.settings.timeout_seconds, Some(120));
    assert!(given.settings.skip);
    assert_eq!(
        given.expected.service.unwrap(),
        DeclaredService {
            name: Some("web".to_owned()),
            port: Some(8080),
            port_name: Some("grpc".to_owned()),
            target_port: Some(json!("api")),
            app_protocol: Some("h2c".to_owned()),
        }
    );
    let [hook, other] = &given.hooks[..] else { panic!("{:?}", given.hooks) };
    assert_eq!((hook.timeout_seconds, hook.retries, hook.disable_tls), (5, 3, true));
    assert_eq!(hook.metadata["team"], "birds");
    assert_eq!(other.address.to_string(), "http://b");
}

#[test]
fn the_target_port_is_the_port_by_default() {
    let service = canary(&with("    targetPort: 3000\n", "")).expected.service.unwrap();
    assert_eq!(service.target_port, Some(json!(80)));
}

#[test]
fn what_kubectl_prints_of_a_canary_is_no_hindrance() {
    let printed =
        with("metadata:\n", "metadata:\n  annotations: {a: b}\n  generation: 1\n  uid: u\n");
    canary(&(printed + "status: {failedChecks: 0, conditions: [{type: Promoted}]}\n"));
    // Nor is a key that asks for nothing.
    let off = "  analysis:\n    metrics: []\n    stepWeight: 0\n    mirror: false\n    alerts:\n";
    canary(&with("  analysis:\n", off));
}

#[test]
fn what_is_not_done_is_refused_by_name_all_at_once() {
    let text = with(
        "    iterations: 1\n",
        "    maxWeight: 50\n    metrics: [{name: request-success-rate}]\n",
    );
    let text = text.replace("type: confirm-promotion", "type: rollback");
    assert_eq!(
        canary_error(&text),
        "line 22: spec.analysis.maxWeight: leave it out, and use iterations: 1: bluegreen switches all requests at once\n\
         line 23: spec.analysis.metrics: leave them out: let a confirm-promotion webhook look at them\n\
         line 27: spec.analysis.webhooks[].type: rollback: let the confirm-promotion hook answer 410, or call bluegreen abort"
    );
}

#[test]
fn a_canary_that_is_wrong_is_shown_where() {
    for (line, instead, said) in [
        (
            "provider: nginx",
            "provider: istio",
            "8: bluegreen switches Ingresses of NGINX: the provider must be nginx or kubernetes",
        ),
        (
            "  provider: nginx\n",
            "",
            "7: the key provider is missing: Flagger would use the one it was installed with; \
             write provider: nginx",
        ),
        (
            "  analysis:\n",
            "  analysis:\n    intervall: 1m\n",
            "21: unknown key intervall: did you mean interval?",
        ),
        ("    interval: 1m\n", "", "20: the key interval is missing"),
        (
            "interval: 1m",
            "interval: 60",
            "21: this must be a time like 30s, 10m or 2h, not a number",
        ),
        ("interval: 1m", "interval: 0s", "21: it must be at least 1s"),
        ("threshold: 60", "threshold: 0", "23: it must be at least 1"),
        ("threshold: 60", "threshold: many", "23: this must be a whole number, not text"),
        (
            "iterations: 1",
            "iterations: 10",
            "22: this must be 1 or omitted: the gate decides how long a candidate waits",
        ),
        ("kind: Deployment", "kind: DaemonSet", "9: this must refer to apps/v1 Deployment"),
        ("kind: Ingress", "kind: Route", "13: this must refer to networking.k8s.io/v1 Ingress"),
        ("v1beta1", "v1alpha3", "2: this must be flagger.app/v1beta1"),
        ("port: 80", "port: 0", "18: a port must be a number from 1 to 65535"),
        ("targetPort: 3000", "targetPort: 99999", "19: a port must be a number from 1 to 65535"),
        (
            "type: confirm-promotion",
            "type: confirm-promote",
            "26: not a type of hook: did you mean confirm-promotion?",
        ),
        ("url: https", "url: ftp", "27: a webhook's address must begin with http:// or https://"),
        ("spec:\n", "spec:\n  sevice: {}\n", "8: unknown key sevice: did you mean service?"),
    ] {
        assert_eq!(canary_error(&with(line, instead)), said, "{instead}");
    }
}

#[test]
fn every_key_that_flagger_knows_and_we_do_not_is_refused() {
    use super::{FIELDS, Use};
    for (field, used) in FIELDS {
        let Use::Refused(advice) = used else { continue };
        let (parent, key) = field.rsplit_once('.').unwrap();
        let key_line = match parent {
            "spec" => with("spec:\n", &format!("spec:\n  {key}: {{x: 1}}\n")),
            "spec.service" => with("  service:\n", &format!("  service:\n    {key}: {{x: 1}}\n")),
            "spec.analysis" => {
                with("  analysis:\n", &format!("  analysis:\n    {key}: {{x: 1}}\n"))
            }
            _ => format!("{CANARY}      {key}: true\n"),
        };
        let said = canary_error(&key_line);
        assert!(said.ends_with(&format!(": {field}: {advice}")), "{said}");
    }
}

const FULL: &str = "\
app: parrot
namespace: blue-green
ingress: parrot
service: {name: parrot, port: 80, portName: http, targetPort: 3000, appProtocol: http}
gate:
  webhooks:
  - {name: qa, url: 'https://a/hush', timeout: 5s, retries: 2, metadata: {a: b}, disableTLS: true}
  - url: https://b/hush
  interval: 20s
  threshold: 3
deadline: 2h
timeout: 5m
drain: 0s
bake: 10m
keepOld: true
probe: https://203.0.113.7
settle: 15s
";

fn probe(words: &[&str]) -> Probe {
    let words: Vec<Word> = words.iter().map(|word| word.parse().unwrap()).collect();
    Probe::of(&words).unwrap()
}

#[test]
fn several_routes_have_several_addresses() {
    let read = |probe: &str| config::read(&document(&format!("app: parrot\nprobe: {probe}")));
    let (own, all) = ("ingress/parrot=http://10.0.0.1", "http://10.0.0.2:8080");
    for (text, words) in [
        (own.to_owned(), &[own][..]),
        (format!("[{own}, {all}]"), &[own, all]),
        (format!("[{all}]"), &[all]),
        ("none".to_owned(), &["none"]),
    ] {
        assert_eq!(read(&text).unwrap().probe, Some(probe(words)), "{text}");
    }
    for (text, why) in [
        ("[none, http://10.0.0.1]", "auto and none can't be combined"),
        ("[http://10.0.0.1, http://10.0.0.2]", "two addresses are for every route"),
        ("[http://10.0.0.1/hush]", "omit the path"),
        ("[http://10.0.0.1, 8080]", "this must be an address that begins with"),
        ("{ingress/parrot: http://10.0.0.1}", "this must be auto, none, an address"),
    ] {
        let wrong = read(text).err().unwrap();
        assert!(wrong.why.starts_with(why), "{text}: {}", wrong.why);
        assert_eq!(wrong.at.map(|at| at.line), Some(2), "{text}");
    }
}

#[test]
fn our_own_form_is_understood() {
    let given = config::read(&document(FULL)).unwrap();
    assert_eq!((given.app.as_str(), given.namespace.as_deref()), ("parrot", Some("blue-green")));
    assert_eq!(given.expected.ingress.as_deref(), Some("parrot"));
    assert_eq!(
        given.expected.service.unwrap(),
        DeclaredService {
            name: Some("parrot".to_owned()),
            port: Some(80),
            port_name: Some("http".to_owned()),
            target_port: Some(json!(3000)),
            app_protocol: Some("http".to_owned()),
        }
    );
    assert_eq!(
        given.settings,
        Settings {
            interval_seconds: Some(20),
            threshold: Some(3),
            deadline_seconds: Some(7200),
            timeout_seconds: Some(300),
            drain_seconds: Some(0),
            settle_seconds: Some(15),
            bake_seconds: Some(600),
            keep_old: Some(true),
            skip: false,
        }
    );
    assert_eq!(given.probe, Some(probe(&["https://203.0.113.7"])));
    let [a, b] = &given.hooks[..] else { panic!("{:?}", given.hooks) };
    assert_eq!((a.timeout_seconds, a.retries, a.disable_tls), (5, 2, true));
    assert_eq!((a.name.as_deref(), a.metadata["a"].as_str()), (Some("qa"), "b"));
    assert_eq!((b.timeout_seconds, b.retries, b.disable_tls), (10, 0, false));
}

#[test]
fn no_gate_has_no_webhook() {
    for hooks in ["webhook: 'http://a/'", "webhooks: [{url: 'http://a/'}]"] {
        let read = config::read(&document(&format!("app: parrot\ngate: {{skip: true, {hooks}}}")));
        let why = read.err().map(|wrong| wrong.why);
        assert_eq!(
            why.as_deref(),
            Some("skip: true means no gate, and can't be combined with a webhook"),
            "{hooks}"
        );
    }
}

#[test]
fn our_own_form_needs_only_the_app() {
    let given = config::read(&document("app: parrot\ngate: {skip: true}")).unwrap();
    assert!(given.settings.skip);
    let given = config::read(&document("app: parrot\ngate:\ndrain:")).unwrap();
    assert_eq!(given.settings, Settings::default());
    assert!(given.hooks.is_empty() && given.files.is_empty());
}

#[test]
fn what_is_wrong_with_our_own_form_is_shown_with_a_caret() {
    assert_eq!(
        config_error("app: parrot\ngate:\n  intervall: 10s\n"),
        "line 3: unknown key intervall: did you mean interval?\n  |\n3 |   intervall\n  |   ^^^^^^^^^"
    );
    for (text, said) in [
        (
            "app: parrot\nreplicaCount: 3\n",
            "line 2: unknown key replicaCount: expected one of app, namespace, route, ingress, \
             service, gate, deadline, timeout, drain, bake, keepOld, probe, settle, previewTlsSecret\n",
        ),
        ("namespace: a\n", "line 1: the key app is missing\n"),
        ("app: parrot\nroute: gateway\n", "line 2: a route is ingress or service\n"),
        ("app: parrot\nroute: [a]\n", "line 2: this must be ingress or service, not a list\n"),
        ("app: Parrot\n", "line 1: a name consists of lower case letters, digits and -\n"),
        (
            "app: parrot\ndrain: 30\n",
            "line 2: this must be a time like 30s, 10m or 2h, not a number\n",
        ),
        ("app: parrot\ntimeout: 0s\n", "line 2: it must be at least 1s\n"),
        (
            "app: parrot\ngate: hush.example.com/hush\n",
            "line 2: this must be a mapping, not text\n",
        ),
        (
            "app: parrot\ngate: {webhook: hush}\n",
            "line 2: a webhook's address must begin with http:// or https://\n",
        ),
        (
            "app: parrot\ngate:\n  webhook: http://a/hush\n  webhooks: [{url: 'http://b/hush'}]\n",
            "line 2: use either webhook or webhooks, not both\n",
        ),
        (
            "app: parrot\ngate:\n  webhooks:\n  - {url: 'http://b/hush', metadata: {a: true}}\n",
            "line 4: this must be text, not true\n",
        ),
    ] {
        let error = config_error(text);
        assert!(error.starts_with(said), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn the_schema_has_every_key_and_no_other() {
    let schema = schemars::schema_for!(Config).to_value();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["app"]));
    let definitions = &schema["$defs"];
    let keys = |of: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<String> = of["properties"].as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let top = [
        "app",
        "bake",
        "deadline",
        "drain",
        "gate",
        "ingress",
        "keepOld",
        "namespace",
        "previewTlsSecret",
        "probe",
        "route",
        "service",
        "settle",
        "timeout",
    ];
    assert_eq!(keys(&schema), top);
    assert_eq!(
        keys(&definitions["Gate"]),
        [
            "caFile",
            "headerFile",
            "interval",
            "secretFile",
            "skip",
            "threshold",
            "webhook",
            "webhooks"
        ]
    );
    let hook = ["caFile", "disableTLS", "headerFile", "metadata", "name", "retries", "secretFile"];
    let hook = [&hook[..], &["timeout", "url"]].concat();
    assert_eq!(keys(&definitions["Webhook"]), hook);
    assert_eq!(definitions["Webhook"]["required"], json!(["url"]));
    let service = ["appProtocol", "name", "port", "portName", "targetPort"];
    assert_eq!(keys(&definitions["Service"]), service);
}

#[test]
fn the_route_is_known_by_its_word() {
    for route in RouteKind::ALL {
        let text = format!("app: parrot\nroute: {}\n", route.as_str());
        assert_eq!(config::read(&document(&text)).unwrap().expected.route, Some(route));
    }
}

const DOCS: &str = include_str!("../../docs/settings.md");

#[test]
fn the_documented_examples_are_understood() {
    let examples: Vec<&str> =
        DOCS.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 3);
    let whole = config::read(&document(examples[0])).unwrap();
    assert_eq!((whole.app.as_str(), whole.hooks.len()), ("parrot", 1));
    let several = config::read(&document(examples[1])).unwrap();
    assert_eq!((several.hooks.len(), several.hooks[0].retries), (2, 3));
    let asked = config::read(&document(examples[2])).unwrap().expected.asked;
    assert_eq!(asked, [Id::new(Kind::Ingress, "parrot-inside")]);
}
