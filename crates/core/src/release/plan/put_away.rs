//! The old version's end. Whoever still asked for it is heard afterwards: then it is started again.

use jiff::Timestamp;

use super::arrive::{FIRST_WORD_SECONDS, sight};
use super::forward::{ending, scale};
use super::{Doing, Look, Next, WaitFor, beside, later};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::{Cause, Release, Sight, Slot, Verdict};

/// How long its last pods are waited for: as a rule they have 30 s to end.
const ENDED_WITHIN_SECONDS: u64 = 60;
/// So long it is heard afterwards whether anybody misses it.
const STILL_SECONDS: u64 = 5;
/// So long errors may go on where it answers again, before people are led back to it.
const MENDED_WITHIN_SECONDS: u64 = 15;

/// What comes next: the old version's end, or, where it is away or stays, the release's.
pub fn aim(look: Look, release: &Release) -> Aim {
    let runs = look.s.slot(release.from).is_some_and(|old| old.desired() > 0);
    match runs && !release.keep_old && release.revived.is_none() {
        true => Aim::PutAway,
        false => Aim::Finish,
    }
}

/// `kept`: until when it had to stay.
pub fn next(look: Look, release: &Release, candidate: Slot, kept: Timestamp) -> Next {
    let s = look.s;
    if let Some(revived) = release.revived {
        return mended(look, release, candidate, revived);
    }
    let old = s.slot(release.from);
    if let Some(old) = old.filter(|old| old.desired() > 0 && !release.keep_old) {
        if let Some(next) = still_asked(look, release, kept) {
            return next;
        }
        if let Some(next) = beside::remove(look, release.from) {
            return next;
        }
        let deployment = old.name().to_owned();
        return look.act_where_led(Doing::PutAway { deployment }, scale(old, 0));
    }
    missed(look, release, kept).unwrap_or_else(|| look.finish(Verdict::Promoted))
}

/// That nobody but the new version answers, and enough has been heard to say so; with who answers instead.
/// None where there is nothing to put away.
pub fn unasked(
    look: Look,
    release: &Release,
    kept: Timestamp,
) -> Option<(Condition, Option<String>)> {
    if aim(look, release) != Aim::PutAway {
        return None;
    }
    let since = look.s.memory.began.map_or(kept, |began| began.max(kept));
    let said = sight(look, release).and_then(|s| s.astray(release.to, &release.answered));
    let until = match said {
        None => first_words(look, release, since),
        Some(_) => Some(later(since, release.timeout_seconds)),
    };
    let now = match (&said, until) {
        (Some(said), _) => said.clone(),
        (None, Some(_)) => "too few answers to tell".to_owned(),
        (None, None) => "none".to_owned(),
    };
    let wanted = "none through the ingress";
    let condition = Condition::new(Need::NotAsked, until.is_none(), now, wanted).until(until);
    Some((look.heard(condition), said))
}

/// Somebody else than the new version answers at the end of the drain, or too little has been heard to
/// say that nobody does.
fn still_asked(look: Look, release: &Release, kept: Timestamp) -> Option<Next> {
    let (condition, said) = unasked(look, release, kept)?;
    let until = condition.until;
    if look.all(Aim::PutAway, [condition]) {
        return None;
    }
    if let Some(said) = said
        && until.is_some_and(|until| look.now >= until)
    {
        let name = look.s.names.deployment(release.from);
        let what = format!("{name} can't be scaled down to 0: {said}");
        return Some(look.stopped(Cause::NotArrived, what));
    }
    Some(Next::Wait { until, on: WaitFor::Drain { colour: release.from } })
}

/// Until when this process listens at least, if it has not heard enough yet: whoever takes a release up
/// knows nothing of it.
fn first_words(look: Look, release: &Release, since: Timestamp) -> Option<Timestamp> {
    let is_heard_out = |sight: &Sight| sight.is_heard_out(&release.answered);
    let until = later(since, FIRST_WORD_SECONDS);
    let is_deaf = !look.s.memory.asks || look.now >= until;
    (!is_deaf && !sight(look, release).is_some_and(is_heard_out)).then_some(until)
}

