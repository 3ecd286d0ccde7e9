//! A candidate that goes: people back to the version that served before, the slot as it was found.

use jiff::Timestamp;
use json_patch::{PatchOperation, RemoveOperation};
use serde_json::json;

use super::before_switch::{replace, scale};
use super::{Action, Context, Next, WaitFor, arrive, autoscaling, later, lock, others, switch};
use crate::model::{
    Id, Kind, RELEASE, TEMPLATE_HASH, Write, annotate, annotation, name, pointer, version,
};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::routes::Leads;
use crate::release::{
    Before, Cause, Ending, Record, Release, ReleaseOutcome, Slot, carried, template,
};
use crate::route::{Route, RouteKind, Switch, follow};

pub fn next(cx: Context, record: &Record, release: &Release, ending: &Ending) -> Next {
    let s = cx.s;
    if let Some(next) = switch_back(cx, record, release) {
        return next;
    }
    if let Some(next) = arrive::unmark(cx) {
        return next;
    }
    if let Some(next) = lock::unstamped(cx, record) {
        return next;
    }
    if s.was_switched(record, release) {
        // People were there: the router's old workers and long requests still are.
        let Some(until) = release.drain_back_until else {
            return arrive::confirm_back(cx, record, release, ending.at);
        };
        let wanted = "to be over, for requests that the candidate still answers (--drain)";
        let drain = Condition::after(Need::Drain, cx.now, until, wanted);
        if !cx.all(Aim::Withdraw, [drain]) {
            return Next::Wait { until: Some(until), on: WaitFor::Drain { colour: release.to } };
        }
        if let Some(next) = still_asked(cx, release, until) {
            return next;
        }
    }
    // One that goes on running keeps what it had.
    if release.before.as_ref().is_none_or(|before| before.replicas == 0)
        && let Some(next) = autoscaling::remove(cx, release.to)
    {
        return next;
    }
    if let Some(slot) = s.slot(release.to)
        && slot.release() == Some(release.number)
    {
        return match &release.before {
            None if slot.is_ours() => destroy(cx, slot),
            None => cx.changed(format!("{} no longer belongs to bluegreen", slot.name())),
            Some(before) => restore(cx, slot, before),
        };
    }
    autoscaling::pin(cx, release.from).unwrap_or_else(|| cx.finish(ending.outcome))
}

/// Somebody else than the old version answers at the end of the drain: the candidate stays, whoever that is.
fn still_asked(cx: Context, release: &Release, drained: Timestamp) -> Option<Next> {
    let slot = cx.s.slot(release.to).filter(|slot| slot.release() == Some(release.number))?;
    // Nobody misses a version that answers nothing.
    if cx.s.endpoints(release.to) == 0 {
        return None;
    }
    let what = match release.before {
        None => format!("{} can't be deleted", slot.name()),
        Some(_) => format!("{} can't be reset", slot.name()),
    };
    let others = others::of(cx, release, release.from, drained);
    others.next(cx, Aim::Withdraw, release.to, &what)
}

/// Whatever still leads to the candidate goes back to the old version, once that can serve.
fn switch_back(cx: Context, record: &Record, release: &Release) -> Option<Next> {
    let s = cx.s;
    let mut routes = s.routes(record);
    routes.retain(|route| s.touches(*route, record, release.to));
    // One that the API server does not let us change keeps nobody else from going back.
    let refusal = |route: Route| s.memory.refusal(&route.id());
    let route = routes.iter().copied().find(|route| refusal(*route).is_none());
    let there = s.live_service_leads(record) == Leads::To(release.to);
    let others = s.followers(&record.service, &record.label, release.to).into_iter();
    // Where the live Service is the route it has gone back with the routes, or may not.
    let is_route = record.route == RouteKind::Service;
    let live = s.live_service(record).filter(|_| there && !is_route);
    let service = live.into_iter().chain(others).next();
    if route.is_none() && service.is_none() {
        let refused = *routes.first()?;
        let why = refusal(refused)?;
        let what = format!("the API server refuses to switch {} back: {why}", refused.id());
        return Some(cx.stopped(Cause::Refused, what));
    }
    if !s.is_fixed(release.from, record) {
        let service = s.names.service(release.from);
        return Some(cx.changed(format!("the selector of Service {service} was changed")));
    }
    if let Some(next) = old_version(cx, release) {
        return Some(next);
    }
    if let Some(route) = route {
        let services = s.serving(record);
        // By the fixed Service: it is right whatever the live Service selects at that moment.
        let to = s.names.service(release.from);
        let switch = Switch {
            app: &s.names.app,
            services: &services,
            to: &to,
            colour: release.from,
            label: &record.label,
            release: s.number_on(route.object()).unwrap_or(release.number),
            epoch: record.epoch,
        };
        let action = switch::action_back(route, &to, release.from);
        return Some(cx.act_fresh(action, route.switch(&switch)));
    }
    let service = service?;
    let service_name = name(service).to_owned();
    let action = Action::FollowLive { service: service_name, colour: release.from };
    Some(cx.act(action, follow(service, &record.label, release.from)))
}

