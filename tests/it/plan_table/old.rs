//! An app that 0.1.0 has released until now, whose stamps had no app's name: its driver lives, sleeps or
//! is dead, in any phase, alone in its Ingresses or beside another app.

use bluegreen::model::{Kind, RELEASE, annotation};
use bluegreen::release::{Action, Goal, Next, Outcome, ReleaseOutcome, WaitFor};
use serde_json::json;

use super::{asks, changed, reach, step};
use crate::world::World;
use crate::world::article::{
    V2, applied, backend_of, initialised_from, names, second, toucan, two_applied,
};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init, promote};

const PLAIN: [&str; 2] = ["bluegreen/release", "bluegreen/epoch"];

#[derive(Clone, Copy, PartialEq, Debug)]
enum At {
    Gate,
    BetweenTwoPatches,
    Confirming,
    Draining,
    Withdrawing,
}

const EVERYWHERE: [At; 5] =
    [At::Gate, At::BetweenTwoPatches, At::Confirming, At::Draining, At::Withdrawing];

/// Two Ingresses; one of them has a path of the toucan's, too, or has not.
fn taken_in(shared: bool) -> World {
    let mut world = if shared { two_applied() } else { applied() };
    world.add(second());
    let mut world = initialised_from(world);
    if shared {
        let outcome = world.follow(&mut Driver::of(toucan(), "init", init()));
        assert_eq!(outcome, Outcome::Initialised);
        world.settle();
    }
    world
}

/// A driver of 0.1.0 in that phase.
fn driven(at: At, shared: bool) -> (World, Driver) {
    let mut world = taken_in(shared);
    let mut old = Driver::old("old", Goal::Deploy(deploy(V2, WEBHOOK)));
    match at {
        At::Gate => drop(reach(&mut world, &mut old, asks)),
        At::BetweenTwoPatches | At::Withdrawing => {
            reach(&mut world, &mut old, step!(Action::Switch { .. }));
            world.step(&mut old);
            world.settle();
        }
        At::Confirming => drop(reach(&mut world, &mut old, |next| {
            matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })
        })),
        At::Draining => drop(reach(&mut world, &mut old, |next| {
            matches!(next, Next::Wait { on: WaitFor::Drain { .. }, .. })
        })),
    }
    if at == At::Withdrawing {
        world.edit_record(|record| record.driver = None);
        old = Driver::old("old", abort());
        reach(&mut world, &mut old, |next| {
            matches!(next, Next::Wait { on: WaitFor::Drain { .. }, .. })
        });
    }
    assert!(!world.release().own_stamps);
    for ingress in world.all(Kind::Ingress) {
        for key in PLAIN {
            let own = annotation(&ingress, &names().stamp(key));
            assert_eq!(own, None, "0.1.0 knows no such thing");
        }
    }
    (world, old)
}

/// Who comes next, and what becomes of the release.
fn next_one(at: At) -> (Driver, ReleaseOutcome) {
    match at {
        At::Withdrawing => (Driver::new("new", abort()), ReleaseOutcome::Aborted),
        At::Gate => (Driver::new("new", promote()), ReleaseOutcome::Promoted),
        _ => (Driver::new("new", Goal::Deploy(deploy(V2, WEBHOOK))), ReleaseOutcome::Promoted),
    }
}

fn verdict(outcome: &Outcome) -> ReleaseOutcome {
    match outcome {
        Outcome::Finished(finished) => finished.outcome,
        outcome => panic!("not finished: {outcome:?}"),
    }
}

/// Another app's release in the same Ingress, by this version, with the same number: it ends, and what
/// the old driver goes by stays.
fn meanwhile_another(world: &mut World) {
    let plain = |world: &World| {
        let ingress = world.get(Kind::Ingress, "parrot");
        PLAIN.map(|key| annotation(ingress, key).map(str::to_owned))
    };
    let before = plain(world);
    let mut other = Driver::of(toucan(), "other", Goal::Deploy(deploy(V2, WEBHOOK)));
    let now = world.now;
    assert_eq!(verdict(&world.follow(&mut other)), ReleaseOutcome::Promoted);
    world.now = now;
    assert_eq!(plain(world), before);
}

