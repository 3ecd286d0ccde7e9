//! The only reader: what there is in the app's namespace, read concurrently.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use http::Method;
use serde_json::{Value, json};

use super::{CallError, Cluster, others};
use crate::error::Error;
use crate::model::{COLOUR_LABEL, Id, Kind, MANAGED_BY, MANAGER, Objects, Optional, name};
use crate::release::plan::Fresh;
use crate::release::{Names, Record, autoscaling};
use crate::route::{Label, Route};

const READ_WITHIN: Duration = Duration::from_secs(30);
const ONE_LOOK: Duration = Duration::from_secs(10);
/// What holds nobody up.
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breadth {
    /// Everything that any decision rests on.
    All,
    /// The same, and whether there is room for a version that goes live again, to whoever may see that.
    Room,
    /// The same, and what tells whether a release may begin.
    Fitness,
    /// The same, and what nothing but a word depends on.
    Report,
    /// What a switch rests on.
    Serving,
    /// What a putting away rests on.
    Leading,
    /// The record alone.
    Record,
}

/// What leads people to pods.
fn leading() -> Vec<Kind> {
    [&[Kind::Deployment, Kind::Service][..], &Route::KINDS].concat()
}

fn serving() -> Vec<Kind> {
    [leading(), vec![Kind::EndpointSlice]].concat()
}

const BESIDE: [Kind; 2] = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
const IN_THE_WAY: [Kind; 3] =
    [Kind::NetworkPolicy, Kind::PersistentVolumeClaim, Kind::ResourceQuota];

impl Breadth {
    pub fn of(fresh: Fresh) -> Breadth {
        match fresh {
            Fresh::Nothing => Breadth::Record,
            Fresh::Leads => Breadth::Leading,
            Fresh::Serving => Breadth::Serving,
            Fresh::Whole => Breadth::All,
        }
    }

    fn kinds(self, known: &Objects) -> Vec<Kind> {
        match self {
            Breadth::Record => Vec::new(),
            Breadth::Leading => leading(),
            // Most apps have neither.
            Breadth::Serving => {
                let has = |kind: &Kind| known.list(*kind).next().is_some();
                let size = [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget];
                serving().into_iter().chain(size.into_iter().filter(has)).collect()
            }
            Breadth::All => [&serving()[..], &BESIDE].concat(),
            Breadth::Room => [&serving()[..], &BESIDE, &[Kind::ResourceQuota]].concat(),
            Breadth::Fitness | Breadth::Report => [&serving()[..], &BESIDE, &IN_THE_WAY].concat(),
        }
    }

    fn has_pods(self) -> bool {
        matches!(self, Breadth::All | Breadth::Room) || self.tells_fitness()
    }

    /// What nothing is held up for by whoever may not read it.
    fn is_told(self, kind: Kind) -> bool {
        self == Breadth::Room && kind == Kind::ResourceQuota
    }

    pub fn tells_fitness(self) -> bool {
        matches!(self, Breadth::Fitness | Breadth::Report)
    }

