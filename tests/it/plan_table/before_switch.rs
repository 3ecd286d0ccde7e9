//! From the gate's yes to the old version put away.

use bluegreen::model::{Colour, Kind};
use bluegreen::release::{Action, Confirmed, Gate, Goal, Next, Outcome, ReleaseOutcome, WaitFor};
use serde_json::{Value, json};

use super::{
    action, assert_patch, changed, deploying, done, go, promoted, reach, record_after, step, waits,
    written,
};
use crate::world::World;
use crate::world::article::{V1, V2, backend, initialised};
use crate::world::driver::{Driver, WEBHOOK, deploy, init};

fn switching() -> (World, Driver) {
    deploying(step!(Action::Switch { .. }))
}

/// The route is switched, nothing else yet.
fn switched() -> (World, Driver) {
    let (mut world, mut a) = switching();
    go(&mut world, &mut a);
    (world, a)
}

fn draining() -> (World, Driver) {
    let (mut world, mut a) = switching();
    let next = reach(&mut world, &mut a, |next| {
        matches!(next, Next::Wait { on: WaitFor::Drain { colour: Colour::Blue }, .. })
    });
    assert!(waits(&next));
    (world, a)
}

fn names_service(world: &mut World, service: &str) {
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
            json!(service);
    });
}

#[test]
fn the_switch_is_one_patch_that_tests_what_it_saw_and_bears_the_releases_number() {
    let (world, mut a) = switching();
    let next = a.next(&world);
    assert_eq!(
        *action(&next),
        Action::Switch {
            ingress: "parrot".into(),
            service: "parrot-green".into(),
            was: vec!["parrot".into()],
        }
    );
    assert!(
        written(&next).fresh == bluegreen::release::Fresh::Serving,
        "decided on a look of its own"
    );
    let path = "/spec/rules/0/http/paths/0";
    assert_patch(
        &next,
        &world,
        Kind::Ingress,
        "parrot",
        json!([
            {"op": "test", "path": "/spec/rules/0/host", "value": "parrot.example.com"},
            {"op": "test", "path": format!("{path}/path"), "value": "/"},
            {"op": "test", "path": format!("{path}/backend/service/name"), "value": "parrot"},
            {"op": "replace", "path": format!("{path}/backend/service/name"),
                "value": "parrot-green"},
            {"op": "add", "path": "/metadata/annotations", "value": {}},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1release.parrot", "value": "1"},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1epoch.parrot", "value": "0"},
        ]),
    );
}

#[test]
fn the_second_release_switches_to_the_fixed_service_of_blue() {
    let mut world = promoted();
    let mut b = Driver::new("b", Goal::Deploy(deploy(V1, Gate::Open)));
    let next = reach(&mut world, &mut b, step!(Action::Switch { .. }));
    let Action::Switch { service, .. } = action(&next) else { unreachable!() };
    assert_eq!(service, "parrot-blue");
}

#[test]
fn a_fixed_service_that_selects_something_else_is_not_switched_to() {
    for selects in [json!("parrot"), json!("toucan"), json!(null)] {
        let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
        world.edit(Kind::Service, "parrot-green", |s| s["spec"]["selector"]["app"] = selects);
        assert!(changed(a.next(&world)).contains("selector of Service parrot-green was changed"));
    }
}

#[test]
fn a_route_that_leads_elsewhere_before_the_switch_stops_the_release() {
    let amiss: [fn(&mut World); 5] = [
        |world| names_service(world, "parrot-green"),
        |world| names_service(world, "toucan"),
        |world| world.delete(Kind::Ingress, "parrot"),
        |world| {
            world.edit(Kind::Service, "parrot", |s| {
                s["spec"]["selector"]["app"] = json!("parrot-green");
            });
        },
        // People are where they were, but the callers inside the cluster are not.
        |world| {
            names_service(world, "parrot-blue");
            world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("toucan"));
        },
    ];
    for amiss in amiss {
        let (mut world, mut a) = switching();
        amiss(&mut world);
        let what = changed(a.next(&world));
        assert!(what.contains("no longer points to parrot"), "{what}");
    }
}

#[test]
fn a_route_that_names_the_same_colour_by_another_service_is_left_alone() {
    let (mut world, mut a) = switching();
    names_service(&mut world, "parrot-blue");
    assert!(step!(Action::Switch { .. })(&a.next(&world)));
}

