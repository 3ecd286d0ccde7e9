//! A candidate that goes: before the switch, after it, and in the slot of an older version.

use bluegreen::model::{Colour, Kind, Write};
use bluegreen::release::{Action, Deploy, Goal, Next, Outcome, ReleaseOutcome, WaitFor};
use serde_json::json;

use super::{
    action, asks, assert_patch, changed, deploying, go, promoted, reach, record_after, step, waits,
    written,
};
use crate::world::World;
use crate::world::article::{V1, V2, backend};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy};

const V3: &str = "kmharish/parrot-app:v3.0";

/// Nobody drives; somebody aborts, up to the look whose next step is this.
fn aborting(mut world: World, wanted: impl Fn(&Next) -> bool) -> (World, Driver) {
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    reach(&mut world, &mut x, wanted);
    (world, x)
}

/// The route is switched, and the live Service; the old version drains.
fn drained() -> World {
    let (world, _) = deploying(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    world
}

/// The same, with the old version at 0 already.
fn put_away() -> World {
    let (mut world, mut a) = deploying(step!(Action::ScaleDown { .. }));
    go(&mut world, &mut a);
    world
}

/// A third version waits in blue, where the first one was left at 0.
fn in_an_old_slot() -> World {
    let mut world = promoted();
    let mut b = Driver::new("b", Goal::Deploy(deploy(V3, WEBHOOK)));
    reach(&mut world, &mut b, asks);
    world
}

#[test]
fn a_slot_that_the_release_made_is_deleted_as_it_was_seen() {
    let (world, _) = deploying(asks);
    let (world, mut x) = aborting(world, step!(Action::Destroy { .. }));
    let next = x.next(&world);
    assert!(written(&next).fresh == bluegreen::release::Fresh::Serving);
    let Write::Delete { id, at } = &written(&next).write else { panic!("{next:?}") };
    assert_eq!(id.to_string(), "Deployment parrot-green");
    assert_eq!(*at, world.version(Kind::Deployment, "parrot-green"));
}

#[test]
fn a_slot_that_was_there_before_gets_its_template_back_at_zero() {
    let (world, mut x) = aborting(in_an_old_slot(), step!(Action::Restore { .. }));
    let next = x.next(&world);
    assert!(written(&next).fresh == bluegreen::release::Fresh::Serving);
    let mut template = promoted().get(Kind::Deployment, "parrot")["spec"]["template"].clone();
    assert_eq!(template["spec"]["containers"][0]["image"], V1);
    template["metadata"]["labels"] = json!({"app": "parrot"});
    let at = "/metadata/annotations/bluegreen~1";
    assert_patch(
        &next,
        &world,
        Kind::Deployment,
        "parrot",
        json!([
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/spec/replicas", "value": 0},
            {"op": "remove", "path": format!("{at}release")},
            {"op": "remove", "path": format!("{at}template-hash")},
        ]),
    );
    let mut after = world.clone();
    assert!(matches!(after.follow(&mut x), Outcome::Finished(_)));
    let slot = after.get(Kind::Deployment, "parrot");
    let before = promoted();
    let before = before.get(Kind::Deployment, "parrot");
    assert_eq!(slot["spec"], before["spec"]);
    assert_eq!(after.live_image().as_deref(), Some(V2));
}

#[test]
fn a_slot_that_bluegreen_wrote_before_gets_its_number_and_hash_back() {
    let mut world = promoted();
    world.follow(&mut Driver::new("b", Goal::Deploy(deploy(V3, WEBHOOK))));
    let before = world.get(Kind::Deployment, "parrot-green").clone();
    let mut c = Driver::new("c", Goal::Deploy(deploy("parrot-app:v4", WEBHOOK)));
    reach(&mut world, &mut c, asks);
    let (mut world, mut x) = aborting(world, step!(Action::Restore { .. }));
    world.follow(&mut x);
    let after = world.get(Kind::Deployment, "parrot-green");
    assert_eq!(after["spec"], before["spec"]);
    for key in ["bluegreen/release", "bluegreen/template-hash"] {
        assert_eq!(after["metadata"]["annotations"][key], before["metadata"]["annotations"][key]);
    }
    assert_eq!(world.live_image().as_deref(), Some(V3));
}

#[test]
fn a_template_that_can_not_be_found_again_does_not_pass_for_the_one_that_is_left() {
    let mut world = promoted();
    world.follow(&mut Driver::new("b", Goal::Deploy(deploy(V3, WEBHOOK))));
    let set = world.current_set("parrot-green");
    let mut c = Driver::new("c", Goal::Deploy(deploy("parrot-app:v4", WEBHOOK)));
    reach(&mut world, &mut c, asks);
    world.delete(Kind::ReplicaSet, &set);
    let (mut world, mut x) = aborting(world, step!(Action::Restore { .. }));
    world.follow(&mut x);
    let slot = world.get(Kind::Deployment, "parrot-green");
    assert_eq!(world.replicas("parrot-green"), 0);
    assert_eq!(world.image("parrot-green"), "parrot-app:v4");
    assert!(slot["metadata"]["annotations"]["bluegreen/template-hash"].is_null(), "{slot}");
}

#[test]
fn annotations_that_somebody_took_away_do_not_stop_the_restoring() {
    let mut world = in_an_old_slot();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["metadata"]["annotations"].as_object_mut().unwrap().remove("bluegreen/template-hash");
    });
    let (mut world, mut x) = aborting(world, step!(Action::Restore { .. }));
    assert!(matches!(world.follow(&mut x), Outcome::Finished(_)));
}

