//! What else an Ingress can be, on the real controller: a release under some load loses nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::ByteString;
use k8s_openapi::api::networking::v1::Ingress as Ingresses;
use kube::Api;
use kube::api::{Patch, PatchParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::pair::{NEW, OLD, deployment, route, service};
use super::parrot::{Parrot, V2};
use crate::bed::ingress::Ingress;
use crate::bed::{Bed, SOON, wait_for};
use crate::load::answer::{self, Answer};
use crate::load::{Load, Manner, Protocol, Running, Summary, Tls};
use crate::support::Webhook;

/// Requests a second to one app, by all its Ingresses together.
const RATE: u32 = 600;
const PASSWORD: &str = "password";
/// The tag of another app, which takes a share of one Ingress as its canary.
const OTHER: &str = "other";
/// So many changes of an Ingress that asks for a password refuse at least one request.
const CHANGES: usize = 5_000;
/// Each worker learns of backends once a second.
const SETTLED: Duration = Duration::from_millis(1_500);
const NGINX: &str = "nginx.ingress.kubernetes.io/";

pub fn trials() -> Vec<Trial> {
    crate::cases![
        what_shapes_hosts_and_paths,
        session_affinity_by_cookie,
        hash_of_the_request,
        canary_beside_the_app,
        a_change_may_ask_for_the_password_again,
    ]
}

/// One way of people to the app.
struct Way {
    name: &'static str,
    host: String,
    path: &'static str,
    manner: Manner,
}

/// The article's app with two pods, behind Ingresses of the test's own.
struct Ways<'a> {
    app: Parrot,
    ingress: &'a Ingress,
    ways: Vec<Way>,
}

impl<'a> Ways<'a> {
    async fn new(bed: &Arc<Bed>, ingress: &'a Ingress) -> Result<Self> {
        let ns = bed.served_namespace().await?;
        let user = bed.releaser(&ns).await?;
        let app = Parrot { bed: Arc::clone(bed), ns, user };
        app.apply(&deployment("parrot", OLD)).await?;
        app.settled("parrot", 2).await?;
        Ok(Self { app, ingress, ways: Vec::new() })
    }

    fn host(&self, name: &str) -> String {
        format!("{name}.{}.example.com", self.app.ns)
    }

    /// An Ingress with these annotations, changed once more, and a way through it.
    async fn add(
        &mut self,
        name: &'static str,
        annotations: Value,
        path: &'static str,
        change: impl FnOnce(&mut Value, &mut Manner),
    ) -> Result<()> {
        let host = self.host(name);
        let mut manner = Manner::default();
        let mut object = route(name, &host, &["parrot"]);
        let annotations = annotations.as_object().cloned().unwrap_or_default();
        let annotations: serde_json::Map<_, _> =
            annotations.into_iter().map(|(key, value)| (format!("{NGINX}{key}"), value)).collect();
        object["metadata"]["annotations"] = annotations.into();
        change(&mut object, &mut manner);
        self.app.apply(&object.to_string()).await?;
        self.ways.push(Way { name, host, path, manner });
        Ok(())
    }

    fn at(&self, way: &Way) -> std::net::SocketAddr {
        if way.manner.tls.is_some() { self.ingress.https() } else { self.ingress.http1() }
    }

    async fn ask(&self, way: &Way, path: &str) -> Result<Answer> {
        answer::get_as(&way.manner, self.at(way), &way.host, path).await
    }

    /// Waits until all ways lead to this version, whichever worker of nginx is asked.
    async fn lead_to(&self, version: &str) -> Result<()> {
        let (mut since, mut last) = (None, String::new());
        let led = wait_for(&format!("{version} to answer by all ways"), SOON, async || {
            for way in &self.ways {
                let answer = self.ask(way, way.path).await?;
                let share = way.name == "shared" && answer.version() == OTHER;
                if answer.version() != version && !share {
                    (since, last) = (None, format!("{}: {answer:?}", way.name));
                    return Ok(None);
                }
            }
            let since = since.get_or_insert_with(Instant::now);
            Ok((since.elapsed() >= SETTLED).then_some(()))
        })
        .await;
        led.context(last)
    }

    /// One that asks joe for his password.
    async fn add_password(&mut self) -> Result<()> {
        let data = json!({ "auth": ByteString(b"joe:{PLAIN}feathers\n".to_vec()) });
        self.app.apply(&secret("people", "Opaque", data)).await?;
        let basic = json!({ "auth-type": "basic", "auth-secret": "people" });
        self.add(PASSWORD, basic, "/", |_, manner| {
            // joe:feathers
            manner.headers.push(("authorization", "Basic am9lOmZlYXRoZXJz".to_owned()));
        })
        .await
    }

