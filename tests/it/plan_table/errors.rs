//! Errors through the ingress, where answers came: before the switch, after it, when the old version has
//! been put away, and on the way back.

use bluegreen::model::{Colour, Kind};
use bluegreen::release::{
    Action, Goal, Next, Outcome, ReleaseOutcome, Rule, Settings, Sight, Telling, Voice, WaitFor,
};

use super::after_switch::{arrives, drains, plain, switched, with};
use super::heard::{self, Heard};
use super::{action, changed, deploying, go, reach, record_after, step, written};
use crate::world::World;
use crate::world::article::{V1, V2, backend, initialised};
use crate::world::driver::{Driver, abort, promote};

fn ends(next: &Next) -> &str {
    let Action::End { ending } = action(next) else { panic!("{next:?}") };
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    &ending.reason
}

fn waits_for_the_end(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Ended { colour: Colour::Blue }, .. })
}

#[test]
fn the_rules_that_are_answered_until_the_switch_are_written_down_with_it() {
    let (world, _) = switched(plain());
    assert_eq!(world.release().answered, ["parrot"]);
}

#[test]
fn a_candidate_that_answers_errors_where_the_live_version_does_not_is_not_switched_to() {
    let (mut world, mut a) = deploying(super::asks);
    let fails = Some("parrot.example.com/: 502 Bad Gateway".to_owned());
    heard::hears(&mut a, Sight { fails, ..Sight::default() });
    let next = a.next(&world);
    let why = "it answers with errors, and the live version does not: parrot.example.com/: 502 Bad Gateway";
    assert_eq!(ends(&next), why);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    // What it refuses is its own affair.
    let (world, mut a) = deploying(super::asks);
    let refuses = Some("parrot.example.com/: 404 Not Found".to_owned());
    heard::hears(&mut a, Sight { refuses, ..Sight::default() });
    assert!(super::asks(&a.next(&world)));
}

type Phase = fn(&Next) -> bool;

#[test]
fn errors_alone_after_the_switch_lead_back_at_once_in_each_phase() {
    let baking = || with(|settings| settings.bake_seconds = Some(600));
    let phases: [(Settings, Phase); 3] = [
        (plain().settings, |n| matches!(n, Next::Wait { on: WaitFor::Arrival { .. }, .. })),
        (plain().settings, drains),
        (baking().settings, |n| matches!(n, Next::Wait { on: WaitFor::Bake { .. }, .. })),
    ];
    for (settings, phase) in phases {
        let (mut world, mut a) = switched(bluegreen::release::Deploy { settings, ..plain() });
        reach(&mut world, &mut a, phase);
        for too_few in [Heard::errors(9, 30), Heard::errors(60, 4)] {
            heard::of(&mut a, &world, &[too_few]);
            assert!(!step!(Action::End { .. })(&a.next(&world)));
        }
        heard::of(&mut a, &world, &[Heard::errors(10, 5)]);
        let next = a.next(&world);
        assert_eq!(ends(&next), "it failed after the switch: parrot: 502 Bad Gateway");
        assert!(written(&next).fresh == bluegreen::release::Fresh::Serving, "on a look of its own");
        reach(&mut world, &mut a, step!(Action::SwitchBack { .. }));
        go(&mut world, &mut a);
        heard::of(&mut a, &world, &[Heard::version(Colour::Blue, 30, 3)]);
        let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
        assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
        assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-blue", Some(V1)));
    }
}

#[test]
fn errors_where_none_answered_before_lead_nobody_back() {
    let (mut world, mut a) = switched(plain());
    heard::of(&mut a, &world, &[Heard::errors(60, 30).named("zoo")]);
    assert!(!step!(Action::End { .. })(&a.next(&world)));
    // Errors at some rule that answered keep both versions, until it is given up.
    world.pass(600);
    heard::of(&mut a, &world, &[Heard::errors(9, 4), Heard::version(Colour::Green, 30, 3)]);
    let what = changed(a.next(&world));
    assert_eq!(what, "the switch was not confirmed within 600 s: parrot: 502 Bad Gateway");
}

/// A release at the end of its drain, of which the new version alone was heard until then.
pub fn drained() -> (World, Driver) {
    let (mut world, mut a) = switched(plain());
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 3)]);
    let next = reach(&mut world, &mut a, drains);
    let Next::Wait { until, .. } = next else { panic!("{next:?}") };
    world.now = until.unwrap();
    (world, a)
}

