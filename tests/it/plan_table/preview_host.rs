//! The host under which people outside see the candidate.

use bluegreen::model::Kind;
use bluegreen::release::{Elsewhere, Goal, Init, Next, Outcome, PreviewHost};
use serde_json::{Value, json};

use super::unfit;
use crate::world::World;
use crate::world::article::initialised;
use crate::world::article::{V2, second};
use crate::world::driver::{self, Driver, WEBHOOK, deploy};

const HOST: &str = "green.example.com";

fn init(said: PreviewHost) -> Goal {
    Goal::Init(Init { preview_host: Some(said), ..Init::default() })
}

fn at(host: &str) -> Goal {
    init(PreviewHost::At(host.to_owned()))
}

fn with_host() -> World {
    let mut world = initialised();
    assert_eq!(world.follow(&mut Driver::new("i", at(HOST))), Outcome::Initialised);
    world
}

fn preview(world: &World) -> &Value {
    world.get(Kind::Ingress, "parrot-preview")
}

#[test]
fn leads_to_the_preview_service_and_is_taken_back() {
    let denied = preview(&initialised()).clone();
    let mut world = with_host();
    let rules = preview(&world)["spec"]["rules"].as_array().unwrap().clone();
    assert_eq!(rules[0], denied["spec"]["rules"][0], "what keeps the backends stays as it is");
    let backend = json!({"service": {"name": "parrot-preview", "port": {"number": 80}}});
    let path = json!({"path": "/", "pathType": "Prefix", "backend": backend});
    assert_eq!(rules[1..], [json!({"host": HOST, "http": {"paths": [path]}})]);
    assert_eq!(preview(&world)["metadata"]["annotations"], json!({}));

    // A later init that says nothing of it leaves it.
    let before = world.revision();
    world.follow(&mut Driver::new("i", driver::init()));
    assert_eq!(world.revision(), before);
    world.follow(&mut Driver::new("i", init(PreviewHost::None)));
    assert_eq!(preview(&world)["spec"], denied["spec"]);
    let annotations = |ingress: &Value| ingress["metadata"]["annotations"].clone();
    assert_eq!(annotations(preview(&world)), annotations(&denied));
}

/// In whatever namespace, as far as that could be looked at.
#[test]
fn is_never_a_host_of_another_namespace() {
    let taken = |served_by: Option<&str>, goal: Goal, world: &World| {
        let mut driver = Driver::new("i", goal);
        let served_by = served_by.map(str::to_owned);
        driver.memory.beyond.host = Some(Elsewhere { host: HOST.to_owned(), served_by });
        driver.next(world)
    };
    let elsewhere = Some("web in namespace cats");
    let refused = unfit(taken(elsewhere, at(HOST), &initialised()));
    let what = format!("Ingress web in namespace cats serves {HOST}");
    assert!(refused[0].starts_with(&what), "{refused:?}");
    // It may have come after it was recorded here.
    let goal = Goal::Deploy(deploy(V2, WEBHOOK));
    assert!(unfit(taken(elsewhere, goal.clone(), &with_host()))[0].starts_with(&what));
    assert!(matches!(taken(None, goal, &with_host()), Next::Do(_)));
    assert!(matches!(taken(None, at(HOST), &initialised()), Next::Do(_)));
    // What was found of another host says nothing of this one.
    assert!(matches!(taken(elsewhere, at("blue.example.com"), &initialised()), Next::Do(_)));
}

#[test]
fn is_for_nobody_whom_the_app_does_not_let_in() {
    let auth = "nginx.ingress.kubernetes.io/auth-url";
    let asking = |world: &mut World, ingress: &str| {
        world.edit(Kind::Ingress, ingress, |ingress| {
            ingress["metadata"]["annotations"][auth] = json!("https://login.example.com");
        });
    };
    let mut world = initialised();
    asking(&mut world, "parrot");
    let refused = unfit(Driver::new("i", at(HOST)).next(&world));
    assert!(refused[0].contains("kubectl annotate ingress parrot-preview"), "{refused:?}");
    // As the hint says.
    asking(&mut world, "parrot-preview");
    assert_eq!(world.follow(&mut Driver::new("i", at(HOST))), Outcome::Initialised);
    assert!(preview(&world)["metadata"]["annotations"][auth].is_string());

    // Where nobody comes in by it there is nothing to ask for.
    let mut world = initialised();
    asking(&mut world, "parrot");
    let released = world.follow(&mut Driver::new("d", Goal::Deploy(deploy(V2, WEBHOOK))));
    assert!(matches!(released, Outcome::Finished(_)), "{released:?}");
    // Who asks for a host, and for a login later, is held up by the next release.
    let mut world = with_host();
    asking(&mut world, "parrot");
    let refused = unfit(Driver::new("d", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world));
    assert!(refused[0].contains("would show the candidate at green.example.com"), "{refused:?}");
}

