//! Who drives: challenge, answer, takeover, and the stamps that make a predecessor's writes fail.

use bluegreen::model::{Id, Kind};
use bluegreen::release::plan::{let_go, raise_epoch};
use bluegreen::release::{Action, Challenge, Goal, Next, Outcome, WaitFor};
use serde_json::json;

use super::{action, asks, assert_patch, deploying, done, go, reach, record_after, step, waits};
use crate::world::World;
use crate::world::article::V2;
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote};

/// A waits at the gate; B comes with the same deploy.
fn two() -> (World, Driver, Driver) {
    let (world, a) = deploying(asks);
    (world, a, Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK))))
}

fn busy(next: Next) -> String {
    match done(next) {
        Outcome::Busy { holder, .. } => holder,
        outcome => panic!("not busy: {outcome:?}"),
    }
}

#[test]
fn who_needs_a_release_that_is_driven_asks_for_a_sign_of_life() {
    let (mut world, _, mut b) = two();
    let next = b.next(&world);
    assert_eq!(*action(&next), Action::Challenge { holder: "a@host (1)".into() });
    let challenge = record_after(&world, &next).challenge;
    assert_eq!(challenge, Some(Challenge { by: "b@host (1)".into(), at: world.now }));
    let until = world.now + jiff::SignedDuration::from_secs(10);
    world.step(&mut b);
    world.pass(9);
    let on = WaitFor::SignOfLife { holder: "a@host (1)".into() };
    assert_eq!(b.next(&world), Next::Wait { until: Some(until), on });
}

#[test]
fn a_driver_answers_before_anything_else() {
    let (mut world, mut a, mut b) = two();
    // It has a yes in its hand, and still.
    let Next::Ask(question) = a.next(&world) else { unreachable!() };
    a.hear(&question, bluegreen::release::Answer::Pass, world.now);
    let writes = world.record().driver.unwrap().writes;
    world.step(&mut b);
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Answer);
    let record = record_after(&world, &next);
    assert_eq!(record.challenge, None);
    assert_eq!(record.driver.unwrap().writes, writes + 1);
    world.step(&mut a);
    assert_eq!(busy(b.next(&world)), "a@host (1)");
}

#[test]
fn any_write_of_the_driver_is_a_sign_of_life() {
    let (mut world, mut a, mut b) = two();
    b.next(&world);
    let Next::Ask(question) = a.next(&world) else { unreachable!() };
    a.hear(&question, bluegreen::release::Answer::NotYet("500".into()), world.now);
    world.step(&mut a);
    assert_eq!(busy(b.next(&world)), "a@host (1)");
}

#[test]
fn no_answer_in_ten_seconds_means_gone() {
    let (mut world, _, mut b) = two();
    world.step(&mut b);
    world.pass(10);
    let next = b.next(&world);
    assert_eq!(*action(&next), Action::TakeOver { holder: "a@host (1)".into() });
    let record = record_after(&world, &next);
    assert_eq!((record.epoch, record.challenge), (1, None));
    assert_eq!(record.driver.unwrap().id, "b");
}

#[test]
fn a_challenge_that_was_never_answered_saves_the_next_one_the_wait() {
    let (mut world, _, mut b) = two();
    world.step(&mut b);
    world.pass(3600);
    let next = Driver::new("c", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world);
    assert!(step!(Action::TakeOver { .. })(&next), "{next:?}");
}

#[test]
fn a_challenge_from_a_clock_that_ran_ahead_is_made_anew() {
    let (mut world, _, mut b) = two();
    let at = world.now + jiff::SignedDuration::from_secs(3600);
    world.edit_record(|record| record.challenge = Some(Challenge { by: "c".into(), at }));
    let next = b.next(&world);
    assert!(step!(Action::Challenge { .. })(&next), "{next:?}");
    assert_eq!(record_after(&world, &next).challenge.unwrap().at, world.now);
    world.step(&mut b);
    world.pass(10);
    assert!(step!(Action::TakeOver { .. })(&b.next(&world)));
}

