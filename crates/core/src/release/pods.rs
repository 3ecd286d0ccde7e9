//! Why a candidate's pods are not ready, in the container's own words, and whether waiting helps.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::instant::after;
use super::slot::condition;
use super::{Slot, whose};
use crate::model::{Kind, Objects};

/// Reasons that no time mends: the image's name itself is wrong.
const HOPELESS: [&str; 2] = ["InvalidImageName", "ErrImageNeverPull"];
/// Reasons that a flaky registry or a Secret made a moment later may still mend.
const STUCK: [&str; 7] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];
const STUCK_FOR: SignedDuration = SignedDuration::from_secs(15);
/// A cluster autoscaler needs a minute or two for a new node.
const UNSCHEDULABLE_FOR: SignedDuration = SignedDuration::from_secs(120);
/// The condition of what cannot make its pods.
const FAILURE: &str = "ReplicaFailure";
/// A quota may be waiting for pods that are just ending.
const NOT_CREATED_FOR: SignedDuration = SignedDuration::from_secs(10);
/// The kubelet can take minutes to say CrashLoopBackOff; three ends in a row say it in seconds.
const CRASHES: i32 = 3;
/// An end after so long a run is the first of a new row, as it is for the kubelet's own back-off.
const LONG_RUN: SignedDuration = SignedDuration::from_mins(10);

/// What keeps a candidate from becoming ready.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    pub reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When waiting for it to mend ends; in the past where it can't mend.
    #[serde(skip)]
    pub until: Option<Timestamp>,
    /// Whether the container ran before: then its last words are those of the previous run.
    #[serde(skip)]
    pub restarted: bool,
}

impl Trouble {
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    pub fn sentence(&self) -> String {
        let place = match (&self.pod, &self.container) {
            (Some(pod), Some(container)) => format!("container {container} of pod {pod}: "),
            (Some(pod), None) => format!("pod {pod}: "),
            _ => String::new(),
        };
        let colon = if self.message.is_empty() { "" } else { ": " };
        format!("{place}{}{colon}{}", self.reason, self.message)
    }
}

/// A pod that is not ready, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Unready {
    pub pod: String,
    /// As its container or the scheduler reports it.
    pub reason: String,
}

impl Unready {
    pub fn sentence(&self) -> String {
        format!("pod {}: {}", self.pod, self.reason)
    }
}

/// So many pods are named; the others are like them more often than not.
const NAMED: usize = 3;

/// Some of the pods that are not ready: first those that are in trouble, then by name.
pub fn unready(pods: &[Pod]) -> Vec<Unready> {
    let mut waiting: Vec<(bool, Unready)> = pods.iter().filter_map(why_not).collect();
    waiting.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.pod.cmp(&y.pod)));
    waiting.into_iter().map(|(_, pod)| pod).take(NAMED).collect()
}

/// Why a pod is not ready, and whether that is a trouble or only takes its time.
fn why_not(pod: &Pod) -> Option<(bool, Unready)> {
    let status = pod.status.as_ref()?;
    let condition = |kind: &str| status.conditions.iter().flatten().find(|c| c.type_ == kind);
    if condition("Ready").is_some_and(|ready| ready.status == "True") {
        return None;
    }
    let named =
        |reason: String| Unready { pod: pod.metadata.name.clone().unwrap_or_default(), reason };
    if let Some(trouble) = of_pod(pod).into_iter().next() {
        let colon = if trouble.message.is_empty() { "" } else { ": " };
        let reason = format!("{}{colon}{}", trouble.reason, trouble.message);
        return Some((true, named(reason)));
    }
    let containers = status.init_container_statuses.iter().flatten();
    let mut containers = containers.chain(status.container_statuses.iter().flatten());
    let waiting = containers.find_map(|c| c.state.as_ref()?.waiting.as_ref()?.reason.clone());
    let reason = waiting.unwrap_or_else(|| match status.phase.as_deref() {
        Some("Running") => "running, not ready yet".to_owned(),
        Some(phase) => phase.to_owned(),
        None => "Pending".to_owned(),
    });
    Some((false, named(reason)))
}

/// The worst trouble of a slot's pods, if any: first what is hopeless soonest.
/// `set`: the ReplicaSet that makes them.
pub fn trouble(slot: Slot, set: Option<&Value>, pods: &[Pod]) -> Option<Trouble> {
    let mut troubles: Vec<Trouble> = pods.iter().flat_map(of_pod).collect();
    troubles.extend(of_deployment(slot, set));
    troubles.into_iter().min_by_key(|trouble| trouble.until.unwrap_or(Timestamp::MAX))
}

