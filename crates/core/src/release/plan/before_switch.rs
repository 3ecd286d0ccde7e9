//! A release on its way to the switch: candidate, gate, switch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use json_patch::{PatchOperation, ReplaceOperation};
use serde_json::{Value, json};

use super::gate::{Said, gate, said};
use super::{
    Action, Context, Fresh, Next, Step, WaitFor, after_switch, arrive, autoscaling, earlier, later,
    rollback, switch,
};
use crate::model::{EPOCH, Id, Kind, RELEASE, TEMPLATE_HASH, Write, annotate, pointer};
use crate::release::carried::{Load, Marks};
use crate::release::condition::{Aim, Condition, Need};
use crate::release::manifests::{self, Candidate};
use crate::release::{
    Ending, Observed, Outcome, Record, Release, ReleaseOutcome, Sight, Slot, checks,
    field_managers, strangers, template,
};
use crate::route::{Label, RouteKind, follow, resolves_to};

pub use crate::route::SECONDS_BEFORE_A_SWITCH as SETTLE_SECONDS;

/// How long a candidate that is ready at once waits for the app's first answers.
const FIRST_ANSWERS_SECONDS: u64 = 3;
/// And who goes back to what runs already: each rule is asked once in that time.
const FIRST_ANSWERS_IN_NEED_SECONDS: u64 = 1;

/// What a Deployment controller that is at work takes at most to see a change.
const SEEN_WITHIN_SECONDS: u64 = 10;

/// What only a `deploy` has: a rollback's template stands in the slot.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// In its neutral form.
    pub template: &'a Value,
    /// Of the Deployment, where a file has them.
    pub marks: Option<&'a Marks>,
    /// Whether the candidate is left waiting.
    pub detach: bool,
}

pub fn next(cx: Context, record: &Record, release: &Release, wanted: Option<Wanted>) -> Next {
    let s = cx.s;
    if cx.all(Aim::Confirm, switch::led(cx, record, release)) {
        return after_switch::next(cx, record, release);
    }
    if s.routes(record).is_empty() && release.switched.is_some() {
        let what = match record.route {
            RouteKind::Ingress => "no Ingress names the app any more".to_owned(),
            RouteKind::Service => format!("Service {} was deleted", record.service),
        };
        return cx.changed(format!("{what}, since release {} was switched", release.number));
    }
    let back = s.put_back(record, release);
    if record.route == RouteKind::Service && (!back.is_empty() || release.switched.is_some()) {
        return cx.changed(after_switch::put_back(record, release));
    }
    if !back.is_empty() || release.switched.is_some() {
        return cx.changed(format!(
            "the Ingress ({}) was switched by release {} and then put back",
            back.join(", "),
            release.number
        ));
    }
    if let Some(what) = switch::elsewhere(s, record, release) {
        return cx.changed(what);
    }
    let begun = s.begun(record, release);
    if begun && let Some(bad) = after_switch::gone_bad(cx, release) {
        return bad;
    }
    let committed = begun.then(|| switch::committed(release));
    let release = committed.as_ref().unwrap_or(release);
    let step = if release.waiting.is_some() { Aim::Switch } else { Aim::Ready };
    if !cx.all(step, deadline(cx, release)) {
        return end(cx, ReleaseOutcome::Rejected, "its deadline passed before it went live".into());
    }
    match candidate(cx, record, release, wanted) {
        Ok(slot) => {
            let detach = !begun && wanted.is_some_and(|wanted| wanted.detach);
            ready(cx, record, release, slot, detach)
        }
        Err(next) => next,
    }
}

fn deadline(cx: Context, release: &Release) -> Option<Condition> {
    let wanted = "a switch before it passes";
    Some(Condition::before(Need::Deadline, cx.now, release.deadline?, wanted))
}

/// The decision that the candidate goes; what follows from it is another look's business.
pub fn end(cx: Context, outcome: ReleaseOutcome, reason: String) -> Next {
    let (action, write) = ending(cx, outcome, reason);
    cx.act(action, write)
}

/// Its step, for who has a look to take first.
pub fn ending(cx: Context, outcome: ReleaseOutcome, reason: String) -> (Action, Write) {
    let ending = Ending { outcome, reason, by: None, at: cx.now };
    let write = cx.release(|release| release.ending = Some(ending.clone()));
    (Action::End { ending }, write)
}

