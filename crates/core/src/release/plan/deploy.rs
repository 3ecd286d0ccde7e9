//! `deploy`: a new release, or the unfinished one again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::before_switch::Wanted;
use super::lock::{self, OnBusy};
use super::{Action, Context, Next, WaitFor, before_switch, later, reading, start, withdraw};
use crate::model::Colour;
use crate::release::checks::CheckInput;
use crate::release::condition::{Aim, Condition, Need};
use crate::release::goal::{Change, Deploy, Gate};
use crate::release::{
    Ending, Finished, GateKind, GateState, Outcome, Record, Release, ReleaseOutcome, Settings,
    Slot, Snapshot, template,
};

pub fn next(cx: Context, record: &Record, deploy: &Deploy) -> Next {
    let deploy = &deploy.resolved(record.settings.unwrap_or_default());
    if matches!(deploy.gate, Gate::Unsaid { .. }) {
        return Next::Done(Outcome::Ungated);
    }
    match &record.release {
        None => start(cx, record, deploy),
        Some(release) => again(cx, record, release, deploy),
    }
}

/// A release is under way: the same version continues it, another one must wait or replace it.
fn again(cx: Context, record: &Record, release: &Release, deploy: &Deploy) -> Next {
    let base = cx.s.slot(release.from).map(|slot| slot.neutral_template(&record.label));
    let wanted = base.map(|base| template::changed(&base, &deploy.change, &record.label));
    let wanted = match wanted {
        Some(Err(why)) => return Next::Done(Outcome::Misfit { why }),
        Some(Ok(wanted)) => Some(wanted),
        None => None,
    };
    let same = wanted.as_ref().is_some_and(|wanted| template::hash(wanted) == release.hash);
    let mine = record.driver.as_ref().is_some_and(|driver| driver.id == cx.me.id);
    let nobody = record.driver.is_none() || lock::is_gone(cx, record);
    if !mine && nobody {
        if !same && deploy.wait {
            return turn(cx, release, None, None);
        }
        if !same && !deploy.replace {
            let images = release.images.values().cloned().collect();
            return Next::Done(Outcome::InTheWay { number: release.number, images });
        }
        let set = settings(record, release, deploy) == *release;
        if same && set && detached(cx, record, release, deploy) && record.driver.is_none() {
            return cx.detached(release.number);
        }
    }
    let other = if deploy.wait { OnBusy::Follow } else { OnBusy::Leave };
    match lock::next(cx, record, other) {
        Some(Next::Wait { until, on: WaitFor::Driver { holder, .. } }) => {
            return turn(cx, release, Some(holder), until);
        }
        Some(next) => return next,
        None => {}
    }
    if let Some(ending) = &release.ending {
        return withdraw::next(cx, record, release, ending);
    }
    // Without the Deployment that it started from nobody can tell what is asked for now.
    if !same && deploy.replace && wanted.is_some() {
        let ending = Ending {
            outcome: ReleaseOutcome::Aborted,
            reason: "replaced by another version".to_owned(),
            by: Some(cx.me.holder.clone()),
            at: cx.now,
        };
        let write = cx.release(|release| release.ending = Some(ending.clone()));
        return cx.act(Action::End { ending }, write);
    }
    if let Some(next) = start::newer(cx, release, settings(record, release, deploy)) {
        return next;
    }
    if detached(cx, record, release, deploy) {
        return cx.act(Action::LetGo, cx.record(|record| record.driver = None));
    }
    let wanted = wanted.as_ref().filter(|_| same).map(|template| Wanted {
        template,
        marks: deploy.marks.as_ref(),
        detach: deploy.detach,
    });
    before_switch::next(cx, record, release, wanted)
}

/// Whether a release that is over was about the version that this deploy asks for.
pub fn asks_for(cx: Context, record: &Record, deploy: &Deploy, finished: &Finished) -> bool {
    let base = cx.s.slot(finished.from).map(|slot| slot.neutral_template(&record.label));
    let wanted = base.map(|base| template::changed(&base, &deploy.change, &record.label));
    matches!(wanted, Some(Ok(wanted)) if template::hash(&wanted) == finished.hash)
}

