//! The ingress controller: it takes in what the Ingresses say as late as the real one does. How late,
//! and what its workers do meanwhile, is measured in docs/zero-loss.md.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use super::endpoints::endpoints;
use super::rules::{Backend, Rules, Way};
use crate::sandbox::resources::INGRESSES;
use crate::sandbox::{Key, Store};

/// The real one syncs 0.3 times a second.
const BETWEEN_SYNCS: Duration = Duration::from_millis(3_334);
/// A reload, until the first worker with the new rules answers.
const RELOAD: Duration = Duration::from_millis(100);
/// So long some workers still have the old rules.
const OVERLAP: Duration = Duration::from_millis(80);

type Ready = BTreeMap<Backend, Vec<SocketAddr>>;

/// What is known of the cluster by those who answer.
#[derive(Default)]
pub struct Served {
    known: Mutex<Known>,
    turn: AtomicUsize,
}

#[derive(Default)]
struct Known {
    /// None before it has read them for the first time.
    rules: Option<Rules>,
    /// The rules before, and until when some still go by them.
    before: Option<(Rules, Instant)>,
    /// All workers share them, old ones too: only Services that the new rules name are in it.
    ready: Ready,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// Those that are ready; none, too, where the Service is not known.
    Pods(Vec<SocketAddr>),
    /// No rule is about it.
    Nothing,
    Forbidden,
}

impl Served {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no holder panics")
    }

    /// Where a request goes.
    pub fn find(&self, host: &str, path: &str) -> Found {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let known = self.known();
        let rules = match &known.before {
            Some((before, until)) if turn.is_multiple_of(2) && Instant::now() < *until => before,
            _ => match &known.rules {
                Some(rules) => rules,
                // Whoever comes that early is not turned away.
                None => return Found::Pods(Vec::new()),
            },
        };
        match rules.way(host, path) {
            Way::Unknown => Found::Nothing,
            Way::Forbidden => Found::Forbidden,
            Way::To(backend) => Found::Pods(known.ready.get(backend).cloned().unwrap_or_default()),
        }
    }

    fn take_in(&self, rules: Rules, ready: Ready) {
        let mut known = self.known();
        known.ready = ready;
        if known.rules.as_ref() != Some(&rules) {
            let before = known.rules.replace(rules);
            known.before = before.map(|before| (before, Instant::now() + OVERLAP));
        }
    }
}

fn read(store: &Store) -> (Rules, Ready) {
    let rules = Rules::of(&store.list(&INGRESSES, None));
    let ready = rules.backends().map(|backend| (backend.clone(), endpoints(store, backend)));
    let ready = ready.collect();
    (rules, ready)
}

/// Keeps it current, as long as it is polled.
pub async fn run(store: Store, served: Arc<Served>, at: SocketAddr) {
    let mut may_sync = Instant::now();
    loop {
        let revision = store.revision();
        let (rules, ready) = read(&store);
        let (same_rules, same_ready) = {
            let known = served.known();
            (known.rules.as_ref() == Some(&rules), known.ready == ready)
        };
        if !same_rules || !same_ready {
            sleep_until(may_sync).await;
            may_sync = Instant::now() + BETWEEN_SYNCS;
            // All that has come until then is taken in at once.
            let (rules, ready) = read(&store);
            if served.known().rules.as_ref() != Some(&rules) {
                sleep(RELOAD).await;
            }
            served.take_in(rules, ready);
            admit(&store, at);
        }
        store.beyond(revision).await;
    }
}

