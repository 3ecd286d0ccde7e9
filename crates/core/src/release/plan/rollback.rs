//! `rollback`: the version that was live before the present one, live again. A release like any
//! other, whose version stands in the other slot.

use serde_json::Value;

use super::lock::{self, OnBusy};
use super::{Context, Next, before_switch, later, start, withdraw};
use crate::model::Colour;
use crate::release::checks::CheckInput;
use crate::release::{
    Finished, GateKind, GateState, Outcome, Record, Release, ReleaseOutcome, Settings, Slot,
    Snapshot, template,
};

/// By default the last release is undone; or the one of the first number, which has to be that; or the
/// version of the second number is made live again.
pub fn next(
    cx: Context,
    record: &Record,
    (number, to): (Option<u64>, Option<u64>),
    settings: &Settings,
) -> Next {
    if let Some(number) = number
        && let Some(done) = meant(record, number)
    {
        return Next::Done(done);
    }
    let settings = settings.or(record.settings.unwrap_or_default());
    match &record.release {
        None => begin(cx, record, to, &settings),
        Some(release) if release.back.is_some() && release.to_release == to => {
            again(cx, record, release, &settings)
        }
        Some(release) => nothing(format!(
            "release {} is unfinished: abort ends it, and switches back if it is already live",
            release.number
        )),
    }
}

/// What there is to say of a release that is not the one which is live.
fn meant(record: &Record, number: u64) -> Option<Outcome> {
    let mut promoted = record.promoted();
    let last = promoted.next().filter(|last| last.number != number)?;
    let undone = last.rollback && promoted.next().is_some_and(|before| before.number == number);
    Some(match undone && record.release.is_none() {
        true => Outcome::AlreadyLive {
            images: last.images.values().cloned().collect(),
            differs: Vec::new(),
        },
        false => Outcome::NothingToDo {
            why: format!("release {number} is not live: release {} is", last.number),
        },
    })
}

/// A rollback is under way: it goes on, by the newer word where that has other settings.
fn again(cx: Context, record: &Record, release: &Release, settings: &Settings) -> Next {
    if let Some(next) = lock::next(cx, record, OnBusy::Leave) {
        return next;
    }
    if let Some(ending) = &release.ending {
        return withdraw::next(cx, record, release, ending);
    }
    let mut set = start::set(record, release, settings);
    // A deploy of the same version may have gone on with it meanwhile, and have given it its gate.
    if set.gate.kind != GateKind::Open {
        set.gate = GateState::new(GateKind::Open, 0, 0);
    }
    set.deadline = None;
    if let Some(next) = start::newer(cx, release, set) {
        return next;
    }
    before_switch::next(cx, record, release, None)
}

fn begin(cx: Context, record: &Record, to: Option<u64>, settings: &Settings) -> Next {
    let found = version(cx.s, record, to);
    let version = found.as_ref().ok().map(|version| &version.template);
    let (from, live) = match start::preconditions(cx, record, &asked(version)) {
        Ok(preconditions) => preconditions,
        Err(next) => return next,
    };
    let base = live.neutral_template(&record.label);
    let Version { template: wanted, sent } = match found {
        Ok(version) => version,
        Err(why) => return nothing(format!("there is nothing to roll back to: {why}")),
    };
    if to.is_some() && wanted == base {
        let images = template::images(&base).into_values().collect();
        return Next::Done(Outcome::AlreadyLive { images, differs: Vec::new() });
    }
    if let Some(done) = start::unserved(cx, record, (&base, &wanted), from.other()) {
        return Next::Done(done);
    }
    let release = start::release(cx, record, from, (&base, &wanted), settings);
    let found = template::hash(&wanted);
    // It stays the version that was sent once: the same file deployed again finds it live.
    let hash = sent.unwrap_or_else(|| found.clone());
    let slot = cx.s.slot(release.to);
    let warm = slot.is_some_and(|slot| {
        slot.runs(&wanted, &record.label) && has_been_warm(cx, record, slot, release.to)
    });
    let back = Some(found);
    start::begin(cx, record, Release { hash, back, to_release: to, warm, ..release }, None)
}

/// In need nobody is held up by what an earlier release went live with.
fn asked(version: Option<&Value>) -> start::Asked<'_> {
    start::Asked { version, allow_policy_gap: true, is_back: true, ..start::Asked::default() }
}

/// What the checks are to look at, by the colour that is live.
pub fn check_input<'a>(
    s: &'a Snapshot,
    record: &Record,
    from: Colour,
    to: Option<u64>,
) -> Option<CheckInput<'a>> {
    let version = version(s, record, to).ok()?;
    Some(start::check_input(s, record, s.slot(from)?, from, &asked(Some(&version.template))))
}

/// What is to be live again.
fn version(s: &Snapshot, record: &Record, to: Option<u64>) -> Result<Version, String> {
    match to {
        None => previous(s, record, start::from(s, record)),
        Some(number) => version_of(s, record, number),
    }
}

/// A version that was live.
struct Version {
    /// In its neutral form.
    template: Value,
    /// The hash of what was sent.
    sent: Option<String>,
}

