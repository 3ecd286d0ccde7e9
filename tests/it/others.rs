//! What is asked of an API server about other controllers' kinds, its version and a candidate's pod: how
//! often, and what follows where it does not say.

use anyhow::Result;
use bluegreen::model::{Kind, Optional};
use bluegreen::sandbox::{Call, Fault, Faults};
use serde_json::{Value, json};

use crate::acceptance::custom::declared;
use crate::acceptance::{Field, Said};
use crate::bed::{self, Bed, answered, in_paused_time};

const DEPLOY: &str = "deploy parrot --image kmharish/parrot-app:v2.2 --yes";

/// Runs in a cluster where the app is taken in.
fn initialised<T>(run: impl AsyncFnOnce(&Field, &Faults) -> Result<T>) -> T {
    let ran = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let (field, faults) = bed.machine();
        field.initialised().await?;
        run(&field, &faults).await
    });
    ran.unwrap()
}

fn refused(code: u16, message: &str) -> Fault {
    bed::refused(code, "Forbidden", message)
}

fn is_discovery(call: &Call) -> bool {
    call.path == "/apis"
}

fn is_pod(call: &Call) -> bool {
    call.method == "POST" && call.path.contains("/pods?") && call.path.contains("dryRun")
}

fn warned(said: &Said) -> Vec<(&str, &str)> {
    let warned = said.events.iter().filter(|event| event["event"] == "warned");
    warned.map(|it| (it["check"].as_str().unwrap(), it["what"].as_str().unwrap())).collect()
}

/// How often a command asks for what has this in its path.
async fn asked(field: &Field, faults: &Faults, line: &str, parts: &[&str]) -> Result<Vec<usize>> {
    let before = faults.calls().len();
    field.exits(0, line).await?;
    let calls = faults.calls().split_off(before);
    let count = |part: &&str| calls.iter().filter(|call| call.path.contains(*part)).count();
    Ok(parts.iter().map(count).collect())
}

#[test]
fn one_question_tells_which_kinds_there_are_and_each_is_one_list() {
    initialised(async |field, faults| {
        let parts = ["/authorizationpolicies", "/canaries", "/podmonitors", "/version"];
        assert_eq!(asked(field, faults, "check parrot", &parts).await?, [0, 0, 0, 0]);
        for kind in [Optional::AuthorizationPolicy, Optional::PodMonitor] {
            declared(field, kind).await?;
        }
        assert_eq!(asked(field, faults, "check parrot", &parts).await?, [1, 0, 1, 0]);
        // Only check says what is worth no more than a word.
        assert_eq!(asked(field, faults, DEPLOY, &parts).await?, [1, 0, 0, 0]);
        assert_eq!(asked(field, faults, "rollback parrot", &parts).await?, [0, 0, 0, 0]);
        let questions = faults.calls().iter().filter(|call| is_discovery(call)).count();
        // init, twice check, and deploy.
        assert_eq!(questions, 4);
        let pods = faults.calls().iter().filter(|call| is_pod(call)).count();
        // And a rollback's.
        assert_eq!(pods, 5);
        Ok(())
    });
}

#[test]
fn an_api_server_that_does_not_say_which_kinds_it_has_holds_nobody_up() {
    for fault in [
        Fault::Unsent,
        Fault::Hung { sent: true },
        refused(403, "User \"jane\" cannot get path \"/apis\""),
        refused(500, "out of order"),
    ] {
        initialised(async |field, faults| {
            faults.on(is_discovery, fault);
            let said = field.exits(0, DEPLOY).await?;
            let checks: Vec<&str> = warned(&said).iter().map(|(check, _)| *check).collect();
            assert_eq!(checks, ["policies", "autoscaler", "managers"], "{said:?}");
            let what =
                "not everything was checked: the API server does not say which kinds it has: ";
            assert!(warned(&said).iter().all(|(_, it)| it.starts_with(what)), "{said:?}");
            Ok(())
        });
    }
}

#[test]
fn a_list_that_fails_holds_nobody_up() {
    for fault in [Fault::Unanswered, Fault::Hung { sent: true }, refused(500, "out of order")] {
        initialised(async |field, faults| {
            declared(field, Optional::Canary).await?;
            faults.on(|call| call.path.contains("/canaries"), fault);
            let said = field.exits(0, DEPLOY).await?;
            let [(check, what)] = warned(&said)[..] else { panic!("{said:?}") };
            let wanted = "not everything was checked: canaries.flagger.app can't be listed: ";
            assert!(check == "managers" && what.starts_with(wanted), "{said:?}");
            Ok(())
        });
    }
}

