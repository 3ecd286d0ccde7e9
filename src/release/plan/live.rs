//! After the switch: the live Service follows, the switch is confirmed, the new version watched, the
//! old one drained and put away.

use jiff::Timestamp;

use super::forward::{ending, observed, scale};
use super::{Doing, Look, Next, WaitFor, beside, later, start};
use crate::release::pods::Trouble;
use crate::release::snapshot::Leads;
use crate::release::{Confirmed, GateKind, Record, Release, Sight, Slot, Verdict};
use crate::route::follow;

pub fn next(look: Look, record: &Record, release: &Release) -> Next {
    let s = look.s;
    if let Some(next) = follow_live(look, record, release) {
        return next;
    }
    let Some(switched) = release.switched else {
        let write = look.release(|release| {
            release.switched = Some(look.now);
            if release.gate.kind != GateKind::Open {
                release.gate.answer = Some("pass".to_owned());
            }
        });
        return look.act(Doing::MarkSwitched, write);
    };
    let Some(candidate) = s.slot(release.to) else {
        return look.changed(format!("{} was deleted", s.names.deployment(release.to)));
    };
    if let Some(next) = observed(look, record, release, candidate) {
        return next;
    }
    if let Some(next) = gone_bad(look, release) {
        return next;
    }
    // The old one's is held first: until it is away people may have to go back to it.
    if let Some(next) =
        beside::hold(look, release.to).or_else(|| beside::follow(look, record, release))
    {
        return next;
    }
    let Some(drained) = release.drain_until else {
        return confirm(look, release, switched);
    };
    let colour = release.from;
    if let Some(until) = release.bake_until.filter(|until| look.now < *until) {
        return Next::Wait { until: Some(until), on: WaitFor::Bake { colour } };
    }
    if look.now < drained {
        return Next::Wait { until: Some(drained), on: WaitFor::Drain { colour } };
    }
    if !s.serves(release.to, candidate.desired()) {
        return not_ready(look, release, candidate, release.bake_until.max(Some(drained)));
    }
    if !release.keep_old
        && let Some(next) = beside::remove(look, release.from)
    {
        return next;
    }
    if let Some(old) = s.slot(release.from).filter(|old| old.desired() > 0 && !release.keep_old) {
        let deployment = old.name().to_owned();
        return look.act_fresh(Doing::PutAway { deployment }, scale(old, 0));
    }
    look.finish(Verdict::Promoted)
}

/// Callers inside the cluster, too.
fn follow_live(look: Look, record: &Record, release: &Release) -> Option<Next> {
    let s = look.s;
    if s.live_service_leads(record) == Leads::To(release.to) {
        let others = s.followers(&record.service, &record.label, release.from);
        let other = others.first()?;
        let service = crate::model::name(other).to_owned();
        if release.switched.is_some() {
            // Who is put back after that is not fought, and must not lead to nobody.
            let old = s.slot(release.from).filter(|old| old.desired() > 0 && !release.keep_old)?;
            return Some(look.changed(format!(
                "Service {service} leads to {}, which release {} has replaced and would put away",
                old.name(),
                release.number
            )));
        }
        let doing = Doing::FollowLive { service, colour: release.to };
        return Some(look.act(doing, follow(other, &record.label, release.to)));
    }
    if release.switched.is_some() {
        return Some(look.changed(format!(
            "the selector of Service {} was switched by release {} and then put back",
            record.service, release.number
        )));
    }
    let Some(service) = s.live_service(record) else {
        return Some(look.changed(format!("Service {} was deleted", record.service)));
    };
    if s.live_service_leads(record) == Leads::Astray {
        return Some(
            look.changed(format!("the selector of Service {} was changed", record.service)),
        );
    }
    let doing = Doing::FollowLive { service: record.service.clone(), colour: release.to };
    Some(look.act(doing, follow(service, &record.label, release.to)))
}

