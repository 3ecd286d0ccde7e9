//! Apps that other controllers have something to do with, of kinds that a cluster may have.

use serde_json::{Value, json};

use super::app::App;
use super::rows::{Harmless, Row, policy, row};
use crate::model::{Kind, Optional, Unknown};
use crate::release::checks::CheckStatus::{Fail, Warn};

/// Of a kind that a cluster may have.
fn other(name: &str, spec: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": spec})
}

fn only_live() -> Value {
    json!({"matchLabels": {"app": "parrot"}})
}

pub fn rows() -> Vec<Row> {
    [labelled(), managed()].concat()
}

fn labelled() -> Vec<Row> {
    let gap = |says: &'static str, amiss: fn(&mut App)| row("policies", Fail, says, amiss);
    vec![
        gap("AuthorizationPolicy only applies to the live pods and not", |app| {
            app.other(
                Optional::AuthorizationPolicy,
                other("only", json!({"selector": only_live()})),
            );
        }),
        gap(
            "create a copy of it for app: parrot-green, or select by a label that both have, or",
            |app| {
                app.other(
                    Optional::PeerAuthentication,
                    other("only", json!({"selector": only_live()})),
                );
            },
        ),
        gap("RequestAuthentication only applies", |app| {
            // One of the same selector that says something else is no other of it.
            let [first, second] = ["a", "b"].map(|issuer| json!([{"issuer": issuer}]));
            let both = json!([{"key": "app", "operator": "Exists"}]);
            app.other(
                Optional::RequestAuthentication,
                other("only", json!({"selector": only_live(), "jwtRules": first})),
            );
            app.other(
                Optional::RequestAuthentication,
                other("all", json!({"selector": {"matchExpressions": both}, "jwtRules": second})),
            );
        }),
        row("policies", Warn, "AuthorizationPolicy only applies to the live pods", |app| {
            app.init.allow_policy_gap = true;
            app.other(
                Optional::AuthorizationPolicy,
                other("only", json!({"selector": only_live()})),
            );
        }),
        row(
            "policies",
            Warn,
            "AuthorizationPolicy new applies to a candidate's pods and not",
            |app| {
                let selector = json!({"matchLabels": {"app": "parrot-green"}});
                app.other(
                    Optional::AuthorizationPolicy,
                    other("new", json!({"selector": selector})),
                );
            },
        ),
        gap("and not to parrot-green, through which an Ingress reaches a candidate once", |app| {
            app.other(Optional::AuthorizationPolicy, of_service(&["parrot"], "ALLOW"));
            // One that says something else is no other of it.
            app.other(Optional::AuthorizationPolicy, of_service(&["parrot-green"], "DENY"));
        }),
        row(
            "policies",
            Warn,
            "AuthorizationPolicy only of namespace istio-system applies to",
            |app| {
                let mut root = other("only", json!({"selector": only_live()}));
                root["metadata"]["namespace"] = json!("istio-system");
                app.elsewhere(Optional::AuthorizationPolicy, Some(vec![root]));
            },
        ),
        row("monitors", Warn, "PodMonitor only of namespace watch scrapes the live pods", |app| {
            let names = json!({"matchNames": ["birds"]});
            let mut monitor =
                other("only", json!({"selector": only_live(), "namespaceSelector": names}));
            monitor["metadata"]["namespace"] = json!("watch");
            app.elsewhere(Optional::PodMonitor, Some(vec![monitor]));
        }),
        row(
            "monitors",
            Warn,
            "ServiceMonitor all of namespace watch selects the Services",
            |app| {
                let any = json!({"any": true});
                let mut monitor = other("all", json!({"selector": {}, "namespaceSelector": any}));
                monitor["metadata"]["namespace"] = json!("watch");
                app.elsewhere(Optional::ServiceMonitor, Some(vec![monitor]));
            },
        ),
        gap("make its endpointSelector match app: parrot-green as well", |app| {
            let labels = json!({"k8s:app": "parrot", "io.kubernetes.pod.namespace": "birds"});
            let spec = json!({"endpointSelector": {"matchLabels": labels}});
            app.other(Optional::CiliumNetworkPolicy, other("only", spec));
        }),
        gap("CiliumNetworkPolicy only applies to the live pods and not", |app| {
            let mut several = other("only", Value::Null);
            several["specs"] = json!([
                {"endpointSelector": {"matchLabels": {"any:app": "toucan"}}},
                {"endpointSelector": {"matchLabels": {"any:app": "parrot"}}},
            ]);
            app.other(Optional::CiliumNetworkPolicy, several);
        }),
        row("policies", Warn, "CiliumNetworkPolicy nest admits the live pods", |app| {
            let spec = json!({
                "endpointSelector": {"matchLabels": {"app": "nest"}},
                "ingress": [{"fromEndpoints": [only_live()]}],
            });
            app.other(Optional::CiliumNetworkPolicy, other("nest", spec));
        }),
        gap("Calico NetworkPolicy only applies to the live pods and not", |app| {
            app.other(
                Optional::CalicoNetworkPolicy,
                other("only", json!({"selector": "app == 'parrot' && !has(nest)"})),
            );
        }),
        row("policies", Warn, "Calico NetworkPolicy nest admits the live pods", |app| {
            let source = json!({"selector": "app in {'parrot'}"});
            let spec = json!({"selector": "app == 'nest'", "ingress": [{"source": source}]});
            app.other(Optional::CalicoNetworkPolicy, other("nest", spec));
        }),
        row("policies", Warn, "selector of Calico NetworkPolicy new can't be interpreted", |app| {
            app.other(
                Optional::CalicoNetworkPolicy,
                other("new", json!({"selector": "app ~ 'p'"})),
            );
        }),
        gap(
            "VerticalPodAutoscaler tall sets the resources of the pods of Deployment parrot: ",
            |app| {
                app.other(Optional::VerticalPodAutoscaler, vertical("tall", "parrot"));
            },
        ),
        row(
            "policies",
            Warn,
            "you are not allowed to list canaries.example, rollouts.example",
            |app| {
                for (kind, resource) in [
                    (Optional::AuthorizationPolicy, "canaries.example"),
                    (Optional::PeerAuthentication, "rollouts.example"),
                ] {
                    let resource = resource.to_owned();
                    app.unknown(kind, Unknown::Forbidden { resource });
                }
            },
        ),
        row("policies", Warn, "not everything was checked: reset", |app| {
            for kind in [Optional::AuthorizationPolicy, Optional::CiliumNetworkPolicy] {
                app.unknown(kind, Unknown::Failed { why: "reset".to_owned() });
            }
        }),
        row(
            "monitors",
            Warn,
            "PodMonitor only scrapes the live pods and not a candidate's",
            |app| {
                app.other(Optional::PodMonitor, other("only", json!({"selector": only_live()})));
            },
        ),
        row("monitors", Warn, "ServiceMonitor all selects the Services that bluegreen", |app| {
            app.other(Optional::ServiceMonitor, other("all", json!({"selector": {}})));
        }),
    ]
}

