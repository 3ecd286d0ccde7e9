//! The data plane: the real kubernetes/ingress-nginx controller, and servers that stand in for the
//! pods. It starts when the first test asks for it, and one test at a time has it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::ByteString;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::nginx::{self, Nginx};
use super::{Bed, SOON, kubeconfig, tokens, wait_for};
use crate::load::Protocol;
use crate::load::answer::{self, Answer};

/// Ingresses are served in namespaces with this label: other tests make theirs at the same time, and
/// each change of one would be a reload, or a wait behind the controller's rate limit.
pub const SERVED: (&str, &str) = ("bed/served", "yes");
/// Ingresses in such a namespace are taken unseen: the admission webhook needs half a second for each
/// when there are hundreds.
const UNSEEN: (&str, &str) = ("bed/unseen", "yes");

/// The old and the new answer together for a quarter of a second, at most, that was measured.
const SETTLED: Duration = Duration::from_secs(1);

const NAMESPACE: &str = "ingress-nginx";
const CONFIG: &str = "controller";

pub type Slot = Arc<Mutex<Option<DataPlane>>>;

/// Whose Ingresses the controller looks at.
#[derive(Clone, Copy, PartialEq)]
pub enum Scope {
    All,
    Served,
}

pub struct DataPlane {
    nginx: Nginx,
    workers: u8,
}

/// The data plane, for one test alone until this is dropped.
pub struct Ingress {
    plane: OwnedMutexGuard<Option<DataPlane>>,
}

impl Bed {
    /// Starts what is not running yet, with so many worker processes of nginx.
    pub async fn ingress(&self, workers: u8) -> Result<Ingress> {
        self.ingress_for(Scope::Served, workers).await
    }

    pub async fn ingress_for(&self, scope: Scope, workers: u8) -> Result<Ingress> {
        let mut slot = Arc::clone(&self.ingress).lock_owned().await;
        match slot.as_mut() {
            None => *slot = Some(DataPlane::start(self, scope, workers).await?),
            Some(plane) => plane.set_workers(self, workers).await?,
        }
        Ok(Ingress { plane: slot })
    }

    /// A namespace whose Ingresses are served.
    pub async fn served_namespace(&self) -> Result<String> {
        self.labelled_namespace(json!({ SERVED.0: SERVED.1 })).await
    }

    /// One for hundreds of them, which the admission webhook is not asked about.
    pub async fn crowd_namespace(&self) -> Result<String> {
        self.labelled_namespace(json!({ SERVED.0: SERVED.1, UNSEEN.0: UNSEEN.1 })).await
    }

    pub async fn stop_ingress(&self) {
        self.ingress.lock().await.take();
    }
}

impl DataPlane {
    async fn start(bed: &Bed, scope: Scope, workers: u8) -> Result<Self> {
        bed.make_namespace(NAMESPACE, json!({})).await?;
        bed.apply(NAMESPACE, &objects(bed, workers)).await?;
        let kubeconfig = bed.folder.join("ingress.kubeconfig");
        let at = kubeconfig::Endpoint { server: &bed.server, ca: Some(&bed.ca) };
        kubeconfig::write(&kubeconfig, &at, tokens::ROOT, &bed.tokens.of(tokens::ROOT))?;
        let mut args = vec![
            format!("--kubeconfig={}", kubeconfig.display()),
            format!("--configmap={NAMESPACE}/{CONFIG}"),
            format!("--http-port={}", nginx::HTTP),
            format!("--https-port={}", nginx::HTTPS),
            format!("--validating-webhook=127.0.0.1:{}", nginx::WEBHOOK),
            format!(
                "--validating-webhook-certificate={}",
                bed.folder.join("serving.crt").display()
            ),
            format!("--validating-webhook-key={}", bed.folder.join("serving.key").display()),
            "--disable-leader-election".into(),
            "--update-status=false".into(),
            // Off in the controller's chart, too; reloads are counted in its log.
            "--enable-metrics=false".into(),
        ];
        if scope == Scope::Served {
            args.push(format!("--watch-namespace-selector={}={}", SERVED.0, SERVED.1));
        }
        bed.has_answering_pods();
        let mut nginx = Nginx::start(&bed.folder, args)?;
        let health = SocketAddr::from((Ipv4Addr::LOCALHOST, nginx::HEALTH));
        let up = wait_for("the ingress controller", SOON, async || {
            if let Err(dead) = nginx.check() {
                return Ok(Some(Err(dead)));
            }
            if answer::get(health, "controller", "/healthz").await?.status != 200 {
                return Ok(None);
            }
            // The webhook's server comes up beside it.
            TcpStream::connect((Ipv4Addr::LOCALHOST, nginx::WEBHOOK)).await?;
            Ok(Some(Ok(())))
        })
        .await;
        up.and_then(|up| up).with_context(|| nginx.log())?;
        bed.apply(NAMESPACE, &webhook(bed, scope)?.to_string()).await?;
        Ok(Self { nginx, workers })
    }

