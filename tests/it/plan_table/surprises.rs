//! What somebody else does to the app before, under or after a release, and what comes of it.

use bluegreen::model::{EPOCH, Kind, RELEASE};
use bluegreen::release::plan::plan;
use bluegreen::release::{
    Action, AnswerKind, Change, Deploy, Gate, Goal, Next, Outcome, ReleaseOutcome,
};
use serde_json::{Value, json};

use super::{
    action, changed, deploying, done, go, promoted, reach, step, unfit, unprepared, waits, written,
};
use crate::world::World;
use crate::world::article::{V2, backend, initialised, names, service};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init, promote, set};

const V3: &str = "kmharish/parrot-app:v3.0";

/// Runs `init` to its end.
fn init_again(world: &mut World) {
    let outcome = world.follow(&mut Driver::new("init", init()));
    assert_eq!(outcome, Outcome::Initialised);
}

fn from_file(world: &World, change: impl FnOnce(&mut Value)) -> Goal {
    let mut template = world.get(Kind::Deployment, "parrot")["spec"]["template"].clone();
    template["spec"]["containers"][0]["image"] = json!(V3);
    change(&mut template);
    let gate = Gate::Open;
    Goal::Deploy(Deploy { change: Change::Template(template), ..deploy(V3, gate) })
}

#[test]
fn a_record_that_is_made_again_goes_on_with_the_numbers_that_the_objects_bear() {
    let mut world = promoted();
    let key = names().stamp(EPOCH);
    world.edit(Kind::Ingress, "parrot", |i| i["metadata"]["annotations"][key] = json!("4"));
    world.delete(Kind::ConfigMap, "bluegreen-parrot");
    init_again(&mut world);
    let record = world.record();
    assert_eq!((record.number, record.epoch), (1, 4));
    assert_eq!(record.service, "parrot");
    // The next release gets its own number, and back.
    let mut a = Driver::new("a", Goal::Deploy(deploy(V3, WEBHOOK)));
    let Outcome::Finished(finished) = world.follow(&mut a) else { panic!("not finished") };
    assert_eq!((finished.number, finished.outcome), (2, ReleaseOutcome::Promoted));
    assert_eq!(world.live_image().as_deref(), Some(V3));
}

#[test]
fn an_abort_after_a_lost_record_ends() {
    let mut world = promoted();
    world.delete(Kind::ConfigMap, "bluegreen-parrot");
    init_again(&mut world);
    let mut a = Driver::new("a", Goal::Deploy(Deploy { detach: true, ..deploy(V3, Gate::Person) }));
    assert!(matches!(world.follow(&mut a), Outcome::Detached { .. }));
    let outcome = world.follow(&mut Driver::new("b", abort()));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Aborted));
    assert_eq!(world.live_image().as_deref(), Some(V2));
}

#[test]
fn init_brings_its_services_in_line_with_the_live_one() {
    let mut world = initialised();
    world.edit(Kind::Service, "parrot", |s| s["spec"]["ports"][0]["port"] = json!(8080));
    let mut driver = Driver::new("init", init());
    let next = reach(&mut world, &mut driver, step!(Action::AlignPorts { .. }));
    assert_eq!(*action(&next), Action::AlignPorts { service: "parrot-blue".into() });
    init_again(&mut world);
    for service in ["parrot-blue", "parrot-green", "parrot-preview"] {
        assert_eq!(world.get(Kind::Service, service)["spec"]["ports"][0]["port"], 8080);
    }
    assert!(matches!(Driver::new("again", init()).next(&world), Next::Done(Outcome::Initialised)));
}

#[test]
fn a_port_that_only_the_live_service_has_is_refused_before_a_release() {
    let mut world = initialised();
    world.edit(Kind::Service, "parrot", |s| s["spec"]["ports"][0]["port"] = json!(8080));
    world.edit(Kind::Ingress, "parrot", |i| {
        i["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"]["number"] =
            json!(8080);
    });
    let next = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world);
    assert!(
        unprepared(next).join("\n").contains("port 8080, which Service parrot-blue does not have")
    );
}

#[test]
fn a_port_that_goes_while_the_candidate_waits_stops_the_switch() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    world.edit(Kind::Service, "parrot-green", |s| s["spec"]["ports"][0]["port"] = json!(8080));
    assert!(changed(a.next(&world)).contains("port 80, which Service parrot-green does not have"));
}

#[test]
fn endpoints_without_the_port_that_the_ingress_names_are_none() {
    let (mut world, mut a) = deploying(step!(Action::Switch { .. }));
    let slices = world.all(Kind::EndpointSlice);
    let slice = slices
        .iter()
        .find(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "parrot-green");
    let name = slice.unwrap()["metadata"]["name"].as_str().unwrap().to_owned();
    world.edit(Kind::EndpointSlice, &name, |slice| {
        slice["ports"] = json!([{"name": "metrics", "port": 9090}]);
    });
    assert!(!step!(Action::Switch { .. })(&a.next(&world)));
}

#[test]
fn a_label_that_somebody_elses_service_selects_keeps_the_template_out() {
    let mut world = initialised();
    let mut all = service();
    all["metadata"]["name"] = json!("web-all");
    all["spec"]["selector"] = json!({"role": "web"});
    world.add(all);
    let goal = from_file(&world, |t| t["metadata"]["labels"]["role"] = json!("web"));
    let reason = unfit(Driver::new("a", goal).next(&world)).join("\n");
    assert!(reason.contains("the selector of Service web-all"), "{reason}");
}

#[test]
fn a_service_that_would_catch_the_candidate_is_seen_before_it_is_made() {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    let mut all = service();
    all["metadata"]["name"] = json!("web-all");
    all["spec"]["selector"] = json!({"app": "parrot-green"});
    world.add(all);
    assert!(unfit(a.next(&world)).join("\n").contains("the selector of Service web-all"));
}

