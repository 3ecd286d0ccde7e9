//! Objects of kinds that a cluster may have: declared in the sandbox, and by a CustomResourceDefinition on a
//! real control plane, where it stays for the other cases.

use anyhow::Result;
use bluegreen::model::Optional;
use bluegreen::sandbox::resources;
use http::{Method, Request};
use serde_json::{Value, json};

use super::field::Field;

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERSION: &str = "v1";

/// Where the objects of a kind are.
pub struct Custom {
    kind: Optional,
    group: &'static str,
}

/// From now on the cluster has this kind.
pub async fn declared(field: &Field, kind: Optional) -> Result<Custom> {
    let custom = Custom { kind, group: kind.groups()[0] };
    let (group, plural, name) = (custom.group, kind.plural(), custom.name());
    if let Some(store) = &field.store {
        store.declare(resources::declared(group, VERSION, plural, &name));
        return Ok(custom);
    }
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            // Some of the groups are Kubernetes' own.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": name.to_lowercase(), "kind": name},
            "versions": [{
                "name": VERSION, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything},
            }],
        },
    });
    // Another case may have been first.
    let _ = field.send(Method::POST, DEFINITIONS.to_owned(), Some(definition)).await;
    field
        .waits("the kind to be there", async |field| {
            let request = Request::get("/apis").header("accept", DISCOVERY).body(Vec::new())?;
            let groups: Value = field.client.request(request).await?;
            let listed = field.send(Method::GET, custom.path(field), None).await.is_ok();
            Ok(listed && groups.to_string().contains(&format!("\"resource\":\"{plural}\"")))
        })
        .await?;
    Ok(custom)
}

impl Custom {
    fn name(&self) -> String {
        // Kubernetes has one of that name itself, which makes no difference to Calico's.
        self.kind.to_string().replace("Calico ", "")
    }

    fn path(&self, field: &Field) -> String {
        let (group, plural) = (self.group, self.kind.plural());
        format!("/apis/{group}/{VERSION}/namespaces/{}/{plural}", field.namespace)
    }

    pub async fn add(&self, field: &Field, name: &str, spec: Value) -> Result<Value> {
        let object = json!({
            "apiVersion": format!("{}/{VERSION}", self.group), "kind": self.name(),
            "metadata": {"name": name}, "spec": spec,
        });
        field.send(Method::POST, self.path(field), Some(object)).await
    }

    pub async fn delete(&self, field: &Field, name: &str) -> Result<()> {
        let path = format!("{}/{name}", self.path(field));
        field.send(Method::DELETE, path, None).await.map(drop)
    }
}
