//! The cells of a pod: one word for what its containers are in.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::resources::{PODS, Resource};
use super::kinds::name;
use super::text::{NONE, age, items, or, plain, since};

/// What is found on a way through the containers.
#[derive(Default)]
struct Sum {
    word: String,
    ready: u64,
    restarts: u64,
    /// When the last container ended that was started again.
    restarted: Option<String>,
}

impl Sum {
    fn restarts_of(&mut self, container: &Value) {
        self.restarts += container["restartCount"].as_u64().unwrap_or(0);
        let ended = plain(&container["lastState"]["terminated"]["finishedAt"]);
        // Times of one form: the later is the greater.
        self.restarted = self.restarted.take().max(ended);
    }
}

pub fn pod(object: &Value, now: Timestamp) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let all = items(&spec["containers"]).len()
        + items(&spec["initContainers"]).iter().filter(|it| is_sidecar(it)).count();
    let mut sum = Sum { word: or(&status["reason"], &or(&status["phase"], "")), ..Sum::default() };
    let gated = "SchedulingGated";
    if condition(status, "PodScheduled").is_some_and(|it| it["reason"] == gated) {
        sum.word = gated.to_owned();
    }
    let (sidecars, is_initializing) = before(spec, status, &mut sum);
    if !is_initializing || is_true(status, "Initialized") {
        // What was needed to begin does not count any more, only what goes on.
        sum.restarts = sidecars.restarts;
        sum.restarted = sidecars.restarted;
        running(status, &mut sum);
    }
    if object["metadata"]["deletionTimestamp"].is_string() {
        if status["reason"] == "NodeLost" {
            sum.word = "Unknown".to_owned();
        } else if !matches!(status["phase"].as_str(), Some("Succeeded" | "Failed")) {
            sum.word = "Terminating".to_owned();
        }
    }
    let restarts = match &sum.restarted {
        Some(at) if sum.restarts > 0 => {
            format!("{} ({} ago)", sum.restarts, since(&json!(at), now))
        }
        _ => sum.restarts.to_string(),
    };
    vec![
        name(object),
        json!(format!("{}/{all}", sum.ready)),
        json!(sum.word),
        json!(restarts),
        age(object, now),
        json!(or(&status["podIPs"][0]["ip"], NONE)),
        json!(or(&spec["nodeName"], NONE)),
        json!(or(&status["nominatedNodeName"], NONE)),
        json!(gates(spec, status)),
    ]
}

/// The containers that run before the others. Returns the restarts of those that go on beside them,
/// and whether one of the rest is not done.
fn before(spec: &Value, status: &Value, sum: &mut Sum) -> (Sum, bool) {
    let mut sidecars = Sum::default();
    let all = items(&spec["initContainers"]);
    for (nth, container) in items(&status["initContainerStatuses"]).iter().enumerate() {
        let goes_on = all.iter().any(|it| it["name"] == container["name"] && is_sidecar(it));
        sum.restarts_of(container);
        if goes_on {
            sidecars.restarts_of(container);
        }
        let state = &container["state"];
        let ended = &state["terminated"];
        if ended["exitCode"] == 0 {
            continue;
        }
        if goes_on && container["started"] == true {
            sum.ready += u64::from(container["ready"] == true);
            continue;
        }
        sum.word = match plain(&state["waiting"]["reason"]) {
            _ if ended.is_object() => format!("Init:{}", end(ended)),
            Some(reason) if reason != "PodInitializing" => format!("Init:{reason}"),
            _ => format!("Init:{nth}/{}", all.len()),
        };
        return (sidecars, true);
    }
    (sidecars, false)
}

fn running(status: &Value, sum: &mut Sum) {
    let mut is_one_running = false;
    let mut failure = None;
    for container in items(&status["containerStatuses"]).iter().rev() {
        sum.restarts_of(container);
        let state = &container["state"];
        if let Some(reason) = plain(&state["waiting"]["reason"]) {
            sum.word = reason;
        } else if state["terminated"].is_object() {
            sum.word = end(&state["terminated"]);
            if state["terminated"]["exitCode"] != 0 {
                failure = Some(sum.word.clone());
            }
        } else if container["ready"] == true && state["running"].is_object() {
            is_one_running = true;
            sum.ready += 1;
        }
    }
    if sum.word == "Completed" {
        // Not all of them are.
        match (is_one_running, failure) {
            (true, _) if is_true(status, "Ready") => sum.word = "Running".to_owned(),
            (_, Some(failure)) => sum.word = failure,
            (true, None) => sum.word = "NotReady".to_owned(),
            (false, None) => {}
        }
    }
}

fn end(terminated: &Value) -> String {
    plain(&terminated["reason"]).unwrap_or_else(|| {
        match terminated["signal"].as_u64().filter(|signal| *signal > 0) {
            Some(signal) => format!("Signal:{signal}"),
            None => format!("ExitCode:{}", or(&terminated["exitCode"], "0")),
        }
    })
}

fn is_sidecar(container: &Value) -> bool {
    container["restartPolicy"] == "Always"
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    items(&status["conditions"]).iter().find(|it| it["type"] == kind)
}

fn is_true(status: &Value, kind: &str) -> bool {
    condition(status, kind).is_some_and(|it| it["status"] == "True")
}

fn gates(spec: &Value, status: &Value) -> String {
    let gates = items(&spec["readinessGates"]);
    let open = gates.iter().filter_map(|gate| gate["conditionType"].as_str());
    match gates.len() {
        0 => NONE.to_owned(),
        all => format!("{}/{all}", open.filter(|gate| is_true(status, gate)).count()),
    }
}

/// A pod that is over says so beside its cells.
pub fn completed(resource: Resource, object: &Value) -> Option<Value> {
    let (phase, message) = match object["status"]["phase"].as_str()? {
        _ if resource.plural != PODS.plural => return None,
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({ "type": "Completed", "status": "True", "reason": phase, "message": message }))
}