/// As servers answer that know of no other form.
#[test]
fn of_a_server_that_tells_groups_alone_each_list_tells() {
    initialised(async |field, faults| {
        let target = json!({"kind": "Deployment", "name": "parrot"});
        let canaries = declared(field, Optional::Canary).await?;
        canaries.add(field, "birds", json!({"targetRef": target})).await?;
        // Its group has nothing else of what is looked for.
        declared(field, Optional::RequestAuthentication).await?;
        let group = |name: &str| {
            let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
            json!({"name": name, "versions": [version], "preferredVersion": version})
        };
        let groups = [group("flagger.app"), group("security.istio.io"), group("apps")];
        let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups});
        faults.on(is_discovery, answered(200, &list));
        let said = field.exits(10, DEPLOY).await?;
        assert!(said.err.contains("Canary birds manages Deployment parrot"), "{said:?}");
        canaries.delete(field, "birds").await?;
        let before = faults.calls().len();
        let said = field.exits(0, DEPLOY).await?;
        assert_eq!(warned(&said), [], "{said:?}");
        let calls = faults.calls().split_off(before);
        let asked = |part: &str| calls.iter().filter(|call| call.path.contains(part)).count();
        let parts = ["/canaries", "/requestauthentications", "/authorizationpolicies"];
        assert_eq!(parts.map(asked), [1, 1, 0]);
        Ok(())
    });
}

#[test]
fn a_pod_that_would_be_refused_begins_nothing() {
    initialised(async |field, faults| {
        let security = "pods \"parrot-green-dry-run\" is forbidden: violates PodSecurity \"restricted:latest\": x";
        faults.on(is_pod, refused(403, security));
        let before = field.versions().await?;
        for line in
            ["check parrot", DEPLOY, &format!("{} --dry-run=server", &DEPLOY[..DEPLOY.len() - 6])]
        {
            let said = format!("{:?}", field.exits(10, line).await?);
            assert!(said.contains("would refuse a candidate's pods: pods "), "{line}: {said}");
        }
        assert_eq!(field.versions().await?, before);
        faults.clear();
        field.exits(0, DEPLOY).await?;
        assert!(field.list(Kind::Pod).await?.iter().all(|pod| {
            !pod["metadata"]["name"].as_str().unwrap_or_default().contains("dry-run")
        }));
        Ok(())
    });
}

#[test]
fn a_dry_run_looks_again_where_an_object_changed_meanwhile() {
    for (code, message) in [
        (422, "the server rejected our request due to an error in our request"),
        (409, "deployments.apps \"parrot-green\" already exists"),
        (404, "deployments.apps \"parrot\" not found"),
    ] {
        initialised(async |field, faults| {
            let line = format!("{} --dry-run=server", &DEPLOY[..DEPLOY.len() - 6]);
            let first = field.exits(0, &line).await?;
            let of_a_deployment =
                |call: &Call| call.path.contains("deployments") && call.path.contains("dryRun");
            let mut times = 3;
            let fault = || refused(code, message);
            faults.on(
                move |call| {
                    let is_refused = of_a_deployment(call) && times > 0;
                    times -= usize::from(is_refused);
                    is_refused
                },
                fault(),
            );
            assert_eq!(field.exits(0, &line).await?.out, first.out);
            faults.clear();
            faults.on(of_a_deployment, fault());
            let said = field.exits(7, &line).await?;
            assert!(said.err.contains("changed each time that the steps were dry-run"), "{said:?}");
            Ok(())
        });
    }
}

#[test]
fn what_had_changed_when_it_was_tried_is_tried_again() {
    for line in ["check parrot", "init parrot", DEPLOY] {
        initialised(async |field, faults| {
            let tried = |call: &Call| {
                let is_one = ["deployments", "services"].iter().any(|it| call.path.contains(it));
                is_one && call.path.contains("dryRun")
            };
            let mut times = 3;
            let is_first = move |call: &Call| {
                let is_refused = tried(call) && times > 0;
                times -= usize::from(is_refused);
                is_refused
            };
            faults.on(is_first, refused(409, "the object has been modified"));
            faults.on(tried, refused(400, "denied by the policy"));
            let before = faults.calls().len();
            field.exits(10, line).await?;
            let calls = faults.calls().split_off(before);
            let is_write = |call: &&Call| {
                let asks = ["dryRun", "authorization.k8s.io"].iter();
                call.method != "GET" && !asks.clone().any(|it| call.path.contains(it))
            };
            let writes: Vec<_> = calls.iter().filter(is_write).collect();
            assert!(writes.is_empty(), "{writes:?}");
            Ok(())
        });
    }
}

#[test]
fn who_may_not_try_a_pod_may_release() {
    initialised(async |field, faults| {
        let rights =
            "pods is forbidden: User \"jane\" cannot create resource \"pods\" in API group \"\"";
        faults.on(is_pod, refused(403, rights));
        let report: Value = serde_json::from_str(&field.exits(0, "check parrot").await?.out)?;
        let told = report["checks"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&told["name"], &told["verdict"]), (&json!("pod-template"), &json!("warn")));
        let said = field.exits(0, DEPLOY).await?;
        assert_eq!(warned(&said), [], "{said:?}");
        Ok(())
    });
}

