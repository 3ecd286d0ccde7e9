//! A new version that lacks a port which a Service of the app leads to.

use std::io::Write;

use anyhow::{Result, ensure};
use bluegreen::model::Kind;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::command::Said;
use super::field::{Field, V1, V2};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    a_renamed_port_is_refused,
    a_port_that_only_a_follower_asks_for_is_refused,
    a_number_that_is_listed_no_more_is_warned_of,
    a_service_that_comes_up_later_holds_up_the_switch,
];

fn http() -> Value {
    json!({"name": "http", "containerPort": 3000})
}

fn container(image: &str, ports: &[Value]) -> Value {
    json!({"name": "parrot", "image": image, "ports": ports})
}

fn service(name: &str, port: u64, target: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": "parrot"}, "ports": [{"port": port, "targetPort": target}]}})
}

/// The live version, with such ports, and a Service that leads to one of them.
async fn with_ports(field: &Field, ports: &[Value], target: &Value) -> Result<()> {
    let template = json!({"spec": {"template": {"spec": {"containers": [container(V1, ports)]}}}});
    field.edit(Kind::Deployment, "parrot", template).await?;
    field.create(service("parrot", 80, target)).await?;
    field.has_ready("parrot", 1).await
}

/// A manifest of the second version.
fn manifest(ports: &[Value]) -> Result<NamedTempFile> {
    let labels = json!({"app": "parrot"});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "parrot"},
        "spec": {"selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [container(V2, ports)]},
        }},
    });
    let mut file = NamedTempFile::new()?;
    file.write_all(deployment.to_string().as_bytes())?;
    Ok(file)
}

/// A deploy of a manifest, and its rehearsal.
fn lines(file: &NamedTempFile) -> [String; 2] {
    let path = file.path().display();
    ["--dry-run=server", "--drain 1s"].map(|more| format!("deploy parrot -f {path} --yes {more}"))
}

fn warned(said: &Said) -> Vec<&str> {
    let warned = said.events.iter().filter(|event| event["event"] == "warned");
    warned.filter_map(|event| event["check"].as_str()).collect()
}

async fn is_refused(field: &Field, ports: &[Value], says: &str) -> Result<()> {
    let before = field.versions().await?;
    for line in lines(&manifest(ports)?) {
        let said = field.exits(2, &line).await?;
        ensure!(said.err.contains(says), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn a_renamed_port_is_refused(field: Field) -> Result<()> {
    with_ports(&field, &[http()], &json!("http")).await?;
    field.initialised().await?;
    let says = "targetPort http of Service parrot is no port of the new template";
    let renamed = json!({"name": "web", "containerPort": 3000});
    is_refused(&field, std::slice::from_ref(&renamed), says).await?;
    // Beside the old name it may have any other.
    let both = manifest(&[http(), renamed])?;
    let [_, deploy] = lines(&both);
    field.exits(0, &deploy).await?;
    field.is_live("parrot-green", V2).await
}

async fn a_port_that_only_a_follower_asks_for_is_refused(field: Field) -> Result<()> {
    let grpc = json!({"name": "grpc", "containerPort": 9090});
    with_ports(&field, &[http(), grpc], &json!("http")).await?;
    field.create(service("rpc", 9090, &json!("grpc"))).await?;
    field.initialised().await?;
    let renamed = json!({"name": "rpc", "containerPort": 9090});
    let says = "targetPort grpc of Service rpc is no port of the new template";
    is_refused(&field, &[http(), renamed], says).await
}

async fn a_number_that_is_listed_no_more_is_warned_of(field: Field) -> Result<()> {
    with_ports(&field, &[http()], &json!(3000)).await?;
    field.initialised().await?;
    let moved = manifest(&[json!({"name": "http", "containerPort": 3001})])?;
    for line in lines(&moved) {
        let said = field.exits(0, &line).await?;
        ensure!(warned(&said) == ["service-ports"], "{said:?}");
    }
    field.is_live("parrot-green", V2).await
}

/// While the candidate waits somebody makes a Service for a port that only the live version has.
async fn a_service_that_comes_up_later_holds_up_the_switch(field: Field) -> Result<()> {
    let grpc = json!({"name": "grpc", "containerPort": 9090});
    with_ports(&field, &[http(), grpc], &json!("http")).await?;
    field.initialised().await?;
    let without = manifest(&[http()])?;
    let path = without.path().display();
    field.exits(0, &format!("deploy parrot -f {path} --detach")).await?;
    field.create(service("rpc", 9090, &json!("grpc"))).await?;
    let says = "Service rpc would reach 0 pods on port 9090, and reaches 1 now";
    field
        .waits("the endpoints to be there", async |field| {
            let trouble = field.status().await?["release"]["trouble"].take();
            Ok(trouble.as_str().is_some_and(|trouble| trouble.contains(says)))
        })
        .await?;
    let said = field.exits(11, "promote parrot").await?;
    ensure!(said.err.contains(says), "{said:?}");
    let promote = field.command("promote parrot --when-ready");
    let mend = async {
        ensure!(field.backend("parrot").await? == "parrot", "it was switched all the same");
        let ports = json!({"spec": {"ports": [{"port": 9090, "targetPort": 3000}]}});
        field.edit(Kind::Service, "rpc", ports).await.map(drop)
    };
    let names_it = |event: &Value| event["on"]["trouble"].as_str().is_some_and(|it| it == says);
    promote.meanwhile(0, names_it, mend).await?;
    field.is_live("parrot-green", V2).await
}
