//! What this user may do, as the API server says.

use std::time::Duration;

use futures_util::future::try_join_all;
use http::Method;
use serde_json::{Value, json};

use super::{CallError, Cluster};
use crate::release::checks::rights::Right;

const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

/// Which of these rights are missing. All rules at once are one question, but not every authorizer can
/// list its rules: what they do not show is asked about, each by itself and all at the same time.
pub async fn missing(cluster: &Cluster, wanted: Vec<Right>) -> Result<Vec<Right>, CallError> {
    let rules = rules(cluster).await?;
    let unsure = wanted.into_iter().filter(|right| !right.is_in(&rules));
    let asked = try_join_all(
        unsure.map(async |right| may(cluster, &right).await.map(|may| (!may).then_some(right))),
    );
    Ok(asked.await?.into_iter().flatten().collect())
}

async fn rules(cluster: &Cluster) -> Result<Vec<Value>, CallError> {
    let spec = json!({ "namespace": cluster.namespace });
    match review(cluster, "SelfSubjectRulesReview", "selfsubjectrulesreviews", spec).await {
        Ok(mut status) => {
            Ok(status["resourceRules"].as_array_mut().map(std::mem::take).unwrap_or_default())
        }
        Err(error @ CallError::Refused { .. }) if !error.is_unauthenticated() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn may(cluster: &Cluster, right: &Right) -> Result<bool, CallError> {
    let spec = json!({ "resourceAttributes": right.attributes(&cluster.namespace) });
    let status =
        review(cluster, "SelfSubjectAccessReview", "selfsubjectaccessreviews", spec).await?;
    Ok(status["allowed"] == true)
}

async fn review(
    cluster: &Cluster,
    kind: &str,
    plural: &str,
    spec: Value,
) -> Result<Value, CallError> {
    let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
    let body = ("application/json", body.to_string().into_bytes());
    let url = format!("{REVIEWS}/{plural}");
    let mut reply = cluster.call(Method::POST, &url, Some(body), ANSWERED_WITHIN).await?;
    Ok(reply["status"].take())
}
