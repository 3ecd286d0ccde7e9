//! A whole cluster: the API, and behind it what makes objects into running things.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::controllers;
use super::nodes::Nodes;
use super::service::Api;
use super::store::Store;

/// Ends with its last owner: its controllers stop when it is dropped.
pub struct Sandbox {
    store: Store,
    nodes: Arc<dyn Nodes>,
    controllers: JoinHandle<()>,
}

impl Sandbox {
    /// Starts on the current runtime. Equal seeds give equal histories, if the runtime's time is
    /// paused and it has one thread.
    pub fn start(seed: u64, began: Timestamp, nodes: Arc<dyn Nodes>) -> Sandbox {
        let store = Store::new(seed, began);
        let controllers = tokio::spawn(controllers::run(store.clone(), Arc::clone(&nodes)));
        Sandbox { store, nodes, controllers }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A client of its own, with its own faults.
    pub fn api(&self) -> Api {
        Api::new(&self.store).with_nodes(&self.nodes)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.controllers.abort();
    }
}
