//! Cells of objects that no test on a real API server makes: odd pods above all.

use super::*;
use crate::resources::{EVENTS, INGRESSES, PODS, SERVICES};

fn row(resource: Resource, object: Value) -> Value {
    let now = "2026-01-01T01:00:00Z".parse().unwrap();
    let table = of(resource, [&object], &json!("7"), Include::Metadata, now);
    assert_eq!(table["metadata"]["resourceVersion"], "7");
    let row = table["rows"][0].clone();
    let columns = table["columnDefinitions"].as_array().unwrap();
    assert_eq!(row["cells"].as_array().unwrap().len(), columns.len());
    row
}

/// Ready, status and restarts.
fn pod(spec: Value, status: Value) -> String {
    let metadata = json!({ "name": "a", "creationTimestamp": "2026-01-01T00:58:00Z" });
    let pod = row(&PODS, json!({ "metadata": metadata, "spec": spec, "status": status }));
    let cell = |nth: usize| pod["cells"][nth].as_str().unwrap().to_owned();
    assert_eq!(cell(4), "2m");
    format!("{} {} {}", cell(1), cell(2), cell(3))
}

#[test]
fn a_pod_is_told_in_one_word() {
    let one = || json!({ "containers": [{ "name": "a" }] });
    let two = || json!({ "containers": [{ "name": "a" }, { "name": "b" }] });
    let is = |state: Value| json!({ "ready": false, "restartCount": 0, "state": state });
    let running = json!({ "ready": true, "state": { "running": {} } });
    let waiting = |reason: &str| is(json!({ "waiting": { "reason": reason } }));
    let ended = |code: i64| is(json!({ "terminated": { "exitCode": code } }));
    let crashed = json!({
        "restartCount": 3,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "finishedAt": "2026-01-01T00:59:50Z" } },
    });
    let completed = is(json!({ "terminated": { "exitCode": 0, "reason": "Completed" } }));
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    let gated = json!([{ "type": "PodScheduled", "reason": "SchedulingGated" }]);
    for (spec, status, told) in [
        (one(), json!({ "phase": "Pending" }), "0/1 Pending 0"),
        (one(), json!({ "phase": "Pending", "conditions": gated }), "0/1 SchedulingGated 0"),
        (one(), json!({ "phase": "Failed", "reason": "Evicted" }), "0/1 Evicted 0"),
        (one(), json!({ "containerStatuses": [running] }), "1/1  0"),
        (one(), json!({ "containerStatuses": [waiting("ErrImagePull")] }), "0/1 ErrImagePull 0"),
        (one(), json!({ "containerStatuses": [crashed] }), "0/1 CrashLoopBackOff 3 (10s ago)"),
        (one(), json!({ "containerStatuses": [ended(2)] }), "0/1 ExitCode:2 0"),
        (two(), json!({ "containerStatuses": [completed, running] }), "1/2 NotReady 0"),
        (
            two(),
            json!({ "containerStatuses": [completed, running], "conditions": ready }),
            "1/2 Running 0",
        ),
        (two(), json!({ "containerStatuses": [completed, ended(2)] }), "0/2 ExitCode:2 0"),
    ] {
        assert_eq!(pod(spec, status.clone()), told, "{status}");
    }
}

#[test]
fn containers_that_run_first_are_told_while_they_do() {
    let spec = json!({
        "containers": [{ "name": "a" }],
        "initContainers": [{ "name": "b", "restartPolicy": "Always" }, { "name": "c" }],
    });
    let beside = json!({ "name": "b", "started": true, "ready": true, "restartCount": 1 });
    let one = |state: Value| json!({ "name": "c", "restartCount": 2, "state": state });
    let main = json!({ "ready": true, "state": { "running": {} } });
    for (state, told) in [
        (json!({ "running": {} }), "1/2 Init:1/2 3"),
        (json!({ "waiting": { "reason": "ErrImagePull" } }), "1/2 Init:ErrImagePull 3"),
        (json!({ "terminated": { "exitCode": 2, "signal": 9 } }), "1/2 Init:Signal:9 3"),
    ] {
        let status = json!({ "initContainerStatuses": [beside, one(state)] });
        assert_eq!(pod(spec.clone(), status.clone()), told, "{status}");
    }
    let done = one(json!({ "terminated": { "exitCode": 0 } }));
    let status = json!({
        "phase": "Running", "initContainerStatuses": [beside, done], "containerStatuses": [main],
    });
    assert_eq!(pod(spec, status), "2/2 Running 1");
}

#[test]
fn a_pod_that_is_over_says_so_beside_its_cells() {
    let over = row(&PODS, json!({ "metadata": {}, "status": { "phase": "Succeeded" } }));
    assert_eq!(over["conditions"][0]["reason"], "Succeeded");
    let goes_on = row(&PODS, json!({ "metadata": {}, "status": { "phase": "Running" } }));
    assert_eq!(goes_on["conditions"], Value::Null);
}

#[test]
fn addresses_are_told_where_there_are_some() {
    let balancer = json!({ "loadBalancer": { "ingress": [{ "ip": "2" }, { "hostname": "1" }] } });
    let external = |kind: &str, status: &Value| {
        let spec = json!({ "type": kind, "externalName": "else" });
        row(&SERVICES, json!({ "spec": spec, "status": status }))["cells"][3].clone()
    };
    assert_eq!(external("ClusterIP", &Value::Null), "<none>");
    assert_eq!(external("LoadBalancer", &Value::Null), "<pending>");
    assert_eq!(external("LoadBalancer", &balancer), "1,2");
    assert_eq!(external("ExternalName", &Value::Null), "else");
    let rules = json!([{ "host": "a" }, {}, { "host": "c" }, { "host": "d" }]);
    let spec = json!({ "rules": rules, "tls": [{}] });
    let cells = row(&INGRESSES, json!({ "spec": spec, "status": balancer }))["cells"].clone();
    let told = [2, 3, 4].map(|nth| cells[nth].as_str().unwrap().to_owned());
    assert_eq!(told, ["a,c + 1 more...", "1,2", "80, 443"]);
}

#[test]
fn an_event_of_either_form_has_its_times() {
    let old = json!({
        "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:59:59Z",
        "count": 4, "involvedObject": { "kind": "Pod", "name": "a" },
        "source": { "component": "kubelet", "host": "node" },
    });
    let new = json!({
        "eventTime": "2026-01-01T00:59:00.123456Z", "involvedObject": { "kind": "Node" },
        "reportingComponent": "scheduler",
    });
    let shown = |event: Value| {
        let cells = row(&EVENTS, event)["cells"].clone();
        [0, 3, 5, 7, 8].map(|nth| cells[nth].to_string()).join(" ")
    };
    assert_eq!(shown(old), r#""1s" "pod/a" "kubelet, node" "60m" 4"#);
    assert_eq!(shown(new), r#""59s" "node" "scheduler" "59s" 1"#);
}
