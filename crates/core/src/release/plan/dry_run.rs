//! What a deploy would write, from the look that there is: for `--dry-run=server`. The later steps
//! are planned on the objects as the earlier ones would leave them, but written against the ones
//! that are there, so that the API server can check each.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fresh, Next, Step, plan, switch};
use crate::model::{Colour, EPOCH, Id, Kind, Write, annotate, name};
use crate::release::carried::Load;
use crate::release::checks::CheckInput;
use crate::release::goal::{Deploy, Gate, Goal, Init, Me};
use crate::release::manifests::{self, Candidate};
use crate::release::plan::Action;
use crate::release::{Outcome, Record, Snapshot, Unreadable, managed, template};
use crate::route::{Label, RouteKind, Switch, Word, follow};

/// The steps of a release that started now; or how it would end before it began.
pub fn steps(goal: &Goal, s: &Snapshot, now: Timestamp) -> Result<Vec<Step>, Outcome> {
    let me = Me { id: "dry-run".to_owned(), holder: "dry-run".to_owned() };
    let goal = match goal {
        Goal::Deploy(deploy) => {
            Goal::Deploy(Deploy { gate: Gate::Open, detach: false, ..deploy.clone() })
        }
        other => other.clone(),
    };
    let start = match plan(&goal, &me, s, now) {
        Next::Do(step) => *step,
        Next::Done(outcome) => return Err(outcome),
        Next::Ask(_) | Next::Wait { .. } => {
            let why = "the app is between two changes: try again in a moment".to_owned();
            return Err(Outcome::NothingToDo { why });
        }
    };
    if !matches!(start.action, Action::Start { .. }) {
        let why = "a release is in progress: the steps depend on it".to_owned();
        return Err(Outcome::NothingToDo { why });
    }
    let mut steps = vec![start];
    let later = |s: &Snapshot, step: &Step| {
        let why =
            |error: Unreadable| format!("the record could not be read after it: {}", error.why);
        after(s, step).map_err(|error| Outcome::NothingToDo { why: why(error) })
    };
    let mut then = later(s, &steps[0])?;
    while let Next::Do(step) = plan(&goal, &me, &then, now) {
        if !matches!(
            step.action,
            Action::FollowPreview { .. } | Action::MakeBudget { .. } | Action::MakeCandidate { .. }
        ) {
            break;
        }
        then = later(&then, &step)?;
        steps.push(*step);
    }
    if let Some((_, record)) = &then.record
        && let Some(release) = &record.release
    {
        let (service, label) = (record.service.clone(), record.label.clone());
        let (from, to, number) = (release.from, release.to, release.number);
        let (by, epoch) = (record.route, record.epoch);
        let turn = Turn { service, by, label, from, to, number, epoch };
        steps.extend(turn.steps(s));
    }
    Ok(steps)
}

/// The same for the version that is live, whether `init` has taken the app in or not; nothing while a
/// release is in progress.
pub fn of(g: &CheckInput) -> Vec<Step> {
    let s = g.s;
    let (mut number, mut epoch) = (1, 0);
    if let Some((_, record)) = &s.record {
        (number, epoch) = (record.number + 1, record.epoch);
        if record.release.is_some() {
            return Vec::new();
        }
    }
    let (service, label) = (g.service.clone(), g.label.clone());
    let (from, to, by) = (g.to.other(), g.to, g.route);
    let turn = Turn { service, by, label, from, to, number, epoch };
    let load = Load::of(g.live, s.slot(g.to), None);
    let what = Candidate {
        load: load.as_ref(),
        colour: g.to,
        release: number,
        epoch,
        hash: &template::hash(&g.template),
        template: &g.template,
        replicas: g.replicas(),
    };
    let write = match s.slot(g.to) {
        Some(slot) => super::before_switch::fill(slot, &g.label, &what, false),
        None => manifests::candidate(&s.names, g.live, &g.label, &what),
    };
    let deployment = s.names.deployment(g.to);
    let action = Action::MakeCandidate { deployment, replicas: what.replicas };
    let mut steps = vec![Step { action, write, fresh: Fresh::Nothing }];
    steps.extend(turn.steps(s));
    steps.extend(preview(g));
    to_try(steps, s)
}

