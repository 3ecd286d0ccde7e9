//! What the cluster does by itself: one task, which looks at what has changed or is due, in an order
//! and after delays that follow from the store's seed.

mod agenda;
mod changes;
mod deployment;
mod endpointslice;
mod events;
mod garbage;
mod kubelet;
mod namespace;
mod objects;
mod owned;
mod replicaset;

#[cfg(test)]
mod tests;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until};

use agenda::{Agenda, Part};
use kubelet::Kubelet;
use owned::Owned;

use super::nodes::{Nodes, Turn};
use super::store::{Key, Store};

/// The longest that a change waits for somebody to look at it, in microseconds.
const LAG: u64 = 20_000;

/// Follows what changes, for as long as it is not dropped.
pub async fn run(store: Store, nodes: Arc<dyn Nodes>) {
    let mut turns = nodes.turns();
    let mut controllers = Controllers::new(store.clone(), nodes);
    loop {
        // In a fixed order: equal seeds give equal runs.
        tokio::select! {
            biased;
            turn = next_turn(&mut turns) => controllers.turn(&turn),
            () = store.beyond(controllers.seen) => {}
            () = until(controllers.agenda.next()) => {}
        }
        sleep(Duration::from_micros(store.random(LAG))).await;
        controllers.pass();
    }
}

async fn next_turn(turns: &mut Option<UnboundedReceiver<Turn>>) -> Turn {
    if let Some(receiver) = turns {
        if let Some(turn) = receiver.recv().await {
            return turn;
        }
        *turns = None;
    }
    pending().await
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// What the controllers look at.
struct Scene {
    store: Store,
    owned: Owned,
}

struct Controllers {
    scene: Scene,
    kubelet: Kubelet,
    agenda: Agenda,
    /// The revision up to which changes are on the agenda.
    seen: u64,
}

impl Controllers {
    fn new(store: Store, nodes: Arc<dyn Nodes>) -> Controllers {
        Controllers {
            scene: Scene { store, owned: Owned::default() },
            kubelet: Kubelet::new(nodes),
            agenda: Agenda::default(),
            seen: 0,
        }
    }

    fn turn(&mut self, turn: &Turn) {
        for pod in self.kubelet.turn(turn) {
            self.agenda.mark(Part::Kubelet, pod, Instant::now());
        }
    }

    /// Everything that is due, once.
    fn pass(&mut self) {
        self.notice();
        let mut due = self.agenda.take(Instant::now());
        fastrand::Rng::with_seed(self.scene.store.random(u64::MAX)).shuffle(&mut due);
        for (part, key) in due {
            if let Some(again) = self.look(part, &key) {
                self.agenda.mark(part, key, again);
            }
        }
    }

    /// Returns when to look again, if nothing changes before.
    fn look(&mut self, part: Part, key: &Key) -> Option<Instant> {
        match part {
            Part::Deployments => deployment::reconcile(&self.scene, key),
            Part::ReplicaSets => replicaset::reconcile(&self.scene, key),
            Part::Kubelet => self.kubelet.reconcile(&self.scene.store, key),
            Part::Endpoints => {
                endpointslice::reconcile(&self.scene, key);
                None
            }
            Part::Garbage => {
                garbage::reconcile(&self.scene, key);
                None
            }
            Part::Namespaces => {
                namespace::reconcile(&self.scene.store, key);
                None
            }
        }
    }
}