#[test]
fn a_candidate_that_somebody_made_his_own_is_not_deleted() {
    let (mut world, _) = deploying(asks);
    world.edit(Kind::Deployment, "parrot-green", |d| d["metadata"]["labels"] = json!({}));
    let (world, mut x) = aborting(world, |next| matches!(next, Next::Done(_)));
    assert!(changed(x.next(&world)).contains("parrot-green no longer belongs to bluegreen"));
}

#[test]
fn after_the_switch_people_go_back_first_by_the_fixed_service() {
    let (world, mut x) = aborting(drained(), step!(Action::SwitchBack { .. }));
    let next = x.next(&world);
    assert_eq!(
        *action(&next),
        Action::SwitchBack { ingress: "parrot".into(), service: "parrot-blue".into() }
    );
    assert!(written(&next).fresh == bluegreen::release::Fresh::Serving);
    let path = "/spec/rules/0/http/paths/0";
    assert_patch(
        &next,
        &world,
        Kind::Ingress,
        "parrot",
        json!([
            {"op": "test", "path": "/spec/rules/0/host", "value": "parrot.example.com"},
            {"op": "test", "path": format!("{path}/path"), "value": "/"},
            {"op": "test", "path": format!("{path}/backend/service/name"), "value": "parrot-green"},
            {"op": "replace", "path": format!("{path}/backend/service/name"),
                "value": "parrot-blue"},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1release.parrot", "value": "1"},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1epoch.parrot", "value": "0"},
        ]),
    );
}

#[test]
fn then_the_live_service_then_a_drain_and_only_then_the_candidate_goes() {
    let (mut world, mut x) = aborting(drained(), step!(Action::SwitchBack { .. }));
    go(&mut world, &mut x);
    let next = x.next(&world);
    assert_eq!(
        *action(&next),
        Action::FollowLive { service: "parrot".into(), colour: Colour::Blue }
    );
    go(&mut world, &mut x);
    let next = x.next(&world);
    // The 10 s that the ingress controller may need, and the drain.
    assert_eq!(*action(&next), Action::StartDrain { seconds: 40, confirmed: None });
    let until = record_after(&world, &next).release.unwrap().drain_back_until;
    assert_eq!((until.unwrap() - world.now).get_seconds(), 40);
    go(&mut world, &mut x);
    let on = WaitFor::Drain { colour: Colour::Green };
    assert_eq!(x.next(&world), Next::Wait { until, on });
    world.pass(39);
    assert!(waits(&x.next(&world)));
    world.pass(1);
    assert!(step!(Action::Destroy { .. })(&x.next(&world)));
    let Outcome::Finished(finished) = world.follow(&mut x) else { panic!("not finished") };
    assert_eq!(
        (finished.outcome, finished.reason.as_str()),
        (ReleaseOutcome::Aborted, "not today")
    );
    assert_eq!((backend(&world), world.live_image().as_deref()), ("parrot-blue", Some(V1)));
    assert!(world.find(Kind::Deployment, "parrot-green").is_none());
}

#[test]
fn a_route_that_was_switched_and_nothing_else_goes_back_as_well() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    go(&mut world, &mut a);
    let (mut world, mut x) = aborting(world, step!(Action::SwitchBack { .. }));
    go(&mut world, &mut x);
    assert!(step!(Action::StartDrain { .. })(&x.next(&world)), "the Service never left");
}

