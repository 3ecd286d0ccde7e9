//! The old version's end. Whoever still asked for it is heard afterwards: then it is started again.

use jiff::Timestamp;

use super::arrive::{FIRST_WORD_SECONDS, sight};
use super::forward::{ending, scale};
use super::{Doing, Look, Next, WaitFor, beside, later};
use crate::release::{Cause, Release, Sight, Slot, Verdict};

/// How long its last pods are waited for: as a rule they have 30 s to end.
const ENDED_WITHIN_SECONDS: u64 = 60;
/// So long it is heard afterwards whether anybody misses it.
const STILL_SECONDS: u64 = 5;
/// So long errors may go on where it answers again, before people are led back to it.
const MENDED_WITHIN_SECONDS: u64 = 15;

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

/// Somebody else than the new version answers at the end of the drain, or too little has been heard to
/// say that nobody does.
fn still_asked(look: Look, release: &Release, kept: Timestamp) -> Option<Next> {
    let since = look.s.memory.began.map_or(kept, |began| began.max(kept));
    let said = sight(look, release).and_then(|s| s.astray(release.to, &release.answered));
    let until = match said {
        None => first_words(look, release, since)?,
        Some(said) => {
            let until = later(since, release.timeout_seconds);
            if look.now >= until {
                let name = look.s.names.deployment(release.from);
                let what = format!("{name} can't be scaled down to 0: {said}");
                return Some(look.stopped(Cause::NotArrived, what));
            }
            until
        }
    };
    let on = WaitFor::Drain { colour: release.from };
    Some(Next::Wait { until: Some(until), on })
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
    if !s.memory.asks || release.keep_old || release.answered.is_empty() {
        return None;
    }
    s.slot(release.from)?;
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
    let until = match ended.map(|ended| later(ended, STILL_SECONDS)) {
        None => late,
        Some(until) if look.now < until => until,
        // Errors that have just begun are heard to their end, or until they are too many.
        Some(_) if sight.is_some_and(|sight| sight.errs(&release.answered).is_some()) => {
            later(look.now, STILL_SECONDS)
        }
        Some(_) => first_words(look, release, since)?,
    };
    Some(Next::Wait { until: Some(until), on: WaitFor::Ended { colour: release.from } })
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
    if !s.serves(release.from, old.desired()) {
        let until = later(since, release.timeout_seconds);
        if look.now < until {
            return Next::Wait { until: Some(until), on: look.ready(release.from, None) };
        }
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
    if look.now < until {
        return Next::Wait { until: Some(until), on: WaitFor::Ended { colour: release.from } };
    }
    let Some(said) = bad else { return look.finish(Verdict::Promoted) };
    let reason = format!("it failed after {} was scaled down to 0: {said}", old.name());
    let (doing, write) = ending(look, Verdict::Unhealthy, reason);
    look.act_fresh(doing, write)
}