/// The old version at the size it has to serve, which the put-away may have begun to take from it.
fn old_version(cx: Context, release: &Release) -> Option<Next> {
    let s = cx.s;
    let Some(old) = s.slot(release.from) else {
        let name = s.names.deployment(release.from);
        return Some(cx.changed(format!("{name}, the version to go back to, was deleted")));
    };
    // A process that takes a withdrawal up later gives the old version the same time again.
    let since = release.ending.as_ref().map(|ending| ending.at).max(s.memory.started_at);
    let until = later(since.unwrap_or(cx.now), release.timeout_seconds);
    let replicas = s.slot(release.to).map_or(1, |slot| slot.desired().max(1));
    // From a version that answers nobody has to go back before there is room. Who scales the old
    // one down again all the while does not hold them up for ever.
    let is_well = release.ending.as_ref().is_some_and(|e| e.outcome == ReleaseOutcome::Aborted);
    let grows = is_well && release.switched.is_some() && cx.now < until;
    if old.desired() == 0 || grows && old.desired() < replicas {
        let deployment = old.name().to_owned();
        return Some(cx.act(Action::Resize { deployment, replicas }, scale(old, replicas)));
    }
    if cx.all(Aim::SwitchBack, s.readiness(release.from, old.desired())) {
        return None;
    }
    if cx.now >= until {
        let what = format!(
            "{}, the version to go back to, did not become ready: {} of {} pods are",
            old.name(),
            old.ready_replicas(),
            old.desired()
        );
        return Some(cx.stopped(Cause::NotReady, what));
    }
    Some(Next::Wait { until: Some(until), on: cx.ready(release.from, None) })
}

fn destroy(cx: Context, slot: Slot) -> Next {
    let deployment = slot.name().to_owned();
    let id = Id::new(Kind::Deployment, &deployment);
    cx.act_fresh(Action::Destroy { deployment }, Write::delete(id, version(slot.0)))
}

/// The slot as the release found it, with the template that its old ReplicaSet has kept. If
/// somebody deleted that one, what is left must not pass for the version that stood there.
fn restore(cx: Context, slot: Slot, before: &Before) -> Next {
    let mut changes = Vec::new();
    // One of its own: whoever may write the record names no other's.
    let kept = cx.s.replica_sets(slot).find(|set| name(set) == before.replica_set);
    if let Some(set) = kept {
        let template = template::of_replica_set(set);
        changes.push(replace(&["spec", "template"], template));
    }
    let replicas = if kept.is_some() { before.replicas } else { 0 };
    changes.push(replace(&["spec", "replicas"], json!(replicas)));
    for (key, value) in [(RELEASE, &before.release), (TEMPLATE_HASH, &before.hash)] {
        match value.as_ref().filter(|_| kept.is_some()) {
            Some(value) => changes.extend(annotate(slot.0, &[(key, value.clone())])),
            None if annotation(slot.0, key).is_none() => {}
            None => changes.push(PatchOperation::Remove(RemoveOperation {
                path: pointer(["metadata", "annotations", key]),
            })),
        }
    }
    changes.extend(before.marks.iter().flat_map(|marks| carried::patch(slot.0, marks)));
    let deployment = slot.name().to_owned();
    let id = Id::new(Kind::Deployment, &deployment);
    cx.act_fresh(Action::Restore { deployment }, Write::patch(id, &slot.version(), changes))
}
