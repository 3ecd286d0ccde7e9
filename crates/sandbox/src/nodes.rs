//! What pods do, as far as anybody outside of them can tell.

use std::future::ready;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Response;
use http::request::Parts;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

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
    /// Its init containers ended with exit code 1, after so many restarts; it has not started.
    InitCrashed {
        restarts: u64,
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

/// What the pods of an image that are there are in from now on, whatever their lives said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    pub image: String,
    pub stage: Stage,
}

/// The machines: they decide what becomes of a pod, and may really run something for it.
pub trait Nodes: Send + Sync + 'static {
    /// A pod has been given a node and an address (`status.podIP`). Asked once a pod.
    fn start(&self, pod: &Value) -> Life;

    /// Somebody has changed a pod's metadata: what becomes of it from now on, if that matters to it.
    fn edited(&self, _pod: &Value) -> Option<Life> {
        None
    }

    /// What a container says that has just started.
    fn log(&self, _pod: &Key) -> String {
        String::new()
    }

    /// Where turns come from, if any do. Asked once, by the cluster.
    fn turns(&self) -> Option<UnboundedReceiver<Turn>> {
        None
    }

    /// What a pod is in has changed.
    fn changed(&self, _pod: &Key, _stage: &Stage) {}

    /// What a pod says to a request at one of its ports; none where nobody listens there.
    fn answer(
        &self,
        _pod: &Value,
        _port: u64,
        _request: Parts,
    ) -> BoxFuture<'static, Option<Response<Vec<u8>>>> {
        Box::pin(ready(None))
    }

    /// A pod has been told to end, and will after the time that its life says.
    fn ending(&self, _pod: &Key) {}

    /// It has ended.
    fn gone(&self, _pod: &Key) {}
}
