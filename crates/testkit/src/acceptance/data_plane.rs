//! What obeys the app's Ingress, and what an Ingress of ours may be there.

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use http::Method;
use serde_json::{Value, json};

use super::command::Said;
use super::field::{Field, V1, V2, backend};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    annotations_that_name_the_app_follow_its_backends,
    a_load_balancer_of_a_cloud_is_refused,
    who_was_released_there_before_goes_back,
    an_app_for_few_is_released_where_no_ingress_of_ours_is_needed,
    a_controller_that_nobody_knows_is_told,
    a_preview_host_of_another_namespace_is_refused,
    a_preview_for_everybody_of_an_app_for_few_is_refused,
    the_certificate_of_a_preview_is_the_users,
];

const CLASSES: &str = "/apis/networking.k8s.io/v1/ingressclasses";

/// A class of this namespace's own, and the app's Ingress is of it.
async fn with_class(field: &Field, controller: &str) -> Result<String> {
    let class = format!("{}-class", field.namespace);
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": class}, "spec": {"controller": controller},
    });
    field.send(Method::POST, CLASSES.to_owned(), Some(object)).await?;
    let of_it = json!({"spec": {"ingressClassName": class}});
    field.edit(Kind::Ingress, "parrot", of_it).await?;
    Ok(class)
}

async fn without_class(field: &Field, class: &str) -> Result<()> {
    field.send(Method::DELETE, format!("{CLASSES}/{class}"), None).await.map(drop)
}

fn found(said: &Said, check: &str) -> Result<Value> {
    let report: Value = serde_json::from_str(&said.out)?;
    let checks = report["checks"].as_array().context("no checks")?;
    Ok(checks.iter().find(|found| found["name"] == check).context("no such check")?.clone())
}

/// Neither `check` nor `init` goes on, and nothing is written.
async fn is_refused(field: &Field, says: &str) -> Result<()> {
    let check = field.exits(10, "check parrot").await?;
    let what = found(&check, "ingress-class")?["what"].to_string();
    ensure!(what.contains(says), "{what}");
    let init = field.exits(10, "init parrot").await?;
    ensure!(init.err.contains(says), "{init:?}");
    ensure!(field.find(Kind::ConfigMap, "bluegreen-parrot").await?.is_none(), "init wrote");
    Ok(())
}

async fn annotations_that_name_the_app_follow_its_backends(field: Field) -> Result<()> {
    let (sockets, rewrites) = ("nginx.org/websocket-services", "nginx.org/rewrites");
    let rewrite = |service: &str| format!("serviceName={service} rewrite=/");
    let annotated = json!({sockets: "parrot", rewrites: rewrite("parrot")});
    field.edit(Kind::Ingress, "parrot", json!({"metadata": {"annotations": annotated}})).await?;
    let name = async |service: &str| -> Result<()> {
        ensure!(field.backend("parrot").await? == service, "the backend");
        let ingress = field.get(Kind::Ingress, "parrot").await?;
        let annotations = &ingress["metadata"]["annotations"];
        ensure!(annotations[sockets] == service, "{annotations:#}");
        ensure!(annotations[rewrites] == rewrite(service), "{annotations:#}");
        Ok(())
    };
    let said = field.exits(0, "check parrot").await?;
    let told = found(&said, "ingress-annotations")?;
    ensure!(told["verdict"] == "pass" && told["what"].to_string().contains(sockets), "{told:#}");
    field.initialised().await?;
    field.released(V2).await?;
    name("parrot-green").await?;
    field.exits(0, "rollback parrot").await?;
    name("parrot-blue").await?;
    // Back before anybody was led away for good.
    let deploy = field.command(&format!("deploy parrot --image {V2} --yes --drain 40s"));
    let abort = async {
        name("parrot-green").await?;
        field.exits(0, "abort parrot").await
    };
    deploy.meanwhile(5, super::command::done("start-drain"), abort).await?;
    name("parrot-blue").await?;
    field.is_live("parrot", V1).await
}

