//! `deploy`: a new release, or the unfinished one again.

use serde_json::Value;

use super::hold::{self, Other};
use super::{Doing, Look, Next, forward, later, withdraw};
use crate::model::{Colour, Write, name, string_map, version};
use crate::release::goal::{Change, Deploy, Gate};
use crate::release::snapshot::Leads;
use crate::release::{
    Before, Ending, GateKind, GateState, Outcome, Record, Release, Settings, Slot, Verdict, checks,
    expected, ports, template, warm,
};
use crate::route::selects;

pub fn next(look: Look, record: &Record, deploy: &Deploy) -> Next {
    let recorded = record.settings.unwrap_or_default();
    // What the command was not given is settled here, once.
    let gate = match deploy.gate {
        Gate::Unsaid { .. } if recorded.skip => Gate::Open,
        Gate::Unsaid { watched: true } => Gate::Person,
        Gate::Unsaid { watched: false } => return Next::Done(Outcome::Ungated),
        said => said,
    };
    let settings = deploy.settings.or(recorded);
    let deploy = &Deploy { gate, settings, ..deploy.clone() };
    match &record.release {
        None => start(look, record, deploy),
        Some(release) => again(look, record, release, deploy),
    }
}

/// A release is under way: the same version continues it, another one must wait or replace it.
fn again(look: Look, record: &Record, release: &Release, deploy: &Deploy) -> Next {
    let base = look.s.slot(release.from).map(|slot| slot.neutral_template(&record.label));
    let wanted = base.map(|base| template::changed(&base, &deploy.change, &record.label));
    let wanted = match wanted {
        Some(Err(why)) => return Next::Done(Outcome::Misfit { why }),
        Some(Ok(wanted)) => Some(wanted),
        None => None,
    };
    let same = wanted.as_ref().is_some_and(|wanted| template::hash(wanted) == release.hash);
    let mine = record.driver.as_ref().is_some_and(|driver| driver.id == look.me.id);
    let nobody = record.driver.is_none() || hold::is_gone(look, record);
    if !mine && nobody {
        if !same && !deploy.replace {
            let images = release.images.values().cloned().collect();
            return Next::Done(Outcome::InTheWay { number: release.number, images });
        }
        let set = settings(release, deploy) == *release;
        if same && set && detached(look, release, deploy) && record.driver.is_none() {
            return look.detached(release.number);
        }
    }
    if let Some(next) = hold::next(look, record, Other::Leave) {
        return next;
    }
    if let Some(ending) = &release.ending {
        return withdraw::next(look, record, release, ending);
    }
    // Without the Deployment that it started from nobody can tell what is asked for now.
    if !same && deploy.replace && wanted.is_some() {
        let ending = Ending {
            outcome: Verdict::Aborted,
            reason: "replaced by another version".to_owned(),
            by: Some(look.me.holder.clone()),
            at: look.now,
        };
        let write = look.release(|release| release.ending = Some(ending.clone()));
        return look.act(Doing::End { ending }, write);
    }
    // The same version, deployed again with other settings: the newer word counts.
    let settings = settings(release, deploy);
    if settings != *release && release.drain_until.is_none() {
        return look.act(Doing::Set, look.release(|release| *release = settings));
    }
    if detached(look, release, deploy) {
        return look.act(Doing::LetGo, look.record(|record| record.driver = None));
    }
    let wanted = wanted.as_ref().filter(|_| same);
    forward::next(look, record, release, wanted.map(|wanted| (wanted, deploy.detach)))
}

/// The release with the settings that this deploy was given.
fn settings(release: &Release, deploy: &Deploy) -> Release {
    let gate = gate(deploy);
    let mut set = release.clone();
    set.gate.kind = gate.kind;
    set.gate.interval_seconds = gate.interval_seconds;
    set.gate.threshold = gate.threshold;
    set.drain_seconds = deploy.settings.drain();
    let timeout = deploy.settings.timeout();
    if set.timeout_seconds != timeout {
        set.timeout_seconds = timeout;
        set.ready_by = later(release.started, timeout);
    }
    if let Some(seconds) = deploy.settings.deadline_seconds {
        set.deadline = Some(later(release.started, seconds));
    }
    set
}

