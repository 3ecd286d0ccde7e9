//! kubectl itself, on the sandbox and on the real API server: the same commands, and what they print
//! compared.

mod mask;
mod steps;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bluegreen::sandbox::{Sandbox, Scripts, kubeconfig, serve};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::mask::{differences, mask, told};
use self::steps::{APP, DIFFERENCES, STEPS};
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![prints_what_it_prints_of_a_real_cluster, knows_no_more_than_the_real, watches]
}

/// Two clusters with a namespace of the same name, and the kubeconfigs that lead there.
struct Both {
    bed: Arc<Bed>,
    namespace: String,
    real: PathBuf,
    sandbox: PathBuf,
    _cluster: Sandbox,
    server: JoinHandle<std::io::Result<()>>,
}

impl Drop for Both {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Both {
    async fn new(bed: &Arc<Bed>) -> Result<Both> {
        let namespace = bed.namespace().await?;
        let cluster = Sandbox::start(1, jiff::Timestamp::now(), Arc::new(Scripts::default()));
        cluster.store().add(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace },
            "status": { "phase": "Active" },
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let sandbox = bed.folder().join(format!("{namespace}.sandbox"));
        std::fs::write(&sandbox, kubeconfig(listener.local_addr()?, &namespace))?;
        let server = tokio::spawn(serve(cluster.api(), listener, std::future::pending()));
        let (bed, real) = (Arc::clone(bed), bed.kubeconfig.clone());
        Ok(Both { bed, namespace, real, sandbox, _cluster: cluster, server })
    }

    async fn told(&self, kubeconfig: &Path, line: &str, input: &str) -> Result<String> {
        let line = line.replace("NAMESPACE", &self.namespace);
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["-n", &self.namespace]);
        loop {
            let said = told(&self.bed.kubectl_at(kubeconfig, &args, input.as_bytes()).await?);
            // kubectl reads, then replaces; a controller may have written its status between.
            if !said.contains("the object has been modified") {
                return Ok(said);
            }
        }
    }
}

async fn prints_what_it_prints_of_a_real_cluster(bed: Arc<Bed>) -> Result<()> {
    let both = Both::new(&bed).await?;
    let mut wrong = Vec::new();
    for &(line, input) in STEPS {
        let (real, sandbox) = tokio::try_join!(
            both.told(&both.real, line, input),
            both.told(&both.sandbox, line, input)
        )?;
        let reason = DIFFERENCES.iter().find(|(of, _)| *of == line);
        match (real == sandbox, reason) {
            (false, None) => {
                wrong.push(format!("kubectl {line}:\n{}", differences(&real, &sandbox)));
            }
            (true, Some(_)) => wrong.push(format!("kubectl {line}: does not differ any more")),
            _ => {}
        }
    }
    for &(line, _) in DIFFERENCES {
        if STEPS.iter().all(|(step, _)| *step != line) {
            wrong.push(format!("kubectl {line}: is not tried"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Of every resource that it knows, it tells what the real API server does, but that it is not
/// deleted by the dozen. kubectl asks for all groups at once, others for one after the other.
async fn knows_no_more_than_the_real(bed: Arc<Bed>) -> Result<()> {
    let both = Both::new(&bed).await?;
    for line in ["api-resources -o wide", "api-resources -o wide --categories=all"] {
        let real = both.told(&both.real, line, "").await?.replace("deletecollection,", "");
        let real: Vec<&str> = real.lines().collect();
        for resource in both.told(&both.sandbox, line, "").await?.lines() {
            ensure!(real.contains(&resource), "kubectl {line} has {resource:?}, unlike {real:#?}");
        }
    }
    for path in ["/api/v1", "/apis/apps/v1", "/apis/autoscaling/v2"] {
        let real = resources(&both, &both.real, path).await?;
        for resource in resources(&both, &both.sandbox, path).await? {
            ensure!(real.contains(&resource), "{path} has {resource:#}, unlike {real:#?}");
        }
    }
    Ok(())
}

async fn resources(both: &Both, kubeconfig: &Path, path: &str) -> Result<Vec<Value>> {
    let output = both.bed.kubectl_at(kubeconfig, &["get", "--raw", path], b"").await?;
    let list: Value = serde_json::from_slice(&output.stdout)?;
    let mut resources = list["resources"].as_array().context("no resources")?.clone();
    for resource in &mut resources {
        let fields = resource.as_object_mut().context("it is no object")?;
        fields.remove("storageVersionHash");
        if let Some(Value::Array(verbs)) = fields.get_mut("verbs") {
            verbs.retain(|verb| verb != "deletecollection");
        }
    }
    ensure!(!resources.is_empty(), "{path} has nothing");
    Ok(resources)
}

async fn watches(bed: Arc<Bed>) -> Result<()> {
    let both = Both::new(&bed).await?;
    let mut told = Vec::new();
    for kubeconfig in [&both.real, &both.sandbox] {
        both.told(kubeconfig, "create -f -", APP).await?;
        let watch = ["get", "cm", "settings", "-w", "--output-watch-events", "-n", &both.namespace];
        let mut watch =
            both.bed.kubectl_command(kubeconfig, &watch).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(watch.stdout.take().context("no output")?).lines();
        let mut seen = Vec::new();
        for change in ["{\"data\":{\"tail\":\"long\"}}", "{\"data\":{\"beak\":null}}", ""] {
            // The columns, and what there is; later, what has changed.
            for _ in 0..if seen.is_empty() { 2 } else { 1 } {
                seen.push(mask(&lines.next_line().await?.context("the watch ended")?));
            }
            if !change.is_empty() {
                both.told(kubeconfig, &format!("patch cm settings -p {change}"), "").await?;
            }
        }
        both.told(kubeconfig, "delete cm settings", "").await?;
        seen.push(mask(&lines.next_line().await?.context("the watch ended")?));
        told.push(seen);
    }
    ensure!(told[0] == told[1], "{told:#?}");
    ensure!(told[0].len() == 5, "{told:#?}");
    Ok(())
}
