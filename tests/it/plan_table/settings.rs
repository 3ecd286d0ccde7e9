//! What a file says: of the objects around the app, and of the numbers that a release goes by.

use bluegreen::model::{Id, Kind};
use bluegreen::release::{
    Action, Declared, DeclaredService, Deploy, Gate, GateKind, Goal, Init, Next, Outcome, Settings,
};
use serde_json::{Value, json};

use super::{created, done, reach, record_after, step, unfit, written};
use crate::world::World;
use crate::world::article::{V2, applied, initialised, service};
use crate::world::driver::{Driver, WEBHOOK, deploy, init, set};

/// What the article's Canary says.
fn article() -> Declared {
    Declared {
        ingress: Some("parrot".to_owned()),
        service: Some(DeclaredService {
            port: Some(80),
            target_port: Some(json!(3000)),
            ..DeclaredService::default()
        }),
        ..Declared::default()
    }
}

fn with_service(change: impl FnOnce(&mut DeclaredService)) -> Declared {
    let mut expected = article();
    change(expected.service.as_mut().unwrap());
    expected
}

fn init_with(expected: Declared) -> Driver {
    Driver::new("i", Goal::Init(Init { expected, ..Init::default() }))
}

fn deploy_with(expected: Declared) -> Driver {
    Driver::new("d", Goal::Deploy(Deploy { expected, ..deploy(V2, WEBHOOK) }))
}

/// The live Service as `init` makes it.
fn made_service(world: &mut World, expected: Declared) -> Value {
    let mut driver = init_with(expected);
    let next = reach(world, &mut driver, step!(Action::MakeService { .. }));
    created(&next).clone()
}

#[test]
fn the_live_service_is_made_as_the_file_says() {
    let made = made_service(&mut applied(), article());
    assert_eq!(
        made["spec"]["ports"],
        json!([{"name": "http", "port": 80, "targetPort": 3000, "protocol": "TCP"}])
    );
    let all = with_service(|service| {
        service.port_name = Some("web".to_owned());
        service.target_port = Some(json!("api"));
        service.app_protocol = Some("h2c".to_owned());
    });
    let made = made_service(&mut applied(), all);
    assert_eq!(
        made["spec"]["ports"],
        json!([{
            "name": "web", "port": 80, "targetPort": "api", "protocol": "TCP", "appProtocol": "h2c",
        }])
    );
}

#[test]
fn where_the_file_leaves_the_target_open_it_is_the_containers_port() {
    let open = with_service(|service| service.target_port = None);
    assert_eq!(made_service(&mut applied(), open)["spec"]["ports"][0]["targetPort"], 3000);
}

#[test]
fn the_live_service_has_the_files_name_where_the_ingress_names_it() {
    let mut world = applied();
    world.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
            json!("web");
    });
    let web = with_service(|service| service.name = Some("web".to_owned()));
    assert_eq!(made_service(&mut world.clone(), web.clone())["metadata"]["name"], "web");
    let mut driver = init_with(web);
    assert_eq!(world.follow(&mut driver), Outcome::Initialised);
    // And once more, with nothing left to do.
    assert_eq!(done(driver.next(&world)), Outcome::Initialised);
}

#[test]
fn a_port_that_the_ingress_does_not_ask_for_is_refused() {
    let other = with_service(|service| service.port = Some(8080));
    assert_eq!(
        unfit(init_with(other).next(&applied())),
        ["the Ingress uses port 80 of Service parrot, but the settings give it port 8080 (http)"]
    );
    let mut by_name = applied();
    by_name.edit(Kind::Ingress, "parrot", |ingress| {
        ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
            json!({"name": "web"});
    });
    let reasons = unfit(init_with(article()).next(&by_name));
    assert!(reasons[0].contains("port web of Service parrot"), "{reasons:?}");
    let named = with_service(|service| service.port_name = Some("web".to_owned()));
    assert_eq!(made_service(&mut by_name, named)["spec"]["ports"][0]["name"], "web");
}

#[test]
fn a_service_that_exists_and_differs_is_refused_by_init_and_deploy() {
    for (expected, reason) in [
        (
            with_service(|service| service.port = Some(8080)),
            "the settings say port 8080 of Service parrot, which has no such port",
        ),
        (
            with_service(|service| service.target_port = Some(json!("api"))),
            "the settings say targetPort api for port 80 of Service parrot, which has 3000",
        ),
        (
            with_service(|service| service.port_name = Some("web".to_owned())),
            "the settings say portName web for port 80 of Service parrot, which has http",
        ),
        (
            with_service(|service| service.app_protocol = Some("h2c".to_owned())),
            "the settings say appProtocol h2c for port 80 of Service parrot, which has none",
        ),
        (
            with_service(|service| service.name = Some("web".to_owned())),
            "the settings name Service web, but requests reach the app through Service parrot",
        ),
    ] {
        let mut world = applied();
        world.add(service());
        assert_eq!(unfit(init_with(expected.clone()).next(&world)), [reason]);
        let world = crate::world::article::initialised_from(world);
        assert_eq!(unfit(deploy_with(expected).next(&world)), [reason]);
    }
    let mut world = applied();
    world.add(service());
    assert!(step!(Action::MakeRecord)(&init_with(article()).next(&world)));
}