#[test]
fn an_old_version_that_was_put_away_comes_back_before_the_people_do() {
    let (mut world, mut x) = aborting(put_away(), step!(Action::Resize { .. }));
    let next = x.next(&world);
    let one = json!([{"op": "add", "path": "/spec/replicas", "value": 1}]);
    assert_patch(&next, &world, Kind::Deployment, "parrot", one);
    world.step(&mut x);
    let Next::Wait { until, on } = x.next(&world) else { panic!("{:?}", x.next(&world)) };
    assert!(matches!(on, WaitFor::Ready { colour: Colour::Blue, desired: 1, .. }), "{on:?}");
    assert_eq!((until.unwrap() - world.now).get_seconds(), 600);
    world.settle();
    assert!(step!(Action::SwitchBack { .. })(&x.next(&world)));
    world.follow(&mut x);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn a_withdrawal_that_is_taken_up_hours_later_gives_the_old_version_its_time() {
    let (mut world, _) = aborting(put_away(), step!(Action::Resize { .. }));
    world.edit_record(|record| record.driver = None);
    world.pass(2 * 3600);
    let mut again = Driver::new("y", abort());
    reach(&mut world, &mut again, step!(Action::Resize { .. }));
    world.step(&mut again);
    assert!(waits(&again.next(&world)), "{:?}", again.next(&world));
}

#[test]
fn it_comes_back_at_the_size_of_the_one_that_serves() {
    let mut world = put_away();
    world.scale("parrot-green", 5);
    world.settle();
    let (world, mut x) = aborting(world, step!(Action::Resize { .. }));
    let next = x.next(&world);
    assert_eq!(*action(&next), Action::Resize { deployment: "parrot".into(), replicas: 5 });
}

#[test]
fn without_an_old_version_that_can_serve_nobody_is_sent_there() {
    let mut world = drained();
    world.delete(Kind::Deployment, "parrot");
    let (world, mut x) = aborting(world, |next| matches!(next, Next::Done(_)));
    assert!(changed(x.next(&world)).contains("parrot, the version to go back to, was deleted"));

    let mut world = drained();
    world.bad_images.push(V1.to_owned());
    world.settle();
    let (world, mut x) = aborting(world, |next| matches!(next, Next::Done(_)));
    assert!(changed(x.next(&world)).contains("did not become ready: 0 of 1 pods are"));
    assert_eq!(backend(&world), "parrot-green");
}

#[test]
fn a_fixed_service_that_selects_something_else_is_not_gone_back_to() {
    let mut world = drained();
    world.edit(Kind::Service, "parrot-blue", |s| s["spec"]["selector"]["app"] = json!("toucan"));
    let (world, mut x) = aborting(world, |next| matches!(next, Next::Done(_)));
    assert!(changed(x.next(&world)).contains("selector of Service parrot-blue was changed"));
}

#[test]
fn a_route_that_somebody_put_back_already_needs_no_switching_back() {
    let mut world = drained();
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
            json!("parrot-blue");
    });
    let (mut world, mut x) = aborting(world, step!(Action::FollowLive { .. }));
    assert!(matches!(world.follow(&mut x), Outcome::Finished(_)));
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn a_rejected_release_frees_the_way_for_the_next() {
    let (mut world, mut a) = deploying(asks);
    a.gate = bluegreen::release::Answer::Reject("no".into());
    assert!(matches!(world.follow(&mut a), Outcome::Finished(_)));
    let record = world.record();
    assert_eq!((record.release, record.driver, record.challenge), (None, None, None));
    let finished = record.history.last().unwrap();
    assert_eq!(finished.outcome, ReleaseOutcome::Rejected);
    let mut again = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
    assert!(matches!(world.follow(&mut again), Outcome::Finished(f) if f.number == 2));
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn a_release_whose_driver_died_while_it_withdrew_is_withdrawn_by_the_same_deploy() {
    let (mut world, mut a) = deploying(asks);
    a.gate = bluegreen::release::Answer::Reject("no".into());
    reach(&mut world, &mut a, step!(Action::Destroy { .. }));
    world.edit_record(|record| record.driver = None);
    let mut b = Driver::new("b", Goal::Deploy(Deploy { ..deploy(V2, WEBHOOK) }));
    let Outcome::Finished(finished) = world.follow(&mut b) else { panic!("not finished") };
    assert_eq!((finished.number, finished.outcome), (1, ReleaseOutcome::Rejected));
}
