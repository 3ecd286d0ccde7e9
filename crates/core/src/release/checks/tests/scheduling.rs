//! Apps that the scheduler might not place twice.

use serde_json::{Value, json};

use super::app::App;
use super::rows::{Harmless, Row, row};
use crate::model::Kind;
use crate::release::checks::CheckStatus::Warn;

fn anti_affinity(term: Value) -> Value {
    let terms = json!([term]);
    json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})
}

/// A term about pods of a label that both versions have.
fn apart(more: &Value) -> Value {
    let selector = json!({"matchLabels": {"tier": "web"}});
    let mut term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": selector});
    for (field, value) in more.as_object().into_iter().flatten() {
        term[field] = value.clone();
    }
    term
}

fn of_a_tier(app: &mut App, term: Value) {
    let labels = json!({"app": "parrot", "tier": "web"});
    app.edit(Kind::Deployment, |d| d["spec"]["template"]["metadata"]["labels"] = labels);
    app.pods("affinity", anti_affinity(term));
}

pub fn rows() -> Vec<Row> {
    vec![
        row("scheduling", Warn, "off each other's kubernetes.io/hostname: ", |app| {
            of_a_tier(app, apart(&json!({})));
        }),
        row("scheduling", Warn, "add 2 more of them", |app| {
            of_a_tier(app, apart(&json!({"namespaces": ["birds"], "matchLabelKeys": ["tier"]})));
        }),
        row("scheduling", Warn, "names PodGroup flock: ", |app| {
            app.pods("schedulingGroup", json!({"podGroupName": "flock"}));
        }),
        row("scheduling", Warn, "names PodGroup flock: ", |app| {
            app.pods("workloadRef", json!({"name": "birds", "podGroup": "flock"}));
        }),
        row("scheduling", Warn, "names PodGroup flock: ", |app| {
            app.edit(Kind::Deployment, |d| {
                d["spec"]["template"]["metadata"]["annotations"] =
                    json!({"scheduling.k8s.io/group-name": "flock"});
            });
        }),
        row("scheduling", Warn, "names ResourceClaim perch: ", |app| {
            app.pods("resourceClaims", json!([{"name": "a", "resourceClaimName": "perch"}]));
        }),
    ]
}

/// What only looks amiss.
pub fn harmless() -> Vec<Harmless> {
    vec![
        ("pods of one version apart", |app| {
            app.pods("affinity", anti_affinity(json!({
                "topologyKey": "kubernetes.io/hostname", "labelSelector": json!({"matchLabels": {"app": "parrot"}}),
            })));
        }),
        ("pods apart by their version, or from those of other namespaces", |app| {
            of_a_tier(app, apart(&json!({"matchLabelKeys": ["pod-template-hash"]})));
        }),
        ("pods apart from those of other namespaces", |app| {
            of_a_tier(app, apart(&json!({"namespaces": ["nest"]})));
        }),
        ("a claim of each pod", |app| {
            let claim = json!({"name": "a", "resourceClaimTemplateName": "perch"});
            app.pods("resourceClaims", json!([claim]));
        }),
    ]
}