#[test]
fn a_route_that_was_put_back_is_not_switched_again() {
    let (mut world, mut a) = switched();
    names_service(&mut world, "parrot");
    assert!(changed(a.next(&world)).contains("was switched by release 1 and then put back"));
    let (mut world, mut a) = draining();
    names_service(&mut world, "parrot-blue");
    assert!(changed(a.next(&world)).contains("put back"));
    // Also when the number went with it: an Ingress that was deleted and applied anew.
    world.edit(Kind::Ingress, "parrot", |ingress| ingress["metadata"]["annotations"] = json!({}));
    assert!(changed(a.next(&world)).contains("put back"));
}

#[test]
fn a_route_that_was_applied_anew_but_still_resolves_to_the_new_version_is_fine() {
    // The article's manifest names parrot, the live Service, which has followed.
    let (mut world, mut a) = draining();
    names_service(&mut world, "parrot");
    assert!(waits(&a.next(&world)));
}

#[test]
fn the_live_service_follows_right_after_the_switch() {
    let (world, mut a) = switched();
    let next = a.next(&world);
    assert_eq!(
        *action(&next),
        Action::FollowLive { service: "parrot".into(), colour: Colour::Green }
    );
    assert_patch(
        &next,
        &world,
        Kind::Service,
        "parrot",
        json!([{"op": "replace", "path": "/spec/selector/app", "value": "parrot-green"}]),
    );
}

#[test]
fn a_live_service_that_is_gone_or_was_put_back_stops_the_release() {
    let (mut world, mut a) = switched();
    world.delete(Kind::Service, "parrot");
    assert!(changed(a.next(&world)).contains("Service parrot was deleted"));
    let (mut world, mut a) = draining();
    world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("parrot"));
    assert!(changed(a.next(&world)).contains("selector of Service parrot was switched"));
}

#[test]
fn the_drain_is_written_down_and_waited_for() {
    let (mut world, mut a) = switched();
    let next = reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
    let confirmed = Some(Confirmed::Settle);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    let until = record_after(&world, &next).release.unwrap().drain_until;
    assert_eq!((until.unwrap() - world.now).get_seconds(), 30);
    go(&mut world, &mut a);
    for seconds in [0, 1, 28] {
        world.pass(seconds);
        assert_eq!(
            a.next(&world),
            Next::Wait { until, on: WaitFor::Drain { colour: Colour::Blue } }
        );
    }
    world.pass(1);
    assert!(step!(Action::ScaleDown { .. })(&a.next(&world)), "{:?}", a.next(&world));
}

#[test]
fn the_old_version_is_put_away_after_the_drain() {
    let (mut world, mut a) = draining();
    let next = reach(&mut world, &mut a, step!(Action::ScaleDown { .. }));
    assert_eq!(*action(&next), Action::ScaleDown { deployment: "parrot".into() });
    assert!(written(&next).fresh == bluegreen::release::Fresh::Leads);
    let zero = json!([{"op": "add", "path": "/spec/replicas", "value": 0}]);
    assert_patch(&next, &world, Kind::Deployment, "parrot", zero);
}

#[test]
fn the_old_version_stays_while_the_new_one_is_not_fully_there() {
    let (mut world, mut a) = draining();
    // The old one would do no better: else people were sent back to it.
    world.bad_images.extend([V1.to_owned(), V2.to_owned()]);
    world.pass(30);
    world.settle();
    let Next::Wait { until, on } = a.next(&world) else { panic!("{:?}", a.next(&world)) };
    assert!(matches!(on, WaitFor::Ready { colour: Colour::Green, ready: 0, desired: 1, .. }));
    assert_eq!((until.unwrap() - world.now).get_seconds(), 600, "as long as for getting ready");
    world.now = until.unwrap();
    let next = a.next(&world);
    let ending = record_after(&world, &next).release.unwrap().ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    assert!(ending.reason.contains("failed after the switch: 0 of 1 pods"), "{ending:?}");
    go(&mut world, &mut a);
    world.bad_images.clear();
    world.settle();
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!(finished.outcome, ReleaseOutcome::Unhealthy);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn a_new_version_without_endpoints_does_not_replace_the_old_one_for_good() {
    let (mut world, mut a) = draining();
    for slice in ["parrot-green-ends", "parrot-blue-ends"] {
        world.edit(Kind::EndpointSlice, slice, |slice| slice["ports"] = json!([]));
    }
    world.pass(30);
    assert!(waits(&a.next(&world)));
}

#[test]
fn a_new_version_that_crashes_while_the_old_one_drains_is_taken_back_at_once() {
    let (mut world, mut a) = draining();
    world.edit(Kind::Pod, &pod(&world, "parrot-green"), |pod| {
        pod["status"]["containerStatuses"][0] = json!({
            "name": "parrot", "image": V2, "imageID": "", "restartCount": 4, "ready": false,
            "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        });
    });
    let next = a.next(&world);
    let ending = record_after(&world, &next).release.unwrap().ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    assert!(ending.reason.contains("OOMKilled"), "{ending:?}");
}

fn pod(world: &World, deployment: &str) -> String {
    format!("{}-0", world.current_set(deployment))
}

#[test]
fn a_new_version_that_somebody_deletes_or_edits_while_the_old_one_drains_stops_the_release() {
    let (mut world, mut a) = draining();
    world.edit(Kind::Deployment, "parrot-green", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "X"}]);
    });
    assert!(changed(a.next(&world)).contains("is not the one that release 1 sent"));
    world.delete(Kind::Deployment, "parrot-green");
    assert!(changed(a.next(&world)).contains("parrot-green was deleted"));
}