/// Waits until the switch has arrived: an Ingress has no acknowledgement.
fn confirm(look: Look, release: &Release, switched: Timestamp) -> Next {
    let colour = release.to;
    let probed = look.s.memory.probed.as_ref().filter(|p| p.release == release.number);
    let (until, why) = match probed.map(|probed| &probed.sight) {
        Some(sight @ Sight::New { since, unseen, .. }) if sight.is_enough(look.now) => {
            let Some(why) = unseen else { return confirmed(look, release, Confirmed::Probe) };
            // The rest may have been taken in as late as it.
            let since = if release.doubted { *since } else { switched };
            return settle(look, release, since, Some(why.clone()));
        }
        // The next answers are told of anyway.
        Some(Sight::New { .. }) => (later(look.now, 1), None),
        Some(Sight::Old { .. })
            if !release.doubted && look.now >= later(switched, release.settle_seconds) =>
        {
            return look.act(Doing::Doubt, look.release(|release| release.doubted = true));
        }
        Some(Sight::Old { said, .. }) => {
            // Who takes the release up later gives it the same time again.
            let since = look.s.memory.began.map_or(switched, |began| began.max(switched));
            let until = later(since, release.timeout_seconds);
            if look.now >= until {
                return look.changed(format!(
                    "the switch does not arrive: {said}, after {} s",
                    release.timeout_seconds
                ));
            }
            (until, Some(said.clone()))
        }
        // Only who asked before the switch can tell. Time alone proves nothing any more.
        _ if release.doubted => {
            return look.changed(
                "the switch was seen not to arrive, and this process can't tell whether it has since: \
                 the same command with another --settle takes it for arrived after that time",
            );
        }
        blind => {
            let why = match blind {
                Some(Sight::Blind { why }) => Some(why.clone()),
                _ => None,
            };
            return settle(look, release, switched, why);
        }
    };
    let on = WaitFor::Arrival { colour, by: Confirmed::Probe, why };
    Next::Wait { until: Some(until), on }
}

/// The controller's time, where nothing is seen.
fn settle(look: Look, release: &Release, since: Timestamp, why: Option<String>) -> Next {
    let settled = later(since, release.settle_seconds);
    if look.now >= settled {
        return confirmed(look, release, Confirmed::Settle);
    }
    let on = WaitFor::Arrival { colour: release.to, by: Confirmed::Settle, why };
    Next::Wait { until: Some(settled), on }
}

fn confirmed(look: Look, release: &Release, by: Confirmed) -> Next {
    let (seconds, bake) = (release.drain_seconds, release.bake_seconds);
    let write = look.release(|release| {
        release.confirmed = Some(by);
        release.arrived = Some(look.now);
        (release.drain_until, release.bake_until) = start::kept_until(release, look.now);
    });
    look.act(Doing::StartDrain { seconds: seconds.max(bake), confirmed: Some(by) }, write)
}

/// People are sent back from a new version that no longer answers, where the old one would. A pod that
/// is being moved to another node is no such case: most of the others still answer.
pub fn gone_bad(look: Look, release: &Release) -> Option<Next> {
    let s = look.s;
    let desired = s.slot(release.to)?.desired();
    let (new, old) = (s.endpoints(release.to), s.endpoints(release.from));
    let trouble = s.trouble(release.to, release.number);
    // Pods that it was to have in addition, and for which there is no room, are none that people miss.
    let is_missed = |trouble: &Trouble| trouble.container.is_some() || new == 0 || new < old;
    let hopeless = trouble.as_ref().filter(|t| t.is_hopeless(look.now) && is_missed(t));
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
    Some(go_back(look, format!("it went bad after the switch: {why}")))
}

/// The decision to go back, on a look of its own.
fn go_back(look: Look, reason: String) -> Next {
    let (doing, write) = ending(look, Verdict::Unhealthy, reason);
    look.act_fresh(doing, write)
}

/// The drain is over but the new version is not fully ready: the old one stays until it is, or the
/// switch is taken back.
fn not_ready(look: Look, release: &Release, slot: Slot, since: Option<Timestamp>) -> Next {
    // Who takes the release up later gives it the same time again.
    let since = since.max(look.s.memory.began).unwrap_or(look.now);
    let until = later(since, release.timeout_seconds);
    if look.now >= until {
        let reason = format!(
            "it went bad after the switch: {} of {} pods of {} are ready",
            slot.ready_replicas(),
            slot.desired(),
            slot.name()
        );
        return go_back(look, reason);
    }
    Next::Wait { until: Some(until), on: look.ready(release.to, None) }
}
