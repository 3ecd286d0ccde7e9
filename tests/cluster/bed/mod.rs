//! The test bed: one real control plane for the whole run, and what tests do with it.

pub mod apply;
pub mod audit;
pub mod binaries;
mod certs;
pub mod chronicle;
pub mod command;
pub mod controlplane;
pub mod ingress;
pub mod kubeconfig;
pub mod kwok;
mod nginx;
mod pods;
pub mod pods_answer;
mod pods_stand;
mod process;
pub mod stages;
pub mod start;
mod tokens;
pub mod up;
pub mod users;
pub mod wait;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};

pub use audit::AuditLine;
pub use users::User;
pub use wait::wait_for;

/// For what takes a moment and is slow only on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

pub struct Bed {
    pub(crate) folder: PathBuf,
    pub(crate) server: String,
    pub(crate) ca: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) tokens: tokens::Tokens,
    kube: Client,
    namespaces: AtomicUsize,
    pub(crate) admins: AtomicUsize,
    pub(crate) users: AtomicUsize,
    ingress: ingress::Slot,
    pods: OnceLock<pods::Pods>,
}

impl Bed {
    /// May do everything; the audit log knows it as `bed`.
    pub fn kube(&self) -> Client {
        self.kube.clone()
    }

    /// From the first call on, all pods answer.
    pub fn has_answering_pods(&self) {
        self.pods.get_or_init(|| pods::Pods::start(self.kube()));
    }

    /// Where files of tests go; removed at the end of the run.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `https://127.0.0.1:PORT`
    pub fn server(&self) -> &str {
        &self.server
    }

    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Makes a namespace of its own, ready for pods.
    pub async fn namespace(&self) -> Result<String> {
        self.labelled_namespace(json!({})).await
    }

    async fn labelled_namespace(&self, labels: Value) -> Result<String> {
        let name = format!("bed-{:03}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.make_namespace(&name, labels).await?;
        Ok(name)
    }

    /// The same under a name that manifests have, for one test alone, and with labels.
    pub async fn make_namespace(&self, name: &str, labels: Value) -> Result<()> {
        let metadata = json!({ "name": name, "labels": labels });
        let new: Namespace = serde_json::from_value(json!({ "metadata": metadata }))?;
        Api::<Namespace>::all(self.kube())
            .create(&PostParams::default(), &new)
            .await
            .with_context(|| format!("cannot make namespace {name}"))?;
        // Pods are refused until the controller has made it.
        let accounts = Api::<ServiceAccount>::namespaced(self.kube(), name);
        wait_for(&format!("service account of {name}"), SOON, async || {
            Ok(accounts.get_opt("default").await?)
        })
        .await
        .map(drop)
    }

    /// All requests of `user` up to now; see `AuditLine`.
    pub async fn audit(&self, user: &str) -> Result<Vec<AuditLine>> {
        audit::of_user(&self.folder, &self.kube, user).await
    }

    pub async fn audit_so_far(&self, user: &str) -> Result<Vec<AuditLine>> {
        audit::so_far(&self.folder, &self.kube, user).await
    }
}