async fn a_load_balancer_of_a_cloud_is_refused(field: Field) -> Result<()> {
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"ingressClassName": "alb"}})).await?;
    is_refused(&field, "of class alb, which the AWS Load Balancer Controller serves").await?;
    // Whatever its class is called.
    let class = with_class(&field, "ingress.k8s.aws/alb").await?;
    is_refused(&field, &format!("serves, as IngressClass {class} says")).await?;
    // One that was taken in before is released no more.
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"ingressClassName": "nginx"}})).await?;
    field.initialised().await?;
    field.edit(Kind::Ingress, "parrot", json!({"spec": {"ingressClassName": class}})).await?;
    let before = field.versions().await?;
    for more in ["--yes", "--dry-run=server"] {
        let said = field.exits(10, &format!("deploy parrot --image {V2} {more}")).await?;
        ensure!(said.err.contains("would order another load balancer"), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    without_class(&field, &class).await
}

/// By an older version say, which did not refuse it. Nor is anything of a version to be hidden that was live.
async fn who_was_released_there_before_goes_back(field: Field) -> Result<()> {
    let host = format!("{}.example.com", field.namespace);
    field.exits(0, &format!("init parrot --preview-host {host}")).await?;
    field.released(V2).await?;
    let cloud = json!({"spec": {"ingressClassName": "alb"}});
    field.edit(Kind::Ingress, "parrot", cloud.clone()).await?;
    field.edit(Kind::Ingress, "parrot-preview", cloud).await?;
    field.exits(10, &format!("deploy parrot --image {V1} --yes")).await?;
    let status: Value = serde_json::from_str(&field.exits(0, "status parrot -o json").await?.out)?;
    ensure!(status["next"].to_string().contains("rollback"), "{status:#}");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await?;
    let asking = json!({"metadata": {"annotations": {
        "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com",
    }}});
    let nginx = json!({"spec": {"ingressClassName": "nginx"}});
    field.edit(Kind::Ingress, "parrot-preview", nginx.clone()).await?;
    field.edit(Kind::Ingress, "parrot", nginx).await?;
    field.edit(Kind::Ingress, "parrot", asking).await?;
    let said = field.exits(10, &format!("deploy parrot --image {V2} --yes")).await?;
    ensure!(said.err.contains("does not let everybody in"), "{said:?}");
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot-green", V2).await
}

/// Who goes on with a release knows as well as who began it what is needed there.
async fn an_app_for_few_is_released_where_no_ingress_of_ours_is_needed(field: Field) -> Result<()> {
    let class = with_class(&field, "nginx.org/ingress-controller").await?;
    let few = json!({"metadata": {"annotations": {"nginx.org/policies": "people"}}});
    field.edit(Kind::Ingress, "parrot", few).await?;
    let said = field.exits(0, "check parrot").await?;
    ensure!(found(&said, "preview-access")?["verdict"] == "pass", "{said:?}");
    field.initialised().await?;
    field.exits(0, &format!("deploy parrot --image {V2} --detach")).await?;
    field.exits(0, "promote parrot").await?;
    field.is_live("parrot-green", V2).await?;
    field.exits(0, "rollback parrot").await?;
    field.is_live("parrot", V1).await?;
    ensure!(field.find(Kind::Ingress, "parrot-preview").await?.is_none(), "one was made");
    let said = field.exits(0, "init parrot").await?;
    ensure!(!said.wrote(), "{said:?}");
    // A host for people needs one.
    let init = format!("init parrot --preview-host {}.example.com", field.namespace);
    let said = field.exits(10, &init).await?;
    ensure!(said.err.contains("init without a preview host first"), "{said:?}");
    without_class(&field, &class).await
}

async fn a_controller_that_nobody_knows_is_told(field: Field) -> Result<()> {
    let class = with_class(&field, "example.com/gate").await?;
    let said = field.exits(0, "init parrot").await?;
    let warned = said.events.iter().find(|event| event["event"] == "warned");
    let warned = warned.with_context(|| format!("no warning: {said:?}"))?;
    let what = warned["what"].to_string();
    ensure!(what.contains("whose controller, example.com/gate, bluegreen does not know"), "{what}");
    ensure!(what.contains("it isn't known whether a switch loses requests there"), "{what}");
    field.exits(0, "check parrot").await?;
    without_class(&field, &class).await
}

async fn a_preview_host_of_another_namespace_is_refused(field: Field) -> Result<()> {
    let (other, host) =
        (format!("{}-other", field.namespace), format!("{}.example.com", field.namespace));
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}});
    field.send(Method::POST, "/api/v1/namespaces".to_owned(), Some(namespace)).await?;
    let rule = json!({"host": host, "http": {"paths": [backend("web")]}});
    let web = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"ingressClassName": "nginx", "rules": [rule]},
    });
    let there = Field::new(field.client.clone(), &other);
    there.create(web).await?;
    let init = format!("init parrot --preview-host {host}");
    let said = field.exits(10, &init).await?;
    ensure!(
        said.err.contains(&format!("Ingress web in namespace {other} serves {host}")),
        "{said:?}"
    );
    ensure!(field.find(Kind::ConfigMap, "bluegreen-parrot").await?.is_none(), "init wrote");
    there.delete(Kind::Ingress, "web").await?;
    field.exits(0, &init).await?;
    // One that comes later stops the next release.
    let rule = json!({"host": host, "http": {"paths": [backend("web")]}});
    there
        .create(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
            "spec": {"ingressClassName": "nginx", "rules": [rule]},
        }))
        .await?;
    for line in ["check parrot".to_owned(), format!("deploy parrot --image {V2} --yes")] {
        let said = field.exits(10, &line).await?;
        ensure!(format!("{said:?}").contains(&format!("namespace {other} serves")), "{said:?}");
    }
    field.send(Method::DELETE, format!("/api/v1/namespaces/{other}"), None).await.map(drop)
}

