//! What the cluster does by itself.

use std::sync::Arc;

use super::nodes::Nodes;
use super::store::Store;

/// Follows what changes, for as long as it is not dropped.
pub async fn run(store: Store, _nodes: Arc<dyn Nodes>) {
    let mut seen = 0;
    loop {
        store.beyond(seen).await;
        seen = store.revision();
    }
}
