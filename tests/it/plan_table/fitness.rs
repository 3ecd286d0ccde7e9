//! Apps that can't be released as they are: each reason by name, from `init` and from `deploy`.

use bluegreen::model::Kind;
use bluegreen::release::goal::ImageChange;
use bluegreen::release::{Change, Goal, Next, Outcome, WaitFor};
use serde_json::{Value, json};

use super::{changed, done, promoted, unfit, unprepared};
use crate::world::World;
use crate::world::article::{V1, V2, deployment, ingress, initialised, names, second, service};
use crate::world::driver::{Driver, WEBHOOK, deploy, init};

fn deploy_next(world: &World) -> Next {
    Driver::new("d", Goal::Deploy(deploy(V2, WEBHOOK))).next(world)
}

/// A world with one thing amiss.
struct Row {
    /// What the reason has to say.
    says: &'static str,
    amiss: fn(&mut World),
}

fn named(mut object: Value, name: &str) -> Value {
    object["metadata"]["name"] = json!(name);
    object
}

/// A sibling of the app's Ingress that takes a share of its requests, if it says so.
fn canary(service: &str, says: &str) -> Value {
    let mut canary = named(ingress(), "parrot-admin");
    canary["metadata"]["annotations"] = json!({"nginx.ingress.kubernetes.io/canary": says});
    let path = &mut canary["spec"]["rules"][0]["http"]["paths"][0];
    path["backend"]["service"]["name"] = json!(service);
    canary
}

fn rows() -> Vec<Row> {
    let row = |says, amiss| Row { says, amiss };
    vec![
        row(
            "HorizontalPodAutoscaler scaler scales the app, and ScaledObject flock of KEDA",
            |world| {
                world.add(
                    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "scaler", "labels": {"scaledobject.keda.sh/name": "flock"}},
                "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "parrot"}}}),
                );
            },
        ),
        row("are of different classes (parrot nginx, parrot-admin inner)", |world| {
            let mut second = second();
            second["spec"]["ingressClassName"] = json!("inner");
            world.add(second);
        }),
        row("are of different classes (parrot nginx, parrot-admin none)", |world| {
            let mut second = second();
            second["spec"].as_object_mut().unwrap().remove("ingressClassName");
            world.add(second);
        }),
        row("(parrot, parrot-admin) differ in nginx.ingress.kubernetes.io/load-balance", |world| {
            let mut second = second();
            second["metadata"]["annotations"] =
                json!({"nginx.ingress.kubernetes.io/load-balance": "ewma"});
            world.add(second);
        }),
        row("Ingress parrot-admin is a canary", |world| world.add(canary("parrot", "true"))),
        row("Ingress parrot-admin is a canary", |world| {
            world.add(canary("parrot-green", "True"));
        }),
        row("no Ingress in namespace blue-green names Service parrot", |world| {
            world.delete(Kind::Ingress, "parrot");
        }),
        row("Service parrot-blue exists and was not created by bluegreen", |world| {
            world.edit(Kind::Service, "parrot-blue", |s| s["metadata"]["labels"] = json!({}));
        }),
        row("Service parrot-green exists and was not created by bluegreen", |world| {
            world.edit(Kind::Service, "parrot-green", |s| {
                s["metadata"]["labels"]["bluegreen/app"] = json!("toucan");
            });
        }),
        row("Ingress parrot-preview exists and was not created by bluegreen", |world| {
            world.edit(Kind::Ingress, "parrot-preview", |i| {
                i["metadata"]["labels"]["bluegreen/app"] = json!("toucan");
            });
        }),
        row("Service parrot-preview exists and was not created by bluegreen", |world| {
            world.edit(Kind::Service, "parrot-preview", |s| s["metadata"]["labels"] = json!(null));
        }),
        row("Deployment parrot-green exists and was not created by bluegreen", |world| {
            world.add(named(deployment(), "parrot-green"));
        }),
        row("Service parrot is of type ExternalName", |world| {
            world.edit(Kind::Service, "parrot", |s| s["spec"]["type"] = json!("ExternalName"));
        }),
        row("Service parrot has no selector", |world| {
            world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"] = json!({}));
        }),
        row("Service parrot also selects the pods of Deployment worker", |world| {
            world.add(named(deployment(), "worker"));
        }),
        row("Service parrot does not select by app", |world| {
            world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"] = json!({"x": "y"}));
        }),
        row("selector of Service catcher matches the app's pods", |world| {
            // Nobody it selects today, but every pod of a candidate.
            let mut catcher = named(service(), "catcher");
            catcher["spec"]["selector"] = json!({"app": "parrot-green"});
            world.add(catcher);
        }),
        row("selector of Service team matches the app's pods", |world| {
            world.edit(Kind::Deployment, "parrot", |d| {
                d["spec"]["template"]["metadata"]["labels"]["team"] = json!("birds");
            });
            let mut team = named(service(), "team");
            team["spec"]["selector"] = json!({"team": "birds"});
            world.add(team);
        }),
        row("Deployment parrot is paused", |world| {
            world.edit(Kind::Deployment, "parrot", |d| {
                d["spec"]["paused"] = json!(true);
                d["status"]["observedGeneration"] = json!(99);
            });
        }),
        row("Deployment parrot has revisionHistoryLimit 0", |world| {
            world
                .edit(Kind::Deployment, "parrot", |d| d["spec"]["revisionHistoryLimit"] = json!(0));
        }),
        row("selects its pods by an expression on app", |world| {
            world.edit(Kind::Deployment, "parrot", |d| {
                d["spec"]["selector"]["matchExpressions"] =
                    json!([{"key": "app", "operator": "Exists"}]);
            });
        }),
    ]
}

