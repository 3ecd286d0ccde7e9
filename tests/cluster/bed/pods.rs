//! Stand-ins for the containers of all pods: kwok only writes statuses, so something else has to
//! answer at the pods' addresses (they are local, see `tests/cluster/enter`).
//!
//! | the pod, as the API has it | at its address |
//! |---|---|
//! | its containers do not run (yet, or any more) | connections are refused; open ones were cut |
//! | runs, not ready | every answer is 503, which is what its readiness probe is told, too |
//! | ready | answers, see `pods_answer` |
//! | deleted | goes on through `preStop` (sleep only), then gets SIGTERM |
//!
//! SIGTERM ends it at once, with whatever is under way, as it does with a program that does not
//! handle it. With the annotation `bed/on-sigterm: finish` it stops to listen and finishes what is
//! under way. Either way, `terminationGracePeriodSeconds` after the deletion nothing is left. kwok
//! takes the Pod object away at once; a kubelet would when this is over.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use tokio::task::JoinHandle;

use super::pods_stand::{Life, Stand};

const AGAIN: Duration = Duration::from_millis(250);
/// The API server ends a watch after so many seconds: before the client takes silence for a failure.
const WATCH: u32 = 45;

pub struct Pods(JoinHandle<()>);

impl Pods {
    pub fn start(client: Client) -> Self {
        Self(tokio::spawn(async move {
            let mut stands = Stands::default();
            let pods = Api::<Pod>::all(client);
            loop {
                // The watch ends now and then; what was missed is in the next list.
                if let Err(error) = follow(&pods, &mut stands).await {
                    eprintln!("testbed: pods are listed again: {error}");
                }
                tokio::time::sleep(AGAIN).await;
            }
        }))
    }
}

impl Drop for Pods {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn follow(pods: &Api<Pod>, stands: &mut Stands) -> kube::Result<()> {
    let list = pods.list(&ListParams::default()).await?;
    let there: Vec<String> = list.items.iter().filter_map(|pod| pod.metadata.uid.clone()).collect();
    stands.retain(&there);
    for pod in &list.items {
        stands.see(pod).await;
    }
    let version = list.metadata.resource_version.unwrap_or_default();
    let mut events = pods.watch(&WatchParams::default().timeout(WATCH), &version).await?.boxed();
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => stands.see(&pod).await,
            WatchEvent::Deleted(pod) => stands.gone(&pod),
            WatchEvent::Bookmark(_) => {}
            // Too old a version, for example.
            WatchEvent::Error(_) => break,
        }
    }
    Ok(())
}

/// By the pods' uids. A pod that ends stays until it has ended, or its address is given to another.
#[derive(Default)]
struct Stands(HashMap<String, Stand>);

impl Stands {
    async fn see(&mut self, pod: &Pod) {
        let Some(uid) = &pod.metadata.uid else { return };
        if pod.metadata.deletion_timestamp.is_some() {
            return self.gone(pod);
        }
        match (self.0.get(uid), life(pod)) {
            (Some(stand), Some(life)) => stand.live(life),
            (Some(_), None) => drop(self.0.remove(uid)),
            (None, Some(life)) => {
                if let Some(address) = address(pod) {
                    self.0.retain(|_, other| !other.has_ended());
                    // kwok gives an address again as soon as the Pod object is gone.
                    let before = self.0.iter().find(|(_, other)| other.address() == address);
                    if let Some(before) = before.map(|(uid, _)| uid.clone())
                        && let Some(stand) = self.0.remove(&before)
                    {
                        stand.kill().await;
                    }
                    self.0.insert(uid.clone(), Stand::start(pod, address, life));
                }
            }
            (None, None) => {}
        }
    }

    fn gone(&self, pod: &Pod) {
        if let Some(stand) = pod.metadata.uid.as_ref().and_then(|uid| self.0.get(uid)) {
            stand.live(Life::Deleted);
        }
    }

    fn retain(&self, there: &[String]) {
        let gone = self.0.iter().filter(|(uid, _)| !there.contains(uid));
        gone.for_each(|(_, stand)| stand.live(Life::Deleted));
    }
}

/// None unless all its containers run.
fn life(pod: &Pod) -> Option<Life> {
    let status = pod.status.as_ref()?;
    let containers = status.container_statuses.as_ref().filter(|all| !all.is_empty())?;
    let runs = |state: &k8s_openapi::api::core::v1::ContainerState| state.running.is_some();
    if !containers.iter().all(|container| container.state.as_ref().is_some_and(runs)) {
        return None;
    }
    let mut conditions = status.conditions.iter().flatten();
    let ready = conditions.any(|c| c.type_ == "Ready" && c.status == "True");
    Some(if ready { Life::Ready } else { Life::Unready })
}

fn address(pod: &Pod) -> Option<std::net::IpAddr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}
