use super::*;

fn app() -> Label {
    Label { key: "app".into(), blue: "parrot".into() }
}

fn parrot() -> Value {
    json!({
        "metadata": {"labels": {"app": "parrot", "team": "parrot"}},
        "spec": {
            "containers": [
                {"name": "parrot", "image": "parrot-app:v1.2", "env": [{"name": "APP", "value": "parrot"}]},
                {"name": "log", "image": "log:1"}
            ],
            "initContainers": [{"name": "migrate", "image": "parrot-app:v1.2"}],
            "notInAnyStruct": {"app": "parrot"},
            "affinity": {
                "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}},
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {"labelSelector": {"matchLabels": {"app": "parrot", "team": "parrot"}}, "topologyKey": "zone"}
                    ],
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "podAffinityTerm": {"labelSelector": {"matchExpressions": [
                            {"key": "app", "operator": "In", "values": ["parrot", "toucan"]}
                        ]}}}
                    ]
                }
            },
            "topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"app": "parrot"}}}]
        }
    })
}

#[test]
fn green_differs_in_one_label_wherever_the_template_speaks_of_its_own_pods() {
    let green = coloured(&parrot(), &app(), Colour::Green, 4);
    let labels =
        json!({"app": "parrot-green", "team": "parrot", COLOUR_LABEL: "green", RELEASE: "4"});
    assert_eq!(green["metadata"]["labels"], labels);
    let anti = &green["spec"]["affinity"]["podAntiAffinity"];
    let required = &anti["requiredDuringSchedulingIgnoredDuringExecution"][0]["labelSelector"];
    assert_eq!(required["matchLabels"], json!({"app": "parrot-green", "team": "parrot"}));
    let preferred = &anti["preferredDuringSchedulingIgnoredDuringExecution"][0];
    let values = &preferred["podAffinityTerm"]["labelSelector"]["matchExpressions"][0]["values"];
    assert_eq!(*values, json!(["parrot-green", "toucan"]));
    let spread = &green["spec"]["topologySpreadConstraints"][0]["labelSelector"];
    assert_eq!(spread["matchLabels"]["app"], "parrot-green");
    assert_eq!(green["spec"]["containers"], parrot()["spec"]["containers"]);
    assert_eq!(green["spec"]["notInAnyStruct"], json!({"app": "parrot"}));
}

#[test]
fn the_neutral_form_and_the_hash_do_not_depend_on_the_slot_or_the_release() {
    for colour in Colour::BOTH {
        let there = coloured(&parrot(), &app(), colour, 7);
        assert_eq!(neutral(&there, &app()), parrot());
        assert_eq!(hash(&neutral(&there, &app())), hash(&parrot()));
    }
    let mut other = parrot();
    other["spec"]["containers"][0]["image"] = json!("parrot-app:v2.2");
    assert_ne!(hash(&other), hash(&parrot()));
}

#[test]
fn an_image_goes_to_the_container_that_is_named() {
    let change = |text: &str| Change::Images(vec![text.parse().unwrap()]);
    let template = changed(&parrot(), &change("log=log:2"), &app()).unwrap();
    assert_eq!(images(&template)["log"], "log:2");
    assert_eq!(images(&template)["parrot"], "parrot-app:v1.2");
    let template = changed(&parrot(), &change("migrate=m:2"), &app()).unwrap();
    assert_eq!(images(&template)["migrate"], "m:2");

    let error = changed(&parrot(), &change("log:2"), &app()).unwrap_err();
    assert!(error.contains("several: log, migrate, parrot"), "{error}");
    let error = changed(&parrot(), &change("tucan=log:2"), &app()).unwrap_err();
    assert!(error.contains("no container tucan"), "{error}");
    let twice = ["log=log:2", "log=log:3"].map(|image| image.parse().unwrap());
    let error = changed(&parrot(), &Change::Images(twice.into()), &app()).unwrap_err();
    assert_eq!(error, "--image gives container log two images: log:2 and log:3");
}

