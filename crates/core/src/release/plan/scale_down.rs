//! The old version's end. Whoever still asked for it is heard afterwards: then it is started again.

use jiff::Timestamp;

use super::arrive::sight;
use super::before_switch::{ending, scale};
use super::others::{Others, first_words};
use super::{Action, Context, Next, WaitFor, autoscaling, later, others};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::{Cause, Release, ReleaseOutcome, Sight, Slot};

/// How long its last pods are waited for: as a rule they have 30 s to end.
const ENDED_WITHIN_SECONDS: u64 = 60;
/// So long it is heard afterwards whether anybody misses it.
const STILL_SECONDS: u64 = 5;
/// So long errors may go on where it answers again, before people are led back to it.
const MENDED_WITHIN_SECONDS: u64 = 15;

/// What comes next: the old version's end, or, where it is away or stays, the release's.
pub fn aim(cx: Context, release: &Release) -> Aim {
    match runs(cx, release).is_some() && !release.keep_old {
        true => Aim::ScaleDown,
        false => Aim::Finish,
    }
}

/// The old version, unless it is away, or was started again.
fn runs<'a>(cx: Context<'a>, release: &Release) -> Option<Slot<'a>> {
    let old = cx.s.slot(release.from).filter(|old| old.desired() > 0);
    old.filter(|_| release.revived.is_none())
}

/// `kept`: until when it had to stay.
pub fn next(cx: Context, release: &Release, candidate: Slot, kept: Timestamp) -> Next {
    if let Some(revived) = release.revived {
        return mended(cx, release, candidate, revived);
    }
    if let Some(old) = runs(cx, release) {
        if let Some(others) = others(cx, release, kept) {
            let what = match release.keep_old {
                true => format!("release {} can't be finished", release.number),
                false => format!("{} can't be scaled down to 0", old.name()),
            };
            if let Some(next) = others.next(cx, aim(cx, release), release.from, &what) {
                return next;
            }
        }
        if !release.keep_old {
            if let Some(next) = autoscaling::remove(cx, release.from) {
                return next;
            }
            let deployment = old.name().to_owned();
            return cx.act_where_led(Action::ScaleDown { deployment }, scale(old, 0));
        }
    }
    missed(cx, release, kept).unwrap_or_else(|| cx.finish(ReleaseOutcome::Promoted))
}

/// Who answers besides the new version, as long as the old one runs.
pub fn others(cx: Context, release: &Release, kept: Timestamp) -> Option<Others> {
    runs(cx, release).map(|_| others::of(cx, release, release.to, kept))
}

/// It has been put away: until its pods have ended, and nobody misses them.
fn missed(cx: Context, release: &Release, kept: Timestamp) -> Option<Next> {
    let s = cx.s;
    let is_deaf = cx.is_driver && !s.memory.asks;
    if is_deaf || release.keep_old || release.answered.is_empty() {
        return None;
    }
    let old = s.slot(release.from)?;
    let sight = sight(cx, release);
    let misses = |sight: &Sight| {
        let answered = &release.answered;
        let alone = sight.lasting(answered).or_else(|| sight.unserved(answered));
        alone.or_else(|| sight.fails_in_part(answered))
    };
    if let Some(said) = sight.and_then(misses) {
        let write = cx.release(|release| {
            release.revived = Some(cx.now);
            release.missed = Some(said.clone());
        });
        return Some(cx.act(Action::Revive { said: said.clone() }, write));
    }
    let since = cx.since(kept);
    let late = later(since, ENDED_WITHIN_SECONDS);
    let gone = s.memory.gone.filter(|(number, _)| *number == release.number);
    // Who has just taken it up has asked nobody before.
    let ended = gone.map(|(_, at)| at.max(since)).or((cx.now >= late).then_some(late));
    let errs = sight.and_then(|sight| errs(sight, release));
    let until = match ended.map(|ended| later(ended, STILL_SECONDS)) {
        None => Some(late),
        Some(until) if cx.now < until => Some(until),
        // Errors that have just begun are heard to their end, or until they are too many.
        Some(_) if errs.is_some() => Some(later(cx.now, STILL_SECONDS)),
        Some(_) => first_words(cx, release, since),
    };
    // Who does not drive it sees at once whether they have ended, but not when that was.
    let have_ended = ended.is_some() || !cx.is_driver && s.has_ended(release.from);
    let now = format!("{} still running", old.pods_left());
    let pods = Condition::new(Need::PodsEnded, have_ended, now, "none");
    let pods = pods.of(format!("Deployment {}", old.name()));
    let pods = pods.until(Some(late).filter(|_| !have_ended));
    let now = errs.unwrap_or_else(|| "none".to_owned());
    let wanted = format!("none for {STILL_SECONDS} s after its pods have ended");
    let missed = Condition::new(Need::NotMissed, until.is_none(), now, wanted).until(until);
    let is_over = cx.all(Aim::Finish, [pods, cx.heard(missed)]);
    (!is_over).then_some(Next::Wait { until, on: WaitFor::Ended { colour: release.from } })
}

