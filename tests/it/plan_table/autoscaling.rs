//! The autoscaler and the budget of the live version, and what becomes of them in a release.

use bluegreen::model::{Kind, annotation};
use bluegreen::release::{Action, Deploy, Gate, Goal, Next, Outcome, ReleaseOutcome};
use serde_json::{Value, json};

use super::{action, go, reach, step};
use crate::world::World;
use crate::world::article::{V2, initialised, with_scaler};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, rollback, set};

const SCALER: Kind = Kind::HorizontalPodAutoscaler;
const BUDGET: Kind = Kind::PodDisruptionBudget;
const HELD: &str = "bluegreen/held";
const V3: &str = "kmharish/parrot-app:v3";

/// Five pods, of which an autoscaler that is the user's keeps at least two, and a budget.
fn scaled() -> World {
    let mut world = initialised();
    world.scale("parrot", 5);
    world.settle();
    with_scaler(&mut world);
    world
}

fn driver(image: &str) -> Driver {
    Driver::new("a", Goal::Deploy(deploy(image, WEBHOOK)))
}

fn released(world: &mut World, image: &str) {
    let outcome = world.follow(&mut driver(image));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
}

fn min(world: &World, scaler: &str) -> (Value, Option<String>) {
    let scaler = world.get(SCALER, scaler);
    (scaler["spec"]["minReplicas"].clone(), annotation(scaler, HELD).map(str::to_owned))
}

fn free(replicas: u64) -> (Value, Option<String>) {
    (json!(replicas), None)
}

fn held(own: u64, replicas: u64) -> (Value, Option<String>) {
    (json!(replicas), Some(format!("{own} {replicas}")))
}

/// The user's own objects as they were, and none of ours.
fn is_as_before(world: &World, before: &World) {
    for (kind, name) in [(SCALER, "flock"), (BUDGET, "calm")] {
        let (is, was) = (world.get(kind, name), before.get(kind, name));
        assert_eq!(is["spec"], was["spec"]);
        assert_eq!(annotation(is, HELD), None);
        assert!(world.find(kind, "parrot-green").is_none(), "a clone is left");
    }
}

#[test]
fn a_candidate_has_its_budget_before_its_pods_and_no_autoscaler() {
    let mut world = scaled();
    let mut a = driver(V2);
    reach(&mut world, &mut a, step!(Action::MakeBudget { .. }));
    assert!(world.find(Kind::Deployment, "parrot-green").is_none());
    go(&mut world, &mut a);
    let spec = &world.get(BUDGET, "parrot-green")["spec"];
    assert_eq!(spec["selector"]["matchLabels"], json!({"app": "parrot-green"}));
    assert_eq!(spec["minAvailable"], "50%");
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    assert_eq!(world.replicas("parrot-green"), 5);
    assert!(world.find(SCALER, "parrot-green").is_none());
    assert_eq!(min(&world, "flock"), free(2));
}

#[test]
fn at_the_switch_the_old_autoscaler_is_held_and_the_new_version_gets_its_own() {
    let mut world = scaled();
    let mut a = driver(V2);
    reach(&mut world, &mut a, step!(Action::PinAutoscaler { .. }));
    assert_eq!(world.get(Kind::Service, "parrot")["spec"]["selector"]["app"], "parrot-green");
    let next = reach(&mut world, &mut a, step!(Action::MakeAutoscaler { .. }));
    assert_eq!(min(&world, "flock"), held(2, 5));
    let (autoscaler, deployment) = ("parrot-green".to_owned(), "parrot-green".to_owned());
    assert_eq!(*action(&next), Action::MakeAutoscaler { autoscaler, deployment });
    go(&mut world, &mut a);
    let clone = world.get(SCALER, "parrot-green");
    assert_eq!(clone["spec"]["scaleTargetRef"]["name"], "parrot-green");
    assert_eq!(clone["spec"]["metrics"], json!([{"type": "Resource"}]));
    assert_eq!(min(&world, "parrot-green"), free(2));
    assert_eq!(clone["metadata"]["labels"]["team"], "birds", "as a policy may ask for it");
    world.follow(&mut a);
    // What is the user's is left, and does nothing at size 0.
    assert_eq!((world.replicas("parrot"), min(&world, "flock")), (0, free(2)));
    assert_eq!(min(&world, "parrot-green"), free(2));
}