#[test]
fn what_is_amiss_is_named_and_nothing_written() {
    for Row { says, amiss } in rows() {
        let mut world = initialised();
        amiss(&mut world);
        for next in [Driver::new("i", init()).next(&world), deploy_next(&world)] {
            let reasons = unfit(next);
            assert!(reasons.iter().any(|reason| reason.contains(says)), "{says}: {reasons:?}");
        }
    }
}

#[test]
fn all_reasons_are_named_at_once() {
    let mut world = initialised();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["paused"] = json!(true);
        d["spec"]["revisionHistoryLimit"] = json!(0);
    });
    world.add(canary("parrot", "true"));
    assert_eq!(unfit(deploy_next(&world)).len(), 3);
}

#[test]
fn things_that_only_look_amiss_are_no_reason() {
    let harmless: [fn(&mut World); 7] = [
        // A second Service of the live pods.
        |world| world.add(named(service(), "inner")),
        // A second Ingress of the same app, its class said in the older way.
        |world| {
            let mut second = second();
            second["spec"].as_object_mut().unwrap().remove("ingressClassName");
            second["metadata"]["annotations"] = json!({"kubernetes.io/ingress.class": "nginx"});
            world.add(second);
        },
        // A canary for the app's host that leads to somebody else's Service, and one that is none.
        |world| {
            world.add(canary("toucan", "true"));
            world.add(named(canary("parrot", "false"), "no-canary"));
        },
        // An autoscaler of something else.
        |world| {
            world.add(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "scaler"},
                "spec": {"scaleTargetRef": {"kind": "StatefulSet", "name": "parrot"}}}));
        },
        // An Ingress of somebody else's app, and one of our own, of another app, that names this one.
        |world| {
            let mut toucan = named(ingress(), "toucan");
            let path = &mut toucan["spec"]["rules"][0]["http"]["paths"][0];
            path["backend"]["service"]["name"] = json!("toucan");
            world.add(toucan);
            let mut ours = named(ingress(), "toucan-preview");
            ours["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "bluegreen"});
            world.add(ours);
        },
        // A Service without a selector, and one of another app.
        |world| {
            let mut external = named(service(), "external");
            external["spec"].as_object_mut().unwrap().remove("selector");
            world.add(external);
            let mut toucan = named(service(), "toucan");
            toucan["spec"]["selector"] = json!({"app": "toucan"});
            world.add(toucan);
        },
        // Another app's Deployment.
        |world| {
            let mut toucan = named(deployment(), "toucan");
            toucan["spec"]["template"]["metadata"]["labels"]["app"] = json!("toucan");
            world.add(toucan);
        },
    ];
    for (number, harmless) in harmless.into_iter().enumerate() {
        let mut world = initialised();
        harmless(&mut world);
        assert!(matches!(deploy_next(&world), Next::Do(_)), "{number}: {:?}", deploy_next(&world));
        assert_eq!(done(Driver::new("i", init()).next(&world)), Outcome::Initialised, "{number}");
    }
}

