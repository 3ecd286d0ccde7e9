//! Nothing of the app's comes through the ingress any more, and no error says so.

use std::collections::BTreeSet;

use bluegreen::model::{Colour, Id, Kind};
use bluegreen::release::{Action, Came, Failed, Goal, Mark, Next, Outcome, ReleaseOutcome, Sight};

use super::after_switch::{arrives, drains, plain, switched, with};
use super::errors::{drained, given_up, put_away};
use super::heard::{self, Heard};
use super::{action, changed, go, reach, step};
use crate::world::World;
use crate::world::article::{backend, initialised};
use crate::world::driver::{Driver, abort};

const LATER: &str = "503 Service Unavailable, which asks to retry later";

fn alike() -> Heard {
    Heard::nothing("both versions give the same answers")
}

fn hears(driver: &mut Driver, world: &World, heard: Heard) {
    // With a marker that is served.
    let marks = vec![Mark { at: "ours".to_owned(), tells: Some(true), has_it: true }];
    heard::hears(driver, Sight { marks, ..heard::sight(world, &[heard]) });
}

#[test]
fn by_what_the_app_is_known_is_written_down_with_the_switch() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(plain()));
    reach(&mut world, &mut a, step!(Action::MarkSwitched));
    let mut sight = heard::sight(&world, &[Heard::version(Colour::Blue, 10, 1)]);
    let known_by = BTreeSet::from(["status".to_owned(), "body".to_owned()]);
    sight.rules[0].known_by = Some(known_by.clone());
    heard::hears(&mut a, sight);
    go(&mut world, &mut a);
    assert_eq!(world.release().known_by["parrot"], known_by);
}

/// Whoever goes on may be somebody else, before the versions were asked.
#[test]
fn how_the_app_was_answered_is_written_down_before_the_switch() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(plain()));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    let mut sight = heard::sight(&world, &[Heard::learning()]);
    let came = Came { statuses: [200].into(), ..Came::default() };
    sight.rules[0].came = Some(came.clone());
    heard::hears(&mut a, sight);
    go(&mut world, &mut a);
    assert_eq!(world.release().came["parrot"], came);
    assert!(world.release().known_by.is_empty(), "nothing was found out, which is not nothing");
}

#[test]
fn neither_time_nor_a_marker_confirms_what_nobody_of_the_apps_answers() {
    for heard in [alike(), Heard::version(Colour::Green, 30, 3)] {
        let (mut world, mut a) = switched(plain());
        let mut last = world.now;
        for (seconds, is_lasting) in [(0, false), (30, true), (569, true)] {
            world.pass(seconds);
            hears(&mut a, &world, heard.clone().unserved(LATER, is_lasting));
            let next = a.next(&world);
            // Whoever takes it up is told.
            if let Next::Do(step) = &next {
                assert_eq!(step.action, Action::Doubt);
                go(&mut world, &mut a);
                assert!(world.release().doubted && world.release().erring);
            }
            assert!(arrives(&a.next(&world)), "{:?}", a.next(&world));
            last = world.now;
        }
        world.pass(1);
        hears(&mut a, &world, heard.clone().unserved(LATER, true));
        let what = changed(a.next(&world));
        assert_eq!(what, format!("the switch was not confirmed within 600 s: parrot: {LATER}"));
        assert_eq!(world.replicas("parrot"), 1);
        // Once the app answers, as ever: an outage that is over is none any more.
        world.now = last;
        hears(&mut a, &world, Heard::version(Colour::Green, 30, 3));
        assert!(matches!(action(&a.next(&world)), Action::StartDrain { .. }));
    }
}

#[test]
fn nor_is_the_way_back_confirmed_by_it() {
    let (mut world, _) = switched(plain());
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
    go(&mut world, &mut x);
    reach(&mut world, &mut x, |next| {
        !step!(Action::SwitchBack { .. })(next) && !step!(Action::FollowLive { .. })(next)
    });
    world.pass(599);
    hears(&mut x, &world, alike().unserved(LATER, true));
    assert!(arrives(&x.next(&world)), "{:?}", x.next(&world));
    world.pass(600);
    hears(&mut x, &world, alike().unserved(LATER, true));
    let what = changed(x.next(&world));
    assert!(
        what.starts_with("the switch back was not confirmed within 600 s: parrot: 503"),
        "{what}"
    );
}

/// Time has confirmed it, and it is heard until the candidate is deleted.
#[test]
fn nor_is_the_candidate_deleted_while_nobody_of_the_apps_answers() {
    for heard in [alike().unserved(LATER, true), alike().failing(10, 5), Heard::errors(1, 0)] {
        let (mut world, _) = switched(plain());
        world.edit_record(|record| record.driver = None);
        let mut x = Driver::new("x", abort());
        reach(&mut world, &mut x, step!(Action::StartDrain { .. }));
        go(&mut world, &mut x);
        hears(&mut x, &world, heard.clone());
        let drain = x.next(&world);
        let Next::Wait { until: Some(until), .. } = drain else { panic!("{drain:?}") };
        world.now = until;
        for seconds in [0, 599] {
            world.pass(seconds);
            hears(&mut x, &world, heard.clone());
            assert!(matches!(x.next(&world), Next::Wait { .. }), "{:?}", x.next(&world));
        }
        let mut well = x.clone();
        hears(&mut well, &world, alike());
        assert!(step!(Action::Destroy { .. })(&well.next(&world)), "{:?}", well.next(&world));
        world.pass(1);
        let what = changed(x.next(&world));
        assert!(what.starts_with("parrot-green can't be deleted: parrot: "), "{what}");
    }
}

