//! What becomes of a pod, by the tag of its first container's image. kwok has no containers: its
//! Stages write the statuses that a kubelet would.
//!
//! | tag | what |
//! |---|---|
//! | `never-ready` | runs, its readiness probe fails for ever |
//! | `late` | runs, ready after 3 s |
//! | `crash` | ends with exit code 1 a second after each start, restarts grow, never ready |
//! | `dies-later` | ready at once; after 8 s as `crash` |
//! | `dies-told` | ready at once; as `crash` once its pod has the annotation `DIE` |
//! | `pull-error` | waits: ErrImagePull, a second later ImagePullBackOff |
//! | `config-error` | waits: CreateContainerConfigError |
//! | `init-crash` | its init containers end with exit code 1, restarts grow (a pod without init containers waits for ever) |
//! | any other | ready at once |
//!
//! What it answers is in `pods_answer`. All containers of a pod fare alike. Pods are deleted at once, whatever their grace period.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

const TAG: &str = r#".spec.containers[0].image | split(":") | last"#;
const READY: &str = r#".status.conditions[]? | select(.type == "Ready") | .status"#;
const REASON: &str = ".status.containerStatuses[0]?.state.waiting.reason";

const TAGS: [&str; 8] = [
    "never-ready",
    "late",
    "crash",
    "dies-later",
    "dies-told",
    "pull-error",
    "config-error",
    "init-crash",
];

pub const DIE: (&str, &str) = ("bed/die", "now");

pub const CONFIG_ERROR: &str = r#"configmap "parrot-settings" not found"#;
pub const PULL_ERROR: &str = "failed to resolve reference: not found";
pub const UNHEALTHY: &str = "Readiness probe failed: HTTP probe failed with statuscode: 503";

const STARTED: &str = "{running: {startedAt: {{ $now | Quote }}}}";
const ENDED: &str = "{terminated: {exitCode: 1, reason: Error, \
    startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}";
const INITIALIZING: &str = "{waiting: {reason: PodInitializing}}";

/// kwok's own stages, the ready one kept off our tags, and ours.
pub fn documents(kwoks: &Path) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(kwoks).context("kwok's stages are missing")? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let mut stage: Value = serde_saphyr::from_str(&text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        if stage["metadata"]["name"] == "pod-ready" {
            stage["spec"]["selector"]["matchExpressions"]
                .as_array_mut()
                .context("kwok's pod-ready has no matchExpressions")?
                .push(json!({ "key": TAG, "operator": "NotIn", "values": TAGS }));
        }
        all.push(stage);
    }
    all.extend(ours());
    Ok(all)
}

fn ours() -> Vec<Value> {
    let told = format!(".metadata.annotations[{:?}]", DIE.0);
    let first = |tags| [is(TAG, tags), unset(".status.podIP")];
    let dead = [is(TAG, &["crash", "dies-later", "dies-told"]), is(READY, &["False"])];
    let unhealthy = json!({ "type": "Warning", "reason": "Unhealthy", "message": UNHEALTHY });
    let back_off = json!({
        "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container",
    });
    vec![
        Stage::new("never-ready", first(&["never-ready"]))
            .event(&unhealthy)
            .status(start("Running", false) + &containers(false, STARTED)),
        Stage::new("late", first(&["late"]))
            .event(&unhealthy)
            .status(start("Running", false) + &containers(false, STARTED)),
        Stage::new("late-ready", [is(TAG, &["late"]), is(READY, &["False"])])
            .after_ms(3_000)
            .status(conditions(true, true) + &containers(true, STARTED)),
        Stage::new("crash", first(&["crash"]))
            .status(start("Running", false) + &containers(false, ENDED)),
        Stage::new("dies-later", first(&["dies-later", "dies-told"]))
            .status(start("Running", true) + &containers(true, STARTED)),
        Stage::new("dies-later-dies", [is(TAG, &["dies-later"]), is(READY, &["True"])])
            .after_ms(8_000)
            .event(&back_off)
            .status(conditions(true, false) + &restarted("containers", ENDED)),
        Stage::new(
            "dies-told-dies",
            [is(TAG, &["dies-told"]), is(READY, &["True"]), is(&told, &[DIE.1])],
        )
        .event(&back_off)
        .status(conditions(true, false) + &restarted("containers", ENDED)),
        Stage::new("crash-again", dead)
            .after_ms(1_000)
            .event(&back_off)
            .status(conditions(true, false) + &restarted("containers", ENDED)),
        Stage::new("pull-error", first(&["pull-error"]))
            .status(start("Pending", false) + &containers(false, &waiting("ErrImagePull"))),
        Stage::new("pull-back-off", [is(TAG, &["pull-error"]), is(REASON, &["ErrImagePull"])])
            .after_ms(1_000)
            .status(conditions(true, false) + &containers(false, &waiting("ImagePullBackOff"))),
        Stage::new("config-error", first(&["config-error"])).status(
            start("Pending", false) + &containers(false, &waiting("CreateContainerConfigError")),
        ),
        Stage::new("init-crash", first(&["init-crash"]))
            .status(start("Pending", false) + &init_ended() + &containers(false, INITIALIZING)),
        Stage::new("init-crash-again", [is(TAG, &["init-crash"]), is(READY, &["False"])])
            .after_ms(1_000)
            .event(&back_off)
            .status(restarted("initContainers", ENDED)),
    ]
}

