//! What goes with its owner.

use super::super::garbage::delete;
use super::*;
use crate::deletion::fate;
use crate::resources::{CONFIG_MAPS, ENDPOINT_SLICES};
use crate::store::Change;

fn is_empty(store: &Store) -> bool {
    [&DEPLOYMENTS, &REPLICA_SETS, &PODS]
        .iter()
        .all(|kind| store.list(kind, Some("birds")).is_empty())
}

#[tokio::test(start_paused = true)]
async fn dependents_follow_their_owner() {
    let town = Town::with_parrot(1, 2).await;
    assert!(delete(town.store(), &key(&DEPLOYMENTS, "parrot"), false));
    town.until("the end", is_empty).await;
}

#[tokio::test(start_paused = true)]
async fn in_the_foreground_they_go_before_it() {
    let town = Town::with_parrot(1, 2).await;
    let from = town.store().revision();
    assert!(!delete(town.store(), &key(&DEPLOYMENTS, "parrot"), true));
    let gone = || -> Vec<&'static str> {
        let changes = town.store().since(from).unwrap();
        let deleted = changes.iter().filter(|it| it.change == Change::Deleted);
        deleted.map(|it| it.plural).collect()
    };
    town.until("the end", is_empty).await;
    assert_eq!(gone(), ["pods", "pods", "replicasets", "deployments"]);
}

#[tokio::test(start_paused = true)]
async fn orphans_stay() {
    let town = Town::with_parrot(1, 2).await;
    let store = town.store();
    let options = json!({ "propagationPolicy": "Orphan" });
    let parrot = key(&DEPLOYMENTS, "parrot");
    let told = store.delete(&DEPLOYMENTS, &parrot, false, |old| {
        Ok(fate(&DEPLOYMENTS, old, &options, store.clock()))
    });
    assert!(!told.unwrap().1);
    town.until("its end", |store| store.get(&parrot).is_none()).await;
    town.at_rest().await;
    assert_eq!((town.sets().len(), town.pods().len()), (1, 2));
    assert!(town.sets()[0]["metadata"].get("ownerReferences").is_none());
}

#[tokio::test(start_paused = true)]
async fn one_whose_owner_never_was_goes() {
    let town = Town::new(1);
    town.store().add(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "lost",
            "namespace": "birds",
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot", "uid": "0",
            }],
        },
    }));
    town.store().add(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "unknown",
            "namespace": "birds",
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "Job", "name": "parrot", "uid": "0",
            }],
        },
    }));
    town.at_rest().await;
    let left = town.store().list(&CONFIG_MAPS, Some("birds"));
    assert_eq!(left.iter().map(|it| name(it)).collect::<Vec<_>>(), ["unknown"]);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_takes_everything_along() {
    let town = Town::with_parrot(1, 2).await;
    let store = town.store();
    let space = Key::new(&NAMESPACES, "", "birds");
    let active = store.get(&space).unwrap();
    assert_eq!(active["status"]["phase"], "Active");
    assert_eq!(active["metadata"]["labels"]["kubernetes.io/metadata.name"], "birds");
    assert!(!delete(store, &space, false));
    assert_eq!(store.get(&space).unwrap()["status"]["phase"], "Terminating");
    town.at_rest().await;
    assert!(is_empty(store) && store.get(&space).is_none());
    assert!(store.list(&ENDPOINT_SLICES, None).is_empty());
}
