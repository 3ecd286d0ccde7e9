//! Other controllers that have something to do with the app, by objects of kinds that a cluster may have.

use anyhow::{Result, ensure};
use bluegreen::model::{Kind, Optional};
use serde_json::{Value, json};

use super::custom::declared;
use super::field::{Field, V2};
use super::fitness::found;
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    a_policy_of_another_controller_needs_a_word,
    each_kind_of_policy_is_known,
    whoever_else_releases_the_app_is_named,
    a_controller_of_the_deployment_is_named,
    what_may_not_be_listed_is_said_and_in_nobodys_way,
    only_check_looks_at_monitors,
];

fn deploy() -> String {
    format!("deploy parrot --image {V2} --yes")
}

fn only_the_live_pods() -> Value {
    json!({"matchLabels": {"app": "parrot"}})
}

async fn a_policy_of_another_controller_needs_a_word(field: Field) -> Result<()> {
    let policies = declared(&field, Optional::AuthorizationPolicy).await?;
    let spec = |app: &str| json!({"selector": {"matchLabels": {"app": app}}, "action": "ALLOW"});
    policies.add(&field, "ingress-alone", spec("parrot")).await?;
    for line in ["check parrot", "init parrot"] {
        let said = field.exits(10, line).await?;
        ensure!(
            format!("{said:?}").contains("AuthorizationPolicy ingress-alone holds"),
            "{said:?}"
        );
        field.exits(0, &format!("{line} --allow-policy-gap")).await?;
    }
    let said = field.exits(10, &deploy()).await?;
    ensure!(said.err.contains("or give --allow-policy-gap") && !said.wrote(), "{said:?}");
    field.is_untouched().await?;
    // Its selector has no expressions: the way out is another one like it.
    policies.add(&field, "ingress-alone-green", spec("parrot-green")).await?;
    let said = field.exits(0, &deploy()).await?;
    ensure!(!said.has(|event| event["check"] == "policies"), "{said:?}");
    field.is_live("parrot-green", V2).await
}

async fn each_kind_of_policy_is_known(field: Field) -> Result<()> {
    field.initialised().await?;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
    for (kind, check, spec) in [
        (Optional::PeerAuthentication, "policies", json!({"selector": only_the_live_pods()})),
        (Optional::RequestAuthentication, "policies", json!({"selector": only_the_live_pods()})),
        (
            Optional::CiliumNetworkPolicy,
            "policies",
            json!({"endpointSelector": {"matchLabels": {"k8s:app": "parrot"}}}),
        ),
        (Optional::CalicoNetworkPolicy, "policies", json!({"selector": "app == 'parrot'"})),
        (Optional::VerticalPodAutoscaler, "policies", json!({"targetRef": target})),
        (Optional::ScaledObject, "autoscaler", json!({"scaleTargetRef": {"name": "parrot"}})),
        (Optional::Rollout, "managers", json!({"workloadRef": target})),
    ] {
        let objects = declared(&field, kind).await?;
        objects.add(&field, "some", spec).await?;
        let said = field.exits(10, "check parrot").await?;
        let told = found(&said, check)?;
        ensure!(told["what"].as_str().unwrap_or_default().contains(" some "), "{kind}: {told:#}");
        let said = field.exits(10, &deploy()).await?;
        ensure!(said.err.contains(&format!("{kind} some ")) && !said.wrote(), "{said:?}");
        objects.delete(&field, "some").await?;
    }
    field.exits(0, &deploy()).await.map(drop)
}

async fn whoever_else_releases_the_app_is_named(field: Field) -> Result<()> {
    let canaries = declared(&field, Optional::Canary).await?;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
    canaries.add(&field, "birds", json!({"targetRef": target})).await?;
    for line in ["check parrot", "init parrot"] {
        let said = format!("{:?}", field.exits(10, line).await?);
        ensure!(
            said.contains("Canary birds manages Deployment parrot: Flagger releases it"),
            "{said}"
        );
        ensure!(said.contains("revertOnDeletion"), "{said}");
    }
    // Also where nothing else is known of the app.
    let ingress = field.get(Kind::Ingress, "parrot").await?;
    field.delete(Kind::Ingress, "parrot").await?;
    let said = field.exits(10, "check parrot").await?;
    ensure!(found(&said, "managers")?["verdict"] == "fail", "{said:?}");
    ensure!(found(&said, "ingress")?["verdict"] == "fail", "{said:?}");
    let again = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "parrot"}, "spec": ingress["spec"],
    });
    field.create(again).await?;
    canaries.delete(&field, "birds").await?;
    field.initialised().await?;
    canaries.add(&field, "birds", json!({"targetRef": target})).await?;
    let said = field.exits(10, &deploy()).await?;
    ensure!(
        said.err.contains("Canary birds manages Deployment parrot") && !said.wrote(),
        "{said:?}"
    );
    canaries.delete(&field, "birds").await?;
    field.exits(0, &deploy()).await.map(drop)
}

async fn a_controller_of_the_deployment_is_named(field: Field) -> Result<()> {
    field.initialised().await?;
    let canaries = declared(&field, Optional::Canary).await?;
    // One that is about something else, by what it names.
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "toucan"});
    let canary = canaries.add(&field, "toucan", json!({"targetRef": target})).await?;
    let owner = json!([{
        "apiVersion": canary["apiVersion"], "kind": "Canary", "name": "toucan",
        "uid": canary["metadata"]["uid"], "controller": true, "blockOwnerDeletion": false,
    }]);
    let owned = |owner: Value| json!({"metadata": {"ownerReferences": owner}});
    field.edit(Kind::Deployment, "parrot", owned(owner)).await?;
    for line in ["check parrot", &deploy()] {
        let said = format!("{:?}", field.exits(10, line).await?);
        ensure!(said.contains("Deployment parrot is kept by Canary toucan"), "{line}: {said}");
        ensure!(said.contains("kubectl patch canary toucan"), "{line}: {said}");
    }
    field.edit(Kind::Deployment, "parrot", owned(json!([]))).await?;
    field.exits(0, &deploy()).await.map(drop)
}

async fn what_may_not_be_listed_is_said_and_in_nobodys_way(field: Field) -> Result<()> {
    declared(&field, Optional::AuthorizationPolicy).await?;
    field.initialised().await?;
    let said = field.command("check parrot").without("authorizationpolicies").exits(0).await?;
    let told = found(&said, "policies")?;
    ensure!(told["verdict"] == "warn", "{told:#}");
    let what = "you may not list authorizationpolicies.security.istio.io";
    ensure!(told["what"].as_str().unwrap_or_default().contains(what), "{told:#}");
    let said = field.command(&deploy()).without("authorizationpolicies").exits(0).await?;
    let is_it = |event: &Value| event["event"] == "warned" && event["check"] == "policies";
    ensure!(said.events.iter().filter(|event| is_it(event)).count() == 1, "{said:?}");
    field.is_live("parrot-green", V2).await
}

async fn only_check_looks_at_monitors(field: Field) -> Result<()> {
    let monitors = declared(&field, Optional::PodMonitor).await?;
    monitors.add(&field, "birds", json!({"selector": only_the_live_pods()})).await?;
    let said = field.exits(0, "check parrot").await?;
    let told = found(&said, "monitors")?;
    ensure!(told["verdict"] == "warn", "{told:#}");
    field.initialised().await?;
    let said = field.exits(0, &deploy()).await?;
    ensure!(!said.has(|event| event["check"] == "monitors"), "{said:?}");
    Ok(())
}
