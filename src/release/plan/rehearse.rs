//! What a deploy would write, from the look that there is: for `--dry-run=server`. The later steps
//! are planned on the objects as the earlier ones would leave them, but written against the ones
//! that are there, so that the API server can check each.

use jiff::Timestamp;
use serde_json::Value;

use super::{Next, Step, plan};
use crate::model::{Colour, Id, Kind, name};
use crate::release::goal::{Deploy, Gate, Goal, Me};
use crate::release::plan::Doing;
use crate::release::{Outcome, Record, Snapshot};
use crate::route::{Switch, follow};

/// The steps of a release that started now; or how it would end before it began.
pub fn steps(deploy: &Deploy, s: &Snapshot, now: Timestamp) -> Result<Vec<Step>, Outcome> {
    let me = Me { id: "dry-run".to_owned(), holder: "dry-run".to_owned() };
    let goal = Goal::Deploy(Deploy { gate: Gate::Open, detach: false, ..deploy.clone() });
    let start = match plan(&goal, &me, s, now) {
        Next::Do(step) => *step,
        Next::Done(outcome) => return Err(outcome),
        Next::Ask(_) | Next::Wait { .. } => {
            let why = "the app is between two changes: try again in a moment".to_owned();
            return Err(Outcome::NothingToDo { why });
        }
    };
    if !matches!(start.doing, Doing::Start { .. }) {
        let why = "a release is in progress: what would be done depends on it".to_owned();
        return Err(Outcome::NothingToDo { why });
    }
    let mut steps = vec![start];
    let mut then = after(s, &steps[0]);
    while let Next::Do(step) = plan(&goal, &me, &then, now) {
        if !matches!(step.doing, Doing::FollowPreview { .. } | Doing::MakeCandidate { .. }) {
            break;
        }
        then = after(&then, &step);
        steps.push(*step);
    }
    if let Some((_, record)) = &then.record {
        steps.extend(switches(s, record));
    }
    Ok(steps)
}

/// The look after a step, as far as JSON alone tells.
fn after(s: &Snapshot, step: &Step) -> Snapshot {
    use crate::model::Write;
    let mut objects = s.objects.clone();
    let id = step.write.id().clone();
    match &step.write {
        Write::Create { object, .. } => objects.insert(id, object.clone()),
        Write::Patch { patch, .. } => {
            let mut object = objects.get(id.kind, &id.name).cloned().unwrap_or_default();
            json_patch::patch(&mut object, patch).expect("it was planned on this very object");
            objects.insert(id, object);
        }
        Write::Delete { .. } => objects.remove(&id),
    }
    Snapshot::new(s.names.clone(), objects, s.memory.clone()).expect("we wrote the record")
}

/// The switch and the switch back, of the Ingress and of the live Service.
fn switches(s: &Snapshot, record: &Record) -> Vec<Step> {
    let Some(release) = &record.release else { return Vec::new() };
    let services = s.serving(record);
    let mut steps = Vec::new();
    let step = |doing, write| Step { doing, write, fresh: false };
    let to_colour = |route: &Value, colour: Colour| {
        let to = s.names.service(colour);
        let (release, epoch) = (release.number, record.epoch);
        let switch = Switch { services: &services, to: &to, release, epoch };
        (name(route).to_owned(), switch.was(route), switch.patch(route), to.clone())
    };
    for route in s.routes(record) {
        let (ingress, was, write, service) = to_colour(route, release.to);
        steps.push(step(Doing::Switch { ingress, service, was }, write));
    }
    if let Some(live) = s.service(&record.service) {
        let doing = Doing::FollowLive { service: record.service.clone(), colour: release.to };
        steps.push(step(doing, follow(live, &record.label, release.to)));
    }
    let old = s.names.deployment(release.from);
    if let Some(slot) = s.slot(release.from) {
        let write = super::forward::scale(slot, 0);
        debug_assert_eq!(write.id(), &Id::new(Kind::Deployment, &old));
        steps.push(step(Doing::PutAway { deployment: old }, write));
    }
    for route in s.routes(record) {
        let (ingress, _, write, service) = to_colour(route, release.from);
        steps.push(step(Doing::SwitchBack { ingress, service }, write));
    }
    steps
}