/// The version that serves, as it was when the release began.
pub fn live<'a>(cx: Context<'a>, record: &Record, release: &Release) -> Result<Slot<'a>, Next> {
    let s = cx.s;
    let live = s
        .slot(release.from)
        .ok_or_else(|| cx.changed(format!("{} was deleted", s.names.deployment(release.from))))?;
    if template::hash(&live.neutral_template(&record.label)) != release.base {
        return Err(cx.changed(format!(
            "the pod template of {}, which release {} started from, was changed",
            live.name(),
            release.number
        )));
    }
    Ok(live)
}

/// The candidate's Deployment, written and of the live one's size.
fn candidate<'a>(
    cx: Context<'a>,
    record: &Record,
    release: &Release,
    wanted: Option<Wanted>,
) -> Result<Slot<'a>, Next> {
    let s = cx.s;
    let live = live(cx, record, release)?;
    let preview = s.names.preview();
    if let Some(service) = s.service(&preview)
        && resolves_to(service, &record.label) != Some(release.to)
    {
        let write = follow(service, &record.label, release.to);
        return Err(cx.act(Action::FollowPreview { colour: release.to }, write));
    }
    let replicas = live.desired().max(1);
    let slot = s.slot(release.to);
    let written = slot.filter(|slot| slot.release() == Some(release.number));
    let Some(slot) = written else {
        if release.sighted.is_some() {
            let name = s.names.deployment(release.to);
            return Err(cx.changed(format!("{name}, the candidate, was deleted or overwritten")));
        }
        let found = rollback::found(cx, record, release, slot)?;
        let Some(template) = found.as_ref().or(wanted.map(|wanted| wanted.template)) else {
            let is_made = Condition::new(Need::Candidate, false, "not created yet", "a Deployment");
            let name = s.names.deployment(release.to);
            cx.all(Aim::Ready, [is_made.of(format!("Deployment {name}"))]);
            let why = "its candidate was not created before the deploy ended".to_owned();
            let (number, deploy_again) = (release.number, true);
            return Err(Next::Done(Outcome::NotReady { number, why, deploy_again }));
        };
        let id = Id::new(Kind::Deployment, s.names.deployment(release.to));
        if let Some(refused) = s.memory.refusal(&id) {
            let reason = format!("the API server refuses it: {refused}");
            return Err(end(cx, ReleaseOutcome::Unhealthy, reason));
        }
        let reasons =
            checks::catching_selectors(s, &record.service, &record.label, template, release.to);
        if !reasons.is_empty() {
            return Err(Next::Done(Outcome::Unfit { reasons }));
        }
        if let Some(next) = autoscaling::budget(cx, record, release, template) {
            return Err(next);
        }
        let load = Load::of(live, slot, wanted.and_then(|wanted| wanted.marks));
        let what = Candidate {
            load: load.as_ref(),
            colour: release.to,
            release: release.number,
            epoch: record.epoch,
            hash: &release.hash,
            template,
            replicas,
        };
        return Err(make(cx, record, live, slot, &what));
    };
    if let Some(next) = observed(cx, record, release, slot) {
        return Err(next);
    }
    if slot.desired() < replicas {
        let deployment = slot.name().to_owned();
        return Err(cx.act(Action::Resize { deployment, replicas }, scale(slot, replicas)));
    }
    if let Some(next) = autoscaling::pin(cx, release.from) {
        return Err(next);
    }
    Ok(slot)
}

/// Makes the Deployment, or fills the one that holds an older version.
fn make(cx: Context, record: &Record, live: Slot, slot: Option<Slot>, what: &Candidate) -> Next {
    let deployment = cx.s.names.deployment(what.colour);
    let action = |replicas| Action::MakeCandidate { deployment, replicas };
    let Some(slot) = slot else {
        let write = manifests::candidate(&cx.s.names, live, &record.label, what);
        return cx.act(action(what.replicas), write);
    };
    let finished = slot.release().and_then(|number| record.finished(number));
    if slot.is_ours() && finished.is_some_and(|f| f.outcome != ReleaseOutcome::Promoted) {
        return super::start::remove_leftover(cx, slot);
    }
    // Pods that run the version already stay as they are, older release's number and all.
    let is_warm = slot.runs(what.template, &record.label);
    let replicas = what.replicas.max(own_size(record, slot, is_warm));
    let what = Candidate { replicas, ..*what };
    cx.act(action(replicas), fill(slot, &record.label, &what, is_warm))
}

