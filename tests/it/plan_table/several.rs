//! An app that several Ingresses name: one patch each, and the middle between the first and the last.

use bluegreen::model::{Id, Kind};
use bluegreen::release::status::{self, Status};
use bluegreen::release::{
    Action, Answer, Deploy, Gate, Goal, Next, Outcome, Phase, ReleaseOutcome, WaitFor,
};
use serde_json::json;

use super::{
    action, changed, deploying, done, go, reach, record_after, step, unfit, unprepared, waits,
};
use crate::world::World;
use crate::world::article::{V1, V2, backend_of, second, with_two_ingresses};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, promote, set};

const V3: &str = "kmharish/parrot-app:v3.0";

fn backends(world: &World) -> [&str; 2] {
    ["parrot", "parrot-admin"].map(|ingress| backend_of(world, ingress))
}

fn names_service(world: &mut World, ingress: &str, service: &str) {
    world.edit(Kind::Ingress, ingress, |ingress| {
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
            json!(service);
    });
}

fn switching() -> (World, Driver) {
    let mut world = with_two_ingresses();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    (world, a)
}

/// The first is switched, the second is not.
fn in_the_middle() -> (World, Driver) {
    let (mut world, mut a) = switching();
    go(&mut world, &mut a);
    assert_eq!(backends(&world), ["parrot-green", "parrot"]);
    (world, a)
}

/// The same with nobody at work.
fn left_in_the_middle() -> World {
    let (mut world, _) = in_the_middle();
    world.edit_record(|record| record.driver = None);
    world
}

fn both_switched() -> (World, Driver) {
    let (mut world, mut a) = in_the_middle();
    go(&mut world, &mut a);
    (world, a)
}

fn finished(outcome: Outcome) -> (ReleaseOutcome, String) {
    match outcome {
        Outcome::Finished(finished) => (finished.outcome, finished.reason),
        outcome => panic!("not finished: {outcome:?}"),
    }
}

fn status(world: &World) -> Status {
    status::of(&Driver::new("s", Goal::Watch).look(world), world.now)
}

#[test]
fn each_is_switched_by_a_patch_of_its_own_in_the_order_of_their_names() {
    let (mut world, mut a) = switching();
    for ingress in ["parrot", "parrot-admin"] {
        let next = a.next(&world);
        let (service, was) = ("parrot-green".into(), vec!["parrot".into()]);
        assert_eq!(*action(&next), Action::Switch { ingress: ingress.into(), service, was });
        go(&mut world, &mut a);
    }
    assert!(step!(Action::FollowLive { .. })(&a.next(&world)));
    assert_eq!(finished(world.follow(&mut a)).0, ReleaseOutcome::Promoted);
    assert_eq!(backends(&world), ["parrot-green", "parrot-green"]);
    assert_eq!(world.serving(), ["parrot-green"]);
}

#[test]
fn the_middle_is_a_switch_for_whoever_asks() {
    let (world, _) = in_the_middle();
    let status = status(&world);
    assert_eq!(status.release.unwrap().phase, Phase::Switching);
    let problem = status.problem.unwrap();
    assert!(problem.contains("(parrot, parrot-admin) do not all point to one"), "{problem}");
}

#[test]
fn whoever_goes_on_asks_no_gate_and_knows_no_deadline() {
    let no = || Answer::Reject("410".to_owned());
    let goals: [Goal; 3] = [
        Goal::Deploy(deploy(V2, WEBHOOK)),
        Goal::Deploy(Deploy { detach: true, ..deploy(V2, Gate::Person) }),
        promote(),
    ];
    for goal in goals {
        let mut world = left_in_the_middle();
        world.edit_record(|record| {
            record.release.as_mut().unwrap().deadline =
                Some("2026-01-01T00:00:01Z".parse().unwrap());
        });
        world.pass(3600);
        let mut b = Driver::asking("b", goal.clone(), no());
        reach(&mut world, &mut b, step!(Action::Switch { .. }));
        assert_eq!(finished(world.follow(&mut b)).0, ReleaseOutcome::Promoted, "{goal:?}");
        assert_eq!(backends(&world), ["parrot-green", "parrot-green"]);
    }
}

