//! An app with an autoscaler and a disruption budget.

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::field::{Field, V1, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    back_and_forth,
    an_aborted_release_leaves_nothing,
    a_waiting_candidate_is_held,
    one_that_is_managed_is_refused,
];

const SCALER: Kind = Kind::HorizontalPodAutoscaler;
const BUDGET: Kind = Kind::PodDisruptionBudget;

fn scaler() -> Value {
    let utilization = json!({"type": "Utilization", "averageUtilization": 60});
    let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": utilization}});
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flock"},
        "spec": {
            "minReplicas": 2, "maxReplicas": 9, "metrics": [metric],
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"},
        },
    })
}

/// Three pods, at least two by the autoscaler, and one of them may go.
async fn scaled(field: &Field) -> Result<()> {
    field.scaled("parrot", 3).await?;
    field.create(scaler()).await?;
    field
        .create(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "calm"},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "parrot"}}},
        }))
        .await?;
    field.initialised().await
}

/// The user's own as they were.
async fn are_free(field: &Field, with_clones: bool) -> Result<()> {
    let own = field.get(SCALER, "flock").await?;
    ensure!(own["spec"]["minReplicas"] == 2, "{own:#}");
    ensure!(own["spec"]["scaleTargetRef"]["name"] == "parrot", "{own:#}");
    ensure!(own["metadata"]["annotations"]["bluegreen/held"].is_null(), "{own:#}");
    for kind in [SCALER, BUDGET] {
        let clone = field.find(kind, "parrot-green").await?;
        ensure!(clone.is_some() == with_clones, "{kind}: {clone:#?}");
    }
    Ok(())
}

async fn back_and_forth(field: Field) -> Result<()> {
    scaled(&field).await?;
    field.released(V2).await?;
    field.is_live("parrot-green", V2).await?;
    are_free(&field, true).await?;
    let clone = field.get(SCALER, "parrot-green").await?;
    ensure!(clone["spec"]["minReplicas"] == 2, "{clone:#}");
    ensure!(clone["spec"]["scaleTargetRef"]["name"] == "parrot-green", "{clone:#}");
    let budget = field.get(BUDGET, "parrot-green").await?;
    ensure!(budget["spec"]["selector"]["matchLabels"]["app"] == "parrot-green", "{budget:#}");

    field.released(V3).await?;
    field.is_live("parrot", V3).await?;
    ensure!(field.replicas("parrot").await? == Some(3), "of another size");
    are_free(&field, false).await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot-green", V2).await?;
    are_free(&field, true).await
}

async fn an_aborted_release_leaves_nothing(field: Field) -> Result<()> {
    scaled(&field).await?;
    field.detached(V2).await?;
    ensure!(field.find(BUDGET, "parrot-green").await?.is_some(), "no budget");
    ensure!(field.find(SCALER, "parrot-green").await?.is_none(), "it would scale a candidate");
    field.exits(0, "abort parrot").await?;
    are_free(&field, false).await?;
    field.is_untouched().await?;
    field.released(V2).await?;
    field.exits(0, "rollback parrot").await?;
    are_free(&field, false).await?;
    field.is_live("parrot", V1).await
}

async fn a_waiting_candidate_is_held(field: Field) -> Result<()> {
    scaled(&field).await?;
    field.released(V2).await?;
    field.detached(V3).await?;
    let own = field.get(SCALER, "flock").await?;
    ensure!(own["spec"]["minReplicas"] == 3, "{own:#}");
    ensure!(own["metadata"]["annotations"]["bluegreen/held"] == "2 3", "{own:#}");
    field.exits(0, "abort parrot").await?;
    field.is_live("parrot-green", V2).await?;
    are_free(&field, true).await
}

async fn one_that_is_managed_is_refused(field: Field) -> Result<()> {
    let mut managed = scaler();
    managed["metadata"]["labels"] = json!({"scaledobject.keda.sh/name": "birds"});
    field.create(managed).await?;
    for line in ["check parrot", "init parrot"] {
        let said = field.exits(10, line).await?;
        ensure!(format!("{said:?}").contains("ScaledObject birds of KEDA"), "{said:?}");
    }
    Ok(())
}