/// What a slot's size counts for beside the live version's: pods that run the version are not ended, and
/// what somebody has given their own Deployment meanwhile is meant for the app.
fn own_size(record: &Record, slot: Slot, is_warm: bool) -> u64 {
    let is_kept = record.last_promoted().is_some_and(|last| last.kept);
    let is_given = !slot.is_ours() && !is_kept;
    if is_warm || is_given { slot.desired() } else { 0 }
}

/// A slot that holds an older version, filled with this one.
pub fn fill(slot: Slot, label: &Label, what: &Candidate, is_warm: bool) -> Write {
    let mut changes = annotate(
        slot.0,
        &[
            (RELEASE, what.release.to_string()),
            (EPOCH, what.epoch.to_string()),
            (TEMPLATE_HASH, what.hash.to_owned()),
        ],
    );
    if !is_warm {
        let template = template::coloured(what.template, label, what.colour, what.release);
        changes.push(replace(&["spec", "template"], template));
    }
    changes.extend(what.load.map(|load| load.patch(slot.0)).unwrap_or_default());
    changes.push(sized(what.replicas));
    Write::patch(Id::new(Kind::Deployment, slot.name()), &slot.version(), changes)
}

/// The candidate's template is what the API server made of the one that was sent, which is written down
/// as soon as it is known. What differs from that afterwards, somebody else has changed.
pub fn observed(cx: Context, record: &Record, release: &Release, slot: Slot) -> Option<Next> {
    let found = slot.neutral_template(&record.label);
    let (hash, uid) = (template::hash(&found), slot.version().uid);
    let known = match &release.observed {
        Some(observed) => Some(&observed.template).filter(|_| observed.uid == uid),
        None => release.sighted.as_ref(),
    };
    let before = cx.s.memory.written(slot.0).map(|before| before.map(Slot));
    let is_ours = match (known, before) {
        (Some(known), _) if *known == hash => true,
        // The reply to a write of ours that was no change of it: a stamp, a new size.
        (Some(known), before) => before.flatten().is_some_and(|before| {
            template::hash(&before.neutral_template(&record.label)) == *known
        }),
        // The reply to the write that made it.
        (None, Some(before)) if before.and_then(|it| it.release()) != Some(release.number) => true,
        // Later, as long as it is as it was sent; or that write got no reply, or its driver has gone since.
        (None, _) => match made(cx, release, slot) {
            Some(made) => template::hash(&made.neutral_template(&record.label)) == hash,
            None => !field_managers::in_template(slot, release.started),
        },
    };
    if !is_ours || slot.hash() != Some(release.hash.as_str()) {
        return Some(cx.changed(format!(
            "the pod template of {} is not the one that release {} sent",
            slot.name(),
            release.number
        )));
    }
    // What was sent is written down already; it stays so until the candidate is ready.
    let as_sent = release.observed.is_none() && known.is_none() && hash == release.hash;
    if as_sent || known == Some(&hash) {
        return None;
    }
    let images = template::images(&found);
    let images = if images == release.images { BTreeMap::new() } else { images };
    let action = Action::MarkMade { deployment: slot.name().to_owned(), observed: images.clone() };
    let write = cx.release(|release| {
        release.sighted = release.sighted.as_ref().map(|_| hash.clone());
        release.observed = Some(Observed { uid, template: hash, images });
    });
    Some(cx.act(action, write))
}

/// The slot as this process's write has made the candidate of it, where that was its last write of it.
fn made<'a>(cx: Context<'a>, release: &Release, slot: Slot) -> Option<Slot<'a>> {
    let (before, after) = cx.s.memory.left(slot.0)?;
    let is_of = |object: &Value| Slot(object).release() == Some(release.number);
    (is_of(after) && !before.is_some_and(is_of)).then_some(Slot(after))
}

