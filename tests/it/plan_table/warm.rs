//! Our own Ingress: what is in it, and who keeps it in line.

use bluegreen::model::Kind;
use bluegreen::release::{Action, Goal, Next, Outcome};
use serde_json::{Value, json};

use super::init::{self, made, with};
use super::{action, done, promoted, step, unprepared, written};
use crate::world::World;
use crate::world::article::{V1, V2, initialised};
use crate::world::driver::{self, Driver, WEBHOOK, deploy};

/// What `init` made of our own Ingress, of a user's one that was changed so.
fn warm(change: impl FnOnce(&mut Value)) -> Value {
    made(with(|world| world.edit(Kind::Ingress, "parrot", change))).pop().unwrap()
}

fn port_named(ingress: &mut Value) {
    ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
        json!({"name": "http"});
}

fn preview(world: &World) -> &Value {
    world.get(Kind::Ingress, "parrot-preview")
}

/// `SERVICE PORT` of each path.
fn named(ingress: &Value) -> Vec<String> {
    let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap().iter();
    paths
        .map(|path| {
            assert!(path["path"] != "/" && path["pathType"] == "Exact");
            let service = &path["backend"]["service"];
            format!("{} {}", service["name"].as_str().unwrap(), service["port"])
        })
        .collect()
}

#[test]
fn our_ingress_names_every_service_and_lets_nobody_in() {
    let ingress = warm(|_| {});
    assert_eq!(
        ingress["metadata"]["labels"],
        json!({"app.kubernetes.io/managed-by": "bluegreen", "bluegreen/app": "parrot"})
    );
    let denied = json!({"nginx.ingress.kubernetes.io/whitelist-source-range": "0.0.0.0/32"});
    assert_eq!(ingress["metadata"]["annotations"], denied);
    assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
    let services = ["parrot", "parrot-blue", "parrot-green", "parrot-preview"];
    let wanted = services.map(|service| format!(r#"{service} {{"number":80}}"#));
    assert_eq!(named(&ingress), wanted);
    let host = ingress["spec"]["rules"][0]["host"].as_str().unwrap();
    let secret = host.strip_suffix(".bluegreen.invalid").unwrap();
    assert!(secret.len() == 32 && secret.chars().all(|c| c.is_ascii_hexdigit()), "{host}");
    assert_eq!(ingress["spec"]["rules"].as_array().unwrap().len(), 1);

    // Of another app of that name another one, and always the same of this.
    let again = warm(|_| {});
    assert_eq!(again["spec"]["rules"][0]["host"], host);
    let mut record = initialised();
    record.delete(Kind::ConfigMap, "bluegreen-parrot");
    record.follow(&mut Driver::new("i", driver::init()));
    assert_ne!(preview(&record)["spec"]["rules"][0]["host"], host);
}

#[test]
fn our_ingress_names_each_port_as_the_users_does() {
    let ingress = warm(|ingress| {
        port_named(ingress);
        let path = |path: &str, port: Value| {
            json!({"path": path, "pathType": "Prefix",
                "backend": {"service": {"name": "parrot", "port": port}}})
        };
        let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap();
        paths.push(path("/admin", json!({"number": 8080})));
        paths.push(path("/again", json!({"name": "http"})));
    });
    let green: Vec<_> =
        named(&ingress).into_iter().filter(|path| path.starts_with("parrot-green")).collect();
    assert_eq!(green, [r#"parrot-green {"name":"http"}"#, r#"parrot-green {"number":8080}"#]);
    assert_eq!(named(&ingress).len(), 8);
}

#[test]
fn our_ingress_has_the_class_and_what_makes_the_backends_and_nothing_else() {
    let ingress = warm(|ingress| {
        ingress["spec"].as_object_mut().unwrap().remove("ingressClassName");
        ingress["metadata"]["annotations"] = json!({
            "kubernetes.io/ingress.class": "nginx-inner",
            "nginx.ingress.kubernetes.io/service-upstream": "true",
            "nginx.ingress.kubernetes.io/load-balance": "ewma",
            "nginx.ingress.kubernetes.io/rewrite-target": "/",
            "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com",
            "nginx.ingress.kubernetes.io/configuration-snippet": "return 200;",
            "nginx.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8",
            "cert-manager.io/cluster-issuer": "letsencrypt",
        });
    });
    assert!(ingress["spec"]["ingressClassName"].is_null());
    assert_eq!(
        ingress["metadata"]["annotations"],
        json!({
            "kubernetes.io/ingress.class": "nginx-inner",
            "nginx.ingress.kubernetes.io/service-upstream": "true",
            "nginx.ingress.kubernetes.io/load-balance": "ewma",
            "nginx.ingress.kubernetes.io/whitelist-source-range": "0.0.0.0/32",
        })
    );
}

#[test]
fn our_ingress_is_brought_in_line_with_the_users() {
    let changes: [fn(&mut World); 4] = [
        |world| world.edit(Kind::Ingress, "parrot", port_named),
        |world| {
            world.edit(Kind::Ingress, "parrot", |i| i["spec"]["ingressClassName"] = json!("inner"));
        },
        |world| {
            world.edit(Kind::Ingress, "parrot", |i| {
                i["metadata"]["annotations"] =
                    json!({"nginx.ingress.kubernetes.io/service-upstream": "true"});
            });
        },
        |world| {
            world.edit(Kind::Ingress, "parrot-preview", |i| {
                i["metadata"]["annotations"] =
                    json!({"nginx.ingress.kubernetes.io/upstream-hash-by": "$uri"});
            });
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut world = initialised();
        world.edit(Kind::Service, "parrot", |s| s["spec"]["ports"][0]["name"] = json!("http"));
        assert_eq!(world.follow(&mut Driver::new("i", driver::init())), Outcome::Initialised);
        change(&mut world);
        let deploy = Goal::Deploy(deploy(V2, WEBHOOK));
        let reasons = unprepared(Driver::new("d", deploy.clone()).next(&world));
        assert!(reasons[0].contains("Ingress parrot-preview no longer names"), "{reasons:?}");
        let next = init::next(&world);
        assert!(step!(Action::AlignIngress { .. })(&next), "{number}: {next:?}");
        world.apply(&written(&next).write).unwrap();
        assert_eq!(done(init::next(&world)), Outcome::Initialised, "{number}");
        let wanted = made(applied_like(&world)).pop().unwrap();
        let (is, wanted) = (&preview(&world)["metadata"], &wanted["metadata"]);
        assert_eq!(is["annotations"], wanted["annotations"], "{number}");
        assert!(matches!(Driver::new("d", deploy).next(&world), Next::Do(_)), "{number}");
    }
}

/// The same app as if `init` had never been there.
fn applied_like(world: &World) -> World {
    let mut fresh = World::new();
    for kind in [Kind::Deployment, Kind::Ingress] {
        let mut object = world.get(kind, "parrot").clone();
        object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        fresh.add(object);
    }
    fresh
}

#[test]
fn an_app_that_an_older_version_took_in_gets_our_ingress_by_init() {
    let mut world = promoted();
    world.delete(Kind::Ingress, "parrot-preview");
    let deploy = Goal::Deploy(deploy(V1, WEBHOOK));
    let reasons = unprepared(Driver::new("d", deploy.clone()).next(&world));
    assert!(reasons[0].contains("there is no Ingress parrot-preview"), "{reasons:?}");
    let next = init::next(&world);
    assert_eq!(*action(&next), Action::MakeIngress { ingress: "parrot-preview".into() });
    world.apply(&written(&next).write).unwrap();
    assert!(matches!(Driver::new("d", deploy).next(&world), Next::Do(_)));
}
