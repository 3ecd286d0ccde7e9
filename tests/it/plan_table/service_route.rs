//! The live Service as the app's route: its selector is what is switched, by the rules for any route.

use bluegreen::model::{Colour, Id, Kind};
use bluegreen::release::plan::Fresh;
use bluegreen::release::status;
use bluegreen::release::{
    Action, Confirmed, Declared, Deploy, Finished, Goal, Init, NOT_ASKED, Next, Outcome,
    ReleaseOutcome, WaitFor,
};
use bluegreen::route::RouteKind;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    action, asks, assert_patch, changed, done, go, reach, record_after, step, unfit, waits, written,
};
use crate::world::article::{
    V1, V2, by_service, deployment, ingress, initialised, own_service, without_ingress,
};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init, promote, rollback};
use crate::world::{Refused, World};

fn by(route: RouteKind) -> Goal {
    Goal::Init(Init { route: Some(route), ..Init::default() })
}

fn driver() -> Driver {
    Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)))
}

fn deploying(wanted: impl Fn(&Next) -> bool) -> (World, Driver) {
    let (mut world, mut a) = (by_service(without_ingress()), driver());
    reach(&mut world, &mut a, wanted);
    (world, a)
}

/// Switched, and written down; the controllers have done their part.
fn switched() -> (World, Driver) {
    let (mut world, mut a) = deploying(step!(Action::MarkSwitched));
    go(&mut world, &mut a);
    (world, a)
}

fn led(world: &World) -> &str {
    world.get(Kind::Service, "parrot")["spec"]["selector"]["app"].as_str().unwrap_or_default()
}

fn finished(outcome: Outcome) -> Finished {
    match outcome {
        Outcome::Finished(finished) => *finished,
        outcome => panic!("not finished: {outcome:?}"),
    }
}

fn arrival(next: &Next) -> (Confirmed, Option<&str>) {
    match next {
        Next::Wait { on: WaitFor::Arrival { by, why, .. }, .. } => (*by, why.as_deref()),
        next => panic!("no wait for the switch: {next:?}"),
    }
}

#[test]
fn without_a_word_an_app_that_no_ingress_names_is_refused_and_told_the_flag() {
    let reasons = unfit(Driver::new("i", init()).next(&without_ingress()));
    assert!(reasons[0].contains("init parrot --route service"), "{reasons:?}");
    let mut world = initialised();
    world.delete(Kind::Ingress, "parrot");
    let reasons = unfit(Driver::new("i", init()).next(&world));
    assert!(reasons[0].contains("init parrot --route service"), "{reasons:?}");
}

#[test]
fn init_records_the_route_and_makes_no_ingress() {
    let mut world = by_service(without_ingress());
    assert_eq!(world.record().route, RouteKind::Service);
    assert!(world.find(Kind::Ingress, "parrot-preview").is_none());
    for fixed in ["parrot-blue", "parrot-green", "parrot-preview"] {
        assert_eq!(world.get(Kind::Service, fixed)["spec"]["ports"][0]["name"], "grpc");
    }
    // What is recorded stays.
    let before = world.revision();
    assert_eq!(world.follow(&mut Driver::new("i", init())), Outcome::Initialised);
    assert_eq!(world.revision(), before);
}

#[test]
fn a_record_of_an_app_with_an_ingress_is_as_it_was() {
    let world = initialised();
    assert_eq!(world.record().route, RouteKind::Ingress);
    let text = world.record().text();
    assert!(!text.contains("route"), "{text}");
}

#[test]
fn an_ingress_that_names_the_app_is_in_the_way() {
    let mut with_ingress = without_ingress();
    with_ingress.add(ingress());
    let reasons = unfit(Driver::new("i", by(RouteKind::Service)).next(&with_ingress));
    assert!(reasons.iter().any(|it| it.contains("Ingress parrot names the app")), "{reasons:?}");
    // One that comes later keeps a release from beginning, and from being switched.
    let mut world = by_service(without_ingress());
    world.add(ingress());
    let reasons = unfit(driver().next(&world));
    assert!(reasons.iter().any(|it| it.contains("Ingress parrot names the app")), "{reasons:?}");
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    world.add(ingress());
    let reasons = unfit(a.next(&world));
    assert!(reasons.iter().any(|it| it.contains("Ingress parrot names the app")), "{reasons:?}");
    assert_eq!(led(&world), "parrot");
}

#[test]
fn an_ingress_of_ours_that_is_left_has_to_go_first() {
    let mut world = initialised();
    world.delete(Kind::Ingress, "parrot");
    let reasons = unfit(Driver::new("i", by(RouteKind::Service)).next(&world));
    assert!(reasons.iter().any(|it| it.contains("kubectl delete ingress parrot-preview")));
    world.delete(Kind::Ingress, "parrot-preview");
    let world = by_service(world);
    assert_eq!(world.record().route, RouteKind::Service);
}

