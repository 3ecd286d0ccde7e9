//! Deployments and their ReplicaSets.

use std::collections::BTreeMap;

use super::*;
use crate::controllers::objects::is_going;
use crate::store::Change;

#[tokio::test(start_paused = true)]
async fn a_rolling_update_keeps_within_its_bounds() {
    for seed in 0..50 {
        let town = Town::with_parrot(seed, 4).await;
        let from = town.store().revision();
        town.set_image("parrot:2");
        town.rolled_out().await;
        let mut pods: BTreeMap<String, Arc<Value>> = BTreeMap::new();
        let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
        let mut fewest = 4;
        for change in town.store().since(1).unwrap() {
            let of = name(&change.object).to_owned();
            if change.plural == REPLICA_SETS.plural {
                sizes.insert(of, count(&change.object["spec"]["replicas"]));
            } else if change.plural == PODS.plural && change.change == Change::Deleted {
                pods.remove(&of);
            } else if change.plural == PODS.plural {
                pods.insert(of, change.object);
            }
            if change.revision <= from {
                continue;
            }
            assert!(sizes.values().sum::<i64>() <= 5, "seed {seed}: too many in {sizes:?}");
            let here = pods.values().filter(|pod| !is_going(pod));
            let ready = here.filter(|pod| ready_since(pod).is_some()).count();
            assert!(ready >= 3, "seed {seed}: {ready} of 4 ready");
            fewest = fewest.min(ready);
        }
        assert_eq!(fewest, 3, "seed {seed}: nothing was rolled");
        town.at_rest().await;
        let pods = town.pods();
        assert!(pods.iter().all(|pod| pod["spec"]["containers"][0]["image"] == "parrot:2"));
    }
}

#[tokio::test(start_paused = true)]
async fn it_says_how_far_it_is() {
    let town = Town::with_parrot(1, 2).await;
    town.at_rest().await;
    assert_eq!(town.condition("Progressing"), ("True".into(), "NewReplicaSetAvailable".into()));
    assert_eq!(town.condition("Available"), ("True".into(), "MinimumReplicasAvailable".into()));
    let set = &town.sets()[0];
    let noted = &set["metadata"]["annotations"];
    let number = |what: &str| text(&noted[format!("deployment.kubernetes.io/{what}")]).to_owned();
    assert_eq!(["revision", "desired-replicas", "max-replicas"].map(number), ["1", "2", "3"]);
    let hash = text(&set["metadata"]["labels"]["pod-template-hash"]);
    assert_eq!(name(set), format!("parrot-{hash}"));
    let mut status = town.parrot()["status"].clone();
    status.as_object_mut().unwrap().remove("conditions");
    assert_eq!(
        status,
        json!({
            "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
            "availableReplicas": 2, "terminatingReplicas": 0,
        })
    );
}

