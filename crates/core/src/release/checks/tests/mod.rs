//! Each check, by apps with one thing amiss.

mod app;
mod direct;
mod others;
mod rights;
mod rows;
mod scheduling;
mod service_route;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::report::NAMES;
use super::{Check, CheckStatus, Reply, drift, pod_template, prepared};
use crate::model::{Kind, Optional};
use app::App;
use rows::Row;

/// Those of an app whose Service is its route.
const OF_SERVICES: [&str; 2] = ["service-route", "service-affinity"];

#[test]
fn a_sound_app_passes_every_check_once() {
    assert_eq!(passed(&App::sound()), without(|name| OF_SERVICES.contains(&name)));
    let mut by_service = App::sound();
    by_service.by_service();
    let of_ingresses = ["canary-siblings", "affinity", "service-upstream", "basic-auth"];
    let of_ingresses = without(|name| name.starts_with("ingress") || of_ingresses.contains(&name));
    assert_eq!(passed(&by_service), of_ingresses);
}

fn without(left_out: impl Fn(&str) -> bool) -> Vec<&'static str> {
    NAMES.iter().copied().filter(|name| !left_out(name)).collect()
}

/// The names of the checks that look at an app, which passes all of them.
fn passed(app: &App) -> Vec<&'static str> {
    let mut table = app.table();
    table.extend(prepared(&app.snapshot(), "init", "status"));
    table.extend(drift(&app.snapshot(), "init"));
    table.extend(app.dry_run(|step| app.taken(step)));
    table.extend(app.admitted(|step| app.taken(step)));
    table.push(pod_template(Some(&Reply::Taken { object: None })));
    assert!(table.iter().all(|check| check.status == CheckStatus::Pass), "{table:#?}");
    let names: Vec<&'static str> = table.iter().map(|check| check.name).collect();
    // The rights are asked about beside the table.
    [&["rights", "direct"], &names[..]].concat()
}