fn of_deployment(slot: Slot, set: Option<&Value>) -> Option<Trouble> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let has_failed = |condition: &&Value| condition["status"] == "True";
    if let Some(condition) = slot.condition(FAILURE).filter(has_failed) {
        let since = condition["lastTransitionTime"].as_str().and_then(|t| t.parse().ok());
        return Some(Trouble {
            pod: None,
            container: None,
            reason: text(&condition["reason"]),
            message: text(&condition["message"]),
            until: since.map(|since| after(since, NOT_CREATED_FOR)),
            restarted: false,
        });
    }
    // What it has not taken over from its ReplicaSet. That was read a while ago: it says why, and ends
    // nothing.
    if let Some(failure) = set.and_then(|set| condition(set, FAILURE)).filter(has_failed) {
        return Some(Trouble {
            pod: None,
            container: None,
            reason: text(&failure["reason"]),
            message: text(&failure["message"]),
            until: None,
            restarted: false,
        });
    }
    let condition = slot.condition("Progressing")?;
    (slot.is_observed() && condition["reason"] == "ProgressDeadlineExceeded").then(|| Trouble {
        pod: None,
        container: None,
        reason: text(&condition["reason"]),
        message: text(&condition["message"]),
        until: Some(Timestamp::MIN),
        restarted: false,
    })
}

fn of_pod(pod: &Pod) -> Vec<Trouble> {
    let Some(status) = &pod.status else { return Vec::new() };
    let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let mut troubles = Vec::new();
    for condition in status.conditions.iter().flatten() {
        if condition.type_ == "PodScheduled"
            && condition.status == "False"
            && condition.reason.as_deref() == Some("Unschedulable")
        {
            let since = condition.last_transition_time.as_ref().map(|time| time.0).or(created);
            troubles.push(Trouble {
                pod: pod.metadata.name.clone(),
                container: None,
                reason: "Unschedulable".to_owned(),
                message: condition.message.clone().unwrap_or_default(),
                until: since.map(|since| after(since, UNSCHEDULABLE_FOR)),
                restarted: false,
            });
        }
    }
    let init = status.init_container_statuses.iter().flatten();
    let containers = init.chain(status.container_statuses.iter().flatten());
    troubles.extend(containers.filter_map(|container| {
        let mut trouble = of_container(container, created)?;
        trouble.pod.clone_from(&pod.metadata.name);
        Some(trouble)
    }));
    troubles
}

fn of_container(container: &ContainerStatus, created: Option<Timestamp>) -> Option<Trouble> {
    if container.ready {
        return None;
    }
    let state = container.state.as_ref()?;
    let waiting = state.waiting.as_ref();
    let reason = waiting.and_then(|waiting| waiting.reason.clone()).unwrap_or_default();
    let trouble = |reason: String, message, until| Trouble {
        pod: None,
        container: Some(container.name.clone()),
        reason,
        message,
        until,
        restarted: container.restart_count > 0 && state.terminated.is_none(),
    };
    let said = waiting.and_then(|waiting| waiting.message.clone()).unwrap_or_default();
    let last = container.last_state.as_ref().and_then(|last| last.terminated.as_ref());
    if HOPELESS.contains(&reason.as_str()) {
        return Some(trouble(reason, said, Some(Timestamp::MIN)));
    }
    if STUCK.contains(&reason.as_str()) {
        // A container that ran before is pulled again for its restart: its time begins there.
        let ended = last.and_then(|last| last.finished_at.as_ref()).map(|time| time.0);
        let since = created.into_iter().chain(ended).max();
        return Some(trouble(reason, said, since.map(|since| after(since, STUCK_FOR))));
    }
    let backing_off = reason == "CrashLoopBackOff";
    let ended = state.terminated.as_ref().or(last.filter(|_| backing_off))?;
    // An init container that is done has ended too, with 0.
    if ended.exit_code == 0 && container.restart_count == 0 {
        return None;
    }
    let crashes = container.restart_count + 1;
    let why = ended.reason.clone().unwrap_or_else(|| "Error".to_owned());
    let times = if crashes == 1 { "once".to_owned() } else { format!("{crashes} times") };
    let message = format!(
        "crashed {times}, last with exit code {} ({why}){}",
        ended.exit_code,
        ended.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
    );
    let lasted = ended.started_at.as_ref().zip(ended.finished_at.as_ref());
    let has_run_long = lasted.is_some_and(|(from, to)| to.0.duration_since(from.0) >= LONG_RUN);
    let until = (crashes >= CRASHES && !has_run_long).then_some(Timestamp::MIN);
    Some(trouble(if backing_off { reason } else { "Crashing".to_owned() }, message, until))
}

/// Those of a slot that run what stands in it now.
pub fn of_slot(slot: Slot, objects: &Objects) -> Vec<Pod> {
    let pods = objects.list(Kind::Pod).filter(|pod| whose::is_of(objects, slot, pod));
    let present = pods.filter(|pod| whose::is_present(slot, pod) && !whose::is_over(pod));
    present.filter_map(|pod| Pod::deserialize(pod).ok()).collect()
}

#[cfg(test)]
#[path = "pods_tests.rs"]
mod tests;