#[test]
fn an_image_without_a_container_goes_to_the_only_one() {
    let mut one = parrot();
    one["spec"]["containers"].as_array_mut().unwrap().pop();
    let change = Change::Images(vec!["parrot-app@sha256:abc".parse().unwrap()]);
    assert_eq!(images(&changed(&one, &change, &app()).unwrap())["parrot"], "parrot-app@sha256:abc");
}

#[test]
fn a_template_from_a_file_must_make_pods_of_the_app() {
    let file = Change::Template(coloured(&parrot(), &app(), Colour::Green, 1));
    assert_eq!(changed(&parrot(), &file, &app()).unwrap(), parrot());
    let mut toucan = parrot();
    toucan["metadata"]["labels"]["app"] = json!("toucan");
    let error = changed(&parrot(), &Change::Template(toucan), &app()).unwrap_err();
    assert!(error.contains("app: toucan"), "{error}");
}

fn selecting(labels: Value) -> Value {
    json!({"spec": {"selector": {"matchLabels": labels}}})
}

#[test]
fn the_label_is_one_by_which_the_live_service_selects_or_green_differs() {
    let (name, instance) = ("app.kubernetes.io/name", "app.kubernetes.io/instance");
    let blue = selecting(json!({"app": "web", name: "web", instance: "prod", "zone": "1"}));
    let service = |selector: Value| json!({"spec": {"selector": selector}});
    let key = |live: Value, green: Option<&Value>| label(&blue, Some(&live), green).unwrap().key;
    assert_eq!(key(service(json!({name: "web", instance: "prod"})), None), name);
    assert_eq!(key(service(json!({instance: "prod"})), None), instance);
    assert_eq!(key(service(json!({"zone": "1"})), None), "zone");
    // Where green is live already, it selects that.
    assert_eq!(key(service(json!({"app": "web", name: "web-green"})), None), "app");
    assert_eq!(key(service(json!({name: "web-green"})), None), name);
    // By none of them: a check says what is missing.
    for other in [json!({"tier": "web"}), json!({name: "other"}), Value::Null] {
        assert_eq!(key(service(other), None), "app");
    }
    let green = selecting(json!({"app": "web", name: "web-green", instance: "prod"}));
    assert_eq!(key(service(json!({"app": "web"})), Some(&green)), name);
    assert_eq!(key(service(json!({instance: "prod"})), Some(&blue)), instance);
}

#[test]
fn the_label_is_the_usual_one_else_the_first() {
    let with = |labels: Value| label(&selecting(labels), None, None);
    assert_eq!(with(json!({"a": "1", "app": "parrot"})), Some(app()));
    assert_eq!(with(json!({"k8s-app": "x", "app.kubernetes.io/name": "y"})).unwrap().blue, "y");
    assert_eq!(with(json!({"zone": "1", "tier": "web"})).unwrap().key, "tier");
    assert_eq!(with(json!({})), None);
}

#[test]
fn differences_are_told_by_their_fields_and_only_images_by_their_values() {
    let was = parrot();
    assert_eq!(differences(&was, &was), Vec::<String>::new());
    let mut is = was.clone();
    is["metadata"]["annotations"] = json!({"a": "1"});
    is["spec"]["containers"][0]["image"] = json!("mirror/parrot-app:v1.2");
    is["spec"]["containers"][0]["env"] = json!([{"name": "TOKEN", "value": "secret"}]);
    is["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "mesh", "image": "m"}));
    is["spec"]["dnsPolicy"] = json!("None");
    assert_eq!(
        differences(&was, &is),
        [
            "metadata.annotations",
            "spec.containers[mesh]",
            "spec.containers[parrot].env[APP]",
            "spec.containers[parrot].env[TOKEN]",
            "spec.containers[parrot].image (parrot-app:v1.2 -> mirror/parrot-app:v1.2)",
            "spec.dnsPolicy",
        ]
    );
    // A list whose items have no names is one value.
    let list = |command: &[&str]| json!({"spec": {"command": command}});
    assert_eq!(differences(&list(&["a"]), &list(&["a", "b"])), ["spec.command"]);
}