/// The candidate is there: is it ready, and does the gate say yes?
fn ready(cx: Context, record: &Record, release: &Release, slot: Slot, detach: bool) -> Next {
    let s = cx.s;
    if let Some(what) = strangers::surely_behind(s, record, release.to) {
        return cx.changed(what);
    }
    let step = if release.waiting.is_some() { Aim::Switch } else { Aim::Ready };
    let live = s.slot(release.from).map_or(1, |live| live.desired());
    let readiness = s.taking_over(record, release, live).into_iter();
    if !cx.all(step, readiness.chain([pods_ready(cx, release)])) {
        return not_ready(cx, record, release, slot);
    }
    let Some(since) = release.waiting else {
        if let Some(next) = first_answers(cx, release) {
            return next;
        }
        let sighted = template::hash(&slot.neutral_template(&record.label));
        let write = cx.record(|record| {
            if let Some(release) = &mut record.release {
                release.waiting = Some(cx.now);
                release.sighted = Some(sighted);
                // Whoever switches it may be a process that does not ask first.
                arrive::note_answered(cx, release);
            }
            if detach {
                record.driver = None;
            }
        });
        return cx.act(Action::MarkReady, write);
    };
    // What it answers when it is asked itself, where the live version answers well.
    if let Some(said) = arrive::sight(cx, release).and_then(|sight| sight.fails.as_ref())
        && !s.begun(record, release)
    {
        let reason = format!("it answers with errors, and the live version does not: {said}");
        return end(cx, ReleaseOutcome::Unhealthy, reason);
    }
    let settled = later(since, SETTLE_SECONDS);
    let settle = settle(cx, record, release, settled);
    let needs = [gate(cx, release), settle.clone()];
    cx.all(Aim::Switch, needs.into_iter().chain(switch::unhindered(cx, record, release)));
    match said(cx, release) {
        Said::Yes => {
            if !settle.is_met() {
                let on = WaitFor::Settle { colour: release.to };
                return Next::Wait { until: earlier(Some(settled), release.deadline), on };
            }
            switch::next(cx, record, release)
        }
        Said::NotYet(next) => *next,
    }
}

/// A pod says that it is unready before anything else does.
fn pods_ready(cx: Context, release: &Release) -> Condition {
    let unready = cx.s.unready(release.to, release.number);
    let now = unready.first().map_or_else(|| "none".to_owned(), |pod| pod.sentence());
    Condition::new(Need::PodsReady, unready.is_empty(), now, "none")
}

/// What ran already is known to the ingress controller.
fn settle(cx: Context, record: &Record, release: &Release, settled: Timestamp) -> Condition {
    // The Service learns of the candidate's endpoints by the switch itself.
    if record.route == RouteKind::Service {
        return Condition::new(
            Need::Settled,
            true,
            "not needed",
            "nothing: a Service is the route",
        );
    }
    let wanted = format!(
        "{SETTLE_SECONDS} s, so that the ingress controller picks up the candidate's endpoints"
    );
    if release.warm {
        return Condition::new(Need::Settled, true, "it ran before", wanted);
    }
    let settle = Condition::after(Need::Settled, cx.now, settled, &wanted);
    let than = if settle.is_met() { "at least" } else { "less than" };
    Condition { now: format!("{than} {SETTLE_SECONDS} s"), ..settle }
}

/// Who goes on with the release later goes by which rules are answered now, so the app has a moment to answer
/// what is asked as the candidate starts. Who goes back to what runs already has hardly any: but without it
/// nobody could tell what the switch has broken.
fn first_answers(cx: Context, release: &Release) -> Option<Next> {
    let memory = &cx.s.memory;
    if !memory.asks && cx.is_driver {
        return None;
    }
    let since = cx.since(release.started);
    let seconds = if release.warm { FIRST_ANSWERS_IN_NEED_SECONDS } else { FIRST_ANSWERS_SECONDS };
    let until = later(since, seconds);
    let is_heard = memory.sight(release.number).is_some_and(Sight::is_heard);
    let is_over = cx.now >= until;
    let now = if is_heard { "received" } else { "not received yet" };
    let wanted = format!("an answer at each rule of the Ingresses, or {seconds} s without one");
    let condition = Condition::new(Need::FirstAnswers, is_heard || is_over, now, wanted);
    let condition = condition.until(Some(until).filter(|_| !is_heard));
    let condition = if is_over { condition } else { cx.heard(condition) };
    (!cx.all(Aim::Ready, [condition])).then(|| {
        let on = cx.ready(release.to, None);
        Next::Wait { until: earlier(Some(until), release.deadline), on }
    })
}