#[test]
fn the_route_stays_while_a_release_is_in_progress() {
    let (world, _) = deploying(asks);
    let reasons = unfit(Driver::new("i", by(RouteKind::Ingress)).next(&world));
    assert!(reasons.iter().any(|it| it.contains("release 1 is in progress")), "{reasons:?}");
}

#[test]
fn a_file_that_says_another_route_is_refused() {
    let expected = Declared { route: Some(RouteKind::Ingress), ..Declared::default() };
    let goal = Goal::Deploy(Deploy { expected, ..deploy(V2, WEBHOOK) });
    let reasons = unfit(Driver::new("a", goal).next(&by_service(without_ingress())));
    assert!(reasons[0].contains("init parrot --route ingress"), "{reasons:?}");
    let expected = Declared { ingress: Some("parrot".to_owned()), ..Declared::default() };
    let goal = Goal::Deploy(Deploy { expected, ..deploy(V2, WEBHOOK) });
    let reasons = unfit(Driver::new("a", goal).next(&by_service(without_ingress())));
    assert!(reasons[0].contains("Service parrot is the app's route"), "{reasons:?}");
}

#[test]
fn which_service_it_is_can_be_told() {
    for (names, wanted) in [(&["aviary", "parrot"][..], "parrot"), (&["nest", "aviary"], "aviary")]
    {
        let mut world = World::new();
        world.add(deployment());
        names.iter().for_each(|name| world.add(own_service(name)));
        world.settle();
        assert_eq!(by_service(world).record().service, wanted);
    }
    let mut world = World::new();
    world.add(deployment());
    let reasons = unfit(Driver::new("i", by(RouteKind::Service)).next(&world));
    assert!(reasons[0].contains("no Service selects the pods"), "{reasons:?}");
    let external = json!({"type": "ExternalName", "externalName": "aviary.example.com"});
    world.add(json!({"kind": "Service", "metadata": {"name": "parrot"}, "spec": external}));
    let reasons = unfit(Driver::new("i", by(RouteKind::Service)).next(&world));
    assert!(reasons[0].contains("of type ExternalName"), "{reasons:?}");
}

#[test]
fn the_switch_is_one_patch_of_the_selector_that_tests_what_it_saw() {
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    let next = a.next(&world);
    let expected = Action::SwitchService { service: "parrot".into(), colour: Colour::Green };
    assert_eq!(*action(&next), expected);
    assert!(written(&next).fresh == Fresh::Serving);
    let annotations = &world.get(Kind::Service, "parrot")["metadata"]["annotations"];
    assert!(annotations.is_null(), "{annotations}");
    assert_patch(
        &next,
        &world,
        Kind::Service,
        "parrot",
        json!([
            {"op": "test", "path": "/spec/selector/app", "value": "parrot"},
            {"op": "replace", "path": "/spec/selector/app", "value": "parrot-green"},
            {"op": "add", "path": "/metadata/annotations", "value": {}},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1release.parrot", "value": "1"},
            {"op": "add", "path": "/metadata/annotations/bluegreen~1epoch.parrot", "value": "0"},
        ]),
    );
    go(&mut world, &mut a);
    // Nothing else has to follow.
    assert_eq!(*action(&a.next(&world)), Action::MarkSwitched);
}

#[test]
fn it_waits_until_endpoint_slices_name_the_new_pods_alone_and_then_for_the_nodes() {
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    // Whoever writes EndpointSlices has not come to it yet.
    world.step(&mut a);
    world.step(&mut a);
    for seconds in [0, 60] {
        world.pass(seconds);
        let next = a.next(&world);
        let (by, why) = arrival(&next);
        assert_eq!(by, Confirmed::Endpoints);
        let why = why.expect("it says which");
        assert!(why.starts_with("an EndpointSlice of Service parrot still names "), "{why}");
    }
    world.settle();
    let next = a.next(&world);
    assert_eq!(*action(&next), Action::MarkReached { only: true });
    assert_eq!(record_after(&world, &next).release.unwrap().reached, Some(world.now));
    world.step(&mut a);
    assert_eq!(arrival(&a.next(&world)), (Confirmed::Endpoints, None));
    world.pass(14);
    assert_eq!(arrival(&a.next(&world)), (Confirmed::Endpoints, None));
    world.pass(1);
    let next = a.next(&world);
    let confirmed = Some(Confirmed::Endpoints);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 30, confirmed });
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!(release.unconfirmed.as_deref(), Some(NOT_ASKED));
}

