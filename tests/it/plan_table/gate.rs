//! What the gate said, and what it does to the candidate.

use bluegreen::release::{
    Action, Answer, AnswerKind, Gate, Goal, Next, Outcome, Question, ReleaseOutcome, WaitFor,
};

use jiff::{SignedDuration, Timestamp};

use super::{action, asks, deploying, go, reach, record_after, step};
use crate::world::World;
use crate::world::article::{V1, V2, initialised};
use crate::world::driver::{Driver, WEBHOOK, deploy, set};

fn waiting() -> (World, Driver) {
    deploying(asks)
}

fn question(world: &World) -> Question {
    let release = world.release();
    Question { release: release.number, hash: release.hash }
}

/// The driver asks and is told this.
fn told(world: &World, driver: &mut Driver, answer: Answer) {
    let Next::Ask(question) = driver.next(world) else { panic!("{:?}", driver.next(world)) };
    driver.hear(&question, answer, world.now);
}

fn not_yet() -> Answer {
    Answer::NotYet("500".to_owned())
}

#[test]
fn the_question_names_release_and_hash() {
    let (world, mut a) = waiting();
    assert_eq!(a.next(&world), Next::Ask(question(&world)));
}

#[test]
fn a_yes_is_followed_by_the_switch_and_not_stored() {
    let (mut world, mut a) = waiting();
    world.pass(5);
    told(&world, &mut a, Answer::Pass);
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
    assert_eq!(world.release().approved, None);
}

/// The wait after the first of 60 answers, which was a plain no.
fn once_no(said: Option<&str>, expires: Timestamp) -> WaitFor {
    WaitFor::Gate {
        failures: 1,
        threshold: 60,
        answer: Some(AnswerKind::NotYet),
        said: said.map(Into::into),
        expires: Some(expires),
    }
}

#[test]
fn a_no_is_counted_before_the_next_poll_and_the_interval_is_kept() {
    let (mut world, mut a) = waiting();
    told(&world, &mut a, not_yet());
    let next = a.next(&world);
    assert_eq!(
        *action(&next),
        Action::Count {
            answer: AnswerKind::NotYet,
            said: "500".into(),
            failures: 1,
            threshold: 60
        }
    );
    let gate = record_after(&world, &next).release.unwrap().gate;
    assert_eq!((gate.failures, gate.broken, gate.asked), (1, 0, Some(world.now)));
    assert_eq!(gate.answer, Some(AnswerKind::NotYet));
    go(&mut world, &mut a);
    let Next::Wait { until, on } = a.next(&world) else { panic!("{:?}", a.next(&world)) };
    assert_eq!(on, once_no(Some("500"), world.now + SignedDuration::from_mins(59)));
    assert_eq!((until.unwrap() - world.now).get_seconds(), 60);
    world.pass(59);
    assert!(!asks(&a.next(&world)));
    world.pass(1);
    assert!(asks(&a.next(&world)));
}

#[test]
fn another_process_keeps_the_count_and_the_interval() {
    let (mut world, mut a) = waiting();
    told(&world, &mut a, not_yet());
    go(&mut world, &mut a);
    world.edit_record(|record| record.driver = None);
    world.pass(20);
    let mut b = Driver::new("b", a.goal.clone());
    go(&mut world, &mut b);
    let Next::Wait { until, on } = b.next(&world) else { panic!("{:?}", b.next(&world)) };
    // It knows the answer's word, but not what was said.
    let expires = world.now + SignedDuration::from_secs(58 * 60 + 40);
    assert_eq!(on, once_no(None, expires));
    assert_eq!((until.unwrap() - world.now).get_seconds(), 40);
}

#[test]
fn a_question_by_a_clock_that_ran_ahead_is_asked_again() {
    let (mut world, a) = waiting();
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", a.goal);
    go(&mut world, &mut b);
    let mut after = |seconds| {
        let asked = Some(world.now + SignedDuration::from_secs(seconds));
        world.edit_record(|record| record.release.as_mut().unwrap().gate.asked = asked);
        b.next(&world)
    };
    // Two API servers may differ a little.
    assert!(matches!(after(3), Next::Wait { on: WaitFor::Gate { .. }, .. }));
    assert!(asks(&after(3600)));
}

#[test]
fn the_wait_for_the_next_poll_ends_at_the_deadline() {
    let mut world = initialised();
    let settings = set(deploy(V2, WEBHOOK), |settings| settings.deadline_seconds = Some(30));
    let mut a = Driver::asking("a", Goal::Deploy(settings), not_yet());
    let next =
        reach(&mut world, &mut a, |n| matches!(n, Next::Wait { on: WaitFor::Gate { .. }, .. }));
    let Next::Wait { until, on: WaitFor::Gate { expires, .. } } = next else { unreachable!() };
    assert_eq!((until.unwrap() - world.release().started).get_seconds(), 30);
    assert_eq!(expires, until);
}

#[test]
fn a_gate_that_could_not_be_asked_counts_and_is_told_apart() {
    let (mut world, mut a) = waiting();
    told(&world, &mut a, Answer::Broken("connection refused".into()));
    let next = a.next(&world);
    let gate = record_after(&world, &next).release.unwrap().gate;
    assert_eq!((gate.failures, gate.broken), (1, 1));
    assert_eq!(gate.answer, Some(AnswerKind::Broken));
    go(&mut world, &mut a);
    world.pass(60);
    told(&world, &mut a, not_yet());
    let gate = record_after(&world, &a.next(&world)).release.unwrap().gate;
    assert_eq!((gate.failures, gate.broken), (2, 1));
}

