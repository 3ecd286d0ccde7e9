//! Annotations that name the app's Services, as F5's controller reads them: in one patch with the backends.

use bluegreen::model::Kind;
use bluegreen::release::{Action, Goal, Outcome};
use serde_json::{Value, json};

use super::{assert_patch, go, reach, step};
use crate::world::World;
use crate::world::article::{V2, applied, backend_of, initialised_from};
use crate::world::driver::{Driver, WEBHOOK, abort, deploy, rollback};

const SOCKETS: &str = "nginx.org/websocket-services";
const REWRITES: &str = "nginx.org/rewrites";

fn value(key: &str, service: &str) -> String {
    match key {
        SOCKETS => format!("toucan, {service}"),
        _ => format!("serviceName={service} rewrite=/parrot; serviceName=toucan rewrite=/"),
    }
}

/// The app taken in, with two annotations that name it, and one that only seems to.
fn annotated() -> World {
    let mut world = applied();
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["metadata"]["annotations"] = json!({
            SOCKETS: value(SOCKETS, "parrot"),
            REWRITES: value(REWRITES, "parrot"),
            "nginx.org/lb-method": "parrot",
        });
    });
    initialised_from(world)
}

fn name(world: &World, service: &str) {
    assert_eq!(backend_of(world, "parrot"), service);
    let annotations = &world.get(Kind::Ingress, "parrot")["metadata"]["annotations"];
    for key in [SOCKETS, REWRITES] {
        assert_eq!(annotations[key], value(key, service));
    }
    assert_eq!(annotations["nginx.org/lb-method"], "parrot");
}

/// The whole of it, from one Service to another.
fn switch(from: &str, to: &str) -> Value {
    let at = |key: &str| format!("/metadata/annotations/{}", key.replace('/', "~1"));
    let mut operations = vec![
        json!({"op": "test", "path": "/spec/rules/0/host", "value": "parrot.example.com"}),
        json!({"op": "test", "path": "/spec/rules/0/http/paths/0/path", "value": "/"}),
    ];
    let backend = "/spec/rules/0/http/paths/0/backend/service/name";
    let (from_to, keys) = ([from, to], [REWRITES, SOCKETS]);
    let mut places = vec![(backend.to_owned(), from_to.map(str::to_owned))];
    places.extend(keys.map(|key| (at(key), from_to.map(|service| value(key, service)))));
    for (path, [from, to]) in places {
        operations.push(json!({"op": "test", "path": path, "value": from}));
        operations.push(json!({"op": "replace", "path": path, "value": to}));
    }
    for (stamp, value) in [("release", "1"), ("epoch", "0")] {
        let path = format!("/metadata/annotations/bluegreen~1{stamp}.parrot");
        operations.push(json!({"op": "add", "path": path, "value": value}));
    }
    operations.into()
}

fn switched() -> (World, Driver) {
    let mut world = annotated();
    let mut driver = Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)));
    let next = reach(&mut world, &mut driver, step!(Action::Switch { .. }));
    name(&world, "parrot");
    assert_patch(&next, &world, Kind::Ingress, "parrot", switch("parrot", "parrot-green"));
    go(&mut world, &mut driver);
    name(&world, "parrot-green");
    (world, driver)
}

#[test]
fn they_are_switched_with_the_backends_and_back_by_a_rollback() {
    let (mut world, mut driver) = switched();
    assert!(matches!(world.follow(&mut driver), Outcome::Finished(_)));
    name(&world, "parrot-green");
    let mut back = Driver::new("b", rollback());
    reach(&mut world, &mut back, step!(Action::Switch { .. }));
    assert!(matches!(world.follow(&mut back), Outcome::Finished(_)));
    name(&world, "parrot-blue");
}

#[test]
fn they_are_switched_back_with_the_backends() {
    let (mut world, _) = switched();
    world.edit_record(|record| record.driver = None);
    let mut x = Driver::new("x", abort());
    let next = reach(&mut world, &mut x, step!(Action::SwitchBack { .. }));
    assert_patch(&next, &world, Kind::Ingress, "parrot", switch("parrot-green", "parrot-blue"));
    assert!(matches!(world.follow(&mut x), Outcome::Finished(_)));
    name(&world, "parrot-blue");
}

/// As a version that did not know of it has left them.
#[test]
fn one_that_was_left_behind_is_taken_along() {
    let mut world = annotated();
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["metadata"]["annotations"][SOCKETS] = json!("parrot-blue");
    });
    assert!(matches!(
        world.follow(&mut Driver::new("a", Goal::Deploy(deploy(V2, WEBHOOK)))),
        Outcome::Finished(_)
    ));
    let annotations = &world.get(Kind::Ingress, "parrot")["metadata"]["annotations"];
    assert_eq!(annotations[SOCKETS], "parrot-green");
}
