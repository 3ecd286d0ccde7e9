//! Apps with one thing amiss, and some where it only looks so.

use serde_json::{Value, json};

use super::app::App;
use super::{others, scheduling, service_route};
use crate::model::Kind;
use crate::release::Elsewhere;
use crate::release::checks::CheckStatus::{self, Fail, Warn};

#[derive(Clone)]
pub struct Row {
    pub check: &'static str,
    pub verdict: CheckStatus,
    /// What it has to say.
    pub says: &'static str,
    pub amiss: fn(&mut App),
}

fn claim(modes: &[&str]) -> Value {
    json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "nest"},
        "spec": {"accessModes": modes}})
}

fn has_claim(app: &mut App, modes: &[&str]) {
    app.add(claim(modes));
    let volume = json!({"name": "nest", "persistentVolumeClaim": {"claimName": "nest"}});
    app.pods("volumes", json!([volume]));
}

pub fn policy(pods: Value, rules: Value) -> Value {
    json!({"kind": "NetworkPolicy", "metadata": {"name": "fence"},
        "spec": {"podSelector": pods, "ingress": rules}})
}

fn quota(hard: Value, used: Value) -> Value {
    json!({"kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": hard},
        "status": {"hard": hard, "used": used}})
}

fn budget(selector: Value) -> Value {
    json!({"kind": "PodDisruptionBudget", "metadata": {"name": "calm"},
        "spec": {"maxUnavailable": 1, "selector": selector}})
}

fn scaler(name: &str) -> Value {
    json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": {
        "minReplicas": 2, "maxReplicas": 9,
        "scaleTargetRef": {"kind": "Deployment", "name": "parrot"},
    }})
}

fn to_zero() -> Value {
    let mut scaler = scaler("scaler");
    scaler["spec"]["minReplicas"] = json!(0);
    scaler
}

fn service(name: &str, selector: Value) -> Value {
    json!({"kind": "Service", "metadata": {"name": name}, "spec": {"selector": selector}})
}

/// A pod, with what keeps it.
fn pod(app: &str, (kind, owner): (&str, &str)) -> Value {
    let owner = json!([{"kind": kind, "name": owner, "uid": owner, "controller": true}]);
    json!({"kind": "Pod", "metadata": {"name": format!("{kind}-pod").to_lowercase(),
        "labels": {"app": app}, "ownerReferences": owner}, "status": {"phase": "Running"}})
}

fn ingress(name: &str, host: &str, service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    json!({"kind": "Ingress", "metadata": {"name": name},
    "spec": {"ingressClassName": "nginx", "rules": [
        {"host": host, "http": {"paths": [{"path": "/", "backend": backend}]}},
    ]}})
}

fn canary(service: &str) -> Value {
    let mut canary = ingress("some", "parrot.example.com", service);
    canary["metadata"]["annotations"] = json!({"nginx.ingress.kubernetes.io/canary": "true"});
    canary
}

pub fn all() -> Vec<Row> {
    [pods(), scheduling::rows(), around(), others::rows(), ways(), managed(), service_route::rows()]
        .into_iter()
        .flatten()
        .collect()
}

pub fn row(
    check: &'static str,
    verdict: CheckStatus,
    says: &'static str,
    amiss: fn(&mut App),
) -> Row {
    Row { check, verdict, says, amiss }
}

