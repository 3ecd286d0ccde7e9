//! Each check, by apps with one thing amiss.

mod app;
mod rights;
mod rows;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::report::NAMES;
use super::{Check, Grade, Reply, prepared};
use app::App;
use rows::Row;

#[test]
fn a_sound_app_passes_every_check_once() {
    let app = App::sound();
    let mut table = app.table();
    table.extend(prepared(&app.snapshot(), "init", "status"));
    table.extend(app.rehearsed(|step| app.taken(step)));
    table.extend(app.admitted(|step| app.taken(step)));
    assert!(table.iter().all(|check| check.verdict == Grade::Pass), "{table:#?}");
    let names: Vec<&str> = table.iter().map(|check| check.name).collect();
    // The rights are asked about beside the table.
    assert_eq!([&["rights"], &names[..]].concat(), NAMES);
}

#[test]
fn what_is_amiss_is_found_by_its_check_alone() {
    for Row { check, verdict, says, amiss } in rows::all() {
        let mut app = App::sound();
        amiss(&mut app);
        let table = app.table();
        let found: Vec<&Check> =
            table.iter().filter(|check| check.verdict != Grade::Pass).collect();
        let [found] = found[..] else { panic!("{check} {says:?}: {found:#?}") };
        assert_eq!((found.name, found.verdict), (check, verdict), "{found:#?}");
        assert!(found.reason().contains(says), "{says:?}: {found:#?}");
    }
}

#[test]
fn every_check_is_seen_to_find_something() {
    let found: BTreeSet<&str> = rows::all().iter().map(|row| row.check).collect();
    // What is live is what is looked at, and what the API server says has tests of its own.
    let told: BTreeSet<&str> = NAMES
        .into_iter()
        .filter(|name| !["rights", "deployment", "prepared", "dry-run", "admission"].contains(name))
        .collect();
    assert_eq!(found, told);
}

#[test]
fn what_only_looks_amiss_passes() {
    for (what, harmless) in rows::harmless() {
        let mut app = App::sound();
        harmless(&mut app);
        let table = app.table();
        let found = table.iter().find(|check| check.verdict != Grade::Pass);
        assert!(found.is_none(), "{what}: {found:#?}");
    }
}

#[test]
fn what_the_api_server_refuses_to_try_is_told() {
    let app = App::sound();
    let refused = |code, message: &'static str| {
        app.rehearsed(move |_| Reply::Refused { code, message: message.to_owned() })
    };
    let of = |checks: Vec<Check>| (checks[0].verdict, checks[0].what.clone());
    let (verdict, what) = of(refused(422, "spec.replicas: Invalid value"));
    assert_eq!(verdict, Grade::Fail);
    assert!(what.contains("would refuse to create Deployment parrot-green: spec.rep"), "{what}");
    let (verdict, _) = of(refused(400, "admission webhook \"a\" does not support dry run"));
    assert_eq!(verdict, Grade::Warn);
    // Somebody else was there between the look and the try.
    assert_eq!(of(refused(409, "already exists")).0, Grade::Pass);
    let outdated = "the server rejected our request due to an error in our request";
    assert_eq!(of(refused(422, outdated)).0, Grade::Pass);
    let lost = app.rehearsed(|_| Reply::Lost { why: "reset".to_owned() });
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert_eq!(lost[0].verdict, Grade::Warn);
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
        (found[0].verdict, found[0].reason())
    };
    let (verdict, said) = changing(|template| {
        template["spec"]["containers"][0]["image"] = json!("mirror.example/app:1");
        template["spec"]["containers"][0]["env"] = json!([{"name": "TOKEN", "value": "secret"}]);
        template["metadata"]["annotations"] = json!({"a": "1"});
        template["spec"]["tolerations"] = json!([{"key": "spot"}]);
    });
    assert_eq!(verdict, Grade::Fail);
    for wanted in ["Deployment parrot", "-> mirror.example/app:1)", "and 1 more", "rollout restart"]
    {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("secret"), "{said}");
    // What a step changes in other parts is none of it.
    assert_eq!(changing(|_| {}).0, Grade::Pass);
    let lost = app.admitted(|_| Reply::Lost { why: "reset".to_owned() });
    assert_eq!((lost[0].verdict, lost.len()), (Grade::Pass, 1), "the other check tells");
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