/// Whether a deploy that only brings the candidate up has done its part.
fn detached(look: Look, release: &Release, deploy: &Deploy) -> bool {
    deploy.detach
        && release.ending.is_none()
        && release.deadline.is_none_or(|deadline| look.now < deadline)
        && release.approved.is_none()
        && release.waiting.is_some()
        && look.s.slot(release.to).is_some_and(|slot| look.s.serves(release.to, slot.desired()))
}

fn start(look: Look, record: &Record, deploy: &Deploy) -> Next {
    let s = look.s;
    if let Some(slot) = s.leftover(record) {
        return remove_leftover(look, slot);
    }
    let Some(blue) = s.slot(Colour::Blue) else {
        let (app, namespace) = (&s.names.app, &s.names.namespace);
        let reason = format!("there is no Deployment {app} in namespace {namespace}");
        return Next::Done(Outcome::Unfit { reasons: vec![reason] });
    };
    let mut reasons = checks::surroundings(s, &record.service, &record.label);
    reasons.extend(expected::unmet(s, &record.service, &deploy.expected));
    let mut missing = Vec::new();
    for service in s.serving(record).into_iter().chain([s.names.preview()]) {
        if s.service(&service).is_none() {
            missing.push(format!("there is no Service {service}"));
        }
    }
    let from = match s.routes_lead(record) {
        Leads::To(colour) if s.live_service_leads(record) == Leads::To(colour) => colour,
        _ if reasons.is_empty() && missing.is_empty() => {
            return look.changed(format!(
                "the Ingress and Service {} do not lead to one and the same colour",
                record.service
            ));
        }
        _ => Colour::Blue,
    };
    let Some(live) = s.slot(from) else {
        let reason = format!("there is no Deployment {}", s.names.deployment(from));
        return Next::Done(Outcome::Unfit { reasons: vec![reason] });
    };
    reasons.extend(checks::deployment(&s.names, live, &record.label));
    if !blue.0["spec"]["selector"]["matchLabels"][&record.label.key].is_string() {
        reasons.push(format!(
            "Deployment {} no longer selects by {}, the label that tells the colours apart",
            blue.name(),
            record.label.key
        ));
    }
    if !reasons.is_empty() {
        reasons.extend(missing);
        return Next::Done(Outcome::Unfit { reasons });
    }
    if missing.is_empty() {
        missing.extend(Colour::BOTH.into_iter().filter_map(|c| ports::missing(s, record, c)));
        missing.extend(warm::unfit(s, record));
    }
    if !missing.is_empty() {
        return Next::Done(Outcome::Unprepared { reasons: missing });
    }
    let base = live.neutral_template(&record.label);
    let wanted = match template::changed(&base, &deploy.change, &record.label) {
        Ok(wanted) => wanted,
        Err(why) => return Next::Done(Outcome::Misfit { why }),
    };
    if let Some(done) = unserved(look, record, &wanted) {
        return Next::Done(done);
    }
    if is_live(live, &base, &wanted, &deploy.change) {
        let images = template::images(&base).into_values().collect();
        return Next::Done(Outcome::AlreadyLive { images });
    }
    // Another driver may hold a record without a release only between two of its writes.
    if record.driver.as_ref().is_some_and(|driver| driver.id != look.me.id)
        && !hold::is_gone(look, record)
        && let Some(next) = hold::next(look, record, Other::Leave)
    {
        return next;
    }
    let to = from.other();
    let before = match s.slot(to).map(|slot| before(look, slot, to, deploy.settings.timeout())) {
        None => None,
        Some(Ok(before)) => Some(before),
        Some(Err(next)) => return next,
    };
    begin(look, record, deploy, (&base, &wanted), from, before)
}

