//! What every new release starts from: an app that is as `init` left it, with one live colour.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::lock::{self, OnBusy};
use super::{Action, Context, Next, arrive, autoscaling, later};
use crate::model::{Colour, Id, Kind, Write, name, string_map, version};
use crate::release::carried::{Load, Marks};
use crate::release::checks::{self, Check, CheckInput};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::routes::Leads;
use crate::release::{
    Before, Change, Declared, GateKind, GateState, LAST_NUMBER, Outcome, Record, Release, Settings,
    Slot, Snapshot, file_vs_cluster, reach, template, ways,
};
use crate::route::selects;

/// In which a Deployment's controller makes the ReplicaSet of a template that it has seen.
const SET_MADE_SECONDS: u64 = 10;

/// What a release is to bring, as far as what it starts from depends on it.
#[derive(Default)]
pub struct Asked<'a> {
    /// None where the version stands in the cluster already.
    pub change: Option<&'a Change>,
    /// That version, in its neutral form, where it is not the live one.
    pub version: Option<&'a Value>,
    pub expected: Declared,
    pub allow_policy_gap: bool,
    /// Whether it was live before.
    pub is_back: bool,
}

/// The live colour and its Deployment, if nothing is in the way of a release.
pub fn preconditions<'a>(
    cx: Context<'a>,
    record: &Record,
    asked: &Asked,
) -> Result<(Colour, Slot<'a>), Next> {
    let s = cx.s;
    if let Some(slot) = s.leftover(record) {
        return Err(remove_leftover(cx, slot));
    }
    // A write of a driver that is gone, which arrived late.
    if let Some(next) = arrive::unmark(cx) {
        return Err(next);
    }
    // A clone that a driver which is gone has made late: of a slot that runs nothing.
    let idle =
        Colour::BOTH.into_iter().filter(|c| s.slot(*c).is_none_or(|slot| slot.desired() == 0));
    if let Some(next) = idle
        .filter(|c| s.routes_lead(record) == Leads::To(c.other()))
        .find_map(|c| autoscaling::remove(cx, c))
    {
        return Err(next);
    }
    let gone = checks::gone(s, record);
    let from = from(s, record);
    let is_to_be_led = from == Colour::Blue && ways::mend(s).is_some();
    if s.slot(Colour::Blue).is_none() && !is_to_be_led {
        return Err(Next::Done(Outcome::Unfit { reasons: vec![ways::no_deployment(s)] }));
    }
    let Some(live) = s.slot(from) else {
        return Err(Next::Done(Outcome::Unfit { reasons: vec![ways::no_live(s, from)] }));
    };
    let mut reasons = checks::reasons(&check_input(s, record, live, from, asked));
    reasons.extend(file_vs_cluster::unmet(s, (&record.service, record.route), &asked.expected));
    reasons.extend(checks::turned(s, record).iter().map(Check::reason));
    if !cx.all(Aim::Begin, unchecked(&reasons)) {
        reasons.extend(gone);
        return Err(Next::Done(Outcome::Unfit { reasons }));
    }
    if gone.is_empty()
        && let Err(what) = checks::live(s, record)
    {
        return Err(cx.changed(what));
    }
    let missing = checks::missing(s, record);
    if !cx.all(Aim::Begin, unchecked(&missing)) {
        return Err(Next::Done(Outcome::Unprepared { reasons: missing }));
    }
    Ok((from, live))
}

/// The colour that people outside see, where callers inside are led elsewhere.
pub fn from(s: &Snapshot, record: &Record) -> Colour {
    match s.routes_lead(record) {
        Leads::To(colour) => colour,
        Leads::Astray => Colour::Blue,
    }
}

/// Each check that is in the way, or that none is.
pub fn unchecked(reasons: &[String]) -> Vec<Condition> {
    let wanted = "none that fails";
    match reasons {
        [] => vec![Condition::new(Need::Checks, true, "none fails", wanted)],
        _ => reasons.iter().map(|it| Condition::new(Need::Checks, false, it, wanted)).collect(),
    }
}

