//! The kinds, each with a valid object and what is changed of it: `rows/*.yaml`.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

const FILES: [(&str, &str); 16] = [
    ("namespaces", include_str!("rows/namespaces.yaml")),
    ("services", include_str!("rows/services.yaml")),
    ("configmaps", include_str!("rows/configmaps.yaml")),
    ("pods", include_str!("rows/pods.yaml")),
    ("events", include_str!("rows/events.yaml")),
    ("deployments", include_str!("rows/deployments.yaml")),
    ("replicasets", include_str!("rows/replicasets.yaml")),
    ("ingresses", include_str!("rows/ingresses.yaml")),
    ("ingressclasses", include_str!("rows/ingressclasses.yaml")),
    ("networkpolicies", include_str!("rows/networkpolicies.yaml")),
    ("endpointslices", include_str!("rows/endpointslices.yaml")),
    ("horizontalpodautoscalers", include_str!("rows/horizontalpodautoscalers.yaml")),
    ("poddisruptionbudgets", include_str!("rows/poddisruptionbudgets.yaml")),
    ("persistentvolumeclaims", include_str!("rows/persistentvolumeclaims.yaml")),
    ("resourcequotas", include_str!("rows/resourcequotas.yaml")),
    ("templates", include_str!("rows/templates.yaml")),
];

pub struct Kind {
    pub plural: &'static str,
    /// The group's path, as `/apis/apps/v1`.
    group: String,
    is_namespaced: bool,
    /// Whether it has only what is listed for it: the verbs are another file's.
    pub is_part: bool,
    /// Whether the tool only reads it.
    pub is_read: bool,
    pub has_status: bool,
    pub has_scale: bool,
    base: Value,
    /// By name: what is changed of the object before it is made.
    pub new: Vec<(String, Value)>,
    /// By name: what is changed of one that is there.
    pub changed: Vec<(String, Value)>,
}

impl Kind {
    /// All of them.
    pub fn read() -> Result<Vec<Kind>> {
        FILES.iter().map(|(plural, text)| kind(plural, text).context(*plural)).collect()
    }

    pub fn collection(&self, namespace: &str) -> String {
        match self.is_namespaced {
            true => format!("{}/namespaces/{namespace}/{}", self.group, self.plural),
            false => format!("{}/{}", self.group, self.plural),
        }
    }

    pub fn group(&self) -> &str {
        &self.group
    }

    /// A name that is free on a cluster.
    pub fn name(&self, namespace: &str, row: usize) -> String {
        match self.is_namespaced {
            true => "it".to_owned(),
            false => format!("{namespace}-{row}"),
        }
    }

    /// A valid object.
    pub fn object(&self, name: &str) -> Value {
        let mut object = self.base.clone();
        object["metadata"]["name"] = json!(name);
        object["metadata"]["labels"] = json!({ "app": "parrot", "row": name });
        object
    }
}

fn kind(plural: &'static str, text: &str) -> Result<Kind> {
    let file: Value = serde_saphyr::from_str(text)?;
    let rows = |section: &str| -> Vec<(String, Value)> {
        let rows = file[section].as_object().into_iter().flatten();
        rows.map(|(name, changes)| (name.clone(), changes.clone())).collect()
    };
    let is = |field: &str| file[field].as_bool().unwrap_or_default();
    Ok(Kind {
        plural: file["plural"].as_str().map_or(plural, |it| it.to_owned().leak()),
        group: file["group"].as_str().context("no group")?.to_owned(),
        is_namespaced: !is("cluster"),
        is_part: is("part"),
        is_read: is("read"),
        has_status: is("status"),
        has_scale: is("scale"),
        base: file["base"].clone(),
        new: rows("new"),
        changed: rows("changed"),
    })
}

/// A JSON patch that makes the changes: by pointer, what stands there; null for nothing.
pub fn patch(changes: &Value) -> Value {
    let empty = Map::new();
    let changes = changes.as_object().unwrap_or(&empty).iter();
    changes
        .map(|(path, value)| match value {
            Value::Null => json!({ "op": "remove", "path": path }),
            value => json!({ "op": "add", "path": path, "value": value }),
        })
        .collect()
}