#[test]
fn who_takes_over_in_the_middle_stamps_both_and_goes_on() {
    let (mut world, mut a) = in_the_middle();
    let mut b = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut b, step!(Action::TakeOver { .. }));
    go(&mut world, &mut b);
    reach(&mut world, &mut b, step!(Action::Switch { .. }));
    for ingress in ["parrot", "parrot-admin"] {
        let annotations = &world.get(Kind::Ingress, ingress)["metadata"]["annotations"];
        assert_eq!(annotations["bluegreen/epoch.parrot"], "1", "{ingress}");
    }
    assert!(matches!(done(a.next(&world)), Outcome::TakenOver { .. }));
    assert_eq!(finished(world.follow(&mut b)).0, ReleaseOutcome::Promoted);
}

#[test]
fn an_abort_in_the_middle_puts_back_the_one_that_was_switched() {
    let mut world = left_in_the_middle();
    let untouched = world.get(Kind::Ingress, "parrot-admin").clone();
    let mut x = Driver::new("x", abort());
    let next = reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
    let (ingress, service) = ("parrot".into(), "parrot-blue".into());
    assert_eq!(*action(&next), Action::SwitchBack { ingress, service });
    go(&mut world, &mut x);
    assert!(step!(Action::StartDrain { .. })(&x.next(&world)), "people were on the candidate");
    assert_eq!(finished(world.follow(&mut x)).0, ReleaseOutcome::Aborted);
    assert_eq!(*world.get(Kind::Ingress, "parrot-admin"), untouched);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn an_abort_after_the_switch_puts_both_back_before_the_live_service() {
    let (mut world, mut a) = both_switched();
    go(&mut world, &mut a);
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    for wanted in ["parrot", "parrot-admin"] {
        let next = reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
        assert!(matches!(action(&next), Action::SwitchBack { ingress, .. } if ingress == wanted));
        go(&mut world, &mut x);
    }
    assert!(step!(Action::FollowLive { .. })(&x.next(&world)));
    assert_eq!(finished(world.follow(&mut x)).0, ReleaseOutcome::Aborted);
    assert_eq!(backends(&world), ["parrot-blue", "parrot-blue"]);
}

#[test]
fn another_version_that_replaces_it_in_the_middle_puts_people_back_first() {
    let mut world = left_in_the_middle();
    let goal = Goal::Deploy(Deploy { replace: true, ..deploy(V3, WEBHOOK) });
    let mut b = Driver::new("b", goal);
    reach(&mut world, &mut b, step!(Action::SwitchBack { .. }));
    assert_eq!(finished(world.follow(&mut b)).0, ReleaseOutcome::Promoted);
    assert_eq!(world.live_image().as_deref(), Some(V3));
}

#[test]
fn a_candidate_that_is_not_ready_in_the_middle_is_waited_for_and_settles_again() {
    let (mut world, mut a) = in_the_middle();
    // Nor would the old version do better: else people were sent back to it.
    for slice in ["parrot-green-ends", "parrot-blue-ends"] {
        world.edit(Kind::EndpointSlice, slice, |slice| slice["endpoints"] = json!([]));
    }
    assert!(step!(Action::MarkUnready)(&a.next(&world)));
    world.step(&mut a);
    let ready = |next: &Next| matches!(next, Next::Wait { on: WaitFor::Ready { .. }, .. });
    assert!(ready(&a.next(&world)), "{:?}", a.next(&world));
    world.run_controller(crate::world::controllers::Controller::Endpoints);
    reach(&mut world, &mut a, |next| matches!(next, Next::Wait { on: WaitFor::Settle { .. }, .. }));
    assert_eq!(finished(world.follow(&mut a)).0, ReleaseOutcome::Promoted);
}

#[test]
fn a_candidate_that_goes_bad_in_the_middle_goes() {
    let (mut world, mut a) = in_the_middle();
    world.bad_images.push(V2.to_owned());
    world.settle();
    let (verdict, _) = finished(world.follow(&mut a));
    assert_eq!(verdict, ReleaseOutcome::Unhealthy);
    assert_eq!(backends(&world), ["parrot-blue", "parrot"]);
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn one_that_is_refused_takes_those_before_it_back() {
    let (mut world, mut a) = in_the_middle();
    let refused = Id::new(Kind::Ingress, "parrot-admin");
    a.memory.refused.insert(refused, "admission webhook: no".to_owned());
    let ending = record_after(&world, &a.next(&world)).release.unwrap().ending.unwrap();
    let reason = "the API server refuses to switch Ingress parrot-admin: admission webhook: no; \
                  put back: Ingress parrot";
    assert_eq!((ending.outcome, ending.reason.as_str()), (ReleaseOutcome::Unhealthy, reason));
    let untouched = world.get(Kind::Ingress, "parrot-admin").clone();
    assert_eq!(finished(world.follow(&mut a)), (ReleaseOutcome::Unhealthy, reason.to_owned()));
    assert_eq!(*world.get(Kind::Ingress, "parrot-admin"), untouched);
    assert_eq!(backends(&world), ["parrot-blue", "parrot"]);
}

/// Nobody has met the candidate: it waits until the refusal is gone.
#[test]
fn the_first_or_only_one_that_is_refused_keeps_the_candidate() {
    for (mut world, mut a) in [switching(), deploying(step!(Action::Switch { .. }))] {
        a.memory.refused.insert(Id::new(Kind::Ingress, "parrot"), "no".to_owned());
        let next = a.next(&world);
        assert_eq!(changed(next), "the API server refuses to switch Ingress parrot: no");
        assert!(world.release().ending.is_none());
        a.memory.refused.clear();
        let (verdict, _) = finished(world.follow(&mut a));
        assert_eq!(verdict, ReleaseOutcome::Promoted);
        assert_eq!(world.live_image().as_deref(), Some(V2));
    }
}

#[test]
fn one_that_is_not_let_back_keeps_nobody_else_from_going_back() {
    let (mut world, mut a) = both_switched();
    world.step(&mut Driver::new("x", abort()));
    reach(&mut world, &mut a, step!(Action::SwitchBack { .. }));
    a.memory.refused.insert(Id::new(Kind::Ingress, "parrot"), "change freeze".to_owned());
    let what = changed(reach(&mut world, &mut a, |n| matches!(n, Next::Done(_))));
    assert_eq!(what, "the API server refuses to switch Ingress parrot back: change freeze");
    assert_eq!(backends(&world), ["parrot-green", "parrot-blue"]);
    assert!(world.release().ending.is_some(), "whoever comes next goes on");
    a.memory.refused.clear();
    let (outcome, _) = finished(world.follow(&mut a));
    assert_eq!(
        (outcome, backends(&world)),
        (ReleaseOutcome::Aborted, ["parrot-blue", "parrot-blue"])
    );
}

#[test]
fn two_that_are_not_let_back_are_not_tried_for_ever() {
    let (mut world, mut a) = both_switched();
    world.step(&mut Driver::new("x", abort()));
    reach(&mut world, &mut a, step!(Action::SwitchBack { .. }));
    for name in ["parrot", "parrot-admin"] {
        a.memory.refused.insert(Id::new(Kind::Ingress, name), "change freeze".to_owned());
    }
    let what = changed(reach(&mut world, &mut a, |n| matches!(n, Next::Done(_))));
    assert_eq!(what, "the API server refuses to switch Ingress parrot back: change freeze");
    assert_eq!(backends(&world), ["parrot-green", "parrot-green"]);
}

#[test]
fn what_somebody_put_back_is_not_switched_again_and_is_named() {
    let (mut world, mut a) = in_the_middle();
    names_service(&mut world, "parrot", "parrot");
    let what = changed(a.next(&world));
    assert_eq!(what, "the Ingress (parrot) was switched by release 1 and then put back");

    for service in ["parrot-blue", "parrot"] {
        let (mut world, mut a) = both_switched();
        names_service(&mut world, "parrot-admin", service);
        let what = changed(a.next(&world));
        assert_eq!(what, "the Ingress (parrot-admin) was switched by release 1 and then put back");
    }

    // In the drain the live Service has followed: only the other colour is a way back.
    let (mut world, mut a) = both_switched();
    reach(&mut world, &mut a, waits);
    names_service(&mut world, "parrot-admin", "parrot");
    assert!(waits(&a.next(&world)), "{:?}", a.next(&world));
    names_service(&mut world, "parrot-admin", "parrot-blue");
    assert!(changed(a.next(&world)).contains("(parrot-admin) was switched by release 1"));
}

#[test]
fn what_somebody_sent_elsewhere_before_its_turn_stops_the_switch() {
    let (mut world, mut a) = switching();
    names_service(&mut world, "parrot-admin", "parrot-green");
    let what = changed(a.next(&world));
    assert!(what.starts_with("Ingress parrot-admin no longer points to parrot,"), "{what}");

    let mut third = second();
    third["metadata"]["name"] = json!("parrot-third");
    let (mut world, mut a) = in_the_middle();
    world.add(third);
    names_service(&mut world, "parrot-third", "parrot-green");
    let what = changed(a.next(&world));
    assert!(what.starts_with("Ingress parrot-third no longer points to parrot,"), "{what}");

    // Where all of them lead to the new version there is nothing left to switch.
    let (mut world, mut a) = in_the_middle();
    names_service(&mut world, "parrot-admin", "parrot-green");
    assert!(step!(Action::FollowLive { .. })(&a.next(&world)));
}

#[test]
fn an_ingress_that_comes_while_the_candidate_waits_is_switched_as_well() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    world.add(second());
    assert_eq!(finished(world.follow(&mut a)).0, ReleaseOutcome::Promoted);
    assert_eq!(backends(&world), ["parrot-green", "parrot-green"]);
}

#[test]
fn an_ingress_that_comes_and_does_not_fit_stops_before_anything_is_switched() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    let mut other = second();
    other["spec"]["ingressClassName"] = json!("inner");
    world.add(other);
    assert!(unfit(a.next(&world))[0].contains("different classes"));

    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    for service in ["parrot", "parrot-blue", "parrot-green", "parrot-preview"] {
        world.edit(Kind::Service, service, |s| {
            let more = json!({"name": "admin", "port": 81, "targetPort": 3000, "protocol": "TCP"});
            s["spec"]["ports"].as_array_mut().unwrap().push(more);
        });
    }
    world.settle();
    let mut other = second();
    other["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
        json!({"number": 81});
    world.add(other);
    let next = reach(&mut world, &mut a, |next| matches!(next, Next::Done(_)));
    assert!(unprepared(next)[0].contains("parrot-preview no longer names the app"));
    assert_eq!(backend_of(&world, "parrot"), "parrot");
}

#[test]
fn our_ingress_names_the_ports_of_both() {
    let mut world = crate::world::article::applied();
    let mut other = second();
    other["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
        json!({"name": "http"});
    world.add(other);
    let world = crate::world::article::initialised_from(world);
    let ours = world.get(Kind::Ingress, "parrot-preview");
    let paths = ours["spec"]["rules"][0]["http"]["paths"].as_array().unwrap();
    let ports = |service: &str| -> Vec<_> {
        let of = paths.iter().filter(|path| path["backend"]["service"]["name"] == service);
        of.map(|path| path["backend"]["service"]["port"].clone()).collect()
    };
    assert_eq!(ports("parrot-green"), [json!({"name": "http"}), json!({"number": 80})]);
}

#[test]
fn both_again_in_the_next_release_and_back_by_a_rollback() {
    let mut world = with_two_ingresses();
    for (n, (image, colour)) in [(V2, "parrot-green"), (V3, "parrot-blue")].into_iter().enumerate()
    {
        let quick = set(deploy(image, Gate::Open), |settings| settings.drain_seconds = Some(0));
        let mut a = Driver::new(&n.to_string(), Goal::Deploy(quick));
        assert_eq!(finished(world.follow(&mut a)).0, ReleaseOutcome::Promoted);
        assert_eq!(backends(&world), [colour, colour]);
    }
    let mut back = Driver::new("back", crate::world::driver::rollback());
    assert_eq!(finished(world.follow(&mut back)).0, ReleaseOutcome::Promoted);
    assert_eq!(backends(&world), ["parrot-green", "parrot-green"]);
    assert_eq!(world.live_image().as_deref(), Some(V2));
}
