//! Two apps in one Ingress: whatever stands there of one says nothing of the other.

use bluegreen::model::{EPOCH, Kind, RELEASE};
use bluegreen::release::{
    Action, Deploy, Gate, Goal, Names, Next, Outcome, ReleaseOutcome, Settings, WaitFor,
};
use serde_json::{Value, json};

use super::{asks, done, reach, step};
use crate::world::World;
use crate::world::article::{V1, V2, backend_for, names, second, toucan, two_applied, two_apps};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init, promote, rollback};

fn deploying(app: &Names, id: &str) -> Driver {
    Driver::of(app.clone(), id, Goal::Deploy(deploy(V2, WEBHOOK)))
}

fn backends(world: &World) -> [&str; 2] {
    let ingress = world.get(Kind::Ingress, "parrot");
    [backend_for(&names(), ingress), backend_for(&toucan(), ingress)]
}

fn annotations(world: &World) -> &Value {
    &world.get(Kind::Ingress, "parrot")["metadata"]["annotations"]
}

fn verdict(outcome: Outcome) -> (u64, ReleaseOutcome) {
    match outcome {
        Outcome::Finished(finished) => (finished.number, finished.outcome),
        outcome => panic!("not finished: {outcome:?}"),
    }
}

/// The parrot's release up to the look whose next step this is, beside the toucan.
fn beside(wanted: impl Fn(&Next) -> bool) -> (World, Driver) {
    let mut world = two_apps();
    let mut a = deploying(&names(), "a");
    reach(&mut world, &mut a, wanted);
    (world, a)
}

#[test]
fn one_after_the_other_both_have_a_release_of_the_same_number() {
    let mut world = two_apps();
    for app in [names(), toucan()] {
        let mut driver = deploying(&app, &app.app);
        assert_eq!(verdict(world.follow(&mut driver)), (1, ReleaseOutcome::Promoted));
    }
    assert_eq!(backends(&world), ["parrot-green", "toucan-green"]);
    let expected = json!({
        "bluegreen/release.parrot": "1", "bluegreen/epoch.parrot": "0",
        "bluegreen/release.toucan": "1", "bluegreen/epoch.toucan": "0",
    });
    assert_eq!(*annotations(&world), expected);
}

/// Every pause and every step of one release, with a whole release of the other in it.
#[test]
fn whatever_one_waits_for_a_release_of_the_other_with_the_same_number_does_not_end_it() {
    type Wanted = fn(&Next) -> bool;
    let moments: [(&str, Wanted); 8] = [
        ("starting", |n| matches!(n, Next::Wait { on: WaitFor::Ready { .. }, .. })),
        ("at the gate", asks),
        ("settling", |n| matches!(n, Next::Wait { on: WaitFor::Settle { .. }, .. })),
        ("before the switch", step!(Action::Switch { .. })),
        ("after it", step!(Action::FollowLive { .. })),
        ("confirming", |n| matches!(n, Next::Wait { on: WaitFor::Arrival { .. }, .. })),
        ("draining", |n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. })),
        ("before the put-away", step!(Action::ScaleDown { .. })),
    ];
    for (when, wanted) in moments {
        let (mut world, mut a) = match when {
            "starting" => {
                let (mut world, mut a) = beside(step!(Action::MakeCandidate { .. }));
                world.step(&mut a);
                (world, a)
            }
            _ => beside(wanted),
        };
        let mut b = deploying(&toucan(), "b");
        assert_eq!(verdict(world.follow(&mut b)), (1, ReleaseOutcome::Promoted), "{when}");
        assert_eq!(verdict(world.follow(&mut a)), (1, ReleaseOutcome::Promoted), "{when}");
        assert_eq!(backends(&world), ["parrot-green", "toucan-green"], "{when}");
    }
}

#[test]
fn a_waiting_candidate_is_promoted_after_the_others_release_of_the_same_number() {
    let mut world = two_apps();
    let detached = Deploy { detach: true, ..deploy(V2, Gate::Person) };
    let mut a = Driver::new("a", Goal::Deploy(detached));
    assert!(matches!(world.follow(&mut a), Outcome::Detached { .. }));
    assert_eq!(verdict(world.follow(&mut deploying(&toucan(), "b"))).1, ReleaseOutcome::Promoted);
    let promoted = world.follow(&mut Driver::new("p", promote()));
    assert_eq!(verdict(promoted), (1, ReleaseOutcome::Promoted));
}

