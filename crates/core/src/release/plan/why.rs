//! Why the next step waits: the plan of whoever drives the release, made again from one look, with the
//! conditions by which it decides. What only the driver's memory has is said to be known by it alone.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::needs::{Needs, flat};
use super::start::{self, Asked};
use super::{Action, Context, Next, before_switch, lock, withdraw};
use crate::release::condition::{Aim, Condition, Need, all_met};
use crate::release::{Me, Outcome, Phase, Record, Release, Snapshot};

/// Why a release does not go on, or why none can begin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The step that comes next.
    pub next: Aim,
    /// The first of its conditions that is not met; null where nothing is waited for.
    pub waits_for: Option<Need>,
    /// Why no process goes on with it, in words, where one would stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops: Option<String>,
    /// All conditions of that step, and who drives.
    pub conditions: Vec<Condition>,
}

/// `refused`: why the API server would not let a release begin, where it was asked.
pub fn why(s: &Snapshot, now: Timestamp, refused: &[String]) -> Why {
    let Some((_, record)) = &s.record else {
        let stops = Some("the app is not set up for releases yet".to_owned());
        return Why { next: Aim::Begin, waits_for: None, stops, conditions: Vec::new() };
    };
    match &record.release {
        Some(release) => of_release(s, record, release, now),
        None => of_none(s, record, now, refused),
    }
}

/// What is in the way of the next release, if anything.
fn of_none(s: &Snapshot, record: &Record, now: Timestamp, refused: &[String]) -> Why {
    let (needs, me) = (Needs::default(), nobody());
    let cx = Context { me: &me, s, now, needs: &needs, is_driver: false };
    let stops = match start::preconditions(cx, record, &Asked::default()) {
        Err(Next::Done(outcome)) => stops(outcome),
        Ok(_) | Err(_) => None,
    };
    if !refused.is_empty() {
        cx.all(Aim::Begin, start::unchecked(refused));
    }
    let groups = needs.into_groups();
    let waits_for = last_unmet(&groups).map(|condition| condition.name);
    // The reasons stand in the conditions already.
    let stops = stops.filter(|_| waits_for.is_none());
    let mut conditions = flat(&groups);
    // Some were looked at before others: that none of those fails is not all.
    let fails = conditions.iter().any(|it| it.name == Need::Checks && !it.is_met());
    conditions.retain(|it| !fails || it.name != Need::Checks || !it.is_met());
    Why { next: Aim::Begin, waits_for, stops, conditions }
}

fn of_release(s: &Snapshot, record: &Record, release: &Release, now: Timestamp) -> Why {
    let driver = record.driver.as_ref();
    let me = driver.map_or_else(nobody, |it| Me { id: it.id.clone(), holder: it.holder.clone() });
    // As far as the record tells, what the driver's memory has.
    let mut s = s.clone();
    s.memory.started_at = driver.map(|driver| driver.since);
    let needs = Needs::default();
    let cx = Context { me: &me, s: &s, now, needs: &needs, is_driver: false };
    let holder = driver.map_or("no process is running it", |driver| &driver.holder);
    let driven = Condition::new(Need::Driver, driver.is_some(), holder, "a process that runs it");
    cx.all(Aim::Drive, std::iter::once(driven).chain(lock::gone(cx, record)));
    let next = match &release.ending {
        Some(ending) => withdraw::next(cx, record, release, ending),
        None => before_switch::next(cx, record, release, None),
    };
    let groups = needs.into_groups();
    let aim = match &next {
        Next::Do(step) => Aim::of(&step.action).or_else(|| last_aim(&groups)),
        _ => last_unmet(&groups).map(|it| it.step).or_else(|| last_aim(&groups)),
    };
    // That nothing is switched yet is looked at first, and is nothing to wait for before a switch.
    let is_switched = s.begun(record, release) || s.switched(record, release);
    let is_before = !is_switched && release.switched.is_none() && release.ending.is_none();
    let aim = match aim.unwrap_or(Aim::Withdraw) {
        Aim::Confirm if is_before && release.waiting.is_some() => Aim::Switch,
        Aim::Confirm if is_before => Aim::Ready,
        aim => aim,
    };
    let is_switching = s.phase(record, release) == Phase::Switching;
    let is_shown = |step| step == Aim::Drive || step == aim || is_switching && step == Aim::Confirm;
    let mut conditions = flat(&groups);
    conditions.retain(|condition| is_shown(condition.step));
    let waits = !matches!(next, Next::Do(_));
    let first = last_unmet(&groups).filter(|it| waits && is_shown(it.step)).map(|it| it.name);
    let waits_for = if driver.is_none() { Some(Need::Driver) } else { first };
    let stops = match next {
        Next::Done(Outcome::NotReady { .. }) => None,
        Next::Done(outcome) => stops(outcome),
        _ => None,
    };
    Why { next: aim, waits_for, stops, conditions }
}

fn nobody() -> Me {
    Me { id: String::new(), holder: "nobody".to_owned() }
}

/// What decided last is what is waited for.
fn last_unmet(groups: &[Vec<Condition>]) -> Option<&Condition> {
    let group = groups.iter().rev().find(|group| !all_met(group))?;
    group.iter().find(|condition| !condition.is_met())
}

fn last_aim(groups: &[Vec<Condition>]) -> Option<Aim> {
    let steps = groups.iter().rev().flatten().map(|condition| condition.step);
    steps.into_iter().find(|step| *step != Aim::Drive)
}

fn stops(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Changed { what, .. } => Some(what),
        Outcome::Unfit { reasons } | Outcome::Unprepared { reasons } => Some(reasons.join("; ")),
        _ => None,
    }
}

impl Aim {
    /// The step that a write is, if it is one that has conditions.
    pub fn of(action: &Action) -> Option<Aim> {
        match action {
            Action::Start { .. } => Some(Aim::Begin),
            Action::TakeOver { .. } => Some(Aim::Drive),
            Action::MarkReady => Some(Aim::Ready),
            Action::Switch { .. } | Action::SwitchService { .. } => Some(Aim::Switch),
            Action::StartDrain { confirmed: Some(_), .. } => Some(Aim::Confirm),
            Action::ScaleDown { .. } => Some(Aim::ScaleDown),
            Action::Finish => Some(Aim::Finish),
            Action::SwitchBack { .. } | Action::SwitchServiceBack { .. } => Some(Aim::SwitchBack),
            Action::StartDrain { confirmed: None, .. }
            | Action::Destroy { .. }
            | Action::Restore { .. } => Some(Aim::Withdraw),
            _ => None,
        }
    }
}
