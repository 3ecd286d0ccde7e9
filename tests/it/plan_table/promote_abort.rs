//! `promote` and `abort`: a person's word, bound to what that person saw.

use bluegreen::model::Kind;
use bluegreen::release::{Action, Goal, Next, Outcome, ReleaseOutcome};

use super::{action, asks, deploying, done, go, promoted, reach, record_after, step, waits};
use crate::world::World;
use crate::world::article::{V1, V2, initialised};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote, set};

fn promote_number(number: u64) -> Goal {
    Goal::Promote { release: Some(number), when_ready: false }
}

fn abort_number(number: u64) -> Goal {
    Goal::Abort { release: Some(number), reason: None }
}

fn when_ready() -> Goal {
    Goal::Promote { release: None, when_ready: true }
}

fn nothing(next: Next) -> String {
    match done(next) {
        Outcome::NothingToDo { why } => why,
        outcome => panic!("something: {outcome:?}"),
    }
}

/// The candidate waits, and nobody drives it.
fn alone() -> World {
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    world
}

/// The candidate is made but not ready.
fn starting() -> (World, Driver) {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    world.step(&mut a);
    (world, a)
}

#[test]
fn promote_with_a_driver_writes_the_word_and_a_challenge() {
    let (world, _) = deploying(asks);
    let next = Driver::new("p", promote()).next(&world);
    assert_eq!(*action(&next), Action::Approve { number: 1 });
    let record = record_after(&world, &next);
    assert_eq!(record.driver.unwrap().id, "a", "who goes on driving");
    assert_eq!(record.challenge.unwrap().by, "p@host (1)");
    let approved = record.release.unwrap().approved.unwrap();
    assert_eq!((approved.by.as_str(), approved.at), ("p@host (1)", world.now));
}

#[test]
fn promote_without_a_driver_takes_the_release_in_the_same_write() {
    let world = alone();
    let record = record_after(&world, &Driver::new("p", promote()).next(&world));
    assert_eq!(record.driver.unwrap().id, "p");
    assert_eq!(record.challenge, None);
    assert!(record.release.unwrap().approved.is_some());
}

#[test]
fn promote_of_a_candidate_that_is_not_ready_is_refused() {
    let (mut world, _) = starting();
    for number in [None, Some(1)] {
        let goal = Goal::Promote { release: number, when_ready: false };
        let Outcome::NotReady { number, why, deploy_again } =
            done(Driver::new("p", goal).next(&world))
        else {
            panic!("ready")
        };
        assert_eq!((number, why.as_str(), deploy_again), (1, "0 of 1 pods are ready", false));
    }
    world.settle();
    let mut paused = world.clone();
    paused.edit(Kind::Deployment, "parrot-green", |green| green["spec"]["paused"] = true.into());
    let said = done(Driver::new("p", promote()).next(&paused));
    let is_told = matches!(&said, Outcome::NotReady { why, .. } if why == "parrot-green is paused");
    assert!(is_told, "{said:?}");
    assert!(matches!(Driver::new("p", promote()).next(&world), Next::Do(_)));
}

#[test]
fn promote_when_ready_is_not() {
    let (mut world, mut a) = starting();
    let mut p = Driver::new("p", when_ready());
    assert_eq!(*action(&p.next(&world)), Action::Approve { number: 1 });
    world.step(&mut p);
    world.step(&mut a);
    assert!(waits(&a.next(&world)));
    world.settle();
    let next = reach(&mut world, &mut a, step!(Action::Switch { .. }));
    assert!(step!(Action::Switch { .. })(&next), "the webhook is not asked");
}

#[test]
fn promote_of_a_candidate_with_another_hash_is_refused() {
    let (mut world, _) = deploying(asks);
    world.edit(bluegreen::model::Kind::Deployment, "parrot-green", |d| {
        d["metadata"]["annotations"]["bluegreen/template-hash"] = "another".into();
    });
    let Outcome::NotReady { why, .. } = done(Driver::new("p", promote()).next(&world)) else {
        panic!("ready")
    };
    assert!(why.contains("does not have its annotation bluegreen/template-hash"), "{why}");
}

#[test]
fn a_number_that_is_not_in_progress_is_nothing_to_promote_or_abort() {
    for goal in [promote_number(7), abort_number(7)] {
        let (world, _) = deploying(asks);
        let why = nothing(Driver::new("p", goal).next(&world));
        assert_eq!(why, "release 7 is not in progress: release 1 is");
    }
    for goal in [promote_number(1), abort_number(1)] {
        let (world, _) = deploying(asks);
        assert!(matches!(Driver::new("p", goal).next(&world), Next::Do(_)));
    }
}

#[test]
fn promote_of_the_release_that_is_live_is_done_already() {
    let mut world = promoted();
    let outcome = done(Driver::new("p", promote_number(1)).next(&world));
    assert_eq!(outcome, Outcome::AlreadyLive { images: vec![V2.to_owned()], differs: Vec::new() });
    assert!(nothing(Driver::new("p", abort_number(1)).next(&world)).contains("was promoted"));
    // Not any more, once the next one is.
    world.follow(&mut Driver::new("b", Goal::Deploy(deploy(V1, WEBHOOK))));
    nothing(Driver::new("p", promote_number(1)).next(&world));
    // Nor was it ever, if it was rejected.
    let (mut world, _) = deploying(asks);
    world.follow(&mut Driver::new("x", abort()));
    assert!(nothing(Driver::new("p", promote_number(1)).next(&world)).contains("was aborted"));
}