/// Until the release is over that is before this one.
fn turn(cx: Context, release: &Release, holder: Option<String>, until: Option<Timestamp>) -> Next {
    let now = match &holder {
        Some(holder) => format!("release {} is in progress, driven by {holder}", release.number),
        None => format!("release {} is in progress, which no process is running", release.number),
    };
    cx.all(Aim::Begin, [Condition::new(Need::Turn, false, now, "no release in progress")]);
    let images = release.images.values().cloned().collect();
    Next::Wait { until, on: WaitFor::Turn { number: release.number, images, holder } }
}

/// The release with the settings that this deploy was given.
fn settings(record: &Record, release: &Release, deploy: &Deploy) -> Release {
    let gate = gate(deploy);
    let mut set = start::set(record, release, &deploy.settings);
    set.gate.kind = gate.kind;
    set.gate.interval_seconds = gate.interval_seconds;
    set.gate.threshold = gate.threshold;
    if let Some(seconds) = deploy.settings.deadline_seconds {
        set.deadline = Some(later(release.started, seconds));
    }
    set
}

/// Whether a deploy that only brings the candidate up has done its part.
fn detached(cx: Context, record: &Record, release: &Release, deploy: &Deploy) -> bool {
    deploy.detach
        && release.ending.is_none()
        && !cx.s.begun(record, release)
        && release.deadline.is_none_or(|deadline| cx.now < deadline)
        && release.approved.is_none()
        && release.waiting.is_some()
        && cx.s.may_take_over(record, release)
}

fn asked(deploy: &Deploy) -> start::Asked<'_> {
    start::Asked {
        change: Some(&deploy.change),
        version: None,
        expected: deploy.expected.clone(),
        allow_policy_gap: deploy.allow_policy_gap,
        is_back: false,
    }
}

/// What the checks are to look at, by the colour that is live.
pub fn check_input<'a>(
    s: &'a Snapshot,
    record: &Record,
    from: Colour,
    deploy: &Deploy,
) -> Option<CheckInput<'a>> {
    Some(start::check_input(s, record, s.slot(from)?, from, &asked(deploy)))
}

fn start(cx: Context, record: &Record, deploy: &Deploy) -> Next {
    // What else there is to say of a file that can't be read may follow from that.
    if let Some(outcome) = reading::misread(cx.s, record, deploy) {
        return Next::Done(outcome);
    }
    let (from, live) = match start::preconditions(cx, record, &asked(deploy)) {
        Ok(preconditions) => preconditions,
        Err(next) => return next,
    };
    let base = live.neutral_template(&record.label);
    let wanted = match template::changed(&base, &deploy.change, &record.label) {
        Ok(wanted) => wanted,
        Err(why) => return Next::Done(Outcome::Misfit { why }),
    };
    if let Some(done) = start::unserved(cx, record, (&base, &wanted), from.other()) {
        return Next::Done(done);
    }
    if is_live(cx.s, record, live, (&base, &wanted), &deploy.change) {
        let images = template::images(&base).into_values().collect();
        // They are no version: the next one has them, and until then nobody writes to what serves.
        let differs = deploy.marks.as_ref().map(|marks| marks.lacking(live)).unwrap_or_default();
        return Next::Done(Outcome::AlreadyLive { images, differs });
    }
    let release = Release {
        gate: gate(deploy),
        deadline: deploy.settings.deadline_seconds.map(|seconds| later(cx.now, seconds)),
        ..start::release(cx, record, from, (&base, &wanted), &deploy.settings)
    };
    start::begin(cx, record, release, deploy.marks.as_ref())
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
fn is_live(
    s: &Snapshot,
    record: &Record,
    live: Slot,
    (base, wanted): (&Value, &Value),
    change: &Change,
) -> bool {
    match change {
        Change::Images(_) => base == wanted || is_sent(record, base, &template::images(wanted)),
        Change::Template(_) => reading::stands(s, record, live, (base, wanted)),
    }
}

/// Whether what stands there is what the API server made of these images when they were sent.
fn is_sent(record: &Record, base: &Value, wanted: &BTreeMap<String, String>) -> bool {
    let (found, hash) = (template::images(base), template::hash(base));
    let mut made_it = record.promoted().filter(|it| it.sighted.as_ref() == Some(&hash));
    made_it.any(|sent| {
        wanted.iter().all(|(container, image)| {
            found.get(container) == Some(image) || sent.images.get(container) == Some(image)
        })
    })
}