/// What comes now, or among what comes, that is no answer.
fn errs(sight: &Sight, release: &Release) -> Option<String> {
    sight.errs(&release.answered).or_else(|| sight.is_failing(&release.answered))
}

/// It was started again. If the errors end with it, all is well but that; else people go back to it.
fn mended(cx: Context, release: &Release, candidate: Slot, revived: Timestamp) -> Next {
    let s = cx.s;
    let Some(old) = s.slot(release.from) else {
        return cx.changed(format!("{} was deleted", s.names.deployment(release.from)));
    };
    if old.desired() == 0 {
        let (deployment, replicas) = (old.name().to_owned(), candidate.desired().max(1));
        return cx.act(Action::Resize { deployment, replicas }, scale(old, replicas));
    }
    let since = cx.since(revived);
    let until = later(since, release.timeout_seconds);
    if cx.now < until && !cx.all(Aim::Finish, s.readiness(release.from, old.desired())) {
        return Next::Wait { until: Some(until), on: cx.ready(release.from, None) };
    }
    let sight = sight(cx, release);
    let bad = sight.and_then(|sight| sight.lasting(&release.answered));
    let is_not_the_versions = |sight: &Sight| {
        let answered = &release.answered;
        sight.unserved(answered).or_else(|| sight.fails_in_part(answered)).is_some()
    };
    let until = match sight.and_then(|sight| errs(sight, release)) {
        Some(_) if bad.is_some() => later(since, MENDED_WITHIN_SECONDS),
        // Nothing says that the new version fails, nor that it answers.
        Some(said) if sight.is_some_and(is_not_the_versions) => {
            let until = later(since, release.timeout_seconds);
            if cx.now >= until {
                let what =
                    format!("{} was scaled down to 0, and started again: {said}", old.name());
                return cx.stopped(Cause::NotArrived, what);
            }
            until
        }
        // They have just begun, or begun again.
        Some(_) => later(since.max(cx.now), STILL_SECONDS),
        None => first_words(cx, release, since).unwrap_or(cx.now),
    };
    let now = release.missed.clone().unwrap_or_else(|| "errors".to_owned());
    let wanted = "none once the old version runs again, or errors that continue";
    let heard = Condition::after(Need::NotMissed, cx.now, until, wanted);
    let heard = cx.heard(Condition { now, ..heard });
    if !cx.all(Aim::Finish, [heard]) {
        return Next::Wait { until: Some(until), on: WaitFor::Ended { colour: release.from } };
    }
    let Some(said) = bad else { return cx.finish(ReleaseOutcome::Promoted) };
    let reason = format!("it failed after {} was scaled down to 0: {said}", old.name());
    let (action, write) = ending(cx, ReleaseOutcome::Unhealthy, reason);
    cx.act_fresh(action, write)
}
