//! What people do to an app's objects while bluegreen knows of nothing.

use anyhow::{Context, Result};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use crate::acceptance::Field;
use crate::acceptance::field::backend;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    AnotherPath,
    AnotherHost,
    IngressMadeAgain,
    IngressDeleted,
    LiveScaled,
    LiveEdited,
    LiveDeleted,
    CandidateEdited,
    CandidateDeleted,
    ServicePort,
    ServiceElsewhere,
    ServiceDeleted,
    RecordDeleted,
    Applied,
}

impl Change {
    pub fn words(self) -> &'static str {
        match self {
            Change::AnotherPath => "another path in the Ingress",
            Change::AnotherHost => "another host in the Ingress",
            Change::IngressMadeAgain => "the Ingress is deleted and created again unchanged",
            Change::IngressDeleted => "the Ingress is deleted",
            Change::LiveScaled => "the live Deployment is scaled up",
            Change::LiveEdited => "the live Deployment gets another image",
            Change::LiveDeleted => "the live Deployment is deleted",
            Change::CandidateEdited => "the candidate gets another image",
            Change::CandidateDeleted => "the candidate is deleted",
            Change::ServicePort => "the live Service gets another port",
            Change::ServiceElsewhere => "the live Service selects other pods",
            Change::ServiceDeleted => "the live Service is deleted",
            Change::RecordDeleted => "the record is deleted",
            Change::Applied => "the article's manifest is applied again",
        }
    }

    /// `live` and `candidate` are Deployments, as they were when the release started.
    pub async fn done(self, field: &Field, (live, candidate): (&str, &str)) -> Result<()> {
        match self {
            Change::AnotherPath => {
                let mut rules = rules(field).await?;
                let mut other = backend("somebody-elses");
                other["path"] = json!("/other");
                let paths = rules[0]["http"]["paths"].as_array_mut().context("no paths")?;
                paths.push(other);
                let edit = json!({"spec": {"rules": rules}});
                field.edit(Kind::Ingress, "parrot", edit).await.map(drop)
            }
            Change::AnotherHost => {
                let mut rules = rules(field).await?;
                rules[0]["host"] = json!("birds.example.com");
                let edit = json!({"spec": {"rules": rules}});
                field.edit(Kind::Ingress, "parrot", edit).await.map(drop)
            }
            Change::IngressMadeAgain => {
                let mut ingress = field.get(Kind::Ingress, "parrot").await?;
                field.delete(Kind::Ingress, "parrot").await?;
                let metadata = ingress["metadata"].as_object_mut().context("no metadata")?;
                metadata.retain(|field, _| ["name", "labels", "annotations"].contains(&&field[..]));
                ingress["kind"] = json!("Ingress");
                ingress["apiVersion"] = json!(Kind::Ingress.api_version());
                ingress["status"] = json!({});
                field.create(ingress).await.map(drop)
            }
            Change::IngressDeleted => field.delete(Kind::Ingress, "parrot").await.map(drop),
            Change::LiveScaled => {
                field.edit(Kind::Deployment, live, json!({"spec": {"replicas": 3}})).await.map(drop)
            }
            Change::LiveEdited => edited(field, live).await,
            Change::CandidateEdited => edited(field, candidate).await,
            Change::LiveDeleted => field.delete(Kind::Deployment, live).await.map(drop),
            Change::CandidateDeleted => field.delete(Kind::Deployment, candidate).await.map(drop),
            Change::ServicePort => {
                let service = field.get(Kind::Service, "parrot").await?;
                let mut ports = service["spec"]["ports"].clone();
                ports[0]["name"] = json!("http");
                let metrics = json!({"name": "metrics", "port": 9090, "targetPort": 9090});
                ports.as_array_mut().context("no ports")?.push(metrics);
                let edit = json!({"spec": {"ports": ports}});
                field.edit(Kind::Service, "parrot", edit).await.map(drop)
            }
            Change::ServiceElsewhere => {
                let selector = json!({"spec": {"selector": {"app": "somebody-elses"}}});
                field.edit(Kind::Service, "parrot", selector).await.map(drop)
            }
            Change::ServiceDeleted => field.delete(Kind::Service, "parrot").await.map(drop),
            Change::RecordDeleted => {
                field.delete(Kind::ConfigMap, "bluegreen-parrot").await.map(drop)
            }
            Change::Applied => applied(field).await,
        }
    }
}

async fn rules(field: &Field) -> Result<Value> {
    Ok(field.get(Kind::Ingress, "parrot").await?["spec"]["rules"].take())
}

async fn edited(field: &Field, deployment: &str) -> Result<()> {
    let ports = json!([{"containerPort": 3000}]);
    let image = json!([{"name": "parrot", "image": "kmharish/parrot-app:v9", "ports": ports}]);
    let template = json!({"spec": {"template": {"spec": {"containers": image}}}});
    field.edit(Kind::Deployment, deployment, template).await.map(drop)
}

/// What it says is set, the rest stays, as `kubectl apply` has it.
pub async fn applied(field: &Field) -> Result<()> {
    let manifest = include_str!("../../../examples/parrot/parrot.yaml");
    for mut object in serde_saphyr::from_multiple::<Value>(manifest)? {
        let kind = match object["kind"].as_str() {
            Some("Deployment") => Kind::Deployment,
            _ => Kind::Ingress,
        };
        let name = object["metadata"]["name"].as_str().context("no name")?.to_owned();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        match field.find(kind, &name).await? {
            Some(_) => field.edit(kind, &name, object).await?,
            None => field.create(object).await?,
        };
    }
    Ok(())
}
