//! What `status --why` lists at each phase: the conditions by which the driver decides.

use bluegreen::model::Kind;
use bluegreen::release::plan::{Why, why};
use bluegreen::release::{
    Action, Aim, Answer, Condition, Gate, Goal, Memory, Need, Next, Snapshot, State, WaitFor,
};
use serde_json::json;

use super::{asks, deploying, go, reach, step};
use crate::world::World;
use crate::world::article::{V2, initialised, names, with_two_ingresses};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, set};

/// As another process sees it, which has only looked.
fn explained(world: &World) -> Why {
    let s = Snapshot::new(names(), world.objects.clone(), Memory::default()).unwrap();
    why(&s, world.now, &[])
}

fn all(why: &Why, need: Need) -> Vec<&Condition> {
    why.conditions.iter().filter(|it| it.name == need).collect()
}

fn one(why: &Why, need: Need) -> &Condition {
    let [condition] = all(why, need)[..] else { panic!("not one {need:?}: {why:#?}") };
    condition
}

fn waits(why: &Why) -> (Aim, Option<Need>) {
    assert_eq!(why.stops, None);
    (why.next, why.waits_for)
}

fn until(next: &Next) -> Option<jiff::Timestamp> {
    match next {
        Next::Wait { until, .. } => *until,
        next => panic!("no wait: {next:?}"),
    }
}

#[test]
fn with_nothing_in_progress_each_check_is_listed_that_is_in_the_way() {
    let mut world = initialised();
    let idle = explained(&world);
    assert_eq!(waits(&idle), (Aim::Begin, None));
    assert!(idle.conditions.iter().all(Condition::is_met), "{idle:#?}");
    world.edit(Kind::Deployment, "parrot", |it| it["spec"]["paused"] = json!(true));
    let unfit = explained(&world);
    assert_eq!(waits(&unfit), (Aim::Begin, Some(Need::Checks)));
    assert!(one(&unfit, Need::Checks).now.contains("paused"), "{unfit:#?}");
}

/// What was looked at before that says nothing of it.
#[test]
fn where_something_is_missing_nothing_is_said_to_pass() {
    let mut world = initialised();
    world.delete(Kind::Service, "parrot-preview");
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Begin, Some(Need::Checks)));
    assert_eq!(one(&why, Need::Checks).now, "there is no Service parrot-preview");
}

#[test]
fn before_a_switch_none_is_to_be_confirmed() {
    let (mut world, _) = deploying(asks);
    world.delete(Kind::Deployment, "parrot-green");
    let why = explained(&world);
    assert_eq!((why.next, why.waits_for), (Aim::Switch, None));
    let stops = why.stops.as_deref().unwrap_or_default();
    assert!(stops.contains("was deleted or overwritten"), "{why:#?}");
}

#[test]
fn a_candidate_that_starts_lists_what_its_deployment_and_its_service_lack() {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    let before = explained(&world);
    assert_eq!(waits(&before), (Aim::Ready, Some(Need::Candidate)));
    world.step(&mut a);
    let starting = explained(&world);
    assert_eq!(waits(&starting), (Aim::Ready, Some(Need::Observed)));
    assert_eq!(one(&starting, Need::Timeout).until, until(&a.next(&world)));
    let endpoints = one(&starting, Need::Endpoints);
    assert_eq!(endpoints.object.as_deref(), Some("Service parrot-green"));
    assert_eq!((endpoints.now.as_str(), endpoints.wanted.as_str()), ("0 ready", "at least 1"));
    assert_eq!(one(&starting, Need::Driver).now, "a@host (1)");
}

#[test]
fn at_the_gate_its_last_answer_is_listed_and_when_it_is_asked_next() {
    let mut world = initialised();
    let goal = Goal::Deploy(deploy(V2, WEBHOOK));
    let mut a = Driver::asking("a", goal, Answer::NotYet("no".into()));
    let next = reach(&mut world, &mut a, |next| {
        matches!(next, Next::Wait { on: WaitFor::Gate { .. }, .. })
    });
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Switch, Some(Need::Gate)));
    let gate = one(&why, Need::Gate);
    assert_eq!(gate.now, "not-yet, 1 of 60 without approval");
    assert_eq!(gate.until, until(&next));
    assert!(all(&why, Need::Available)[0].is_met());
    // One that is not ready any more keeps the gate from being asked.
    world.edit(Kind::Deployment, "parrot-green", |it| it["status"]["availableReplicas"] = json!(0));
    assert!(!one(&explained(&world), Need::Available).is_met());
}

#[test]
fn a_person_is_waited_for_until_the_deadline() {
    let mut world = initialised();
    let goal = set(deploy(V2, Gate::Person), |it| it.deadline_seconds = Some(600));
    let mut a = Driver::new("a", Goal::Deploy(goal));
    let next =
        reach(&mut world, &mut a, |next| matches!(next, Next::Wait { on: WaitFor::Person, .. }));
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Switch, Some(Need::Gate)));
    assert_eq!(one(&why, Need::Deadline).until, until(&next));
    assert!(one(&why, Need::Deadline).is_met());
}