/// What the checks are to look at.
pub fn check_input<'a>(
    s: &'a Snapshot,
    record: &Record,
    live: Slot<'a>,
    from: Colour,
    asked: &Asked,
) -> CheckInput<'a> {
    let base = live.neutral_template(&record.label);
    let changed = |change| template::changed(&base, change, &record.label).ok();
    let wanted = asked.version.cloned().or_else(|| changed(asked.change?));
    CheckInput {
        s,
        service: record.service.clone(),
        route: record.route,
        label: record.label.clone(),
        live,
        to: from.other(),
        template: wanted.unwrap_or(base),
        preview_host: record.preview_host.clone(),
        allow_policy_gap: asked.allow_policy_gap,
        is_back: asked.is_back,
    }
}

/// A template whose pods the app's Services would not find, or somebody else's would.
pub fn unserved(
    cx: Context,
    record: &Record,
    (base, wanted): (&Value, &Value),
    to: Colour,
) -> Option<Outcome> {
    let s = cx.s;
    let reasons = checks::catching_selectors(s, &record.service, &record.label, wanted, to);
    if !reasons.is_empty() {
        return Some(Outcome::Unfit { reasons });
    }
    let services = (record.service.as_str(), &record.label);
    let lost = reach::lost(s, services, to.other(), (base, wanted));
    if !lost.is_empty() {
        return Some(Outcome::Misfit { why: lost.join("; ") });
    }
    let blue = s.names.service(Colour::Blue);
    let labels = string_map(&wanted["metadata"]["labels"]);
    let selected = s.service(&blue).is_none_or(|service| selects(service, &labels));
    (!selected).then(|| Outcome::Misfit {
        why: format!(
            "the pod template lacks a label that Service {} selects by: its pods would get no \
             requests",
            record.service
        ),
    })
}

/// A release from one neutral template to another, with no gate and no end to its patience.
pub fn release(
    cx: Context,
    record: &Record,
    from: Colour,
    (base, wanted): (&Value, &Value),
    settings: &Settings,
) -> Release {
    // A number that a slot bears is never given twice, whatever somebody made of the record.
    let borne = Colour::BOTH.into_iter().filter_map(|colour| cx.s.slot(colour)?.release());
    let borne = borne.filter(|number| *number < LAST_NUMBER);
    let last = borne.chain([record.number]).max().unwrap_or_default();
    Release {
        number: last + 1,
        from,
        to: from.other(),
        hash: template::hash(wanted),
        base: template::hash(base),
        images: template::images(wanted),
        replaces: template::images(base),
        back: None,
        to_release: None,
        started: cx.now,
        ready_by: later(cx.now, settings.timeout()),
        timeout_seconds: settings.timeout(),
        deadline: None,
        drain_seconds: settings.drain(),
        settle_seconds: settings.settle(record.route),
        settle_said: settings.settle_seconds.is_some(),
        bake_seconds: settings.bake(),
        keep_old: settings.keep_old(),
        warm: false,
        gate: GateState::new(GateKind::Open, 0, 0),
        before: None,
        waiting: None,
        observed: None,
        sighted: None,
        approved: None,
        ending: None,
        switched: None,
        reached: None,
        answered: Vec::new(),
        erred: BTreeMap::new(),
        known_by: BTreeMap::new(),
        came: BTreeMap::new(),
        doubted: false,
        erring: false,
        confirmed: None,
        unconfirmed: None,
        arrived: None,
        drain_until: None,
        bake_until: None,
        revived: None,
        missed: None,
        drain_back_until: None,
        own_stamps: true,
    }
}

/// An unfinished release with the settings of a later command.
pub fn set(record: &Record, release: &Release, settings: &Settings) -> Release {
    let mut set = release.clone();
    set.drain_seconds = settings.drain();
    let settle = settings.settle(record.route);
    if set.settle_seconds != settle {
        // A person's word for how long the switch may take to arrive.
        set.settle_seconds = settle;
        (set.doubted, set.erring) = (false, false);
    }
    set.settle_said = settings.settle_seconds.is_some();
    set.bake_seconds = settings.bake();
    set.keep_old = settings.keep_old();
    if let Some(arrived) = set.arrived {
        (set.drain_until, set.bake_until) = kept_until(&set, arrived);
    }
    let timeout = settings.timeout();
    if set.timeout_seconds != timeout {
        set.timeout_seconds = timeout;
        set.ready_by = later(release.started, timeout);
    }
    set
}