#[test]
fn an_abort_after_the_switch_leads_one_back_and_leaves_the_other() {
    let (mut world, _) = beside(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    let mut b = deploying(&toucan(), "b");
    reach(&mut world, &mut b, |n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    reach(&mut world, &mut x, |n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    assert_eq!(backends(&world), ["parrot-blue", "toucan-green"]);
    assert_eq!(verdict(world.follow(&mut b)), (1, ReleaseOutcome::Promoted));
    assert_eq!(verdict(world.follow(&mut x)), (1, ReleaseOutcome::Aborted));
    assert_eq!(backends(&world), ["parrot-blue", "toucan-green"]);
    let images = [names(), toucan()].map(|app| world.live_image_of(&app).unwrap());
    assert_eq!(images, [V1, V2]);
}

#[test]
fn a_takeover_of_one_tells_the_others_driver_nothing() {
    let (mut world, mut a) = beside(asks);
    let mut b = deploying(&toucan(), "b");
    reach(&mut world, &mut b, |n| matches!(n, Next::Wait { on: WaitFor::Arrival { .. }, .. }));
    let mut c = deploying(&toucan(), "c");
    reach(&mut world, &mut c, step!(Action::TakeOver { .. }));
    world.step(&mut c);
    while step!(Action::Stamp { .. })(&c.next(&world)) {
        super::go(&mut world, &mut c);
    }
    assert_eq!(annotations(&world)["bluegreen/epoch.toucan"], "1");
    assert_eq!(annotations(&world)["bluegreen/epoch.parrot"], Value::Null);
    assert_eq!(annotations(&world)["bluegreen/epoch"], Value::Null, "nobody reads that here");
    assert!(matches!(done(b.next(&world)), Outcome::TakenOver { .. }));
    assert_eq!(verdict(world.follow(&mut a)), (1, ReleaseOutcome::Promoted));
    assert_eq!(verdict(world.follow(&mut c)), (1, ReleaseOutcome::Promoted));
    assert_eq!((world.record().epoch, world.record_of(&toucan()).epoch), (0, 1));
}

#[test]
fn a_rollback_of_one_leaves_the_other() {
    let mut world = two_apps();
    for app in [names(), toucan()] {
        world.follow(&mut deploying(&app, &app.app));
    }
    let back = world.follow(&mut Driver::of(toucan(), "r", rollback()));
    assert_eq!(verdict(back), (2, ReleaseOutcome::Promoted));
    assert_eq!(backends(&world), ["parrot-green", "toucan-blue"]);
    let settings = Settings::default();
    let again = Goal::Rollback { release: None, to: None, settings };
    assert_eq!(verdict(world.follow(&mut Driver::new("s", again))), (2, ReleaseOutcome::Promoted));
    assert_eq!(backends(&world), ["parrot-blue", "toucan-blue"]);
}

#[test]
fn a_route_of_one_that_is_put_back_stops_it_alone() {
    let (mut world, mut a) = beside(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    let mut b = deploying(&toucan(), "b");
    reach(&mut world, &mut b, |n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world.edit(Kind::Ingress, "parrot", |ingress| {
        let paths = &mut ingress["spec"]["rules"][0]["http"]["paths"];
        paths[0]["backend"]["service"]["name"] = json!("parrot-blue");
    });
    let what = super::changed(a.next(&world));
    assert!(what.contains("(parrot) was switched by release 1 and then put back"), "{what}");
    assert_eq!(verdict(world.follow(&mut b)), (1, ReleaseOutcome::Promoted));
}

/// One that its record has lost goes on where it was, whatever numbers the others have.
#[test]
fn a_record_that_is_made_again_has_its_own_numbers() {
    let mut world = two_apps();
    for version in ["v2", "v3", "v4"] {
        let goal = Goal::Deploy(deploy(&format!("toucan:{version}"), WEBHOOK));
        world.follow(&mut Driver::of(toucan(), version, goal));
    }
    world.edit_record_of(&toucan(), |record| record.epoch = 5);
    let goal = Goal::Deploy(deploy("toucan:v5", WEBHOOK));
    world.follow(&mut Driver::of(toucan(), "e", goal));
    world.follow(&mut deploying(&names(), "a"));
    world.delete(Kind::ConfigMap, "bluegreen-parrot");
    // An epoch and a number of 0.1.0's, and whose they are nobody can tell.
    world.edit(Kind::Ingress, "parrot", |ingress| {
        for key in [RELEASE, EPOCH] {
            ingress["metadata"]["annotations"][key] = json!("9");
        }
    });
    assert_eq!(world.follow(&mut Driver::new("init", init())), Outcome::Initialised);
    assert_eq!((world.record().number, world.record().epoch), (1, 0));
    assert_eq!(
        verdict(world.follow(&mut Driver::new("d", Goal::Deploy(deploy("parrot:v3", WEBHOOK))))).0,
        2
    );
}

/// In the middle of a switch of two Ingresses, one of which is another app's, too.
#[test]
fn who_goes_on_between_two_patches_finds_its_own_number() {
    let mut world = two_applied();
    world.add(second());
    let mut world = crate::world::article::initialised_from(world);
    assert_eq!(world.follow(&mut Driver::of(toucan(), "init", init())), Outcome::Initialised);
    let mut a = deploying(&names(), "a");
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    world.step(&mut a);
    assert_eq!(
        verdict(world.follow(&mut deploying(&toucan(), "b"))),
        (1, ReleaseOutcome::Promoted)
    );
    world.edit_record(|record| record.driver = None);
    let mut p = Driver::new("p", promote());
    assert_eq!(verdict(world.follow(&mut p)), (1, ReleaseOutcome::Promoted));
    assert_eq!(backends(&world), ["parrot-green", "toucan-green"]);
}

#[test]
fn a_service_that_both_follow_bears_both_epochs() {
    let (mut world, _) = beside(asks);
    world.edit(Kind::Service, "parrot", |s| {
        s["metadata"]["annotations"] = json!({"bluegreen/epoch.toucan": "8"});
    });
    let mut c = deploying(&names(), "c");
    reach(&mut world, &mut c, step!(Action::TakeOver { .. }));
    world.step(&mut c);
    assert_eq!(world.record().epoch, 1, "the other's is no epoch of its");
    assert_eq!(verdict(world.follow(&mut c)), (1, ReleaseOutcome::Promoted));
    let annotations = &world.get(Kind::Service, "parrot")["metadata"]["annotations"];
    assert_eq!(*annotations, json!({"bluegreen/epoch.parrot": "1", "bluegreen/epoch.toucan": "8"}));
}
