//! Nodes that run nothing: what becomes of a pod is decided by the image of its first container.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::nodes::{Life, Nodes, Stage, Turn};
use super::store::Key;

/// What a container says while it runs.
pub const LOG: &str = "parrot: starting\nparrot: cannot reach the database: connection refused\n";
/// The last words of one that crashed.
pub const LAST_WORDS: &str = "parrot: starting\nparrot: panic: no database\n";
/// The annotation that kills a pod of an image with the tag `dies-told`.
pub const DIE: (&str, &str) = ("bed/die", "now");
/// The header in which a container says its image.
pub const IMAGE: HeaderName = HeaderName::from_static("x-image");

const UNHINDERED: Duration = Duration::from_secs(1);
/// So often a container is started again; after that it waits for ever.
const RESTARTS: u64 = 60;

/// An image without a script lives by its tag, so that the same manifests fare alike here and on the
/// control plane of `tests/cluster`:
///
/// | tag | what |
/// |---|---|
/// | `never-ready` | runs, never ready |
/// | `late` | ready after 3 s |
/// | `crash` | ends with exit code 1 a second after each start, never ready |
/// | `dies-later` | ready at once; after 8 s as `crash` |
/// | `dies-told` | ready at once; as `crash` once its pod has the annotation [`DIE`] |
/// | `pull-error` | waits: ErrImagePull, a second later ImagePullBackOff |
/// | `config-error` | waits: CreateContainerConfigError |
/// | `init-crash` | its init containers end with exit code 1, never started |
/// | `unschedulable` | no node takes it |
/// | any other | ready after a second |
///
/// What runs answers every request at every port by [`answer`].
#[derive(Default)]
pub struct Scripts {
    lives: Mutex<HashMap<String, Life>>,
    turns: Mutex<Option<UnboundedSender<Turn>>>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().expect("no holder panics")
}

impl Scripts {
    /// How pods of an image live that start from now on.
    pub fn set(&self, image: &str, life: Life) {
        locked(&self.lives).insert(image.to_owned(), life);
    }

    /// What the pods of an image are in from now on that are there already.
    pub fn turn(&self, image: &str, stage: Stage) {
        if let Some(turns) = &*locked(&self.turns) {
            // Nobody listens when the cluster has ended: then there are no pods either.
            let _ = turns.send(Turn { image: image.to_owned(), stage });
        }
    }
}

impl Nodes for Scripts {
    fn start(&self, pod: &Value) -> Life {
        let container = &pod["spec"]["containers"][0];
        let image = container["image"].as_str().unwrap_or_default();
        match locked(&self.lives).get(image) {
            Some(life) => life.clone(),
            None => by_tag(tag(image), image),
        }
    }

    fn edited(&self, pod: &Value) -> Option<Life> {
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        let is_told = pod["metadata"]["annotations"][DIE.0] == DIE.1;
        (is_told && tag(image) == "dies-told").then(|| life(crashes(Duration::ZERO)))
    }

    fn log(&self, _pod: &Key) -> String {
        LOG.to_owned()
    }

    fn answer(
        &self,
        pod: &Value,
        _port: u64,
        _request: Parts,
    ) -> BoxFuture<'static, Option<Response<Vec<u8>>>> {
        let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        Box::pin(ready(Some(answer(image))))
    }

    fn turns(&self) -> Option<UnboundedReceiver<Turn>> {
        let (sender, receiver) = unbounded_channel();
        *locked(&self.turns) = Some(sender);
        Some(receiver)
    }
}

fn tag(image: &str) -> &str {
    image.rsplit_once(':').map_or("", |(_, tag)| tag)
}

/// What pods of that image say: it, in the body and in a header, with 200; where the tag has
/// `answers-502` in it, with 502, and so on.
pub fn answer(image: &str) -> Response<Vec<u8>> {
    let said = tag(image).split_once("answers-").and_then(|(_, said)| said.get(..3));
    let status: StatusCode = said.and_then(|code| code.parse().ok()).unwrap_or(StatusCode::OK);
    let mut answer = Response::new(image.into());
    *answer.status_mut() = status;
    // An image is whatever somebody says.
    if let Ok(image) = HeaderValue::from_str(image) {
        answer.headers_mut().insert(IMAGE, image);
    }
    answer
}

fn by_tag(tag: &str, image: &str) -> Life {
    let (start, second) = (Duration::ZERO, Duration::from_secs(1));
    let runs = |ready| Stage::Running { ready };
    let waits =
        |reason: &str, message: String| Stage::Waiting { reason: reason.to_owned(), message };
    let unresolved = "failed to resolve reference: not found";
    let stages = match tag {
        "never-ready" => vec![(start, runs(false))],
        "late" => return Life::ready_after(Duration::from_secs(3)),
        "crash" => {
            let mut stages = vec![(start, runs(false))];
            stages.extend(crashes(second));
            stages
        }
        "dies-later" => {
            let mut stages = vec![(start, runs(true))];
            stages.extend(crashes(Duration::from_secs(8)));
            stages
        }
        "dies-told" => vec![(start, runs(true))],
        "pull-error" => {
            let first = format!("failed to pull image \"{image}\": {unresolved}");
            let then = format!("Back-off pulling image \"{image}\": {unresolved}");
            vec![(start, waits("ErrImagePull", first)), (second, waits("ImagePullBackOff", then))]
        }
        "config-error" => {
            let message = "configmap \"parrot-settings\" not found".to_owned();
            vec![(start, waits("CreateContainerConfigError", message))]
        }
        "init-crash" => {
            let ends =
                |restarts| (second * restarts, Stage::InitCrashed { restarts: restarts.into() });
            (0..u32::try_from(RESTARTS).unwrap_or(u32::MAX)).map(ends).collect()
        }
        "unschedulable" => {
            let message = "0/1 nodes are available: 1 Insufficient cpu.".to_owned();
            vec![(start, Stage::Unschedulable { message })]
        }
        _ => return Life::ready_after(UNHINDERED),
    };
    life(stages)
}

fn life(stages: Vec<(Duration, Stage)>) -> Life {
    Life { stages, ends_after: Duration::from_millis(100) }
}

/// One end a second.
fn crashes(from: Duration) -> Vec<(Duration, Stage)> {
    let end = |restarts| {
        let crashed = Stage::Crashed { restarts, exit_code: 1, log: LAST_WORDS.to_owned() };
        (from + Duration::from_secs(restarts), crashed)
    };
    (0..RESTARTS).map(end).collect()
}
