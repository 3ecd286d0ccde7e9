//! A deploy up to its candidate, and a deploy that meets an unfinished release.

use bluegreen::model::{Colour, Kind};
use bluegreen::release::{
    Action, Before, Deploy, Ending, Gate, GateKind, Goal, Next, Outcome, ReleaseOutcome, template,
};
use serde_json::{Value, json};

use super::{
    action, asks, assert_patch, changed, created, deploying, done, go, promoted, reach,
    record_after, step, written,
};
use crate::world::World;
use crate::world::article::{V1, V2, initialised};
use crate::world::driver::{Driver, WEBHOOK, deploy, set};

const V3: &str = "kmharish/parrot-app:v3.0";

fn driver(id: &str, deploy: Deploy) -> Driver {
    Driver::new(id, Goal::Deploy(deploy))
}

fn v3_hash() -> String {
    let mut world = initialised();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!(V3);
    });
    template::hash(&world.get(Kind::Deployment, "parrot")["spec"]["template"])
}

#[test]
fn the_record_of_the_release_is_written_before_anything_is_made() {
    let world = initialised();
    let settings = set(deploy(V3, WEBHOOK), |settings| {
        settings.deadline_seconds = Some(7200);
        settings.timeout_seconds = Some(300);
        settings.drain_seconds = Some(45);
    });
    let next = driver("a", settings).next(&world);
    assert_eq!(
        *action(&next),
        Action::Start {
            number: 1,
            from: Colour::Blue,
            to: Colour::Green,
            images: vec![V3.to_owned()],
        }
    );
    let record = record_after(&world, &next);
    assert_eq!(record.number, 1);
    let driver = record.driver.unwrap();
    assert_eq!((driver.id.as_str(), driver.holder.as_str()), ("a", "a@host (1)"));
    let release = record.release.unwrap();
    assert_eq!(release.hash, v3_hash(), "of the neutral template");
    assert_eq!(release.images["parrot"], V3);
    assert_eq!((release.started - world.now).get_seconds(), 0);
    assert_eq!((release.ready_by - world.now).get_seconds(), 300);
    assert_eq!((release.deadline.unwrap() - world.now).get_seconds(), 7200);
    assert_eq!((release.drain_seconds, release.timeout_seconds), (45, 300));
    assert_eq!(release.before, None, "there is no green slot yet");
    let gate = release.gate;
    assert_eq!((gate.kind, gate.interval_seconds, gate.threshold), (GateKind::Webhook, 60, 60));
}

#[test]
fn the_preview_follows_before_the_candidate_is_made() {
    let mut world = promoted();
    let mut driver = driver("a", deploy(V3, WEBHOOK));
    let next =
        reach(&mut world, &mut driver, step!(Action::FollowPreview { colour: Colour::Blue }));
    assert_patch(
        &next,
        &world,
        Kind::Service,
        "parrot-preview",
        json!([{"op": "replace", "path": "/spec/selector/app", "value": "parrot"}]),
    );
}

#[test]
fn a_new_candidate_has_the_live_ones_whole_spec_and_no_tools_marks() {
    let mut world = initialised();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "argo"});
        d["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = json!("tracks me");
        d["spec"]["replicas"] = json!(3);
        d["spec"]["notInAnyStruct"] = json!({"kept": true});
        d["spec"]["template"]["spec"]["alsoUnknown"] = json!([1]);
    });
    world.settle();
    let mut driver = driver("a", deploy(V2, WEBHOOK));
    let next = reach(&mut world, &mut driver, step!(Action::MakeCandidate { .. }));
    let made = created(&next);
    assert_eq!(
        made["metadata"],
        json!({
            "name": "parrot-green",
            "namespace": "blue-green",
            "labels": {"app.kubernetes.io/managed-by": "bluegreen", "bluegreen/app": "parrot"},
            "annotations": {
                "bluegreen/release": "1",
                "bluegreen/epoch": "0",
                "bluegreen/template-hash": world.release().hash,
            },
        })
    );
    let mut spec = world.get(Kind::Deployment, "parrot")["spec"].clone();
    spec["selector"]["matchLabels"]["app"] = json!("parrot-green");
    spec["template"]["spec"]["containers"][0]["image"] = json!(V2);
    spec["template"]["metadata"]["labels"] =
        json!({"app": "parrot-green", "bluegreen/colour": "green", "bluegreen/release": "1"});
    assert_eq!(made["spec"], spec);
}

