use serde_json::json;

use super::*;

fn template(ports: Value) -> Value {
    json!({"spec": {"containers": [{"name": "parrot", "ports": ports}]}})
}

#[test]
fn a_name_has_to_be_one_of_a_container_that_stays_and_a_number_need_not() {
    let pod = json!({
        "containers": [
            {"name": "parrot", "ports": [{"name": "http", "containerPort": 3000}]},
            {"name": "plain"},
            {"name": "dns", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
        ],
        "initContainers": [
            {"name": "once", "ports": [{"name": "early", "containerPort": 1}]},
            {"name": "proxy", "restartPolicy": "Always", "ports": [{"name": "mesh", "containerPort": 2}]},
        ],
    });
    for (port, wanted) in [
        (json!({"port": 80, "targetPort": "http"}), true),
        (json!({"port": 80, "targetPort": "http", "protocol": "TCP"}), true),
        (json!({"port": 80, "targetPort": "http", "protocol": "UDP"}), false),
        (json!({"port": 53, "targetPort": "dns", "protocol": "UDP"}), true),
        (json!({"port": 53, "targetPort": "dns"}), false),
        (json!({"port": 80, "targetPort": "early"}), false),
        (json!({"port": 80, "targetPort": "mesh"}), true),
        (json!({"port": 80, "targetPort": "web"}), false),
        (json!({"port": 80, "targetPort": 9999}), true),
        (json!({"port": 80}), true),
    ] {
        assert_eq!(has(&pod, &port), wanted, "{port}");
    }
}

#[test]
fn a_number_is_told_that_was_listed_and_is_no_more() {
    let services = |port: Value| json!({"metadata": {"name": "parrot"}, "spec": {"ports": [port]}});
    let old = template(json!([{"containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]));
    let new = template(json!([{"containerPort": 9090}]));
    for (port, wanted) in [
        (json!({"port": 80, "targetPort": 8080}), Some(8080)),
        (json!({"port": 8080}), Some(8080)),
        (json!({"port": 53, "protocol": "UDP"}), Some(53)),
        (json!({"port": 80, "targetPort": 8080, "protocol": "UDP"}), None),
        (json!({"port": 80, "targetPort": 7000}), None),
        (json!({"port": 80, "targetPort": "http"}), None),
    ] {
        let service = services(port.clone());
        let found = unlisted(&[&service], (&old, &new));
        assert_eq!(found.first().map(|(_, port)| *port), wanted, "{port}");
        assert!(unlisted(&[&service], (&old, &old)).is_empty(), "{port}");
    }
}
