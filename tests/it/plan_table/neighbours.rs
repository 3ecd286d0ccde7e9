//! What is in the namespace beside the app: another app, whose release happens to have the same number,
//! and pods of anybody that the app's Services would reach.

use bluegreen::model::Kind;
use bluegreen::release::{Deploy, Doing, Goal, Next, Outcome, Verdict, WaitFor};
use serde_json::{Value, json};

use super::{asks, changed, reach, step, unfit};
use crate::world::World;
use crate::world::article::{V2, deployment, initialised, service};
use crate::world::controllers::Controller;
use crate::world::driver::{Driver, WEBHOOK, deploy, set};

/// A candidate of release 1, like ours, that crashes again and again.
fn crashes_beside(world: &mut World) {
    let mut toucan = deployment();
    toucan["metadata"]["name"] = json!("toucan-green");
    toucan["spec"]["selector"]["matchLabels"] = json!({"app": "toucan-green"});
    let template = &mut toucan["spec"]["template"];
    template["metadata"]["labels"] =
        json!({"app": "toucan-green", "bluegreen/colour": "green", "bluegreen/release": "1"});
    template["spec"]["containers"][0]["image"] = json!("toucan:crash");
    world.add(toucan);
    world.settle();
    let mut pods = world.objects.list(Kind::Pod);
    assert!(pods.any(|pod| pod["metadata"]["labels"]["app"] == "toucan-green"), "nothing crashes");
}

fn with_bake() -> Deploy {
    set(deploy(V2, WEBHOOK), |settings| settings.bake_seconds = Some(60))
}

#[test]
fn a_crash_loop_of_another_apps_same_number_ends_nothing_of_ours() {
    type Wanted = fn(&Next) -> bool;
    let phases: [(&str, Wanted); 6] = [
        ("starting", step!(Doing::MakeCandidate { .. })),
        ("waiting", asks),
        ("switching", step!(Doing::Switch { .. })),
        ("confirming", |next| matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })),
        ("baking", |next| matches!(next, Next::Wait { on: WaitFor::Bake { .. }, .. })),
        ("draining", step!(Doing::PutAway { .. })),
    ];
    for (phase, wanted) in phases {
        let mut world = initialised();
        let mut a = Driver::new("a", Goal::Deploy(with_bake()));
        reach(&mut world, &mut a, wanted);
        crashes_beside(&mut world);
        let outcome = world.follow(&mut a);
        let Outcome::Finished(finished) = outcome else { panic!("{phase}: {outcome:?}") };
        assert_eq!(finished.outcome, Verdict::Promoted, "{phase}: {finished:?}");
    }
}

/// A pod of nobody's Deployment, ready at once.
fn add_pod(world: &mut World, app: &str, owner: Value) {
    world.add(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "egg-0", "labels": {"app": app}, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "egg", "image": "egg:1"}]},
    }));
    // The replica sets' controller of this world would take it for garbage.
    for controller in [Controller::Kubelets, Controller::Endpoints] {
        world.run_controller(controller);
    }
}

fn nest() -> Value {
    json!({"kind": "StatefulSet", "name": "nest", "uid": "nest", "controller": true})
}

#[test]
fn pods_of_somebody_else_behind_the_candidates_service_stop_the_release_by_name() {
    for wanted in [asks as fn(&Next) -> bool, step!(Doing::Switch { .. })] {
        let mut world = initialised();
        let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
        reach(&mut world, &mut a, wanted);
        add_pod(&mut world, "parrot-green", nest());
        let what = changed(a.next(&world));
        let says = "Service parrot-green leads to what is no pod of parrot-green";
        assert_eq!(what, format!("{says}: the pods of StatefulSet nest"));
        assert_eq!(world.serving(), ["parrot"]);
        world.settle();
        let outcome = world.follow(&mut a);
        assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == Verdict::Promoted));
    }
}

#[test]
fn an_address_that_somebody_wrote_by_hand_stops_it_too() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Doing::Switch { .. }));
    world.add(json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "mine", "labels": {"kubernetes.io/service-name": "parrot-green"}},
        "ports": [{"port": 3000}], "endpoints": [{"addresses": ["10.9.9.9"]}],
    }));
    let what = changed(a.next(&world));
    assert!(what.ends_with("is no pod of parrot-green: 10.9.9.9"), "{what}");
}

#[test]
fn pods_of_a_candidate_that_was_destroyed_are_waited_for() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Doing::MarkReady));
    let gone =
        json!({"kind": "Deployment", "name": "parrot-green", "uid": "x", "controller": true});
    let set = json!({"name": "gone", "uid": "gone", "ownerReferences": [gone]});
    world.add(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": set}));
    let uid = world.get(Kind::ReplicaSet, "gone")["metadata"]["uid"].clone();
    let owner = json!({"kind": "ReplicaSet", "name": "gone", "uid": uid, "controller": true});
    add_pod(&mut world, "parrot-green", owner);
    let next = a.next(&world);
    let says =
        "Service parrot-green still reaches pod egg-0, which is no pod of parrot-green any more";
    let Next::Wait { on: WaitFor::Ready { trouble, .. }, .. } = next else { panic!("{next:?}") };
    assert_eq!(trouble.as_deref(), Some(says));
    world.settle();
    assert!(step!(Doing::MarkReady)(&a.next(&world)));
}

#[test]
fn a_follower_that_comes_to_lead_to_somebody_else_as_well_is_not_taken_along() {
    let mut world = initialised();
    let mut inner = service();
    inner["metadata"]["name"] = json!("inner");
    world.add(inner);
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Doing::Switch { .. }));
    add_pod(&mut world, "parrot", nest());
    let reasons = unfit(a.next(&world));
    let says = |service| format!("Service {service} also selects the pods of StatefulSet nest");
    for service in ["parrot", "inner"] {
        assert!(reasons.iter().any(|why| why.starts_with(&says(service))), "{reasons:?}");
    }
    assert_eq!(world.serving(), ["parrot"]);
    world.edit(Kind::Service, "inner", |s| {
        s["metadata"]["ownerReferences"] =
            json!([{"kind": "Flock", "name": "birds", "controller": true}]);
    });
    world.settle();
    assert_eq!(unfit(a.next(&world)).len(), 1);
}