#[test]
fn who_takes_over_goes_by_the_time_that_is_written_down() {
    let (mut world, mut a) = switched();
    world.step(&mut a);
    world.edit_record(|record| record.driver = None);
    world.pass(15);
    let mut b = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
    let next = reach(&mut world, &mut b, step!(Action::StartDrain { .. }));
    let reached = record_after(&world, &next).release.unwrap().reached.unwrap();
    assert_eq!(reached + SignedDuration::from_secs(15), world.now);
}

#[test]
fn an_old_pod_that_comes_back_begins_the_time_anew() {
    let (mut world, mut a) = switched();
    world.step(&mut a);
    let stays = world.get(Kind::EndpointSlice, "parrot-blue-ends")["endpoints"][0].clone();
    world.edit(Kind::EndpointSlice, "parrot-ends", |slice| {
        slice["endpoints"].as_array_mut().unwrap().push(stays);
    });
    world.pass(60);
    assert_eq!(*action(&a.next(&world)), Action::MarkReached { only: false });
    world.step(&mut a);
    assert!(waits(&a.next(&world)));
    assert_eq!(world.release().reached, None);
    world.edit(Kind::EndpointSlice, "parrot-ends", |slice| {
        slice["endpoints"].as_array_mut().unwrap().pop();
    });
    assert_eq!(*action(&a.next(&world)), Action::MarkReached { only: true });
}

#[test]
fn slices_that_nobody_writes_stop_it_with_both_versions_kept() {
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    world.step(&mut a);
    world.step(&mut a);
    world.pass(600);
    let Outcome::Changed { what, .. } = done(a.next(&world)) else { panic!("it goes on") };
    assert!(what.contains("did not take effect within 600 s"), "{what}");
    assert_eq!((world.replicas("parrot"), world.replicas("parrot-green")), (1, 1));
}

#[test]
fn its_time_and_the_drain_are_settings() {
    let mut fast = deploy(V2, WEBHOOK);
    (fast.settings.settle_seconds, fast.settings.drain_seconds) = (Some(0), Some(2));
    let (mut world, mut a) = (by_service(without_ingress()), Driver::new("a", Goal::Deploy(fast)));
    let next = reach(&mut world, &mut a, step!(Action::StartDrain { .. }));
    assert_eq!(world.release().reached, Some(world.now));
    let confirmed = Some(Confirmed::Endpoints);
    assert_eq!(*action(&next), Action::StartDrain { seconds: 2, confirmed });
}

#[test]
fn other_services_follow_and_are_waited_for_too() {
    let mut world = without_ingress();
    world.add(own_service("inner"));
    world.settle();
    let (mut world, mut a) = (by_service(world), driver());
    let next = reach(&mut world, &mut a, step!(Action::FollowLive { .. }));
    let Action::FollowLive { service, .. } = action(&next) else { panic!("{next:?}") };
    assert_eq!((service.as_str(), led(&world)), ("inner", "parrot-green"));
    world.step(&mut a);
    world.step(&mut a);
    let next = a.next(&world);
    let (_, why) = arrival(&next);
    assert!(why.is_some_and(|why| why.contains("Service inner still names")), "{next:?}");
    world.settle();
    assert_eq!(finished(world.follow(&mut a)).outcome, ReleaseOutcome::Promoted);
}

#[test]
fn a_release_to_its_end_and_back_again() {
    let (mut world, mut a) = (by_service(without_ingress()), driver());
    let first = finished(world.follow(&mut a));
    assert_eq!(
        (first.outcome, first.confirmed),
        (ReleaseOutcome::Promoted, Some(Confirmed::Endpoints))
    );
    assert_eq!((led(&world), world.replicas("parrot")), ("parrot-green", 0));
    world.pass(3600);
    let back = finished(world.follow(&mut Driver::new("b", rollback())));
    assert!(back.rollback && back.outcome == ReleaseOutcome::Promoted);
    assert_eq!((led(&world), world.replicas("parrot-green")), ("parrot", 0));
    assert_eq!(world.live_image().as_deref(), Some(V1));
    assert!(world.all(Kind::Ingress).is_empty());
}

#[test]
fn an_abort_in_each_phase_leaves_the_old_version() {
    let phases: [fn(&Next) -> bool; 7] = [
        step!(Action::MakeCandidate { .. }),
        asks,
        step!(Action::SwitchService { .. }),
        step!(Action::MarkSwitched),
        step!(Action::MarkReached { .. }),
        step!(Action::StartDrain { .. }),
        |next| matches!(next, Next::Wait { on: WaitFor::Drain { .. }, .. }),
    ];
    for (nth, phase) in phases.into_iter().enumerate() {
        let (mut world, mut a) = deploying(phase);
        if nth < 6 && nth != 1 {
            go(&mut world, &mut a);
        }
        let outcome = finished(world.follow(&mut Driver::new("x", abort())));
        assert_eq!(outcome.outcome, ReleaseOutcome::Aborted, "{nth}");
        assert_eq!((led(&world), world.replicas("parrot")), ("parrot", 1), "{nth}");
        assert!(world.find(Kind::Deployment, "parrot-green").is_none(), "{nth}");
    }
}

