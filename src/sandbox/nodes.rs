//! What pods do, as far as anybody outside of them can tell.

use std::time::Duration;

use serde_json::Value;

use super::store::Key;

/// What the first container of a pod is in; the others are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Its image is there and it is being made.
    Creating,
    Running {
        ready: bool,
    },
    /// It can't start: `ErrImagePull`, `ImagePullBackOff`, `CreateContainerConfigError` and the like.
    Waiting {
        reason: String,
        message: String,
    },
    /// It ended, for the nth time, and waits to be started again (`CrashLoopBackOff`).
    Crashed {
        restarts: u64,
        exit_code: i64,
        log: String,
    },
    /// No node takes it.
    Unschedulable {
        message: String,
    },
}

/// A pod's life from the moment it is there: what it is in, from when on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Life {
    pub stages: Vec<(Duration, Stage)>,
    /// How long it takes to end when it is told to, at most its grace period.
    pub ends_after: Duration,
}

impl Life {
    /// Ready after so long, and healthy until it is told to end.
    pub fn ready_after(time: Duration) -> Life {
        Life {
            stages: vec![
                (Duration::ZERO, Stage::Running { ready: false }),
                (time, Stage::Running { ready: true }),
            ],
            ends_after: Duration::from_millis(100),
        }
    }
}

/// The machines: they decide what becomes of a pod, and may really run something for it.
pub trait Nodes: Send + Sync + 'static {
    /// A pod has been given a node and an address (`status.podIP`). Asked once a pod.
    fn start(&self, pod: &Value) -> Life;

    /// What a pod is in has changed.
    fn changed(&self, _pod: &Key, _stage: &Stage) {}

    /// A pod has been told to end, and will after the time that its life says.
    fn ending(&self, _pod: &Key) {}

    /// It has ended.
    fn gone(&self, _pod: &Key) {}
}
