//! `init`: which Service is the live one, and what is made.

use bluegreen::model::Kind;
use bluegreen::release::{Action, Goal, Init, Next, Outcome};
use serde_json::{Value, json};

use super::{created, done, promoted, step, unfit, written};
use crate::world::World;
use crate::world::article::{applied, deployment, ingress, initialised, service};
use crate::world::driver::{Driver, init};

pub fn next(world: &World) -> Next {
    Driver::new("i", init()).next(world)
}

fn next_with_port(world: &World, port: u16) -> Next {
    Driver::new("i", Goal::Init(Init { target_port: Some(port), ..Init::default() })).next(world)
}

/// What `init` makes, in order.
pub fn made(mut world: World) -> Vec<Value> {
    let mut driver = Driver::new("i", init());
    let mut made = Vec::new();
    loop {
        match driver.next(&world) {
            Next::Do(step) => {
                world.apply(&step.write).unwrap();
                let id = step.write.id();
                made.push(world.get(id.kind, &id.name).clone());
            }
            next => {
                assert_eq!(next, Next::Done(Outcome::Initialised));
                return made;
            }
        }
    }
}

pub fn with(change: impl FnOnce(&mut World)) -> World {
    let mut world = applied();
    change(&mut world);
    world
}

#[test]
fn the_record_comes_before_anything_else() {
    let world = applied();
    let next = next(&world);
    assert_eq!(written(&next).action, Action::MakeRecord);
    let map = created(&next);
    assert_eq!(map["metadata"]["name"], "bluegreen-parrot");
    assert_eq!(
        map["metadata"]["labels"],
        json!({"app.kubernetes.io/managed-by": "bluegreen", "bluegreen/app": "parrot"})
    );
    let mut after = world.clone();
    after.apply(&written(&next).write).unwrap();
    let record = after.record();
    assert_eq!((record.service.as_str(), record.number, record.epoch), ("parrot", 0, 0));
    assert_eq!((record.label.key.as_str(), record.label.blue.as_str()), ("app", "parrot"));
}

#[test]
fn the_articles_missing_service_is_made_from_the_ingress_and_the_containers_port() {
    let made = made(applied());
    let names: Vec<_> = made.iter().map(bluegreen::model::name).collect();
    assert_eq!(
        names,
        [
            "bluegreen-parrot",
            "parrot",
            "parrot-blue",
            "parrot-green",
            "parrot-preview",
            "parrot-preview"
        ]
    );
    for (service, selects) in [
        (&made[1], "parrot"),
        (&made[2], "parrot"),
        (&made[3], "parrot-green"),
        (&made[4], "parrot-green"),
    ] {
        assert_eq!(
            service["spec"],
            json!({
                "type": "ClusterIP",
                "selector": {"app": selects},
                "ports": [{"port": 80, "targetPort": 3000, "protocol": "TCP"}],
            }),
            "{}",
            bluegreen::model::name(service)
        );
    }
}

#[test]
fn a_service_of_the_users_own_stays_as_it_is_and_the_others_take_after_it() {
    let world = with(|world| world.add(service()));
    let before = world.get(Kind::Service, "parrot").clone();
    let made = made(world.clone());
    let names: Vec<_> = made.iter().map(bluegreen::model::name).collect();
    let wanted = ["bluegreen-parrot", "parrot-blue", "parrot-green", "parrot-preview"];
    assert_eq!(names[..4], wanted);
    assert_eq!(*world.get(Kind::Service, "parrot"), before);
    let green = &made[2];
    assert_eq!(
        green["spec"],
        json!({
            "type": "ClusterIP",
            "selector": {"app": "parrot-green"},
            "sessionAffinity": "ClientIP",
            "ports": [
                {"name": "http", "port": 80, "targetPort": 3000},
                {"name": "metrics", "port": 9090, "targetPort": "metrics"},
            ],
        }),
        "no node ports: those are the user's"
    );
    assert!(green["metadata"]["annotations"].is_null(), "annotations stay with their Service");
}