/// Until when a candidate that was ready only lacks the Deployment controller's word. New annotations
/// are a new generation, so a takeover's stamp alone has to be seen; the pods are as they were.
fn unseen_until(cx: Context, record: &Record, release: &Release, slot: Slot) -> Option<Timestamp> {
    let ready = release.waiting?;
    let written = record.driver.as_ref().map_or(ready, |driver| driver.seen.max(ready));
    let until = later(written, SEEN_WITHIN_SECONDS);
    let is_whole = cx.s.endpoints(release.to) >= slot.desired();
    (!slot.is_observed() && is_whole && cx.now < until).then_some(until)
}

fn not_ready(cx: Context, record: &Record, release: &Release, slot: Slot) -> Next {
    let s = cx.s;
    if let Some(until) = unseen_until(cx, record, release, slot) {
        let on = cx.ready(release.to, None);
        return Next::Wait { until: earlier(Some(until), release.deadline), on };
    }
    let trouble = s.trouble(release.to);
    let hindrance = s.hindrance(record, release).filter(|_| s.serves(release.to, slot.desired()));
    if let Some(trouble) = &trouble
        && trouble.is_hopeless(cx.now)
    {
        return end(cx, ReleaseOutcome::Unhealthy, trouble.sentence());
    }
    // One that ran already and had to grow, or broke down, is new to the ingress controller; one whose
    // annotations have not been observed yet is not.
    let cooled = release.warm && s.endpoints(release.to) < slot.desired();
    if release.waiting.is_some() || cooled {
        // It was ready, however long ago: a restarted pod, or a size that has grown meanwhile, has
        // as much time as getting ready had.
        let write = cx.release(|release| {
            release.waiting = None;
            release.warm = false;
            release.ready_by = release.ready_by.max(later(cx.now, release.timeout_seconds));
        });
        return cx.act(Action::MarkUnready, write);
    }
    // A yes that finds the candidate not ready gives it the same time again.
    let yes = release.approved.as_ref().map(|intent| later(intent.at, release.timeout_seconds));
    let until = yes.map_or(release.ready_by, |yes| release.ready_by.max(yes));
    let in_time = Condition::before(
        Need::Timeout,
        cx.now,
        until,
        "a ready candidate before it passes (--timeout)",
    );
    let is_late = !cx.all(Aim::Ready, [in_time]);
    if is_late && let Some(hindrance) = hindrance {
        let reason = format!("{} was ready in time, but {hindrance}", slot.name());
        let (action, write) = ending(cx, ReleaseOutcome::Unhealthy, reason);
        return cx.act_fresh(action, write);
    }
    if is_late {
        let said =
            trouble.as_ref().map(|trouble| format!(": {}", trouble.sentence())).unwrap_or_default();
        let (ready, desired) = (slot.ready_replicas(), slot.desired());
        let (service, reached) = (s.names.service(release.to), s.endpoints(release.to));
        let but = match ready.min(reached) < desired {
            true => format!("and Service {service} reached {reached} of them"),
            false => "but its rollout had not completed".to_owned(),
        };
        let name = slot.name();
        let reason = format!("{ready} of {desired} pods of {name} were ready in time, {but}{said}");
        let (action, write) = ending(cx, ReleaseOutcome::Unhealthy, reason);
        // No watch brings what the ReplicaSet says of pods that it could not make.
        let fresh = if trouble.is_none() { Fresh::Whole } else { Fresh::Nothing };
        return Next::Do(Box::new(Step { action, write, fresh }));
    }
    let until = earlier(Some(until), release.deadline);
    Next::Wait {
        until: earlier(until, trouble.as_ref().and_then(|trouble| trouble.until)),
        on: cx.ready(release.to, trouble.map(|trouble| trouble.sentence()).or(hindrance)),
    }
}

pub fn scale(slot: Slot, replicas: u64) -> Write {
    Write::patch(Id::new(Kind::Deployment, slot.name()), &slot.version(), vec![sized(replicas)])
}

fn sized(replicas: u64) -> PatchOperation {
    PatchOperation::Add(json_patch::AddOperation {
        path: pointer(["spec", "replicas"]),
        value: json!(replicas),
    })
}

pub fn replace(path: &[&str], value: Value) -> PatchOperation {
    PatchOperation::Replace(ReplaceOperation { path: pointer(path.iter().copied()), value })
}