/// Tells in their status where the Ingresses are served. With the port, so that whoever asks there
/// does not ask something else on this machine.
fn admit(store: &Store, at: SocketAddr) {
    let port = json!({ "port": at.port(), "protocol": "TCP" });
    let place = json!({ "ip": at.ip(), "ports": [port] });
    for ingress in store.list(&INGRESSES, None) {
        // One that is gone by now needs no status.
        let _ = store.edit(&INGRESSES, &Key::of(&INGRESSES, &ingress), |old| {
            let mut new = old.clone();
            new["status"] = json!({ "loadBalancer": { "ingress": [place] } });
            Ok(new)
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use jiff::Timestamp;
    use serde_json::Value;

    use super::*;

    const HOST: &str = "parrot.example.com";
    const AT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

    fn ingress(service: &str) -> Value {
        let service = json!({ "name": service, "port": { "number": 80 } });
        let paths =
            json!([{ "path": "/", "pathType": "Prefix", "backend": { "service": service } }]);
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": "parrot", "namespace": "birds" },
            "spec": { "rules": [{ "host": HOST, "http": { "paths": paths } }] },
        })
    }

    /// Services blue and green, with a pod each at an address of their own.
    fn cluster() -> Store {
        let store = Store::new(1, Timestamp::UNIX_EPOCH);
        for (service, ip) in [("blue", "10.244.0.1"), ("green", "10.244.0.2")] {
            let metadata = json!({ "name": service, "namespace": "birds" });
            store.add(json!({
                "apiVersion": "v1", "kind": "Service", "metadata": metadata,
                "spec": { "ports": [{ "port": 80 }] },
            }));
            let mut metadata = metadata;
            metadata["labels"] = json!({ "kubernetes.io/service-name": service });
            let endpoint = json!({ "addresses": [ip], "conditions": { "ready": true } });
            store.add(json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata,
                "ports": [{ "name": "", "port": 3000 }], "endpoints": [endpoint],
            }));
        }
        store
    }

    fn switch(store: &Store, service: &str) {
        let key = Key::new(&INGRESSES, "birds", "parrot");
        let spec = ingress(service)["spec"].clone();
        let switched = store.edit(&INGRESSES, &key, |old| {
            let mut new = old.clone();
            new["spec"] = spec;
            Ok(new)
        });
        assert!(switched.is_ok());
    }

    /// The last digit of the pod's address, twice: workers take turns.
    fn answers(served: &Served) -> [Option<u8>; 2] {
        [(); 2].map(|()| match served.find(HOST, "/") {
            Found::Pods(pods) => match pods[..] {
                [SocketAddr::V4(at)] => Some(at.ip().octets()[3]),
                _ => None,
            },
            _ => None,
        })
    }

    /// So much later. The time is the tests' own: it goes from one timer to the next.
    async fn after(millis: u64) {
        sleep(Duration::from_millis(millis)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_before_the_first_look_waits() {
        let served = Arc::<Served>::default();
        assert_eq!(served.find(HOST, "/"), Found::Pods(Vec::new()));
        let store = cluster();
        store.add(ingress("blue"));
        let runs = tokio::spawn(run(store, Arc::clone(&served), AT));
        after(1000).await;
        assert_eq!(answers(&served), [Some(1); 2]);
        assert_eq!(served.find("toucan.example.com", "/"), Found::Nothing);
        runs.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_switch_arrives_late_and_not_everywhere_at_once() {
        let store = cluster();
        store.add(ingress("blue"));
        // Both Services stay known, as in a release.
        let mut warm = ingress("green");
        warm["metadata"]["name"] = json!("warm");
        warm["spec"]["rules"][0]["host"] = json!("warm.invalid");
        store.add(warm.clone());
        let mut kept = warm;
        kept["metadata"]["name"] = json!("kept");
        kept["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("blue");
        store.add(kept);
        let served = Arc::new(Served::default());
        let controller = tokio::spawn(run(store.clone(), Arc::clone(&served), AT));
        after(50).await;
        assert_eq!(answers(&served), [None, None]);
        after(200).await;
        assert_eq!(answers(&served), [Some(1), Some(1)]);
        after(10_000).await;
        switch(&store, "green");
        after(50).await;
        assert_eq!(answers(&served), [Some(1), Some(1)]);
        after(60).await;
        let mut both = answers(&served);
        both.sort_unstable();
        assert_eq!(both, [Some(1), Some(2)]);
        after(100).await;
        assert_eq!(answers(&served), [Some(2), Some(2)]);
        // The next one comes after too short a time.
        switch(&store, "blue");
        after(3_000).await;
        assert_eq!(answers(&served), [Some(2), Some(2)]);
        after(500).await;
        assert_eq!(answers(&served), [Some(1), Some(1)]);
        controller.abort();
    }

    /// Why a release keeps all its Services named by an Ingress of its own.
    #[tokio::test(start_paused = true)]
    async fn a_service_that_nothing_names_any_more_is_missed_by_old_workers() {
        let store = cluster();
        store.add(ingress("blue"));
        let served = Arc::new(Served::default());
        let controller = tokio::spawn(run(store.clone(), Arc::clone(&served), AT));
        after(10_000).await;
        switch(&store, "green");
        after(110).await;
        let mut both = answers(&served);
        both.sort_unstable();
        assert_eq!(both, [None, Some(2)]);
        controller.abort();
    }
}