#[test]
fn an_autoscaler_that_may_go_to_zero_is_judged_by_the_version() {
    let to_zero = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flock", "namespace": crate::bed::NAMESPACE},
        "spec": {
            "minReplicas": 0, "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"},
        },
    });
    initialised(async |field, faults| {
        // As an API server has it with that feature.
        field.store.as_ref().unwrap().add(to_zero);
        let said = field.exits(10, DEPLOY).await?;
        assert!(said.err.contains("minReplicas 0, and Kubernetes is 1.36 (before"), "{said:?}");
        let version = |minor: &str| answered(200, &json!({"major": "1", "minor": minor}));
        let is_version = |call: &Call| call.path == "/version";
        faults.on(is_version, Fault::Unsent);
        let said = field.exits(10, DEPLOY).await?;
        assert!(said.err.contains("does not say its version"), "{said:?}");
        faults.clear();
        faults.on(is_version, version("37+"));
        // The API server itself is 1.36, and refuses a copy of it.
        let said = field.exits(10, "check parrot").await?;
        let report: Value = serde_json::from_str(&said.out)?;
        let checks = report["checks"].as_array().expect("checks");
        let failed = checks.iter().filter(|check| check["verdict"] == "fail");
        assert!(failed.map(|check| &check["name"]).eq(["dry-run"]), "{said:?}");
        Ok(())
    });
}

/// While its Canary stands: the user's Deployment without pods, and one that Flagger has made live.
const FLAGGER: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: pod}
spec:
  replicas: 0
  selector: {matchLabels: {app: pod}}
  template:
    metadata: {labels: {app: pod}}
    spec: {containers: [{name: pod, image: 'pod:2', ports: [{name: http, containerPort: 9898}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pod-primary}
spec:
  replicas: 2
  selector: {matchLabels: {app: pod-primary}}
  template:
    metadata: {labels: {app: pod-primary}}
    spec: {containers: [{name: pod, image: 'pod:1', ports: [{name: http, containerPort: 9898}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: pod}
spec: {selector: {app: pod-primary}, ports: [{name: http, port: 80, targetPort: 9898}]}
---
apiVersion: v1
kind: Service
metadata: {name: pod-canary}
spec: {selector: {app: pod}, ports: [{name: http, port: 80, targetPort: 9898}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: pod}
spec:
  ingressClassName: nginx
  rules: [{host: pod.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: pod, port: {number: 80}}}}]}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: pod-canary
  annotations: {nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '0'}
spec:
  ingressClassName: nginx
  rules: [{host: pod.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: pod-canary, port: {number: 80}}}}]}}]
";

#[test]
fn what_flagger_keeps_is_named_whichever_of_its_deployments_is_meant() {
    let ran = in_paused_time(async {
        let Bed { sandbox: _sandbox, field } = Bed::new(1).await?;
        for object in serde_saphyr::from_multiple::<Value>(FLAGGER)? {
            field.create(object).await?;
        }
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "pod"});
        let canaries = declared(&field, Optional::Canary).await?;
        let canary = canaries.add(&field, "pod", json!({"targetRef": target})).await?;
        let owner = json!([{
            "apiVersion": canary["apiVersion"], "kind": "Canary", "name": "pod",
            "uid": canary["metadata"]["uid"], "controller": true,
        }]);
        let owned = json!({"metadata": {"ownerReferences": owner}});
        field.edit(Kind::Deployment, "pod-primary", owned).await?;
        let says = async |app: &str, who: &str| -> Result<()> {
            let report = field.exits(10, &format!("check {app}")).await?.out;
            let report: Value = serde_json::from_str(&report)?;
            let all = report["checks"].as_array().unwrap().iter();
            let told: Vec<&Value> =
                all.filter(|it| it["name"] == "managers" && it["verdict"] == "fail").collect();
            assert_eq!(told.len(), 1, "{report:#}");
            assert!(told[0]["what"].as_str().unwrap().starts_with(who), "{report:#}");
            assert!(told[0]["hint"].as_str().unwrap().contains("revertOnDeletion"), "{report:#}");
            Ok(())
        };
        says("pod-primary", "Canary pod manages Deployment pod-primary: Flagger").await?;
        says("pod", "Canary pod manages Deployment pod: Flagger").await?;
        field.delete(Kind::Ingress, "pod-canary").await?;
        says("pod", "Canary pod manages Deployment pod: Flagger").await?;
        // Its Canaries can't be read, and the owner tells.
        let said = field.command("check pod-primary").without("/canaries").exits(10).await?;
        assert!(
            said.out.contains("Deployment pod-primary is managed by Canary pod, its"),
            "{said:?}"
        );
        Ok(())
    });
    ran.unwrap();
}
