//! `promote` and `abort`: somebody's word, bound to the release that they saw. A driver that lives
//! acts on it; without one, this process does.

use super::hold::{self, Other};
use super::{Doing, Look, Next, forward, start, withdraw};
use crate::model::TEMPLATE_HASH;
use crate::release::snapshot::Leads;
use crate::release::{Ending, Intent, Outcome, Record, Release, Verdict, strangers};

pub fn promote(look: Look, record: &Record, number: Option<u64>, when_ready: bool) -> Next {
    let release = match meant(look, record, number, "promote") {
        Ok(release) => release,
        Err(next) => return next,
    };
    if let Some(next) = approve(look, record, release, when_ready) {
        return next;
    }
    let alone = record.driver.is_none() || hold::is_gone(look, record);
    let goes = release.ending.is_some() || expired(look, release);
    if !written(look, release) && alone && !goes {
        return never_made(look, release);
    }
    if let Some(next) = hold::next(look, record, Other::Follow) {
        return next;
    }
    match &release.ending {
        Some(ending) => withdraw::next(look, record, release, ending),
        None => forward::next(look, record, release, None),
    }
}

pub fn abort(look: Look, record: &Record, number: Option<u64>, reason: Option<&str>) -> Next {
    let release = match meant(look, record, number, "abort") {
        Ok(release) => release,
        Err(next) => return next,
    };
    if release.ending.is_none() {
        let ending = Ending {
            outcome: Verdict::Aborted,
            reason: reason.unwrap_or("aborted").to_owned(),
            by: Some(look.me.holder.clone()),
            at: look.now,
        };
        let doing = Doing::End { ending: ending.clone() };
        return say(look, record, doing, |release| release.ending = Some(ending));
    }
    if let Some(next) = hold::next(look, record, Other::Follow) {
        return next;
    }
    match &release.ending {
        Some(ending) => withdraw::next(look, record, release, ending),
        None => unreachable!("an ending was written above"),
    }
}

/// The release that the command is about.
fn meant<'a>(
    look: Look,
    record: &'a Record,
    number: Option<u64>,
    verb: &str,
) -> Result<&'a Release, Next> {
    let nothing = |why: String| Err(Next::Done(Outcome::NothingToDo { why }));
    if let Some(number) = number
        && let Some(finished) = record.finished(number)
        && finished.outcome == Verdict::Promoted
        && verb == "promote"
        && look.s.routes_lead(record) == Leads::To(finished.to)
        && look.s.slot(finished.to).and_then(|slot| slot.release()) == Some(number)
    {
        return Err(Next::Done(Outcome::AlreadyLive {
            images: finished.images.values().cloned().collect(),
            differs: Vec::new(),
        }));
    }
    let Some(release) = &record.release else {
        if let Some(slot) = look.s.leftover(record) {
            return Err(start::remove_leftover(look, slot));
        }
        return nothing(match record.history.last() {
            Some(last) => format!(
                "there is nothing to {verb}: no release is in progress, the last one ({}) was {}",
                last.number,
                last.outcome.as_str()
            ),
            None => format!("there is nothing to {verb}: no release is in progress"),
        });
    };
    match number {
        Some(number) if number != release.number => {
            nothing(format!("release {number} is not in progress: release {} is", release.number))
        }
        _ => Ok(release),
    }
}

/// The approval, where one is still wanted.
fn approve(look: Look, record: &Record, release: &Release, when_ready: bool) -> Option<Next> {
    let goes = release.ending.is_some() || expired(look, release);
    let decided = release.approved.is_some() || goes;
    if decided || look.s.switched(record, release) || look.s.begun(record, release) {
        return None;
    }
    if !written(look, release) && record.driver.is_none() {
        return Some(never_made(look, release));
    }
    if let Some(what) = strangers::behind(look.s, record, release.to) {
        return Some(look.changed(what));
    }
    let slot = look.s.slot(release.to);
    let bears = slot.is_some_and(|slot| slot.hash() == Some(release.hash.as_str()));
    // One that the live version has outgrown meanwhile gets its size from whoever goes on with it.
    let sizes = [release.from, release.to].map(|colour| look.s.slot(colour).map(|s| s.desired()));
    let grows = sizes[0] > sizes[1] && slot.is_some_and(|s| look.s.serves(release.to, s.desired()));
    let is_ready = bears && (grows || look.s.may_take_over(record, release));
    if !(is_ready || when_ready) {
        return Some(not_ready(look, record, release));
    }
    let intent = Intent { by: look.me.holder.clone(), at: look.now };
    let doing = Doing::Approve { number: release.number };
    Some(say(look, record, doing, |release| release.approved = Some(intent)))
}

fn expired(look: Look, release: &Release) -> bool {
    release.deadline.is_some_and(|deadline| look.now >= deadline)
}

/// Writes an intent. A driver that lives finds it, and a challenge beside it; without a driver this
/// process takes the release in the same write.
fn say(look: Look, record: &Record, doing: Doing, intent: impl FnOnce(&mut Release)) -> Next {
    let nobody = record.driver.is_none();
    let write = look.record(|record| {
        if let Some(release) = &mut record.release {
            intent(release);
        }
        if nobody {
            record.driver = Some(look.myself());
            record.challenge = None;
        } else if record.challenge.is_none() {
            record.challenge = Some(look.challenge());
        }
    });
    look.act(doing, write)
}

/// Whether the candidate's Deployment is there: only `deploy` has the template to make it, but that
/// of a rollback stands in the slot.
fn written(look: Look, release: &Release) -> bool {
    release.back.is_some()
        || look.s.slot(release.to).is_some_and(|slot| slot.release() == Some(release.number))
}

fn never_made(look: Look, release: &Release) -> Next {
    if release.sighted.is_some() {
        let name = look.s.names.deployment(release.to);
        return look.changed(format!("{name}, the candidate, was deleted or overwritten"));
    }
    let why = "its candidate was not made before the deploy ended".to_owned();
    Next::Done(Outcome::NotReady { number: release.number, why, deploy_again: true })
}

fn not_ready(look: Look, record: &Record, release: &Release) -> Next {
    let why = match look.s.slot(release.to) {
        None => "its candidate is not there yet".to_owned(),
        Some(slot) if slot.hash() != Some(release.hash.as_str()) => {
            format!("{} does not bear its {TEMPLATE_HASH} yet", slot.name())
        }
        Some(slot) => {
            let hindrance = look.s.hindrance(record, release);
            let hindrance = hindrance.filter(|_| look.s.serves(release.to, slot.desired()));
            hindrance.unwrap_or_else(|| {
                format!("{} of {} pods are ready", slot.ready_replicas(), slot.desired())
            })
        }
    };
    Next::Done(Outcome::NotReady { number: release.number, why, deploy_again: false })
}