#[test]
fn what_is_amiss_is_found_by_its_check_alone() {
    let mut wrong = Vec::new();
    for Row { check, verdict, says, amiss } in rows::all() {
        let mut app = App::sound();
        amiss(&mut app);
        let table = app.table();
        let found: Vec<&Check> =
            table.iter().filter(|check| check.status != CheckStatus::Pass).collect();
        let is_it = |found: &Check| {
            (found.name, found.status) == (check, verdict) && found.reason().contains(says)
        };
        if found.len() != 1 || !is_it(found[0]) {
            wrong.push(format!("{check} {says:?}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_is_seen_to_find_something() {
    let found: BTreeSet<&str> = rows::all().iter().map(|row| row.check).collect();
    // What is live is what is looked at. What the API server says has tests of its own, and so has what
    // a new version is to bring.
    let told: BTreeSet<&str> = NAMES
        .iter()
        .copied()
        .filter(|name| {
            let told = ["rights", "direct", "deployment", "service-ports", "prepared", "dry-run"];
            !told.contains(name) && !["admission", "drift", "pod-template"].contains(name)
        })
        .collect();
    assert_eq!(found, told);
}

#[test]
fn what_only_looks_amiss_passes() {
    let all = [rows::harmless(), others::harmless(), scheduling::harmless()];
    for (what, harmless) in all.concat() {
        let mut app = App::sound();
        harmless(&mut app);
        let table = app.table();
        let found = table.iter().find(|check| check.status != CheckStatus::Pass);
        assert!(found.is_none(), "{what}: {found:#?}");
    }
}

#[test]
fn a_port_that_the_new_version_lists_no_more_is_told() {
    let mut app = App::sound();
    app.container("ports", json!([{"containerPort": 8080}]));
    app.edit(Kind::Service, |s| s["spec"]["ports"][0]["targetPort"] = json!(8080));
    let s = app.snapshot();
    let mut check_input = crate::release::plan::check_input(&s, &app.init).expect("an app");
    check_input.template["spec"]["containers"][0]["ports"][0]["containerPort"] = json!(9090);
    let warnings = super::warnings(&check_input);
    let [found] = &warnings[..] else { panic!("{warnings:#?}") };
    assert_eq!(found.name, "service-ports");
    assert!(found.what.starts_with("Service parrot sends requests to port 8080, "), "{found:?}");
}

/// One that an older version has made, or an app's that has moved to another controller.
#[test]
fn an_ingress_of_ours_that_nothing_needs_any_more_can_be_deleted() {
    let mut app = App::sound();
    app.served_by("nginx.org/ingress-controller");
    app.annotate(Kind::Ingress, "nginx.org/policies", "people");
    let failed = |app: &App| app.table().into_iter().find(Check::has_failed);
    assert_eq!(failed(&app), None);
    app.add_own(json!({"kind": "Ingress", "metadata": {"name": "parrot-preview"}, "spec": {}}));
    let found = failed(&app).expect("it lets everybody in");
    assert_eq!(found.name, "preview-access");
    let hint = found.hint.unwrap();
    assert!(hint.ends_with("kubectl delete ingress parrot-preview -n birds"), "{hint}");
}

/// Before `init` it is not known which of the two is the live one; after it, it is all the same refused.
#[test]
fn an_ingress_of_a_service_beside_the_live_one_is_refused_before_init_and_after_it() {
    let mut app = App::sound();
    let selector = json!({"app": "parrot"});
    app.add(
        json!({"kind": "Service", "metadata": {"name": "rpc"}, "spec": {"selector": selector}}),
    );
    let backend = json!({"service": {"name": "rpc", "port": {"number": 90}}});
    app.add(json!({"kind": "Ingress", "metadata": {"name": "rpc"}, "spec": {
        "ingressClassName": "nginx",
        "rules": [{"host": "rpc.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}}],
    }}));
    let s = app.snapshot();
    let Err(before) = crate::release::plan::check_input(&s, &app.init) else { panic!("it is fit") };
    assert!(before[0].what.contains("through several Services (parrot, rpc)"), "{before:?}");
    app.initialised();
    let after: Vec<Check> = app.table().into_iter().filter(Check::has_failed).collect();
    let [after] = &after[..] else { panic!("{after:#?}") };
    assert_eq!((before[0].name, after.name), ("ingress", "ingress"));
    assert!(after.what.contains("Ingress rpc reaches the app through Service rpc"), "{after:?}");
}

#[test]
fn what_the_api_server_refuses_to_try_is_told() {
    let app = App::sound();
    let refused = |code, message: &'static str| {
        app.dry_run(move |_| Reply::Refused {
            code,
            message: message.to_owned(),
            faults: Vec::new(),
        })
    };
    let of = |checks: Vec<Check>| (checks[0].status, checks[0].what.clone());
    let (verdict, what) = of(refused(422, "spec.replicas: Invalid value"));
    assert_eq!(verdict, CheckStatus::Fail);
    assert!(what.contains("would refuse to create Deployment parrot-green: spec.rep"), "{what}");
    let (verdict, _) = of(refused(400, "admission webhook \"a\" does not support dry run"));
    assert_eq!(verdict, CheckStatus::Warn);
    // Somebody else was there between the look and the try.
    assert_eq!(of(refused(409, "already exists")).0, CheckStatus::Pass);
    let outdated = "the server rejected our request due to an error in our request";
    assert_eq!(of(refused(422, outdated)).0, CheckStatus::Pass);
    let lost = app.dry_run(|_| Reply::Lost { why: "reset".to_owned() });
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert_eq!(lost[0].status, CheckStatus::Warn);
}

#[test]
fn what_is_said_to_a_pod_that_is_tried_is_told() {
    let refused = |code, message: &str| Reply::Refused {
        code,
        message: message.to_owned(),
        faults: Vec::new(),
    };
    let security =
        r#"pods "parrot-green-dry-run" is forbidden: violates PodSecurity "restricted:latest""#;
    let quota = r#"pods "a" is forbidden: failed quota: few: must specify requests.cpu"#;
    let webhook = r#"admission webhook "pods.example.com" denied the request: no naked pods"#;
    for (reply, verdict, says) in [
        (refused(403, security), CheckStatus::Fail, "would refuse a candidate's pods: pods"),
        (refused(403, quota), CheckStatus::Fail, "must specify requests.cpu"),
        (
            refused(422, "spec.containers: Required value"),
            CheckStatus::Fail,
            "change the pod template",
        ),
        // It may know who asks.
        (refused(403, webhook), CheckStatus::Warn, "the ReplicaSet controller is allowed to"),
        (
            refused(400, "admission webhook \"a\" does not support dry run"),
            CheckStatus::Warn,
            "can't be dry-run",
        ),
        (refused(409, "already exists"), CheckStatus::Pass, "no pod could be tried"),
        (Reply::Forbidden, CheckStatus::Warn, "check APP --role"),
        (Reply::Lost { why: "reset".to_owned() }, CheckStatus::Warn, "could not be checked: reset"),
    ] {
        let check = pod_template(Some(&reply));
        assert_eq!(check.status, verdict, "{check:?}");
        assert!(check.reason().contains(says), "{says:?}: {check:?}");
    }
    assert_eq!(pod_template(None).status, CheckStatus::Pass);
}

/// Whoever has the app may be why nothing else can be told of it.
#[test]
fn who_else_releases_an_app_is_told_where_it_can_not_be_found() {
    let mut app = App::sound();
    app.remove(Kind::Ingress);
    app.other(Optional::Canary, others::flagger("parrot"));
    let s = app.snapshot();
    let Err(found) = crate::release::plan::check_input(&s, &app.init) else { panic!("it is fit") };
    let names: Vec<&str> = found.iter().map(|check| check.name).collect();
    assert_eq!(names, ["managers", "ingress"], "{found:#?}");
}

#[test]
fn admission_that_changes_a_template_with_every_write_is_told_by_its_fields() {
    let app = App::sound();
    let changing = |change: fn(&mut Value)| {
        let found = app.admitted(|step| match app.taken(step) {
            Reply::Taken { object: Some(mut object) } if object["kind"] == "Deployment" => {
                change(&mut object["spec"]["template"]);
                Reply::Taken { object: Some(object) }
            }
            reply => reply,
        });
        assert_eq!(found.len(), 1, "once a Deployment: {found:#?}");
        (found[0].status, found[0].reason())
    };
    let (verdict, said) = changing(|template| {
        template["spec"]["containers"][0]["image"] = json!("mirror.example/app:1");
        template["spec"]["containers"][0]["env"] = json!([{"name": "TOKEN", "value": "secret"}]);
        template["metadata"]["annotations"] = json!({"a": "1"});
        template["spec"]["tolerations"] = json!([{"key": "spot"}]);
    });
    assert_eq!(verdict, CheckStatus::Fail);
    for wanted in ["Deployment parrot", "-> mirror.example/app:1)", "and 1 more", "rollout restart"]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("secret"), "{said}");
    // What a step changes in other parts is none of it.
    assert_eq!(changing(|_| {}).0, CheckStatus::Pass);
    let lost = app.admitted(|_| Reply::Lost { why: "reset".to_owned() });
    assert_eq!((lost[0].status, lost.len()), (CheckStatus::Pass, 1), "the other check tells");
}

/// -preview is the longest ending of a Service, -green the one of the label's value.
#[test]
fn names_may_be_as_long_as_kubernetes_allows_and_no_longer() {
    let long = |app: usize, label: usize| {
        let table = App::named(&"p".repeat(app), &"q".repeat(label)).table();
        table.iter().filter(|check| check.what.contains("longer than 63 characters")).count()
    };
    assert_eq!([long(55, 57), long(56, 57), long(55, 58), long(56, 58)], [0, 1, 1, 2]);
}

/// What is advised is pasted into a shell in which another cluster may be the default.
#[test]
fn what_is_advised_leads_to_the_same_cluster() {
    let mut app = App::sound();
    app.names.flags = " -n blue-green --context prod".to_owned();
    app.edit(Kind::Deployment, |deployment| deployment["spec"]["paused"] = json!(true));
    let table = app.table();
    let check = table.iter().find(|check| check.name == "paused").unwrap();
    let hint = check.hint.as_deref().unwrap_or_default();
    assert_eq!(hint, "kubectl rollout resume deployment/parrot -n blue-green --context prod");
}