#[test]
fn names_that_would_grow_too_long_are_refused() {
    let app = "p".repeat(56);
    let names = bluegreen::release::Names::new("blue-green", &app);
    let mut world = World::new();
    let mut deployment = named(deployment(), &app);
    deployment["spec"]["selector"]["matchLabels"]["app"] = json!("q".repeat(58));
    deployment["spec"]["template"]["metadata"]["labels"]["app"] = json!("q".repeat(58));
    world.add(deployment);
    let mut route = ingress();
    route["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = json!(app);
    world.add(route);
    let mut driver = Driver::new("i", init());
    let mut snapshot = driver.look(&world);
    snapshot.names = names;
    let next = bluegreen::release::plan::plan(&driver.goal, &driver.me, &snapshot, world.now);
    let reasons = unfit(next);
    assert_eq!(reasons.iter().filter(|r| r.contains("longer than 63 characters")).count(), 2);
}

#[test]
fn deploy_asks_for_init_first() {
    let mut world = initialised();
    world.delete(Kind::Service, "parrot-green");
    assert_eq!(unprepared(deploy_next(&world)), ["there is no Service parrot-green"]);
    world.delete(Kind::ConfigMap, &names().record().name);
    assert_eq!(done(deploy_next(&world)), Outcome::NotInitialised);
    world.delete(Kind::Deployment, "parrot");
    let reasons = vec!["there is no Deployment parrot in namespace blue-green".to_owned()];
    assert_eq!(done(deploy_next(&world)), Outcome::Unfit { reasons });
}

#[test]
fn deploy_names_a_deployment_that_is_not_there() {
    let mut world = initialised();
    world.delete(Kind::Deployment, "parrot");
    assert!(unfit(deploy_next(&world))[0].contains("no Deployment parrot"));
    let mut world = promoted();
    world.delete(Kind::Deployment, "parrot-green");
    assert!(unfit(deploy_next(&world))[0].contains("no Deployment parrot-green"));
}

#[test]
fn the_label_of_the_record_has_to_be_the_selectors_still() {
    let mut world = initialised();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["selector"]["matchLabels"] = json!({"tier": "web"});
    });
    let reasons = unfit(deploy_next(&world));
    assert!(reasons.iter().any(|r| r.contains("no longer selects by app")), "{reasons:?}");
}

#[test]
fn route_and_live_service_must_lead_to_one_colour() {
    let mut world = promoted();
    world.edit(Kind::Service, "parrot", |s| s["spec"]["selector"]["app"] = json!("parrot"));
    assert!(changed(deploy_next(&world)).contains("do not point to the same colour"));
}

#[test]
fn an_image_for_a_container_that_is_not_there_is_a_misfit() {
    let change =
        Change::Images(vec![ImageChange { container: Some("tucan".into()), image: V2.into() }]);
    let goal = bluegreen::release::Deploy { change, ..deploy(V2, WEBHOOK) };
    let next = Driver::new("d", Goal::Deploy(goal)).next(&initialised());
    let Outcome::Misfit { why } = done(next) else { panic!("fits") };
    assert!(why.contains("tucan"), "{why}");
}

/// The next release waits, for so long, for a slot that is not as it has to be.
fn waits_and_is_unfit(mut world: World, waits_for: &str, reason: &str) {
    let mut driver = Driver::new("d", Goal::Deploy(deploy("parrot-app:v3", WEBHOOK)));
    let Next::Wait { until, on: WaitFor::Ready { trouble, .. } } = driver.next(&world) else {
        panic!("does not wait")
    };
    assert!(trouble.unwrap().contains(waits_for));
    world.now = until.unwrap();
    assert!(unfit(driver.next(&world))[0].contains(reason));
}

#[test]
fn the_other_slot_must_have_been_observed_so_that_its_template_can_be_put_back() {
    let mut world = promoted();
    world.edit(Kind::Deployment, "parrot", |d| d["metadata"]["generation"] = json!(99));
    waits_and_is_unfit(world, "has not observed its last change", "does not act on parrot");
}

#[test]
fn the_other_slots_replica_set_must_be_there() {
    let mut world = promoted();
    world.delete(Kind::ReplicaSet, &world.current_set("parrot"));
    let none = "no ReplicaSet for its current template";
    waits_and_is_unfit(world, &format!("{none} yet"), none);
}

#[test]
fn a_slot_that_is_paused_is_waited_for_in_vain() {
    let mut world = promoted();
    world.delete(Kind::ReplicaSet, &world.current_set("parrot"));
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["paused"] = json!(true);
        d["status"]["observedGeneration"] = json!(99);
    });
    let next = Driver::new("d", Goal::Deploy(deploy("parrot-app:v3", WEBHOOK))).next(&world);
    assert!(unfit(next)[0].contains("Deployment parrot is paused"));
}

#[test]
fn the_version_that_is_live_needs_no_release() {
    let next = Driver::new("d", Goal::Deploy(deploy(V1, WEBHOOK))).next(&initialised());
    assert_eq!(
        done(next),
        Outcome::AlreadyLive { images: vec![V1.to_owned()], differs: Vec::new() }
    );
}