#[test]
fn a_candidate_of_an_app_at_zero_has_one_pod() {
    let mut world = initialised();
    world.scale("parrot", 0);
    world.settle();
    let mut driver = driver("a", deploy(V2, WEBHOOK));
    let next = reach(&mut world, &mut driver, step!(Action::MakeCandidate { .. }));
    assert_eq!(created(&next)["spec"]["replicas"], 1);
}

#[test]
fn a_slot_with_an_older_version_gets_the_new_template_in_one_patch() {
    let mut world = promoted();
    let set = world.current_set("parrot");
    let mut driver = driver("a", deploy(V3, WEBHOOK));
    reach(&mut world, &mut driver, step!(Action::FollowPreview { .. }));
    let before = world.release().before;
    assert_eq!(
        before,
        Some(Before { replica_set: set, replicas: 0, release: None, hash: None, marks: None })
    );
    let next = reach(&mut world, &mut driver, step!(Action::MakeCandidate { .. }));
    let mut template = world.get(Kind::Deployment, "parrot")["spec"]["template"].clone();
    template["spec"]["containers"][0]["image"] = json!(V3);
    template["metadata"]["labels"] =
        json!({"app": "parrot", "bluegreen/colour": "blue", "bluegreen/release": "2"});
    let at = "/metadata/annotations/bluegreen~1";
    assert_patch(
        &next,
        &world,
        Kind::Deployment,
        "parrot",
        json!([
            {"op": "add", "path": format!("{at}release"), "value": "2"},
            {"op": "add", "path": format!("{at}epoch"), "value": "0"},
            {"op": "add", "path": format!("{at}template-hash"), "value": v3_hash()},
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "add", "path": "/spec/replicas", "value": 1},
        ]),
    );
}

#[test]
fn the_template_to_put_back_is_found_by_itself_and_not_by_a_revision_that_is_not_written_yet() {
    let mut world = promoted();
    let first = world.current_set("parrot");
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["image"] = json!("parrot-app:v1.3");
    });
    world.settle();
    let second = world.current_set("parrot");
    assert_ne!(first, second);
    world.edit(Kind::Deployment, "parrot", |d| {
        d["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("1");
    });
    world.settle();
    let next = driver("c", deploy(V3, WEBHOOK)).next(&world);
    let before = record_after(&world, &next).release.unwrap().before.unwrap();
    assert_eq!(before.replica_set, second);
}