#[test]
fn a_challenge_by_the_clock_of_another_api_server_counts() {
    let (mut world, _, mut b) = two();
    let at = world.now + jiff::SignedDuration::from_secs(3);
    world.edit_record(|record| record.challenge = Some(Challenge { by: "c".into(), at }));
    let until = at + jiff::SignedDuration::from_secs(10);
    assert!(matches!(b.next(&world), Next::Wait { until: Some(u), .. } if u == until));
}

#[test]
fn after_a_takeover_everything_that_the_old_driver_could_write_is_stamped() {
    let (mut world, mut a, mut b) = two();
    let Next::Ask(question) = a.next(&world) else { unreachable!() };
    a.hear(&question, bluegreen::release::Answer::Pass, world.now);
    world.pass(5);
    let Next::Do(late) = a.next(&world) else { panic!("no switch") };
    reach(&mut world, &mut b, step!(Action::TakeOver { .. }));
    world.step(&mut b);
    let mut stamped = Vec::new();
    while let Next::Do(step) = b.next(&world) {
        let Action::Stamp { object } = &step.action else { panic!("{step:?}") };
        let Id { kind, name } = object.clone();
        let has_any = world.get(kind, &name)["metadata"]["annotations"].is_object();
        // What several apps may share bears the app's name beside it.
        let whose = if name == "parrot" && kind != Kind::Deployment { ".parrot" } else { "" };
        let path = format!("/metadata/annotations/bluegreen~1epoch{whose}");
        let mut operations = vec![json!({"op": "add", "path": path, "value": "1"})];
        if !has_any {
            operations
                .insert(0, json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
        }
        assert_patch(&b.next(&world), &world, kind, &name, operations.into());
        world.apply(&step.write).unwrap();
        stamped.push(object.to_string());
    }
    assert_eq!(
        stamped,
        [
            "Ingress parrot",
            "Service parrot",
            "Service parrot-preview",
            "Deployment parrot",
            "Deployment parrot-green"
        ]
    );
    assert!(waits(&b.next(&world)), "its controller has to see the candidate's stamp");
    world.settle();
    assert!(asks(&b.next(&world)), "then it goes on");
    assert!(world.apply(&late.write).is_err(), "the switch that was planned before");
}

#[test]
fn who_was_taken_over_ends() {
    let (mut world, mut a, mut b) = two();
    a.next(&world);
    reach(&mut world, &mut b, step!(Action::TakeOver { .. }));
    world.step(&mut b);
    assert_eq!(done(a.next(&world)), Outcome::TakenOver { holder: "b@host (1)".into() });
}

#[test]
fn who_was_taken_over_ends_so_also_when_the_release_is_over() {
    let (mut world, mut a, mut b) = two();
    a.next(&world);
    world.follow(&mut b);
    let outcome = done(a.next(&world));
    assert!(matches!(&outcome, Outcome::TakenOver { holder } if holder.contains("has ended")));
}

#[test]
fn a_driver_that_changes_is_a_sign_of_life() {
    let (mut world, _, mut b) = two();
    world.step(&mut b);
    world.edit_record(|record| {
        let driver = record.driver.as_mut().unwrap();
        (driver.id, driver.holder) = ("c".into(), "c@host (1)".into());
        record.challenge = None;
    });
    assert_eq!(busy(b.next(&world)), "c@host (1)");
}

#[test]
fn a_driver_whose_record_is_older_than_what_others_stamped_writes_nothing() {
    for (kind, name, key) in [
        (Kind::Service, "parrot-preview", "bluegreen/epoch"),
        (Kind::Service, "parrot", "bluegreen/epoch.parrot"),
        (Kind::Ingress, "parrot", "bluegreen/epoch.parrot"),
        (Kind::Deployment, "parrot", "bluegreen/epoch"),
        (Kind::Deployment, "parrot-green", "bluegreen/epoch"),
        // By one of 0.1.0.
        (Kind::Service, "parrot", "bluegreen/epoch"),
        (Kind::Ingress, "parrot", "bluegreen/epoch"),
    ] {
        // A watch brings the stamp of a takeover; the one of the record lags behind.
        let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
        world.edit(kind, name, |object| {
            object["metadata"]["annotations"][key] = json!("1");
        });
        let next = a.next(&world);
        assert!(matches!(&next, Next::Done(Outcome::TakenOver { .. })), "{name}: {next:?}");
    }
}

#[test]
fn who_finds_a_newer_epoch_than_the_records_goes_on_with_that() {
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["metadata"]["annotations"]["bluegreen/epoch.parrot"] = json!("7");
    });
    let mut p = Driver::new("p", promote());
    let outcome = world.follow(&mut p);
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    assert_eq!(world.record().epoch, 7);
}