#[test]
fn another_ingress_than_the_one_that_names_the_app_is_refused() {
    let toucan = Declared { ingress: Some("toucan".to_owned()), ..Declared::default() };
    let reason = "the settings name Ingress toucan, which does not exist in namespace blue-green";
    assert_eq!(unfit(init_with(toucan.clone()).next(&applied())), [reason]);
    assert_eq!(unfit(deploy_with(toucan.clone()).next(&initialised())), [reason]);

    let mut world = initialised();
    let mut other = crate::world::article::ingress();
    other["metadata"]["name"] = json!("toucan");
    other["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!("toucan");
    world.add(other);
    assert_eq!(
        unfit(deploy_with(toucan).next(&world)),
        [
            "the settings name Ingress toucan, which does not name Service parrot; Ingress parrot does"
        ]
    );
    assert!(step!(Action::Start { .. })(&deploy_with(article()).next(&world)));
}

/// For whom `--probe` or a file has an address.
#[test]
fn an_address_for_what_is_no_route_of_the_app_is_refused() {
    let asked = |name: &str| Declared {
        asked: vec![Id::new(Kind::Ingress, "parrot"), Id::new(Kind::Ingress, name)],
        ..Declared::default()
    };
    let missing =
        "a probe address is given for Ingress toucan, which does not exist in namespace blue-green";
    assert_eq!(unfit(init_with(asked("toucan")).next(&applied())), [missing]);
    assert_eq!(unfit(deploy_with(asked("toucan")).next(&initialised())), [missing]);
    // Our own is never a route.
    let ours = "a probe address is given for Ingress parrot-preview, which does not name the app; \
                Ingress parrot does";
    assert_eq!(unfit(deploy_with(asked("parrot-preview")).next(&initialised())), [ours]);
    let own = deploy_with(asked("parrot")).next(&initialised());
    assert!(step!(Action::Start { .. })(&own), "{own:?}");
}

const RECORDED: Settings = Settings {
    interval_seconds: Some(20),
    threshold: Some(5),
    deadline_seconds: Some(900),
    timeout_seconds: Some(120),
    drain_seconds: Some(7),
    settle_seconds: Some(8),
    bake_seconds: Some(9),
    keep_old: Some(true),
    skip: false,
};

fn recording(settings: Settings) -> Driver {
    Driver::new("i", Goal::Init(Init { settings: Some(settings), ..Init::default() }))
}

#[test]
fn init_records_what_it_was_given_with_the_record_itself() {
    let mut world = applied();
    let next = recording(RECORDED).next(&world);
    assert!(step!(Action::MakeRecord)(&next));
    world.apply(&written(&next).write).unwrap();
    assert_eq!(world.record().settings, Some(RECORDED));
}

#[test]
fn a_later_init_records_anew_and_one_without_settings_leaves_them() {
    let mut world = initialised();
    assert_eq!(world.record().settings, None);
    let next = recording(RECORDED).next(&world);
    assert!(step!(Action::Set)(&next));
    assert_eq!(record_after(&world, &next).settings, Some(RECORDED));
    assert_eq!(world.follow(&mut recording(RECORDED)), Outcome::Initialised);
    // The same once more, and one that says nothing.
    assert_eq!(done(recording(RECORDED).next(&world)), Outcome::Initialised);
    assert_eq!(done(Driver::new("i", init()).next(&world)), Outcome::Initialised);
    assert_eq!(world.record().settings, Some(RECORDED));
    let next = recording(Settings::default()).next(&world);
    assert_eq!(record_after(&world, &next).settings, None);
}

#[test]
fn what_is_recorded_counts_where_a_deploy_says_nothing() {
    let mut world = initialised();
    world.follow(&mut recording(RECORDED));
    let silent = set(deploy(V2, WEBHOOK), |settings| *settings = Settings::default());
    let said = set(silent.clone(), |settings| {
        settings.interval_seconds = Some(1);
        settings.timeout_seconds = Some(60);
        settings.keep_old = Some(false);
    });
    for (deploy, interval, timeout, keeps) in [(silent, 20, 120, true), (said, 1, 60, false)] {
        let next = Driver::new("d", Goal::Deploy(deploy)).next(&world);
        let release = record_after(&world, &next).release.unwrap();
        assert_eq!((release.gate.interval_seconds, release.timeout_seconds), (interval, timeout));
        assert_eq!((release.ready_by - world.now).get_seconds().unsigned_abs(), timeout);
        assert_eq!((release.gate.threshold, release.drain_seconds), (5, 7));
        assert_eq!(release.keep_old, keeps);
        assert_eq!((release.deadline.unwrap() - world.now).get_seconds(), 900);
    }
}

#[test]
fn without_a_word_anywhere_the_defaults_count() {
    let world = initialised();
    let silent = set(deploy(V2, WEBHOOK), |settings| *settings = Settings::default());
    let next = Driver::new("d", Goal::Deploy(silent)).next(&world);
    let release = record_after(&world, &next).release.unwrap();
    assert_eq!((release.gate.interval_seconds, release.gate.threshold), (10, 60));
    assert_eq!((release.timeout_seconds, release.drain_seconds), (600, 30));
    assert_eq!(release.deadline, None);
}

#[test]
fn who_says_nothing_of_a_gate_gets_the_recorded_one_else_a_person_else_nothing() {
    let mut world = initialised();
    let next = |world: &World, gate| Driver::new("d", Goal::Deploy(deploy(V2, gate))).next(world);
    let kind =
        |world: &World, gate| record_after(world, &next(world, gate)).release.unwrap().gate.kind;
    assert_eq!(kind(&world, Gate::Unsaid { watched: true }), GateKind::Person);
    assert_eq!(next(&world, Gate::Unsaid { watched: false }), Next::Done(Outcome::Ungated));
    world.follow(&mut recording(Settings { skip: true, ..Settings::default() }));
    for watched in [true, false] {
        assert_eq!(kind(&world, Gate::Unsaid { watched }), GateKind::Open);
    }
    // Whoever does say something is heard.
    assert_eq!(kind(&world, Gate::Person), GateKind::Person);
    assert_eq!(kind(&world, Gate::Webhook), GateKind::Webhook);
}
