//! The start and the end of one control plane: etcd, kube-apiserver, kube-controller-manager,
//! kube-scheduler, kwok.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::binaries::Binaries;
use super::certs::Certs;
use super::kubeconfig::{self, Endpoint};
use super::process::Process;
use super::tokens::{self, Tokens};
use super::{audit, kwok};

/// Generous: the machine may be building something at the same time.
pub const START: Duration = Duration::from_secs(120);
const GRACE: Duration = Duration::from_secs(10);

pub struct ControlPlane {
    /// In the order of their start.
    processes: Vec<Process>,
    pub folder: PathBuf,
    pub server: String,
    pub certs: Certs,
    pub tokens: Tokens,
}

struct Ports {
    etcd: u16,
    peer: u16,
    api: u16,
    kubelet: u16,
}

impl Ports {
    /// Free ones: held together until all are known, so that none comes twice.
    fn choose() -> Result<Self> {
        let held: Vec<TcpListener> =
            (0..4).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let at = |n: usize| held[n].local_addr().map(|a| a.port());
        Ok(Self { etcd: at(0)?, peer: at(1)?, api: at(2)?, kubelet: at(3)? })
    }
}

impl ControlPlane {
    /// Starts etcd and the API server. Whatever fails later ends them: they are in `Drop`'s care.
    pub fn start(folder: &Path, binaries: &Binaries) -> Result<(Self, Rest)> {
        let certs = Certs::make(folder)?;
        let tokens = Tokens::make()?;
        let ports = Ports::choose()?;
        let mut plane = Self {
            processes: Vec::new(),
            folder: folder.to_owned(),
            server: format!("https://127.0.0.1:{}", ports.api),
            certs,
            tokens,
        };
        plane.launch(&binaries.find("etcd")?, etcd_args(folder, &ports))?;
        let args = apiserver_args(folder, &ports, &plane)?;
        plane.launch(&binaries.find("kube-apiserver")?, args)?;
        Ok((plane, Rest { kubelet: ports.kubelet }))
    }

    /// Starts what needs a ready API server.
    pub fn start_rest(&mut self, rest: &Rest, binaries: &Binaries) -> Result<()> {
        let manager = self.kubeconfig_of(tokens::CONTROLLER_MANAGER)?;
        let scheduler = self.kubeconfig_of(tokens::SCHEDULER)?;
        let root = self.kubeconfig_of(tokens::ROOT)?;
        let config = kwok::configure(&self.folder, &binaries.stages())?;
        let manager_args = manager_args(&manager, &self.certs);
        self.launch(&binaries.find("kube-controller-manager")?, manager_args)?;
        self.launch(&binaries.find("kube-scheduler")?, scheduler_args(&scheduler))?;
        self.launch(&binaries.find("kwok")?, kwok::args(&root, &config, rest.kubelet))
    }

    /// A kubeconfig of `user`, written on the way.
    pub fn kubeconfig_of(&self, user: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{}.kubeconfig", user.replace(':', "-")));
        let at = Endpoint { server: &self.server, ca: Some(&self.certs.ca) };
        kubeconfig::write(&path, &at, user, &self.tokens.of(user))?;
        Ok(path)
    }

    /// Ends the API server and starts it anew: it knows nothing any more of what was before.
    pub fn restart_server(&mut self) -> Result<()> {
        let server = &mut self.processes[1];
        server.terminate();
        server.finish(GRACE);
        server.start_again()
    }

    /// Fails with the log of the first program that is gone.
    pub fn check(&mut self) -> Result<()> {
        self.processes.iter_mut().try_for_each(Process::check)
    }

    pub fn logs(&self) -> String {
        let tail = |p: &Process| format!("--- {} ---\n{}\n", p.name(), p.log_tail());
        self.processes.iter().map(tail).collect()
    }

    fn launch(&mut self, program: &Path, args: Vec<String>) -> Result<()> {
        self.processes.push(Process::start(program, args, &self.folder)?);
        Ok(())
    }

    /// Ends everything, newest first. An API server whose etcd went before it never ends by itself.
    pub fn stop(&mut self) {
        let clients = self.processes.len().min(2);
        for process in &mut self.processes[clients..] {
            process.terminate();
        }
        while let Some(mut process) = self.processes.pop() {
            process.terminate();
            process.finish(GRACE);
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the second half of the start needs to know.
pub struct Rest {
    kubelet: u16,
}

fn etcd_args(folder: &Path, ports: &Ports) -> Vec<String> {
    let client = format!("http://127.0.0.1:{}", ports.etcd);
    let peer = format!("http://127.0.0.1:{}", ports.peer);
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // Nothing here outlives the run.
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ]
}

fn apiserver_args(folder: &Path, ports: &Ports, plane: &ControlPlane) -> Result<Vec<String>> {
    let policy = folder.join("audit-policy.yaml");
    std::fs::write(&policy, audit::policy().to_string()).context("cannot write audit policy")?;
    let tokens = plane.tokens.write(folder)?;
    let certs = &plane.certs;
    Ok(vec![
        format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd),
        format!("--secure-port={}", ports.api),
        "--bind-address=127.0.0.1".into(),
        "--advertise-address=127.0.0.1".into(),
        "--endpoint-reconciler-type=none".into(),
        format!("--cert-dir={}", folder.display()),
        format!("--tls-cert-file={}", certs.serving.display()),
        format!("--tls-private-key-file={}", certs.serving_key.display()),
        format!("--service-account-key-file={}", certs.accounts_public.display()),
        format!("--service-account-signing-key-file={}", certs.accounts_key.display()),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        format!("--token-auth-file={}", tokens.display()),
        "--authorization-mode=RBAC".into(),
        "--kubelet-preferred-address-types=InternalIP".into(),
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", audit::log_path(folder).display()),
    ])
}

fn manager_args(kubeconfig: &Path, certs: &Certs) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--service-account-private-key-file={}", certs.accounts_key.display()),
        format!("--root-ca-file={}", certs.ca.display()),
        "--use-service-account-credentials=true".into(),
        "--leader-elect=false".into(),
        "--secure-port=0".into(),
        // The default of 20 a second would be what the suite waits for.
        "--kube-api-qps=500".into(),
        "--kube-api-burst=500".into(),
    ]
}

fn scheduler_args(kubeconfig: &Path) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--leader-elect=false".into(),
        "--secure-port=0".into(),
    ]
}

/// Lets the admins' group do everything, by RBAC as on a real cluster.
pub fn admin_binding() -> serde_json::Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": { "name": "bed-admins" },
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": tokens::ADMIN_GROUP,
        }],
    })
}
