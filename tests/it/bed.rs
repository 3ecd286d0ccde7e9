//! A sandbox with the article's app, and ways to it; and tests that are many runs in one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter, thread};

use anyhow::Result;
use bluegreen::sandbox::{Fault, Faults, Nodes, Sandbox, Scripts};
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use crate::acceptance::Field;

pub const NAMESPACE: &str = "blue-green";

/// Somebody says this in place of the API server, and nothing is done.
pub fn answered(code: u16, body: &Value) -> Fault {
    let headers = vec![("content-type", "application/json".to_owned())];
    Fault::Answered { code, headers, body: body.to_string().into_bytes() }
}

/// The same as an API server says no.
pub fn refused(code: u16, reason: &str, message: &str) -> Fault {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
        "reason": reason, "code": code, "message": message});
    answered(code, &status)
}

pub struct Bed {
    pub sandbox: Sandbox,
    /// A person's own way, on which nothing goes wrong.
    pub field: Field,
}

impl Bed {
    pub async fn new(seed: u64) -> Result<Bed> {
        let began = "2026-01-01T00:00:00Z".parse()?;
        Bed::with(seed, began, Arc::new(Scripts::default())).await
    }

    pub async fn with(seed: u64, began: Timestamp, nodes: Arc<dyn Nodes>) -> Result<Bed> {
        let sandbox = Sandbox::start(seed, began, nodes);
        sandbox.store().add(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
        }));
        let client = Client::new(sandbox.api(), NAMESPACE);
        let field = Field::with_parrot(client, NAMESPACE).await?;
        let field = Field { store: Some(sandbox.store().clone()), ..field };
        Ok(Bed { sandbox, field })
    }

    /// Another machine's way to the cluster, with faults of its own.
    pub fn machine(&self) -> (Field, Faults) {
        let api = self.sandbox.api();
        let faults = api.faults().clone();
        let client = Client::new(api, NAMESPACE);
        (Field { client, ..self.field.clone() }, faults)
    }
}

/// In paused time, in a runtime of its own.
pub fn in_paused_time<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(Box::pin(run))
}

/// Runs each of them, so many at a time; what came of them, in their order.
pub fn each<T: Sync, R: Send>(all: &[T], at_a_time: usize, run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let taken = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let taken = taken.map_while(|n| Some((n, all.get(n)?)));
        taken.map(|(n, one)| (n, run(one))).collect::<Vec<_>>()
    };
    let mut came: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a run panicked")).collect()
    });
    came.sort_by_key(|(n, _)| *n);
    came.into_iter().map(|(_, came)| came).collect()
}