/// What `init` would make of the Services and the record, and change of them, for an app that is as it is.
pub fn of_init(init: &Init, s: &Snapshot, now: Timestamp) -> Vec<Step> {
    if s.record.as_ref().is_some_and(|(_, record)| record.release.is_some()) {
        return Vec::new();
    }
    let (me, goal) = (Me { id: "dry-run".to_owned(), holder: "dry-run".to_owned() }, init.clone());
    let goal = Goal::Init(goal);
    let (mut then, mut steps) = (s.clone(), Vec::new());
    while let Next::Do(step) = plan(&goal, &me, &then, now) {
        let id = step.write.id();
        let is_there = s.objects.get(id.kind, &id.name).is_some();
        // What is not there yet can't be changed before it is made.
        if !is_there && !matches!(step.write, Write::Create { .. }) {
            break;
        }
        let Ok(after) = after(&then, &step) else { break };
        then = after;
        steps.push(*step);
    }
    // Our own Ingress is tried with the steps of a release.
    let is_ingress = |step: &Step| step.write.id().kind == Kind::Ingress;
    steps.retain(|step| !is_ingress(step));
    steps
}

/// What a yes sets going, as long as nothing is switched.
pub fn of_waiting(s: &Snapshot) -> Vec<Step> {
    let Some((_, record)) = &s.record else { return Vec::new() };
    let Some(release) = &record.release else { return Vec::new() };
    let is_over = s.begun(record, release) || s.switched(record, release);
    if release.ending.is_some() || release.switched.is_some() || is_over {
        return Vec::new();
    }
    let (service, label) = (record.service.clone(), record.label.clone());
    let (from, to, number) = (release.from, release.to, release.number);
    let (by, epoch) = (record.route, record.epoch);
    Turn { service, by, label, from, to, number, epoch }.steps(s)
}

/// The steps that are worth a request of their own. The first ones of a release change the record and the
/// preview Service alone, and break nothing where they are refused; what puts a Deployment away is one of its
/// new sizes.
pub fn to_try(mut steps: Vec<Step>, s: &Snapshot) -> Vec<Step> {
    let is_told_otherwise = |action: &Action| {
        matches!(
            action,
            Action::Start { .. } | Action::FollowPreview { .. } | Action::ScaleDown { .. }
        )
    };
    steps.retain(|step| !is_told_otherwise(&step.action));
    steps.extend(beside_the_template(s));
    steps
}

/// Those without which nobody gets back: what has to be done for it, and nothing that may follow.
pub fn to_try_in_need(mut steps: Vec<Step>) -> Vec<Step> {
    steps.retain(|step| {
        matches!(
            step.action,
            Action::MakeBudget { .. }
                | Action::MakeCandidate { .. }
                | Action::Switch { .. }
                | Action::SwitchService { .. }
                | Action::FollowLive { .. }
        )
    });
    steps
}

/// A pod of the candidate's, as its ReplicaSet would make it: only tried, never made.
pub fn pod(g: &CheckInput) -> Write {
    let template = template::coloured(&g.template, &g.label, g.to, 0);
    let mut metadata = json!({
        "name": format!("{}-dry-run", g.s.names.deployment(g.to)),
        "namespace": g.s.names.namespace,
        "labels": template["metadata"]["labels"],
        "annotations": template["metadata"]["annotations"],
    });
    // Some rules are for pods that nobody looks after.
    if let Some(set) = g.s.replica_set(g.live) {
        let uid = &set["metadata"]["uid"];
        metadata["ownerReferences"] = json!([{
            "apiVersion": Kind::ReplicaSet.api_version(), "kind": "ReplicaSet",
            "name": name(set), "uid": uid, "controller": true,
        }]);
    }
    let id = Id::new(Kind::Pod, metadata["name"].as_str().unwrap_or_default());
    let object = json!({
        "apiVersion": Kind::Pod.api_version(), "kind": "Pod",
        "metadata": metadata, "spec": template["spec"],
    });
    Write::create(id, object)
}

/// Our own Ingress where `init` would make it, or give it the preview host: a policy for hosts or an ingress
/// controller's webhook may refuse it.
fn preview(g: &CheckInput) -> Option<Step> {
    let (s, ingress) = (g.s, g.s.names.preview());
    let host = g.preview_host.clone();
    let is_made = s.managed_ingress().is_some();
    if host.is_none() && (is_made || !managed::is_wanted(s, (&g.service, g.route), None)) {
        return None;
    }
    let mut record = match &s.record {
        Some((_, record)) => record.clone(),
        None => Record::new(g.service.clone(), g.label.clone(), 0, 0),
    };
    record.preview_host = host;
    record.lead_by(g.route);
    let wanted = managed::wanted(s, &record);
    let (action, write) = match s.managed_ingress() {
        None => (
            Action::MakeIngress { ingress },
            wanted.make(&s.names.namespace, manifests::labels(&s.names)),
        ),
        Some(made) => (Action::AlignIngress { ingress }, wanted.align(made, Word::None)?),
    };
    Some(Step { action, write, fresh: Fresh::Nothing })
}