#[test]
fn a_gate_that_is_asked_too_often_says_no_no_and_is_not_asked_before_its_time() {
    let (mut world, mut a) = waiting();
    told(&world, &mut a, not_yet());
    go(&mut world, &mut a);
    world.pass(60);
    let Next::Ask(question) = a.next(&world) else { panic!("{:?}", a.next(&world)) };
    a.hear(&question, Answer::Later("429".into()), world.now);
    let not_before = world.now + SignedDuration::from_secs(90);
    a.memory.answer.as_mut().unwrap().not_before = Some(not_before);
    let gate = record_after(&world, &a.next(&world)).release.unwrap().gate;
    assert_eq!((gate.failures, gate.answer), (1, Some(AnswerKind::Later)));
    go(&mut world, &mut a);
    // Whoever goes on knows it, too.
    let mut b = Driver::new("a", a.goal.clone());
    for driver in [&mut a, &mut b] {
        let Next::Wait { until, .. } = driver.next(&world) else { panic!("it is asked") };
        assert_eq!(until, Some(not_before));
    }
    world.pass(90);
    assert!(asks(&a.next(&world)));
    // The next answer has no such time of its own.
    told(&world, &mut a, not_yet());
    let gate = record_after(&world, &a.next(&world)).release.unwrap().gate;
    assert_eq!((gate.failures, gate.not_before), (2, None));
}

#[test]
fn a_gate_may_put_off_its_answer_no_longer_than_the_deadline() {
    let mut world = initialised();
    let settings = set(deploy(V2, WEBHOOK), |settings| settings.deadline_seconds = Some(300));
    let mut a = Driver::new("a", Goal::Deploy(settings));
    reach(&mut world, &mut a, asks);
    let Next::Ask(question) = a.next(&world) else { panic!("{:?}", a.next(&world)) };
    a.hear(&question, Answer::Later("429".into()), world.now);
    let not_before = world.now + SignedDuration::from_hours(24);
    a.memory.answer.as_mut().unwrap().not_before = Some(not_before);
    go(&mut world, &mut a);
    let Next::Wait { until, .. } = a.next(&world) else { panic!("it is asked") };
    assert_eq!(until, world.release().deadline);
}

#[test]
fn the_sixtieth_no_in_a_row_destroys_the_candidate() {
    let mut world = initialised();
    let mut a = Driver::asking("a", Goal::Deploy(deploy(V2, WEBHOOK)), not_yet());
    let next = reach(&mut world, &mut a, step!(Action::Count { failures: 60, .. }));
    let started = world.release().started;
    assert_eq!((world.now - started).get_seconds(), 59 * 60, "the article's hour");
    assert_eq!(world.release().ending, None, "59 do not");
    let ending = record_after(&world, &next).release.unwrap().ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Rejected, "in the same write");
    assert_eq!(ending.reason, "the gate gave no approval 60 times in a row: 500");
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Rejected);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn the_reason_says_how_often_the_gate_could_not_be_asked() {
    let mut world = initialised();
    let broken = Answer::Broken("timeout".into());
    let settings = set(deploy(V2, WEBHOOK), |settings| settings.threshold = Some(2));
    let mut a = Driver::asking("a", Goal::Deploy(settings), broken);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.reason, "the gate gave no valid answer 2 times in a row: timeout");
}

#[test]
fn a_reject_destroys_the_candidate_at_the_first_word() {
    let (world, mut a) = waiting();
    told(&world, &mut a, Answer::Reject("410 Gone".into()));
    let next = a.next(&world);
    let release = record_after(&world, &next).release.unwrap();
    let ending = release.ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Rejected);
    assert_eq!(ending.reason, "the gate rejected it: 410 Gone");
    assert_eq!(release.gate.answer, Some(AnswerKind::Reject));
}

#[test]
fn an_answer_about_another_release_or_another_version_is_none() {
    for answer in [Answer::Pass, Answer::Reject("no".into()), not_yet()] {
        let (world, mut a) = waiting();
        let asked = question(&world);
        for other in [
            Question { release: 2, ..asked.clone() },
            Question { hash: "another".into(), ..asked.clone() },
        ] {
            a.hear(&other, answer.clone(), world.now);
            assert_eq!(a.next(&world), Next::Ask(asked.clone()), "{answer:?}");
        }
    }
}

#[test]
fn a_yes_does_not_switch_to_a_candidate_that_is_not_ready() {
    let (mut world, mut a) = waiting();
    told(&world, &mut a, Answer::Pass);
    world.bad_images.push(V2.to_owned());
    world.settle();
    assert!(!step!(Action::Switch { .. })(&a.next(&world)));
    let next = reach(&mut world, &mut a, |next| matches!(next, Next::Wait { .. }));
    assert!(matches!(next, Next::Wait { on: WaitFor::Ready { .. }, .. }), "{next:?}");
    world.bad_images.clear();
    world.settle();
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
}

#[test]
fn a_persons_gate_waits_for_nothing_but_the_person_and_the_deadline() {
    for deadline_seconds in [None, Some(7200)] {
        let settings =
            set(deploy(V2, Gate::Person), |settings| settings.deadline_seconds = deadline_seconds);
        let mut world = initialised();
        let mut a = Driver::new("a", Goal::Deploy(settings));
        let next = reach(&mut world, &mut a, |next| {
            matches!(next, Next::Wait { on: WaitFor::Person, .. })
        });
        let until = world.release().deadline;
        assert_eq!(until.is_some(), deadline_seconds.is_some());
        assert_eq!(next, Next::Wait { until, on: WaitFor::Person });
        // What a webhook says is nothing to it.
        a.hear(&question(&world), Answer::Pass, world.now);
        assert_eq!(a.next(&world), next);
    }
}

#[test]
fn a_persons_promote_stands_for_the_webhook() {
    let (mut world, mut a) = waiting();
    world.step(&mut Driver::new("p", crate::world::driver::promote()));
    world.step(&mut a);
    world.pass(5);
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
}