fn of_service(services: &[&str], action: &str) -> Value {
    let refs = services.iter().map(|name| json!({"group": "", "kind": "Service", "name": name}));
    other(action, json!({"targetRefs": refs.collect::<Vec<_>>(), "action": action}))
}

fn vertical(name: &str, deployment: &str) -> Value {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment});
    other(name, json!({"targetRef": target}))
}

fn scaled_object(name: &str, target: Value) -> Value {
    other(name, json!({"scaleTargetRef": target}))
}

pub fn flagger(target: &str) -> Value {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": target});
    other("birds", json!({"targetRef": target}))
}

fn rollout(spec: Value) -> Value {
    other("birds", spec)
}

fn owned(kind: &str) -> Value {
    json!([{"apiVersion": "flagger.app/v1beta1", "kind": kind, "name": "birds", "controller": true}])
}

fn managed() -> Vec<Row> {
    vec![
        row("autoscaler", Fail, "ScaledObject flock of KEDA scales Deployment parrot: ", |app| {
            app.other(Optional::ScaledObject, scaled_object("flock", json!({"name": "parrot"})));
        }),
        row("autoscaler", Warn, "you are not allowed to list scaledobjects.keda.sh", |app| {
            let resource = "scaledobjects.keda.sh".to_owned();
            app.unknown(Optional::ScaledObject, Unknown::Forbidden { resource });
        }),
        row(
            "managers",
            Fail,
            "Canary birds manages Deployment parrot: Flagger releases it",
            |app| {
                app.other(Optional::Canary, flagger("parrot"));
                app.edit(Kind::Deployment, |d| d["metadata"]["ownerReferences"] = owned("Canary"));
            },
        ),
        row("managers", Fail, "kubectl patch canary birds -n birds --type=merge", |app| {
            // The one that Flagger makes live is no other.
            *app = App::named("parrot-primary", "parrot-primary");
            app.other(Optional::Canary, flagger("parrot"));
        }),
        row("managers", Fail, "Canary birds manages Service parrot: Flagger", |app| {
            let mut canary = flagger("toucan");
            canary["spec"]["service"]["name"] = json!("parrot");
            app.other(Optional::Canary, canary);
        }),
        row(
            "managers",
            Fail,
            "Deployment parrot is managed by Canary birds, its controller",
            |app| {
                app.edit(Kind::Deployment, |d| d["metadata"]["ownerReferences"] = owned("Canary"));
            },
        ),
        row(
            "managers",
            Fail,
            "kubectl get aviary.birds.flagger.app birds -n birds -o yaml",
            |app| {
                let mut owner = owned("Aviary");
                owner[0]["apiVersion"] = json!("birds.flagger.app/v1");
                app.edit(Kind::Ingress, |i| i["metadata"]["ownerReferences"] = owner);
            },
        ),
        row("managers", Warn, "you are not allowed to list canaries.flagger.app", |app| {
            let resource = "canaries.flagger.app".to_owned();
            app.unknown(Optional::Canary, Unknown::Forbidden { resource });
        }),
        row("managers", Fail, "kubectl scale deployment parrot -n birds --replicas=3", |app| {
            let workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "parrot"});
            app.other(Optional::Rollout, rollout(json!({"replicas": 3, "workloadRef": workload})));
        }),
        row("managers", Fail, "Rollout birds manages Service parrot: Argo Rollouts", |app| {
            let services = json!({"stableService": "toucan", "canaryService": "parrot"});
            app.other(Optional::Rollout, rollout(json!({"strategy": {"canary": services}})));
        }),
    ]
}