#[test]
fn the_way_back_waits_for_the_endpoints_before_the_candidate_goes() {
    let (mut world, _) = deploying(|n| matches!(n, Next::Wait { on: WaitFor::Drain { .. }, .. }));
    let mut x = Driver::new("x", abort());
    let next = reach(&mut world, &mut x, step!(Action::SwitchServiceBack { .. }));
    let expected = Action::SwitchServiceBack { service: "parrot".into(), colour: Colour::Blue };
    assert_eq!(*action(&next), expected);
    assert!(written(&next).fresh == Fresh::Serving);
    world.step(&mut x);
    let next = x.next(&world);
    let (by, why) = arrival(&next);
    assert!(
        by == Confirmed::Endpoints
            && why.is_some_and(|it| it.contains("still names parrot-green-"))
    );
    world.settle();
    let next = reach(&mut world, &mut x, step!(Action::StartDrain { .. }));
    // What a node may be late by, and then what is under way.
    assert_eq!(*action(&next), Action::StartDrain { seconds: 45, confirmed: None });
    assert_eq!(finished(world.follow(&mut x)).outcome, ReleaseOutcome::Aborted);
}

#[test]
fn a_switch_of_a_driver_that_was_taken_over_no_longer_applies() {
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    let late = written(&a.next(&world)).write.clone();
    let mut x = Driver::new("x", abort());
    let parrot = Id::new(Kind::Service, "parrot");
    reach(&mut world, &mut x, |next| matches!(next, Next::Do(step) if *step.write.id() == parrot));
    world.step(&mut x);
    assert_eq!(
        world.get(Kind::Service, "parrot")["metadata"]["annotations"]["bluegreen/epoch.parrot"],
        "1"
    );
    assert_eq!(world.apply(&late), Err(Refused::Conflict));
    world.settle();
    finished(world.follow(&mut x));
    assert_eq!(led(&world), "parrot");
}

#[test]
fn who_puts_the_selector_back_is_not_fought() {
    for mark in [false, true] {
        let (mut world, mut a) = deploying(step!(Action::MarkSwitched));
        if mark {
            go(&mut world, &mut a);
        }
        world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("parrot"));
        world.settle();
        let before = world.revision();
        let what = changed(a.next(&world));
        assert_eq!(
            what,
            "the selector of Service parrot was switched by release 1 and then put back"
        );
        assert_eq!(world.revision(), before);
    }
    let (mut world, mut a) = deploying(asks);
    world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("toucan"));
    assert!(changed(a.next(&world)).starts_with("Service parrot no longer points to parrot"));
}

#[test]
fn a_candidate_that_is_not_ready_is_never_switched_to() {
    let (mut world, mut a) = deploying(step!(Action::SwitchService { .. }));
    world.bad_images.push(V2.to_owned());
    world.settle();
    assert!(!step!(Action::SwitchService { .. })(&a.next(&world)));
    assert_eq!(led(&world), "parrot");
}

#[test]
fn a_person_may_approve_it() {
    let mut world = by_service(without_ingress());
    let mut detached = deploy(V2, WEBHOOK);
    (detached.detach, detached.gate) = (true, bluegreen::release::Gate::Person);
    world.follow(&mut Driver::new("a", Goal::Deploy(detached)));
    assert_eq!(led(&world), "parrot");
    let outcome = finished(world.follow(&mut Driver::new("p", promote())));
    assert_eq!((outcome.outcome, led(&world)), (ReleaseOutcome::Promoted, "parrot-green"));
}

#[test]
fn status_shows_the_service_as_the_route() {
    let (mut world, mut a) = (by_service(without_ingress()), driver());
    let shown = |world: &World, a: &mut Driver| {
        serde_json::to_value(status::of(&a.look(world), world.now)).unwrap()
    };
    let status = shown(&world, &mut a);
    assert_eq!(status["route"], json!([{"kind": "Service", "name": "parrot", "hosts": []}]));
    assert_eq!((&status["healthy"], &status["live"]["colour"]), (&json!(true), &json!("blue")));
    world.follow(&mut a);
    assert_eq!(shown(&world, &mut a)["live"]["colour"], "green");
    world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("toucan"));
    let status = shown(&world, &mut a);
    assert_eq!(status["problem"], "Service parrot does not point to one colour");
    world.delete(Kind::Service, "parrot");
    let status = shown(&world, &mut a);
    assert_eq!(status["problem"], "there is no Service parrot, which is the app's route");
}
