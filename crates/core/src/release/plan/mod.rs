//! The next step of a command, decided from one look at the app. Pure: no I/O and no clock.
//!
//! It reads what is, not what was done: after a crash, a rerun or a takeover the next look is just
//! another look.

mod after_switch;
mod arrive;
mod autoscaling;
mod before_switch;
mod deploy;
pub mod dry_run;
mod gate;
mod init;
mod lock;
mod needs;
mod others;
mod preflight;
mod promote_abort;
mod reading;
mod rollback;
mod scale_down;
mod start;
mod step;
mod switch;
mod why;
mod withdraw;

pub use init::check_input;
use jiff::Timestamp;
pub use needs::Decided;
use needs::Needs;
pub use preflight::{Preflight, before as preflight, sought};
pub use reading::unread;
pub use step::{Action, WaitFor};
pub use why::{Why, why};

use super::field_managers;
use super::{
    Cause, Challenge, Driver, Finished, Goal, Me, Outcome, Record, Release, ReleaseOutcome, Sight,
    Snapshot, marker,
};
use crate::model::{Colour, Write};
use crate::release::instant::{earlier, later};
use crate::release::record::RECORD_KEY;

/// What to do now.
#[derive(Clone, PartialEq, Debug)]
pub enum Next {
    Do(Box<Step>),
    /// Ask the gate, unless that question is under way already.
    Ask(Question),
    /// Nothing to do until something changes, or until then.
    Wait {
        until: Option<Timestamp>,
        on: WaitFor,
    },
    Done(Outcome),
}

/// One write, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub action: Action,
    pub write: Write,
    /// How much of what it depends on has to be read again in the same pass.
    pub fresh: Fresh,
}

/// How much has been read since the loop paused last, or has to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Fresh {
    #[default]
    Nothing,
    /// Whom the app's callers are led to, and whether its pods are ready.
    Leads,
    /// All that a switch rests on.
    Serving,
    /// All that there is to be seen of the app: why its pods are not there, too.
    Whole,
}

/// The question that a gate's answer counts for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    pub release: u64,
    pub hash: String,
}

/// Everything that a decision rests on.
#[derive(Clone, Copy)]
struct Context<'a> {
    me: &'a Me,
    s: &'a Snapshot,
    now: Timestamp,
    /// Where it is noted by what is decided.
    needs: &'a Needs,
    /// Whether it is the process's own memory that the snapshot has; not where somebody only asks what the
    /// driver waits for.
    is_driver: bool,
}

pub fn plan(goal: &Goal, me: &Me, s: &Snapshot, now: Timestamp) -> Next {
    decided(goal, me, s, now).next
}

/// The same, with the conditions by which it was decided.
pub fn decided(goal: &Goal, me: &Me, s: &Snapshot, now: Timestamp) -> Decided {
    let needs = Needs::default();
    let next = decide(Context { me, s, now, needs: &needs, is_driver: true }, goal);
    Decided { next, conditions: needs::flat(&needs.into_groups()) }
}

fn decide(cx: Context, goal: &Goal) -> Next {
    let s = cx.s;
    if let Goal::Init(init) = goal {
        return init::next(cx, init);
    }
    if matches!(goal, Goal::Watch) {
        return Next::Wait { until: None, on: WaitFor::Change };
    }
    let Some((_, record)) = &s.record else {
        let is_there = Colour::BOTH.into_iter().any(|colour| s.slot(colour).is_some());
        return Next::Done(match (s.memory.drove, is_there) {
            (true, _) => {
                let (what, cause) = (format!("{} was deleted", s.record_name()), Cause::Edited);
                Outcome::Changed { what, cause, by: None }
            }
            (false, true) => Outcome::NotInitialised,
            (false, false) => Outcome::Unfit { reasons: vec![s.names.no_deployment()] },
        });
    };
    if let Some(next) = over(cx, record, goal) {
        return next;
    }
    match goal {
        Goal::Init(_) | Goal::Watch => unreachable!("handled above"),
        Goal::Deploy(deploy) => deploy::next(cx, record, deploy),
        Goal::Promote { release, when_ready } => {
            promote_abort::promote(cx, record, *release, *when_ready)
        }
        Goal::Rollback { release, to, settings } => {
            rollback::next(cx, record, (*release, *to), settings)
        }
        Goal::Abort { release, reason } => {
            promote_abort::abort(cx, record, *release, reason.as_deref())
        }
    }
}