struct Stage(Value);

impl Stage {
    fn new<const N: usize>(name: &str, when: [Value; N]) -> Self {
        let mut all = vec![
            json!({ "key": ".metadata.deletionTimestamp", "operator": "DoesNotExist" }),
            // A node's own word: only a pod that was scheduled has one.
            json!({ "key": ".spec.nodeName", "operator": "Exists" }),
        ];
        all.extend(when);
        Self(json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "Stage",
            "metadata": { "name": format!("bed-{name}") },
            "spec": {
                "resourceRef": { "apiGroup": "v1", "kind": "Pod" },
                "selector": { "matchExpressions": all },
                "next": {},
            },
        }))
    }

    fn after_ms(mut self, delay: u64) -> Self {
        self.0["spec"]["delay"] = json!({ "durationMilliseconds": delay });
        self
    }

    fn event(mut self, event: &Value) -> Self {
        self.0["spec"]["next"]["event"] = event.clone();
        self
    }

    fn status(mut self, template: String) -> Value {
        let all = format!("{{{{ $now := Now }}}}\n{{{{ $root := . }}}}\n{template}");
        self.0["spec"]["next"]["statusTemplate"] = json!(all);
        self.0
    }
}

fn is(key: &str, values: &[&str]) -> Value {
    json!({ "key": key, "operator": "In", "values": values })
}

fn unset(key: &str) -> Value {
    json!({ "key": key, "operator": "DoesNotExist" })
}

/// The first status that a pod gets. Its address comes with it: a pod that is not ready stands in
/// its EndpointSlice too.
fn start(phase: &str, ready: bool) -> String {
    let address = r#"
hostIP: "127.0.0.1"
{{ $podIPs := PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
{{ with $podIPs }}
podIP: {{ index . 0 | Quote }}
podIPs: [{ip: {{ index . 0 | Quote }}}]
{{ end }}
startTime: {{ $now | Quote }}
"#;
    format!("{address}phase: {phase}\n{}", conditions(phase == "Running", ready))
}

fn conditions(initialized: bool, ready: bool) -> String {
    let one = |kind: &str, yes: bool| {
        let (status, why) = match yes {
            true => ("True", ""),
            false => ("False", ", reason: ContainersNotReady"),
        };
        format!(
            "- {{type: {kind}, status: \"{status}\"{why}, lastTransitionTime: {{{{ $now | Quote }}}}}}\n"
        )
    };
    let lines = one("Initialized", initialized) + &one("Ready", ready);
    format!("conditions:\n{lines}{}", one("ContainersReady", ready))
}

fn containers(ready: bool, state: &str) -> String {
    let started = state.contains("running");
    format!(
        "containerStatuses:
{{{{ range $item := .spec.containers }}}}
- name: {{{{ $item.name | Quote }}}}
  image: {{{{ $item.image | Quote }}}}
  ready: {ready}
  started: {started}
  restartCount: 0
  state: {state}
{{{{ end }}}}
"
    )
}

fn init_ended() -> String {
    format!(
        "initContainerStatuses:
{{{{ range $item := .spec.initContainers }}}}
- name: {{{{ $item.name | Quote }}}}
  image: {{{{ $item.image | Quote }}}}
  ready: false
  restartCount: 0
  state: {ENDED}
{{{{ end }}}}
"
    )
}

/// One more restart of all `containers` (or `initContainers`), the last end moved to `lastState`.
fn restarted(which: &str, state: &str) -> String {
    let statuses = which.replace("ontainers", "ontainerStatuses");
    format!(
        "{statuses}:
{{{{ range $index, $item := .spec.{which} }}}}
{{{{ $was := index $root.status.{statuses} $index }}}}
- name: {{{{ $item.name | Quote }}}}
  image: {{{{ $item.image | Quote }}}}
  ready: false
  started: false
  restartCount: {{{{ add $was.restartCount 1 }}}}
  state: {state}
  lastState: {ENDED}
{{{{ end }}}}
"
    )
}

fn waiting(reason: &str) -> String {
    let message = match reason {
        "CreateContainerConfigError" => format!("{CONFIG_ERROR:?} | Quote"),
        "ImagePullBackOff" => {
            format!("printf \"Back-off pulling image %q: {PULL_ERROR}\" $item.image | Quote")
        }
        _ => format!("printf \"failed to pull image %q: {PULL_ERROR}\" $item.image | Quote"),
    };
    format!("{{waiting: {{reason: {reason}, message: {{{{ {message} }}}}}}}}")
}
