//! What the API server says before a release begins: to the rights, and to what is only tried.

use bluegreen::cluster::Cluster;
use bluegreen::model::{Id, Kind, Write, version};
use bluegreen::sandbox::{Call, Fault, Faults};
use http::Method;
use serde_json::{Value, json};

use crate::acceptance::command::{answered as gate_answered, done};
use crate::acceptance::field::V2;
use crate::acceptance::outside::GATE;
use crate::acceptance::{Said, service_route};
use crate::bed::{self, Bed, NAMESPACE, answered, in_paused_time};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --yes";

fn refused(code: u16, message: &str) -> Fault {
    bed::refused(code, "Forbidden", message)
}

fn of(part: &'static str) -> impl FnMut(&Call) -> bool + Send {
    move |call| call.path.contains(part)
}

/// Runs a deploy of an app that is ready, after a fault was set; and nothing was written if it was
/// refused.
fn deployed(code: u8, faulty: impl Fn(&Faults)) -> Said {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        let before = field.versions().await?;
        faulty(&faults);
        let said = field.exits(code, DEPLOY).await?;
        faults.clear();
        if code != 0 {
            assert_eq!(field.versions().await?, before, "{said:?}");
            // Nothing is in the way of the next.
            field.exits(0, DEPLOY).await?;
        }
        Ok(said)
    });
    ran.unwrap()
}

fn warnings(said: &Said) -> Vec<&Value> {
    said.events.iter().filter(|event| event["event"] == "warned").collect()
}

#[test]
fn a_candidate_that_would_be_refused_begins_nothing() {
    let said = deployed(10, |faults| {
        let candidate = |call: &Call| {
            call.method == "POST"
                && call.path.contains("/deployments")
                && call.path.contains("dryRun")
        };
        faults.on(candidate, refused(403, "admission webhook \"a\" denied the request: no"));
    });
    let wanted = "would refuse to create Deployment parrot-green: admission webhook";
    assert!(said.err.contains(wanted), "{said:?}");
}

#[test]
fn a_switch_that_would_be_refused_begins_nothing() {
    let said = deployed(10, |faults| {
        let switch =
            |call: &Call| call.path.contains("/ingresses/parrot?") && call.path.contains("dryRun");
        faults.on(switch, refused(403, "admission webhook \"a\" denied the request: no"));
    });
    assert!(said.err.contains("would refuse to patch Ingress parrot: "), "{said:?}");
}

#[test]
fn a_webhook_that_can_not_be_tried_is_no_reason() {
    let said = deployed(0, |faults| {
        faults.on(of("dryRun"), refused(400, "admission webhook \"a\" does not support dry run"));
    });
    assert!(warnings(&said).iter().all(|warned| warned["check"] == "dry-run"), "{said:?}");
    assert!(!warnings(&said).is_empty(), "{said:?}");
}

#[test]
fn an_api_server_that_does_not_answer_the_questions_is_no_reason() {
    for fault in [Fault::Unsent, Fault::Unanswered, refused(500, "out of order")] {
        let said = deployed(0, |faults| {
            let asks =
                |call: &Call| call.path.contains("dryRun") || call.path.contains("selfsubject");
            faults.on(asks, fault.clone());
        });
        let checks: Vec<&Value> = warnings(&said).iter().map(|warned| &warned["check"]).collect();
        assert_eq!(checks, ["rights", "dry-run"], "{said:?}");
    }
}

#[test]
fn rights_that_are_missing_are_all_named_before_anything_is_written() {
    let said = deployed(8, |faults| {
        // Its rules can't be listed, and of two things it says no.
        let rules = json!({"kind": "SelfSubjectRulesReview",
            "status": {"resourceRules": [], "incomplete": true}});
        faults.on(of("selfsubjectrulesreviews"), answered(201, &rules));
        let no = json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": false}});
        let mut asked = 0;
        let two = move |call: &Call| {
            let asks = call.path.contains("selfsubjectaccessreviews");
            asked += usize::from(asks);
            asks && (asked == 1 || asked == 2)
        };
        faults.on(two, answered(201, &no));
    });
    assert_eq!(said.err.matches("caused by: you are not allowed to ").count(), 2, "{said:?}");
    assert!(said.err.contains("check parrot -n blue-green --role"), "{said:?}");
}

