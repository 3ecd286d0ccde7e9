//! Controllers of what a release changes: each would undo it, and be undone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::Check;
use crate::model::{Colour, Id, Kind, Optional, name};
use crate::release::{Snapshot, whose};
use crate::route::Route;

pub const NAME: &str = "managers";
pub const KINDS: [Optional; 2] = [Optional::Canary, Optional::Rollout];
const FLAGGER: &str = "flagger.app/";
/// What Flagger adds to the name of an app for that of the Deployment that it makes live.
const PRIMARY: &str = "-primary";

/// Those of the app's Deployments, of some Services and of some routes.
pub fn checks(s: &Snapshot, services: &[String], routes: &[Route]) -> Vec<Check> {
    let mut named = BTreeSet::new();
    let mut found = Vec::new();
    for canary in s.objects.others.list(Optional::Canary) {
        if let Some(what) = canary_has(s, services, canary) {
            named.insert(("Canary", name(canary)));
            let what = format!("Canary {} manages {what}: Flagger releases it", name(canary));
            found.push(Check::fail(NAME, what).hint(leave_flagger(s, name(canary))));
        }
    }
    for rollout in s.objects.others.list(Optional::Rollout) {
        if let Some((what, way_out)) = rollout_has(s, services, rollout) {
            named.insert(("Rollout", name(rollout)));
            let what =
                format!("Rollout {} manages {what}: Argo Rollouts releases it", name(rollout));
            found.push(Check::fail(NAME, what).hint(way_out));
        }
    }
    let slots = Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour)).map(|slot| slot.0);
    for object in slots.chain(routes.iter().map(|route| route.object())) {
        let (Some(id), Some(owner)) = (Id::of(object), whose::controller(object)) else { continue };
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        if named.contains(&(text("kind"), text("name"))) {
            continue;
        }
        let what = format!("{id} is managed by {} {}, its controller", text("kind"), text("name"));
        found.push(Check::fail(NAME, what).hint(leave(s, owner)));
    }
    found
}

/// What of the app a Canary names.
fn canary_has(s: &Snapshot, services: &[String], canary: &Value) -> Option<String> {
    let spec = &canary["spec"];
    let target = spec["targetRef"]["name"].as_str()?;
    let kind = spec["targetRef"]["kind"].as_str().unwrap_or_default();
    if kind == Kind::Deployment.to_string() {
        let own = [target.to_owned(), format!("{target}{PRIMARY}")];
        if let Some(deployment) = own.iter().find(|own| is_slot(s, own)) {
            return Some(format!("Deployment {deployment}"));
        }
    }
    let service = spec["service"]["name"].as_str().unwrap_or(target);
    let own = ["", PRIMARY, "-canary"].map(|end| format!("{service}{end}"));
    let service = services.iter().find(|service| own.contains(service))?;
    Some(format!("Service {service}"))
}

/// What of the app a Rollout names, and how it is left.
fn rollout_has(s: &Snapshot, services: &[String], rollout: &Value) -> Option<(String, String)> {
    let (spec, flags, rollout) = (&rollout["spec"], &s.names.flags, name(rollout));
    let delete = format!("kubectl delete rollout {rollout}{flags}");
    let workload = &spec["workloadRef"];
    if workload["kind"] == Kind::Deployment.to_string()
        && let Some(deployment) = workload["name"].as_str().filter(|it| is_slot(s, it))
    {
        let replicas = spec["replicas"].as_u64().unwrap_or(1);
        let way_out = format!(
            "scale the Deployment up again (kubectl scale deployment {deployment}{flags} \
             --replicas={replicas}), and when its pods are ready: {delete}"
        );
        return Some((format!("Deployment {deployment}"), way_out));
    }
    let (canary, blue_green) = (&spec["strategy"]["canary"], &spec["strategy"]["blueGreen"]);
    let named = [
        &blue_green["activeService"],
        &blue_green["previewService"],
        &canary["stableService"],
        &canary["canaryService"],
        &canary["pingPong"]["pingService"],
        &canary["pingPong"]["pongService"],
    ];
    let mut named = named.into_iter().filter_map(Value::as_str);
    let service = named.find(|it| services.iter().any(|service| service == it))?;
    let way_out = format!(
        "make it name another Service, or {delete}; then remove rollouts-pod-template-hash from \
         the selector of Service {service}"
    );
    Some((format!("Service {service}"), way_out))
}

fn is_slot(s: &Snapshot, deployment: &str) -> bool {
    Colour::BOTH.iter().any(|colour| s.names.deployment(*colour) == deployment)
}

/// What to do about an object's controller.
pub fn leave(s: &Snapshot, owner: &Value) -> String {
    let text = |field: &str| owner[field].as_str().unwrap_or_default();
    let (kind, name) = (text("kind").to_lowercase(), text("name"));
    if text("apiVersion").starts_with(FLAGGER) {
        return leave_flagger(s, name);
    }
    let group = text("apiVersion").rsplit_once('/').map(|(group, _)| format!(".{group}"));
    let (group, flags) = (group.unwrap_or_default(), &s.names.flags);
    format!(
        "its controller would undo a release: release the app through that, or stop it from \
         managing this object (kubectl get {kind}{group} {name}{flags} -o yaml)"
    )
}

/// It gives back what it took: the Deployment its pods, the Service its selector.
fn leave_flagger(s: &Snapshot, canary: &str) -> String {
    let flags = &s.names.flags;
    format!(
        "remove the app from Flagger first: kubectl patch canary {canary}{flags} \
         --type=merge \
         -p '{{\"spec\":{{\"revertOnDeletion\":true}}}}', a moment later kubectl delete canary {canary}{flags}, then run init for the Deployment that it was created for"
    )
}