#[tokio::test(start_paused = true)]
async fn scaling_takes_away_the_youngest_that_serve_nobody() {
    let town = Town::with_parrot(1, 2).await;
    let first: Vec<String> = town.pods().iter().map(|pod| name(pod).to_owned()).collect();
    let resize = |replicas: i64| {
        town.change(&DEPLOYMENTS, "parrot", |it| it["spec"]["replicas"] = json!(replicas));
    };
    town.scripts.set("parrot:1", Life::ready_after(LONG * 2));
    resize(4);
    town.until("four pods", |store| {
        let pods = store.list(&PODS, None);
        pods.len() == 4 && pods.iter().all(|pod| pod["status"]["podIP"].is_string())
    })
    .await;
    resize(2);
    town.rolled_out().await;
    let left: Vec<String> =
        town.pods().iter().filter(|pod| !is_going(pod)).map(|pod| name(pod).to_owned()).collect();
    assert_eq!(left, first);
    resize(0);
    town.until("no pods", |store| store.list(&PODS, None).is_empty()).await;
    town.at_rest().await;
    let mut status = town.parrot()["status"].clone();
    status.as_object_mut().unwrap().remove("conditions");
    assert_eq!(status, json!({ "observedGeneration": 4, "terminatingReplicas": 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_template_that_returns_finds_its_replica_set() {
    let town = Town::with_parrot(1, 2).await;
    let first = name(&town.sets()[0]).to_owned();
    for image in ["parrot:2", "parrot:1"] {
        town.set_image(image);
        town.rolled_out().await;
    }
    town.at_rest().await;
    let set = town.store().get(&key(&REPLICA_SETS, &first)).unwrap();
    let noted = &set["metadata"]["annotations"];
    assert_eq!(noted["deployment.kubernetes.io/revision"], "3");
    assert_eq!(noted["deployment.kubernetes.io/revision-history"], "1");
    assert_eq!(town.parrot()["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
    assert_eq!((town.sets().len(), set["spec"]["replicas"].as_i64()), (2, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn the_history_has_a_length() {
    let town = Town::with_parrot(1, 1).await;
    for version in 2..=5 {
        town.set_image(&format!("parrot:{version}"));
        town.rolled_out().await;
    }
    town.at_rest().await;
    let sets = town.sets();
    let mut numbers: Vec<&str> = sets
        .iter()
        .map(|set| text(&set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn no_progress_is_said_after_the_deadline() {
    let town = Town::with_parrot(1, 2).await;
    town.set_image("parrot:never-ready");
    let is_late = |store: &Store| {
        let parrot = store.get(&key(&DEPLOYMENTS, "parrot")).unwrap();
        items(&parrot["status"]["conditions"])
            .iter()
            .any(|it| it["reason"] == "ProgressDeadlineExceeded" && it["status"] == "False")
    };
    town.until("the deadline", is_late).await;
    let took = town.store().clock().now().duration_since("2026-01-01T00:00:00Z".parse().unwrap());
    assert!((60..70).contains(&took.as_secs()), "{took}");
    assert_eq!(town.condition("Available"), ("True".into(), "MinimumReplicasAvailable".into()));
    // Late is not never.
    town.set_image("parrot:2");
    town.rolled_out().await;
    town.at_rest().await;
    assert_eq!(town.condition("Progressing").1, "NewReplicaSetAvailable");
}

#[tokio::test(start_paused = true)]
async fn a_pod_counts_when_it_has_been_ready_for_long_enough() {
    let town = Town::new(1);
    let mut slow = deployment("parrot:1", 1);
    slow["spec"]["minReadySeconds"] = json!(10);
    town.store().add(slow);
    let ready = |store: &Store| {
        let parrot = store.get(&key(&DEPLOYMENTS, "parrot")).unwrap();
        (count(&parrot["status"]["readyReplicas"]), count(&parrot["status"]["availableReplicas"]))
    };
    town.until("a ready pod", |store| ready(store).0 == 1).await;
    assert_eq!(ready(town.store()), (1, 0));
    town.rolled_out().await;
    let took = town.store().clock().now().duration_since("2026-01-01T00:00:00Z".parse().unwrap());
    assert!(took.as_secs() >= 11, "{took}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_paused_rolls_when_it_is_resumed() {
    let town = Town::with_parrot(1, 2).await;
    let pause = |paused: bool| {
        town.change(&DEPLOYMENTS, "parrot", |it| it["spec"]["paused"] = json!(paused));
    };
    pause(true);
    town.set_image("parrot:2");
    town.at_rest().await;
    assert_eq!(town.condition("Progressing"), ("Unknown".into(), "DeploymentPaused".into()));
    assert_eq!((town.sets().len(), town.pods().len()), (1, 2));
    // It may be resized all the same.
    town.change(&DEPLOYMENTS, "parrot", |it| it["spec"]["replicas"] = json!(3));
    town.until("three pods", |store| store.list(&PODS, None).len() == 3).await;
    pause(false);
    town.rolled_out().await;
    assert_eq!(town.sets().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_recreated_has_no_pods_in_between() {
    let town = Town::with_parrot(1, 2).await;
    town.change(&DEPLOYMENTS, "parrot", |it| {
        it["spec"]["strategy"] = json!({ "type": "Recreate" });
    });
    town.set_image("parrot:2");
    let from = town.store().revision();
    town.rolled_out().await;
    let mut kinds = Vec::new();
    for change in town.store().since(from).unwrap() {
        if change.plural == PODS.plural && change.change != Change::Modified {
            kinds.push(change.change);
        }
    }
    use Change::{Added, Deleted};
    assert_eq!(kinds, [Deleted, Deleted, Added, Added]);
}

#[tokio::test(start_paused = true)]
async fn a_resize_in_the_middle_is_shared() {
    let town = Town::with_parrot(1, 10).await;
    town.scripts.set("parrot:2", Life::ready_after(LONG * 2));
    town.set_image("parrot:2");
    town.at_rest().await;
    let sizes = || {
        let mut sizes: Vec<i64> =
            town.sets().iter().map(|set| count(&set["spec"]["replicas"])).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(), [2, 9]);
    town.change(&DEPLOYMENTS, "parrot", |it| it["spec"]["replicas"] = json!(20));
    town.at_rest().await;
    // In proportion, and then the new one may take what the surge leaves.
    assert_eq!(sizes(), [4, 17]);
}
