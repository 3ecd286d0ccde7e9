//! The phases that `status` tells, read off record and routes.

use bluegreen::release::{Action, Gate, Goal, Next, Phase, WaitFor};

use super::{asks, deploying, go, reach, step};
use crate::world::World;
use crate::world::article::{V2, initialised};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote, set};

fn phase(world: &World) -> Phase {
    let snapshot = Driver::new("s", promote()).look(world);
    let (_, record) = snapshot.record.as_ref().unwrap();
    snapshot.phase(record, record.release.as_ref().unwrap())
}

#[test]
fn each_phase_is_told_by_what_is_there() {
    let (world, _) = deploying(step!(Action::MakeCandidate { .. }));
    assert_eq!(phase(&world), Phase::Starting);
    let (mut world, mut a) = deploying(asks);
    assert_eq!(phase(&world), Phase::Waiting);
    world.step(&mut Driver::new("p", promote()));
    assert_eq!(phase(&world), Phase::Switching);
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    assert_eq!(phase(&world), Phase::Switching);
    go(&mut world, &mut a);
    assert_eq!(phase(&world), Phase::Confirming, "the route alone says so");
    reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
    assert_eq!(phase(&world), Phase::Confirming);
    reach(&mut world, &mut a, step!(Action::Finish));
    assert_eq!(phase(&world), Phase::Draining);
}

#[test]
fn a_release_that_bakes_says_so() {
    let mut world = initialised();
    let baking = set(deploy(V2, WEBHOOK), |settings| settings.bake_seconds = Some(600));
    let mut a = Driver::new("a", Goal::Deploy(baking));
    reach(&mut world, &mut a, |n| matches!(n, Next::Wait { on: WaitFor::Bake { .. }, .. }));
    assert_eq!(phase(&world), Phase::Baking);
}

#[test]
fn without_a_gate_nobody_is_waited_for() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    assert_eq!(phase(&world), Phase::Starting, "it is not written down yet");
    go(&mut world, &mut a);
    assert_eq!(phase(&world), Phase::Switching);
}

#[test]
fn a_switch_that_was_taken_back_drains_too() {
    let (mut world, mut a) =
        deploying(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world.step(&mut Driver::new("x", abort()));
    reach(&mut world, &mut a, step!(Action::Destroy { .. }));
    assert_eq!(phase(&world), Phase::Draining);
}

/// It did not write down how a switch was confirmed.
#[test]
fn a_drain_that_an_older_version_began_is_one() {
    let (mut world, _) = deploying(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world.edit_record(|record| {
        let release = record.release.as_mut().unwrap();
        (release.switched, release.confirmed, release.arrived) = (None, None, None);
    });
    assert_eq!(phase(&world), Phase::Draining);
}

#[test]
fn a_phase_is_as_old_as_itself_not_as_its_release() {
    let since = |world: &World| {
        let snapshot = Driver::new("s", promote()).look(world);
        let (_, record) = snapshot.record.as_ref().unwrap();
        let release = record.release.as_ref().unwrap();
        (world.now - snapshot.phase(record, release).since(release)).get_seconds()
    };
    let (mut world, mut a) = deploying(asks);
    world.pass(100);
    assert_eq!(since(&world), 100);
    world.step(&mut Driver::new("p", promote()));
    assert_eq!(since(&world), 0, "switching");
    world.pass(7);
    reach(&mut world, &mut a, step!(Action::MarkSwitched));
    go(&mut world, &mut a);
    assert_eq!(since(&world), 0, "confirming");
    reach(&mut world, &mut a, |n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world.pass(3);
    assert_eq!(since(&world), 3, "draining");
    world.step(&mut Driver::new("x", abort()));
    assert_eq!(since(&world), 0, "on its way out");
}
