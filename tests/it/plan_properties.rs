//! What holds whatever happens: several commands at once, each on looks of its own age, killed and
//! started again, their requests late, the controllers slow, pods that go bad, time that passes.
//!
//! One Ingress names the app, or two, or none but its Service, or there are two apps in one. Nobody edits routes or templates here: what a release does then stands in the table.

mod judge;
mod operations;
mod process;
mod simulation;

use bluegreen::model::{Colour, Kind, annotation};
use bluegreen::release::{Answer, Goal, Names, Outcome, ReleaseOutcome};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::world::World;
use crate::world::article::{
    by_service, initialised, names, toucan, two_apps, with_scaler, with_two_ingresses,
    without_ingress,
};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, init, rollback, set};
use operations::{Operation, operation};
use simulation::Simulation;

/// `PROPTEST_CASES` sets another number, for a long run, whose cases differ each time. The same ones
/// every time otherwise: what fails here was broken by the change at hand.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_long = default.cases != 256;
    let cases = if is_long { default.cases } else { CASES };
    let rng_seed = if is_long { RngSeed::Random } else { RngSeed::Fixed(SEED) };
    ProptestConfig { cases, rng_seed, max_shrink_iters: 4000, ..default }
}

const SEED: u64 = 20_261_125;
/// Enough to meet every kind of step many times over, in some ten seconds.
const CASES: u32 = 64;
const LAST: &str = "kmharish/parrot-app:v9.9";

fn disturbed(two: bool, operations: &[Operation]) -> Simulation {
    let mut app = if two { with_two_ingresses() } else { initialised() };
    if two {
        with_scaler(&mut app);
    }
    ran(Simulation::new(app, &[names()]), operations)
}

fn ran(mut simulation: Simulation, operations: &[Operation]) -> Simulation {
    for operation in operations {
        simulation.run(operation);
    }
    simulation
}

/// The cluster recovers, and whoever was at work is gone.
fn recovered(simulation: &Simulation) -> World {
    let mut world = simulation.world.clone();
    world.bad_images.clear();
    world.settle();
    world
}

/// Every command that may come next ends, and says how.
fn ends(world: &mut World, goal: Goal) -> Outcome {
    ends_of(&names(), world, goal)
}

fn ends_of(app: &Names, world: &mut World, goal: Goal) -> Outcome {
    let outcome = world.follow(&mut Driver::of(app.clone(), "last", goal));
    assert!(!matches!(outcome, Outcome::Changed { .. }), "{outcome:?}");
    outcome
}

fn is_at_rest(world: &World) {
    is_at_rest_of(&names(), world);
}