    fn load(&self) -> Vec<(&'static str, Running)> {
        let rate = RATE / self.ways.len() as u32;
        let start = |way: &Way| {
            let (host, path) = (way.host.clone(), way.path.to_owned());
            let (at, protocol) = (self.at(way), Protocol::Http1);
            let load = Load { rate, at, protocol, host, path };
            (way.name, load.start_as(way.manner.clone()))
        };
        self.ways.iter().map(start).collect()
    }

    /// A release under load, that none of the ways feels.
    async fn release(&self) -> Result<()> {
        let loads = self.load();
        let before = self.ingress.reloads();
        self.app
            .ok(&["deploy", "parrot", "--image", V2, "--yes", "--drain", "0s", "--settle", "10s"])
            .await?;
        self.lead_to(NEW).await?;
        let reloads = self.ingress.reloads() - before;
        // The patches of several Ingresses may meet in one sync, or not.
        ensure!((1..=self.ways.len()).contains(&reloads), "{reloads} reloads");
        for (name, load) in loads {
            let summary = load.stop().await?;
            eprintln!("kinds: {name}, {reloads} reloads: {summary}");
            let refused = if name == PASSWORD { asked_again(&summary) } else { 0 };
            ensure!(refused <= 3 && summary.failed() == refused, "{name}: {summary}");
            let beside = if name == "shared" { OTHER } else { NEW };
            let strange =
                summary.count(|sample| ![OLD, NEW, beside].iter().any(|v| sample.is_of(v)));
            ensure!(strange == refused, "{name}: {strange} answers by somebody else: {summary}");
            ensure!(summary.count(|sample| sample.is_of(NEW)) > 0, "{name}: {summary}");
        }
        Ok(())
    }
}

async fn what_shapes_hosts_and_paths(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let mut ways = Ways::new(&bed, &ingress).await?;
    let login = Webhook::start(200);
    ways.app.apply(&(deployment("other", OTHER) + &service("other"))).await?;

    let key = rcgen::KeyPair::generate()?;
    let host = ways.host("tls");
    let certificate = rcgen::CertificateParams::new([host.clone()])?.self_signed(&key)?.pem();
    let pem = |text: String| ByteString(text.into_bytes());
    let data = json!({ "tls.crt": pem(certificate.clone()), "tls.key": pem(key.serialize_pem()) });
    ways.app.apply(&secret("tls", "kubernetes.io/tls", data)).await?;
    let tls = Tls::trusting(&certificate, &host)?;
    ways.add("tls", json!({}), "/", |ingress, manner| {
        ingress["spec"]["tls"] = json!([{ "hosts": [host], "secretName": "tls" }]);
        manner.tls = Some(tls);
    })
    .await?;

    let rewrite = json!({ "use-regex": "true", "rewrite-target": "/$2" });
    ways.add("rewrite", rewrite, "/birds/any/tail", |ingress, _| {
        let path = &mut ingress["spec"]["rules"][0]["http"]["paths"][0];
        path["path"] = json!("/birds(/|$)(.*)/tail");
        path["pathType"] = json!("ImplementationSpecific");
    })
    .await?;

    ways.add_password().await?;

    ways.add("login", json!({ "auth-url": login.url() }), "/", |_, _| {}).await?;

    let errors = json!({ "default-backend": "other", "custom-http-errors": "404,503" });
    ways.add("errors", errors, "/", |_, _| {}).await?;

    ways.add("default", json!({}), "/", |ingress, _| {
        ingress["spec"]["defaultBackend"] =
            json!({ "service": { "name": "parrot", "port": { "number": 80 } } });
        let path = &mut ingress["spec"]["rules"][0]["http"]["paths"][0];
        path["path"] = json!("/other");
        path["backend"]["service"]["name"] = json!("other");
    })
    .await?;

    ways.app.ok(&["init", "parrot"]).await?;
    ways.lead_to(OLD).await?;
    ways.do_what_they_say().await?;
    ways.release().await?;
    ways.do_what_they_say().await
}

async fn session_affinity_by_cookie(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let mut ways = Ways::new(&bed, &ingress).await?;
    let cookie = |manner: &mut Manner| {
        // Of a session that began long ago; what the first part hashes to is its pod.
        manner.headers.push(("cookie", "INGRESSCOOKIE=1732.5.17|0123456789abcdef".to_owned()));
    };
    ways.add("affinity", json!({ "affinity": "cookie" }), "/", |_, manner| cookie(manner)).await?;
    ways.app.ok(&["init", "parrot"]).await?;
    ways.lead_to(OLD).await?;
    ways.keeps_to_a_pod("affinity").await?;
    ways.release().await?;
    ways.keeps_to_a_pod("affinity").await
}

async fn hash_of_the_request(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let mut ways = Ways::new(&bed, &ingress).await?;
    ways.add("hash", json!({ "upstream-hash-by": "$request_uri" }), "/", |_, _| {}).await?;
    ways.app.ok(&["init", "parrot"]).await?;
    ways.lead_to(OLD).await?;
    ways.keeps_to_a_pod("hash").await?;
    ways.release().await?;
    ways.keeps_to_a_pod("hash").await
}

