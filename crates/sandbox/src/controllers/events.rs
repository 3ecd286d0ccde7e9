//! What `kubectl describe` and `kubectl get events` tell.

use serde_json::{Value, json};

use super::objects::{count, name, text, uid};
use crate::resources::EVENTS;
use crate::store::{Key, Store};

#[derive(Clone, Copy)]
pub enum Kind {
    Normal,
    Warning,
}

/// Who tells something.
pub const DEPLOYMENT: &str = "deployment-controller";
pub const REPLICA_SET: &str = "replicaset-controller";
pub const SCHEDULER: &str = "default-scheduler";
pub const KUBELET: &str = "kubelet";

/// The same thing again is counted.
pub fn tell(store: &Store, who: &str, about: &Value, kind: Kind, reason: &str, message: &str) {
    let namespace = text(&about["metadata"]["namespace"]);
    let said = format!("{}{reason}{message}", uid(about));
    let event = format!("{}.{:016x}", name(about), super::objects::sum(&said));
    let key = Key::new(&EVENTS, namespace, &event);
    let now = store.clock().stamp();
    if store.get(&key).is_some() {
        // It is there, and nobody else writes it.
        let _ = store.edit(&EVENTS, &key, |old| {
            let mut new = old.clone();
            new["count"] = json!(count(&old["count"]) + 1);
            new["lastTimestamp"] = json!(now);
            Ok(new)
        });
        return;
    }
    let event = json!({
        "metadata": { "name": event, "namespace": namespace },
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": namespace,
            "name": about["metadata"]["name"],
            "uid": about["metadata"]["uid"],
            "resourceVersion": about["metadata"]["resourceVersion"],
        },
        "type": match kind {
            Kind::Normal => "Normal",
            Kind::Warning => "Warning",
        },
        "reason": reason,
        "message": message,
        "source": { "component": who },
        "reportingComponent": who,
        "reportingInstance": "",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "eventTime": null,
        "count": 1,
    });
    // The name is free: it was just looked for.
    let _ = store.create(&EVENTS, event);
}
