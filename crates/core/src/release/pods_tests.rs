use serde_json::{Value, json};

use super::*;

/// A pod of the candidate, made at the first instant of the tests' year.
fn pod(containers: Value) -> Value {
    json!({
        "metadata": {"name": "parrot-green-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"phase": "Pending", "containerStatuses": containers},
    })
}

fn container(state: Value) -> Value {
    let mut status = json!({
        "name": "parrot", "image": "parrot-app:v2.2", "imageID": "",
        "ready": false, "restartCount": 0,
    });
    for (key, value) in state.as_object().unwrap() {
        status[key] = value.clone();
    }
    status
}

fn waiting(reason: &str) -> Value {
    container(json!({"state": {"waiting": {"reason": reason, "message": "because"}}}))
}

fn at(seconds: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn healthy() -> Value {
    json!({"metadata": {"generation": 1}, "status": {"observedGeneration": 1}})
}

fn of(deployment: &Value, pods: &[Value]) -> Option<Trouble> {
    let pods: Vec<Pod> =
        pods.iter().map(|pod| Pod::deserialize(pod).expect("a pod of the API's form")).collect();
    trouble(Slot(deployment), None, &pods)
}

fn of_pods(pods: &[Value]) -> Option<Trouble> {
    of(&healthy(), pods)
}

fn of_status(status: Value) -> Option<Trouble> {
    of_pods(&[pod(json!([status]))])
}

fn exited(code: i32, reason: &str) -> Value {
    json!({"terminated": {"exitCode": code, "reason": reason}})
}

#[test]
fn a_pod_that_starts_is_in_no_trouble() {
    for pods in [
        vec![],
        vec![json!({"metadata": {"name": "new"}})],
        vec![pod(json!([]))],
        vec![pod(json!([waiting("ContainerCreating")]))],
        vec![pod(json!([waiting("PodInitializing")]))],
        vec![pod(json!([container(json!({"state": {"running": {}}}))]))],
        vec![pod(json!([container(json!({}))]))],
    ] {
        assert_eq!(of_pods(&pods), None, "{pods:?}");
    }
}

#[test]
fn a_name_that_is_no_images_name_is_hopeless_at_once() {
    for reason in ["InvalidImageName", "ErrImageNeverPull"] {
        let trouble = of_status(waiting(reason)).unwrap();
        assert!(trouble.is_hopeless(at(0)), "{reason}");
        assert_eq!(
            trouble.sentence(),
            format!("container parrot of pod parrot-green-1: {reason}: because")
        );
    }
}

#[test]
fn a_registry_or_a_secret_has_fifteen_seconds_to_mend() {
    for reason in [
        "ErrImagePull",
        "ImagePullBackOff",
        "ImageInspectError",
        "RegistryUnavailable",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    ] {
        let trouble = of_status(waiting(reason)).unwrap();
        assert!(!trouble.is_hopeless(at(14)), "{reason}");
        assert!(trouble.is_hopeless(at(15)), "{reason}");
        assert!(!trouble.restarted);
    }
}

#[test]
fn a_pod_that_does_not_say_when_it_was_made_is_never_hopeless_for_that() {
    let mut pod = pod(json!([waiting("ErrImagePull")]));
    pod["metadata"].as_object_mut().unwrap().remove("creationTimestamp");
    let trouble = of_pods(&[pod]).unwrap();
    assert_eq!(trouble.until, None);
    assert!(!trouble.is_hopeless(at(1_000_000)));
}

#[test]
fn crashes_are_counted_before_the_kubelet_calls_them_a_loop() {
    for restarts in 0..4 {
        let status =
            container(json!({"restartCount": restarts, "state": exited(137, "OOMKilled")}));
        let trouble = of_status(status).unwrap();
        assert_eq!(trouble.reason, "Crashing");
        let times = restarts + 1;
        let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let wanted = format!("crashed {often}, last with exit code 137 (OOMKilled)");
        assert_eq!(trouble.message, wanted);
        assert_eq!(trouble.is_hopeless(at(0)), times >= 3, "{times}");
        assert!(!trouble.restarted, "its words are those of this run");
    }
}

#[test]
fn a_crash_loop_is_judged_by_the_last_run() {
    for (restarts, hopeless) in [(1, false), (2, true), (9, true)] {
        let status = container(json!({
            "restartCount": restarts,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no database"}},
        }));
        let trouble = of_status(status).unwrap();
        assert_eq!(trouble.reason, "CrashLoopBackOff");
        let times = restarts + 1;
        assert_eq!(
            trouble.message,
            format!("crashed {times} times, last with exit code 1 (Error): no database")
        );
        assert_eq!(trouble.is_hopeless(at(0)), hopeless, "{times}");
        assert!(trouble.restarted, "its words are those of the run before");
    }
}

#[test]
fn an_end_after_a_long_run_is_the_first_of_a_new_row() {
    for (seconds, hopeless) in [(599, true), (600, false)] {
        let mut ended = exited(1, "Error");
        ended["terminated"]["startedAt"] = json!(at(0).to_string());
        ended["terminated"]["finishedAt"] = json!(at(seconds).to_string());
        let trouble = of_status(container(json!({"restartCount": 7, "state": ended}))).unwrap();
        assert_eq!(trouble.is_hopeless(at(seconds)), hopeless, "{seconds}");
    }
}

#[test]
fn a_container_that_ends_well_again_and_again_is_crashing_too() {
    let ended =
        |restarts| container(json!({"restartCount": restarts, "state": exited(0, "Completed")}));
    assert_eq!(of_status(ended(0)), None, "an init container, done");
    assert!(!of_status(ended(1)).unwrap().is_hopeless(at(0)));
    assert!(of_status(ended(2)).unwrap().is_hopeless(at(0)));
}

#[test]
fn a_container_that_runs_again_after_a_crash_gets_its_chance() {
    let status = container(json!({
        "restartCount": 5, "state": {"running": {}}, "lastState": exited(1, "Error"),
    }));
    assert_eq!(of_status(status), None);
}

#[test]
fn a_container_that_is_ready_is_in_no_trouble_whatever_it_went_through() {
    let running = container(json!({
        "ready": true, "restartCount": 7, "state": {"running": {}}, "lastState": exited(1, "Error"),
    }));
    assert_eq!(of_status(running), None);
    // An init container that got there at its third try is ready for good.
    let done =
        container(json!({"ready": true, "restartCount": 2, "state": exited(0, "Completed")}));
    assert_eq!(of_status(done), None);
}

#[test]
fn an_end_without_a_reason_is_an_error() {
    let status = container(json!({"state": {"terminated": {"exitCode": 2}}}));
    assert_eq!(of_status(status).unwrap().message, "crashed once, last with exit code 2 (Error)");
}

#[test]
fn init_containers_are_looked_at_as_well() {
    let mut pod = pod(json!([waiting("PodInitializing")]));
    let mut migrate = waiting("CreateContainerConfigError");
    migrate["name"] = json!("migrate");
    pod["status"]["initContainerStatuses"] = json!([migrate]);
    let trouble = of_pods(&[pod]).unwrap();
    assert_eq!(trouble.container.as_deref(), Some("migrate"));
    assert_eq!(trouble.pod.as_deref(), Some("parrot-green-1"));
}

#[test]
fn no_node_for_a_pod_is_hopeless_after_two_minutes() {
    let mut pod = pod(json!([]));
    pod["status"]["conditions"] = json!([{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available", "lastTransitionTime": "2026-01-01T00:00:10Z",
    }]);
    let trouble = of_pods(&[pod.clone()]).unwrap();
    assert_eq!(trouble.sentence(), "pod parrot-green-1: Unschedulable: 0/3 nodes are available");
    assert!(!trouble.is_hopeless(at(129)), "a new node may be on its way");
    assert!(trouble.is_hopeless(at(130)));
    // Counted from when the pod was made, if the condition does not say.
    pod["status"]["conditions"][0].as_object_mut().unwrap().remove("lastTransitionTime");
    assert!(of_pods(&[pod.clone()]).unwrap().is_hopeless(at(120)));
    for (field, value) in
        [("status", "True"), ("reason", "SchedulingGated"), ("type", "Initialized")]
    {
        let mut other = pod.clone();
        other["status"]["conditions"][0][field] = json!(value);
        assert_eq!(of_pods(&[other]), None, "{field}");
    }
}

fn with_condition(condition: Value) -> Value {
    let mut deployment = healthy();
    deployment["status"]["conditions"] = json!([condition]);
    deployment
}

#[test]
fn pods_that_the_quota_forbids_are_hopeless_after_ten_seconds() {
    let quota = json!({
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "exceeded quota: pods", "lastTransitionTime": "2026-01-01T00:00:00Z",
    });
    let trouble = of(&with_condition(quota.clone()), &[]).unwrap();
    assert_eq!(trouble.sentence(), "FailedCreate: exceeded quota: pods");
    assert!(!trouble.is_hopeless(at(9)), "other pods may just be ending");
    assert!(trouble.is_hopeless(at(10)));
    let mut over = quota;
    over["status"] = json!("False");
    assert_eq!(of(&with_condition(over), &[]), None);
}

#[test]
fn a_rollout_that_the_controller_gave_up_is_hopeless() {
    let progressing = |reason: &str| {
        with_condition(json!({"type": "Progressing", "status": "False", "reason": reason,
            "message": "ReplicaSet has timed out progressing."}))
    };
    let late = progressing("ProgressDeadlineExceeded");
    assert!(of(&late, &[]).unwrap().is_hopeless(at(0)));
    assert_eq!(of(&progressing("ReplicaSetUpdated"), &[]), None);
    let mut of_another_template = late;
    of_another_template["metadata"]["generation"] = json!(2);
    assert_eq!(of(&of_another_template, &[]), None);
}

#[test]
fn the_worst_trouble_is_the_one_that_is_hopeless_soonest() {
    let mut second = pod(json!([waiting("InvalidImageName")]));
    second["metadata"]["name"] = json!("parrot-green-2");
    let first = pod(json!([waiting("ErrImagePull")]));
    let mut timeless = pod(json!([waiting("ErrImagePull")]));
    timeless["metadata"] = json!({"name": "parrot-green-0"});
    let worst = of_pods(&[timeless.clone(), first.clone(), second]).unwrap();
    assert_eq!(worst.pod.as_deref(), Some("parrot-green-2"));
    let worst = of_pods(&[timeless, first]).unwrap();
    assert_eq!(worst.pod.as_deref(), Some("parrot-green-1"));
}

/// Its Deployment's controller has not taken it over, or what was read of the ReplicaSet is old: it is told, and
/// is no end.
#[test]
fn what_the_replica_set_says_is_told_where_the_deployment_says_nothing() {
    let says = |status: &str| {
        let condition = json!({"type": "ReplicaFailure", "status": status, "reason": "FailedCreate",
            "message": "exceeded quota: tight", "lastTransitionTime": "2026-01-01T00:00:00Z"});
        json!({"status": {"conditions": [condition]}})
    };
    let told = |set: &Value| trouble(Slot(&healthy()), Some(set), &[]);
    let trouble = told(&says("True")).expect("it says why");
    assert_eq!(trouble.sentence(), "FailedCreate: exceeded quota: tight");
    assert!(!trouble.is_hopeless(at(3600)));
    assert_eq!(told(&says("False")), None);
}
