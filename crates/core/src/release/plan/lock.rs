//! Who drives. The record is the lock; whoever needs it from another driver asks for a sign of life
//! and takes over if none comes.

use jiff::{SignedDuration, Timestamp};
use json_patch::PatchOperation;
use serde_json::Value;

use super::{Action, Context, Next, WaitFor};
use crate::model::{EPOCH, Id, Write, annotate, version};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::stamps::number;
use crate::release::{Cause, Outcome, Record};

/// A driver that lives answers within a second, whatever it is waiting for.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_secs(10);
/// How long a driver that is being followed may be silent before it is asked again.
const SILENT_FOR: SignedDuration = SignedDuration::from_secs(15);

/// What a command does about a driver that lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OnBusy {
    /// Leave the release to it.
    Leave,
    /// Watch it to the end.
    Follow,
}

/// What has to happen before this process may advance the release; nothing, if it holds it and
/// everything bears its epoch.
pub fn next(cx: Context, record: &Record, other: OnBusy) -> Option<Next> {
    let Some(driver) = &record.driver else {
        let hold = cx.record(|record| {
            record.driver = Some(cx.myself());
            record.challenge = None;
        });
        return Some(cx.act(Action::Acquire, hold));
    };
    if driver.id == cx.me.id {
        if borne(cx) > record.epoch {
            // Each kind is watched by itself: the record that tells of it is on its way.
            let holder = "another process".to_owned();
            return Some(Next::Done(Outcome::TakenOver { holder }));
        }
        let next = answer(cx, record).or_else(|| stamp(cx, record));
        // Nothing keeps people from being led back; what comes after that sees to it itself.
        let goes_back = record.release.as_ref().is_some_and(|release| release.ending.is_some());
        return next.or_else(|| unstamped(cx, record).filter(|_| !goes_back));
    }
    let heard = cx.s.memory.driver_seen_at;
    match other {
        OnBusy::Leave if heard.is_some() => {
            let (holder, since) = (driver.holder.clone(), driver.since);
            return Some(Next::Done(Outcome::Busy { holder, since }));
        }
        OnBusy::Follow => {
            let silent_at = heard.map(|heard| heard + SILENT_FOR);
            let silent = silent_at.map(|until| {
                let wanted =
                    format!("an end, or {SILENT_FOR:#} without a write of {}", driver.holder);
                let heard = format!("{} drives the release", driver.holder);
                let silent = Condition::after(Need::Driver, cx.now, until, &wanted);
                Condition { now: heard, ..silent }
            });
            if let Some(until) = silent_at
                && !cx.all(Aim::Drive, silent)
            {
                let phase = record.release.as_ref().map(|release| cx.s.phase(record, release));
                let on = WaitFor::Driver { holder: driver.holder.clone(), phase };
                return Some(Next::Wait { until: Some(until), on });
            }
        }
        OnBusy::Leave => {}
    }
    let holder = driver.holder.clone();
    let gone = gone(cx, record);
    let is_gone = gone.as_ref().is_some_and(Condition::is_met);
    cx.all(Aim::Drive, gone);
    Some(match silence(cx, record) {
        None => {
            let ask = cx.record(|record| record.challenge = Some(cx.challenge()));
            cx.act(Action::Challenge { holder }, ask)
        }
        Some(until) if !is_gone => {
            Next::Wait { until: Some(until), on: WaitFor::SignOfLife { holder } }
        }
        Some(_) => cx.act(Action::TakeOver { holder }, take_over(cx)),
    })
}

/// That the driver, which was asked for a sign of life, has given none.
pub fn gone(cx: Context, record: &Record) -> Option<Condition> {
    let (driver, challenge) = (record.driver.as_ref()?, record.challenge.as_ref()?);
    let until = silence(cx, record)?;
    let wanted = format!("an answer within {ANSWER_WITHIN:#}, or a takeover");
    let now = format!("{} has challenged {}", challenge.by, driver.holder);
    Some(Condition { now, ..Condition::after(Need::SignOfLife, cx.now, until, &wanted) })
}

/// Until when the driver may still answer, if it has been asked.
fn silence(cx: Context, record: &Record) -> Option<Timestamp> {
    let asked = record.challenge.as_ref()?.at;
    // One that lies in the future is from a clock that was wrong: it is asked anew. Those of two API
    // servers may differ a little.
    (asked <= cx.now + ANSWER_WITHIN).then(|| asked + ANSWER_WITHIN)
}

/// Whether the driver is another one, which was asked and did not answer.
pub fn is_gone(cx: Context, record: &Record) -> bool {
    record.driver.as_ref().is_some_and(|driver| driver.id != cx.me.id)
        && silence(cx, record).is_some_and(|until| cx.now >= until)
}

fn take_over(cx: Context) -> Write {
    cx.record(|record| {
        record.driver = Some(cx.myself());
        record.challenge = None;
        record.epoch = record.epoch.max(borne(cx)) + 1;
    })
}

/// The newest epoch that any of the app's objects bears.
pub fn borne(cx: Context) -> u64 {
    let s = cx.s;
    let Some((_, record)) = &s.record else { return 0 };
    let shared = s.shared(record).into_iter().map(|object| s.epoch_on(object));
    let own = s.own().into_iter().filter_map(|object| number(object, EPOCH));
    shared.chain(own).max().unwrap_or(0)
}

/// The driver's own part: somebody asked whether it lives.
fn answer(cx: Context, record: &Record) -> Option<Next> {
    record.challenge.as_ref()?;
    Some(cx.act(Action::Answer, cx.record(|record| record.challenge = None)))
}

/// After a takeover, everything that the old driver could still write gets a new state, so that
/// what it planned before no longer applies: that is everything through which people reach the app, the
/// slots, and what scales them.
fn stamp(cx: Context, record: &Record) -> Option<Next> {
    let mut wanted = wanted(cx, record).into_iter();
    let (object, changes) = wanted.find(|(object, _)| refusal(cx, object).is_none())?;
    let id = Id::of(object)?;
    let write = Write::patch(id.clone(), &version(object), changes);
    // Whether other apps still read what goes with it, their records have just said.
    Some(cx.act_fresh(Action::Stamp { object: id }, write))
}

/// Objects that do not bear the record's epoch, and what makes them.
fn wanted<'a>(cx: Context<'a>, record: &Record) -> Vec<(&'a Value, Vec<PatchOperation>)> {
    let s = cx.s;
    let shared = s.shared(record).into_iter();
    let shared = shared.filter_map(|object| Some((object, s.stamp(object, record)?)));
    let own = s.own().into_iter();
    let own = own.filter(|object| number(object, EPOCH).unwrap_or(0) < record.epoch);
    let own = own.map(|object| (object, annotate(object, &[(EPOCH, record.epoch.to_string())])));
    shared.chain(own).collect()
}

fn refusal<'a>(cx: Context<'a>, object: &Value) -> Option<&'a str> {
    cx.s.memory.refusal(&Id::of(object)?)
}

/// Where the API server does not let us stamp what people are led by, or a version: something old may still
/// arrive there, so nothing may be done that it would break.
pub fn unstamped(cx: Context, record: &Record) -> Option<Next> {
    // Nobody is led by the Ingress of ours.
    let ours = cx.s.managed_ingress();
    let mut wanted = wanted(cx, record).into_iter().filter(|(object, _)| Some(*object) != ours);
    let (id, why) = wanted.find_map(|(object, _)| Some((Id::of(object)?, refusal(cx, object)?)))?;
    let what = format!(
        "the API server refuses to change {id}, and an earlier write to it may still take effect: {why}"
    );
    Some(cx.stopped(Cause::Refused, what))
}