/// All of them at work, until each has ended.
fn together(world: &mut World, mut drivers: Vec<&mut Driver>) -> Vec<Outcome> {
    let mut ended = vec![None; drivers.len()];
    for _ in 0..300 {
        let (mut wrote, mut until) = (false, Vec::new());
        for (driver, ended) in drivers.iter_mut().zip(&mut ended) {
            if ended.is_some() {
                continue;
            }
            match driver.next(world) {
                Next::Do(step) => {
                    wrote = true;
                    let _ = world.apply(&step.write);
                    world.settle();
                }
                Next::Ask(question) => {
                    driver.hear(&question, driver.gate.clone(), world.now);
                    wrote = true;
                }
                Next::Wait { until: then, .. } => until.extend(then),
                Next::Done(outcome) => *ended = Some(outcome),
            }
        }
        if ended.iter().all(Option::is_some) {
            return ended.into_iter().flatten().collect();
        }
        if let Some(until) = until.into_iter().min().filter(|_| !wrote) {
            world.now = world.now.max(until);
            world.settle();
        }
    }
    panic!("they do not end: {ended:?}");
}

/// The next release finds nothing of 0.1.0's any more, and leaves none.
fn is_forgotten(world: &mut World, what: &str) {
    let mut next = Driver::new("next", Goal::Deploy(deploy("parrot:v3", WEBHOOK)));
    assert_eq!(verdict(&world.follow(&mut next)), ReleaseOutcome::Promoted, "{what}");
    for (kind, name) in
        [(Kind::Ingress, "parrot"), (Kind::Ingress, "parrot-admin"), (Kind::Service, "parrot")]
    {
        for key in PLAIN {
            assert_eq!(annotation(world.get(kind, name), key), None, "{what}: {key} of {name}");
        }
    }
    assert_eq!(annotation(world.get(Kind::Ingress, "parrot"), &names().stamp(RELEASE)), Some("2"));
}

fn rows(row: impl Fn(At, bool, &str)) {
    for at in EVERYWHERE {
        for shared in [false, true] {
            row(at, shared, &format!("{at:?}, shared: {shared}"));
        }
    }
}

#[test]
fn one_that_is_dead_is_taken_over() {
    rows(|at, shared, what| {
        let (mut world, _) = driven(at, shared);
        if shared {
            meanwhile_another(&mut world);
        }
        let (mut new, expected) = next_one(at);
        assert_eq!(verdict(&world.follow(&mut new)), expected, "{what}");
        is_forgotten(&mut world, what);
    });
}

#[test]
fn one_that_lives_goes_on_and_is_followed() {
    rows(|at, shared, what| {
        let (mut world, mut old) = driven(at, shared);
        if shared {
            meanwhile_another(&mut world);
        }
        let (mut new, expected) = match at {
            At::Withdrawing => next_one(at),
            _ => (Driver::new("new", promote()), ReleaseOutcome::Promoted),
        };
        let outcomes = together(&mut world, vec![&mut old, &mut new]);
        let outcomes: Vec<_> = outcomes.iter().map(verdict).collect();
        assert_eq!(outcomes, [expected, expected], "{what}");
        assert_eq!(world.record().epoch, 0, "nobody took it over: {what}");
        is_forgotten(&mut world, what);
    });
}

#[test]
fn one_that_sleeps_is_told_in_its_own_form() {
    rows(|at, shared, what| {
        let (mut world, mut old) = driven(at, shared);
        if shared {
            meanwhile_another(&mut world);
        }
        // What it has in its hands when it falls asleep.
        let late = match old.clone().next(&world) {
            Next::Do(step) => step,
            _ => match world.clone().until(&mut old.clone(), |n| matches!(n, Next::Do(_))) {
                Next::Do(step) => step,
                next => panic!("{what}: {next:?}"),
            },
        };
        let known = world.objects.clone();
        let (mut new, expected) = next_one(at);
        reach(&mut world, &mut new, step!(Action::TakeOver { .. }));
        world.step(&mut new);
        let mut stamped = Vec::new();
        while let Next::Do(step) = new.next(&world) {
            let Action::Stamp { object } = &step.action else { break };
            stamped.push(object.clone());
            world.apply(&step.write).unwrap();
            world.settle();
        }
        let names: Vec<_> = stamped.iter().map(ToString::to_string).collect();
        let shared = ["Ingress parrot", "Ingress parrot-admin", "Service parrot"];
        assert!(shared.iter().all(|object| names.iter().any(|n| n == object)), "{names:?}");
        assert!(world.apply(&late.write).is_err(), "{what}: {late:?} arrived");
        // A watch brings one of them; those of the others and of the record lag behind.
        for id in stamped {
            let mut objects = known.clone();
            objects.insert(id.clone(), world.get(id.kind, &id.name).clone());
            let next = old.clone().next_on(objects, world.now);
            assert!(
                matches!(&next, Next::Done(Outcome::TakenOver { .. })),
                "{what}, {id}: {next:?}"
            );
        }
        assert_eq!(verdict(&world.follow(&mut new)), expected, "{what}");
        assert!(matches!(old.next(&world), Next::Done(_)), "{what}");
        is_forgotten(&mut world, what);
    });
}