async fn a_preview_for_everybody_of_an_app_for_few_is_refused(field: Field) -> Result<()> {
    let asking = json!({"metadata": {"annotations": {
        "nginx.ingress.kubernetes.io/auth-type": "basic",
        "nginx.ingress.kubernetes.io/auth-secret": "people",
    }}});
    field.edit(Kind::Ingress, "parrot", asking.clone()).await?;
    let init = format!("init parrot --preview-host {}.example.com", field.namespace);
    let said = field.exits(10, &init).await?;
    ensure!(said.err.contains("init without a preview host first"), "{said:?}");
    // As it says.
    field.initialised().await?;
    let said = field.exits(10, &init).await?;
    ensure!(said.err.contains("kubectl annotate ingress parrot-preview"), "{said:?}");
    field.edit(Kind::Ingress, "parrot-preview", asking).await?;
    field.exits(0, &init).await?;
    let said = field.exits(0, "check parrot").await?;
    ensure!(found(&said, "preview-access")?["verdict"] == "pass", "{said:?}");
    Ok(())
}

async fn the_certificate_of_a_preview_is_the_users(field: Field) -> Result<()> {
    let host = format!("{}.example.com", field.namespace);
    field.exits(0, &format!("init parrot --preview-host {host}")).await?;
    let own = json!([{"hosts": [host], "secretName": "own"}]);
    field.edit(Kind::Ingress, "parrot-preview", json!({"spec": {"tls": own}})).await?;
    let tls = async || -> Result<Value> {
        Ok(field.get(Kind::Ingress, "parrot-preview").await?["spec"]["tls"].take())
    };
    field.exits(0, "check parrot").await?;
    for line in ["init parrot".to_owned(), format!("init parrot --preview-host {host}")] {
        let said = field.exits(0, &line).await?;
        ensure!(!said.wrote() && tls().await? == own, "{said:?}");
    }
    let said = field.exits(0, &format!("deploy parrot --image {V2} --detach")).await?;
    let site = format!("https://{host}");
    ensure!(said.has(|event| event.to_string().contains(&site)), "{said:?}");
    field.exits(0, "promote parrot").await?;
    ensure!(tls().await? == own, "a release has changed it");
    field.exits(0, "init parrot --preview-tls-secret green-tls").await?;
    ensure!(tls().await?[0]["secretName"] == "green-tls", "{:#}", tls().await?);
    let said = field.exits(0, "init parrot").await?;
    ensure!(!said.wrote(), "{said:?}");
    field.exits(0, "init parrot --preview-tls-secret none").await?;
    ensure!(tls().await?.is_null(), "{:#}", tls().await?);
    Ok(())
}