/// What a release may write of the Deployments that are there without a new version, in one: a stamp and
/// a size.
pub fn beside_the_template(s: &Snapshot) -> Vec<Step> {
    let epoch = s.record.as_ref().map_or(0, |(_, record)| record.epoch) + 1;
    let slots = || Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour));
    let size = slots().map(|slot| slot.desired()).max().unwrap_or_default().max(1);
    let steps = slots().map(|slot| {
        // Sizes that it may really be given.
        let replicas = if slot.desired() > 0 { 0 } else { size };
        let mut write = super::before_switch::scale(slot, replicas);
        if let Write::Patch { patch, .. } = &mut write {
            patch.0.extend(annotate(slot.0, &[(EPOCH, epoch.to_string())]));
        }
        let deployment = slot.name().to_owned();
        let action = Action::Resize { deployment, replicas };
        Step { action, write, fresh: Fresh::Nothing }
    });
    steps.collect()
}

/// The look after a step, as far as JSON alone tells. There is none when a record that somebody edited
/// stands at the end of its numbers: one more, and it can't be read.
pub fn after(s: &Snapshot, step: &Step) -> Result<Snapshot, Unreadable> {
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
    Snapshot::new(s.names.clone(), objects, s.memory.clone())
}

/// From one colour to the other, and back.
struct Turn {
    service: String,
    by: RouteKind,
    label: Label,
    from: Colour,
    to: Colour,
    number: u64,
    epoch: u64,
}

impl Turn {
    /// The switch and the switch back, of the Ingresses and of the live Service.
    fn steps(&self, s: &Snapshot) -> Vec<Step> {
        let services = s.names.serving(&self.service);
        let mut steps = Vec::new();
        let step = |action, write| Step { action, write, fresh: Fresh::Nothing };
        let fixed = Colour::BOTH.map(|colour| (colour, s.names.service(colour)));
        let to_colour = |to: Colour| {
            let (_, service) = fixed.iter().find(|(colour, _)| *colour == to).expect("one of both");
            let (app, release, epoch) = (s.names.app.as_str(), self.number, self.epoch);
            let (services, label) = (&services, &self.label);
            Switch { app, services, to: service, colour: to, label, release, epoch }
        };
        // Without the label in its selector it could not follow: a check of its own says that.
        let leads = |live: &&Value| !live["spec"]["selector"][&self.label.key].is_null();
        let mut routes = s.routes_to(&self.service, self.by);
        routes.retain(|route| route.kind() != Kind::Service || leads(&route.object()));
        for route in routes.iter().copied() {
            let switch = to_colour(self.to);
            steps.push(step(switch::action(route, &switch), route.switch(&switch)));
        }
        let follows = self.by != RouteKind::Service;
        if let Some(live) = s.service(&self.service).filter(|live| follows && leads(live)) {
            let action = Action::FollowLive { service: self.service.clone(), colour: self.to };
            steps.push(step(action, follow(live, &self.label, self.to)));
        }
        for follower in s.followers(&self.service, &self.label, self.from) {
            let service = name(follower).to_owned();
            let action = Action::FollowLive { service, colour: self.to };
            steps.push(step(action, follow(follower, &self.label, self.to)));
        }
        let copy = super::autoscaling::copy(s, self.to, (self.number, self.epoch));
        steps.extend(copy.map(|(action, write)| step(action, write)));
        let old = s.names.deployment(self.from);
        if let Some(slot) = s.slot(self.from) {
            let write = super::before_switch::scale(slot, 0);
            debug_assert_eq!(write.id(), &Id::new(Kind::Deployment, &old));
            steps.push(step(Action::ScaleDown { deployment: old }, write));
        }
        for route in routes {
            let switch = to_colour(self.from);
            // Where it stands as it would be led back, that has been taken before.
            if !route.taken_away(&switch).is_empty() {
                let action = switch::action_back(route, switch.to, self.from);
                steps.push(step(action, route.switch(&switch)));
            }
        }
        steps
    }
}
