//! What a switch would take from a Service: some of its ports, for good or for a while.

use bluegreen::model::{Kind, name};
use bluegreen::release::{
    Action, Change, Deploy, Gate, Goal, Next, Outcome, ReleaseOutcome, Settings, WaitFor,
};
use serde_json::{Value, json};

use super::{action, done, reach, record_after, step};
use crate::world::World;
use crate::world::article::{V2, applied, deployment, initialised_from};
use crate::world::driver::{Driver, WEBHOOK, deploy};

fn ports() -> Value {
    json!([{"name": "http", "containerPort": 3000}, {"name": "grpc", "containerPort": 9090}])
}

fn service(name: &str, port: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": "parrot"}, "ports": [port]}})
}

/// The app with a name for each of its ports, and a Service beside the live one for the second.
fn named() -> World {
    let mut world = applied();
    world.edit(Kind::Deployment, "parrot", |d| {
        d["spec"]["template"]["spec"]["containers"][0]["ports"] = ports();
    });
    world.add(service("parrot", json!({"name": "http", "port": 80, "targetPort": "http"})));
    world.add(service("rpc", json!({"name": "grpc", "port": 9090, "targetPort": "grpc"})));
    world.settle();
    initialised_from(world)
}

fn with_ports(ports: Value) -> Deploy {
    let mut template = deployment()["spec"]["template"].clone();
    template["spec"]["containers"][0]["image"] = json!(V2);
    template["spec"]["containers"][0]["ports"] = ports;
    Deploy { change: Change::Template(template), ..deploy(V2, Gate::Open) }
}

#[test]
fn a_name_that_the_new_template_has_no_more_is_refused_before_anything_is_written() {
    let rows = [
        (
            json!([{"name": "web", "containerPort": 3000}, {"name": "grpc", "containerPort": 9090}]),
            "targetPort http of Service parrot is not a port of the new template",
        ),
        (
            json!([{"name": "http", "containerPort": 3000}, {"name": "rpc", "containerPort": 9090}]),
            "targetPort grpc of Service rpc is not a port of the new template",
        ),
        (
            json!([{"name": "http", "containerPort": 3000},
                {"name": "grpc", "containerPort": 9090, "protocol": "UDP"}]),
            "targetPort grpc of Service rpc is not a port of the new template",
        ),
    ];
    for (ports, says) in rows {
        let world = named();
        let outcome = done(Driver::new("a", Goal::Deploy(with_ports(ports))).next(&world));
        let Outcome::Misfit { why } = outcome else { panic!("{says}: {outcome:?}") };
        assert_eq!(why, says);
    }
    let mut world = named();
    let outcome = world.follow(&mut Driver::new("a", Goal::Deploy(with_ports(ports()))));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    // A name that nobody has had leads nowhere already.
    world.add(service("metrics", json!({"port": 9100, "targetPort": "metrics"})));
    world.edit(Kind::Service, "metrics", |s| s["spec"]["selector"]["app"] = json!("parrot-green"));
    let other = deploy("parrot:v3", Gate::Open);
    let outcome = world.follow(&mut Driver::new("b", Goal::Deploy(other)));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
}

#[test]
fn a_rollback_to_a_version_without_a_port_that_is_asked_for_is_refused_as_well() {
    let mut world = named();
    world.edit(Kind::Service, "rpc", |s| s["spec"]["ports"][0]["targetPort"] = json!(9090));
    let more = json!([{"name": "http", "containerPort": 3000}, {"name": "grpc", "containerPort": 9090},
        {"name": "new", "containerPort": 9091}]);
    let outcome = world.follow(&mut Driver::new("a", Goal::Deploy(with_ports(more))));
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
    world.edit(Kind::Service, "rpc", |s| s["spec"]["ports"][0]["targetPort"] = json!("new"));
    let goal = Goal::Rollback { release: None, to: None, settings: Settings::default() };
    let outcome = done(Driver::new("b", goal).next(&world));
    let Outcome::Misfit { why } = outcome else { panic!("{outcome:?}") };
    assert_eq!(why, "targetPort new of Service rpc is not a port of the new template");
}

/// The candidate's pods are without a port that the live version's were given beside their template.
fn injected() -> (World, Driver) {
    let mut world = named();
    let pods: Vec<String> = world.objects.list(Kind::Pod).map(|pod| name(pod).to_owned()).collect();
    for pod in pods {
        world.edit(Kind::Pod, &pod, |pod| {
            let proxy =
                json!({"name": "proxy", "ports": [{"name": "mesh", "containerPort": 15000}]});
            pod["spec"]["containers"].as_array_mut().unwrap().push(proxy);
        });
    }
    world.add(service("mesh", json!({"name": "mesh", "port": 15000, "targetPort": "mesh"})));
    world.settle();
    let a = Driver::new("a", Goal::Deploy(deploy(V2, Gate::Open)));
    (world, a)
}

fn lacks(next: &Next) -> bool {
    matches!(next, Next::Wait { on: WaitFor::Ready { trouble: Some(trouble), ready: 1, .. }, .. }
        if trouble == "Service mesh would reach 0 pods on port mesh (15000), and reaches 1 now")
}

#[test]
fn a_port_that_leads_to_fewer_pods_is_waited_for_by_name_and_given_up_in_the_end() {
    let (mut world, mut a) = injected();
    reach(&mut world, &mut a, lacks);
    assert!(world.release().waiting.is_none());
    let next = reach(&mut world, &mut a, step!(Action::End { .. }));
    assert!(
        matches!(&next, Next::Do(step) if step.fresh == bluegreen::release::Fresh::Serving),
        "{next:?}"
    );
    let ending = record_after(&world, &next).release.unwrap().ending.unwrap();
    assert_eq!(ending.outcome, ReleaseOutcome::Unhealthy);
    let why = "parrot-green was ready in time, but Service mesh would reach 0 pods on port mesh";
    assert!(ending.reason.starts_with(why), "{}", ending.reason);
    world.follow(&mut a);
    assert_eq!(world.serving(), ["parrot"]);
}

#[test]
fn a_service_that_is_mended_lets_it_go_on() {
    let (mut world, mut a) = injected();
    reach(&mut world, &mut a, lacks);
    world.edit(Kind::Service, "mesh", |s| s["spec"]["ports"][0]["targetPort"] = json!(3000));
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkReady);
    let outcome = world.follow(&mut a);
    assert!(matches!(outcome, Outcome::Finished(f) if f.outcome == ReleaseOutcome::Promoted));
}

#[test]
fn a_service_that_comes_up_at_the_gate_is_looked_at_before_the_switch() {
    let mut world = named();
    let mut a = Driver::new("a", Goal::Deploy(with_ports(ports())));
    a.goal = Goal::Deploy(Deploy { gate: WEBHOOK, ..with_ports(ports()) });
    reach(&mut world, &mut a, step!(Action::Switch { .. }));
    let pods: Vec<String> = world.objects.list(Kind::Pod).map(|pod| name(pod).to_owned()).collect();
    for pod in pods.iter().filter(|pod| !pod.contains("green")) {
        world.edit(Kind::Pod, pod, |pod| {
            pod["spec"]["containers"][0]["ports"][0]["name"] = json!("old");
        });
    }
    world.add(service("old", json!({"port": 1, "targetPort": "old"})));
    world.settle();
    assert_eq!(*action(&a.next(&world)), Action::MarkUnready);
    assert_eq!(world.serving(), ["parrot"]);
}