/// Whether the last release has left it running, or has made it live, so long ago that the ingress
/// controller knows its pods.
fn has_been_warm(cx: Context, record: &Record, slot: Slot, colour: Colour) -> bool {
    let stays = |last: &&Finished| {
        last.kept || last.outcome == ReleaseOutcome::Promoted && last.to == colour
    };
    cx.s.serves(colour, slot.desired())
        && record
            .history
            .last()
            .filter(stays)
            .is_some_and(|last| cx.now >= later(last.ended, before_switch::SETTLE_SECONDS))
}

/// What stands in the slot that is not live, if that is what the last release that went live has
/// replaced, or what it made live and nobody is served since people were led away from it; or why there is
/// no such version.
fn previous(s: &Snapshot, record: &Record, live: Colour) -> Result<Version, String> {
    let Some(last) = record.last_promoted() else {
        return Err("no release has gone live yet".to_owned());
    };
    let name = s.names.deployment(live.other());
    if last.to != live {
        // Whoever has turned the routes by hand is served, and is not second-guessed.
        if s.endpoints(live) > 0 {
            let number = last.number;
            let what = format!("release {number}, the last that went live, is not live now");
            return Err(match version_of(s, record, number) {
                Ok(_) => format!("{what}: --to {number} goes back to it"),
                Err(why) => format!("{what}, and {why}"),
            });
        }
        return led_away_from(s, record, last);
    }
    let Some(slot) = s.slot(live.other()) else {
        return Err(format!("{name}, which held the previous version, was deleted"));
    };
    let found = slot.neutral_template(&record.label);
    match last.base.as_ref() == Some(&template::hash(&found)) {
        true => Ok(Version { template: found, sent: slot.hash().map(str::to_owned) }),
        false => {
            Err(format!("{name} no longer holds the version that release {} replaced", last.number))
        }
    }
}

/// The last version that went live, where it is not what serves now: a manifest that was applied again, say,
/// has put the old one back.
fn led_away_from(s: &Snapshot, record: &Record, last: &Finished) -> Result<Version, String> {
    let (name, number) = (s.names.deployment(last.to), last.number);
    let Some(slot) = s.slot(last.to) else {
        return Err(format!("{name}, which release {number} made live, was deleted"));
    };
    let found = slot.neutral_template(&record.label);
    let is_it = match &last.sighted {
        Some(sighted) => *sighted == template::hash(&found),
        None => slot.release() == Some(number) && slot.hash() == Some(last.hash.as_str()),
    };
    match is_it {
        true => Ok(Version { template: found, sent: Some(last.hash.clone()) }),
        false => Err(format!("{name} no longer holds the version that release {number} made live")),
    }
}

/// The version of a release of the history that was live, if its template is still there.
fn version_of(s: &Snapshot, record: &Record, number: u64) -> Result<Version, String> {
    let Some(finished) = record.finished(number) else {
        return Err(format!("release {number} is not in the history"));
    };
    if finished.outcome != ReleaseOutcome::Promoted {
        let how = finished.outcome.as_str();
        return Err(format!("release {number} was never live; it was {how}"));
    }
    let sighted = finished.sighted.as_deref().unwrap_or_default();
    let template = kept(s, record, sighted).ok_or_else(|| {
        let (blue, green) = (Colour::Blue, Colour::Green);
        let [blue, green] = [blue, green].map(|colour| s.names.deployment(colour));
        format!(
            "the pod template of release {number} is gone: {blue} and {green} keep as many old ones as \
             their revisionHistoryLimit says"
        )
    })?;
    Ok(Version { template, sent: Some(finished.hash.clone()) })
}

/// A template that a slot has, or had, in its neutral form.
fn kept(s: &Snapshot, record: &Record, wanted: &str) -> Option<Value> {
    let slots: Vec<Slot> = Colour::BOTH.into_iter().filter_map(|colour| s.slot(colour)).collect();
    let present = slots.iter().map(|slot| slot.neutral_template(&record.label));
    let old = slots.iter().flat_map(|slot| s.replica_sets(*slot));
    let old = old.map(|set| template::neutral(&template::of_replica_set(set), &record.label));
    present.chain(old).find(|template| template::hash(template) == wanted)
}

/// What a rollback sends: the template that stands in the slot, as long as it is the one that it
/// found there; or, to a certain release, the one that was kept. Nothing, if this is no rollback.
pub fn found(
    cx: Context,
    record: &Record,
    release: &Release,
    slot: Option<Slot>,
) -> Result<Option<Value>, Next> {
    let Some(wanted) = &release.back else { return Ok(None) };
    let found = slot.map(|slot| slot.neutral_template(&record.label));
    let found = found.filter(|found| template::hash(found) == *wanted);
    let old = || release.to_release.and_then(|_| kept(cx.s, record, wanted));
    match found.or_else(old) {
        Some(found) => Ok(Some(found)),
        None => Err(cx.changed(format!(
            "{}, which holds the version to go back to, was deleted or changed",
            cx.s.names.deployment(release.to)
        ))),
    }
}

fn nothing(why: String) -> Next {
    Next::Done(Outcome::NothingToDo { why })
}
