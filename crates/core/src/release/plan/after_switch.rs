//! After the switch: the live Service follows, the new version is watched, the old one drained.

use jiff::Timestamp;

use super::before_switch::{ending, observed};
use super::{Action, Context, Next, WaitFor, arrive, autoscaling, later, scale_down};
use crate::release::condition::{Condition, Need, all_met};
use crate::release::pods::Trouble;
use crate::release::routes::Leads;
use crate::release::{AnswerKind, GateKind, Record, Release, ReleaseOutcome, Slot};
use crate::route::follow;

pub fn next(cx: Context, record: &Record, release: &Release) -> Next {
    let s = cx.s;
    if let Some(next) = follow_live(cx, record, release) {
        return next;
    }
    let Some(switched) = release.switched else {
        let write = cx.release(|release| {
            release.switched = Some(cx.now);
            arrive::note_answered(cx, release);
            if release.gate.kind != GateKind::Open {
                release.gate.answer = Some(AnswerKind::Pass);
            }
        });
        return cx.act(Action::MarkSwitched, write);
    };
    let Some(candidate) = s.slot(release.to) else {
        return cx.changed(format!("{} was deleted", s.names.deployment(release.to)));
    };
    if let Some(next) = observed(cx, record, release, candidate) {
        return next;
    }
    if let Some(next) = gone_bad(cx, release).or_else(|| answers_errors(cx, release)) {
        return next;
    }
    // The old one's is held first: until it is away people may have to go back to it.
    if let Some(next) =
        autoscaling::pin(cx, release.to).or_else(|| autoscaling::follow(cx, record, release))
    {
        return next;
    }
    if release.drain_until.is_some()
        && let Some(next) = arrive::unmark(cx)
    {
        return next;
    }
    let Some(drained) = release.drain_until else {
        return arrive::confirm(cx, record, release, switched);
    };
    let colour = release.from;
    let kept = release.bake_until.map_or(drained, |bake| bake.max(drained));
    let bake = release
        .bake_until
        .map(|until| Condition::after(Need::Bake, cx.now, until, "to be over (--bake)"));
    let is_baked = bake.as_ref().is_none_or(Condition::is_met);
    let drain = Condition::after(Need::Drain, cx.now, drained, "to be over (--drain)");
    let is_drained = drain.is_met();
    let serving = s.readiness(release.to, candidate.desired());
    let is_ready = all_met(&serving);
    let needs = bake.into_iter().chain([drain]).chain(serving);
    let others = scale_down::others(cx, release, kept).map(|others| others.condition);
    cx.all(scale_down::aim(cx, release), needs.chain(others));
    if let Some(until) = release.bake_until.filter(|_| !is_baked) {
        return Next::Wait { until: Some(until), on: WaitFor::Bake { colour } };
    }
    if !is_drained {
        return Next::Wait { until: Some(drained), on: WaitFor::Drain { colour } };
    }
    if !is_ready {
        return not_ready(cx, release, candidate, Some(kept));
    }
    scale_down::next(cx, release, candidate, kept)
}

/// Callers inside the cluster, too.
fn follow_live(cx: Context, record: &Record, release: &Release) -> Option<Next> {
    let s = cx.s;
    if s.live_service_leads(record) == Leads::To(release.to) {
        let others = s.followers(&record.service, &record.label, release.from);
        let other = others.first()?;
        let service = crate::model::name(other).to_owned();
        if release.switched.is_some() {
            // Who is put back after that is not fought, and must not lead to nobody.
            let old = s.slot(release.from).filter(|old| old.desired() > 0 && !release.keep_old)?;
            return Some(cx.changed(format!(
                "Service {service} points to {}, which release {} replaced and would scale down to \
                 0",
                old.name(),
                release.number
            )));
        }
        let action = Action::FollowLive { service, colour: release.to };
        return Some(cx.act(action, follow(other, &record.label, release.to)));
    }
    if release.switched.is_some() {
        return Some(cx.changed(put_back(record, release)));
    }
    let Some(service) = s.live_service(record) else {
        return Some(cx.changed(format!("Service {} was deleted", record.service)));
    };
    if s.live_service_leads(record) == Leads::Astray {
        return Some(cx.changed(format!("the selector of Service {} was changed", record.service)));
    }
    let action = Action::FollowLive { service: record.service.clone(), colour: release.to };
    Some(cx.act(action, follow(service, &record.label, release.to)))
}

/// That somebody has led the live Service away from the new version.
pub fn put_back(record: &Record, release: &Release) -> String {
    format!(
        "the selector of Service {} was switched by release {} and then put back",
        record.service, release.number
    )
}

/// People are sent back from a new version that no longer answers, where the old one would. A pod that
/// is being moved to another node is no such case: most of the others still answer.
pub fn gone_bad(cx: Context, release: &Release) -> Option<Next> {
    let s = cx.s;
    let desired = s.slot(release.to)?.desired();
    let (new, old) = (s.endpoints(release.to), s.endpoints(release.from));
    let trouble = s.trouble(release.to);
    // Pods that it was to have in addition, and for which there is no room, are none that people miss.
    let is_missed = |trouble: &Trouble| trouble.container.is_some() || new == 0 || new < old;
    let hopeless = trouble.as_ref().filter(|t| t.is_hopeless(cx.now) && is_missed(t));
    let why = match hopeless {
        Some(trouble) => trouble.sentence(),
        None => {
            if new * 2 >= desired || old <= new {
                return None;
            }
            let said = trouble.map(|trouble| format!(": {}", trouble.sentence()));
            let service = s.names.service(release.to);
            format!("Service {service} reaches {new} of {desired} pods{}", said.unwrap_or_default())
        }
    };
    Some(go_back(cx, format!("it failed after the switch: {why}")))
}

/// Nothing but errors come through the ingress where answers came until the switch.
fn answers_errors(cx: Context, release: &Release) -> Option<Next> {
    let is_put_away = cx.s.slot(release.from).is_none_or(|old| old.desired() == 0);
    // From then on errors may be for want of the old version: it is started again first.
    if is_put_away || release.revived.is_some() {
        return None;
    }
    let said = arrive::sight(cx, release)?.bad(&release.answered)?;
    Some(go_back(cx, format!("it failed after the switch: {said}")))
}

/// The decision to go back, on a look of its own.
pub fn go_back(cx: Context, reason: String) -> Next {
    let (action, write) = ending(cx, ReleaseOutcome::Unhealthy, reason);
    cx.act_fresh(action, write)
}

/// The drain is over but the new version is not fully ready: the old one stays until it is, or the
/// switch is taken back.
fn not_ready(cx: Context, release: &Release, slot: Slot, since: Option<Timestamp>) -> Next {
    // Who takes the release up later gives it the same time again.
    let since = since.max(cx.s.memory.started_at).unwrap_or(cx.now);
    let until = later(since, release.timeout_seconds);
    if cx.now >= until {
        let reason = format!(
            "it failed after the switch: {} of {} pods of {} are ready",
            slot.ready_replicas(),
            slot.desired(),
            slot.name()
        );
        return go_back(cx, reason);
    }
    Next::Wait { until: Some(until), on: cx.ready(release.to, None) }
}
