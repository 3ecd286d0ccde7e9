//! What is in the namespace beside the app: another app, whose release happens to have the same number,
//! and pods of anybody that the app's Services would reach.

use bluegreen::model::{Colour, Kind};
use bluegreen::release::{Action, Deploy, Goal, Next, Outcome, ReleaseOutcome, WaitFor};
use serde_json::{Value, json};

use super::{asks, changed, promoted, reach, step, unfit};
use crate::world::World;
use crate::world::article::{V1, V2, applied, deployment, initialised, service};
use crate::world::controllers::Controller;
use crate::world::driver::{self, Driver, WEBHOOK, deploy, set};

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
        ("starting", step!(Action::MakeCandidate { .. })),
        ("waiting", asks),
        ("switching", step!(Action::Switch { .. })),
        ("confirming", |next| matches!(next, Next::Wait { on: WaitFor::Arrival { .. }, .. })),
        ("baking", |next| matches!(next, Next::Wait { on: WaitFor::Bake { .. }, .. })),
        ("draining", step!(Action::ScaleDown { .. })),
    ];
    for (phase, wanted) in phases {
        let mut world = initialised();
        let mut a = Driver::new("a", Goal::Deploy(with_bake()));
        reach(&mut world, &mut a, wanted);
        crashes_beside(&mut world);
        let outcome = world.follow(&mut a);
        let Outcome::Finished(finished) = outcome else { panic!("{phase}: {outcome:?}") };
        assert_eq!(finished.outcome, ReleaseOutcome::Promoted, "{phase}: {finished:?}");
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
    for wanted in [asks as fn(&Next) -> bool, step!(Action::Switch { .. })] {
        let mut world = initialised();
        let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
        reach(&mut world, &mut a, wanted);
        add_pod(&mut world, "parrot-green", nest());
        let what = changed(a.next(&world));
        let says = "Service parrot-green reaches endpoints that are not pods of parrot-green";
        assert_eq!(what, format!("{says}: the pods of StatefulSet nest"));
        assert_eq!(world.serving(), ["parrot"]);
        world.settle();
        let outcome = world.follow(&mut a);
        assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    }
}

#[test]
fn an_address_that_somebody_wrote_by_hand_stops_it_too() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    world.add(json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "mine", "labels": {"kubernetes.io/service-name": "parrot-green"}},
        "ports": [{"port": 3000}], "endpoints": [{"addresses": ["10.9.9.9"]}],
    }));
    let what = changed(a.next(&world));
    assert!(what.ends_with("are not pods of parrot-green: 10.9.9.9"), "{what}");
}

#[test]
fn pods_of_a_candidate_that_was_destroyed_are_waited_for() {
    let mut world = initialised();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Action::MarkReady));
    let gone =
        json!({"kind": "Deployment", "name": "parrot-green", "uid": "x", "controller": true});
    let set = json!({"name": "gone", "uid": "gone", "ownerReferences": [gone]});
    world.add(json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": set}));
    let uid = world.get(Kind::ReplicaSet, "gone")["metadata"]["uid"].clone();
    let owner = json!({"kind": "ReplicaSet", "name": "gone", "uid": uid, "controller": true});
    add_pod(&mut world, "parrot-green", owner);
    let next = a.next(&world);
    let says =
        "Service parrot-green still reaches pod egg-0, which is no longer a pod of parrot-green";
    let Next::Wait { on: WaitFor::Ready { trouble, .. }, .. } = next else { panic!("{next:?}") };
    assert_eq!(trouble.as_deref(), Some(says));
    world.settle();
    assert!(step!(Action::MarkReady)(&a.next(&world)));
}

#[test]
fn a_follower_that_comes_to_lead_to_somebody_else_as_well_is_not_taken_along() {
    let mut world = initialised();
    let mut inner = service();
    inner["metadata"]["name"] = json!("inner");
    world.add(inner);
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
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

fn nightly() -> Value {
    json!({"kind": "Job", "name": "nightly", "uid": "nightly", "controller": true})
}

/// Blue's label is the app's own, and others may bear it while green is live.
#[test]
fn pods_of_a_job_with_blues_label_are_told_of_before_anything_is_written() {
    let says = |service: &str| {
        let hint = "wait until that Job has ended, or give its pods another value of the label app";
        format!("Service {service} also selects the pods of Job nightly (egg-0): {hint}")
    };
    for is_live in [Colour::Blue, Colour::Green] {
        let mut world = if is_live == Colour::Blue { initialised() } else { promoted() };
        add_pod(&mut world, "parrot", nightly());
        let deploy_it = Goal::Deploy(deploy("parrot:v3", WEBHOOK));
        for goal in [deploy_it, driver::rollback()] {
            // Nothing is there to go back to.
            if is_live == Colour::Blue && matches!(goal, Goal::Rollback { .. }) {
                continue;
            }
            let reasons = unfit(Driver::new("a", goal).next(&world));
            let service = if is_live == Colour::Blue { "parrot" } else { "parrot-blue" };
            assert!(reasons.contains(&says(service)), "{is_live}: {reasons:?}");
        }
        // One that has run is nobody's endpoint.
        for phase in ["Succeeded", "Failed"] {
            world.edit(Kind::Pod, "egg-0", |pod| pod["status"]["phase"] = json!(phase));
            let next = Driver::new("a", Goal::Deploy(deploy("parrot:v3", WEBHOOK))).next(&world);
            assert!(matches!(next, Next::Do(_)), "{is_live}: {next:?}");
        }
    }
}

/// It follows the live Service, and would lead to more than that one does.
#[test]
fn a_follower_that_a_switch_to_blue_would_lead_to_a_job_is_told_of_before() {
    let mut world = initialised();
    let mut inner = service();
    inner["metadata"]["name"] = json!("inner");
    world.add(inner);
    let outcome = world.follow(&mut Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK))));
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    for service in ["parrot", "parrot-blue", "parrot-green"] {
        world.edit(Kind::Service, service, |s| s["spec"]["selector"]["tier"] = json!("web"));
    }
    for slot in ["parrot", "parrot-green"] {
        world.edit(Kind::Deployment, slot, |d| {
            d["spec"]["template"]["metadata"]["labels"]["tier"] = json!("web");
        });
    }
    world.settle();
    add_pod(&mut world, "parrot", nightly());
    let reasons = unfit(Driver::new("b", Goal::Deploy(deploy(V1, WEBHOOK))).next(&world));
    assert!(
        reasons.iter().any(|why| why.starts_with("Service inner also selects the pods of Job")),
        "{reasons:?}"
    );
}

/// The article's case: `init` makes the Service that its Ingress names.
#[test]
fn what_a_service_that_is_not_made_yet_would_lead_to_is_told_of_as_well() {
    let mut world = applied();
    assert!(world.find(Kind::Service, "parrot").is_none());
    add_pod(&mut world, "parrot", nightly());
    let reasons = unfit(Driver::new("i", driver::init()).next(&world));
    assert!(
        reasons[0].starts_with("Service parrot also selects the pods of Job nightly (egg-0)"),
        "{reasons:?}"
    );
}