#[test]
fn a_candidate_in_the_users_own_slot_is_held_at_its_size_while_it_waits() {
    let mut world = scaled();
    released(&mut world, V2);
    let person = Deploy { detach: true, ..deploy(V3, Gate::Person) };
    let mut b = Driver::new("b", Goal::Deploy(person));
    assert!(matches!(world.follow(&mut b), Outcome::Detached { .. }));
    assert_eq!((world.replicas("parrot"), min(&world, "flock")), (5, held(2, 5)));
    // The live one grows, and so does the candidate.
    world.scale("parrot-green", 7);
    world.settle();
    let promote = Goal::Promote { release: None, when_ready: true };
    let mut c = Driver::new("c", promote);
    reach(&mut world, &mut c, step!(Action::Switch { .. }));
    assert_eq!((world.replicas("parrot"), min(&world, "flock")), (7, held(2, 7)));
    // And it scales by its own autoscaler again when it is live.
    world.follow(&mut c);
    assert_eq!(min(&world, "flock"), free(2));
    for kind in [SCALER, BUDGET] {
        assert!(world.find(kind, "parrot-green").is_none(), "a clone outlives its slot");
    }
    assert_eq!(world.replicas("parrot-green"), 0);
}

#[test]
fn clones_go_before_their_slot_is_put_away() {
    let mut world = scaled();
    released(&mut world, V2);
    let mut b = driver(V3);
    reach(&mut world, &mut b, step!(Action::RemoveAutoscaler { .. }));
    assert_eq!(world.replicas("parrot-green"), 5);
    reach(&mut world, &mut b, step!(Action::ScaleDown { .. }));
    assert!(world.find(SCALER, "parrot-green").is_none());
}

#[test]
fn whatever_becomes_of_a_release_the_users_objects_are_as_they_were() {
    let before = scaled();
    for at in ["budget", "candidate", "switch", "autoscaler", "drain"] {
        let mut world = scaled();
        let mut a = driver(V2);
        reach(&mut world, &mut a, |next: &Next| match at {
            "budget" => step!(Action::MakeCandidate { .. })(next),
            "candidate" => step!(Action::MarkReady)(next),
            "switch" => step!(Action::Switch { .. })(next),
            _ => step!(Action::MakeAutoscaler { .. })(next),
        });
        if at == "drain" {
            go(&mut world, &mut a);
        }
        let outcome = world.follow(&mut Driver::new("b", abort()));
        assert!(
            matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Aborted),
            "{at}"
        );
        is_as_before(&world, &before);
        assert!(world.find(Kind::Deployment, "parrot-green").is_none());
    }
}

#[test]
fn a_rollback_brings_the_users_autoscaler_back_into_force() {
    let mut world = scaled();
    let before = world.clone();
    released(&mut world, V2);
    let outcome = world.follow(&mut Driver::new("b", rollback()));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    assert_eq!(world.replicas("parrot"), 5);
    is_as_before(&world, &before);
}

#[test]
fn a_version_that_is_kept_keeps_its_size() {
    let mut world = scaled();
    let keep = set(deploy(V2, WEBHOOK), |settings| settings.keep_old = Some(true));
    world.follow(&mut Driver::new("a", Goal::Deploy(keep)));
    assert_eq!((world.replicas("parrot"), min(&world, "flock")), (5, held(2, 5)));
    world.follow(&mut Driver::new("b", rollback()));
    assert_eq!(min(&world, "flock"), free(2));
}

#[test]
fn who_puts_back_what_is_held_is_not_fought() {
    let mut world = scaled();
    let mut a = driver(V2);
    reach(&mut world, &mut a, step!(Action::MakeAutoscaler { .. }));
    world.edit(SCALER, "flock", |scaler| scaler["spec"]["minReplicas"] = json!(3));
    let outcome = world.follow(&mut a);
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    assert_eq!(min(&world, "flock"), free(3));
}

#[test]
fn clones_that_arrive_late_go_with_the_next_command() {
    let mut world = scaled();
    let mut clones = scaled();
    let mut a = driver(V2);
    reach(&mut clones, &mut a, step!(Action::MakeAutoscaler { .. }));
    go(&mut clones, &mut a);
    for kind in [SCALER, BUDGET] {
        world.add(clones.get(kind, "parrot-green").clone());
    }
    let mut b = driver(V2);
    reach(&mut world, &mut b, step!(Action::Start { .. }));
    for kind in [SCALER, BUDGET] {
        assert!(world.find(kind, "parrot-green").is_none());
    }
}

#[test]
fn an_app_with_neither_gets_neither() {
    let mut world = initialised();
    released(&mut world, V2);
    for kind in [SCALER, BUDGET] {
        assert_eq!(world.objects.list(kind).count(), 0);
    }
}