#[test]
fn the_third_release_remembers_what_the_second_left_in_green() {
    let mut world = promoted();
    world.follow(&mut driver("b", deploy(V3, WEBHOOK)));
    let set = world.current_set("parrot-green");
    let hash = world.get(Kind::Deployment, "parrot-green")["metadata"]["annotations"]
        ["bluegreen/template-hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let next = driver("c", deploy(V1, WEBHOOK)).next(&world);
    let before = record_after(&world, &next).release.unwrap().before;
    assert_eq!(
        before,
        Some(Before {
            replica_set: set,
            replicas: 0,
            release: Some("1".into()),
            hash: Some(hash),
            marks: None
        })
    );
}

#[test]
fn the_same_deploy_continues_where_it_finds_the_release() {
    let (mut world, _) = deploying(asks);
    // The driver is gone and let go of the release.
    world.edit_record(|record| record.driver = None);
    let mut again = driver("b", deploy(V2, WEBHOOK));
    let next = again.next(&world);
    assert_eq!(*action(&next), Action::Acquire);
    assert_eq!(record_after(&world, &next).driver.unwrap().id, "b");
    go(&mut world, &mut again);
    assert!(asks(&again.next(&world)));
}

#[test]
fn another_gate_on_the_same_version_counts_from_then_on() {
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    let settings = set(deploy(V2, WEBHOOK), |settings| {
        settings.interval_seconds = Some(10);
        settings.threshold = Some(3);
    });
    let mut again = driver("b", settings);
    let next = reach(&mut world, &mut again, step!(Action::Set));
    let gate = record_after(&world, &next).release.unwrap().gate;
    assert_eq!((gate.interval_seconds, gate.threshold), (10, 3));
}

#[test]
fn another_version_is_in_the_way_of_nobody_silently() {
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    let outcome = done(driver("b", deploy(V3, WEBHOOK)).next(&world));
    assert_eq!(outcome, Outcome::InTheWay { number: 1, images: vec![V2.to_owned()] });
}

#[test]
fn the_way_is_blocked_by_a_driver_that_does_not_answer_as_well() {
    let (mut world, _) = deploying(asks);
    let mut other = driver("b", deploy(V3, WEBHOOK));
    assert!(step!(Action::Challenge { .. })(&other.next(&world)));
    world.step(&mut other);
    world.pass(10);
    assert!(matches!(done(other.next(&world)), Outcome::InTheWay { .. }));
}

#[test]
fn replace_gives_the_unfinished_release_up_and_starts_its_own() {
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    let mut other = driver("b", Deploy { replace: true, ..deploy(V3, WEBHOOK) });
    let next = reach(&mut world, &mut other, step!(Action::End { .. }));
    let ending = record_after(&world, &next).release.unwrap().ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Aborted);
    assert_eq!(ending.by.as_deref(), Some("b@host (1)"));
    reach(&mut world, &mut other, step!(Action::Destroy { .. }));
    let next = reach(&mut world, &mut other, step!(Action::Start { .. }));
    assert!(matches!(action(&next), Action::Start { number: 2, .. }));
    let Outcome::Finished(finished) = world.follow(&mut other) else { panic!("not finished") };
    assert_eq!((finished.number, finished.outcome), (2, ReleaseOutcome::Promoted));
    assert_eq!(world.live_image().as_deref(), Some(V3));
}

/// Its own outcome is not that of the release that had to go first.
#[test]
fn replace_starts_its_own_after_a_release_that_was_rejected_already() {
    let (mut world, _) = deploying(asks);
    let at = world.now;
    world.edit_record(|record| {
        record.driver = None;
        let (outcome, reason) = (ReleaseOutcome::Rejected, "the gate said no".to_owned());
        record.release.as_mut().unwrap().ending = Some(Ending { outcome, reason, by: None, at });
    });
    let mut same = driver("a", Deploy { replace: true, ..deploy(V2, WEBHOOK) });
    let Outcome::Finished(finished) = world.clone().follow(&mut same) else {
        panic!("not finished")
    };
    assert_eq!((finished.number, finished.outcome), (1, ReleaseOutcome::Rejected));
    let mut other = driver("b", Deploy { replace: true, ..deploy(V3, WEBHOOK) });
    let Outcome::Finished(finished) = world.follow(&mut other) else { panic!("not finished") };
    assert_eq!((finished.number, finished.outcome), (2, ReleaseOutcome::Promoted));
}

#[test]
fn a_file_without_the_apps_label_is_a_misfit_for_an_unfinished_release_too() {
    let (world, mut a) = deploying(asks);
    let template = json!({"metadata": {"labels": {"app": "toucan"}}, "spec": {"containers": []}});
    let change = bluegreen::release::Change::Template(template);
    a.goal = Goal::Deploy(Deploy { change, ..deploy(V2, WEBHOOK) });
    assert!(matches!(done(a.next(&world)), Outcome::Misfit { .. }));
}

fn detached() -> Outcome {
    let preview = Some("http://parrot-preview.blue-green.svc".to_owned());
    Outcome::Detached { number: 1, preview }
}

#[test]
fn detached_it_lets_go_of_a_candidate_that_is_ready_and_waits() {
    let mut world = initialised();
    let settings = Deploy { detach: true, ..deploy(V2, Gate::Person) };
    let mut a = driver("a", settings.clone());
    let next = reach(&mut world, &mut a, step!(Action::MarkReady));
    let record = record_after(&world, &next);
    assert_eq!(record.driver, None, "in the same write");
    assert!(record.release.unwrap().waiting.is_some());
    go(&mut world, &mut a);
    assert_eq!(done(a.next(&world)), detached());
    assert_eq!(done(driver("b", settings).next(&world)), detached());
}