#[test]
fn without_a_release_there_is_nothing_to_do() {
    let world = initialised();
    for (goal, verb) in [(promote(), "promote"), (abort(), "abort")] {
        let why = nothing(Driver::new("p", goal).next(&world));
        assert_eq!(why, format!("there is nothing to {verb}: no release is in progress"));
    }
    let why = nothing(Driver::new("p", promote()).next(&promoted()));
    assert!(why.ends_with("the last one (1) was promoted"), "{why}");
}

#[test]
fn a_newer_release_is_not_approved_by_an_older_look() {
    let (mut world, _) = deploying(asks);
    let mut p = Driver::new("p", promote());
    let Next::Do(late) = p.next(&world) else { panic!("no approval") };
    world.follow(&mut Driver::new("x", abort()));
    let mut b = Driver::new("b", Goal::Deploy(deploy("parrot-app:v3", WEBHOOK)));
    reach(&mut world, &mut b, asks);
    assert!(world.apply(&late.write).is_err());
    assert!(matches!(done(p.next(&world)), Outcome::Finished(f) if f.number == 1));
    assert_eq!(world.release().approved, None);
}

#[test]
fn promote_and_abort_remove_what_a_dead_driver_made_late() {
    for goal in [promote(), abort()] {
        let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
        let late = super::created(&a.next(&world)).clone();
        world.follow(&mut Driver::new("x", abort()));
        world.add(late);
        let mut p = Driver::new("p", goal);
        assert!(step!(Action::RemoveLeftover { .. })(&p.next(&world)), "{:?}", p.next(&world));
        go(&mut world, &mut p);
        nothing(p.next(&world));
    }
}

#[test]
fn what_was_never_made_cannot_be_promoted() {
    let never = |next: Next| {
        let Outcome::NotReady { number: 1, deploy_again: true, .. } = done(next) else {
            panic!("made")
        };
    };
    // The driver has let go.
    let (mut world, _) = deploying(step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    never(Driver::new("p", when_ready()).next(&world));
    // It is gone.
    let (mut world, _) = deploying(step!(Action::MakeCandidate { .. }));
    let mut p = Driver::new("p", when_ready());
    world.step(&mut p);
    world.pass(10);
    never(p.next(&world));
    // It has let go of what was approved.
    world.edit_record(|record| record.driver = None);
    never(Driver::new("q", promote()).next(&world));
}

#[test]
fn what_was_never_made_ends_with_its_deadline() {
    let mut world = initialised();
    let settings = set(deploy(V2, WEBHOOK), |settings| settings.deadline_seconds = Some(60));
    let mut a = Driver::new("a", Goal::Deploy(settings));
    reach(&mut world, &mut a, step!(Action::MakeCandidate { .. }));
    world.edit_record(|record| record.driver = None);
    world.pass(60);
    let Outcome::Finished(finished) = world.follow(&mut Driver::new("p", promote())) else {
        panic!("not finished")
    };
    assert_eq!(finished.outcome, ReleaseOutcome::Rejected);
}

#[test]
fn what_was_never_made_can_be_aborted() {
    let (mut world, _) = deploying(step!(Action::MakeCandidate { .. }));
    let Outcome::Finished(finished) = world.follow(&mut Driver::new("x", abort())) else {
        panic!("not finished")
    };
    assert_eq!(finished.outcome, ReleaseOutcome::Aborted);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn abort_writes_who_and_why() {
    let (world, _) = deploying(asks);
    for (goal, reason) in [(abort(), "not today"), (abort_number(1), "aborted")] {
        let next = Driver::new("x", goal).next(&world);
        let record = record_after(&world, &next);
        assert!(record.challenge.is_some());
        let ending = record.release.unwrap().ending.unwrap();
        assert_eq!((ending.outcome, ending.reason.as_str()), (ReleaseOutcome::Aborted, reason));
        assert_eq!(ending.by.as_deref(), Some("x@host (1)"));
    }
}

#[test]
fn abort_without_a_driver_takes_the_release_in_the_same_write() {
    let world = alone();
    let record = record_after(&world, &Driver::new("x", abort()).next(&world));
    assert_eq!(record.driver.unwrap().id, "x");
    assert_eq!(record.challenge, None);
}

#[test]
fn a_driver_that_lives_carries_an_abort_out_and_both_end() {
    let (mut world, mut a) = deploying(asks);
    let mut x = Driver::new("x", abort());
    world.step(&mut x);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Aborted);
    assert_eq!(finished.reason, "not today");
    assert_eq!(done(x.next(&world)), Outcome::Finished(finished));
}

#[test]
fn promote_of_a_release_that_is_going_follows_it_to_its_end() {
    let mut world = alone();
    world.step(&mut Driver::new("x", abort()));
    world.edit_record(|record| record.driver = None);
    let Outcome::Finished(finished) = world.follow(&mut Driver::new("p", promote())) else {
        panic!("not finished")
    };
    assert_eq!(finished.outcome, ReleaseOutcome::Aborted);
}

#[test]
fn promote_after_the_switch_carries_on_without_another_approval() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    go(&mut world, &mut a);
    world.edit_record(|record| record.driver = None);
    let mut p = Driver::new("p", promote());
    assert_eq!(*action(&p.next(&world)), Action::Acquire);
    let Outcome::Finished(finished) = world.follow(&mut p) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Promoted);
}