/// Until when the old version stays, to answer and to go back to, if the switch has arrived at that time.
pub fn kept_until(release: &Release, arrived: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
    let (drain, bake) = (release.kept_seconds(), release.bake_seconds);
    (Some(later(arrived, drain)), (bake > 0).then(|| later(arrived, bake)))
}

/// The same command with other settings: the newer word counts, until the old version is put away. After
/// that it could change nothing any more.
pub fn newer(cx: Context, release: &Release, set: Release) -> Option<Next> {
    let is_over = release.drain_until.is_some()
        && cx.s.slot(release.from).is_none_or(|old| old.desired() == 0);
    (set != *release && !is_over).then(|| cx.act(Action::Set, cx.release(|release| *release = set)))
}

/// Writes the release down, with what stands in the slot that it goes into.
/// `given`: the labels and annotations that a file has.
pub fn begin(cx: Context, record: &Record, release: Release, given: Option<&Marks>) -> Next {
    // Another driver may hold a record without a release only between two of its writes.
    if record.driver.as_ref().is_some_and(|driver| driver.id != cx.me.id)
        && !lock::is_gone(cx, record)
        && let Some(next) = lock::next(cx, record, OnBusy::Leave)
    {
        return next;
    }
    let slot = cx.s.slot(release.to);
    let before = match slot.map(|slot| before(cx, slot, release.to, release.timeout_seconds)) {
        None => None,
        Some(Ok(before)) => {
            let load = cx.s.slot(release.from).and_then(|live| Load::of(live, slot, given));
            let marks = slot.and_then(|slot| load?.found(slot.0));
            Some(Before { marks, ..before })
        }
        Some(Err(next)) => return next,
    };
    let release = Release { before, ..release };
    let action = Action::Start {
        number: release.number,
        from: release.from,
        to: release.to,
        images: release.images.values().cloned().collect(),
    };
    let write = cx.record(|record| {
        record.number = release.number;
        record.release = Some(release);
        record.driver = Some(cx.myself());
        record.challenge = None;
        if !cx.s.memory.beyond.controllers.is_empty() {
            record.controllers.clone_from(&cx.s.memory.beyond.controllers);
        }
    });
    // Who waited for another release to end has seen nothing of it but the record.
    cx.act_fresh(action, write)
}

/// What stands in the slot that the release is about to write.
fn before(cx: Context, slot: Slot, colour: Colour, patience: u64) -> Result<Before, Next> {
    let set = cx.s.replica_set(slot).filter(|_| slot.is_observed());
    let now = if set.is_some() { "exists" } else { "does not exist yet" };
    let kept = Condition::new(Need::ReplicaSet, set.is_some(), now, "one of the present template");
    cx.all(Aim::Begin, [kept.of(format!("Deployment {}", slot.name()))]);
    if let Some(set) = set {
        return Ok(Before {
            replica_set: name(set).to_owned(),
            replicas: slot.desired(),
            release: slot.release().map(|number| number.to_string()),
            hash: slot.hash().map(str::to_owned),
            marks: None,
        });
    }
    let (patience, trouble, reason) = match slot.is_observed() {
        false => (
            patience,
            "the Deployment controller has not observed its last change",
            format!(
                "the Deployment controller does not act on {}: it has not observed its last change",
                slot.name()
            ),
        ),
        // Its controller says that it has seen a change before it has done all that follows from it,
        // where it was resized as well, or where the name of the new ReplicaSet was not free yet.
        true => (
            SET_MADE_SECONDS.min(patience),
            "it has no ReplicaSet for its current template yet",
            format!(
                "Deployment {} has no ReplicaSet for its current template: its version could not \
                 be restored",
                slot.name()
            ),
        ),
    };
    let began = cx.s.memory.started_at.unwrap_or(cx.now);
    let until = later(began, patience);
    if cx.now >= until {
        return Err(Next::Done(Outcome::Unfit { reasons: vec![reason] }));
    }
    let on = cx.ready(colour, Some(trouble.to_owned()));
    Err(Next::Wait { until: Some(until), on })
}

pub fn remove_leftover(cx: Context, slot: Slot) -> Next {
    let deployment = slot.name().to_owned();
    let id = Id::new(Kind::Deployment, &deployment);
    cx.act_fresh(Action::RemoveLeftover { deployment }, Write::delete(id, version(slot.0)))
}
