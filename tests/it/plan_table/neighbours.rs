//! Another app in the namespace, whose release happens to have the same number: nothing of it is ours.

use bluegreen::model::Kind;
use bluegreen::release::{Deploy, Doing, Goal, Next, Outcome, Verdict, WaitFor};
use serde_json::json;

use super::{asks, reach, step};
use crate::world::World;
use crate::world::article::{V2, deployment, initialised};
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
