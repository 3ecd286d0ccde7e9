//! Each secret is a canary: it is searched for in all that this program prints, writes and sends.

mod cluster;
mod failures;
mod receiver;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use cluster::Cluster;
use receiver::Receiver;

const YES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Of the webhook's address.
const PATH: &str = "canary-of-path";
const QUERY: &str = "canary-of-query";
const KEY: &str = "canary-of-the-key-that-signs";
const HEADER: &str = "canary-of-header";
const METADATA: &str = "canary-of-metadata";
const TOKEN: &str = "canary-of-token";
/// Of the environment that a credential plugin is started with.
const PLUGIN: &str = "canary-of-plugin";
/// Of a container's environment.
const VARIABLE: &str = "canary-of-variable";
const PASSWORD: &str = "canary-of-password";
/// All of them.
const CANARY: &str = "canary-of-";

/// As it is given; what signs is what it stands for.
fn secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(KEY))
}

/// Whoever runs commands: a home, a kubeconfig, and files with secrets.
struct Person {
    home: tempfile::TempDir,
    kubeconfig: PathBuf,
    before: (Vec<u8>, SystemTime),
}

impl Person {
    fn with(kubeconfig: &str) -> Person {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("kube")).unwrap();
        let path = home.path().join("kube/config");
        fs::write(&path, kubeconfig).unwrap();
        let before = (kubeconfig.as_bytes().to_owned(), changed(&path));
        let mut rights = fs::metadata(home.path().join("kube")).unwrap().permissions();
        rights.set_readonly(true);
        fs::set_permissions(home.path().join("kube"), rights).unwrap();
        Person { home, kubeconfig: path, before }
    }

    /// With a token that a program gives, as in the cloud.
    fn of(cluster: &Cluster) -> Person {
        Person::with(&kubeconfig(&format!("http://{}", cluster.address), PRINTS))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A command line with nothing but this in its environment.
    fn run(&self, words: &[&str], environment: &[(&str, &str)]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_bluegreen"))
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .envs(environment.iter().copied())
            .current_dir(self.home.path())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { code: output.status.code(), text: String::from_utf8(text).unwrap() }
    }
}

struct Said {
    code: Option<i32>,
    text: String,
}

impl Drop for Person {
    /// Its kubeconfig is as it was, and nothing stands beside it.
    fn drop(&mut self) {
        let rest = fs::read_dir(self.home.path().join("kube")).unwrap().count();
        let after = (fs::read(&self.kubeconfig).unwrap(), changed(&self.kubeconfig));
        let is_untouched = rest == 1 && after == self.before;
        assert!(is_untouched || std::thread::panicking(), "the kubeconfig was written");
    }
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

/// What a credential plugin does that gives the token.
const PRINTS: &str = r#"echo "{status: {token: '$1'}}""#;

fn kubeconfig(server: &str, script: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Config
current-context: here
contexts: [{{name: here, context: {{cluster: here, user: me, namespace: blue-green}}}}]
clusters: [{{name: here, cluster: {{server: "{server}"}}}}]
users:
- name: me
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: ["-c", {script:?}, "sh", "{TOKEN}"]
      env: [{{name: PLUGIN_SECRET, value: "{PLUGIN}"}}]
"#
    )
}

/// Releases with every secret that there is, their ends included.
fn released(output: &str) {
    let cluster = Cluster::start(VARIABLE);
    let receiver = Receiver::start(YES);
    let person = Person::of(&cluster);
    let ca = person.file("ca.pem", &receiver.ca);
    let headers = person.file("headers", &format!("Authorization: Bearer {HEADER}\n"));
    let address = format!("https://{}/{PATH}?token={QUERY}", receiver.address);
    let secret = secret();
    let environment = [
        ("BLUEGREEN_WEBHOOK", address.as_str()),
        ("BLUEGREEN_WEBHOOK_SECRET", &secret),
        ("BLUEGREEN_HEADER_FILE", &headers),
        ("BLUEGREEN_CA_FILE", &ca),
    ];
    let image = "kmharish/parrot-app:v2.2";
    let short = ["--drain", "0s", "--settle", "0s", "--probe", "none"];
    let deploy = [&["deploy", "parrot", "--image", image][..], &short].concat();
    for words in [
        vec!["init", "parrot"],
        [&deploy[..], &["--dry-run=server"]].concat(),
        deploy,
        vec!["status", "parrot"],
        vec!["history", "parrot"],
        vec!["deploy", "parrot", "--image", "kmharish/parrot-app:v3.0", "--detach"],
        vec!["abort", "parrot", "--reason", "the beak is wrong"],
        [&["rollback", "parrot"][..], &short].concat(),
    ] {
        let words = [&words[..], &["-o", output]].concat();
        let said = person.run(&words, &environment);
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.text);
        // What a rehearsal would send is the user's own template.
        let said = match words.contains(&"--dry-run=server") && output == "json" {
            true => said.text.replace(VARIABLE, ""),
            false => said.text,
        };
        assert!(!said.contains(CANARY) && !said.contains(&secret[6..]), "{words:?}: {said}");
    }
    is_told_what_is_his(&receiver, &secret);
    is_sent_no_more_than_a_token(&cluster);
    holds_nothing(&cluster, &secret);
}

/// Each secret stands in its place, and nothing else has come.
fn is_told_what_is_his(receiver: &Receiver, secret: &str) {
    let told = receiver.told();
    assert!(!told.is_empty());
    let verifier = standardwebhooks::Webhook::new(secret).unwrap();
    for request in told {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let lines = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
        let headers: http::HeaderMap =
            lines.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        verifier.verify(body.as_bytes(), &headers).unwrap();
        let address = format!("POST /{PATH}?token={QUERY} HTTP/1.1");
        let header = format!("authorization: Bearer {HEADER}");
        assert!(head.starts_with(&address) && head.contains(&header), "{head}");
        let rest = request.replacen(&address, "", 1).replacen(&header, "", 1);
        assert!(!rest.contains(CANARY) && !rest.contains(&secret[6..]), "{rest}");
    }
}

fn is_sent_no_more_than_a_token(cluster: &Cluster) {
    let heard = cluster.heard();
    let proof = format!("authorization: Bearer {TOKEN}\r\n");
    assert!(heard.contains(&proof));
    // The pod template is the user's own, and goes back to where it came from.
    let rest = heard.replace(&proof, "").replace(VARIABLE, "");
    assert!(!rest.contains(CANARY) && !rest.contains(&secret()[6..]), "{rest}");
}

fn holds_nothing(cluster: &Cluster, secret: &str) {
    let objects = cluster.objects();
    assert!(objects.iter().any(|object| object["kind"] == "ConfigMap"));
    for object in objects {
        let text = object.to_string();
        let has_template =
            ["Deployment", "ReplicaSet", "Pod"].iter().any(|kind| object["kind"] == *kind);
        let rest = if has_template { text.replace(VARIABLE, "") } else { text };
        assert!(!rest.contains(CANARY) && !rest.contains(&secret[6..]), "{rest}");
    }
}

#[test]
fn releases_for_people_keep_every_secret() {
    released("human");
}

#[test]
fn releases_for_programs_keep_every_secret() {
    released("json");
}
