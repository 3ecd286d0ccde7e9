//! A pod's status, as the kubelet writes it.

use serde_json::{Value, json};

use super::back_off;
use crate::controllers::objects::{count, items, name, sum, text, uid};
use crate::nodes::Stage;

const HOST: &str = "127.0.0.1";

/// The pod has a node, and nothing has happened on it.
pub fn scheduled(pod: &Value, now: &str) -> Value {
    let mut status = pod["status"].clone();
    status["phase"] = json!("Pending");
    status["conditions"] = json!([condition(pod, "PodScheduled", None, now)]);
    status
}

pub fn of(pod: &Value, stage: &Stage, address: &str, now: &str) -> Value {
    let old = &pod["status"];
    if let Stage::Unschedulable { message } = stage {
        let why = Some(("Unschedulable", message.clone()));
        let conditions = [condition(pod, "PodScheduled", why, now)];
        return json!({
            "qosClass": old["qosClass"], "phase": "Pending", "conditions": conditions,
        });
    }
    let runs = matches!(stage, Stage::Running { .. } | Stage::Crashed { .. });
    let ran = old["phase"] == "Running";
    let started = if old["startTime"].is_string() { old["startTime"].clone() } else { json!(now) };
    let mut status = json!({
        "qosClass": old["qosClass"],
        "phase": if runs || ran { "Running" } else { "Pending" },
        "conditions": conditions(pod, stage, now),
        "hostIP": HOST,
        "hostIPs": [{ "ip": HOST }],
        "podIP": address,
        "podIPs": [{ "ip": address }],
        "startTime": started,
        "containerStatuses": all(pod, "containers", |it, old| container(pod, it, old, stage, now)),
    });
    if !items(&pod["spec"]["initContainers"]).is_empty() {
        let statuses = all(pod, "initContainers", |it, old| init(pod, it, old, stage, now));
        status["initContainerStatuses"] = statuses;
    }
    status
}

/// It was told to end, and has.
pub fn ended(pod: &Value, now: &str) -> Value {
    let mut status = pod["status"].clone();
    status["phase"] = json!("Succeeded");
    let why = |kind: &str| match kind {
        "Ready" | "ContainersReady" => Some(("PodCompleted", String::new())),
        _ => None,
    };
    let kept = items(&status["conditions"]).iter().map(|it| text(&it["type"]).to_owned());
    let kept: Vec<String> = kept.collect();
    status["conditions"] = kept.iter().map(|kind| condition(pod, kind, why(kind), now)).collect();
    for container in status["containerStatuses"].as_array_mut().into_iter().flatten() {
        let started = container["state"]["running"]["startedAt"].clone();
        container["ready"] = json!(false);
        container["started"] = json!(false);
        if started.is_string() {
            container["state"] = json!({ "terminated": {
                "exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": now,
                "containerID": container["containerID"],
            }});
        }
    }
    status
}

fn conditions(pod: &Value, stage: &Stage, now: &str) -> Vec<Value> {
    let names = |which: &str| {
        let names = items(&pod["spec"][which]).iter().map(|it| text(&it["name"]));
        names.collect::<Vec<_>>().join(" ")
    };
    let uninitialized = matches!(stage, Stage::InitCrashed { .. }).then(|| {
        let incomplete =
            format!("containers with incomplete status: [{}]", names("initContainers"));
        ("ContainersNotInitialized", incomplete)
    });
    let unready = (!matches!(stage, Stage::Running { ready: true })).then(|| {
        let message = format!("containers with unready status: [{}]", names("containers"));
        ("ContainersNotReady", message)
    });
    vec![
        condition(pod, "PodReadyToStartContainers", None, now),
        condition(pod, "Initialized", uninitialized, now),
        condition(pod, "Ready", unready.clone(), now),
        condition(pod, "ContainersReady", unready, now),
        condition(pod, "PodScheduled", None, now),
    ]
}

/// True, or false and why.
fn condition(pod: &Value, kind: &str, why_not: Option<(&str, String)>, now: &str) -> Value {
    let status = if why_not.is_none() { "True" } else { "False" };
    let mut before = items(&pod["status"]["conditions"]).iter();
    let before = before.find(|it| it["type"] == kind && it["status"] == status);
    let since = before.map_or_else(|| json!(now), |it| it["lastTransitionTime"].clone());
    let mut condition = json!({
        "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": since,
    });
    if let Some((reason, message)) = why_not {
        condition["reason"] = json!(reason);
        if !message.is_empty() {
            condition["message"] = json!(message);
        }
    }
    condition
}

