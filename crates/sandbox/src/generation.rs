//! `metadata.generation`: which changes count as changes of what is wanted.

use serde_json::Value;

use super::resources::{DEPLOYMENTS, ENDPOINT_SLICES, PODS, Resource};

/// Written by the Deployment controller with the status, which does not count.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The generation after a change.
pub fn after(resource: Resource, old: &Value, new: &Value) -> u64 {
    let is_changed = match resource.plural {
        // Its annotations are copied to its ReplicaSets.
        plural if plural == DEPLOYMENTS.plural => {
            old["spec"] != new["spec"] || annotations(old).ne(annotations(new))
        }
        // To be given a node changes nothing of what is wanted.
        plural if plural == PODS.plural => {
            let wanted = |pod: &Value| {
                let spec = pod["spec"].as_object().into_iter().flatten();
                let kept = spec.filter(|(field, _)| *field != "nodeName");
                kept.map(|(field, value)| (field.clone(), value.clone())).collect::<Vec<_>>()
            };
            wanted(old) != wanted(new)
        }
        plural if plural == ENDPOINT_SLICES.plural => {
            let labels = |object: &Value| object["metadata"]["labels"].clone();
            let parts = ["addressType", "endpoints", "ports"];
            labels(old) != labels(new) || parts.iter().any(|part| old[part] != new[part])
        }
        _ => old["spec"] != new["spec"],
    };
    old["metadata"]["generation"].as_u64().unwrap_or(0) + u64::from(is_changed)
}

fn annotations(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let all = object["metadata"]["annotations"].as_object().into_iter().flatten();
    all.filter(|(key, _)| *key != REVISION)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::resources::INGRESSES;
    use super::*;

    #[test]
    fn what_is_wanted_counts() {
        let object = |annotations: Value, spec: Value| json!({ "metadata": { "generation": 1, "annotations": annotations }, "spec": spec });
        let old = object(json!({ "a": "1" }), json!({ "b": 1 }));
        let annotated = object(json!({ "a": "2" }), json!({ "b": 1 }));
        let numbered = object(json!({ "a": "1", REVISION: "2" }), json!({ "b": 1 }));
        let changed = object(json!({ "a": "1" }), json!({ "b": 2 }));
        let placed = object(json!({ "a": "1" }), json!({ "b": 1, "nodeName": "c" }));
        let full = json!({ "metadata": { "generation": 1 }, "endpoints": [1] });
        for (resource, new, generation) in [
            (&DEPLOYMENTS, &annotated, 2),
            (&DEPLOYMENTS, &numbered, 1),
            (&DEPLOYMENTS, &changed, 2),
            (&INGRESSES, &annotated, 1),
            (&INGRESSES, &changed, 2),
            (&PODS, &placed, 1),
            (&PODS, &changed, 2),
            (&ENDPOINT_SLICES, &full, 2),
        ] {
            assert_eq!(after(resource, &old, new), generation, "{} {new}", resource.plural);
        }
    }
}
