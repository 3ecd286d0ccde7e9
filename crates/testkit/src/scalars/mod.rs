//! Scalars in a manifest, by the kind of field that they stand in, and what becomes of them. The same table
//! is held against kubectl and against what reads files here.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// In place of a value.
pub const REFUSED: &str = "refused";

/// A kind of field: its name, and where one stands, in the pod and in its container, and in JSON.
pub struct Field {
    pub name: &'static str,
    pod: &'static str,
    container: &'static str,
    pub pointer: &'static str,
}

pub const FIELDS: [Field; 6] = [
    Field {
        name: "text",
        pod: "",
        container: "env: [{name: A, value: SCALAR}]",
        pointer: "/containers/0/env/0/value",
    },
    Field {
        name: "number",
        pod: "terminationGracePeriodSeconds: SCALAR",
        container: "",
        pointer: "/terminationGracePeriodSeconds",
    },
    Field { name: "flag", pod: "", container: "tty: SCALAR", pointer: "/containers/0/tty" },
    Field {
        name: "port",
        pod: "",
        container: "readinessProbe: {httpGet: {port: SCALAR}}",
        pointer: "/containers/0/readinessProbe/httpGet/port",
    },
    Field {
        name: "quantity",
        pod: "",
        container: "resources: {limits: {cpu: SCALAR}}",
        pointer: "/containers/0/resources/limits/cpu",
    },
    Field {
        name: "mode",
        pod: "volumes: [{name: v, configMap: {name: c, defaultMode: SCALAR}}]",
        container: "",
        pointer: "/volumes/0/configMap/defaultMode",
    },
];

#[derive(Deserialize)]
pub struct Row {
    pub scalar: String,
    #[serde(flatten)]
    cells: std::collections::BTreeMap<String, Value>,
}

impl Row {
    /// What becomes of it in such a field; none where nobody is asked.
    pub fn cell(&self, field: &Field) -> Option<&Value> {
        self.cells.get(field.name)
    }

    /// A Deployment with it, as somebody writes it. It is called by the kind of field.
    pub fn manifest(&self, field: &Field) -> String {
        let placed = |text: &str| text.replace("SCALAR", &self.scalar);
        let (name, pod, container) = (field.name, placed(field.pod), placed(field.container));
        format!(
            "apiVersion: apps/v1\n\
             kind: Deployment\n\
             metadata: {{name: {name}}}\n\
             spec:\n  \
               selector: {{matchLabels: {{app: parrot}}}}\n  \
               template:\n    \
                 metadata: {{labels: {{app: parrot}}}}\n    \
                 spec:\n      \
                   {pod}\n      \
                   containers:\n      \
                   - name: parrot\n        \
                     image: parrot\n        \
                     {container}\n"
        )
    }
}

pub fn rows() -> Result<Vec<Row>> {
    let rows: Vec<Row> = serde_saphyr::from_str(include_str!("table.yaml"))?;
    (!rows.is_empty()).then_some(rows).context("an empty table")
}

/// Where what came of a row is not what its cell says.
pub fn difference(row: &Row, field: &Field, came: &Value) -> Option<String> {
    let wanted = row.cell(field)?;
    (wanted != came).then(|| format!("{} for a {}: {came}, not {wanted}", row.scalar, field.name))
}
