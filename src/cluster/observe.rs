//! The only reader: what there is in the app's namespace, read concurrently.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use http::Method;
use serde_json::{Value, json};

use super::{CallError, Cluster};
use crate::error::Error;
use crate::model::{Id, Kind, MANAGED_BY, MANAGER, Objects, RELEASE, name};
use crate::release::Names;

const READ_WITHIN: Duration = Duration::from_secs(30);
const ONE_LOOK: Duration = Duration::from_secs(10);
/// What holds nobody up.
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breadth {
    /// Everything that any decision rests on.
    All,
    /// The same, and what tells whether a release may begin.
    Fitness,
    /// What a switch and a putting away rest on.
    Serving,
    /// The record alone.
    Record,
}

const SERVING: [Kind; 4] = [Kind::Deployment, Kind::Service, Kind::Ingress, Kind::EndpointSlice];
const BESIDE: [Kind; 4] =
    [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget, Kind::ReplicaSet, Kind::Pod];
const IN_THE_WAY: [Kind; 3] =
    [Kind::NetworkPolicy, Kind::PersistentVolumeClaim, Kind::ResourceQuota];

impl Breadth {
    fn kinds(self, known: &Objects) -> Vec<Kind> {
        match self {
            Breadth::Record => Vec::new(),
            // Most apps have neither.
            Breadth::Serving => {
                let has = |kind: &Kind| known.list(*kind).next().is_some();
                let size = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
                SERVING.into_iter().chain(size.into_iter().filter(has)).collect()
            }
            Breadth::All => [&SERVING[..], &BESIDE].concat(),
            Breadth::Fitness => [&SERVING[..], &BESIDE, &IN_THE_WAY].concat(),
        }
    }
}

/// Reads into `objects` what there is now. Returns, by kind, from where a watch goes on.
pub async fn read(
    cluster: &Cluster,
    names: &Names,
    breadth: Breadth,
    objects: &mut Objects,
) -> Result<BTreeMap<Kind, String>, (Kind, CallError)> {
    let lists = try_join_all(breadth.kinds(objects).into_iter().map(|kind| list(cluster, kind)));
    let record = names.record();
    let record_list = list_named(cluster, &record);
    let (record_list, lists) = futures_util::future::try_join(record_list, lists).await?;
    let mut versions = BTreeMap::new();
    for (kind, list) in lists.into_iter().chain([(record.kind, record_list)]) {
        versions.insert(kind, version_of(&list));
        objects.clear(kind);
        for item in items(kind, list) {
            objects.insert(Id::new(kind, name(&item)), item);
        }
    }
    Ok(versions)
}

/// One look, for a command that does not wait for a cluster that is away.
pub async fn read_once(
    cluster: &Cluster,
    names: &Names,
    breadth: Breadth,
) -> Result<Objects, Error> {
    let mut objects = Objects::default();
    let reading = read(cluster, names, breadth, &mut objects);
    match tokio::time::timeout(ONE_LOOK, reading).await {
        Ok(Ok(_)) => Ok(objects),
        Ok(Err((kind, error))) => Err(cluster.explain(error, &format!("list {}", kind.plural()))),
        Err(_) => {
            let why = format!("no reply within {} s", ONE_LOOK.as_secs());
            Err(cluster.explain(CallError::Lost { why }, "read"))
        }
    }
}

/// What has been said of these Ingresses, and from where a watch goes on.
pub async fn said(
    cluster: &Cluster,
    ingresses: &[String],
) -> Result<(Vec<Value>, String), CallError> {
    let selector = encode(&about(ingresses));
    let url = format!("{}?fieldSelector={selector}", cluster.path(Kind::Event, None));
    let list = listed(cluster, &url, SAID_WITHIN).await?;
    let version = version_of(&list);
    let mut events = items(Kind::Event, list);
    events.retain(|event| {
        let name = event["involvedObject"]["name"].as_str();
        ingresses.iter().any(|ingress| Some(ingress.as_str()) == name)
    });
    Ok((events, version))
}

/// The field selector of what is said of them. It has no "or": of several it lets all through.
pub fn about(ingresses: &[String]) -> String {
    const KIND: &str = "involvedObject.kind=Ingress";
    match ingresses {
        [only] => format!("{KIND},involvedObject.name={only}"),
        _ => KIND.to_owned(),
    }
}

/// The apps that have a record in the namespace.
pub async fn apps(cluster: &Cluster) -> Result<Vec<String>, CallError> {
    let path = cluster.path(Kind::ConfigMap, None);
    let url = format!("{path}?labelSelector={}", encode(&format!("{MANAGED_BY}={MANAGER}")));
    let list = listed(cluster, &url, ONE_LOOK).await?;
    let records = items(Kind::ConfigMap, list);
    let apps = records.iter().filter_map(|record| Names::app_of_record(name(record)));
    Ok(apps.map(str::to_owned).collect())
}

async fn list(cluster: &Cluster, kind: Kind) -> Result<(Kind, Value), (Kind, CallError)> {
    let mut url = cluster.path(kind, None);
    if kind == Kind::Pod {
        // Only pods of slots that a release wrote are ever looked at.
        url = format!("{url}?labelSelector={}", encode(RELEASE));
    }
    let list = listed(cluster, &url, READ_WITHIN).await;
    list.map(|list| (kind, list)).map_err(|error| (kind, error))
}

/// One object, read as a list: that tells "not there" and gives a version to watch from.
async fn list_named(cluster: &Cluster, id: &Id) -> Result<Value, (Kind, CallError)> {
    let selector = encode(&format!("metadata.name={}", id.name));
    let url = format!("{}?fieldSelector={selector}", cluster.path(id.kind, None));
    listed(cluster, &url, READ_WITHIN).await.map_err(|error| (id.kind, error))
}

/// What is no list says nothing of what there is: it must not look like an empty one.
async fn listed(cluster: &Cluster, url: &str, limit: Duration) -> Result<Value, CallError> {
    let list = cluster.call(Method::GET, url, None, limit).await?;
    let is_list = list["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    is_list.then_some(list).ok_or_else(CallError::foreign)
}

fn version_of(list: &Value) -> String {
    list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

/// The items of a list, which do not say their kind; alone they do.
fn items(kind: Kind, mut list: Value) -> Vec<Value> {
    let items = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let items = items.into_iter().map(|mut item| {
        item["apiVersion"] = json!(kind.api_version());
        item["kind"] = json!(kind.to_string());
        item
    });
    items.collect()
}

pub(super) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