/// The step that puts the release down without ending it, when the driver is interrupted.
pub fn let_go(me: &Me, s: &Snapshot, now: Timestamp) -> Option<Step> {
    let (_, record) = s.record.as_ref()?;
    let mine = record.driver.as_ref().is_some_and(|driver| driver.id == me.id);
    let cx = Context { me, s, now, needs: &Needs::default(), is_driver: true };
    mine.then(|| cx.step(Action::LetGo, cx.record(|record| record.driver = None)))
}

/// The step after which nothing that was planned before applies to the app's objects any more: the
/// next looks stamp them all. Only for the release's driver.
pub fn raise_epoch(me: &Me, s: &Snapshot, now: Timestamp) -> Option<Step> {
    let (_, record) = s.record.as_ref()?;
    let mine = record.driver.as_ref().is_some_and(|driver| driver.id == me.id);
    let cx = Context { me, s, now, needs: &Needs::default(), is_driver: true };
    mine.then(|| cx.step(Action::RaiseEpoch, cx.record(|record| record.epoch += 1)))
}

/// The release that this command is about has ended, or another process drives it now.
fn over(cx: Context, record: &Record, goal: &Goal) -> Option<Next> {
    let memory = &cx.s.memory;
    let (number, _) = memory.following.as_ref()?;
    let mine = record.driver.as_ref().is_some_and(|driver| driver.id == cx.me.id);
    let other = record.driver.as_ref().filter(|_| !mine).map(|driver| driver.holder.clone());
    // Whoever took over may have let go since: the epoch still tells.
    let raised = memory.epoch.is_some_and(|epoch| epoch < record.epoch);
    if !mine && memory.drove && (raised || other.is_some()) {
        let holder = other.unwrap_or_else(|| "another process, which has ended".to_owned());
        return Some(Next::Done(Outcome::TakenOver { holder }));
    }
    if record.release.as_ref().is_some_and(|release| release.number == *number) {
        return None;
    }
    Some(Next::Done(match record.finished(*number) {
        Some(finished) if replaced(cx, record, finished, goal) => return None,
        Some(finished) => Outcome::Finished(Box::new(finished.clone())),
        None => Outcome::Changed {
            what: format!("release {number} is no longer in {}", cx.s.record_name()),
            cause: Cause::Edited,
            by: None,
        },
    }))
}

/// Whether that release had to end to make room for this deploy's own, whoever ended it.
fn replaced(cx: Context, record: &Record, finished: &Finished, goal: &Goal) -> bool {
    matches!(goal, Goal::Deploy(deploy) if deploy.replace
        && finished.outcome != ReleaseOutcome::Promoted
        && !deploy::asks_for(cx, record, deploy, finished))
}

