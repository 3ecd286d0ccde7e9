//! What goes wrong is said without a secret, too.

use std::net::TcpListener;

use bluegreen::sandbox::Fault;

use super::*;

const NO: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const AWAY: &str = "HTTP/1.1 302 Found\r\nLocation: https://canary-of-place.example.com/\r\n\
                    Content-Length: 0\r\nConnection: close\r\n\r\n";
const DEPLOY: [&str; 8] = [
    "deploy",
    "parrot",
    "--image",
    "kmharish/parrot-app:v2.2",
    "--threshold",
    "1",
    "--timeout",
    "30s",
];

/// An address of this machine at which nobody is.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A command fails with this code, says why, and repeats no secret.
fn fails(person: &Person, code: i32, why: &str, words: &[&str], environment: &[(&str, &str)]) {
    for output in ["human", "json"] {
        let said = person.run(&[words, &["-o", output]].concat(), environment);
        let text = &said.text;
        assert_eq!(said.code, Some(code), "{words:?}: {text}");
        assert!(text.contains(why), "{words:?}: no {why:?} in {text}");
        assert!(!text.contains(CANARY) && !text.contains(&secret()[6..]), "{words:?}: {text}");
    }
}

/// A gate that can't be asked, or says no: the reason stands in the cluster, and in the history.
fn gate(cluster: &Cluster, why: &str, settings: &str, environment: &[(&str, &str)]) {
    let person = Person::of(cluster);
    let ca = Receiver::start(NO).ca;
    let mut all = vec![
        ("BLUEGREEN_WEBHOOK_SECRET", secret()),
        ("BLUEGREEN_HEADER_FILE", person.file("headers", &format!("X-Key: {HEADER}\n"))),
        ("BLUEGREEN_CA_FILE", person.file("ca.pem", &ca)),
    ];
    all.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    person.file("bluegreen.yaml", settings);
    assert_eq!(person.run(&["init", "parrot"], &[]).code, Some(0));
    fails(&person, 3, why, &DEPLOY, &all);
    fails(&person, 0, "rejected", &["history", "parrot"], &[]);
    is_sent_no_more_than_a_token(cluster);
    holds_nothing(cluster, &secret());
}

/// One that is asked in settings, and has a little time.
fn hook(host: &str) -> String {
    let url = format!("https://{host}/{PATH}?token={QUERY}");
    format!(
        "app: parrot\ngate: {{webhooks: [{{url: '{url}', timeout: 1s, metadata: {{a: {METADATA}}}}}]}}\n"
    )
}

#[test]
fn a_gate_that_is_not_trusted() {
    let receiver = Receiver::start(YES);
    let hook = hook(&receiver.address.to_string());
    gate(&Cluster::start(VARIABLE), "certificate", &hook, &[]);
    assert!(receiver.told().is_empty());
}

#[test]
fn a_gate_that_is_not_there() {
    gate(&Cluster::start(VARIABLE), "no connection", &hook(&closed()), &[]);
}

#[test]
fn a_gate_behind_a_proxy_that_is_not_there() {
    let proxy = format!("http://me:{PASSWORD}@{}", closed());
    let hook = hook("canary.example.com");
    gate(&Cluster::start(VARIABLE), "no connection", &hook, &[("HTTPS_PROXY", &proxy)]);
}

/// The receiver's own authority is trusted.
fn answers(answer: &'static str, why: &str) {
    let (receiver, cluster) = (Receiver::start(answer), Cluster::start(VARIABLE));
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, &receiver.ca).unwrap();
    let hook = hook(&receiver.address.to_string());
    gate(&cluster, why, &hook, &[("BLUEGREEN_CA_FILE", ca.to_str().unwrap())]);
    assert!(receiver.told().iter().all(|told| told.contains(METADATA)));
    assert_eq!(receiver.told().len(), 2, "a redirect was followed, or a question repeated");
}

#[test]
fn a_gate_that_says_no() {
    answers(NO, "403 Forbidden");
}

#[test]
fn a_gate_that_redirects() {
    answers(AWAY, "redirects are not followed");
}

#[test]
fn a_gate_that_says_nothing() {
    answers("", "it did not answer in time");
}

