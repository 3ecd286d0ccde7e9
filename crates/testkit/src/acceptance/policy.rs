//! Mutating admission of somebody's: in the sandbox a function, on a real control plane a
//! MutatingAdmissionPolicy of the namespace's own.

use std::sync::Arc;

use anyhow::Result;
use bluegreen::model::Kind;
use bluegreen::sandbox::{Mutation, Operation, resources};
use http::Method;
use serde_json::{Value, json};

use super::field::Field;

const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
const GRACE: &str = "terminationGracePeriodSeconds";

/// What becomes of what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A Deployment's image comes from another registry, and its pods get another time to end.
    Mirror,
    /// A Deployment's pods get one second more each time: not idempotent.
    Longer,
    /// Pods get a label: a sidecar's injector.
    Injector,
}

pub fn mirrored(image: &str) -> String {
    image.replace("kmharish/", "mirror.example/")
}

impl Policy {
    fn kind(self) -> Kind {
        if self == Policy::Injector { Kind::Pod } else { Kind::Deployment }
    }

    fn change(self, object: &mut Value) {
        let pod = &mut object["spec"]["template"]["spec"];
        match self {
            Policy::Mirror => {
                let image = pod["containers"][0]["image"].as_str().unwrap_or_default();
                pod["containers"][0]["image"] = json!(mirrored(image));
                pod[GRACE] = json!(7);
            }
            Policy::Longer => pod[GRACE] = json!(pod[GRACE].as_u64().unwrap_or(30) + 1),
            Policy::Injector => object["metadata"]["labels"]["injected"] = json!("yes"),
        }
    }

    /// The same in CEL.
    fn expression(self) -> String {
        let pod = "/spec/template/spec";
        let replace = |path: &str, value: &str| {
            format!("JSONPatch{{op: \"replace\", path: \"{pod}/{path}\", value: {value}}}")
        };
        let image = "object.spec.template.spec.containers[0].image";
        match self {
            Policy::Mirror => format!(
                "[{}, {}]",
                replace(
                    "containers/0/image",
                    &format!("{image}.replace(\"kmharish/\", \"mirror.example/\")")
                ),
                replace(GRACE, "7")
            ),
            Policy::Longer => {
                format!("[{}]", replace(GRACE, &format!("object.spec.template.spec.{GRACE} + 1")))
            }
            Policy::Injector => {
                let path = "path: \"/metadata/labels/injected\"";
                format!("[JSONPatch{{op: \"add\", {path}, value: \"yes\"}}]")
            }
        }
    }
}

impl Field {
    /// From now on this holds, in this namespace; on nothing, no more.
    pub async fn admission(&self, policy: Policy, operations: &[Operation]) -> Result<()> {
        match &self.store {
            Some(store) => {
                let namespace = self.namespace.clone();
                let resource = match policy.kind() {
                    Kind::Pod => &resources::PODS,
                    _ => &resources::DEPLOYMENTS,
                };
                let change = move |object: &mut Value| {
                    if object["metadata"]["namespace"] == namespace.as_str() {
                        policy.change(object);
                    }
                };
                store.set_mutations(vec![Mutation {
                    name: "policy".to_owned(),
                    resource,
                    operations: operations.to_vec(),
                    has_dry_run: true,
                    change: Arc::new(change),
                }]);
                Ok(())
            }
            None => self.declared(policy, operations).await,
        }
    }

    async fn declared(&self, policy: Policy, operations: &[Operation]) -> Result<()> {
        self.no_admission().await?;
        if operations.is_empty() {
            return Ok(());
        }
        let words = operations.iter().map(|operation| match operation {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
        });
        let group = policy.kind().api_version().rsplit_once('/').map_or("", |(group, _)| group);
        let name = format!("policy-{}", self.namespace);
        let space = json!({"matchLabels": {"kubernetes.io/metadata.name": self.namespace}});
        let rule = json!({
            "apiGroups": [group], "apiVersions": ["v1"], "resources": [policy.kind().plural()],
            "operations": words.collect::<Vec<_>>(),
        });
        let patch = json!({"expression": policy.expression()});
        let spec = json!({
            "matchConstraints": {"namespaceSelector": space, "resourceRules": [rule]},
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": patch}],
        });
        for (kind, spec) in [("", spec), ("Binding", json!({"policyName": name}))] {
            let object = json!({
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": format!("MutatingAdmissionPolicy{kind}"),
                "metadata": {"name": name},
                "spec": spec,
            });
            self.send(Method::POST, of_policies(kind, ""), Some(object)).await?;
        }
        self.waits("the policy to act", async |field| field.acts(policy, operations[0]).await).await
    }

    /// Whether the API server does what was declared, a moment later.
    async fn acts(&self, policy: Policy, operation: Operation) -> Result<bool> {
        let like = self.get(Kind::Deployment, "parrot").await?;
        let mut object = json!({
            "apiVersion": policy.kind().api_version(), "kind": policy.kind().to_string(),
            "metadata": {"name": "tried", "labels": {"app": "tried"}}, "spec": like["spec"],
        });
        if policy == Policy::Injector {
            object["spec"] = like["spec"]["template"]["spec"].clone();
        }
        let path = self.path(policy.kind());
        let made = match operation {
            Operation::Create => {
                let path = format!("{path}?dryRun=All");
                self.send(Method::POST, path, Some(object.clone())).await?
            }
            Operation::Update => {
                // What an earlier policy has made of it must not pass for this one's not acting.
                let touched = json!({"spec": {"template": {"spec": {GRACE: 41}}}});
                object = like;
                object["spec"]["template"]["spec"][GRACE] = json!(41);
                self.send(Method::PATCH, format!("{path}/parrot?dryRun=All"), Some(touched)).await?
            }
        };
        let of = |object: &Value| {
            let injected = object["metadata"]["labels"]["injected"].clone();
            (object["spec"]["template"]["spec"][GRACE].clone(), injected)
        };
        Ok(of(&made) != of(&object))
    }

    pub async fn no_admission(&self) -> Result<()> {
        if let Some(store) = &self.store {
            store.set_mutations(Vec::new());
            return Ok(());
        }
        for kind in ["Binding", ""] {
            // There may be none.
            let path = of_policies(kind, &format!("/policy-{}", self.namespace));
            let _ = self.send(Method::DELETE, path, None).await;
        }
        Ok(())
    }
}

fn of_policies(kind: &str, name: &str) -> String {
    let plural = if kind.is_empty() { "policies" } else { "policybindings" };
    format!("{ADMISSION}/mutatingadmission{plural}{name}")
}