/// A template whose pods the app's Services would not find, or somebody else's would.
fn unserved(look: Look, record: &Record, wanted: &Value) -> Option<Outcome> {
    let s = look.s;
    let reasons = checks::catching_selectors(s, &record.service, &record.label, wanted);
    if !reasons.is_empty() {
        return Some(Outcome::Unfit { reasons });
    }
    let blue = s.names.service(Colour::Blue);
    let labels = string_map(&wanted["metadata"]["labels"]);
    let selected = s.service(&blue).is_none_or(|service| selects(service, &labels));
    (!selected).then(|| Outcome::Misfit {
        why: format!(
            "the pod template lacks a label that Service {} selects by: its pods would never be asked",
            record.service
        ),
    })
}

fn begin(
    look: Look,
    record: &Record,
    deploy: &Deploy,
    (base, wanted): (&Value, &Value),
    from: Colour,
    before: Option<Before>,
) -> Next {
    let after = |seconds: u64| later(look.now, seconds);
    let release = Release {
        number: record.number + 1,
        from,
        to: from.other(),
        hash: template::hash(wanted),
        base: template::hash(base),
        images: template::images(wanted),
        replaces: template::images(base),
        started: look.now,
        ready_by: after(deploy.settings.timeout()),
        timeout_seconds: deploy.settings.timeout(),
        deadline: deploy.settings.deadline_seconds.map(after),
        drain_seconds: deploy.settings.drain(),
        gate: gate(deploy),
        before,
        waiting: None,
        sighted: None,
        approved: None,
        ending: None,
        drain_until: None,
        drain_back_until: None,
    };
    let doing = Doing::Start {
        number: release.number,
        from,
        to: release.to,
        images: release.images.values().cloned().collect(),
    };
    let write = look.record(|record| {
        record.number = release.number;
        record.release = Some(release);
        record.driver = Some(look.myself());
        record.challenge = None;
    });
    look.act(doing, write)
}

fn gate(deploy: &Deploy) -> GateState {
    let settings: &Settings = &deploy.settings;
    match deploy.gate {
        Gate::Open => GateState::new(GateKind::Open, 0, 0),
        Gate::Person | Gate::Unsaid { .. } => GateState::new(GateKind::Person, 0, 0),
        Gate::Webhook => {
            GateState::new(GateKind::Webhook, settings.interval(), settings.threshold())
        }
    }
}

/// Whether what was asked for is what serves now.
fn is_live(live: Slot, base: &Value, wanted: &Value, change: &Change) -> bool {
    match change {
        Change::Images(_) => base == wanted,
        // What is read back has the API server's defaults; only what was sent can be compared.
        Change::Template(_) => live.hash() == Some(template::hash(wanted).as_str()),
    }
}

/// What stands in the slot that the release is about to write.
fn before(look: Look, slot: Slot, colour: Colour, patience: u64) -> Result<Before, Next> {
    if !slot.is_observed() {
        let began = look.s.memory.began.unwrap_or(look.now);
        let until = later(began, patience);
        if look.now >= until {
            return Err(Next::Done(Outcome::Unfit {
                reasons: vec![format!(
                    "the Deployment controller does not act on {}: it has not seen its last change",
                    slot.name()
                )],
            }));
        }
        let trouble = "the Deployment controller has not seen its last change".to_owned();
        let on = look.ready(colour, Some(trouble));
        return Err(Next::Wait { until: Some(until), on });
    }
    match look.s.replica_set(slot) {
        Some(set) => Ok(Before {
            replica_set: name(set).to_owned(),
            release: slot.release().map(|number| number.to_string()),
            hash: slot.hash().map(str::to_owned),
        }),
        None => Err(Next::Done(Outcome::Unfit {
            reasons: vec![format!(
                "Deployment {} has no ReplicaSet with its present template: the version that stands there could not be put back",
                slot.name()
            )],
        })),
    }
}

pub fn remove_leftover(look: Look, slot: Slot) -> Next {
    let deployment = slot.name().to_owned();
    let id = crate::model::Id::new(crate::model::Kind::Deployment, &deployment);
    look.act_fresh(Doing::RemoveLeftover { deployment }, Write::delete(id, version(slot.0)))
}