/// The statuses of all containers of a sort, each made from the one before.
fn all(pod: &Value, which: &str, make: impl Fn(&Value, &Value) -> Value) -> Value {
    let field = which.replace("ontainers", "ontainerStatuses");
    let before = items(&pod["status"][field]);
    let status = |container: &Value| {
        let old = before.iter().find(|old| old["name"] == container["name"]);
        make(container, old.unwrap_or(&Value::Null))
    };
    items(&pod["spec"][which]).iter().map(status).collect()
}

fn container(pod: &Value, container: &Value, old: &Value, stage: &Stage, now: &str) -> Value {
    let before = match &old["state"]["terminated"] {
        Value::Null => old["lastState"].clone(),
        ended => json!({ "terminated": ended }),
    };
    let restarts = count(&old["restartCount"]);
    let waiting = |reason: &str, message: &str| match message {
        "" => json!({ "waiting": { "reason": reason } }),
        message => json!({ "waiting": { "reason": reason, "message": message } }),
    };
    let (state, last, restarts, ready) = match stage {
        Stage::Running { ready } => match &old["state"] {
            running if running["running"].is_object() => {
                (running.clone(), before, restarts, *ready)
            }
            state => {
                let had_ended = state["terminated"].is_object() || before["terminated"].is_object();
                let running = json!({ "running": { "startedAt": now } });
                (running, before, restarts + i64::from(had_ended), *ready)
            }
        },
        Stage::Crashed { restarts, exit_code, .. } => {
            let restarts = i64::try_from(*restarts).unwrap_or(i64::MAX);
            return crashed(pod, container, old, restarts, *exit_code, now);
        }
        Stage::Waiting { reason, message } => (waiting(reason, message), before, restarts, false),
        Stage::InitCrashed { .. } => (waiting("PodInitializing", ""), before, restarts, false),
        Stage::Creating | Stage::Unschedulable { .. } => {
            (waiting("ContainerCreating", ""), before, restarts, false)
        }
    };
    status(pod, container, state, last, restarts, ready)
}

fn init(pod: &Value, container: &Value, old: &Value, stage: &Stage, now: &str) -> Value {
    if let Stage::InitCrashed { restarts } = stage {
        let restarts = i64::try_from(*restarts).unwrap_or(i64::MAX);
        return crashed(pod, container, old, restarts, 1, now);
    }
    let (state, last) = if container["restartPolicy"] == "Always" {
        (json!({ "running": { "startedAt": now } }), Value::Null)
    } else {
        let ended = json!({
            "exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now,
        });
        (json!({ "terminated": ended }), Value::Null)
    };
    let state = if old["state"].is_object() { old["state"].clone() } else { state };
    status(pod, container, state, last, count(&old["restartCount"]), true)
}

/// The first end is seen as such, the later ones while it waits to be started again.
fn crashed(
    pod: &Value,
    container: &Value,
    old: &Value,
    restarts: i64,
    exit_code: i64,
    now: &str,
) -> Value {
    let started = match &old["state"]["running"]["startedAt"] {
        Value::Null => json!(now),
        started => started.clone(),
    };
    let reason = if exit_code == 0 { "Completed" } else { "Error" };
    let ended = json!({ "terminated": {
        "exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": now,
        "containerID": id(pod, container, restarts),
    }});
    if restarts == 0 {
        return status(pod, container, ended, json!({}), 0, false);
    }
    let message = format!(
        "back-off {} restarting failed container={} pod={}_{}({})",
        back_off::after(restarts.unsigned_abs()),
        text(&container["name"]),
        name(pod),
        text(&pod["metadata"]["namespace"]),
        uid(pod)
    );
    let waits = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": message } });
    status(pod, container, waits, ended, restarts, false)
}

fn status(
    pod: &Value,
    container: &Value,
    state: Value,
    last: Value,
    restarts: i64,
    ready: bool,
) -> Value {
    let image = text(&container["image"]);
    let has_run = !state["waiting"].is_object() || last["terminated"].is_object();
    let mut status = json!({
        "name": container["name"],
        "image": image,
        "imageID": if has_run { format!("{image}@sha256:{}", digest(image)) } else { String::new() },
        "lastState": if last.is_object() { last } else { json!({}) },
        "ready": ready,
        "restartCount": restarts,
        "started": state["running"].is_object(),
        "state": state,
    });
    if has_run {
        status["containerID"] = json!(id(pod, container, restarts));
    }
    status
}

fn id(pod: &Value, container: &Value, restarts: i64) -> String {
    let what = format!("{}{}{restarts}", uid(pod), text(&container["name"]));
    format!("containerd://{}", digest(&what))
}

/// Looks like one.
fn digest(of: &str) -> String {
    (0..4u64).map(|part| format!("{:016x}", sum(of).wrapping_mul(2 * part + 1))).collect()
}