/// Why a version that is drained is not taken away, where that is heard now, and at the timeout.
pub fn given_up(world: &mut World, driver: &mut Driver, [now, then]: [Heard; 2]) -> String {
    heard::of(driver, world, &[now]);
    assert!(arrives(&driver.next(world)), "{:?}", driver.next(world));
    world.pass(600);
    heard::of(driver, world, &[then]);
    changed(driver.next(world))
}

#[test]
fn nothing_is_put_away_while_anybody_else_answers() {
    for heard in [Heard::version(Colour::Blue, 1, 0), Heard::errors(1, 0)] {
        let (mut world, mut a) = drained();
        let what = given_up(&mut world, &mut a, [heard.clone(), heard]);
        assert!(what.starts_with("parrot can't be scaled down to 0: parrot: "), "{what}");
        heard::of(&mut a, &world, &[Heard::version(Colour::Green, 10, 1)]);
        assert!(step!(Action::ScaleDown { .. })(&a.next(&world)));
    }
}

/// Who has just taken a release up, at the end of its drain.
fn taken_up((mut world, _): (World, Driver)) -> (World, Driver) {
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", Goal::Deploy(plain()));
    b.memory.asks = true;
    go(&mut world, &mut b);
    (world, b)
}

#[test]
fn who_has_just_taken_a_drain_up_listens_before_anything_is_put_away() {
    for heard in [None, Some(Heard::learning()), Some(Heard::version(Colour::Green, 9, 4))] {
        let (mut world, mut b) = taken_up(drained());
        if let Some(heard) = &heard {
            heard::of(&mut b, &world, std::slice::from_ref(heard));
        }
        assert!(drains(&b.next(&world)), "{:?}", b.next(&world));
        // Not for ever.
        world.pass(20);
        assert!(step!(Action::ScaleDown { .. })(&b.next(&world)));
    }
    let (world, mut b) = taken_up(drained());
    heard::of(&mut b, &world, &[Heard::version(Colour::Green, 10, 1)]);
    assert!(step!(Action::ScaleDown { .. })(&b.next(&world)));
}

/// Of the last ten answers one was an error.
#[test]
fn every_other_answer_an_error_is_too_many_for_a_put_away() {
    let (mut world, mut a) = drained();
    let flaps = |world: &World| {
        let mut sight = heard::sight(world, &[Heard::version(Colour::Green, 10, 1)]);
        sight.rules[0].lately[9] = (Voice::Error, "502 Bad Gateway".to_owned());
        sight
    };
    heard::hears(&mut a, flaps(&world));
    assert!(arrives(&a.next(&world)), "{:?}", a.next(&world));
    world.pass(600);
    heard::hears(&mut a, flaps(&world));
    let what = changed(a.next(&world));
    assert_eq!(what, "parrot can't be scaled down to 0: parrot: 502 Bad Gateway");
}

#[test]
fn who_has_just_taken_up_a_put_away_listens_before_it_is_over() {
    let (mut world, mut b) = taken_up(put_away());
    b.memory.note_gone(1, world.now);
    world.pass(5);
    assert!(waits_for_the_end(&b.next(&world)), "{:?}", b.next(&world));
    heard::of(&mut b, &world, &[Heard::errors(10, 5)]);
    assert!(step!(Action::Revive { .. })(&b.next(&world)));
    // Whether that has helped, the next one has to hear, too.
    reach(&mut world, &mut b, step!(Action::Resize { .. }));
    go(&mut world, &mut b);
    let (mut world, mut c) = taken_up((world, b));
    assert!(waits_for_the_end(&c.next(&world)), "{:?}", c.next(&world));
    world.pass(20);
    assert!(step!(Action::Finish)(&c.next(&world)));
}

/// A hiccup of its own is no sign that it does not help.
#[test]
fn one_error_after_it_was_started_again_leads_nobody_back() {
    let (mut world, mut a) = put_away();
    heard::of(&mut a, &world, &[Heard::errors(10, 5)]);
    reach(&mut world, &mut a, step!(Action::Resize { .. }));
    go(&mut world, &mut a);
    world.pass(15);
    heard::of(&mut a, &world, &[Heard::errors(1, 0)]);
    assert!(waits_for_the_end(&a.next(&world)), "{:?}", a.next(&world));
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 10, 1)]);
    assert!(step!(Action::Finish)(&a.next(&world)));
}

fn detached() -> bluegreen::release::Deploy {
    bluegreen::release::Deploy { detach: true, ..plain() }
}