/// One that leads to another app takes its share all the while; one of the app itself is refused.
async fn canary_beside_the_app(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let mut ways = Ways::new(&bed, &ingress).await?;
    ways.app.apply(&(deployment("other", OTHER) + &service("other"))).await?;
    ways.add("shared", json!({}), "/", |_, _| {}).await?;
    let host = ways.host("shared");
    let canary = |service: &str| {
        let mut canary = route("canary", &host, &[service]);
        canary["metadata"]["annotations"] = json!({
            format!("{NGINX}canary"): "true",
            format!("{NGINX}canary-weight"): "20",
        });
        canary.to_string()
    };
    ways.app.ok(&["init", "parrot"]).await?;
    ways.lead_to(OLD).await?;
    // The controller's own webhook knows one owner of a host and path, beside canaries.
    let second = route("second", &host, &["parrot"]);
    let refused = ways.app.apply(&second.to_string()).await;
    let refused = refused.expect_err("the same host and path twice").to_string();
    ensure!(refused.contains("is already defined in ingress"), "{refused}");

    ways.app.apply(&canary("other")).await?;
    ways.are_shared().await?;
    ways.release().await?;
    ways.are_shared().await?;

    ways.app.apply(&canary("parrot-blue")).await?;
    let output = ways.app.fails(10, &["rollback", "parrot"]).await?;
    ensure!(output.stderr.contains("Ingress canary is a canary"), "{output:?}");
    Ok(())
}

/// Why `check` warns of passwords: the controller writes their file in place, at any change of the
/// Ingress, and whose request comes between is refused. Nothing here is done by bluegreen.
async fn a_change_may_ask_for_the_password_again(bed: Arc<Bed>) -> Result<()> {
    let ingress = bed.ingress(3).await?;
    let mut ways = Ways::new(&bed, &ingress).await?;
    ways.app.apply(&service("parrot")).await?;
    ways.add_password().await?;
    ways.lead_to(OLD).await?;
    let api = Api::<Ingresses>::namespaced(bed.kube(), &ways.app.ns);
    let mut changes = 0;
    while changes < CHANGES {
        let [(_, load)] = ways.load().try_into().ok().context("one way, one load")?;
        for _ in 0..100 {
            changes += 1;
            let change = json!({ "metadata": { "annotations": { "birds": changes.to_string() } } });
            api.patch(PASSWORD, &PatchParams::default(), &Patch::Merge(change)).await?;
        }
        let summary = load.stop().await?;
        let refused = asked_again(&summary);
        ensure!(summary.failed() == refused, "not by a 401 alone: {summary}");
        if refused > 0 {
            eprintln!("kinds: {changes} changes of an annotation: {summary}");
            return Ok(());
        }
    }
    bail!("the right password was let in at all of {changes} changes: docs/zero-loss.md is wrong")
}

fn asked_again(summary: &Summary) -> usize {
    summary.count(|sample| sample.status() == Some(401))
}

impl Ways<'_> {
    fn way(&self, name: &str) -> Result<&Way> {
        self.ways.iter().find(|way| way.name == name).context("no such way")
    }

    /// That the annotations do what they are there for.
    async fn do_what_they_say(&self) -> Result<()> {
        // A pod streams at a path that ends so.
        let rewritten = self.ask(self.way("rewrite")?, "/birds/stream/tail?chunks=1&ms=1").await?;
        ensure!(rewritten.body.ends_with("end\n"), "not rewritten: {rewritten:?}");
        let stranger = Manner::default();
        for (name, status) in [("password", 401), ("tls", 308)] {
            let at = self.ingress.http1();
            let answer = answer::get_as(&stranger, at, &self.way(name)?.host, "/").await?;
            ensure!(answer.status == status, "{name}: {answer:?}");
        }
        let other = self.ask(self.way("default")?, "/other").await?;
        ensure!(other.version() == OTHER, "{other:?}");
        Ok(())
    }

    async fn are_shared(&self) -> Result<()> {
        let shared = self.way("shared")?;
        wait_for("the canary to have its share", SOON, async || {
            let answer = self.ask(shared, "/").await?;
            Ok((answer.version() == OTHER).then_some(()))
        })
        .await
    }

    async fn keeps_to_a_pod(&self, name: &str) -> Result<()> {
        let way = self.way(name)?;
        let first = self.ask(way, way.path).await?;
        for _ in 0..10 {
            let answer = self.ask(way, way.path).await?;
            ensure!(answer.body == first.body, "{first:?}, then {answer:?}");
        }
        Ok(())
    }
}

fn secret(name: &str, kind: &str, data: Value) -> String {
    let metadata = json!({ "name": name });
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": data })
        .to_string()
}
