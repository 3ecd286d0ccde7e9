//! What whoever may write the record can do with it: `docs/security.md` says so.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use crate::acceptance::Field;
use crate::stand::Stand;

const V2: &str = "kmharish/parrot-app:v2.2";
const V3: &str = "kmharish/parrot-app:v3.0";
const AT: &str = "2026-01-01T00:00:00Z";

/// A candidate that waits, and another app beside it.
async fn waiting() -> Result<Stand> {
    let stand = Stand::new().await?;
    let ports = json!([{"port": 80}]);
    let spec = json!({"selector": {"app": "owl"}, "ports": ports});
    let service = json!({"metadata": {"name": "owl"}, "spec": spec});
    let pods = json!({
        "metadata": {"labels": {"app": "owl"}},
        "spec": {"containers": [{"name": "owl", "image": "owl:v1"}]},
    });
    let spec = json!({"selector": {"matchLabels": {"app": "owl"}}, "template": pods});
    let deployment = json!({"metadata": {"name": "owl"}, "spec": spec});
    for (kind, version, mut object) in
        [("Service", "v1", service), ("Deployment", "apps/v1", deployment)]
    {
        object["kind"] = kind.into();
        object["apiVersion"] = version.into();
        stand.field.create(object).await?;
    }
    stand.field.has_ready("owl", 1).await?;
    stand.field.detached(V2).await?;
    Ok(stand)
}

/// Nothing of the other app is any different.
async fn has_left_the_owl_alone(field: &Field) -> Result<()> {
    let service = field.get(Kind::Service, "owl").await?;
    ensure!(service["spec"]["selector"] == json!({"app": "owl"}), "{service:#}");
    let owl = field.get(Kind::Deployment, "owl").await?;
    ensure!(owl["metadata"]["generation"] == 1, "{owl:#}");
    Ok(())
}

/// It is a person's yes, as promote writes it.
#[tokio::test(start_paused = true)]
async fn say_yes() -> Result<()> {
    let stand = waiting().await?;
    let yes = json!({"by": "nobody", "at": AT});
    stand.forge_record(|record| record["release"]["approved"] = yes);
    let deploy = ["deploy", "parrot", "--image", V2, "--detach", "--settle", "0s"];
    stand.said(0, &deploy).await?;
    stand.field.is_live("parrot-green", V2).await
}

/// Not for what somebody has put in the place of the version that was looked at.
#[tokio::test(start_paused = true)]
async fn say_yes_to_nothing_else() -> Result<()> {
    let stand = waiting().await?;
    let container = json!({"name": "parrot", "image": V3});
    let template = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    stand.field.edit(Kind::Deployment, "parrot-green", template).await?;
    let yes = json!({"by": "nobody", "at": AT});
    stand.forge_record(|record| record["release"]["approved"] = yes);
    let deploy = ["deploy", "parrot", "--image", V2, "--detach"];
    stand.said(7, &deploy).await?;
    stand.field.is_live("parrot", "kmharish/parrot-app:v1.2").await
}

#[tokio::test(start_paused = true)]
async fn lead_no_other_service() -> Result<()> {
    for (code, words) in [(10, ["promote", "parrot"]), (0, ["abort", "parrot"])] {
        let stand = waiting().await?;
        stand.forge_record(|record| record["service"] = "owl".into());
        stand.said(code, &words).await?;
        has_left_the_owl_alone(&stand.field).await?;
        stand.field.is_live("parrot", "kmharish/parrot-app:v1.2").await?;
    }
    Ok(())
}

/// A slot that was put away gets back a template of its own, or stays put away.
#[tokio::test(start_paused = true)]
async fn start_no_template_of_anothers() -> Result<()> {
    let stand = waiting().await?;
    let owl =
        stand.field.list(Kind::ReplicaSet).await?.into_iter().find(|set| {
            set["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("owl-"))
        });
    let owl = owl.context("the owl has no ReplicaSet")?;
    let before = json!({"replicaSet": owl["metadata"]["name"], "replicas": 3});
    stand.forge_record(|record| record["release"]["before"] = before);
    stand.said(0, &["abort", "parrot"]).await?;
    ensure!(stand.field.replicas("parrot-green").await? == Some(0), "it runs");
    let template = stand.field.template("parrot-green").await?;
    ensure!(template["spec"]["containers"][0]["image"] == V2, "{template:#}");
    has_left_the_owl_alone(&stand.field).await
}

/// A host is served by nobody until somebody says init, and says it then.
#[tokio::test(start_paused = true)]
async fn name_a_host_that_an_init_serves() -> Result<()> {
    let stand = waiting().await?;
    stand.forge_record(|record| record["previewHost"] = "owl.example.com".into());
    let hosts = async || -> Result<String> {
        let ingress = stand.field.get(Kind::Ingress, "parrot-preview").await?;
        Ok(Value::to_string(&ingress["spec"]["rules"]))
    };
    stand.said(10, &["promote", "parrot"]).await?;
    ensure!(!hosts().await?.contains("owl"), "it is served");
    stand.said(0, &["init", "parrot"]).await?;
    ensure!(hosts().await?.contains("owl"), "it is not served");
    Ok(())
}