/// Runs a rollback, after a fault was set; and nothing was written if it was refused.
fn led_back(code: u8, faulty: impl Fn(&Faults)) -> Said {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        field.exits(0, DEPLOY).await?;
        let before = field.versions().await?;
        faulty(&faults);
        let said = field.exits(code, "rollback parrot").await?;
        faults.clear();
        if code != 0 {
            assert_eq!(field.versions().await?, before, "{said:?}");
            field.exits(0, "rollback parrot").await?;
        }
        Ok(said)
    });
    ran.unwrap()
}

#[test]
fn a_way_back_that_would_be_refused_begins_nothing() {
    let no = || refused(403, "\"a\" is forbidden: violates PodSecurity \"restricted:latest\"");
    for (part, what) in [
        ("/deployments/parrot?", "would refuse to patch Deployment parrot: \"a\" is forbidden"),
        ("/ingresses/parrot?", "would refuse to patch Ingress parrot: \"a\" is forbidden"),
        ("/pods?", "would refuse a candidate's pods: \"a\" is forbidden"),
    ] {
        let said = led_back(10, |faults| {
            let tried = move |call: &Call| call.path.contains(part) && call.path.contains("dryRun");
            faults.on(tried, no());
        });
        assert!(said.err.contains(what), "{said:?}");
    }
}

/// Where the Service is the route, its patch is the switch.
#[test]
fn a_way_back_by_a_service_that_would_be_refused_begins_nothing() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        service_route::initialised(&field).await?;
        field.exits(0, DEPLOY).await?;
        let before = field.versions().await?;
        let tried =
            |call: &Call| call.path.contains("/services/parrot?") && call.path.contains("dryRun");
        faults.on(tried, refused(403, "admission webhook \"a\" denied the request: no"));
        let said = field.exits(10, "rollback parrot").await?;
        assert!(said.err.contains("would refuse to patch Service parrot: "), "{said:?}");
        assert_eq!(field.versions().await?, before, "{said:?}");
        faults.clear();
        field.exits(0, "rollback parrot").await.map(drop)
    });
    ran.unwrap();
}

#[test]
fn a_way_back_is_held_up_by_nothing_that_it_can_do_without() {
    // Of what it does not take, and of who may not see whether there is room.
    let said = led_back(0, |faults| {
        let of_green = |call: &Call| {
            call.path.contains("/deployments/parrot-green?") && call.path.contains("dryRun")
        };
        faults.on(of_green, refused(403, "admission webhook \"a\" denied the request: no"));
        faults.on(of("/resourcequotas"), refused(403, "resourcequotas is forbidden: no"));
        may_only(faults, &["get", "list", "watch", "patch"]);
    });
    assert!(warnings(&said).is_empty(), "{said:?}");
}

