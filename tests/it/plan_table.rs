//! The state machine of `plan`, row by row: this world, so that next step.
//!
//! States are reached by following plan from the article's two manifests; what a row asserts is the
//! step itself, down to the operations of its patch where people's traffic depends on them.

mod admission;
mod after_switch;
mod autoscaling;
mod before_switch;
mod complaints;
mod deploy;
mod dry_run;
mod errors;
mod fitness;
mod followers;
mod gate;
mod heard;
mod init;
mod lock;
mod marker;
mod naming;
mod neighbours;
mod old;
mod phase;
mod preview_host;
mod preview_tls;
mod promote_abort;
mod reach;
mod readiness;
mod reading;
mod rollback;
mod service_route;
mod settings;
mod several;
mod sharing;
mod surprises;
mod unserved;
mod warm;
mod why;
mod withdraw;

use bluegreen::model::{Id, Kind, Write};
use bluegreen::release::{Action, Goal, Next, Outcome, Record, Step};
use serde_json::{Value, json};

use crate::world::World;
use crate::world::article::{V2, initialised};
use crate::world::driver::{Driver, WEBHOOK, deploy};

/// Whether a look's next step is of this kind.
macro_rules! step {
    ($pattern:pat) => {
        |next: &bluegreen::release::Next| {
            matches!(next, bluegreen::release::Next::Do(step) if matches!(step.action, $pattern))
        }
    };
}
use step;

/// A deploy of the article's second version, up to the look whose next step is this.
fn deploying(wanted: impl Fn(&Next) -> bool) -> (World, Driver) {
    let mut world = initialised();
    let mut driver = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    reach(&mut world, &mut driver, wanted);
    (world, driver)
}

fn reach(world: &mut World, driver: &mut Driver, wanted: impl Fn(&Next) -> bool) -> Next {
    let next = world.until(driver, &wanted);
    assert!(wanted(&next), "ended before: {next:?}");
    next
}

/// Lets the driver do what it would do now, and the controllers what follows from it.
fn go(world: &mut World, driver: &mut Driver) {
    world.step(driver);
    world.settle();
}

/// The article's app with its second version live, in green.
fn promoted() -> World {
    let mut world = initialised();
    let mut driver = Driver::new("first", Goal::Deploy(deploy(V2, WEBHOOK)));
    assert!(matches!(world.follow(&mut driver), Outcome::Finished(_)));
    world.pass(3600);
    world
}

fn asks(next: &Next) -> bool {
    matches!(next, Next::Ask(_))
}

fn waits(next: &Next) -> bool {
    matches!(next, Next::Wait { .. })
}

fn action(next: &Next) -> &Action {
    &written(next).action
}

fn written(next: &Next) -> &Step {
    match next {
        Next::Do(step) => step,
        next => panic!("not a step: {next:?}"),
    }
}

fn created(next: &Next) -> &Value {
    match &written(next).write {
        Write::Create { object, .. } => object,
        write => panic!("not a create: {write:?}"),
    }
}

/// Asserts a patch of that object: the tests of its uid and its state, then these operations.
fn assert_patch(next: &Next, world: &World, kind: Kind, name: &str, operations: Value) {
    let Write::Patch { id, patch } = &written(next).write else { panic!("no patch: {next:?}") };
    assert_eq!(*id, Id::new(kind, name));
    let at = world.version(kind, name);
    let mut expected = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": at.uid}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": at.resource_version}),
    ];
    expected.extend(operations.as_array().unwrap().clone());
    assert_eq!(serde_json::to_value(patch).unwrap(), Value::from(expected));
}

/// The record as a step would leave it.
fn record_after(world: &World, next: &Next) -> Record {
    let step = written(next);
    assert_eq!(step.write.id().kind, Kind::ConfigMap, "{step:?}");
    let mut world = world.clone();
    world.apply(&step.write).unwrap();
    world.record()
}

fn done(next: Next) -> Outcome {
    match next {
        Next::Done(outcome) => outcome,
        next => panic!("not done: {next:?}"),
    }
}

fn changed(next: Next) -> String {
    match done(next) {
        Outcome::Changed { what, .. } => what,
        outcome => panic!("not changed: {outcome:?}"),
    }
}

fn unprepared(next: Next) -> Vec<String> {
    match done(next) {
        Outcome::Unprepared { reasons } => reasons,
        outcome => panic!("not unprepared: {outcome:?}"),
    }
}

fn unfit(next: Next) -> Vec<String> {
    match done(next) {
        Outcome::Unfit { reasons } => reasons,
        outcome => panic!("not unfit: {outcome:?}"),
    }
}