/// With a write of each in the other's middle: it reads both, and nothing is taken for the other's.
#[test]
fn another_app_of_0_1_0_with_the_same_number_is_none_of_its_business() {
    let (mut world, _) = driven(At::Draining, true);
    let ingress = world.get(Kind::Ingress, "parrot");
    assert_eq!(annotation(ingress, RELEASE), Some("1"));
    let mut other = Driver::of(toucan(), "other", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut other, step!(Action::Switch { .. }));
    // Somebody leads the toucan to its candidate: that is no switch of its release.
    world.edit(Kind::Ingress, "parrot", |ingress| {
        let paths = &mut ingress["spec"]["rules"][0]["http"]["paths"];
        paths[1]["backend"]["service"]["name"] = json!("toucan-green");
    });
    assert!(changed(other.next(&world)).contains("no longer points to toucan"));
}

/// 0.1.0 had put its number on a route, and somebody led that back.
#[test]
fn a_route_that_0_1_0_switched_and_somebody_put_back_is_not_fought() {
    let (mut world, _) = driven(At::BetweenTwoPatches, false);
    world.edit(Kind::Ingress, "parrot", |ingress| {
        let paths = &mut ingress["spec"]["rules"][0]["http"]["paths"];
        paths[0]["backend"]["service"]["name"] = json!("parrot-blue");
    });
    let (mut new, _) = next_one(At::BetweenTwoPatches);
    let Outcome::Changed { what, .. } = world.follow(&mut new) else { panic!("not changed") };
    assert!(what.contains("(parrot) was switched by release 1 and then put back"), "{what}");
}

/// The number of another app's driver of 0.1.0 comes to stand over that of this app's, which somebody
/// of this version has in hand by then.
#[test]
fn what_is_gone_on_with_no_longer_rests_on_the_plain_number() {
    let (mut world, _) = driven(At::BetweenTwoPatches, true);
    let (mut new, _) = next_one(At::BetweenTwoPatches);
    reach(&mut world, &mut new, step!(Action::Switch { .. }));
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["metadata"]["annotations"][RELEASE] = json!("7");
    });
    assert_eq!(verdict(&world.follow(&mut new)), ReleaseOutcome::Promoted);
    assert_eq!(backend_of(&world, "parrot-admin"), "parrot-green");
}

/// Nobody can tell what a record that can't be read is about: what it may go by stays.
#[test]
fn the_plain_keys_stay_for_a_record_that_cannot_be_read() {
    let mut world = taken_in(true);
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["metadata"]["annotations"] =
            json!({"bluegreen/release": "1", "bluegreen/epoch": "3"});
    });
    world.edit(Kind::ConfigMap, "bluegreen-toucan", |map| map["data"]["record"] = json!("?"));
    let mut new = Driver::new("new", Goal::Deploy(deploy(V2, WEBHOOK)));
    assert_eq!(verdict(&world.follow(&mut new)), ReleaseOutcome::Promoted);
    assert_eq!(world.record().epoch, 0);
    let ingress = world.get(Kind::Ingress, "parrot");
    assert_eq!(PLAIN.map(|key| annotation(ingress, key)), [Some("1"), Some("3")]);
}

/// 0.1.0 writes the record that a release of this version stands in: from then on it may have it.
#[test]
fn a_word_of_0_1_0_makes_a_release_one_that_it_may_drive() {
    let mut world = taken_in(false);
    let mut new = Driver::new("new", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut new, asks);
    assert!(world.release().own_stamps);
    world.step(&mut Driver::old("old", promote()));
    assert!(!world.release().own_stamps);
    assert_eq!(verdict(&world.follow(&mut new)), ReleaseOutcome::Promoted);
    is_forgotten(&mut world, "a word");
}