/// Who has followed it for long has asked nobody in that time.
#[test]
fn a_follower_that_takes_a_release_up_has_heard_nothing_yet() {
    let (mut world, _) = drained();
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.asks = true;
    b.next(&world);
    world.pass(60);
    world.edit_record(|record| record.driver = None);
    go(&mut world, &mut b);
    assert!(drains(&b.next(&world)), "{:?}", b.next(&world));
    world.pass(20);
    assert!(step!(Action::ScaleDown { .. })(&b.next(&world)));
    // Nor has it given the switch its time.
    let (mut world, _) = switched(plain());
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.next(&world);
    world.pass(600);
    world.edit_record(|record| record.driver = None);
    go(&mut world, &mut b);
    hears(&mut b, &world, alike().unserved(LATER, true));
    reach(&mut world, &mut b, arrives);
    world.pass(599);
    assert!(arrives(&b.next(&world)), "{:?}", b.next(&world));
    world.pass(1);
    assert!(changed(b.next(&world)).starts_with("the switch was not confirmed within 600 s"));
}

/// The pods may have ended before that.
#[test]
fn who_takes_up_a_put_away_listens_from_then_on() {
    let (mut world, _) = put_away();
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.asks = true;
    b.next(&world);
    b.memory.note_gone(1, world.now);
    world.pass(30);
    world.edit_record(|record| record.driver = None);
    go(&mut world, &mut b);
    heard::of(&mut b, &world, &[Heard::version(Colour::Green, 10, 1)]);
    assert!(matches!(b.next(&world), Next::Wait { .. }), "{:?}", b.next(&world));
    world.pass(5);
    assert!(step!(Action::Finish)(&b.next(&world)), "{:?}", b.next(&world));
}

/// A rollback to what runs has no time to ask each rule before it.
#[test]
fn what_confirms_a_switch_was_answered_as_well() {
    for answered in [true, false] {
        let (mut world, mut a) = switched(plain());
        world.edit_record(|record| record.release.as_mut().unwrap().answered.clear());
        let mut sight = heard::sight(&world, &[Heard::version(Colour::Green, 30, 3)]);
        if !answered {
            sight.rules.push(Heard::errors(30, 3).alike().named("zoo").rule(world.now));
            sight.rules[1].answered = Some(false);
        }
        heard::hears(&mut a, sight);
        reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
        go(&mut world, &mut a);
        assert_eq!(world.release().answered, ["parrot"]);
    }
}

/// An old version that stays is no reason to call that a success.
#[test]
fn a_release_that_keeps_the_old_version_ends_well_only_if_the_app_answers() {
    let (mut world, mut a) = switched(with(|settings| settings.keep_old = Some(true)));
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 3)]);
    let next = reach(&mut world, &mut a, drains);
    let Next::Wait { until, .. } = next else { panic!("{next:?}") };
    world.now = until.unwrap();
    for heard in [alike().unserved(LATER, true), alike().failing(10, 5), Heard::errors(1, 0)] {
        let what = given_up(&mut world.clone(), &mut a.clone(), [heard.clone(), heard]);
        assert!(what.starts_with("release 1 can't be finished: parrot: "), "{what}");
    }
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 10, 1)]);
    assert!(step!(Action::Finish)(&a.next(&world)), "{:?}", a.next(&world));
}

#[test]
fn nothing_is_put_away_while_others_answer_in_part() {
    let (mut world, mut a) = drained();
    for few in [alike().failing(9, 30), alike().failing(30, 4)] {
        heard::of(&mut a, &world, &[few]);
        assert!(drains(&a.next(&world)), "it may go on");
    }
    heard::of(&mut a, &world, &[alike()]);
    assert!(step!(Action::ScaleDown { .. })(&a.next(&world)), "a hiccup");
    let failing = alike().failing(10, 5);
    let what = given_up(&mut world, &mut a, [failing.clone(), failing]);
    let said = "parrot: 404 Not Found, among other answers";
    assert_eq!(what, format!("parrot can't be scaled down to 0: {said}"));
    // Not where nothing else comes.
    let (mut world, mut a) = drained();
    let failing = Heard::errors(1, 0).failing(10, 5);
    let what = given_up(&mut world, &mut a, [failing.clone(), failing]);
    assert_eq!(what, "parrot can't be scaled down to 0: parrot: 404 Not Found");
}

