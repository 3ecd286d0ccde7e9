use serde_json::json;

use super::*;

/// As an API server says it of a patch: the object as it would be, and in its last characters what is
/// wrong.
fn of_a_patch(what: &str) -> String {
    let object =
        json!({"spec": {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}}).to_string();
    format!("Deployment.apps \"\" is invalid: patch: Invalid value: {object:?}: {what}")
}

#[test]
fn the_object_is_not_repeated() {
    let unknown = "strict decoding error: unknown field \"spec.template.spec.containers[0].portz\"";
    assert_eq!(told(&of_a_patch(unknown)), format!("Deployment.apps \"\" is invalid: {unknown}"));
    for (message, is) in [
        (
            "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"}\"}}: field is immutable",
            "spec.selector: Invalid value: (a value that is not shown): field is immutable",
        ),
        (
            "spec: Invalid value: core.PodSpec{Volumes:[]core.Volume(nil), A:\"hunter2\"}: no",
            "spec: Invalid value: (a value that is not shown): no",
        ),
        (
            "spec: Invalid value: []core.EnvVar{core.EnvVar{Value:\"hunter2\"}}: no",
            "spec: Invalid value: (a value that is not shown): no",
        ),
        (
            "v1.EnvVar.Value: ReadString: expects \" or n, but found t, error found in #10 byte of ...|ue\":\"hunter2\"",
            "v1.EnvVar.Value: ReadString: expects \" or n, but found t",
        ),
        (
            "the object provided is unrecognized (must be of type Deployment): no kind ({\"env\":\"hunter2\" ...)",
            "the object provided is unrecognized (must be of type Deployment): no kind",
        ),
    ] {
        assert_eq!(told(message), is);
    }
    assert!(told(&"long ".repeat(1000)).len() < 1010);
}

#[test]
fn names_and_numbers_are_repeated() {
    for message in [
        "[spec.containers[0].name: Invalid value: \"Parrot\": a name, spec.replicas: Invalid value: -1: less than 0]",
        "spec.type: Unsupported value: \"x\": supported values: \"a\", \"b\"",
        "spec.ports[1].name: Duplicate value: \"http\"",
        "deployments.apps \"parrot\" is forbidden: exceeded quota: few, used: count=1",
    ] {
        assert_eq!(told(message), message);
    }
}

#[test]
fn whoever_repeats_a_secret_of_what_was_sent_it_is_struck_out() {
    let sent = json!([{"op": "replace", "path": "/spec/template", "value": {
        "metadata": {"labels": {"app": "parrot"}},
        "spec": {"containers": [{
            "name": "parrot",
            "image": "parrot-app:v2",
            "args": ["--token=squawk"],
            "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "APP", "value": "parrot"}],
            "readinessProbe": {"httpGet": {"httpHeaders": [{"name": "X-Key", "value": "feather"}]}},
        }]},
    }}]);
    let message = "policy: parrot-app:v2 has DB_PASSWORD=hunter2, --token=squawk, X-Key: feather";
    let refused = CallError::Refused {
        code: 403,
        reason: String::new(),
        message: message.to_owned(),
        faults: vec![Fault::new("spec", message)],
    };
    let CallError::Refused { message, faults, .. } = hushed(refused, &sent) else { panic!() };
    assert_eq!(message, "policy: parrot-app:v2 has DB_PASSWORD=***, ***, X-Key: ***");
    assert_eq!(faults[0].what, message);
}

#[test]
fn what_is_wrong_with_which_field_is_known() {
    let none = Value::Null;
    let strict = "strict decoding error: unknown field \"spec.a[0].b\", duplicate field \"spec.c\"";
    let (unknown, twice) = (Fault::new("spec.a[0].b", "unknown field"), "duplicate field");
    assert_eq!(faults(&none, strict), [unknown.clone(), Fault::new("spec.c", twice)]);
    assert_eq!(faults(&none, &of_a_patch(strict)), [unknown, Fault::new("spec.c", twice)]);

    let mistyped = "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot \
                    unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.value \
                    of type string";
    let wanted = Fault {
        found: Some("bool".to_owned()),
        ..Fault::new(
            "spec.template.spec.containers.env.value",
            "this must be text, not true or false: put it in quotes",
        )
    };
    for message in [mistyped.to_owned(), of_a_patch(mistyped)] {
        assert_eq!(faults(&none, &message).first(), Some(&wanted));
    }

    let said = json!({"details": {"causes": [
        {"field": "spec.x", "message": "Required value"},
        {"field": "spec.y", "message": "Invalid value: {\"a\":1}: no"},
    ]}});
    let of_y = Fault::new("spec.y", format!("Invalid value: {HIDDEN}: no"));
    assert_eq!(faults(&said, "invalid"), [Fault::new("spec.x", "Required value"), of_y]);
    assert!(faults(&none, "exceeded quota").is_empty());
}