#[test]
fn a_template_without_a_label_that_the_service_selects_by_is_refused() {
    let mut world = initialised();
    for service in ["parrot", "parrot-blue", "parrot-green", "parrot-preview"] {
        world.edit(Kind::Service, service, |s| s["spec"]["selector"]["tier"] = json!("web"));
    }
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["metadata"]["labels"]["tier"] = json!("web");
    });
    world.settle();
    let goal = from_file(&world, |template| {
        template["metadata"]["labels"].as_object_mut().unwrap().remove("tier");
    });
    let Outcome::Misfit { why } = done(Driver::new("a", goal).next(&world)) else {
        panic!("not refused")
    };
    assert!(why.contains("lacks a label that Service parrot selects by"), "{why}");
}

#[test]
fn a_template_with_words_for_metadata_is_refused() {
    let world = initialised();
    let goal = from_file(&world, |template| template["metadata"] = json!("foo"));
    assert!(matches!(done(Driver::new("a", goal).next(&world)), Outcome::Misfit { .. }));
}

#[test]
fn promote_sees_that_the_live_version_was_edited() {
    let mut world = initialised();
    let detached = Deploy { detach: true, ..deploy(V2, Gate::Person) };
    world.follow(&mut Driver::new("a", Goal::Deploy(detached)));
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("hotfix:1");
    });
    world.settle();
    let what = match world.follow(&mut Driver::new("p", promote())) {
        Outcome::Changed { what, .. } => what,
        outcome => panic!("{outcome:?}"),
    };
    assert!(what.contains("the pod template of parrot, which release 1 started from"), "{what}");
    assert_eq!(backend(&world), "parrot");
}

#[test]
fn promote_of_a_candidate_that_was_deleted_says_so() {
    let mut world = initialised();
    let detached = Deploy { detach: true, ..deploy(V2, Gate::Person) };
    world.follow(&mut Driver::new("a", Goal::Deploy(detached)));
    world.delete(Kind::Deployment, "parrot-green");
    let next = Driver::new("p", promote()).next(&world);
    assert!(changed(next).contains("parrot-green, the candidate, was deleted"));
}

#[test]
fn a_driver_that_wakes_up_after_its_successor_has_let_go_ends() {
    let (mut world, mut a) = deploying(waits);
    let mut b = Driver::new("b", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut b, step!(Action::TakeOver { .. }));
    go(&mut world, &mut b);
    world.edit_record(|record| record.driver = None);
    assert!(matches!(done(a.next(&world)), Outcome::TakenOver { .. }));
}

#[test]
fn a_driver_whose_successor_left_by_itself_without_taking_over_goes_on() {
    // The same process let go and took the release up again: the epoch is the same.
    let (mut world, mut a) = deploying(waits);
    a.look(&world);
    world.edit_record(|record| record.driver = None);
    assert_eq!(*action(&a.next(&world)), Action::Acquire);
}

#[test]
fn the_same_deploy_with_other_times_has_the_newer_word() {
    let mut world = initialised();
    let detached = Deploy { detach: true, ..deploy(V2, Gate::Person) };
    world.follow(&mut Driver::new("a", Goal::Deploy(detached.clone())));
    let longer = set(detached, |settings| {
        settings.drain_seconds = Some(99);
        settings.deadline_seconds = Some(7200);
    });
    assert!(matches!(
        world.follow(&mut Driver::new("b", Goal::Deploy(longer))),
        Outcome::Detached { .. }
    ));
    let release = world.release();
    assert_eq!(release.drain_seconds, 99);
    assert_eq!((release.deadline.unwrap() - release.started).get_seconds(), 7200);
}

#[test]
fn numbers_out_of_all_bounds_make_a_record_unreadable() {
    let (mut world, _) = deploying(waits);
    world.edit(Kind::ConfigMap, "bluegreen-parrot", |map| {
        let text = map["data"]["record"].as_str().unwrap();
        let text = text.replace("\"drainSeconds\":30", "\"drainSeconds\":9000000000000000000");
        map["data"]["record"] = json!(text);
    });
    let memory = Default::default();
    let error =
        bluegreen::release::Snapshot::new(names(), world.objects.clone(), memory).unwrap_err();
    assert!(error.to_string().contains("out of range"), "{error}");
}

#[test]
fn a_slot_of_another_app_is_no_app() {
    let world = promoted();
    let mut other = names();
    other.app = "parrot-green".into();
    let memory = Default::default();
    let s = bluegreen::release::Snapshot::new(other, world.objects.clone(), memory).unwrap();
    let me = bluegreen::release::Me { id: "x".into(), holder: "x".into() };
    let reason = unfit(plan(&init(), &me, &s, world.now)).join("\n");
    assert!(
        reason.contains("Deployment parrot-green was created by bluegreen for parrot"),
        "{reason}"
    );
}

#[test]
fn what_the_gate_said_last_is_yes_once_it_is_live() {
    let (mut world, mut a) = deploying(step!(Action::StartDrain { .. }));
    let _ = written(&a.next(&world));
    go(&mut world, &mut a);
    assert_eq!(world.release().gate.answer, Some(AnswerKind::Pass));
    assert!(
        world.get(Kind::Ingress, "parrot")["metadata"]["annotations"][names().stamp(RELEASE)]
            == "1"
    );
}

#[test]
fn an_autoscaler_of_another_app_is_nobodys_business() {
    let mut world = initialised();
    world.add(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "toucan"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "toucan"}}}));
    world.add(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "stateful"},
        "spec": {"scaleTargetRef": {"kind": "StatefulSet", "name": "parrot"}}}));
    let next = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world);
    assert!(step!(Action::Start { .. })(&next), "{next:?}");
}