#[test]
fn the_release_is_finished_in_the_record_when_the_old_version_is_put_away() {
    let (mut world, mut a) = draining();
    reach(&mut world, &mut a, step!(Action::ScaleDown { .. }));
    go(&mut world, &mut a);
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::Finish);
    let record = record_after(&world, &next);
    assert_eq!((record.release, record.driver, record.challenge), (None, None, None));
    let finished = record.history.last().unwrap();
    assert_eq!((finished.number, finished.outcome), (1, ReleaseOutcome::Promoted));
    go(&mut world, &mut a);
    assert!(matches!(done(a.next(&world)), Outcome::Finished(f) if f.number == 1));
}

#[test]
fn an_old_version_that_somebody_scaled_to_zero_or_deleted_needs_no_putting_away() {
    let gone: [fn(&mut World); 3] = [
        |world| world.scale("parrot", 0),
        |world| world.delete(Kind::Deployment, "parrot"),
        |world| {
            world.edit(Kind::Deployment, "parrot", |d| {
                d["spec"]["replicas"] = json!(0);
                d["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "X"}]);
            });
        },
    ];
    for gone in gone {
        let (mut world, mut a) = draining();
        gone(&mut world);
        world.settle();
        world.pass(30);
        assert_eq!(*action(&a.next(&world)), Action::Finish);
    }
}

#[test]
fn a_finished_release_is_not_done_twice() {
    let (mut world, mut a) = switching();
    world.follow(&mut a);
    assert_eq!(backend(&world), "parrot-green");
    let revision = world.revision();
    let again = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world);
    assert_eq!(
        done(again),
        Outcome::AlreadyLive { images: vec![V2.to_owned()], differs: Vec::new() }
    );
    assert_eq!(done(Driver::new("i", init()).next(&world)), Outcome::Initialised);
    assert_eq!(world.revision(), revision);
}

#[test]
fn ten_releases_leave_the_ingress_as_it_was_but_for_names_and_two_annotations() {
    let mut world = initialised();
    let original = world.get(Kind::Ingress, "parrot").clone();
    for number in 1..=10 {
        let image = format!("kmharish/parrot-app:v{number}.9");
        let mut driver = Driver::new(&number.to_string(), Goal::Deploy(deploy(&image, WEBHOOK)));
        if number % 3 == 0 {
            driver.gate = bluegreen::release::Answer::Reject("no".into());
        }
        let Outcome::Finished(finished) = world.follow(&mut driver) else { panic!("{number}") };
        let rejected = number % 3 == 0;
        assert_eq!(finished.outcome == ReleaseOutcome::Rejected, rejected, "{number}");
        assert_eq!(world.live_image().as_deref() == Some(image.as_str()), !rejected, "{number}");
        world.pass(60);
    }
    // Seven were promoted, so green is live; releases 3, 6 and 9 moved nothing.
    assert_eq!(backend(&world), "parrot-green");
    assert_eq!(world.record().history.len(), 10);
    let ingress = world.get(Kind::Ingress, "parrot");
    assert_eq!(
        ingress["metadata"]["annotations"],
        json!({"bluegreen/release.parrot": "10", "bluegreen/epoch.parrot": "0"})
    );
    assert_eq!(stripped(ingress), stripped(&original));
}

fn stripped(ingress: &Value) -> Value {
    let mut ingress = ingress.clone();
    ingress["metadata"] = json!({"labels": ingress["metadata"]["labels"]});
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("?");
    ingress
}
