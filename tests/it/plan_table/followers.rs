//! Services that select the live pods beside the live one: they follow it, and go back with it.

use bluegreen::model::Kind;
use bluegreen::release::{Action, Goal, Outcome, ReleaseOutcome};
use serde_json::json;

use super::{action, changed, go, reach, step, unfit};
use crate::world::World;
use crate::world::article::{V2, initialised, service};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, rollback};

fn with_inner() -> World {
    let mut world = initialised();
    let mut inner = service();
    inner["metadata"]["name"] = json!("inner");
    world.add(inner);
    world
}

fn leads(world: &World) -> [&str; 2] {
    ["parrot", "inner"].map(|name| {
        world.get(Kind::Service, name)["spec"]["selector"]["app"].as_str().unwrap_or_default()
    })
}

fn driver() -> Driver {
    Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)))
}

#[test]
fn they_follow_after_the_live_service_and_before_the_switch_is_written_down() {
    let mut world = with_inner();
    let mut a = driver();
    reach(&mut world, &mut a, step!(Action::FollowLive { .. }));
    go(&mut world, &mut a);
    assert_eq!(leads(&world), ["parrot-green", "parrot"]);
    let next = reach(&mut world, &mut a, step!(Action::FollowLive { .. }));
    let Action::FollowLive { service, .. } = action(&next) else { panic!("{next:?}") };
    assert_eq!(service, "inner");
    reach(&mut world, &mut a, step!(Action::MarkSwitched));
    assert_eq!(leads(&world), ["parrot-green"; 2]);
    world.follow(&mut a);
    let outcome = world.follow(&mut Driver::new("b", rollback()));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    assert_eq!(leads(&world), ["parrot"; 2]);
}

#[test]
fn an_abort_brings_them_back() {
    for both in [false, true] {
        let mut world = with_inner();
        let mut a = driver();
        reach(&mut world, &mut a, step!(Action::FollowLive { .. }));
        go(&mut world, &mut a);
        if both {
            go(&mut world, &mut a);
        }
        let outcome = world.follow(&mut Driver::new("b", abort()));
        assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Aborted));
        assert_eq!(leads(&world), ["parrot"; 2]);
    }
}

/// The new version serves, and somebody applies a manifest of the Service again.
fn put_back(keep_old: bool) -> (World, Driver) {
    let mut world = with_inner();
    let mut deploy = deploy(V2, WEBHOOK);
    deploy.settings.keep_old = Some(keep_old);
    let mut a = Driver::new("a", Goal::Deploy(deploy));
    reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
    world.edit(Kind::Service, "inner", |s| s["spec"]["selector"]["app"] = json!("parrot"));
    (world, a)
}

#[test]
fn one_that_is_put_back_is_not_fought_and_keeps_the_old_version() {
    let (mut world, mut a) = put_back(false);
    let what = changed(a.next(&world));
    assert!(what.contains("Service inner points to parrot, which release 1 replaced"), "{what}");
    assert_eq!(leads(&world), ["parrot-green", "parrot"]);
    // Brought in line by hand, it holds nobody up any more.
    world.edit(Kind::Service, "inner", |s| s["spec"]["selector"]["app"] = json!("parrot-green"));
    let outcome = world.follow(&mut a);
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
}

#[test]
fn one_that_leads_to_a_version_that_is_kept_is_in_the_way_of_the_next_release() {
    let (mut world, mut a) = put_back(true);
    let outcome = world.follow(&mut a);
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    let next =
        Driver::new("b", Goal::Deploy(deploy("kmharish/parrot-app:v3", WEBHOOK))).next(&world);
    assert!(unfit(next)[0].contains("selector of Service inner matches the app's pods"));
}