#[test]
fn nothing_is_put_away_while_nobody_answers() {
    let (mut world, mut a) = drained();
    let nobody = |is_lasting| alike().unserved(LATER, is_lasting);
    let what = given_up(&mut world, &mut a, [nobody(false), nobody(true)]);
    assert_eq!(what, format!("parrot can't be scaled down to 0: parrot: {LATER}"));
}

/// Nothing says that the new version has failed: so both stay, and nobody is led anywhere. `hiccup`: that which
/// may be over soon.
fn is_started_again([hiccup, lasting, to_the_end]: [Heard; 3], said: &str) {
    let (mut world, mut a) = put_away();
    a.memory.note_gone(1, world.now);
    world.pass(5);
    heard::of(&mut a, &world, &[hiccup]);
    assert!(matches!(a.next(&world), Next::Wait { .. }), "it may go on");
    heard::of(&mut a, &world, &[lasting]);
    assert!(step!(Action::Revive { .. })(&a.next(&world)), "{:?}", a.next(&world));
    reach(&mut world, &mut a, step!(Action::Resize { .. }));
    go(&mut world, &mut a);
    world.settle();
    let mut well = (world.clone(), a.clone());
    world.pass(599);
    heard::of(&mut a, &world, std::slice::from_ref(&to_the_end));
    assert!(matches!(a.next(&world), Next::Wait { .. }), "{:?}", a.next(&world));
    world.pass(1);
    heard::of(&mut a, &world, &[to_the_end]);
    let what = changed(a.next(&world));
    assert_eq!(what, format!("parrot was scaled down to 0, and started again: parrot: {said}"));
    let (world, a) = (&mut well.0, &mut well.1);
    heard::of(a, world, &[Heard::version(Colour::Green, 10, 1)]);
    let Outcome::Finished(finished) = world.follow(a) else { panic!("it goes on") };
    assert_eq!((finished.outcome, finished.kept), (ReleaseOutcome::Promoted, true));
}

#[test]
fn the_old_version_is_started_again_where_nobody_answers_without_it() {
    let nobody = |is_lasting| alike().unserved(LATER, is_lasting);
    is_started_again([nobody(false), nobody(true), nobody(true)], LATER);
}

#[test]
fn the_old_version_is_started_again_where_others_answer_in_part_without_it() {
    let some = [(1, 0), (10, 5), (99, 600)];
    let some = some.map(|(failures, seconds)| alike().failing(failures, seconds));
    is_started_again(some, "404 Not Found, among other answers");
}

#[test]
fn failures_since_the_switch_are_told_at_the_end() {
    for (is_limit, words) in [(true, " (the ingress may limit the request rate)"), (false, "")] {
        let (mut world, mut a) = put_away();
        let mut sight = heard::sight(&world, &[Heard::version(Colour::Green, 10, 1)]);
        let said = Some("503 Service Unavailable".to_owned());
        sight.rules[0].failed =
            Failed { requests: 90, failures: 11, said, is_limit, ..Failed::default() };
        a.memory.note_gone(1, world.now);
        world.pass(5);
        heard::hears(&mut a, sight);
        let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
        assert_eq!(finished.outcome, ReleaseOutcome::Promoted);
        let failed = "11 of 90 requests to parrot failed: 503 Service Unavailable";
        assert_eq!(finished.warnings, [format!("after the switch, {failed}{words}")]);
    }
}

#[test]
fn a_marker_that_may_not_be_taken_away_is_told_at_the_end() {
    let (mut world, mut a) = switched(plain());
    let marks = vec![Mark { at: "ours".to_owned(), tells: Some(true), has_it: false }];
    heard::hears(&mut a, Sight { marks, ..heard::sight(&world, &[alike()]) });
    reach(&mut world, &mut a, step!(Action::Mark { .. }));
    go(&mut world, &mut a);
    hears(&mut a, &world, alike());
    go(&mut world, &mut a);
    let id = Id::new(Kind::Ingress, "parrot-preview");
    a.memory.refused.insert(id, "denied".to_owned());
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!(
        finished.warnings,
        ["Ingress parrot-preview still has the rule that was added to confirm a switch (denied)"]
    );
}

/// An admission webhook lets nobody change what people are led by, and a write of ours may still be on its way.
#[test]
fn a_stamp_that_is_refused_keeps_nobody_from_going_back() {
    let (mut world, _) = switched(plain());
    world.edit_record(|record| {
        record.driver = None;
        record.epoch += 1;
    });
    let id = Id::new(Kind::Service, "parrot-preview");
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.refused.insert(id.clone(), "denied".to_owned());
    let next = reach(&mut world, &mut b, |next| matches!(next, Next::Done(_)));
    let what = "the API server refuses to change Service parrot-preview, and an earlier write to it may \
                still take effect: denied";
    assert_eq!(changed(next), what);
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    x.memory.refused.insert(id, "denied".to_owned());
    reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
    let next = reach(&mut world, &mut x, |next| matches!(next, Next::Done(_)));
    assert_eq!(changed(next), what);
    assert_eq!(backend(&world), "parrot-blue");
    assert!(world.find(Kind::Deployment, "parrot-green").is_some(), "it stays");
}