    async fn set_workers(&mut self, bed: &Bed, workers: u8) -> Result<()> {
        if self.workers == workers {
            return Ok(());
        }
        let before = self.reloads();
        bed.apply(NAMESPACE, &config(bed, workers).to_string()).await?;
        wait_for("nginx to have other workers", SOON, async || {
            Ok((self.reloads() > before).then_some(()))
        })
        .await?;
        self.workers = workers;
        Ok(())
    }

    fn reloads(&self) -> usize {
        self.nginx.log().matches("Backend successfully reloaded").count()
    }
}

impl Ingress {
    /// Fails when the controller is not running any more.
    pub fn check(&mut self) -> Result<()> {
        self.plane.as_mut().map_or(Ok(()), |plane| plane.nginx.check())
    }

    /// HTTP/1.1
    pub fn http1(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, nginx::HTTP).into()
    }

    /// HTTP/1.1 over TLS
    pub fn https(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, nginx::HTTPS).into()
    }

    /// HTTP/2 with prior knowledge
    pub fn http2(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, nginx::H2C).into()
    }

    pub fn at(&self, protocol: Protocol) -> SocketAddr {
        match protocol {
            Protocol::Http1 => self.http1(),
            Protocol::Http2 => self.http2(),
        }
    }

    /// How often the controller has reloaded nginx.
    pub fn reloads(&self) -> usize {
        self.plane.as_ref().map_or(0, DataPlane::reloads)
    }

    /// From now on the controller can't reload nginx, until what this gives is dropped: it tries
    /// again and again, and what nginx was last given goes on.
    pub fn refuse_reloads(&self) -> Result<nginx::Refused> {
        self.plane.as_ref().context("no data plane")?.nginx.refuse_reloads()
    }

    /// How often the controller has tried to reload nginx and could not.
    pub fn failed_reloads(&self) -> usize {
        let failed = "Unexpected failure reloading the backend";
        self.plane.as_ref().map_or(0, |plane| plane.nginx.log().matches(failed).count())
    }

    pub async fn get(&self, host: &str, path: &str) -> Result<Answer> {
        answer::get(self.http1(), host, path).await
    }

    /// Waits until `version` answers for `host`, and nothing else does for a second: for a moment
    /// old workers take connections beside the new ones.
    pub async fn serves(&self, host: &str, version: &str) -> Result<()> {
        let what = format!("only {version} to answer for {host}");
        let mut since = None;
        let served = wait_for(&what, SOON, async || {
            let answer = self.get(host, "/").await?;
            if answer.status != 200 || answer.version() != version {
                since = None;
                return Ok(None);
            }
            let since = since.get_or_insert_with(Instant::now);
            Ok((since.elapsed() >= SETTLED).then_some(()))
        })
        .await;
        served.with_context(|| self.log_tail())
    }

    fn log_tail(&self) -> String {
        self.plane.as_ref().map(|plane| plane.nginx.log_tail()).unwrap_or_default()
    }
}

fn objects(bed: &Bed, workers: u8) -> String {
    // The controller wants to read its own Pod.
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "controller", "labels": { "app": "ingress-nginx" } },
        "spec": { "containers": [{ "name": "controller", "image": "ingress-nginx:bed" }] },
    });
    [config(bed, workers), pod].map(|object| object.to_string()).join("\n---\n")
}

fn config(bed: &Bed, workers: u8) -> Value {
    let stream =
        format!("server {{ listen 127.0.0.1:{}; access_log off; return 204; }}", nginx::STREAM);
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": CONFIG },
        "data": {
            "worker-processes": workers.to_string(),
            "main-snippet": nginx::load_modules(),
            // In place of the stream block's own.
            "http-snippet": stream,
            // It writes `http2 on`, which nginx 1.22 does not know; the template has another way.
            "use-http2": "false",
            // Else it clears headers, for which Debian's nginx has no module.
            "server-tokens": "true",
            "disable-access-log": "true",
            "error-log-path": bed.folder.join("nginx-error.log"),
            // Closing a connection after its thousandth request, as by default, would look like
            // what a reload does to it.
            "keep-alive-requests": "10000000",
            // With some dead connections to pods at hand, this nginx's count of tries falls below
            // zero and it tries dead pods for ever, at full speed. A refusal takes no time, so
            // this ends nothing else.
            "proxy-next-upstream-timeout": "3",
        },
    })
}

fn webhook(bed: &Bed, scope: Scope) -> Result<Value> {
    let ca = std::fs::read(&bed.ca).context("cannot read the CA")?;
    let namespaces = match scope {
        Scope::All => json!({}),
        Scope::Served => json!({
            "matchLabels": { SERVED.0: SERVED.1 },
            "matchExpressions": [{ "key": UNSEEN.0, "operator": "DoesNotExist" }],
        }),
    };
    Ok(json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "ingress-nginx-admission" },
        "webhooks": [{
            "name": "validate.nginx.ingress.kubernetes.io",
            "matchPolicy": "Equivalent",
            "rules": [{
                "apiGroups": ["networking.k8s.io"],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["ingresses"],
            }],
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": namespaces,
            "clientConfig": {
                "url": format!("https://127.0.0.1:{}/networking/v1/ingresses", nginx::WEBHOOK),
                "caBundle": ByteString(ca),
            },
        }],
    }))
}
