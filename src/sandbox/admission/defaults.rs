//! What the API server fills in: what is read back is not what was sent.

use serde_json::{Value, json};

use crate::sandbox::resources::{DEPLOYMENTS, REPLICA_SETS, Resource};

/// `old` is the object before the change, for what is kept.
pub fn fill_in(resource: Resource, object: &mut Value, _old: Option<&Value>) {
    let spec = &mut object["spec"];
    match resource.plural {
        plural if plural == DEPLOYMENTS.plural => {
            or(&mut spec["replicas"], json!(1));
            or(&mut spec["revisionHistoryLimit"], json!(10));
            or(&mut spec["progressDeadlineSeconds"], json!(600));
            or(&mut spec["strategy"]["type"], json!("RollingUpdate"));
            if spec["strategy"]["type"] == "RollingUpdate" {
                or(&mut spec["strategy"]["rollingUpdate"]["maxSurge"], json!("25%"));
                or(&mut spec["strategy"]["rollingUpdate"]["maxUnavailable"], json!("25%"));
            }
        }
        plural if plural == REPLICA_SETS.plural => or(&mut spec["replicas"], json!(1)),
        _ => {}
    }
}

fn or(field: &mut Value, default: Value) {
    if field.is_null() {
        *field = default;
    }
}
