//! What other controllers do with an app's pods: the objects of kinds that a cluster may have or not. One
//! question tells which of them it has, and each of those is a list.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use http::Method;
use serde_json::{Value, json};

use super::{CallError, Cluster};
use crate::model::{Optional, Others, Unknown};

/// What holds up a release no longer: it begins without having seen it, and says so.
const ANSWERED_WITHIN: Duration = Duration::from_secs(4);

/// The resources of all groups at once; of older servers the groups alone.
const DISCOVERY: &str = "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,\
                         application/json;v=v2beta1;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,\
                         application/json";

/// The objects of these kinds, as far as one can know. `widely`: of some in all namespaces, for who may list
/// them there.
pub async fn read(cluster: &Cluster, wanted: &[Optional], widely: bool) -> Others {
    let mut others = Others::default();
    if wanted.is_empty() {
        return others;
    }
    let discovery = match discovered(cluster, wanted).await {
        Ok(discovery) => discovery,
        Err(error) => {
            let why = format!("the API server does not say which kinds it has: {error}");
            for kind in wanted {
                others.insert(*kind, Err(Unknown::Failed { why: why.clone() }));
            }
            return others;
        }
    };
    let there = wanted.iter().filter_map(|kind| Some((*kind, place(&discovery, *kind)?)));
    let lists = there.map(async |(kind, place)| {
        let all = match widely && kind.reaches_out() {
            true => Some(everywhere(cluster, kind, &place).await),
            false => None,
        };
        // One list has those of the app's namespace, too.
        if let Some(Some((own, elsewhere))) = all {
            return (kind, Ok(own), Some(Some(elsewhere)));
        }
        (kind, list(cluster, kind, &place).await, all.map(|_| None))
    });
    for (kind, list, elsewhere) in join_all(lists).await {
        others.insert(kind, list);
        if let Some(elsewhere) = elsewhere {
            others.insert_elsewhere(kind, elsewhere);
        }
    }
    others
}

/// All of a kind, those of the app's namespace apart; nothing where they can't be listed.
async fn everywhere(
    cluster: &Cluster,
    kind: Optional,
    (group, version): &(&'static str, String),
) -> Option<(Vec<Value>, Vec<Value>)> {
    let url = format!("/apis/{group}/{version}/{}", kind.plural());
    let mut list = cluster.call(Method::GET, &url, None, ANSWERED_WITHIN).await.ok()?;
    let items = list["items"].as_array_mut().map(std::mem::take)?;
    let is_own = |item: &Value| item["metadata"]["namespace"] == cluster.namespace.as_str();
    Some(items.into_iter().partition(is_own))
}

/// What it has, by group, version and resource. Of older servers, which tell the groups alone, each group is
/// asked that may have one of these kinds.
async fn discovered(cluster: &Cluster, wanted: &[Optional]) -> Result<Value, CallError> {
    let told = cluster.ask("/apis", DISCOVERY, ANSWERED_WITHIN).await?;
    let Some(groups) = told["groups"].as_array() else { return Ok(told) };
    let may_have = |group: &&Value| {
        let mut wanted = wanted.iter().flat_map(|kind| kind.groups());
        wanted.any(|wanted| group["name"] == *wanted)
    };
    let asked = groups.iter().filter(may_have).map(async |group| {
        let version = &group["preferredVersion"];
        let url = format!("/apis/{}", version["groupVersion"].as_str().unwrap_or_default());
        let mut list = cluster.ask(&url, "application/json", ANSWERED_WITHIN).await?;
        for resource in list["resources"].as_array_mut().into_iter().flatten() {
            resource["resource"] = resource["name"].take();
        }
        let version = json!({ "version": version["version"], "resources": list["resources"] });
        Ok(json!({ "metadata": { "name": group["name"] }, "versions": [version] }))
    });
    Ok(json!({ "items": try_join_all(asked).await? }))
}

/// The API server's version, major and minor, if it says it.
pub async fn server(cluster: &Cluster) -> Option<(u64, u64)> {
    let version = cluster.ask("/version", "application/json", ANSWERED_WITHIN).await.ok()?;
    let number = |field: &str| {
        // Some add a plus: it is another's build of it.
        version[field].as_str()?.trim_end_matches('+').parse().ok()
    };
    Some((number("major")?, number("minor")?))
}

/// Group and version under which a kind is to be had, the preferred ones; none if it is not there.
fn place(groups: &Value, kind: Optional) -> Option<(&'static str, String)> {
    kind.groups().iter().find_map(|group| Some((*group, version(groups, group, kind.plural())?)))
}

fn version(discovery: &Value, group: &str, plural: &str) -> Option<String> {
    let groups = discovery["items"].as_array()?;
    let found = groups.iter().find(|it| it["metadata"]["name"] == group)?;
    let has = |version: &&Value| {
        let resources = version["resources"].as_array();
        resources.into_iter().flatten().any(|resource| resource["resource"] == plural)
    };
    let version = found["versions"].as_array()?.iter().find(has)?;
    version["version"].as_str().map(str::to_owned)
}

async fn list(
    cluster: &Cluster,
    kind: Optional,
    (group, version): &(&'static str, String),
) -> Result<Vec<Value>, Unknown> {
    let (plural, namespace) = (kind.plural(), &cluster.namespace);
    let resource = format!("{plural}.{group}");
    let url = format!("/apis/{group}/{version}/namespaces/{namespace}/{plural}");
    match cluster.call(Method::GET, &url, None, ANSWERED_WITHIN).await {
        Ok(mut list) => match list["items"].as_array_mut() {
            Some(items) => Ok(std::mem::take(items)),
            None => Err(failed(&resource, &CallError::foreign())),
        },
        // It has gone since.
        Err(CallError::Refused { code: 404, .. }) => Ok(Vec::new()),
        Err(error) if error.is_about_rights() => Err(Unknown::Forbidden { resource }),
        Err(error) => Err(failed(&resource, &error)),
    }
}

fn failed(resource: &str, error: &CallError) -> Unknown {
    Unknown::Failed { why: format!("{resource} can't be listed: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_version_that_has_a_kind_is_asked() {
        let resources = |names: &[&str]| {
            let all = names.iter().map(|name| json!({"resource": name, "verbs": ["list"]}));
            all.collect::<Vec<_>>()
        };
        let groups = json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {"name": "security.istio.io"}, "versions": [
                {"version": "v1", "resources": resources(&["authorizationpolicies"])},
                {"version": "v1beta1",
                 "resources": resources(&["authorizationpolicies", "peerauthentications"])},
            ]},
            {"metadata": {"name": "projectcalico.org"}, "versions": [
                // Its own API server does not answer.
                {"version": "v3", "resources": [], "freshness": "Stale"},
            ]},
            {"metadata": {"name": "crd.projectcalico.org"}, "versions": [
                {"version": "v1", "resources": resources(&["networkpolicies"])},
            ]},
        ]});
        for (kind, wanted) in [
            (Optional::AuthorizationPolicy, Some(("security.istio.io", "v1"))),
            (Optional::PeerAuthentication, Some(("security.istio.io", "v1beta1"))),
            (Optional::RequestAuthentication, None),
            (Optional::CalicoNetworkPolicy, Some(("crd.projectcalico.org", "v1"))),
            (Optional::Canary, None),
        ] {
            let found = place(&groups, kind);
            let found = found.as_ref().map(|(group, version)| (*group, version.as_str()));
            assert_eq!(found, wanted, "{kind}");
        }
    }
}
