//! What one has to be allowed to do.

use serde_json::{Value, json};

use crate::model::Optional;
use crate::release::Names;
use crate::release::checks::CheckStatus;
use crate::release::checks::rights::{Right, all, checks, role};

const PATCH: Right = Right { verb: "patch", group: "networking.k8s.io", resource: "ingresses" };
const LOGS: Right = Right { verb: "get", group: "", resource: "pods/log" };

#[test]
fn what_is_missing_is_named() {
    let passes = checks(&[], |_| true, "ask");
    assert_eq!((passes.len(), passes[0].status), (1, CheckStatus::Pass));
    let missing = checks(&[LOGS, PATCH], |_| true, "ask");
    let told: Vec<_> = missing.iter().map(|check| (check.status, &*check.what)).collect();
    let without =
        "you are not allowed to get pods/log: the logs of a failing candidate are not shown";
    assert_eq!(
        told,
        [
            (CheckStatus::Fail, "you are not allowed to patch ingresses"),
            (CheckStatus::Warn, without)
        ]
    );
    assert!(missing.iter().all(|check| check.hint.as_deref() == Some("ask")));
    let events = ["list", "watch"].map(|verb| Right { verb, group: "", resource: "events" });
    let deaf = checks(&events, |_| true, "ask");
    assert_eq!((deaf.len(), deaf[0].status), (1, CheckStatus::Warn), "{deaf:?}");
}

#[test]
fn what_only_some_apps_have_needs_rights_there_alone() {
    let scaler = |verb| Right { verb, group: "autoscaling", resource: "horizontalpodautoscalers" };
    let missing = [scaler("list"), scaler("create")];
    let told = |has: bool| checks(&missing, |_| has, "ask").len();
    assert_eq!([told(true), told(false)], [2, 1]);
}

#[test]
fn a_right_is_in_rules_that_give_it_for_every_object() {
    let rule = |groups: Value, resources: Value, verbs: Value, names: Value| json!({"apiGroups": groups, "resources": resources, "verbs": verbs, "resourceNames": names});
    let (group, all) = (json!(["networking.k8s.io"]), json!(["*"]));
    for (rule, wanted) in [
        (rule(group.clone(), json!(["ingresses"]), json!(["get", "patch"]), Value::Null), true),
        (rule(all.clone(), all.clone(), all.clone(), json!([])), true),
        (rule(group.clone(), json!(["ingresses"]), json!(["get"]), Value::Null), false),
        (rule(json!(["extensions"]), json!(["ingresses"]), all.clone(), Value::Null), false),
        (rule(group.clone(), json!(["ingresses/status"]), all.clone(), Value::Null), false),
        (rule(group, json!(["ingresses"]), all, json!(["parrot"])), false),
    ] {
        assert_eq!(PATCH.is_in(std::slice::from_ref(&rule)), wanted, "{rule}");
    }
}

#[test]
fn a_subresource_is_asked_about_as_one() {
    let asked = LOGS.attributes("birds");
    assert_eq!((&asked["resource"], &asked["subresource"]), (&json!("pods"), &json!("log")));
    assert_eq!(asked["namespace"], "birds");
}

#[test]
fn the_role_gives_what_is_asked_about_and_nothing_else() {
    let role: Value = serde_saphyr::from_str(&role(&Names::new("birds", "parrot"))).unwrap();
    assert_eq!(role["metadata"]["namespace"], "birds");
    let rules = role["rules"].as_array().unwrap();
    assert!(all().iter().all(|right| right.is_in(rules)));
    let list = |value: &Value| value.as_array().unwrap().len();
    let given: usize =
        rules.iter().map(|rule| list(&rule["resources"]) * list(&rule["verbs"])).sum();
    // Nobody is asked about what is only looked at: each kind in each group that may have it, and a pod.
    let kinds = [&Optional::DECISIVE[..], &Optional::MONITORS].concat();
    let looks: usize = kinds.iter().map(|kind| kind.groups().len()).sum();
    assert_eq!(given, all().len() + looks + 1);
    let may = |group: &'static str, resource: &'static str| {
        Right { verb: "list", group, resource }.is_in(rules)
    };
    assert!(may("flagger.app", "canaries") && may("projectcalico.org", "networkpolicies"));
    assert!(!may("flagger.app", "rollouts"));
}
