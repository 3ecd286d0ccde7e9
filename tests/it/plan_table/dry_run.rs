//! `deploy --dry-run=server`: what would be written, each step such that the API server can check
//! it against what there is now.

use bluegreen::model::{EPOCH, Kind, annotation};
use bluegreen::release::plan::dry_run::{beside_the_template, of_init, steps};
use bluegreen::release::{Action, Deploy, Gate, Goal, Init, Outcome, Step};
use serde_json::json;

use super::{asks, deploying, promoted};
use crate::world::World;
use crate::world::article::{V1, V2, applied, initialised, with_scaler};
use crate::world::driver::{Driver, WEBHOOK, deploy};

const GREEN: &str = "parrot-green";

fn dry_run(world: &World, deploy: &Deploy) -> Result<Vec<Step>, Outcome> {
    let snapshot = Driver::new("r", Goal::Deploy(deploy.clone())).look(world);
    steps(&Goal::Deploy(deploy.clone()), &snapshot, world.now)
}

fn kinds(steps: &[Step]) -> Vec<String> {
    let tag = |action: &Action| serde_json::to_value(action).unwrap()["step"].clone();
    steps.iter().map(|step| tag(&step.action).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_first_release_is_rehearsed_up_to_the_switch_back() {
    let world = initialised();
    let steps = dry_run(&world, &deploy(V2, WEBHOOK)).unwrap();
    assert_eq!(
        kinds(&steps),
        ["start", "make-candidate", "switch", "follow-live", "put-away", "switch-back"]
    );
    for step in steps {
        world.clone().apply(&step.write).unwrap_or_else(|error| panic!("{error:?}: {step:?}"));
    }
}

#[test]
fn a_second_release_is_rehearsed_in_the_slot_of_the_first() {
    let world = promoted();
    let steps = dry_run(&world, &deploy(V1, Gate::Person)).unwrap();
    assert_eq!(kinds(&steps)[..3], ["start", "follow-preview", "make-candidate"]);
    for step in &steps {
        world.clone().apply(&step.write).unwrap_or_else(|error| panic!("{error:?}: {step:?}"));
    }
    let Action::Switch { service, .. } = &steps[3].action else { panic!("{:?}", steps[3]) };
    assert_eq!(service, "parrot-blue");
    let mut after = world.clone();
    after.apply(&steps[5].write).unwrap();
    assert_eq!(after.replicas("parrot-green"), 0, "the one that is live now is put away");
}

/// All that `init` makes is tried, and nothing where it is there.
#[test]
fn what_init_makes_is_rehearsed() {
    let look = |world: &World| {
        let init = Goal::Init(Init::default());
        of_init(&Init::default(), &Driver::new("i", init).look(world), world.now)
    };
    let made = ["make-record", "make-service", "make-service", "make-service", "make-service"];
    assert_eq!(kinds(&look(&applied())), made);
    assert!(look(&initialised()).is_empty());
}

/// The autoscaler that the new version gets is tried with the rest.
#[test]
fn the_copy_of_an_autoscaler_is_rehearsed() {
    let mut world = initialised();
    with_scaler(&mut world);
    let steps = dry_run(&world, &deploy(V2, WEBHOOK)).unwrap();
    assert!(kinds(&steps).contains(&"make-autoscaler".to_owned()), "{steps:#?}");
}

/// Of both slots, whichever is live: a stamp, and a size that it may really be given.
#[test]
fn what_a_release_writes_beside_the_templates_is_tried_of_every_slot() {
    for (world, sizes) in
        [(initialised(), vec![("parrot", 0)]), (promoted(), vec![("parrot", 1), (GREEN, 0)])]
    {
        let snapshot = Driver::new("r", Goal::Deploy(deploy(V2, WEBHOOK))).look(&world);
        let steps = beside_the_template(&snapshot);
        let wanted = sizes.into_iter().map(|(deployment, replicas)| {
            let deployment = deployment.to_owned();
            Action::Resize { deployment, replicas }
        });
        assert_eq!(
            steps.iter().map(|it| it.action.clone()).collect::<Vec<_>>(),
            Vec::from_iter(wanted)
        );
        for step in steps {
            let (mut after, name) = (world.clone(), &step.write.id().name);
            after.apply(&step.write).unwrap_or_else(|error| panic!("{error:?}: {step:?}"));
            let [before, after] = [&world, &after].map(|it| it.get(Kind::Deployment, name));
            assert_ne!(before["spec"]["replicas"], after["spec"]["replicas"]);
            assert_ne!(annotation(before, EPOCH), annotation(after, EPOCH));
            assert_eq!(before["spec"]["template"], after["spec"]["template"]);
        }
    }
}

#[test]
fn what_would_not_begin_is_not_rehearsed() {
    let outcome = dry_run(&promoted(), &deploy(V2, WEBHOOK)).unwrap_err();
    assert!(matches!(outcome, Outcome::AlreadyLive { .. }), "{outcome:?}");
    let (mut world, _) = deploying(asks);
    world.edit_record(|record| record.driver = None);
    let outcome = dry_run(&world, &deploy(V2, WEBHOOK)).unwrap_err();
    assert!(matches!(outcome, Outcome::NothingToDo { .. }), "{outcome:?}");
    let mut world = promoted();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["metadata"]["generation"] = json!(99);
    });
    let outcome = dry_run(&world, &deploy(V1, WEBHOOK)).unwrap_err();
    assert!(matches!(outcome, Outcome::NothingToDo { .. }), "{outcome:?}");
}