/// What a candidate's first driver heard is what the one that switches goes by.
#[test]
fn what_was_answered_when_it_got_ready_counts_for_who_did_not_ask_before_the_switch() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(detached()));
    heard::before(&mut a, &world, &["parrot", "zoo"]);
    world.follow(&mut a);
    assert_eq!(world.release().answered, ["parrot", "zoo"]);
    world.pass(3600);
    let mut b = Driver::new("b", promote());
    reach(&mut world, &mut b, step!(Action::MarkSwitched));
    // Of the zoo it has heard by itself that nobody is there.
    let mut sight = heard::sight(&world, &[Heard::learning(), Heard::learning().named("zoo")]);
    (sight.rules[0].answered, sight.rules[1].answered) = (None, Some(false));
    heard::hears(&mut b, sight);
    go(&mut world, &mut b);
    assert_eq!(world.release().answered, ["parrot"]);
}

/// No app that works answers like that: it is nobody's arrival, and nobody's failure either.
#[test]
fn a_proxys_own_trouble_is_no_arrival_where_nobody_asked_before_the_switch() {
    let (mut world, mut a) = switched(plain());
    world.edit_record(|r| r.release.as_mut().unwrap().answered.clear());
    let mut alone = Heard::errors(60, 30).rule(world.now);
    (alone.answered, alone.telling) = (None, Telling::No("it is never seen".to_owned()));
    let sight = |rule: &Rule| Sight { rules: vec![rule.clone()], ..Sight::default() };
    heard::hears(&mut a, sight(&alone));
    world.pass(60);
    assert!(!step!(Action::StartDrain { .. })(&a.next(&world)), "{:?}", a.next(&world));
    // It was so before, or refuses who asks: that says nothing of the switch.
    let was_so = Rule { answered: Some(false), ..alone.clone() };
    let mut refuses = alone;
    refuses.streak.as_mut().unwrap().is_5xx = false;
    for rule in [was_so, refuses] {
        let (mut world, mut a) = switched(plain());
        world.edit_record(|r| r.release.as_mut().unwrap().answered.clear());
        heard::hears(&mut a, sight(&rule));
        world.pass(10);
        assert!(step!(Action::StartDrain { .. })(&a.next(&world)), "{:?}", a.next(&world));
    }
}

/// The old version was put away.
pub fn put_away() -> (World, Driver) {
    let (mut world, mut a) = drained();
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 3)]);
    reach(&mut world, &mut a, step!(Action::ScaleDown { .. }));
    world.step(&mut a);
    (world, a)
}

#[test]
fn a_put_away_is_over_when_nobody_has_missed_it() {
    let (mut world, mut a) = put_away();
    assert!(waits_for_the_end(&a.next(&world)), "its pods end: {:?}", a.next(&world));
    world.pass(20);
    assert!(waits_for_the_end(&a.next(&world)), "they take their time");
    a.memory.note_gone(1, world.now);
    assert!(waits_for_the_end(&a.next(&world)), "it is heard whether anybody misses them");
    world.pass(5);
    assert!(step!(Action::Finish)(&a.next(&world)));
    // Pods that never end are not waited for for ever.
    let (mut world, mut a) = put_away();
    world.pass(60);
    assert!(waits_for_the_end(&a.next(&world)));
    world.pass(5);
    assert!(step!(Action::Finish)(&a.next(&world)));
    // Without an ear there is nothing to wait for.
    let (world, mut a) = put_away();
    (a.memory.probed, a.memory.asks) = (None, false);
    assert!(step!(Action::Finish)(&a.next(&world)));
}

#[test]
fn who_is_missed_is_started_again_before_any_route_is_touched() {
    let (mut world, mut a) = put_away();
    a.memory.note_gone(1, world.now);
    world.pass(5);
    heard::of(&mut a, &world, &[Heard::errors(9, 4)]);
    assert!(waits_for_the_end(&a.next(&world)), "errors that have just begun");
    heard::of(&mut a, &world, &[Heard::errors(10, 5)]);
    let next = a.next(&world);
    let said = "parrot: 502 Bad Gateway".to_owned();
    assert_eq!(*action(&next), Action::Revive { said });
    go(&mut world, &mut a);
    let resize = Action::Resize { deployment: "parrot".to_owned(), replicas: 1 };
    assert_eq!(*action(&a.next(&world)), resize);
    go(&mut world, &mut a);
    // The errors end with it: it stays, and the release has gone live.
    heard::of(&mut a, &world, &[Heard::version(Colour::Green, 3, 1)]);
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("it goes on") };
    assert_eq!((finished.outcome, finished.kept), (ReleaseOutcome::Promoted, true));
    assert_eq!(finished.missed.as_deref(), Some("parrot: 502 Bad Gateway"));
    assert_eq!((world.live_image().as_deref(), world.replicas("parrot")), (Some(V2), 1));
}