/// What only looks amiss.
pub fn harmless() -> Vec<Harmless> {
    vec![
        ("policies of other controllers for all pods, or for others", |app| {
            for spec in [json!({}), json!({"selector": {"matchLabels": {"app": "toucan"}}})] {
                app.other(Optional::AuthorizationPolicy, other("some", spec));
            }
            app.other(Optional::CalicoNetworkPolicy, other("all", json!({"selector": "all()"})));
            let none = json!({"endpointSelector": {}});
            app.other(Optional::CiliumNetworkPolicy, other("all", none));
        }),
        ("a policy that has another like it for the other version", |app| {
            for label in ["parrot", "parrot-green"] {
                let selector = json!({"matchLabels": {"app": label}});
                let spec = json!({"selector": selector, "action": "ALLOW"});
                app.other(Optional::AuthorizationPolicy, other(label, spec));
                let mut fence = policy(selector, json!([]));
                fence["metadata"]["name"] = json!(label);
                app.add(fence);
                app.other(Optional::VerticalPodAutoscaler, vertical(label, label));
                app.other(
                    Optional::PodMonitor,
                    other(label, json!({"selector": {"matchLabels": {"app": label}}})),
                );
            }
        }),
        ("a policy of a Service's", |app| {
            for services in [&["toucan"][..], &["parrot", "parrot-blue", "parrot-green"]] {
                app.other(Optional::AuthorizationPolicy, of_service(services, "ALLOW"));
            }
            app.other(Optional::RequestAuthentication, of_service(&["parrot"], ""));
            app.other(Optional::RequestAuthentication, of_service(&["parrot-green"], ""));
        }),
        ("policies and monitors of other namespaces that are about those", |app| {
            let mut theirs = other("only", json!({"selector": only_live()}));
            theirs["metadata"]["namespace"] = json!("cats");
            for kind in [Optional::AuthorizationPolicy, Optional::PodMonitor] {
                app.elsewhere(kind, Some(vec![theirs.clone()]));
            }
        }),
        ("namespaces that may not be looked at", |app| {
            app.elsewhere(Optional::PeerAuthentication, None);
            app.elsewhere(Optional::ServiceMonitor, None);
        }),
        ("a vertical autoscaler that only recommends", |app| {
            let mut scaler = vertical("tall", "parrot");
            scaler["spec"]["updatePolicy"] = json!({"updateMode": "Off"});
            app.other(Optional::VerticalPodAutoscaler, scaler);
        }),
        ("a ServiceMonitor of the live Service", |app| {
            app.other(Optional::ServiceMonitor, other("one", json!({"selector": only_live()})));
        }),
        ("controllers of others", |app| {
            app.other(Optional::Canary, flagger("toucan"));
            let target = json!({"kind": "StatefulSet", "name": "parrot"});
            app.other(Optional::ScaledObject, scaled_object("flock", target));
            let workload = json!({"kind": "Deployment", "name": "toucan"});
            app.other(Optional::Rollout, rollout(json!({"workloadRef": workload})));
            let owner = json!([{"kind": "Application", "name": "birds"}]);
            app.edit(Kind::Deployment, |d| d["metadata"]["ownerReferences"] = owner);
        }),
        ("what Flagger wrote, where it has gone", |app| {
            let fields = json!([{"manager": "flagger"}]);
            app.edit(Kind::Deployment, |d| d["metadata"]["managedFields"] = fields);
        }),
    ]
}
