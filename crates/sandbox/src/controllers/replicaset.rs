//! A ReplicaSet has as many pods as it says.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::events::{self, Kind};
use super::objects::{
    count, is_going, is_over, items, moment, name, owned_by, owned_objects, ready_since, set_count,
    text, uid,
};
use super::{Scene, garbage, namespace};
use crate::admission::mutating::{self, Operation};
use crate::admission::{self, Spare};
use crate::refusal::Refusal;
use crate::resources::{PODS, REPLICA_SETS};
use crate::store::{Key, Store};

/// So much of a name is kept before what makes it unique: 63 characters in all.
const PREFIX: usize = 58;

pub fn reconcile(scene: &Scene, key: &Key) -> Option<Instant> {
    let store = &scene.store;
    let set = store.get(key)?;
    let pods = owned_objects(scene, &PODS, &set);
    let (going, here): (Vec<_>, Vec<_>) =
        pods.into_iter().filter(|pod| !is_over(pod)).partition(|pod| is_going(pod));
    if !is_going(&set) {
        adjust(store, &set, &here);
    }
    // Of the pods as they were: what was just done is seen in the next pass, as on a real cluster.
    let (status, again) = status(store, &set, &here, going.len());
    let _ = store.edit(&REPLICA_SETS, key, |old| {
        let mut new = old.clone();
        new["status"] = status;
        Ok(new)
    });
    again
}

fn adjust(store: &Store, set: &Value, here: &[Arc<Value>]) {
    let wanted = usize::try_from(count(&set["spec"]["replicas"])).unwrap_or(0);
    if here.len() < wanted && namespace::takes(store, text(&set["metadata"]["namespace"])) {
        for _ in here.len()..wanted {
            let who = events::REPLICA_SET;
            match create(store, set) {
                Ok(pod) => {
                    let message = format!("Created pod: {pod}");
                    events::tell(store, who, set, Kind::Normal, "SuccessfulCreate", &message);
                }
                Err(refusal) => {
                    let message = format!("Error creating: {}", refusal.message);
                    events::tell(store, who, set, Kind::Warning, "FailedCreate", &message);
                    break;
                }
            }
        }
    }
    let mut spare = here.to_vec();
    let now = store.clock().now();
    spare.sort_by_cached_key(|pod| worth(pod, now));
    for pod in spare.iter().take(here.len().saturating_sub(wanted)) {
        garbage::delete(store, &Key::of(&PODS, pod), false);
        let message = format!("Deleted pod: {}", name(pod));
        events::tell(store, events::REPLICA_SET, set, Kind::Normal, "SuccessfulDelete", &message);
    }
}

/// As the API server takes it from a client: with what it fills in.
fn create(store: &Store, set: &Value) -> Result<String, Refusal> {
    let template = &set["spec"]["template"];
    let prefix: String = format!("{}-", name(set)).chars().take(PREFIX).collect();
    let namespace = text(&set["metadata"]["namespace"]);
    let name = loop {
        let name = format!("{prefix}{}", store.suffix());
        if store.get(&Key::new(&PODS, namespace, &name)).is_none() {
            break name;
        }
    };
    let mut metadata = json!({
        "name": name,
        "generateName": prefix,
        "namespace": namespace,
        "ownerReferences": owned_by(set),
    });
    for field in ["labels", "annotations", "finalizers"] {
        if !template["metadata"][field].is_null() {
            metadata[field] = template["metadata"][field].clone();
        }
    }
    let mut pod = json!({ "metadata": metadata });
    pod["spec"] = template["spec"].clone();
    admission::admit_new(&PODS, &mut pod, &Spare::default())?;
    if let Some(changed) =
        mutating::changed(&store.mutations(), (&PODS, Operation::Create), &pod, false)?
    {
        pod = changed;
        admission::admit_new(&PODS, &mut pod, &Spare::default())?;
    }
    // The name is free: it was just looked for.
    let _ = store.create(&PODS, pod);
    Ok(name)
}

/// The pod that is worth least goes first: no node, not running, not ready, cheap to delete, ready
/// for a short time, restarted often, young. Times count by their order of magnitude.
fn worth(pod: &Value, now: Timestamp) -> impl Ord + use<> {
    let age = |since: &str| {
        let since = since.parse().unwrap_or(now);
        now.duration_since(since).as_nanos().max(1).ilog2()
    };
    let cost = &pod["metadata"]["annotations"]["controller.kubernetes.io/pod-deletion-cost"];
    let restarts = items(&pod["status"]["containerStatuses"]).iter();
    (
        pod["spec"]["nodeName"].is_string(),
        pod["status"]["phase"] == "Running",
        ready_since(pod).is_some(),
        text(cost).parse::<i32>().unwrap_or(0),
        ready_since(pod).map(age),
        Reverse(restarts.map(|it| count(&it["restartCount"])).max()),
        age(text(&pod["metadata"]["creationTimestamp"])),
        uid(pod).to_owned(),
    )
}

/// And when one of its pods will have been ready for long enough.
fn status(
    store: &Store,
    set: &Value,
    here: &[Arc<Value>],
    going: usize,
) -> (Value, Option<Instant>) {
    let now = store.clock().now();
    let needed = SignedDuration::from_secs(count(&set["spec"]["minReadySeconds"]));
    let ready: Vec<Timestamp> = here
        .iter()
        .filter_map(|pod| ready_since(pod))
        .filter_map(|since| since.parse().ok())
        .map(|since: Timestamp| since.saturating_add(needed).unwrap_or(Timestamp::MAX))
        .collect();
    let (available, soon): (Vec<Timestamp>, Vec<Timestamp>) =
        ready.iter().partition(|at| **at <= now);
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let labelled = here.iter().filter(|pod| super::objects::is_selected(labels, pod)).count();
    let mut status = json!({
        "replicas": here.len(),
        "terminatingReplicas": going,
        "observedGeneration": set["metadata"]["generation"],
    });
    set_count(&mut status, "fullyLabeledReplicas", labelled);
    set_count(&mut status, "readyReplicas", ready.len());
    set_count(&mut status, "availableReplicas", available.len());
    (status, soon.into_iter().min().map(|at| moment(store, at)))
}