#[test]
fn a_cluster_that_does_not_take_or_know_us() {
    let cluster = Cluster::start(VARIABLE);
    let status = ["status", "parrot"];
    let at = |server: &str, script: &str| Person::with(&kubeconfig(server, script));
    let server = format!("http://{}", cluster.address);
    let away = format!("https://me:{PASSWORD}@{}", closed());
    fails(&at(&away, PRINTS), 9, "can't be reached", &status, &[]);
    let broken = r#"echo "$1 $PLUGIN_SECRET"; echo "$1 $PLUGIN_SECRET" >&2; exit 3"#;
    fails(&at(&server, broken), 8, "failed with exit status: 3", &status, &[]);
    let rubbish = r#"echo "{status: {token: ['$1 $PLUGIN_SECRET']}}""#;
    fails(&at(&server, rubbish), 8, "returned no valid credential", &status, &[]);
    let said = br#"{"kind": "Status", "message": "Unauthorized", "reason": "Unauthorized"}"#;
    let refused = Fault::Answered { code: 401, headers: Vec::new(), body: said.to_vec() };
    cluster.faults.on(|_| true, refused);
    fails(&at(&server, PRINTS), 8, "does not accept your credential", &status, &[]);
    let token = format!("users: [{{name: me, user: {{token: {TOKEN}}}\n");
    fails(&Person::with(&token), 2, "kubeconfig", &status, &[]);
    let key = format!("{PLUGIN}-no-key");
    let pem = kubeconfig(&away, "").replace("exec:", &format!("client-key-data: {key}\n    exec:"));
    fails(&Person::with(&pem), 2, "can't be used", &status, &[]);
}

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn a_command_line_or_a_file_that_is_wrong() {
    let person = Person::with("");
    let address = format!("https://gate.example.com/{PATH}?{QUERY}");
    let with_password = format!("https://me:{PASSWORD}@gate.example.com/");
    let asked = [&DEPLOY[..], &["--webhook", "https://gate.example.com/"]].concat();
    let wrong = |why: &str, words: &[&str], environment: &[(&str, &str)]| {
        fails(&person, 2, why, words, environment);
    };
    // In the wrong place.
    wrong("unexpected argument", &["deploy", "parrot", &address], &[]);
    wrong("invalid value", &["deploy", &address], &[]);
    wrong("unexpected argument", &with(&asked, &[&secret()]), &[]);
    wrong("invalid value", &with(&asked, &["--interval", &address]), &[]);
    wrong("invalid value", &["promote", "parrot", "--probe", &with_password], &[]);
    wrong("can't be read", &with(&asked, &["--webhook-secret-file", &secret()]), &[]);
    let header = format!("Authorization: {HEADER}");
    wrong("can't be read", &with(&asked, &["--header-file", &header]), &[]);
    // Of the wrong form.
    wrong("a user or a password", &with(&DEPLOY, &["--webhook", &with_password]), &[]);
    wrong("a user or a password", &DEPLOY, &[("BLUEGREEN_WEBHOOK", &with_password)]);
    wrong("address is not valid", &DEPLOY, &[("BLUEGREEN_WEBHOOK", PATH)]);
    let short = format!("whsec_{}", BASE64_STANDARD.encode(&KEY[..9]));
    wrong("not base64", &asked, &[("BLUEGREEN_WEBHOOK_SECRET", &format!("{}!", secret()))]);
    wrong("24 to 64 bytes", &asked, &[("BLUEGREEN_WEBHOOK_SECRET", &short)]);
    let file = person.file("headers", &format!("A: b\n{HEADER}\n"));
    wrong("line 2", &with(&asked, &["--header-file", &file]), &[]);
    wrong("no certificate", &with(&asked, &["--ca-file", &file]), &[]);
    wrong("must begin with whsec_", &with(&asked, &["--webhook-secret-file", &file]), &[]);
    for (text, why) in [
        (format!("app: parrot\ngate: {{webhook: '{address}', x: 1}}\n"), "unknown key x"),
        (format!("app: parrot\ngate: {{webhook: '{with_password}'}}\n"), "a user or a password"),
        (format!("app: parrot\ngate: {{webhooks: {address}}}\n"), "must be"),
        (format!("app: parrot\ngate: {{webhook: '{address}'\n"), "line"),
    ] {
        let file = person.file("settings.yaml", &text);
        wrong(why, &with(&DEPLOY, &["-f", &file]), &[]);
    }
}
