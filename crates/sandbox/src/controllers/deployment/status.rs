//! What a Deployment says of itself.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Rollout;
use super::sizes::{available, size};
use crate::controllers::objects::{count, items, moment, name, set_count, text};

const AVAILABLE: &str = "NewReplicaSetAvailable";
const TOO_LATE: &str = "ProgressDeadlineExceeded";
const PAUSED: &str = "DeploymentPaused";

fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    items(&status["conditions"]).iter().find(|it| it["type"] == kind)
}

/// What says the same already is left alone, times included.
pub fn set(status: &mut Value, kind: &str, is: &str, reason: &str, message: String, now: &str) {
    let old = find(status, kind);
    if old.is_some_and(|old| old["status"] == is && old["reason"] == reason) {
        return;
    }
    let since = match old {
        Some(old) if old["status"] == is => old["lastTransitionTime"].clone(),
        _ => json!(now),
    };
    replace(
        status,
        kind,
        json!({
            "type": kind, "status": is, "reason": reason, "message": message,
            "lastUpdateTime": now, "lastTransitionTime": since,
        }),
    );
}

/// The newest stands last.
fn replace(status: &mut Value, kind: &str, condition: Value) {
    let mut conditions = items(&status["conditions"]).to_vec();
    conditions.retain(|it| it["type"] != kind);
    conditions.push(condition);
    status["conditions"] = json!(conditions);
}

impl Rollout<'_> {
    pub fn condition(&self, kind: &str) -> Option<&Value> {
        find(&self.deployment["status"], kind)
    }

    pub fn note_pause(&mut self) {
        let reason = self.condition("Progressing").map(|it| text(&it["reason"]).to_owned());
        let is_noted = reason.as_deref() == Some(PAUSED);
        if self.progress_deadline().is_none() || reason.as_deref() == Some(TOO_LATE) {
            return;
        }
        let (reason, what) = match self.deployment["spec"]["paused"] == true {
            true if !is_noted => (PAUSED, "paused"),
            false if is_noted => ("DeploymentResumed", "resumed"),
            _ => return,
        };
        let now = self.scene.store.clock().stamp();
        let message = format!("Deployment is {what}");
        self.edit(|it| set(&mut it["status"], "Progressing", "Unknown", reason, message, &now));
    }

    pub fn is_complete(&self, status: &Value) -> bool {
        ["updatedReplicas", "replicas", "availableReplicas"]
            .iter()
            .all(|field| count(&status[field]) == self.sizes.desired)
            && count(&status["observedGeneration"])
                >= count(&self.deployment["metadata"]["generation"])
    }

    /// Without a word about progress.
    pub fn write_plain_status(&mut self) {
        let status = self.status();
        self.edit(|deployment| deployment["status"] = status);
    }

    /// Returns when it will be too late for progress.
    pub fn write_status(&mut self) -> Option<Instant> {
        let mut status = self.status();
        let deadline = self.progress_deadline();
        match deadline {
            Some(deadline) => self.judge(&mut status, deadline),
            None => {
                if let Some(conditions) = status["conditions"].as_array_mut() {
                    conditions.retain(|it| it["type"] != "Progressing");
                }
            }
        }
        let is_over = self.is_complete(&status);
        self.edit(|deployment| deployment["status"] = status);
        let condition = self.condition("Progressing")?;
        if is_over || condition["reason"] == TOO_LATE {
            return None;
        }
        let since: Timestamp = text(&condition["lastUpdateTime"]).parse().ok()?;
        let late = since.saturating_add(SignedDuration::from_secs(deadline? + 1)).ok()?;
        Some(moment(&self.scene.store, late))
    }

    fn judge(&self, status: &mut Value, deadline: i64) {
        let now = self.scene.store.clock().now();
        let stamp = self.scene.store.clock().stamp();
        let before = self.condition("Progressing");
        let has_arrived = before.is_some_and(|it| it["reason"] == AVAILABLE);
        if has_arrived && status["replicas"] == status["updatedReplicas"] {
            return;
        }
        let subject = match &self.new {
            Some(set) => format!("ReplicaSet \"{}\"", name(set)),
            None => format!("Deployment \"{}\"", name(&self.deployment)),
        };
        let say = |status: &mut Value, is, reason, what: &str| {
            set(status, "Progressing", is, reason, format!("{subject} {what}"), &stamp);
        };
        if self.is_complete(status) {
            say(status, "True", AVAILABLE, "has successfully progressed.");
        } else if self.has_progressed(status) {
            let since = match before {
                Some(before) if before["status"] == "True" => before["lastTransitionTime"].clone(),
                _ => json!(stamp),
            };
            // Written anew each time: the deadline counts from the last progress.
            replace(
                status,
                "Progressing",
                json!({
                    "type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated",
                    "message": format!("{subject} is progressing."),
                    "lastUpdateTime": stamp, "lastTransitionTime": since,
                }),
            );
        } else if let Some(before) = before
            && before["reason"] != AVAILABLE
            && before["reason"] != TOO_LATE
            && let Ok(since) = text(&before["lastUpdateTime"]).parse::<Timestamp>()
            && now.duration_since(since) > SignedDuration::from_secs(deadline)
        {
            say(status, "False", TOO_LATE, "has timed out progressing.");
        }
    }

    fn has_progressed(&self, status: &Value) -> bool {
        let before = &self.deployment["status"];
        let old = |status: &Value| count(&status["replicas"]) - count(&status["updatedReplicas"]);
        let grew = |field: &str| count(&status[field]) > count(&before[field]);
        grew("updatedReplicas")
            || grew("readyReplicas")
            || grew("availableReplicas")
            || old(status) < old(before)
    }

    /// By what its ReplicaSets say.
    fn status(&self) -> Value {
        let sum = |field: &str| {
            let of_all = self.all().map(|set| count(&set["status"][field]));
            usize::try_from(of_all.sum::<i64>()).unwrap_or(0)
        };
        let is_available: i64 = self.all().map(|set| available(set)).sum();
        let missing = self.all().map(|set| size(set)).sum::<i64>() - is_available;
        let updated = self.new.as_ref().map_or(0, |set| count(&set["status"]["replicas"]));
        let before = &self.deployment["status"];
        let mut status = json!({
            "observedGeneration": self.deployment["metadata"]["generation"],
            "terminatingReplicas": sum("terminatingReplicas"),
        });
        for field in ["collisionCount", "conditions"] {
            if !before[field].is_null() {
                status[field] = before[field].clone();
            }
        }
        set_count(&mut status, "replicas", sum("replicas"));
        set_count(&mut status, "updatedReplicas", usize::try_from(updated).unwrap_or(0));
        set_count(&mut status, "readyReplicas", sum("readyReplicas"));
        set_count(&mut status, "availableReplicas", sum("availableReplicas"));
        set_count(&mut status, "unavailableReplicas", usize::try_from(missing).unwrap_or(0));
        let now = self.scene.store.clock().stamp();
        let (is, reason, has) = match is_available >= self.sizes.least() {
            true => ("True", "MinimumReplicasAvailable", "has"),
            false => ("False", "MinimumReplicasUnavailable", "does not have"),
        };
        let message = format!("Deployment {has} minimum availability.");
        set(&mut status, "Available", is, reason, message, &now);
        status
    }
}
