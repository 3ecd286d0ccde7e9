use serde_json::json;

use super::*;
use crate::model::Id;
use crate::release::pods;

fn owner(kind: &str, name: &str) -> Value {
    json!([{"kind": kind, "name": name, "uid": format!("uid of {name}"), "controller": true}])
}

fn deployment() -> Value {
    let labels = json!({"app": "parrot-green", COLOUR_LABEL: "green", "bluegreen/release": "2"});
    json!({
        "kind": "Deployment",
        "metadata": {"name": "parrot-green", "uid": "uid of parrot-green"},
        "spec": {
            "selector": {"matchLabels": {"app": "parrot-green"}},
            "template": {"metadata": {"labels": labels}},
        },
    })
}

fn pod(name: &str, owners: Value, labels: Value) -> Value {
    json!({"kind": "Pod",
        "metadata": {"name": name, "ownerReferences": owners, "labels": labels}})
}

fn set(name: &str, owners: Value) -> Value {
    json!({"kind": "ReplicaSet", "metadata": {
        "name": name, "uid": format!("uid of {name}"), "ownerReferences": owners,
    }})
}

fn objects(all: &[Value]) -> Objects {
    let mut objects = Objects::default();
    for object in all {
        objects.insert(Id::of(object).unwrap(), object.clone());
    }
    objects
}

fn of_slot(all: &[Value]) -> Vec<String> {
    let pods = pods::of_slot(Slot(&deployment()), &objects(all));
    pods.into_iter().filter_map(|pod| pod.metadata.name).collect()
}

fn made_by_release(number: u64) -> Value {
    json!({"app": "parrot-green", COLOUR_LABEL: "green", "bluegreen/release": number.to_string()})
}

#[test]
fn its_owners_say_whose_it_is_whatever_it_is_labelled() {
    let sets = [
        set("ours", owner("Deployment", "parrot-green")),
        set("theirs", owner("Deployment", "toucan-green")),
        set("nobodys", json!([])),
    ];
    let pods = ["ours", "theirs", "nobodys"]
        .map(|set| pod(&format!("of {set}"), owner("ReplicaSet", set), made_by_release(2)));
    let others = [
        pod("bare", json!([]), made_by_release(2)),
        pod("set", owner("StatefulSet", "parrot-green"), made_by_release(2)),
        pod("guest", json!([{"kind": "ReplicaSet", "name": "ours"}]), made_by_release(2)),
    ];
    assert_eq!(of_slot(&[&sets[..], &pods, &others].concat()), ["of ours"]);
}

#[test]
fn one_whose_replica_set_was_not_read_is_told_by_what_the_slot_selects() {
    let new = |name, labels| pod(name, owner("ReplicaSet", "new"), labels);
    let pods = [
        new("ours", made_by_release(2)),
        new("toucan", json!({"app": "toucan-green", "bluegreen/release": "2"})),
        new("alike", json!({"app": "parrot-green"})),
        new("blue", json!({"app": "parrot-green", COLOUR_LABEL: "blue", "bluegreen/release": "2"})),
    ];
    assert_eq!(of_slot(&pods), ["ours"]);
    // One that was made anew under an old name was not read, either.
    let mut old = set("new", owner("Deployment", "toucan-green"));
    old["metadata"]["uid"] = json!("another");
    assert_eq!(of_slot(&[&pods[..], &[old]].concat()), ["ours"]);
}

#[test]
fn of_a_slots_pods_those_count_that_run_what_stands_in_it_and_still_do() {
    let mut pods = ["old", "new", "ending", "evicted"].map(|name| {
        let number = if name == "old" { 1 } else { 2 };
        pod(name, owner("ReplicaSet", "set"), made_by_release(number))
    });
    pods[2]["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:05Z");
    pods[3]["status"] = json!({"phase": "Failed", "reason": "Evicted"});
    let broken = json!({"kind": "Pod", "metadata": {"name": "broken", "labels": made_by_release(2),
        "ownerReferences": owner("ReplicaSet", "set")}, "status": "no status"});
    assert_eq!(of_slot(&[&pods[..], &[broken]].concat()), ["new"]);
}