/// The API server says that one may do this, and no more.
fn may_only(faults: &Faults, verbs: &[&str]) {
    reviewed(faults, &[json!({"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]})]);
}

/// What it is watched by is tried by no dry run.
#[test]
fn a_way_back_that_could_not_be_watched_begins_nothing() {
    let said =
        led_back(8, |faults| may_only(faults, &["get", "list", "patch", "create", "delete"]));
    assert!(said.err.contains("you are not allowed to watch"), "{said:?}");
}

/// Promotes a candidate that waits, after a fault was set; and where that is refused the candidate still waits.
fn promoted(code: u8, faulty: impl Fn(&Faults)) -> Said {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        field.detached(V2).await?;
        let before = field.versions().await?;
        faulty(&faults);
        let said = field.exits(code, "promote parrot").await?;
        if code == 10 {
            assert_eq!(field.versions().await?, before, "{said:?}");
            // Nor is it named, and what is tells why.
            let status = field.exits(0, "status parrot --why").await?;
            let status: Value = serde_json::from_str(&status.out)?;
            assert_eq!(status["next"], json!(["check", "abort"]), "{status:#}");
            let check = field.exits(10, "check parrot").await?;
            assert!(check.out.contains("would refuse to patch"), "{check:?}");
        }
        faults.clear();
        if code != 0 {
            field.exits(0, "promote parrot").await?;
        }
        field.is_live("parrot-green", V2).await?;
        Ok(said)
    });
    ran.unwrap()
}

#[test]
fn a_yes_that_the_api_server_would_refuse_to_follow_is_not_written() {
    let no = || refused(403, "\"a\" is forbidden: exceeded quota: q");
    for (part, what) in [
        ("/ingresses/parrot?", "would refuse to patch Ingress parrot: \"a\" is forbidden"),
        ("/services/parrot?", "would refuse to patch Service parrot: \"a\" is forbidden"),
        ("/deployments/parrot?", "would refuse to patch Deployment parrot: \"a\" is forbidden"),
    ] {
        let said = promoted(10, |faults| {
            let tried = move |call: &Call| call.path.contains(part) && call.path.contains("dryRun");
            faults.on(tried, no());
        });
        assert!(said.err.contains(what), "{said:?}");
    }
}

#[test]
fn a_yes_needs_the_rights_to_follow_it() {
    let said = promoted(8, |faults| {
        may_only(faults, &["get", "list", "watch"]);
        let no = "ingresses.networking.k8s.io \"parrot\" is forbidden: User \"jane\" cannot patch \
                  resource \"ingresses\" in API group \"networking.k8s.io\"";
        faults.on(|call| call.method == "PATCH" && call.path.contains("dryRun"), refused(403, no));
    });
    assert!(said.err.contains("you are not allowed to patch"), "{said:?}");
    // But not those to make anything.
    promoted(0, |faults| may_only(faults, &["get", "list", "watch", "patch"]));
}

/// As by a policy that is not tried, or that came since.
#[test]
fn a_refused_switch_keeps_the_candidate() {
    let said = promoted(7, |faults| {
        let switches = |call: &Call| {
            let is_write = call.method == "PATCH" && !call.path.contains("dryRun");
            is_write
                && call.path.contains("/ingresses/parrot")
                && !call.path.contains("/ingresses/parrot-preview")
        };
        faults.on(switches, refused(403, "admission webhook \"a\" denied the request: no"));
    });
    assert!(said.err.contains("the API server refuses to switch Ingress parrot: "), "{said:?}");
    assert!(said.err.contains("hint: to continue the release: run the same command"), "{said:?}");
}

/// Where nothing is left to be made as well.
#[test]
fn init_says_ready_only_with_the_rights_for_it() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        may_only(&faults, &["get", "list", "watch"]);
        let said = field.exits(8, "init parrot").await?;
        assert!(said.err.contains("you are not allowed to patch"), "{said:?}");
        faults.clear();
        field.exits(0, "init parrot").await.map(drop)
    });
    ran.unwrap();
}

/// All that is not told by `check`, which looks at a new version.
#[test]
fn a_way_back_that_would_be_refused_is_not_named() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        field.exits(0, DEPLOY).await?;
        let next = async || -> anyhow::Result<Value> {
            let status = field.exits(0, "status parrot --why").await?;
            Ok(serde_json::from_str::<Value>(&status.out)?["next"].take())
        };
        // Until then a rollback would wait, and nothing of it can be tried.
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        assert_eq!(next().await?, json!(["deploy", "rollback"]));
        let tried =
            |call: &Call| call.path.contains("/ingresses/parrot?") && call.path.contains("dryRun");
        faults.on(tried, refused(403, "admission webhook \"a\" denied the request: no"));
        assert_eq!(next().await?, json!(["check"]));
        let said = field.exits(10, "rollback parrot").await?;
        assert!(said.err.contains("hint: once that is fixed: run the same command"), "{said:?}");
        assert!(!said.err.contains(" check "), "{said:?}");
        Ok(())
    });
    ran.unwrap();
}

/// What `init` would make is tried before it, by `check` too.
#[test]
fn what_init_would_be_refused_is_known_before() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        for (part, what) in [
            ("/services?", "would refuse to create Service parrot-"),
            ("/configmaps?", "would refuse to create ConfigMap bluegreen-parrot"),
        ] {
            let tried = move |call: &Call| {
                call.method == "POST" && call.path.contains(part) && call.path.contains("dryRun")
            };
            faults.on(tried, refused(403, "admission webhook \"a\" denied the request: no"));
            for line in ["check parrot", "init parrot"] {
                let said = field.exits(10, line).await?;
                assert!(format!("{said:?}").contains(what), "{line}: {said:?}");
            }
            faults.clear();
        }
        assert_eq!(field.find(Kind::ConfigMap, "bluegreen-parrot").await?, None);
        field.exits(0, "init parrot").await.map(drop)
    });
    ran.unwrap();
}

