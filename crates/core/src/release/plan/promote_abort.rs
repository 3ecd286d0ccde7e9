//! `promote` and `abort`: somebody's word, bound to the release that they saw. A driver that lives
//! acts on it; without one, this process does.

use super::lock::{self, OnBusy};
use super::{Action, Context, Next, before_switch, start, switch, withdraw};
use crate::model::TEMPLATE_HASH;
use crate::release::routes::Leads;
use crate::release::{Approval, Ending, Outcome, Record, Release, ReleaseOutcome, strangers};

pub fn promote(cx: Context, record: &Record, number: Option<u64>, when_ready: bool) -> Next {
    let release = match meant(cx, record, number, "promote") {
        Ok(release) => release,
        Err(next) => return next,
    };
    if let Some(next) = approve(cx, record, release, when_ready) {
        return next;
    }
    let alone = record.driver.is_none() || lock::is_gone(cx, record);
    let goes = release.ending.is_some() || expired(cx, release);
    if !written(cx, release) && alone && !goes {
        return never_made(cx, release);
    }
    if let Some(next) = lock::next(cx, record, OnBusy::Follow) {
        return next;
    }
    match &release.ending {
        Some(ending) => withdraw::next(cx, record, release, ending),
        None => before_switch::next(cx, record, release, None),
    }
}

pub fn abort(cx: Context, record: &Record, number: Option<u64>, reason: Option<&str>) -> Next {
    let release = match meant(cx, record, number, "abort") {
        Ok(release) => release,
        Err(next) => return next,
    };
    if release.ending.is_none() {
        let ending = Ending {
            outcome: ReleaseOutcome::Aborted,
            reason: reason.unwrap_or("aborted").to_owned(),
            by: Some(cx.me.holder.clone()),
            at: cx.now,
        };
        let action = Action::End { ending: ending.clone() };
        return say(cx, record, action, |release| release.ending = Some(ending));
    }
    if let Some(next) = lock::next(cx, record, OnBusy::Follow) {
        return next;
    }
    match &release.ending {
        Some(ending) => withdraw::next(cx, record, release, ending),
        None => unreachable!("an ending was written above"),
    }
}

/// The release that the command is about.
fn meant<'a>(
    cx: Context,
    record: &'a Record,
    number: Option<u64>,
    verb: &str,
) -> Result<&'a Release, Next> {
    let nothing = |why: String| Err(Next::Done(Outcome::NothingToDo { why }));
    if let Some(number) = number
        && let Some(finished) = record.finished(number)
        && finished.outcome == ReleaseOutcome::Promoted
        && verb == "promote"
        && cx.s.routes_lead(record) == Leads::To(finished.to)
        && cx.s.slot(finished.to).and_then(|slot| slot.release()) == Some(number)
    {
        return Err(Next::Done(Outcome::AlreadyLive {
            images: finished.images.values().cloned().collect(),
            differs: Vec::new(),
        }));
    }
    let Some(release) = &record.release else {
        if let Some(slot) = cx.s.leftover(record) {
            return Err(start::remove_leftover(cx, slot));
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
fn approve(cx: Context, record: &Record, release: &Release, when_ready: bool) -> Option<Next> {
    let goes = release.ending.is_some() || expired(cx, release);
    let decided = release.approved.is_some() || goes;
    if decided || cx.s.switched(record, release) || cx.s.begun(record, release) {
        return None;
    }
    if !written(cx, release) && record.driver.is_none() {
        return Some(never_made(cx, release));
    }
    if let Some(what) = strangers::behind(cx.s, record, release.to) {
        return Some(cx.changed(what));
    }
    let slot = cx.s.slot(release.to);
    let bears = slot.is_some_and(|slot| slot.hash() == Some(release.hash.as_str()));
    // One that the live version has outgrown meanwhile gets its size from whoever goes on with it.
    let sizes = [release.from, release.to].map(|colour| cx.s.slot(colour).map(|s| s.desired()));
    let grows = sizes[0] > sizes[1] && slot.is_some_and(|s| cx.s.serves(release.to, s.desired()));
    let is_ready = bears && (grows || cx.s.may_take_over(record, release));
    if !(is_ready || when_ready) {
        return Some(not_ready(cx, record, release));
    }
    if let Some(unfit) = switch::before_a_yes(cx.s, record, release) {
        return Some(Next::Done(unfit));
    }
    // It would stand there, and count for whoever continues the release once all is as it was.
    if let Err(changed) = before_switch::live(cx, record, release) {
        return Some(changed);
    }
    let made = slot.filter(|slot| slot.release() == Some(release.number));
    let edited = made.and_then(|slot| before_switch::observed(cx, record, release, slot));
    if let Some(changed @ Next::Done(_)) = edited {
        return Some(changed);
    }
    let intent = Approval { by: cx.me.holder.clone(), at: cx.now };
    let action = Action::Approve { number: release.number };
    Some(say(cx, record, action, |release| release.approved = Some(intent)))
}

fn expired(cx: Context, release: &Release) -> bool {
    release.deadline.is_some_and(|deadline| cx.now >= deadline)
}

/// Writes an intent. A driver that lives finds it, and a challenge beside it; without a driver this
/// process takes the release in the same write.
fn say(cx: Context, record: &Record, action: Action, intent: impl FnOnce(&mut Release)) -> Next {
    let nobody = record.driver.is_none();
    let write = cx.record(|record| {
        if let Some(release) = &mut record.release {
            intent(release);
        }
        if nobody {
            record.driver = Some(cx.myself());
            record.challenge = None;
        } else if record.challenge.is_none() {
            record.challenge = Some(cx.challenge());
        }
    });
    cx.act(action, write)
}

/// Whether the candidate's Deployment is there: only `deploy` has the template to make it, but that
/// of a rollback stands in the slot.
fn written(cx: Context, release: &Release) -> bool {
    release.back.is_some()
        || cx.s.slot(release.to).is_some_and(|slot| slot.release() == Some(release.number))
}

fn never_made(cx: Context, release: &Release) -> Next {
    if release.sighted.is_some() {
        let name = cx.s.names.deployment(release.to);
        return cx.changed(format!("{name}, the candidate, was deleted or overwritten"));
    }
    let why = "its candidate was not created before the deploy ended".to_owned();
    Next::Done(Outcome::NotReady { number: release.number, why, deploy_again: true })
}

fn not_ready(cx: Context, record: &Record, release: &Release) -> Next {
    let why = match cx.s.slot(release.to) {
        None => "its candidate does not exist yet".to_owned(),
        Some(slot) if slot.hash() != Some(release.hash.as_str()) => {
            format!("{} does not have its annotation {TEMPLATE_HASH} yet", slot.name())
        }
        Some(slot) => {
            let hindrance = cx.s.hindrance(record, release);
            let hindrance = hindrance.filter(|_| cx.s.serves(release.to, slot.desired()));
            hindrance.unwrap_or_else(|| {
                format!("{} of {} pods are ready", slot.ready_replicas(), slot.desired())
            })
        }
    };
    Next::Done(Outcome::NotReady { number: release.number, why, deploy_again: false })
}