fn is_at_rest_of(app: &Names, world: &World) {
    let record = world.record_of(app);
    assert_eq!((&record.release, &record.driver), (&None, &None));
    if record.route.is_ingress() {
        let ours = world.get(Kind::Ingress, &app.preview());
        assert_eq!(
            ours["spec"]["rules"].as_array().map(Vec::len),
            Some(1),
            "a marker is left: {ours:#}"
        );
    }
    let [live] = world.serving_of(app)[..] else { panic!("several serve") };
    assert!(world.replicas(live) >= 1);
    for deployment in Colour::BOTH.map(|colour| app.deployment(colour)) {
        let deployment = deployment.as_str();
        let there = world.find(Kind::Deployment, deployment).is_some();
        let kept = record.last_promoted().is_some_and(|last| last.kept);
        let is_away = !there || world.replicas(deployment) == 0;
        assert!(is_away || kept || deployment == live, "{deployment}");
        // Clones live as long as their colour has pods, and only what is idle is held.
        let is_idle = !is_away && deployment != live;
        for kind in [Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget] {
            let clone = world.find(kind, deployment);
            assert!(clone.is_none() || !is_away, "{clone:#?}");
        }
        for scaler in world.all(Kind::HorizontalPodAutoscaler) {
            let held = annotation(&scaler, "bluegreen/held").is_some();
            let is_its = scaler["spec"]["scaleTargetRef"]["name"] == deployment;
            assert!(!is_its || !held || is_idle, "{scaler:#}");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// The judge looks at every write on the way; afterwards an abort leaves the version serving
    /// that served before the release, and the slot as the release found it.
    #[test]
    fn abort_restores_from_anywhere(
        two in any::<bool>(), operations in prop::collection::vec(operation(), 1..60),
    ) {
        let simulation = disturbed(two, &operations);
        let mut world = recovered(&simulation);
        let release = world.record().release;
        let served = world.serving();
        let outcome = ends(&mut world, abort());
        match (&outcome, &release) {
            (Outcome::Finished(finished), Some(release)) => {
                prop_assert_eq!(finished.number, release.number);
                prop_assert_ne!(finished.outcome, ReleaseOutcome::Promoted);
                simulation.judges[0].is_as_found(&world, release);
            }
            (Outcome::NothingToDo { .. }, None) => prop_assert_eq!(served, world.serving()),
            _ => prop_assert!(false, "{:?} of {:?}", outcome, release),
        }
        // What a dead driver made late is the next command's to find.
        let outcome = ends(&mut world, abort());
        prop_assert!(matches!(outcome, Outcome::NothingToDo { .. }), "{:?}", outcome);
        is_at_rest(&world);
    }

    /// The same where the app's Service is the route; and a deploy gets there.
    #[test]
    fn a_service_route_is_led_from_anywhere(
        operations in prop::collection::vec(operation(), 1..60),
    ) {
        let simulation = ran(Simulation::new(by_service(without_ingress()), &[names()]), &operations);
        let mut world = recovered(&simulation);
        let release = world.record().release;
        ends(&mut world, abort());
        if let Some(release) = &release {
            simulation.judges[0].is_as_found(&world, release);
        }
        ends(&mut world, abort());
        is_at_rest(&world);
        let outcome = ends(&mut world, Goal::Deploy(deploy(LAST, WEBHOOK)));
        prop_assert!(
            matches!(&outcome, Outcome::Finished(it) if it.outcome == ReleaseOutcome::Promoted),
            "{:?}", outcome
        );
        is_at_rest(&world);
    }

    /// The unfinished release goes on to its end with the same deploy and a gate that says yes;
    /// then comes the next one; then nothing is left to write.
    #[test]
    fn deploy_gets_there_from_anywhere(
        two in any::<bool>(), operations in prop::collection::vec(operation(), 1..60),
    ) {
        let simulation = disturbed(two, &operations);
        let mut world = recovered(&simulation);
        if let Some(release) = world.record().release {
            let goes = release.ending.is_some();
            let image = release.images["parrot"].clone();
            let outcome = ends(&mut world, Goal::Deploy(deploy(&image, WEBHOOK)));
            let Outcome::Finished(finished) = outcome else { panic!("{outcome:?}") };
            let unhealthy = image.ends_with(":crash") && finished.outcome == ReleaseOutcome::Unhealthy;
            let promoted = finished.outcome == ReleaseOutcome::Promoted;
            let late = release.deadline.is_some_and(|deadline| world.now >= deadline);
            prop_assert!(goes || late || promoted || unhealthy, "{:?}", finished);
        }
        let last = || Goal::Deploy(deploy(LAST, WEBHOOK));
        let outcome = ends(&mut world, last());
        prop_assert!(
            matches!(&outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted),
            "{:?}", outcome
        );
        prop_assert_eq!(world.live_image(), Some(LAST.to_owned()));
        is_at_rest(&world);
        let revision = world.revision();
        let again = ends(&mut world, last());
        prop_assert!(matches!(again, Outcome::AlreadyLive { .. }), "{:?}", again);
        prop_assert_eq!(ends(&mut world, init()), Outcome::Initialised);
        prop_assert_eq!(world.revision(), revision);
    }

    /// So it does with a promote, where there is something to promote.
    #[test]
    fn promote_gets_there_from_anywhere(
        two in any::<bool>(), operations in prop::collection::vec(operation(), 1..60),
    ) {
        let simulation = disturbed(two, &operations);
        let mut world = recovered(&simulation);
        let release = world.record().release;
        let outcome = ends(&mut world, Goal::Promote { release: None, when_ready: true });
        match (&outcome, &release) {
            (Outcome::NothingToDo { .. }, None) => {}
            (Outcome::Finished(finished), Some(release)) => {
                prop_assert_eq!(finished.number, release.number);
                is_at_rest(&world);
            }
            (Outcome::NotReady { deploy_again: true, .. }, Some(release)) => {
                let slot = names().deployment(release.to);
                prop_assert!(!world.serving().contains(&slot.as_str()));
            }
            _ => prop_assert!(false, "{:?} of {:?}", outcome, release),
        }
    }

    /// And with a rollback: to what the last release that went live has replaced, or not at all.
    #[test]
    fn rollback_gets_there_from_anywhere(
        two in any::<bool>(), operations in prop::collection::vec(operation(), 1..60),
    ) {
        let simulation = disturbed(two, &operations);
        let mut world = recovered(&simulation);
        let record = world.record();
        let served = world.live_image();
        let outcome = ends(&mut world, rollback());
        match (&outcome, &record.release) {
            // Another one than to a certain release, which may be under way.
            (Outcome::NothingToDo { .. }, Some(release)) => {
                prop_assert!(release.back.is_none() || release.to_release.is_some());
            }
            (Outcome::NothingToDo { .. }, None) => prop_assert!(record.last_promoted().is_none()),
            (Outcome::Finished(finished), release) => {
                prop_assert!(finished.rollback);
                is_at_rest(&world);
                if release.is_none() {
                    let last = record.last_promoted().expect("something was live before");
                    let image = finished.images["parrot"].clone();
                    prop_assert_eq!(&image, &last.replaces["parrot"]);
                    // Its image may be the one that never gets ready.
                    let wanted = match finished.outcome {
                        ReleaseOutcome::Promoted => Some(image),
                        _ => served,
                    };
                    prop_assert_eq!(world.live_image(), wanted);
                }
            }
            _ => prop_assert!(false, "{:?} of {:?}", outcome, record.release),
        }
    }

    /// Two apps in one Ingress: the judges see to it that no write of one touches what is the other's,
    /// and nothing that happened to one keeps the other from any of its ends.
    #[test]
    fn two_apps_do_not_disturb_each_other(
        goes_on in any::<[bool; 2]>(), operations in prop::collection::vec(operation(), 1..80),
    ) {
        let apps = [names(), toucan()];
        let simulation = ran(Simulation::new(two_apps(), &apps), &operations);
        let mut world = recovered(&simulation);
        let releases = apps.each_ref().map(|app| world.record_of(app).release);
        for ((app, release), judge) in apps.iter().zip(&releases).zip(&simulation.judges) {
            let goal = match goes_on[usize::from(app.app == "toucan")] {
                true => Goal::Promote { release: None, when_ready: true },
                false => abort(),
            };
            let aborts = goal == abort();
            let outcome = ends_of(app, &mut world, goal);
            match (&outcome, release) {
                (Outcome::NothingToDo { .. }, None) => {}
                (Outcome::Finished(finished), Some(release)) => {
                    prop_assert_eq!(finished.number, release.number);
                    if aborts {
                        judge.is_as_found(&world, release);
                    }
                }
                (Outcome::NotReady { deploy_again: true, .. }, Some(_)) if !aborts => {}
                _ => prop_assert!(false, "{:?} of {:?}", outcome, release),
            }
        }
        // What a dead driver made late is the next command's to find.
        for app in &apps {
            ends_of(app, &mut world, abort());
        }
        for app in &apps {
            let outcome = ends_of(app, &mut world, Goal::Deploy(deploy(LAST, WEBHOOK)));
            prop_assert!(
                matches!(&outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted),
                "{:?}", outcome
            );
            prop_assert_eq!(world.live_image_of(app), Some(LAST.to_owned()));
        }
        apps.iter().for_each(|app| is_at_rest_of(app, &world));
    }

    /// Ten releases in a row, whatever their gates say.
    #[test]
    fn ten_releases_alternate(answers in prop::collection::vec(operations::answer(), 10)) {
        let mut world = initialised();
        let mut judge = judge::Judge::new(&names(), &world);
        let mut live = "parrot";
        for (number, answer) in answers.into_iter().enumerate() {
            let deploy = deploy(&format!("parrot-app:v{number}"), WEBHOOK);
            let goal = Goal::Deploy(set(deploy, |settings| settings.threshold = Some(2)));
            let passes = answer == Answer::Pass;
            let mut driver = Driver::asking(&number.to_string(), goal, answer);
            let outcome = world.follow(&mut driver);
            let promoted =
                matches!(&outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted);
            prop_assert_eq!(promoted, passes);
            if promoted {
                live = if live == "parrot" { "parrot-green" } else { "parrot" };
            }
            prop_assert_eq!(world.serving(), vec![live]);
            judge.bless(u64::try_from(number).unwrap() + 1, passes);
            judge.inspect(&world);
            is_at_rest(&world);
        }
    }
}
