//! Brings a `Bed` up.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::json;

use super::binaries::Binaries;
use super::controlplane::{self, ControlPlane};
use super::wait::wait_for;
use super::{Bed, kwok, tokens};

/// An API server that is ready, without controllers, and a client that may do everything. The guard
/// ends it when it is dropped.
pub async fn bare(
    folder: &Path,
    binaries: &Binaries,
) -> Result<(ControlPlane, controlplane::Rest, Client)> {
    let (mut plane, rest) = ControlPlane::start(folder, binaries)?;
    let root = client(&plane.kubeconfig_of(tokens::ROOT)?).await?;
    ready(&mut plane, &root).await?;
    Ok((plane, rest, root))
}

/// Returns when the API server is ready.
pub async fn ready(plane: &mut ControlPlane, client: &Client) -> Result<()> {
    until("the API server's readyz", plane, async || {
        let request = http::Request::get("/readyz").body(Vec::new())?;
        Ok(client.request_text(request).await.is_ok_and(|text| text == "ok"))
    })
    .await
}

/// The guard ends the control plane when it is dropped; the bed is what tests share.
pub async fn start(folder: &Path, binaries: &Binaries) -> Result<(ControlPlane, Bed)> {
    let (mut plane, rest, root) = bare(folder, binaries).await?;

    let bindings = Api::<ClusterRoleBinding>::all(root.clone());
    let binding = serde_json::from_value(controlplane::admin_binding())?;
    bindings.create(&PostParams::default(), &binding).await.context("cannot bind the admins")?;
    let nodes = Api::<Node>::all(root.clone());
    let node = serde_json::from_value(kwok::node())?;
    nodes.create(&PostParams::default(), &node).await.context("cannot make the node")?;

    // The class of every test's Ingress, whether the controller runs or not: what is said of it must not
    // depend on which tests ran before.
    let classes = Api::<IngressClass>::all(root.clone());
    let class = serde_json::from_value(json!({
        "metadata": { "name": "nginx" },
        "spec": { "controller": "k8s.io/ingress-nginx" },
    }))?;
    classes.create(&PostParams::default(), &class).await.context("cannot make the class")?;

    plane.start_rest(&rest, binaries)?;
    until("the node to be ready", &mut plane, async || {
        Ok(nodes.get(kwok::NODE).await.is_ok_and(|node| is_ready(&node)))
    })
    .await?;

    let kubeconfig = plane.kubeconfig_of(tokens::BED)?;
    let bed = Bed {
        folder: folder.to_owned(),
        server: plane.server.clone(),
        ca: plane.certs.ca.clone(),
        kubectl: binaries.find("kubectl")?,
        kube: client(&kubeconfig).await?,
        kubeconfig,
        tokens: plane.tokens.clone(),
        namespaces: AtomicUsize::new(0),
        admins: AtomicUsize::new(0),
        users: AtomicUsize::new(0),
        ingress: Default::default(),
        pods: Default::default(),
    };
    Ok((plane, bed))
}

/// Waits for a condition of the start, and fails at once when a program of it ended.
async fn until<F>(what: &str, plane: &mut ControlPlane, mut probe: F) -> Result<()>
where
    F: AsyncFnMut() -> Result<bool>,
{
    let waited = wait_for(what, controlplane::START, async || match plane.check() {
        Ok(()) => Ok(probe().await?.then_some(Ok(()))),
        Err(dead) => Ok(Some(Err(dead))),
    })
    .await;
    match waited {
        Ok(outcome) => outcome,
        Err(error) => Err(error.context(plane.logs())),
    }
}

fn is_ready(node: &Node) -> bool {
    let status = node.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
}

pub async fn client(kubeconfig: &Path) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    config.connect_timeout = Some(Duration::from_secs(5));
    Ok(Client::try_from(config)?)
}
