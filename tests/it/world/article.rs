//! The article's app, as `examples/parrot/parrot.yaml` has it.

use bluegreen::model::{Kind, name};
use bluegreen::release::{Goal, Init, Names};
use bluegreen::route::RouteKind;
use serde_json::{Value, json};

use super::World;
use super::driver::{Driver, init};

pub const V1: &str = "kmharish/parrot-app:v1.2";
pub const V2: &str = "kmharish/parrot-app:v2.2";

pub fn names() -> Names {
    Names::new("blue-green", "parrot")
}

pub fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "parrot", "namespace": "blue-green"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "parrot"}},
            "template": {
                "metadata": {"labels": {"app": "parrot"}},
                "spec": {"containers": [
                    {"name": "parrot", "image": V1, "ports": [{"containerPort": 3000}]}
                ]},
            },
        },
    })
}

pub fn ingress() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "parrot", "namespace": "blue-green", "labels": {"app": "parrot"}},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{
                "host": "parrot.example.com",
                "http": {"paths": [{
                    "path": "/",
                    "pathType": "Prefix",
                    "backend": {"service": {"name": "parrot", "port": {"number": 80}}},
                }]},
            }],
        },
    })
}

/// An autoscaler of the user's, which keeps at least two pods, and a budget.
pub fn with_scaler(world: &mut World) {
    world.add(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flock", "labels": {"team": "birds"}},
        "spec": {
            "minReplicas": 2, "maxReplicas": 9, "metrics": [{"type": "Resource"}],
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"},
        },
    }));
    world.add(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "calm"},
        "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "parrot"}}},
    }));
}

/// A second Ingress of the same app, for another host.
pub fn second() -> Value {
    let mut second = ingress();
    second["metadata"]["name"] = json!("parrot-admin");
    second["spec"]["rules"][0]["host"] = json!("admin.example.com");
    second
}

/// The app with both, after `bluegreen init`.
pub fn with_two_ingresses() -> World {
    let mut world = applied();
    world.add(second());
    initialised_from(world)
}

/// Another app, with a path of the same Ingress.
pub fn toucan() -> Names {
    Names::new("blue-green", "toucan")
}

/// The parrot and the toucan applied, in one Ingress and one namespace.
pub fn two_applied() -> World {
    let mut world = applied();
    let mut deployment = deployment();
    deployment["metadata"]["name"] = json!("toucan");
    deployment["spec"]["selector"]["matchLabels"]["app"] = json!("toucan");
    deployment["spec"]["template"]["metadata"]["labels"]["app"] = json!("toucan");
    world.add(deployment);
    world.edit(Kind::Ingress, "parrot", |ingress| {
        let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap();
        let service = json!({"name": "toucan", "port": {"number": 80}});
        paths.push(json!(
            {"path": "/toucan", "pathType": "Prefix", "backend": {"service": service}}));
    });
    world.settle();
    world
}

/// The same after `bluegreen init` of both.
pub fn two_apps() -> World {
    let mut world = initialised_from(two_applied());
    let outcome = world.follow(&mut Driver::of(toucan(), "init", init()));
    assert_eq!(outcome, bluegreen::release::Outcome::Initialised);
    world.settle();
    world
}

/// A Service of the user's own in front of the app.
pub fn service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "parrot", "namespace": "blue-green", "annotations": {"team": "birds"}},
        "spec": {
            "type": "NodePort",
            "selector": {"app": "parrot"},
            "sessionAffinity": "ClientIP",
            "ports": [
                {"name": "http", "port": 80, "targetPort": 3000, "nodePort": 30080},
                {"name": "metrics", "port": 9090, "targetPort": "metrics"},
            ],
        },
    })
}

/// A Service that selects the parrot's pods.
pub fn own_service(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "blue-green"},
        "spec": {
            "clusterIP": "10.0.0.7",
            "selector": {"app": "parrot"},
            "ports": [{"name": "grpc", "port": 80, "targetPort": 3000}],
        },
    })
}

/// The parrot with a Service, and no Ingress.
pub fn without_ingress() -> World {
    let mut world = World::new();
    world.add(deployment());
    world.add(own_service("parrot"));
    world.settle();
    world
}

/// After `bluegreen init --route service`.
pub fn by_service(mut world: World) -> World {
    let route = Some(RouteKind::Service);
    let init = Goal::Init(Init { route, ..Init::default() });
    let outcome = world.follow(&mut Driver::new("init", init));
    assert_eq!(outcome, bluegreen::release::Outcome::Initialised);
    world.settle();
    world
}

/// The article's two manifests applied; nothing of bluegreen.
pub fn applied() -> World {
    let mut world = World::new();
    world.add(deployment());
    world.add(ingress());
    world.settle();
    world
}

/// The same after `bluegreen init`.
pub fn initialised() -> World {
    initialised_from(applied())
}

pub fn initialised_from(mut world: World) -> World {
    let outcome = world.follow(&mut Driver::new("init", init()));
    assert_eq!(outcome, bluegreen::release::Outcome::Initialised);
    world.settle();
    world
}

/// The name of the Service that the Ingress's first path names.
pub fn backend(world: &World) -> &str {
    backend_of(world, "parrot")
}

pub fn backend_of<'a>(world: &'a World, ingress: &str) -> &'a str {
    let ingress = world.get(Kind::Ingress, ingress);
    let path = &ingress["spec"]["rules"][0]["http"]["paths"][0];
    path["backend"]["service"]["name"].as_str().unwrap()
}

/// The name of the Service that an Ingress's only path for an app names.
pub fn backend_for<'a>(app: &Names, ingress: &'a Value) -> &'a str {
    let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap();
    let mut services = paths.iter().filter_map(|path| path["backend"]["service"]["name"].as_str());
    let is_its = |service: &&str| app_of(service) == Some(app.app.as_str());
    services.find(is_its).unwrap_or_else(|| panic!("{} names no {}", name(ingress), app.app))
}

/// Whose Service, or slot, has this name: no app's name begins with another's here.
pub fn app_of(name: &str) -> Option<&'static str> {
    ["parrot", "toucan"].into_iter().find(|app| name.starts_with(app))
}