#[test]
fn errors_that_go_on_lead_back_to_what_was_started_again() {
    for back in [true, false] {
        let (mut world, mut a) = put_away();
        heard::of(&mut a, &world, &[Heard::errors(10, 5)]);
        reach(&mut world, &mut a, step!(Action::Resize { .. }));
        go(&mut world, &mut a);
        for seconds in [0, 14] {
            world.pass(seconds);
            assert!(waits_for_the_end(&a.next(&world)), "{:?}", a.next(&world));
        }
        // Its driver dies: whoever goes on knows of it.
        world.edit_record(|record| record.driver = None);
        let mut b = Driver::new("b", Goal::Deploy(plain()));
        heard::of(&mut b, &world, &[Heard::errors(10, 5)]);
        go(&mut world, &mut b);
        assert!(waits_for_the_end(&b.next(&world)));
        world.pass(15);
        let next = b.next(&world);
        assert_eq!(
            ends(&next),
            "it failed after parrot was scaled down to 0: parrot: 502 Bad Gateway"
        );
        reach(&mut world, &mut b, step!(Action::SwitchBack { .. }));
        go(&mut world, &mut b);
        reach(&mut world, &mut b, |n| matches!(n, Next::Wait { on: WaitFor::Arrival { .. }, .. }));
        if back {
            heard::of(&mut b, &world, &[Heard::version(Colour::Blue, 30, 3)]);
            let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("it goes on") };
            assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
        } else {
            world.pass(600);
            let what = changed(b.next(&world));
            assert!(what.starts_with("the switch back was not confirmed "), "{what}");
            let both = (world.replicas("parrot"), world.replicas("parrot-green"));
            assert_eq!(both, (1, 1), "both are up");
        }
    }
}

/// After a switch back the candidate stays until the old version alone answers.
#[test]
fn the_way_back_is_confirmed_as_the_way_there() {
    let aborted = || {
        let (mut world, mut a) = switched(plain());
        heard::of(&mut a, &world, &[Heard::version(Colour::Green, 30, 3)]);
        reach(&mut world, &mut a, drains);
        world.edit_record(|record| record.driver = None);
        let mut x = Driver::new("x", abort());
        x.memory.asks = true;
        reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
        go(&mut world, &mut x);
        reach(&mut world, &mut x, |n| matches!(n, Next::Wait { on: WaitFor::Arrival { .. }, .. }));
        (world, x)
    };
    let waits = |next: &Next| {
        matches!(next, Next::Wait { on: WaitFor::Arrival { colour: Colour::Blue, .. }, .. })
    };
    let (mut world, mut x) = aborted();
    for heard in [Heard::learning(), Heard::version(Colour::Green, 64, 6), Heard::errors(64, 60)] {
        world.pass(30);
        heard::of(&mut x, &world, &[heard]);
        assert!(waits(&x.next(&world)), "{:?}", x.next(&world));
    }
    heard::of(&mut x, &world, &[Heard::version(Colour::Blue, 30, 3)]);
    let next = x.next(&world);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed: None });
    assert!(record_after(&world, &next).release.unwrap().drain_back_until.is_some());

    let (mut world, mut x) = aborted();
    world.pass(600);
    heard::of(&mut x, &world, &[Heard::version(Colour::Green, 64, 6)]);
    let what = changed(x.next(&world));
    assert_eq!(what, "the switch back was not confirmed within 600 s: parrot: 200 OK");
    assert!(world.find(Kind::Deployment, "parrot-green").is_some(), "both are up");

    // Where nothing can be told, the controller has its time.
    let (world, mut x) = aborted();
    heard::of(&mut x, &world, &[Heard::nothing("both versions give the same answers")]);
    assert_eq!(*action(&x.next(&world)), Action::StartDrain { seconds: 40, confirmed: None });
    // Nobody misses a version that answers nothing.
    let (mut world, mut x) = aborted();
    world.edit(Kind::EndpointSlice, "parrot-green-ends", |slice| {
        slice["endpoints"] = serde_json::json!([]);
    });
    assert_eq!(*action(&x.next(&world)), Action::StartDrain { seconds: 30, confirmed: None });
}