#[test]
fn the_live_service_is_the_one_that_the_ingress_names() {
    let world = with(|world| {
        let mut web = service();
        web["metadata"]["name"] = json!("web");
        world.add(web);
        world.edit(Kind::Ingress, "parrot", |ingress| {
            ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
                json!("web");
        });
    });
    let made = made(world);
    let names: Vec<_> = made.iter().map(bluegreen::model::name).collect();
    let wanted = ["bluegreen-parrot", "parrot-blue", "parrot-green", "parrot-preview"];
    assert_eq!(names[..4], wanted);
    assert!(made[0]["data"]["record"].as_str().unwrap().contains(r#""service":"web""#));
}

#[test]
fn ports_of_the_ingress_are_all_taken_and_named_when_there_are_several() {
    let world = with(|world| {
        world.edit(Kind::Ingress, "parrot", |ingress| {
            let path = |path: &str, port: Value| {
                json!({"path": path, "pathType": "Prefix",
                    "backend": {"service": {"name": "parrot", "port": port}}})
            };
            ingress["spec"]["rules"][0]["http"]["paths"] = json!([
                path("/", json!({"number": 80})),
                path("/again", json!({"number": 80})),
                path("/admin", json!({"number": 8080})),
                path("/named", json!({"name": "web"})),
            ]);
        });
    });
    assert_eq!(
        made(world)[1]["spec"]["ports"],
        json!([
            {"name": "port-80", "port": 80, "targetPort": 3000, "protocol": "TCP"},
            {"name": "port-8080", "port": 8080, "targetPort": 3000, "protocol": "TCP"},
            {"name": "web", "port": 80, "targetPort": 3000, "protocol": "TCP"},
        ])
    );
}

#[test]
fn a_target_port_has_to_be_given_where_the_containers_leave_it_open() {
    let ports = |ports: Value| {
        with(|world| {
            world.edit(Kind::Deployment, "parrot", |d| {
                d["spec"]["template"]["spec"]["containers"][0]["ports"] = ports;
            });
        })
    };
    let several = ports(json!([{"containerPort": 3000}, {"containerPort": 9090}]));
    let reasons = unfit(next(&several));
    assert!(reasons[0].contains("(3000, 9090)"), "{reasons:?}");
    assert!(reasons[0].contains("--target-port"), "{reasons:?}");
    let none = ports(json!([{"containerPort": 53, "protocol": "UDP"}]));
    assert!(unfit(next(&none))[0].contains("no container port"));

    let mut given = several;
    given.apply(&written(&next_with_port(&given, 9090)).write).unwrap();
    let next = next_with_port(&given, 9090);
    assert_eq!(created(&next)["spec"]["ports"][0]["targetPort"], 9090);
}

#[test]
fn it_says_what_is_missing_before_it_makes_anything() {
    let mut nothing = World::new();
    assert!(unfit(next(&nothing))[0].contains("no Deployment parrot in namespace blue-green"));
    nothing.add(deployment());
    assert!(
        unfit(next(&nothing))[0]
            .contains("no Ingress in namespace blue-green names Service parrot")
    );
    let toucan = with(|world| {
        let mut toucan = service();
        toucan["spec"]["selector"] = json!({"app": "toucan"});
        world.add(toucan);
    });
    assert!(unfit(next(&toucan))[0].contains("does not select the pods of Deployment parrot"));
    let unrouted = with(|world| {
        let mut internal = service();
        internal["metadata"]["name"] = json!("internal");
        world.add(internal);
        world.delete(Kind::Ingress, "parrot");
    });
    assert!(unfit(next(&unrouted))[0].contains("names Service internal"));
    let two = with(|world| {
        for name in ["one", "two"] {
            let mut service = service();
            service["metadata"]["name"] = json!(name);
            world.add(service);
            let mut route = ingress();
            route["metadata"]["name"] = json!(name);
            route["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
                json!(name);
            world.add(route);
        }
    });
    assert!(unfit(next(&two))[0].contains("several Services (one, two)"));
    let expressions = with(|world| {
        world.edit(Kind::Deployment, "parrot", |d| {
            d["spec"]["selector"] =
                json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]});
        });
    });
    assert!(unfit(next(&expressions))[0].contains("no matchLabels"));
}

/// Whom that would lead elsewhere is for a person to say.
#[test]
fn a_service_that_was_turned_is_not_ready_for_releases() {
    let (blue, green) = ("parrot", "parrot-green");
    for (mut world, service, [app, to], what) in [
        (
            initialised(),
            "parrot-green",
            [green, blue],
            "no longer selects the pods of parrot-green",
        ),
        (initialised(), "parrot-blue", [blue, "toucan"], "no longer selects the pods of parrot"),
        (
            initialised(),
            "parrot",
            [blue, green],
            "there is no Deployment parrot-green, which is live",
        ),
        (promoted(), "parrot", [green, blue], "do not point to the same colour"),
    ] {
        world.edit(Kind::Service, service, |it| it["spec"]["selector"]["app"] = json!(to));
        let reasons = unfit(next(&world));
        let fix = format!(
            "kubectl patch service {service} -n blue-green --type=merge -p \
             '{{\"spec\":{{\"selector\":{{\"app\":\"{app}\"}}}}}}'"
        );
        assert!(reasons[0].contains(what) && reasons[0].ends_with(&fix), "{reasons:#?}");
    }
}

#[test]
fn a_second_init_writes_nothing() {
    assert_eq!(done(next(&initialised())), Outcome::Initialised);
}

#[test]
fn a_service_that_was_deleted_is_made_again_for_the_colour_that_is_live() {
    let world = promoted();
    for (service, selects) in
        [("parrot", "parrot-green"), ("parrot-preview", "parrot"), ("parrot-blue", "parrot")]
    {
        let mut world = world.clone();
        world.delete(Kind::Service, service);
        let next = next(&world);
        assert!(step!(Action::MakeService { .. })(&next), "{next:?}");
        assert_eq!(created(&next)["metadata"]["name"], service);
        assert_eq!(created(&next)["spec"]["selector"]["app"], selects, "{service}");
    }
    assert_eq!(done(next(&world)), Outcome::Initialised);
}