fn pods() -> Vec<Row> {
    vec![
        row("strategy", Warn, "has the strategy Recreate", |app| {
            app.edit(Kind::Deployment, |d| d["spec"]["strategy"]["type"] = json!("Recreate"));
        }),
        row("paused", Fail, "kubectl rollout resume deployment/parrot -n birds", |app| {
            app.edit(Kind::Deployment, |d| d["spec"]["paused"] = json!(true));
        }),
        row("paused", Fail, "Deployment parrot-green is paused", |app| {
            app.initialised();
            app.put_away("parrot-green");
            app.pause("parrot-green");
        }),
        row("replicas", Warn, "is scaled to 0", |app| {
            app.edit(Kind::Deployment, |d| d["spec"]["replicas"] = json!(0));
        }),
        row("replicas", Warn, "1 of 2 pods", |app| {
            app.edit(Kind::Deployment, |d| d["status"]["readyReplicas"] = json!(1));
        }),
        row("selector", Fail, "by an expression on app", |app| {
            app.edit(Kind::Deployment, |d| {
                d["spec"]["selector"]["matchExpressions"] =
                    json!([{"key": "app", "operator": "Exists"}]);
            });
        }),
        row("revision-history", Fail, "has revisionHistoryLimit 0", |app| {
            app.edit(Kind::Deployment, |d| d["spec"]["revisionHistoryLimit"] = json!(0));
        }),
        row(
            "host-port",
            Warn,
            "parrot uses port 9000 of its node: a candidate needs 2 more nodes",
            |app| {
                app.container("ports", json!([{"containerPort": 80, "hostPort": 9000}]));
            },
        ),
        row("host-port", Warn, "uses port 80 of its node", |app| {
            app.pods("hostNetwork", json!(true));
            app.container("ports", json!([{"containerPort": 80}]));
        }),
        row("volumes", Warn, "nest is ReadWriteOnce: ", |app| has_claim(app, &["ReadWriteOnce"])),
        row("volumes", Fail, "nest is ReadWriteOncePod: ", |app| {
            has_claim(app, &["ReadWriteOncePod"]);
        }),
        row(
            "quota",
            Fail,
            "ResourceQuota few has 1 left for pods, and a candidate of 2 takes 2",
            |app| app.add(quota(json!({"pods": "3"}), json!({"pods": "2"}))),
        ),
        row("quota", Fail, "has 0 left for count/deployments.apps", |app| {
            let count = |n: &str| json!({"count/deployments.apps": n});
            app.add(quota(count("1"), count("1")));
        }),
        row(
            "quota",
            Fail,
            "has 0 left for count/poddisruptionbudgets.policy, and a release",
            |app| {
                let count = |n: &str| json!({"count/poddisruptionbudgets.policy": n});
                app.add(budget(json!({"matchLabels": {"app": "parrot"}})));
                app.add(quota(count("1"), count("1")));
            },
        ),
        row(
            "quota",
            Fail,
            "count/horizontalpodautoscalers.autoscaling, and a release creates 1",
            |app| {
                let count = json!({"count/horizontalpodautoscalers.autoscaling": "1"});
                app.add(scaler("scaler"));
                app.add(quota(count.clone(), count));
            },
        ),
        row(
            "quota",
            Fail,
            "has 0 left for count/replicasets.apps, and a release creates 1",
            |app| {
                // Its slot is there, and its next template is another all the same.
                app.put_away("parrot-green");
                let count = json!({"count/replicasets.apps": "2"});
                app.add(quota(count.clone(), count));
            },
        ),
        // What runs in the slot is replaced by one more than there are.
        row("quota", Fail, "has 0 left for pods, and a candidate of 2 takes 1", |app| {
            app.initialised();
            app.kept("parrot-green", 2);
            app.add(quota(json!({"pods": "4"}), json!({"pods": "4"})));
        }),
        row("quota", Fail, "has 2 left for services, and init creates 3", |app| {
            app.add(quota(json!({"services": "3"}), json!({"services": "1"})));
        }),
        row("quota", Fail, "has 0 left for configmaps, and init creates 1", |app| {
            app.add(quota(json!({"configmaps": "1"}), json!({"configmaps": "1"})));
        }),
        row(
            "quota",
            Fail,
            "left for count/ingresses.networking.k8s.io, and init creates 1",
            |app| {
                let count = json!({"count/ingresses.networking.k8s.io": "1"});
                app.add(quota(count.clone(), count));
            },
        ),
        row("quota", Fail, "has 1Gi left for requests.memory, and a candidate of 2 takes 2Gi", {
            |app| {
                app.container("resources", json!({"limits": {"memory": "1Gi"}}));
                let memory = |n: &str| json!({"requests.memory": n});
                app.add(quota(memory("3Gi"), memory("2Gi")));
            }
        }),
        row(
            "quota",
            Fail,
            "has 500m left for limits.cpu, and a candidate of 2 takes 600m",
            |app| {
                app.container("resources", json!({"limits": {"cpu": "100m"}}));
                // The one that runs before the others takes more than they do.
                let resources = json!({"limits": {"cpu": "0.3"}});
                app.pods("initContainers", json!([{"name": "egg", "resources": resources}]));
                app.add(quota(json!({"limits.cpu": "1"}), json!({"limits.cpu": "500m"})));
            },
        ),
    ]
}