#[test]
fn a_dry_run_asks_for_the_rights() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        may_only(&faults, &["get", "list", "patch", "create", "delete"]);
        let said = field.exits(8, &format!("{DEPLOY} --dry-run=server")).await?;
        assert!(said.err.contains("you are not allowed to watch"), "{said:?}");
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn a_deletion_that_is_only_tried_deletes_nothing() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let cluster = Cluster::over(bed.field.client.clone(), NAMESPACE);
        for (kind, name) in [(Kind::Deployment, "parrot"), (Kind::Ingress, "parrot")] {
            let at = version(&bed.field.get(kind, name).await?);
            let write = Write::delete(Id::new(kind, name), at);
            cluster.dry_run(&write).await?;
            bed.field.get(kind, name).await?;
            // What is not only tried is done.
            cluster.execute(&write).await?;
            assert_eq!(bed.field.find(kind, name).await?, None);
        }
        Ok(())
    });
    ran.unwrap();
}

/// What a release would end with is known to `status --why` and to `check` alike.
#[test]
fn why_knows_what_the_api_server_refuses() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        let tried = |call: &Call| call.path.contains("/pods?") && call.path.contains("dryRun");
        faults.on(tried, refused(403, "\"a\" is forbidden: violates PodSecurity \"restricted\""));
        field.exits(10, "check parrot").await?;
        let status = field.exits(0, "status parrot --why").await?;
        let status: Value = serde_json::from_str(&status.out)?;
        assert_eq!(status["next"], json!(["check"]), "{status:#}");
        let why = &status["why"];
        assert_eq!(why["waitsFor"], "checks", "{why:#}");
        let said: Vec<&Value> = why["conditions"].as_array().unwrap().iter().collect();
        let checks = said.iter().filter(|it| it["name"] == "checks");
        let checks: Vec<String> = checks.map(|it| it["now"].to_string()).collect();
        assert!(checks.len() == 1 && checks[0].contains("violates PodSecurity"), "{why:#}");
        Ok(())
    });
    ran.unwrap();
}

/// An Ingress without a class is of the cluster's default one, from before there was one.
#[test]
fn the_default_class_says_who_serves_an_ingress_without_one() {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        let class = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {"name": "outer", "annotations": {
                "ingressclass.kubernetes.io/is-default-class": "true"}},
            "spec": {"controller": "ingress.k8s.aws/alb"},
        });
        let classes = "/apis/networking.k8s.io/v1/ingressclasses";
        field.send(Method::POST, classes.to_owned(), Some(class)).await?;
        field.exits(0, "check parrot").await?;
        let none = json!({"spec": {"ingressClassName": null}});
        field.edit(Kind::Ingress, "parrot", none).await?;
        for line in ["check parrot", "init parrot"] {
            let said = field.exits(10, line).await?;
            let what = "is of the cluster's default class, which the AWS Load Balancer Controller";
            assert!(format!("{said:?}").contains(what), "{line}: {said:?}");
        }
        // Nor is anything named that would be refused for it.
        let status = field.exits(0, "status parrot --why").await?;
        let status: Value = serde_json::from_str(&status.out)?;
        assert_eq!(status["next"], json!(["check"]), "{status:#}");
        // Who may not see it is not held up.
        faults.on(of("/ingressclasses"), refused(403, "ingressclasses is forbidden: no"));
        field.exits(0, "init parrot").await?;
        Ok(())
    });
    ran.unwrap();
}

/// Whoever may do all but to list what only a new version needs to know.
fn lists_but(faults: &Faults, without: &[&str]) {
    let rule = |verbs: &[&str], group: &str, resources: &[&str]| json!({"verbs": verbs, "apiGroups": [group], "resources": resources});
    let mut rules = vec![
        rule(&["*"], "", &["configmaps", "services", "pods", "pods/log", "events"]),
        rule(&["*"], "apps", &["*"]),
        rule(&["*"], "networking.k8s.io", &["ingresses"]),
        rule(&["*"], "discovery.k8s.io", &["*"]),
        rule(&["*"], "autoscaling", &["*"]),
        rule(&["*"], "policy", &["*"]),
    ];
    let in_the_way = [
        ("networking.k8s.io", "networkpolicies"),
        ("", "persistentvolumeclaims"),
        ("", "resourcequotas"),
    ];
    let others = in_the_way.iter().filter(|(_, resource)| !without.contains(resource));
    rules.extend(others.map(|(group, resource)| rule(&["list"], group, &[resource])));
    reviewed(faults, &rules);
}