/// An app for some networks alone has a candidate for the same ones.
#[test]
fn lets_in_whom_the_app_lets_in() {
    let of = |key: &str| format!("nginx.ingress.kubernetes.io/{key}-source-range");
    let allowed = of("whitelist");
    for (key, becomes) in
        [("whitelist", &allowed), ("allowlist", &allowed), ("denylist", &of("denylist"))]
    {
        let mut world = initialised();
        world.edit(Kind::Ingress, "parrot", |ingress| {
            ingress["metadata"]["annotations"][of(key)] = json!("10.0.0.0/8");
        });
        assert_eq!(world.follow(&mut Driver::new("i", at(HOST))), Outcome::Initialised);
        assert_eq!(preview(&world)["metadata"]["annotations"], json!({becomes: "10.0.0.0/8"}));
        // Who asks for a password there goes on asking.
        let auth = "nginx.ingress.kubernetes.io/auth-url";
        world.edit(Kind::Ingress, "parrot-preview", |ingress| {
            ingress["metadata"]["annotations"][auth] = json!("https://auth.example.com/");
        });
        world.follow(&mut Driver::new("i", at("blue.example.com")));
        assert_eq!(preview(&world)["metadata"]["annotations"][auth], "https://auth.example.com/");
        // Without the host nobody gets in, whoever the app is for.
        world.follow(&mut Driver::new("i", init(PreviewHost::None)));
        assert_eq!(
            preview(&world)["metadata"]["annotations"],
            json!({&allowed: "0.0.0.0/32", auth: "https://auth.example.com/"})
        );
    }
}

#[test]
fn is_where_people_are_sent() {
    let mut world = with_host();
    let mut deploy = deploy(V2, WEBHOOK);
    deploy.detach = true;
    let outcome = world.follow(&mut Driver::new("d", Goal::Deploy(deploy)));
    let preview = Some(format!("http://{HOST}"));
    assert_eq!(outcome, Outcome::Detached { number: 1, preview });
}

#[test]
fn is_never_a_host_of_the_users() {
    let taken = unfit(Driver::new("i", at("parrot.example.com")).next(&initialised()));
    assert!(taken[0].starts_with("Ingress parrot serves parrot.example.com"), "{taken:?}");
    let mut world = with_host();
    let mut other = second();
    other["spec"]["rules"][0]["host"] = json!(HOST);
    world.add(other);
    let taken = unfit(Driver::new("d", Goal::Deploy(deploy(V2, WEBHOOK))).next(&world));
    assert!(taken[0].contains("init --preview-host"), "{taken:?}");
}

#[test]
fn is_never_another_apps_preview_nor_a_second_name_of_a_host() {
    let refused = |world: &World| {
        let taken = unfit(Driver::new("i", at(HOST)).next(world));
        assert!(taken[0].starts_with("Ingress toucan"), "{taken:?}");
    };
    let mut preview = preview(&with_host()).clone();
    preview["metadata"]["name"] = json!("toucan-preview");
    preview["metadata"]["labels"]["bluegreen/app"] = json!("toucan");
    let mut world = initialised();
    world.add(preview);
    refused(&world);

    let mut toucan = second();
    toucan["metadata"]["name"] = json!("toucan");
    toucan["metadata"]["annotations"] =
        json!({"nginx.ingress.kubernetes.io/server-alias": format!("www.example.com, {HOST}")});
    let mut world = initialised();
    world.add(toucan);
    refused(&world);
}