fn around() -> Vec<Row> {
    vec![
        row("names", Fail, "Service parrot-blue exists and was not created by bluegreen", |app| {
            app.add(service("parrot-blue", json!({"app": "toucan"})));
        }),
        row("names", Fail, "the label app: parrot-green, ", |app| {
            let template = json!({"metadata": {"labels": {"app": "parrot-green"}}});
            app.add(json!({"kind": "Deployment", "metadata": {"name": "next"},
                "spec": {"replicas": 0, "template": template}}));
        }),
        row("names", Fail, "is on the pods of Job nightly (job-pod): give those", |app| {
            app.add(pod("parrot-green", ("Job", "nightly")));
        }),
        row("preview-host", Fail, "web in namespace cats serves green.example.com", |app| {
            app.preview_at("green.example.com");
            let served_by = Some("web in namespace cats".to_owned());
            app.beyond.host = Some(Elsewhere { host: "green.example.com".to_owned(), served_by });
        }),
        row(
            "preview-host",
            Warn,
            "you are not allowed to list the Ingresses of other namespaces",
            |app| {
                app.preview_at("green.example.com");
                app.beyond.host = None;
            },
        ),
        row("preview-host", Fail, "Ingress parrot serves parrot.example.com", |app| {
            app.preview_at("parrot.example.com");
        }),
        row("services", Fail, "selector of Service catcher matches", |app| {
            app.add(service("catcher", json!({"app": "parrot-green"})));
        }),
        row("services", Warn, "Service inner selects the live pods, like Service parrot", |app| {
            app.add(service("inner", json!({"app": "parrot"})));
        }),
        row("services", Fail, "selector of Service team matches", |app| {
            let labels = json!({"app": "parrot", "team": "birds"});
            app.edit(Kind::Deployment, |d| d["spec"]["template"]["metadata"]["labels"] = labels);
            app.add(service("team", json!({"team": "birds"})));
        }),
        row("services", Fail, "also selects the pods of Deployment worker", |app| {
            let labels = json!({"app": "parrot"});
            app.add(json!({"kind": "Deployment", "metadata": {"name": "worker"},
                "spec": {"template": {"metadata": {"labels": labels}}}}));
        }),
        row("services", Fail, "parrot also selects the pods of StatefulSet nest", |app| {
            app.add(pod("parrot", ("StatefulSet", "nest")));
        }),
        row(
            "services",
            Fail,
            "the pods of Job nightly (job-pod): wait until that Job has",
            |app| {
                app.add(pod("parrot", ("Job", "nightly")));
            },
        ),
        row("services", Fail, "the pods of Job nightly (job-pod and 1 more): wait until", |app| {
            app.add(pod("parrot", ("Job", "nightly")));
            let mut second = pod("parrot", ("Job", "nightly"));
            second["metadata"]["name"] = json!("job-pod-2");
            app.add(second);
        }),
        row("services", Fail, "also selects the pods of ReplicaSet old", |app| {
            app.add(json!({"kind": "ReplicaSet", "metadata": {"name": "old", "uid": "old"}}));
            app.add(pod("parrot", ("ReplicaSet", "old")));
        }),
        row("services", Fail, "also selects pod stray, which nothing owns", |app| {
            let labels = json!({"app": "parrot"});
            app.add(json!({"kind": "Pod", "metadata": {"name": "stray", "labels": labels}}));
        }),
        row("services", Fail, "Service all also selects the pods of StatefulSet nest", |app| {
            let labels = json!({"app": "parrot", "tier": "web"});
            app.edit(Kind::Deployment, |d| d["spec"]["template"]["metadata"]["labels"] = labels);
            app.edit(Kind::Service, |s| s["spec"]["selector"]["tier"] = json!("web"));
            app.add(service("all", json!({"app": "parrot"})));
            app.add(pod("parrot", ("StatefulSet", "nest")));
        }),
        row(
            "services",
            Fail,
            "Service dapr is managed by Deployment parrot, its controller",
            |app| {
                let mut kept = service("dapr", json!({"app": "parrot"}));
                kept["metadata"]["ownerReferences"] =
                    json!([{"kind": "Deployment", "name": "parrot", "controller": true}]);
                app.add(kept);
            },
        ),
        row("services", Fail, "Service parrot is managed by Revision one", |app| {
            let owner = json!([{"kind": "Revision", "name": "one", "controller": true}]);
            app.edit(Kind::Service, |s| s["metadata"]["ownerReferences"] = owner);
        }),
        row("services", Fail, "does not select by app", |app| {
            let labels = json!({"app": "parrot", "tier": "web"});
            app.edit(Kind::Deployment, |d| d["spec"]["template"]["metadata"]["labels"] = labels);
            app.edit(Kind::Service, |s| s["spec"]["selector"] = json!({"tier": "web"}));
        }),
        row("external-name", Fail, "Service parrot is of type ExternalName", |app| {
            app.edit(Kind::Service, |s| s["spec"]["type"] = json!("ExternalName"));
        }),
        row(
            "network-policies",
            Fail,
            "NetworkPolicy fence applies to the live pods and not",
            |app| {
                app.add(policy(json!({"matchLabels": {"app": "parrot"}}), json!([])));
            },
        ),
        row(
            "network-policies",
            Warn,
            "NetworkPolicy fence applies to the live pods and not",
            |app| {
                app.init.allow_policy_gap = true;
                app.add(policy(json!({"matchLabels": {"app": "parrot"}}), json!([])));
            },
        ),
        row("network-policies", Warn, "applies to a candidate's pods and not to the live", |app| {
            app.add(policy(json!({"matchLabels": {"app": "parrot-green"}}), json!([])));
        }),
        row("network-policies", Warn, "admits the live pods and not a candidate's", |app| {
            let live = json!({"podSelector": {"matchLabels": {"app": "parrot"}}});
            let pods = json!({"matchLabels": {"app": "database"}});
            app.add(policy(pods, json!([{"from": [live]}])));
        }),
        row("disruption-budgets", Warn, "PodDisruptionBudget calm covers the live pods", |app| {
            let not = json!([{"key": "app", "operator": "NotIn", "values": ["parrot-green"]}]);
            app.add(budget(json!({"matchExpressions": not})));
        }),
        row("autoscaler", Fail, "and ScaledObject flock of KEDA manages it", |app| {
            let mut scaler = scaler("keda");
            scaler["metadata"]["labels"] = json!({"scaledobject.keda.sh/name": "flock"});
            app.add(scaler);
        }),
        row("autoscaler", Fail, "and Flock birds manages it", |app| {
            let mut scaler = scaler("owned");
            scaler["metadata"]["ownerReferences"] = json!([{"kind": "Flock", "name": "birds"}]);
            app.add(scaler);
        }),
        row("autoscaler", Fail, "has minReplicas 0, and the API server does not say its", |app| {
            app.add(to_zero());
        }),
        row(
            "autoscaler",
            Fail,
            "has minReplicas 0, and Kubernetes is 1.36 (before 1.37): ",
            |app| {
                app.runs_on((1, 36));
                app.add(to_zero());
            },
        ),
        row("autoscaler", Fail, "minReplicas 0, and has scaled its Deployment to 0: ", |app| {
            app.runs_on((1, 37));
            let mut scaler = to_zero();
            scaler["status"]["conditions"] = json!([{"type": "ScaledToZero", "status": "True"}]);
            app.add(scaler);
        }),
        row("autoscaler", Fail, "one and two both scale Deployment parrot", |app| {
            app.add(scaler("one"));
            app.add(scaler("two"));
        }),
        row(
            "deletion",
            Fail,
            "Deployment parrot is being deleted, since T: it waits for f",
            |app| {
                app.edit(Kind::Deployment, |d| {
                    d["metadata"]["deletionTimestamp"] = json!("T");
                    d["metadata"]["finalizers"] = json!(["f"]);
                });
            },
        ),
        row("deletion", Fail, "Ingress parrot is being deleted", |app| {
            app.edit(Kind::Ingress, |i| i["metadata"]["deletionTimestamp"] = json!("T"));
        }),
    ]
}