#[test]
fn promote_and_abort_follow_a_driver_that_lives_and_ask_again_when_it_falls_silent() {
    for goal in [promote(), abort()] {
        let (mut world, mut a) = deploying(asks);
        let mut p = Driver::new("p", goal);
        world.step(&mut p);
        assert!(world.record().challenge.is_some(), "the word and the challenge are one write");
        world.step(&mut a);
        let Next::Wait { until, on } = p.next(&world) else { panic!("{:?}", p.next(&world)) };
        assert!(matches!(on, WaitFor::Driver { holder, phase: Some(_) } if holder == "a@host (1)"));
        assert_eq!((until.unwrap() - world.now).get_seconds(), 15);
        world.pass(15);
        assert!(step!(Action::Challenge { .. })(&p.next(&world)));
        world.step(&mut p);
        assert!(waits(&p.next(&world)));
        world.pass(10);
        assert!(step!(Action::TakeOver { .. })(&p.next(&world)));
    }
}

#[test]
fn promote_and_abort_take_over_from_a_driver_that_does_not_answer() {
    for (goal, image) in [(promote(), V2), (abort(), crate::world::article::V1)] {
        let (mut world, _) = deploying(asks);
        let mut p = Driver::new("p", goal);
        let outcome = world.follow(&mut p);
        assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
        assert_eq!(world.record().epoch, 1);
        assert_eq!(world.live_image().as_deref(), Some(image));
    }
}

#[test]
fn an_interrupted_driver_lets_go_and_nobody_else_does() {
    let (mut world, mut a, mut b) = two();
    let snapshot = b.look(&world);
    assert_eq!(let_go(&b.me, &snapshot, world.now), None);
    assert_eq!(raise_epoch(&b.me, &snapshot, world.now), None);
    let snapshot = a.look(&world);
    let step = let_go(&a.me, &snapshot, world.now).unwrap();
    assert_eq!(step.action, Action::LetGo);
    let record = record_after(&world, &Next::Do(Box::new(step.clone())));
    assert_eq!(record.driver, None);
    assert!(record.release.is_some(), "the release stays");
    world.apply(&step.write).unwrap();
    assert_eq!(*action(&b.next(&world)), Action::Acquire);
    let (_, mut nobody) = deploying(asks);
    let before = nobody.look(&crate::world::article::applied());
    assert_eq!(let_go(&nobody.me, &before, world.now), None, "without a record");
}

#[test]
fn a_driver_that_raises_the_epoch_stamps_everything_anew() {
    let (mut world, mut a, _) = two();
    let snapshot = a.look(&world);
    let step = raise_epoch(&a.me, &snapshot, world.now).unwrap();
    world.apply(&step.write).unwrap();
    assert_eq!(world.record().epoch, 1);
    assert_eq!(world.record().driver.unwrap().id, "a");
    for _ in 0..5 {
        assert!(step!(Action::Stamp { .. })(&a.next(&world)), "{:?}", a.next(&world));
        go(&mut world, &mut a);
    }
    assert!(asks(&a.next(&world)));
}

#[test]
fn a_record_that_is_deleted_under_its_driver_stops_it() {
    let (mut world, mut a, mut b) = two();
    a.next(&world);
    world.delete(Kind::ConfigMap, "bluegreen-parrot");
    assert!(super::changed(a.next(&world)).contains("ConfigMap bluegreen-parrot was deleted"));
    assert_eq!(done(b.next(&world)), Outcome::NotInitialised);
}

#[test]
fn a_release_that_vanishes_from_the_record_stops_its_driver() {
    let (mut world, mut a, _) = two();
    a.next(&world);
    world.edit_record(|record| record.release = None);
    assert!(super::changed(a.next(&world)).contains("release 1 is no longer in"));
}
