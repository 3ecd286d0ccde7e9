//! The only writer.

use std::time::Duration;

use futures_util::future::try_join_all;
use http::Method;
use serde_json::{Value, json};

use super::{CallError, Cluster, refusal};
use crate::model::{Write, name};
use crate::release::Step;
use crate::release::checks::{DryRun, Reply};

const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// As kubectl does it: a field that the API server does not know is an error, and not dropped.
const QUERY: &str = "fieldManager=bluegreen&fieldValidation=Strict";
const DRY_RUN: &str = "dryRun=All";
const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";

/// What is to become of a write that the API server takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Done,
    Tried,
}

impl Cluster {
    /// Carries out one write and returns the object as it is then; nothing for a deletion.
    pub async fn execute(&self, write: &Write) -> Result<Option<Value>, CallError> {
        self.send(write, Manner::Done).await
    }

    /// Has the API server check a write, admission included, without carrying it out.
    pub async fn dry_run(&self, write: &Write) -> Result<Option<Value>, CallError> {
        self.send(write, Manner::Tried).await
    }

    async fn send(&self, write: &Write, manner: Manner) -> Result<Option<Value>, CallError> {
        let id = write.id();
        let query = match manner {
            Manner::Done => QUERY.to_owned(),
            Manner::Tried => format!("{QUERY}&{DRY_RUN}"),
        };
        let reply = match write {
            Write::Create { object, .. } => {
                let url = format!("{}?{query}", self.path(id.kind, None));
                let made = self.call(Method::POST, &url, Some((JSON, bytes(object))), WRITE_WITHIN);
                made.await.map_err(|error| refusal::hushed(error, object))?
            }
            Write::Patch { patch, .. } => {
                let url = format!("{}?{query}", self.path(id.kind, Some(&id.name)));
                let patch = serde_json::to_value(patch).expect("a patch is plain data");
                let body = Some((JSON_PATCH, bytes(&patch)));
                let patched = self.call(Method::PATCH, &url, body, WRITE_WITHIN);
                patched.await.map_err(|error| refusal::hushed(error, &patch))?
            }
            Write::Delete { at, .. } => {
                let mut options = json!({
                    "apiVersion": "v1",
                    "kind": "DeleteOptions",
                    "preconditions": {"uid": at.uid, "resourceVersion": at.resource_version},
                    "propagationPolicy": "Background",
                });
                // A deletion with a body takes all its options from that: it would be carried out,
                // whatever its query says.
                if manner == Manner::Tried {
                    options["dryRun"] = json!(["All"]);
                }
                let url = self.path(id.kind, Some(&id.name));
                let body = Some((JSON, bytes(&options)));
                self.call(Method::DELETE, &url, body, WRITE_WITHIN).await?;
                return Ok(None);
            }
        };
        // Whatever else it is, it does not prove that this was carried out.
        let is_it = reply["kind"] == id.kind.to_string() && name(&reply) == id.name;
        is_it.then_some(Some(reply)).ok_or_else(CallError::foreign)
    }
}

/// Has the API server check steps, all at the same time, and takes in what it says.
pub async fn dry_run(cluster: &Cluster, steps: Vec<Step>) -> Result<Vec<DryRun>, CallError> {
    try_join_all(steps.into_iter().map(async |step| {
        let reply = tried(cluster, &step.write).await?;
        Ok(DryRun { step, reply })
    }))
    .await
}

/// What it says to one write. An error where it does not know who asks.
pub async fn tried(cluster: &Cluster, write: &Write) -> Result<Reply, CallError> {
    Ok(match cluster.dry_run(write).await {
        Ok(object) => Reply::Taken { object },
        Err(error) if error.is_unauthenticated() => return Err(error),
        Err(error) if error.is_about_rights() => Reply::Forbidden,
        Err(CallError::Refused { code, message, faults, .. }) => {
            Reply::Refused { code, message, faults }
        }
        Err(error) => Reply::Lost { why: error.to_string() },
    })
}

/// The same, of nothing if there is none.
pub async fn reply_if_any(
    cluster: &Cluster,
    write: Option<&Write>,
) -> Result<Option<Reply>, CallError> {
    match write {
        Some(write) => tried(cluster, write).await.map(Some),
        None => Ok(None),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