#[test]
fn after_a_yes_the_settle_time_is_what_is_left() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    let next = reach(&mut world, &mut a, |next| {
        matches!(next, Next::Wait { on: WaitFor::Settle { .. }, .. })
    });
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Switch, Some(Need::Settled)));
    assert_eq!(one(&why, Need::Settled).until, until(&next));
}

#[test]
fn in_the_middle_of_a_switch_each_ingress_is_listed() {
    let mut world = with_two_ingresses();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    go(&mut world, &mut a);
    let why = explained(&world);
    // Nothing is in its way.
    assert_eq!(waits(&why), (Aim::Switch, None));
    let ingresses = all(&why, Need::Ingress);
    let states: Vec<_> = ingresses.iter().map(|it| (it.object.as_deref(), it.state)).collect();
    assert_eq!(
        states,
        [(Some("Ingress parrot"), State::Met), (Some("Ingress parrot-admin"), State::Waiting)]
    );
    world.edit(Kind::Deployment, "parrot-green", |it| it["spec"]["paused"] = json!(true));
    let paused = explained(&world);
    // Its controller has not seen that yet.
    assert_eq!(paused.waits_for, Some(Need::Observed));
    assert_eq!(one(&paused, Need::NotPaused).state, State::Waiting);
}

#[test]
fn what_the_driver_alone_has_heard_is_said_to_be_known_by_it() {
    let (mut world, mut a) = super::after_switch::switched(deploy(V2, WEBHOOK));
    let next = a.next(&world);
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Confirm, Some(Need::Answers)));
    let answers = all(&why, Need::Answers);
    assert!(!answers.is_empty() && answers.iter().all(|it| it.state == State::Unknown));
    assert_eq!(answers[0].known_by.as_deref(), Some("a@host (1)"));
    assert_eq!(one(&why, Need::SettleTime).until, until(&next));
    assert!(one(&why, Need::Ingress).is_met());
    world.edit_record(|record| record.driver = None);
    let left = explained(&world);
    assert_eq!(left.waits_for, Some(Need::Driver));
    assert_eq!(all(&left, Need::Answers)[0].known_by, None);
}

#[test]
fn bake_and_drain_are_listed_with_the_time_that_is_left() {
    let baked = set(deploy(V2, WEBHOOK), |it| {
        (it.bake_seconds, it.drain_seconds) = (Some(300), Some(30));
    });
    let (mut world, mut a) = super::after_switch::switched(baked);
    let next = reach(&mut world, &mut a, |next| {
        matches!(next, Next::Wait { on: WaitFor::Bake { .. }, .. })
    });
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::ScaleDown, Some(Need::Bake)));
    assert_eq!(one(&why, Need::Bake).until, until(&next));
    let (mut world, mut a) = super::after_switch::switched(deploy(V2, WEBHOOK));
    let next = reach(&mut world, &mut a, super::after_switch::drains);
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::ScaleDown, Some(Need::Drain)));
    assert_eq!(one(&why, Need::Drain).until, until(&next));
    assert_eq!(one(&why, Need::NotAsked).state, State::Unknown);
    // Once it is over, only what was heard can keep the old version.
    world.now = one(&why, Need::Drain).until.unwrap();
    assert_eq!(explained(&world).waits_for, Some(Need::NotAsked));
}

#[test]
fn a_withdrawal_lists_the_drain_of_the_candidate() {
    let (mut world, mut a) = super::after_switch::switched(deploy(V2, WEBHOOK));
    reach(&mut world, &mut a, super::after_switch::drains);
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    let next = reach(&mut world, &mut x, super::after_switch::drains);
    let why = explained(&world);
    assert_eq!(waits(&why), (Aim::Withdraw, Some(Need::Drain)));
    assert_eq!(one(&why, Need::Drain).until, until(&next));
}

#[test]
fn who_drives_is_listed_and_who_has_asked_whether_it_lives() {
    let (mut world, _) = deploying(asks);
    let mut b = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
    world.step(&mut b);
    let asked = explained(&world);
    let sign = one(&asked, Need::SignOfLife);
    assert_eq!(sign.until, until(&b.next(&world)));
    assert!(sign.now == "b@host (1) has challenged a@host (1)", "{sign:#?}");
    assert_eq!(asked.waits_for, Some(Need::Gate));
    world.edit_record(|record| (record.driver, record.challenge) = (None, None));
    let left = explained(&world);
    assert_eq!(left.waits_for, Some(Need::Driver));
    assert_eq!(one(&left, Need::Driver).now, "no process is running it");
}