    /// The kinds of other controllers' that are looked for.
    fn optional(self) -> Vec<Optional> {
        match self {
            Breadth::Report => [&Optional::DECISIVE[..], &Optional::MONITORS].concat(),
            Breadth::Fitness => Optional::DECISIVE.to_vec(),
            _ => Vec::new(),
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
    let kinds = breadth.kinds(objects).into_iter();
    let lists = try_join_all(kinds.map(async |kind| match list(cluster, kind, None).await {
        // In need nobody is held up by what is only told.
        Err((kind, CallError::Refused { code: 403, .. })) if breadth.is_told(kind) => {
            Ok((kind, Value::Null))
        }
        list => list,
    }));
    let record = names.record();
    // Which pods are the app's is known by its record alone. Boxed, since each look carries it along.
    let rest = Box::pin(async {
        if breadth == Breadth::Leading {
            return Ok(Vec::new());
        }
        let records = records(cluster, names).await?;
        let own = records["items"].as_array().into_iter().flatten();
        let label = own.filter(|own| name(own) == record.name).find_map(label_of);
        let mut rest = vec![(record.kind, records)];
        if breadth.has_pods() {
            let selector = pods_of(label.as_ref(), breadth);
            rest.push(list(cluster, Kind::Pod, selector.as_deref()).await?);
            // Whose a pod is, its ReplicaSet says: one that was made since an earlier list would be
            // missed, and its pods taken for a stranger's.
            rest.push(list(cluster, Kind::ReplicaSet, None).await?);
        }
        Ok(rest)
    });
    // What becomes of these requests is no reason to read anything again.
    let others = Box::pin(async {
        Ok(others::read(cluster, &breadth.optional(), breadth == Breadth::Report).await)
    });
    let ((rest, lists), others) = try_join(try_join(rest, lists), others).await?;
    let mut versions = BTreeMap::new();
    for (kind, list) in lists.into_iter().chain(rest) {
        versions.insert(kind, version_of(&list));
        replace(objects, kind, list);
    }
    if breadth.tells_fitness() {
        objects.others = others;
        objects.server = match autoscaling::depends_on_the_version(objects, names) {
            true => others::server(cluster).await,
            false => None,
        };
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
    one_look(cluster, read(cluster, names, breadth, &mut objects)).await?;
    Ok(objects)
}

/// What a look at what serves leaves out, into it: why a candidate is not ready, and what scales the app.
pub async fn read_rest(
    cluster: &Cluster,
    label: Option<&Label>,
    objects: &mut Objects,
) -> Result<(), Error> {
    let selector = pods_of(label, Breadth::All);
    let pods = async {
        let pods = list(cluster, Kind::Pod, selector.as_deref()).await?;
        // After them, as in `read`.
        Ok(vec![pods, list(cluster, Kind::ReplicaSet, None).await?])
    };
    let beside = try_join_all(BESIDE.map(|kind| list(cluster, kind, None)));
    let (pods, beside) = one_look(cluster, try_join(pods, beside)).await?;
    for (kind, list) in pods.into_iter().chain(beside) {
        replace(objects, kind, list);
    }
    Ok(())
}

/// Whether there is room for more pods, for whoever is only told.
pub async fn read_room(cluster: &Cluster, objects: &mut Objects) {
    if let Ok((kind, quotas)) = one_look(cluster, list(cluster, Kind::ResourceQuota, None)).await {
        replace(objects, kind, quotas);
    }
}

async fn one_look<T>(
    cluster: &Cluster,
    reading: impl Future<Output = Result<T, (Kind, CallError)>>,
) -> Result<T, Error> {
    match tokio::time::timeout(ONE_LOOK, reading).await {
        Ok(read) => {
            read.map_err(|(kind, error)| cluster.explain(error, &format!("list {}", kind.plural())))
        }
        Err(_) => {
            let why = format!("no reply within {} s", ONE_LOOK.as_secs());
            Err(cluster.explain(CallError::Lost { why }, "read"))
        }
    }
}

/// What a list says of a kind is all there is of it.
fn replace(objects: &mut Objects, kind: Kind, list: Value) {
    objects.clear(kind);
    for item in items(kind, list) {
        objects.insert(Id::new(kind, name(&item)), item);
    }
}

/// What has been said of these routes, and from where a watch goes on.
pub async fn said(cluster: &Cluster, routes: &[Id]) -> Result<(Vec<Value>, String), CallError> {
    let selector = encode(&about(routes));
    let url = format!("{}?fieldSelector={selector}", cluster.path(Kind::Event, None));
    let list = listed(cluster, &url, SAID_WITHIN).await?;
    let version = version_of(&list);
    let mut events = items(Kind::Event, list);
    events.retain(|event| {
        let name = &event["involvedObject"]["name"];
        routes.iter().any(|route| *name == route.name.as_str())
    });
    Ok((events, version))
}

/// The field selector of what is said of them. It has no "or": of several it lets all of their kind through.
pub fn about(routes: &[Id]) -> String {
    let of = |kind: Kind| format!("involvedObject.kind={kind}");
    match routes {
        [only] => format!("{},involvedObject.name={}", of(only.kind), only.name),
        [first, others @ ..] if others.iter().all(|it| it.kind == first.kind) => of(first.kind),
        _ => String::new(),
    }
}

/// The apps that have a record in the namespace.
pub async fn apps(cluster: &Cluster) -> Result<Vec<String>, CallError> {
    let list = listed(cluster, &records_url(cluster), ONE_LOOK).await?;
    let records = items(Kind::ConfigMap, list);
    let apps = records.iter().filter_map(|record| Names::app_of_record(name(record)));
    Ok(apps.map(str::to_owned).collect())
}

fn records_url(cluster: &Cluster) -> String {
    let path = cluster.path(Kind::ConfigMap, None);
    format!("{path}?labelSelector={}", encode(&format!("{MANAGED_BY}={MANAGER}")))
}

/// The app's record, and those of other apps: some may share a route with it. One that has lost its
/// label is asked for by its name.
async fn records(cluster: &Cluster, names: &Names) -> Result<Value, (Kind, CallError)> {
    let id = names.record();
    let list = listed(cluster, &records_url(cluster), READ_WITHIN).await;
    let mut list = list.map_err(|error| (id.kind, error))?;
    let all = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    if !all.iter().any(|record| name(record) == id.name) {
        list = list_named(cluster, &id).await?;
    }
    if let Some(items) = list["items"].as_array_mut() {
        items.extend(all);
    }
    Ok(list)
}

/// By what the pods are selected that are read: those that bear the app's label, a stranger's with it.
/// Where nobody has taken the app in yet, whoever is about to has to know all that there are.
fn pods_of(label: Option<&Label>, breadth: Breadth) -> Option<String> {
    match label {
        Some(label) => Some(label.selector()),
        None if breadth.tells_fitness() => None,
        None => Some(COLOUR_LABEL.to_owned()),
    }
}

/// What a record says of it; one that can't be read is told of elsewhere.
fn label_of(record: &Value) -> Option<Label> {
    Record::read(record).ok().map(|record| record.label)
}

async fn list(
    cluster: &Cluster,
    kind: Kind,
    selector: Option<&str>,
) -> Result<(Kind, Value), (Kind, CallError)> {
    let mut url = cluster.path(kind, None);
    if let Some(selector) = selector {
        url = format!("{url}?labelSelector={}", encode(selector));
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
