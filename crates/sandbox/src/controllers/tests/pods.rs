//! What the kubelet writes.

use super::super::garbage;
use super::*;
use crate::controllers::objects::is_going;
use jiff::Timestamp;

use crate::scripts::{DIE, LAST_WORDS, LOG};
use crate::store::Change;
use crate::{Stage, resources};

fn container(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

#[tokio::test(start_paused = true)]
async fn a_pod_gets_a_node_an_address_and_ready() {
    let town = Town::with_parrot(1, 2).await;
    let pods = town.pods();
    let addresses: Vec<&str> = pods.iter().map(|pod| text(&pod["status"]["podIP"])).collect();
    assert!(addresses[0].starts_with("10.244.0.") && addresses[0] != addresses[1]);
    let pod = &pods[0];
    assert_eq!(
        (&pod["status"]["phase"], pod["spec"]["nodeName"].is_string()),
        (&json!("Running"), true)
    );
    let types: Vec<&str> =
        items(&pod["status"]["conditions"]).iter().map(|it| text(&it["type"])).collect();
    let all =
        ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
    assert_eq!(types, all);
    let status = container(pod);
    assert_eq!((&status["ready"], &status["restartCount"]), (&json!(true), &json!(0)));
    assert!(status["state"]["running"]["startedAt"].is_string());
    let log = town.store().log(&Key::of(&PODS, pod), "parrot", false);
    assert_eq!(log.as_deref(), Some(LOG));
    let phases: Vec<String> = town
        .store()
        .since(1)
        .unwrap()
        .iter()
        .filter(|change| change.plural == PODS.plural && name(&change.object) == name(pod))
        .map(|change| text(&change.object["status"]["phase"]).to_owned())
        .collect();
    assert_eq!(phases, ["Pending", "Pending", "Running", "Running"]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_is_counted_and_has_last_words() {
    let town = Town::new(1);
    town.store().add(deployment("parrot:crash", 1));
    town.until("three restarts", |store| {
        let pods = store.list(&PODS, None);
        pods.first().is_some_and(|pod| count(&container(pod)["restartCount"]) >= 3)
    })
    .await;
    let pod = &town.pods()[0];
    let status = container(pod);
    assert_eq!(status["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
    assert_eq!((&pod["status"]["phase"], ready_since(pod)), (&json!("Running"), None));
    for previous in [false, true] {
        let log = town.store().log(&Key::of(&PODS, pod), "parrot", previous);
        assert_eq!(log.as_deref(), Some(LAST_WORDS));
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_started_again_remembers() {
    let town = Town::with_parrot(1, 1).await;
    let end = Stage::Crashed { restarts: 0, exit_code: 137, log: "killed\n".to_owned() };
    town.scripts.turn("parrot:1", end);
    town.until("its end", |store| {
        store.list(&PODS, None).iter().all(|pod| container(pod)["state"]["terminated"].is_object())
    })
    .await;
    town.scripts.turn("parrot:1", Stage::Running { ready: true });
    town.until("its return", |store| ready_since(&store.list(&PODS, None)[0]).is_some()).await;
    let pod = &town.pods()[0];
    let status = container(pod);
    assert_eq!((&status["ready"], &status["restartCount"]), (&json!(true), &json!(1)));
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 137);
}

#[tokio::test(start_paused = true)]
async fn a_tag_says_how_a_pod_fares() {
    for (tag, reason) in [
        ("pull-error", "ImagePullBackOff"),
        ("config-error", "CreateContainerConfigError"),
        ("init-crash", "PodInitializing"),
        ("dies-later", "CrashLoopBackOff"),
    ] {
        let town = Town::new(1);
        let mut parrot = deployment(&format!("parrot:{tag}"), 1);
        let init = json!([{ "name": "prepare", "image": "prepare:1" }]);
        parrot["spec"]["template"]["spec"]["initContainers"] = init;
        town.store().add(parrot);
        town.until(tag, |store| {
            let pods = store.list(&PODS, None);
            pods.iter().any(|pod| container(pod)["state"]["waiting"]["reason"] == reason)
        })
        .await;
    }
    let town = Town::new(1);
    town.store().add(deployment("parrot:unschedulable", 1));
    town.until("a condition", |store| {
        let pods = store.list(&PODS, None);
        pods.iter().any(|pod| pod["status"]["conditions"][0]["reason"] == "Unschedulable")
    })
    .await;
    assert!(town.pods()[0]["spec"]["nodeName"].is_null());
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_told_dies() {
    let town = Town::new(1);
    town.store().add(deployment("parrot:dies-told", 1));
    town.rolled_out().await;
    town.at_rest().await;
    let pod = name(&town.pods()[0]).to_owned();
    town.change(&PODS, &pod, |it| it["metadata"]["annotations"][DIE.0] = json!(DIE.1));
    town.until("its end", |store| {
        count(&container(&store.list(&PODS, None)[0])["restartCount"]) > 1
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_has_its_time_to_end() {
    let town = Town::with_parrot(1, 1).await;
    town.scripts.set("parrot:1", Life { ends_after: LONG, ..Life::ready_after(Duration::ZERO) });
    let first = name(&town.pods()[0]).to_owned();
    let tell = |pod: &str| garbage::delete(town.store(), &key(&PODS, pod), false);
    assert!(!tell(&first), "it was gone at once");
    town.rolled_out().await;
    town.at_rest().await;
    let second = name(&town.pods()[0]).to_owned();
    let generation = count(&town.pods()[0]["metadata"]["generation"]);
    let from = (town.store().revision(), town.store().clock().now());
    tell(&second);
    town.until("its end", |store| store.get(&key(&PODS, &second)).is_none()).await;
    let took = town.store().clock().now().duration_since(from.1).as_secs();
    assert!((30..32).contains(&took), "its grace period is 30 s, not {took}");
    let mut told = town.store().since(from.0).unwrap();
    told.retain(|change| change.plural == PODS.plural && name(&change.object) == second);
    assert_eq!(told[0].object["metadata"]["generation"], generation + 1);
    let ends: Timestamp = text(&told[0].object["metadata"]["deletionTimestamp"]).parse().unwrap();
    assert!((29..=30).contains(&ends.duration_since(from.1).as_secs()), "it ends at {ends}");
    let was_ready: Vec<(Change, bool, bool)> = told
        .iter()
        .map(|it| (it.change, is_going(&it.object), ready_since(&it.object).is_some()))
        .collect();
    use Change::{Deleted, Modified};
    let told = [(Modified, true, true), (Modified, true, false), (Deleted, true, false)];
    assert_eq!(was_ready, told);
}

#[tokio::test(start_paused = true)]
async fn what_happened_can_be_told() {
    let town = Town::with_parrot(1, 1).await;
    let events = town.store().list(&resources::EVENTS, Some("birds"));
    let reasons: Vec<&str> = events.iter().map(|event| text(&event["reason"])).collect();
    for reason in ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Started"] {
        assert!(reasons.contains(&reason), "no {reason} in {reasons:?}");
    }
}
