//! The certificate of the preview host: asked for, or written by the user, whose `spec.tls` is.

use bluegreen::model::Kind;
use bluegreen::release::{Goal, Init, Outcome, PreviewHost, PreviewTls};
use serde_json::{Value, json};

use super::unfit;
use crate::world::World;
use crate::world::article::{V2, initialised};
use crate::world::driver::{self, Driver, WEBHOOK, deploy};

const HOST: &str = "green.example.com";

fn tls(host: &str, secret: &str) -> Value {
    json!([{"hosts": [host], "secretName": secret}])
}

fn secret(name: &str) -> Option<PreviewTls> {
    Some(PreviewTls::Secret(name.to_owned()))
}

fn at(host: &str) -> Option<PreviewHost> {
    Some(PreviewHost::At(host.to_owned()))
}

fn init(world: &mut World, preview_host: Option<PreviewHost>, preview_tls: Option<PreviewTls>) {
    let goal = Goal::Init(Init { preview_host, preview_tls, ..Init::default() });
    assert_eq!(world.follow(&mut Driver::new("i", goal)), Outcome::Initialised);
}

fn found(world: &World) -> &Value {
    &world.get(Kind::Ingress, "parrot-preview")["spec"]["tls"]
}

fn written(world: &mut World, tls: &Value) {
    world.edit(Kind::Ingress, "parrot-preview", |ingress| ingress["spec"]["tls"] = tls.clone());
}

/// Nothing has to be brought in line, by whichever command.
fn is_left_alone(world: &mut World) {
    let (before, tls) = (world.revision(), found(world).clone());
    assert_eq!(world.follow(&mut Driver::new("i", driver::init())), Outcome::Initialised);
    init(world, at(HOST), None);
    assert_eq!((world.revision(), found(world)), (before, &tls));
    let mut world = world.clone();
    let released = world.follow(&mut Driver::new("d", Goal::Deploy(deploy(V2, WEBHOOK))));
    assert!(matches!(released, Outcome::Finished(_)), "{released:?}");
    assert_eq!(found(&world), &tls);
}

#[test]
fn the_users_own_is_left_alone() {
    for own in [
        tls(HOST, "own"),
        json!([{"hosts": ["*.example.com"], "secretName": "all"}, {"hosts": [HOST]}]),
        json!([{}]),
    ] {
        let mut world = initialised();
        init(&mut world, at(HOST), None);
        written(&mut world, &own);
        is_left_alone(&mut world);
    }
}

#[test]
fn one_that_is_asked_for_is_made_and_recorded() {
    let mut world = initialised();
    init(&mut world, at(HOST), secret("green-tls"));
    assert_eq!(found(&world), &tls(HOST, "green-tls"));
    assert_eq!(world.record().preview_tls_secret.as_deref(), Some("green-tls"));
    is_left_alone(&mut world);
    let mut candidate = deploy(V2, WEBHOOK);
    candidate.detach = true;
    let outcome = world.clone().follow(&mut Driver::new("d", Goal::Deploy(candidate)));
    let preview = Some(format!("https://{HOST}"));
    assert_eq!(outcome, Outcome::Detached { number: 1, preview });

    // Whoever changes it there is not fought, until another is asked for.
    written(&mut world, &tls(HOST, "own"));
    is_left_alone(&mut world);
    init(&mut world, None, secret("green-tls"));
    assert_eq!(found(&world), &tls(HOST, "green-tls"));
    init(&mut world, at("blue.example.com"), None);
    assert_eq!(found(&world), &tls("blue.example.com", "green-tls"));
    init(&mut world, None, Some(PreviewTls::None));
    assert_eq!((found(&world), world.record().preview_tls_secret), (&Value::Null, None));
}

#[test]
fn it_goes_with_its_host_and_is_for_none_without_one() {
    let mut world = initialised();
    let goal = Goal::Init(Init { preview_tls: secret("a"), ..Init::default() });
    let reasons = unfit(Driver::new("i", goal).next(&world));
    assert!(reasons[0].contains("give --preview-host HOST as well"), "{reasons:?}");
    init(&mut world, at(HOST), secret("green-tls"));
    init(&mut world, Some(PreviewHost::None), None);
    assert_eq!(found(&world), &Value::Null);
    // It is still known for the next host.
    init(&mut world, at(HOST), None);
    assert_eq!(found(&world), &tls(HOST, "green-tls"));
}

#[test]
fn it_is_there_from_the_first_init_on() {
    let mut world = crate::world::article::applied();
    init(&mut world, at(HOST), secret("green-tls"));
    assert_eq!(found(&world), &tls(HOST, "green-tls"));
}