/// Whoever may change what the app has by its names.
fn by_names(faults: &Faults) {
    let rule = |verbs: &[&str], names: &[&str]| json!({"verbs": verbs, "apiGroups": ["*"], "resources": ["*"], "resourceNames": names});
    let names = ["parrot", "parrot-green", "parrot-preview", "bluegreen-parrot"];
    reviewed(faults, &[rule(&["get", "list", "watch"], &[]), rule(&["patch"], &names)]);
}

fn reviewed(faults: &Faults, rules: &[Value]) {
    let rules = json!({"kind": "SelfSubjectRulesReview", "status": {"resourceRules": rules}});
    faults.on(of("selfsubjectrulesreviews"), answered(201, &rules));
    let no = json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": false}});
    faults.on(of("selfsubjectaccessreviews"), answered(201, &no));
}

/// A right that the command never uses keeps nobody from going on or back.
#[test]
fn who_goes_on_or_back_needs_only_the_rights_for_that() {
    let all = ["networkpolicies", "persistentvolumeclaims", "resourcequotas"];
    promoted(0, |faults| lists_but(faults, &all));
    promoted(0, by_names);
    led_back(0, |faults| {
        faults.on(of("/resourcequotas"), refused(403, "resourcequotas is forbidden: no"));
        lists_but(faults, &all);
    });
    led_back(0, by_names);
}

/// The process that drives goes on, and what it may do is its own.
#[test]
fn a_yes_to_a_live_driver_is_not_tried_with_a_persons_rights() {
    let ran: anyhow::Result<()> = in_paused_time(async {
        let bed = Bed::new(1).await?;
        bed.field.initialised().await?;
        let (person, faults) = bed.machine();
        let tried =
            |call: &Call| call.path.contains("/ingresses/parrot?") && call.path.contains("dryRun");
        faults.on(tried, refused(403, "admission webhook \"only-ci\" denied the request: no"));
        let line = format!("deploy parrot --image {V2} {GATE} --threshold 1000");
        let deploy = bed.field.command(&line).answers(&[500]);
        deploy.meanwhile(0, gate_answered, person.exits(0, "promote parrot")).await?;
        bed.field.is_live("parrot-green", V2).await
    });
    ran.unwrap();
}

#[test]
fn a_service_that_may_not_be_led_back_is_told_as_a_refusal() {
    let ran: anyhow::Result<()> = in_paused_time(async {
        let bed = Bed::new(1).await?;
        service_route::initialised(&bed.field).await?;
        let deploy = bed.field.command(&format!("{DEPLOY} --settle 60s"));
        deploy.killed_at(done("mark-reached")).await?;
        let (person, faults) = bed.machine();
        // The stamp is taken, the way back is not.
        let mut patches = 0;
        let is_back = move |call: &Call| {
            let is_one = call.method == "PATCH" && call.path.contains("/services/parrot?");
            patches += usize::from(is_one);
            is_one && patches > 1
        };
        faults.on(is_back, refused(403, "admission webhook \"a\" denied the request: no"));
        let said = person.exits(7, "abort parrot").await?;
        anyhow::ensure!(said.err.contains("refuses to switch Service parrot back"), "{said:?}");
        Ok(())
    });
    ran.unwrap();
}

/// It would stay where it is in a switch, and keep each release and each way back from its end.
#[test]
fn an_endpoint_without_a_pod_begins_no_release_by_a_service() {
    let ran: anyhow::Result<()> = in_paused_time(async {
        let bed = Bed::new(1).await?;
        service_route::initialised(&bed.field).await?;
        bed.sandbox.store().add(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": "parrot-vm", "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": "parrot"},
            },
            "addressType": "IPv4", "ports": [{"name": "http", "port": 3000}],
            "endpoints": [{"addresses": ["10.9.9.9"], "conditions": {"ready": true}}],
        }));
        for line in ["check parrot", DEPLOY] {
            let said = bed.field.exits(10, line).await?;
            let said = format!("{}{}", said.out, said.err);
            anyhow::ensure!(said.contains("names 10.9.9.9, which is no pod's"), "{said}");
        }
        Ok(())
    });
    ran.unwrap();
}

/// It goes wherever the Service leads.
#[test]
fn an_ingress_that_has_come_since_is_not_in_the_way_back_of_a_service() {
    let ran: anyhow::Result<()> = in_paused_time(async {
        let bed = Bed::new(1).await?;
        service_route::initialised(&bed.field).await?;
        bed.field.exits(0, DEPLOY).await?;
        bed.field.second_ingress().await?;
        bed.field.exits(0, "rollback parrot").await.map(drop)
    });
    ran.unwrap();
}