impl Context<'_> {
    /// From when on this process may count what began then: who takes a release up later gives it the same time.
    fn since(&self, began: Timestamp) -> Timestamp {
        self.s.memory.started_at.map_or(began, |mine| mine.max(began))
    }

    fn step(&self, action: Action, write: Write) -> Step {
        Step { action, write, fresh: Fresh::Nothing }
    }

    fn act(&self, action: Action, write: Write) -> Next {
        Next::Do(Box::new(self.step(action, write)))
    }

    /// A step that takes something away or sends people elsewhere: decided on a look of its own.
    fn act_fresh(&self, action: Action, write: Write) -> Next {
        Next::Do(Box::new(Step { action, write, fresh: Fresh::Serving }))
    }

    /// One that depends on whom people are led to, and on who is there. Whoever has taken over has changed the
    /// object; who has only just aborted leads back from it.
    fn act_where_led(&self, action: Action, write: Write) -> Next {
        Next::Do(Box::new(Step { action, write, fresh: Fresh::Leads }))
    }

    /// A change of the record, which holds only if nobody else changed it meanwhile.
    fn record(&self, change: impl FnOnce(&mut Record)) -> Write {
        use json_patch::{PatchOperation, ReplaceOperation};
        let (version, record) = self.s.record.as_ref().expect("planned on a record that was read");
        let mut record = record.clone();
        change(&mut record);
        if let Some(driver) = record.driver.as_mut().filter(|driver| driver.id == self.me.id) {
            driver.seen = self.now;
            driver.writes += 1;
            // A record that somebody put back in an older form must not lag behind its objects.
            record.epoch = record.epoch.max(lock::borne(*self));
        }
        let replace = PatchOperation::Replace(ReplaceOperation {
            path: crate::model::pointer(["data", RECORD_KEY]),
            value: record.text().into(),
        });
        Write::patch(self.s.names.record(), version, vec![replace])
    }

    /// A change of the release that is under way.
    fn release(&self, change: impl FnOnce(&mut Release)) -> Write {
        self.record(|record| {
            if let Some(release) = &mut record.release {
                change(release);
            }
        })
    }

    /// The release is over, and nobody drives it: the last write of each.
    fn finish(&self, outcome: ReleaseOutcome) -> Next {
        let write = self.record(|record| {
            let number = record.release.as_ref().map(|release| release.number);
            record.finish(outcome, self.now);
            let finished = record.history.last_mut().filter(|it| Some(it.number) == number);
            if let Some(finished) = finished {
                finished.warnings = self.warnings(finished);
            }
            record.driver = None;
            record.challenge = None;
        });
        self.act_where_led(Action::Finish, write)
    }

    /// What is not as it should be at a release's end.
    fn warnings(&self, finished: &Finished) -> Vec<String> {
        let is_live = finished.outcome == ReleaseOutcome::Promoted;
        let sight = self.s.memory.sight(finished.number).filter(|_| is_live);
        let failures = sight.and_then(Sight::failures);
        let failures = failures.map(|said| format!("after the switch, {said}"));
        failures.into_iter().chain(marker::left(self.s)).collect()
    }

    fn myself(&self) -> Driver {
        let Me { id, holder } = self.me.clone();
        Driver { id, holder, since: self.now, seen: self.now, writes: 0 }
    }

    fn challenge(&self) -> Challenge {
        Challenge { by: self.me.holder.clone(), at: self.now }
    }

    /// The candidate is ready and waits, with nobody driving.
    fn detached(&self, number: u64) -> Next {
        Next::Done(Outcome::Detached { number, preview: self.s.preview_site() })
    }

    /// A wait for a slot to be ready.
    fn ready(&self, colour: Colour, trouble: Option<String>) -> WaitFor {
        let s = self.s;
        let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
        let pods = release.map(|release| s.unready(colour, release.number)).unwrap_or_default();
        WaitFor::Ready {
            colour,
            deployment: s.names.deployment(colour),
            ready: s.slot(colour).map_or(0, |slot| slot.ready_replicas()),
            desired: s.slot(colour).map_or(0, |slot| slot.desired()),
            endpoints: s.endpoints(colour),
            pods,
            trouble,
        }
    }

    fn changed(&self, what: impl Into<String>) -> Next {
        let record = self.s.record.as_ref().map(|(_, record)| record);
        let by = record.and_then(|record| field_managers::last(self.s, record));
        Next::Done(Outcome::Changed { what: what.into(), cause: Cause::Edited, by })
    }

    /// What nobody has done by an edit.
    fn stopped(&self, cause: Cause, what: impl Into<String>) -> Next {
        Next::Done(Outcome::Changed { what: what.into(), cause, by: None })
    }
}