fn ways() -> Vec<Row> {
    vec![
        row("ingress", Fail, "no Ingress in namespace birds names Service parrot", |app| {
            app.edit(Kind::Ingress, |i| i["spec"]["rules"] = json!([]));
            // Its Service is found by the record then.
            app.initialised();
        }),
        row("ingress-class", Fail, "(parrot nginx, second inner)", |app| {
            let mut second = ingress("second", "b.example.com", "parrot");
            second["spec"]["ingressClassName"] = json!("inner");
            app.add(second);
        }),
        row("ingress-class", Warn, "Ingress parrot is of no class", |app| {
            app.edit(Kind::Ingress, |i| i["spec"]["ingressClassName"] = Value::Null);
        }),
        row("ingress-class", Warn, "is unknown: there is no IngressClass inner", |app| {
            app.edit(Kind::Ingress, |i| i["spec"]["ingressClassName"] = json!("inner"));
        }),
        row("ingress-class", Warn, "whose controller, haproxy.org/ingress, is unknown to", |app| {
            app.served_by("haproxy.org/ingress");
        }),
        row(
            "ingress-class",
            Warn,
            "which F5's NGINX Ingress Controller serves, as IngressClass nginx says",
            |app| {
                app.served_by("nginx.org/ingress-controller");
                app.preview_at("green.example.com");
            },
        ),
        row(
            "ingress-class",
            Warn,
            "F5's NGINX Ingress Controller serves, by its annotations",
            |app| {
                app.annotate(Kind::Ingress, "nginx.org/websocket-services", "parrot");
                app.preview_at("green.example.com");
            },
        ),
        row(
            "ingress-class",
            Warn,
            "anyone who knows the host of Ingress parrot-preview reaches every version",
            |app| {
                app.served_by("traefik.io/ingress-controller");
                app.add_own(ingress("parrot-preview", "a.bluegreen.invalid", "parrot"));
            },
        ),
        row(
            "ingress-class",
            Fail,
            "of class alb, which the AWS Load Balancer Controller serves, by its name",
            |app| {
                app.edit(Kind::Ingress, |i| i["spec"]["ingressClassName"] = json!("alb"));
            },
        ),
        row(
            "ingress-class",
            Fail,
            "bluegreen's own Ingress, parrot-preview, would create another",
            |app| {
                app.served_by("ingress.k8s.aws/alb");
            },
        ),
        row("ingress-class", Fail, "which Azure's Application Gateway serves", |app| {
            app.edit(Kind::Ingress, |i| i["spec"]["ingressClassName"] = Value::Null);
            app.annotate(Kind::Ingress, "kubernetes.io/ingress.class", "azure/application-gateway");
        }),
        row(
            "ingress-class",
            Fail,
            "of no class, which Google Cloud's Ingress controller serves",
            |app| {
                app.edit(Kind::Ingress, |i| {
                    i["spec"]["ingressClassName"] = Value::Null;
                    i["metadata"]["finalizers"] = json!(["networking.gke.io/ingress-finalizer-V2"]);
                });
            },
        ),
        row(
            "ingress-annotations",
            Warn,
            "nginx.org/rewrites of Ingress parrot names Service parrot-green, which",
            |app| {
                app.served_by("k8s.io/ingress-nginx");
                app.annotate(
                    Kind::Ingress,
                    "nginx.org/rewrites",
                    "serviceName=parrot-green rewrite=/",
                );
            },
        ),
        row(
            "ingress",
            Fail,
            "Ingress rpc names Service parrot-green, bluegreen's own: it points to parrot-green",
            |app| {
                app.add(ingress("rpc", "rpc.example.com", "parrot-green"));
            },
        ),
        row(
            "ingress",
            Warn,
            "names Service parrot-preview, bluegreen's own: it shows a candidate",
            |app| {
                app.add(ingress("rpc", "rpc.example.com", "parrot-preview"));
            },
        ),
        row(
            "ingress",
            Fail,
            "; Ingress parrot has no rules, and only Service toucan as its default",
            |app| {
                app.edit(Kind::Ingress, |i| {
                    let toucan = json!({"service": {"name": "toucan", "port": {"number": 80}}});
                    i["spec"] = json!({"defaultBackend": toucan});
                });
                app.initialised();
            },
        ),
        row(
            "ingress-default-backend",
            Warn,
            "of Ingress parrot, which has no rules: it is switched, but",
            |app| {
                app.edit(Kind::Ingress, |i| {
                    let parrot = json!({"service": {"name": "parrot", "port": {"number": 80}}});
                    i["spec"] = json!({"ingressClassName": "nginx", "defaultBackend": parrot});
                });
            },
        ),
        row(
            "preview-access",
            Fail,
            "(nginx.ingress.kubernetes.io/auth-url), and Ingress parrot-preview has",
            |app| {
                app.annotate(
                    Kind::Ingress,
                    "nginx.ingress.kubernetes.io/auth-url",
                    "https://login",
                );
                app.preview_at("green.example.com");
            },
        ),
        row(
            "preview-access",
            Fail,
            "it would show the candidate at green.example.com to everyone: run init without",
            |app| {
                app.annotate(
                    Kind::Ingress,
                    "nginx.ingress.kubernetes.io/server-snippet",
                    "deny all;",
                );
                app.preview_at("green.example.com");
            },
        ),
        row(
            "preview-access",
            Fail,
            "whitelist-source-range), and Ingress parrot-preview has no such rule",
            |app| {
                let mut admin = ingress("admin", "admin.example.com", "parrot");
                admin["metadata"]["annotations"] =
                    json!({"nginx.ingress.kubernetes.io/allowlist-source-range": "10.0.0.0/8"});
                app.add(ingress("parrot", "parrot.example.com", "parrot"));
                app.add({
                    admin["metadata"]["name"] = json!("z-admin");
                    admin
                });
                app.preview_at("green.example.com");
            },
        ),
        row(
            "ingress-backends",
            Fail,
            "differ in nginx.ingress.kubernetes.io/load-balance",
            |app| {
                app.add(ingress("second", "b.example.com", "parrot"));
                app.annotate(Kind::Ingress, "nginx.ingress.kubernetes.io/load-balance", "ewma");
            },
        ),
        row("ingress-default-backend", Warn, "the default backend of Ingress parrot", |app| {
            app.edit(Kind::Ingress, |i| {
                i["spec"]["defaultBackend"] =
                    json!({"service": {"name": "parrot", "port": {"number": 80}}});
            });
        }),
        row("ingress-resource-backends", Warn, "also points to Bucket seeds", |app| {
            app.edit(Kind::Ingress, |i| {
                let resource = json!({"kind": "Bucket", "name": "seeds"});
                let path = json!({"path": "/seeds", "backend": {"resource": resource}});
                let paths = i["spec"]["rules"][0]["http"]["paths"].as_array_mut();
                paths.unwrap().push(path);
            });
        }),
        row("canary-siblings", Fail, "Ingress some is a canary (nginx", |app| {
            app.add(canary("parrot"));
        }),
        row("canary-siblings", Warn, "Ingress some is a canary and takes a share", |app| {
            app.add(canary("toucan"));
        }),
        row("ingress-ports", Fail, "Ingress parrot uses port \"http\" of the app", |app| {
            app.edit(Kind::Ingress, |i| {
                i["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
                    json!({"name": "http"});
            });
        }),
        row("affinity", Warn, "Ingress parrot keeps each client on one pod by a cookie", |app| {
            app.annotate(Kind::Ingress, "nginx.ingress.kubernetes.io/affinity", "cookie");
        }),
        row("service-upstream", Warn, "sends requests to cluster IPs", |app| {
            app.annotate(Kind::Ingress, "nginx.ingress.kubernetes.io/service-upstream", "true");
        }),
        row("basic-auth", Warn, "Ingress parrot asks for a password (nginx", |app| {
            app.annotate(Kind::Ingress, "nginx.ingress.kubernetes.io/auth-type", "basic");
        }),
    ]
}

fn managed() -> Vec<Row> {
    vec![
        row("managers", Warn, "Ingress parrot is also managed by Argo CD: exclude", |app| {
            app.annotate(Kind::Ingress, "argocd.argoproj.io/tracking-id", "birds:x");
        }),
        row(
            "managers",
            Warn,
            "spec.defaultBackend, nginx.org/rewrites of parrot from its",
            |app| {
                app.served_by("k8s.io/ingress-nginx");
                app.annotate(Kind::Ingress, "nginx.org/rewrites", "serviceName=parrot rewrite=/");
                app.annotate(Kind::Ingress, "argocd.argoproj.io/tracking-id", "birds:x");
            },
        ),
        row(
            "managers",
            Warn,
            "Service parrot is also managed by Flux: exclude spec.selector.app",
            {
                |app| {
                    app.edit(Kind::Service, |s| {
                        s["metadata"]["managedFields"] =
                            json!([{"manager": "kustomize-controller"}]);
                    });
                }
            },
        ),
        row("managers", Warn, "is also managed by Flux", |app| {
            app.edit(Kind::Deployment, |d| {
                d["metadata"]["managedFields"] = json!([{"manager": "helm-controller"}]);
            });
        }),
        row("managers", Warn, "is also managed by Argo CD", |app| {
            app.edit(Kind::Deployment, |d| {
                d["metadata"]["managedFields"] = json!([{"manager": "argocd-controller"}]);
            });
        }),
        row("managers", Warn, "Deployment parrot is also managed by Helm: an upgrade", |app| {
            app.edit(Kind::Deployment, |d| {
                d["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
            });
        }),
    ]
}

/// What it is, and how it comes about.
pub type Harmless = (&'static str, fn(&mut App));

pub fn harmless() -> Vec<Harmless> {
    vec![
        ("a pod of somebody else's that has ended", |app| {
            let mut ended = pod("parrot", ("Job", "nightly"));
            ended["status"]["phase"] = json!("Succeeded");
            app.add(ended);
        }),
        ("a pod of its own, whatever its ReplicaSet", |app| {
            let owner =
                json!([{"kind": "Deployment", "name": "parrot", "uid": "u", "controller": true}]);
            app.add(json!({"kind": "ReplicaSet", "metadata":
                {"name": "set", "uid": "set", "ownerReferences": owner}}));
            app.add(pod("parrot", ("ReplicaSet", "set")));
        }),
        ("a pod of a candidate that has just gone", |app| {
            let owner = json!([{"kind": "Deployment", "name": "parrot-green", "uid": "g", "controller": true}]);
            app.add(json!({"kind": "ReplicaSet", "metadata":
                {"name": "set", "uid": "set", "ownerReferences": owner}}));
            app.add(pod("parrot-green", ("ReplicaSet", "set")));
        }),
        ("a pod of a candidate whose ReplicaSet has gone before it", |app| {
            let mut pod = pod("parrot-green", ("ReplicaSet", "set"));
            pod["metadata"]["labels"]["bluegreen/colour"] = json!("green");
            app.add(pod);
        }),
        ("a Service that goes with something else", |app| {
            let owner = json!([{"kind": "Release", "name": "birds"}]);
            app.edit(Kind::Service, |s| s["metadata"]["ownerReferences"] = owner);
        }),
        ("a volume for many", |app| has_claim(app, &["ReadWriteOnce", "ReadWriteMany"])),
        ("a volume of something else", |app| app.add(claim(&["ReadWriteOncePod"]))),
        ("a policy for all pods", |app| app.add(policy(json!({}), json!([])))),
        ("a policy for others", |app| {
            app.add(policy(json!({"matchLabels": {"app": "toucan"}}), json!([{}])));
        }),
        ("a policy for both colours", |app| {
            let both =
                json!([{"key": "app", "operator": "In", "values": ["parrot", "parrot-green"]}]);
            app.add(policy(json!({"matchExpressions": both}), json!([])));
        }),
        ("an autoscaler that may go to 0 where Kubernetes knows its own zero", |app| {
            app.runs_on((1, 37));
            app.add(to_zero());
        }),
        ("a quota with room for all that is made", |app| {
            let (hard, used) = (json!({"services": "4"}), json!({"services": "1"}));
            app.add(quota(hard, used));
        }),
        ("a full quota of what init has made", |app| {
            app.initialised();
            for made in ["parrot-blue", "parrot-green", "parrot-preview"] {
                app.add_own(service(made, json!({"app": "parrot"})));
            }
            let full = json!({"services": "4", "configmaps": "1"});
            app.add(quota(full.clone(), full));
        }),
        ("a quota with room for just as many", |app| {
            app.add(quota(json!({"pods": "4"}), json!({"pods": "2"})));
        }),
        ("a full quota of something else", |app| {
            let count = json!({"count/secrets": "1"});
            app.add(quota(count.clone(), count));
        }),
        ("a full quota of some pods", |app| {
            let mut some = quota(json!({"pods": "2"}), json!({"pods": "2"}));
            some["spec"]["scopes"] = json!(["BestEffort"]);
            app.add(some);
        }),
        ("a budget that can be cloned", |app| {
            app.add(budget(json!({"matchLabels": {"app": "parrot"}})));
        }),
        ("a budget for all", |app| app.add(budget(json!({})))),
        ("an autoscaler that can be cloned", |app| app.add(scaler("scaler"))),
        ("an autoscaler of something else", |app| {
            let target = json!({"kind": "StatefulSet", "name": "parrot"});
            app.add(json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "scaler"},
                "spec": {"scaleTargetRef": target}}));
        }),
        ("a canary for another host", |app| {
            let mut canary = canary("toucan");
            canary["spec"]["rules"][0]["host"] = json!("toucan.example.com");
            app.add(canary);
        }),
        ("people, by their field managers", |app| {
            let fields = ["kubectl-client-side-apply", "kubectl-edit", "bluegreen", "helmet"];
            let fields = fields.map(|manager| json!({"manager": manager}));
            app.edit(Kind::Ingress, |i| i["metadata"]["managedFields"] = json!(fields));
        }),
        ("the Service that init makes", |app| app.remove(Kind::Service)),
        ("a preview host of its own", |app| app.preview_at("new.example.com")),
        ("a preview host that nobody could look for, once it is taken", |app| {
            app.initialised_at("new.example.com");
            app.beyond.host = None;
        }),
        ("a login that our Ingress asks for as well", |app| {
            app.initialised_at("new.example.com");
            let (auth, at) = ("nginx.ingress.kubernetes.io/auth-url", "https://login");
            app.annotate(Kind::Ingress, auth, at);
            let mut ours = ingress("parrot-preview", "new.example.com", "parrot-preview");
            ours["metadata"]["labels"] =
                json!({"app.kubernetes.io/managed-by": "bluegreen", "bluegreen/app": "parrot"});
            ours["metadata"]["annotations"] = json!({auth: at});
            app.add(ours);
        }),
        ("a login where nobody comes in", |app| {
            app.annotate(Kind::Ingress, "nginx.ingress.kubernetes.io/auth-url", "https://login");
        }),
        ("a login with a controller that needs no Ingress of ours", |app| {
            app.served_by("nginx.org/ingress-controller");
            app.annotate(Kind::Ingress, "nginx.org/policies", "people");
        }),
        ("a login with Traefik", |app| {
            app.served_by("traefik.io/ingress-controller");
            let key = "traefik.ingress.kubernetes.io/router.middlewares";
            app.annotate(Kind::Ingress, key, "birds-login@kubernetescrd");
        }),
        ("a snippet that keeps nobody out", |app| {
            app.preview_at("new.example.com");
            let said = "more_set_headers 'X-Denying: no-returns';";
            let snippet = "nginx.ingress.kubernetes.io/configuration-snippet";
            app.annotate(Kind::Ingress, snippet, said);
        }),
        ("annotations that name Services, as the backends do", |app| {
            app.served_by("k8s.io/ingress-nginx");
            app.annotate(Kind::Ingress, "nginx.org/grpc-services", "parrot,toucan");
        }),
        ("a class by the name of ingress-nginx's", |app| {
            app.edit(Kind::Ingress, |i| i["spec"]["ingressClassName"] = json!("nginx-internal"));
        }),
        ("the fixed Service of the colour that is live", |app| {
            app.edit(Kind::Ingress, |i| {
                i["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
                    json!("parrot-blue");
            });
        }),
        ("an app that init has taken in", |app| app.initialised()),
    ]
}