#[test]
fn detached_it_lets_go_of_a_candidate_that_another_one_brought_up() {
    let mut world = initialised();
    let mut a = driver("a", deploy(V2, Gate::Person));
    reach(&mut world, &mut a, |next| matches!(next, Next::Wait { until: None, .. }));
    world.edit_record(|record| record.driver = None);
    // Not ready at that moment: so it has to hold the release first.
    world.bad_images.push(V2.to_owned());
    world.settle();
    let mut b = driver("b", Deploy { detach: true, ..deploy(V2, Gate::Person) });
    go(&mut world, &mut b);
    world.bad_images.clear();
    world.settle();
    let next = b.next(&world);
    assert_eq!(*action(&next), Action::LetGo);
    assert_eq!(record_after(&world, &next).driver, None);
    go(&mut world, &mut b);
    assert_eq!(done(b.next(&world)), detached());
}

/// The Deployment that a dead driver of an aborted release made late.
fn late(world: &mut World, object: &Value) {
    world.add(object.clone());
    world.settle();
}

fn with_leftover() -> (World, Value) {
    let (mut world, mut a) = deploying(step!(Action::MakeCandidate { .. }));
    let object = created(&a.next(&world)).clone();
    let ended = world.follow(&mut Driver::new("x", crate::world::driver::abort()));
    assert!(matches!(ended, Outcome::NotReady { .. } | Outcome::Finished(_)), "{ended:?}");
    (world, object)
}

#[test]
fn what_a_dead_driver_made_late_is_removed_before_the_next_release() {
    let (mut world, object) = with_leftover();
    late(&mut world, &object);
    let next = driver("b", deploy(V3, WEBHOOK)).next(&world);
    assert_eq!(*action(&next), Action::RemoveLeftover { deployment: "parrot-green".into() });
    assert!(written(&next).fresh == bluegreen::release::Fresh::Serving);
}

#[test]
fn what_a_dead_driver_makes_even_later_is_removed_before_the_candidate_is_made() {
    let (mut world, object) = with_leftover();
    let mut b = driver("b", deploy(V3, WEBHOOK));
    reach(&mut world, &mut b, step!(Action::MakeCandidate { .. }));
    late(&mut world, &object);
    let next =
        reach(&mut world, &mut b, step!(Action::RemoveLeftover { .. } | Action::Resize { .. }));
    assert_eq!(*action(&next), Action::RemoveLeftover { deployment: "parrot-green".into() });
    assert!(matches!(world.follow(&mut b), Outcome::Finished(_)));
    assert_eq!(world.image("parrot-green"), V3);
}

#[test]
fn a_leftover_that_an_ingress_names_in_part_is_not_removed() {
    let (mut world, object) = with_leftover();
    late(&mut world, &object);
    world.edit(Kind::Ingress, "parrot", |ingress| {
        let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap();
        let mut green = paths[0].clone();
        green["path"] = json!("/new");
        green["backend"]["service"]["name"] = json!("parrot-green");
        paths.push(green);
    });
    assert!(
        changed(driver("b", deploy(V3, WEBHOOK)).next(&world)).contains("do not point to the same")
    );
}

#[test]
fn the_version_that_was_live_before_can_be_deployed_again() {
    let mut world = promoted();
    let next = driver("b", deploy(V1, WEBHOOK)).next(&world);
    assert!(matches!(action(&next), Action::Start { number: 2, to: Colour::Blue, .. }));
    world.follow(&mut driver("b", deploy(V1, WEBHOOK)));
    assert_eq!(world.live_image().as_deref(), Some(V1));
}

#[test]
fn a_live_template_that_somebody_edits_before_the_switch_stops_the_release() {
    let (mut world, mut a) = deploying(asks);
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "X"}]);
    });
    assert!(changed(a.next(&world)).contains("parrot, which release 1 started from, was changed"));
}
