//! What the API server makes of a template in a file, and what follows.

use bluegreen::model::{Kind, Write};
use bluegreen::release::checks::Reply;
use bluegreen::release::plan::unread;
use bluegreen::release::{Action, Change, Deploy, Fault, Gate, Goal, Outcome, Reading, Tried};
use serde_json::{Value, json};

use super::{done, step};
use crate::world::World;
use crate::world::article::{V2, initialised};
use crate::world::driver::{Driver, deploy};

/// A deploy of what is live, with the order of its fields and their defaults as somebody writes them.
fn of_the_file(world: &World, change: impl FnOnce(&mut Value)) -> Driver {
    let mut template = world.get(Kind::Deployment, "parrot")["spec"]["template"].clone();
    template["spec"].as_object_mut().unwrap().remove("restartPolicy");
    change(&mut template);
    let change = Change::Template(template);
    Driver::new("a", Goal::Deploy(Deploy { change, ..deploy(V2, Gate::Open) }))
}

/// The world, with the defaults of an API server.
fn world() -> World {
    let mut world = initialised();
    world.edit(Kind::Deployment, "parrot", |deployment| {
        deployment["spec"]["template"]["spec"]["restartPolicy"] = json!("Always");
    });
    world
}

/// What it would have the API server try.
fn tries(driver: &mut Driver, world: &World) -> Option<(Tried, Write)> {
    let s = driver.look(world);
    unread(&driver.goal, &s)
}

/// The driver's next look has this for an answer to what it has tried.
fn told(driver: &mut Driver, world: &World, reply: Reply) {
    let (tried, write) = tries(driver, world).expect("it is known already");
    let Write::Patch { id, patch } = write else { panic!("{write:?}") };
    assert_eq!((id.name.as_str(), patch.0.len()), ("parrot", 1), "nothing but the template");
    driver.memory.reading = Some(Reading { tried, reply });
    assert!(tries(driver, world).is_none(), "it is asked again");
}

#[test]
fn what_the_api_server_makes_of_the_file_is_compared_with_what_stands_there() {
    let world = world();
    let stands = || Reply::Taken { object: Some(world.get(Kind::Deployment, "parrot").clone()) };
    let mut a = of_the_file(&world, |_| {});
    told(&mut a, &world, stands());
    assert!(matches!(done(a.next(&world)), Outcome::AlreadyLive { .. }));

    // Another answer, or none: a release.
    let mut other = world.get(Kind::Deployment, "parrot").clone();
    other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("other");
    let lost = Reply::Lost { why: "no reply".to_owned() };
    for reply in [Reply::Taken { object: Some(other) }, Reply::Forbidden, lost] {
        let mut a = of_the_file(&world, |_| {});
        told(&mut a, &world, reply);
        assert!(step!(Action::Start { .. })(&a.next(&world)));
    }
}

#[test]
fn what_was_said_of_an_older_state_counts_no_more() {
    let mut world = world();
    let stands = Reply::Taken { object: Some(world.get(Kind::Deployment, "parrot").clone()) };
    let mut a = of_the_file(&world, |_| {});
    told(&mut a, &world, stands);
    world.edit(Kind::Deployment, "parrot", |deployment| {
        deployment["metadata"]["generation"] = json!(99);
    });
    assert!(tries(&mut a, &world).is_some());
}

#[test]
fn a_field_that_the_api_server_does_not_know_ends_it_before_anything_else() {
    let world = world();
    // Without its ports the template does not fit either.
    let mut a = of_the_file(&world, |template| {
        template["spec"]["containers"][0].as_object_mut().unwrap().remove("ports");
    });
    let fault = Fault::new("spec.template.spec.containers[0].portz", "unknown field");
    let refused = |faults: Vec<Fault>| Reply::Refused { code: 422, message: String::new(), faults };
    told(&mut a, &world, refused(vec![fault.clone(), Fault::new("spec.selector", "immutable")]));
    assert_eq!(done(a.next(&world)), Outcome::Misread { fields: vec![fault] });

    // What is not about the template is for the checks to say.
    let mut a = of_the_file(&world, |_| {});
    told(&mut a, &world, refused(vec![Fault::new("spec.templates", "unknown field")]));
    assert!(step!(Action::Start { .. })(&a.next(&world)));
}

#[test]
fn nothing_is_tried_for_images_or_in_the_middle_of_a_release() {
    let mut world = world();
    let mut a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    assert!(tries(&mut a, &world).is_none());
    let mut b = of_the_file(&world, |_| {});
    super::reach(&mut world, &mut a, step!(Action::MakeCandidate { .. }));
    assert!(tries(&mut b, &world).is_none());
}