/// It has been put away: until its pods have ended, and nobody misses them.
fn missed(look: Look, release: &Release, kept: Timestamp) -> Option<Next> {
    let s = look.s;
    let is_deaf = look.is_driver && !s.memory.asks;
    if is_deaf || release.keep_old || release.answered.is_empty() {
        return None;
    }
    let old = s.slot(release.from)?;
    let sight = sight(look, release);
    let misses = |sight: &Sight| {
        sight.lasting(&release.answered).or_else(|| sight.unserved(&release.answered))
    };
    if let Some(said) = sight.and_then(misses) {
        let write = look.release(|release| {
            release.revived = Some(look.now);
            release.missed = Some(said.clone());
        });
        return Some(look.act(Doing::Revive { said: said.clone() }, write));
    }
    let since = s.memory.began.map_or(kept, |began| began.max(kept));
    let late = later(since, ENDED_WITHIN_SECONDS);
    let gone = s.memory.gone.filter(|(number, _)| *number == release.number);
    let ended = gone.map(|(_, at)| at).or((look.now >= late).then_some(late));
    let errs = sight.and_then(|sight| sight.errs(&release.answered));
    let until = match ended.map(|ended| later(ended, STILL_SECONDS)) {
        None => Some(late),
        Some(until) if look.now < until => Some(until),
        // Errors that have just begun are heard to their end, or until they are too many.
        Some(_) if errs.is_some() => Some(later(look.now, STILL_SECONDS)),
        Some(_) => first_words(look, release, since),
    };
    // Who does not drive it sees at once whether they have ended, but not when that was.
    let have_ended = ended.is_some() || !look.is_driver && s.has_ended(release.from);
    let now = format!("{} still running", old.pods_left());
    let pods = Condition::new(Need::PodsEnded, have_ended, now, "none");
    let pods = pods.of(format!("Deployment {}", old.name()));
    let pods = pods.until(Some(late).filter(|_| !have_ended));
    let now = errs.unwrap_or_else(|| "none".to_owned());
    let wanted = format!("none for {STILL_SECONDS} s after its pods have ended");
    let missed = Condition::new(Need::NotMissed, until.is_none(), now, wanted).until(until);
    let is_over = look.all(Aim::Finish, [pods, look.heard(missed)]);
    (!is_over).then_some(Next::Wait { until, on: WaitFor::Ended { colour: release.from } })
}

/// It was started again. If the errors end with it, all is well but that; else people go back to it.
fn mended(look: Look, release: &Release, candidate: Slot, revived: Timestamp) -> Next {
    let s = look.s;
    let Some(old) = s.slot(release.from) else {
        return look.changed(format!("{} was deleted", s.names.deployment(release.from)));
    };
    if old.desired() == 0 {
        let (deployment, replicas) = (old.name().to_owned(), candidate.desired().max(1));
        return look.act(Doing::Resize { deployment, replicas }, scale(old, replicas));
    }
    let since = s.memory.began.map_or(revived, |began| began.max(revived));
    let until = later(since, release.timeout_seconds);
    if look.now < until && !look.all(Aim::Finish, s.readiness(release.from, old.desired())) {
        return Next::Wait { until: Some(until), on: look.ready(release.from, None) };
    }
    let sight = sight(look, release);
    let bad = sight.and_then(|sight| sight.lasting(&release.answered));
    let until = match sight.and_then(|sight| sight.errs(&release.answered)) {
        Some(_) if bad.is_some() => later(since, MENDED_WITHIN_SECONDS),
        // Nothing says that the new version fails, nor that it answers.
        Some(said) if sight.is_some_and(|s| s.unserved(&release.answered).is_some()) => {
            let until = later(since, release.timeout_seconds);
            if look.now >= until {
                let what =
                    format!("{} was scaled down to 0, and started again: {said}", old.name());
                return look.stopped(Cause::NotArrived, what);
            }
            until
        }
        // They have just begun, or begun again.
        Some(_) => later(since.max(look.now), STILL_SECONDS),
        None => first_words(look, release, since).unwrap_or(look.now),
    };
    let now = release.missed.clone().unwrap_or_else(|| "errors".to_owned());
    let wanted = "none once the old version runs again, or errors that continue";
    let heard = Condition::after(Need::NotMissed, look.now, until, wanted);
    let heard = look.heard(Condition { now, ..heard });
    if !look.all(Aim::Finish, [heard]) {
        return Next::Wait { until: Some(until), on: WaitFor::Ended { colour: release.from } };
    }
    let Some(said) = bad else { return look.finish(Verdict::Promoted) };
    let reason = format!("it failed after {} was scaled down to 0: {said}", old.name());
    let (doing, write) = ending(look, Verdict::Unhealthy, reason);
    look.act_fresh(doing, write)
}
