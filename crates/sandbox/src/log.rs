//! The log subresource of a pod.

use super::Store;
use super::refusal::Refusal;
use super::request::Target;
use super::resources::PODS;
use super::store::Key;
use super::verbs::{Asked, Reply, there};

pub fn answer(store: &Store, target: &Target, name: &str, asked: &Asked) -> Result<Reply, Refusal> {
    let pod = there(store, target, name)?;
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let container = match (asked.query.get("container"), containers) {
        ("", [only]) => only["name"].as_str().unwrap_or_default(),
        ("", several) => {
            let names: Vec<_> = several.iter().filter_map(|it| it["name"].as_str()).collect();
            return Err(Refusal::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                names.join(" ")
            )));
        }
        (given, several) if several.iter().any(|it| it["name"] == given) => given,
        (given, _) => {
            let why = format!("container {given} is not valid for pod {name}");
            return Err(Refusal::bad_request(why));
        }
    };
    // No kubelet could be asked.
    if pod["spec"]["nodeName"].is_null() {
        return Ok(Reply::Empty);
    }
    let previous = asked.query.is_set("previous");
    let key = Key::new(&PODS, target.space(), name);
    let Some(text) = store.log(&key, container, previous) else {
        let why = match previous {
            true => {
                format!("previous terminated container {container:?} in pod {name:?} not found")
            }
            false => {
                let pod = format!("container {container:?} in pod {name:?}");
                format!("{pod} is waiting to start: ContainerCreating")
            }
        };
        return Err(Refusal::bad_request(why));
    };
    let lines: Vec<&str> = text.lines().collect();
    let tail = asked.query.get("tailLines").parse().unwrap_or(lines.len());
    let kept = &lines[lines.len().saturating_sub(tail)..];
    Ok(Reply::Text(kept.iter().map(|line| format!("{line}\n")).collect()))
}
