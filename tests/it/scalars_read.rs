//! What a file's scalars become, by the table that kubectl is held against, too: read here, and tried on
//! the sandbox as a release is.

use std::fs;

use anyhow::Result;
use bluegreen::settings::{Asked, read};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::bed::{Bed, NAMESPACE, in_paused_time};
use crate::scalars::{FIELDS, Field, REFUSED, Row, difference, rows};

#[test]
fn scalars_mean_what_they_mean_to_kubectl() {
    let wrong = in_paused_time(async {
        let bed = Bed::new(1).await?;
        let mut wrong = Vec::new();
        for row in rows()? {
            for field in &FIELDS {
                let came = came(&bed, &row, field).await?;
                wrong.extend(difference(&row, field, &came));
            }
        }
        Ok(wrong)
    });
    let wrong = wrong.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn came(bed: &Bed, row: &Row, field: &Field) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("app.yaml");
    fs::write(&file, row.manifest(field))?;
    let files = [file];
    let asked = Asked { files: &files, app: None, namespace: None, with_template: true };
    let Ok(input) = read(&asked, &|_, _| String::new()) else { return Ok(json!(REFUSED)) };
    let template = input.template.map(|file| file.template);
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": field.name},
        "spec": {"selector": {"matchLabels": {"app": "parrot"}}, "template": template},
    });
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{path}?dryRun=All&fieldValidation=Strict"))
        .header("content-type", "application/json")
        .body(deployment.to_string().into_bytes())?;
    let Ok(made) = bed.field.client.request::<Value>(request).await else {
        return Ok(json!(REFUSED));
    };
    Ok(made["spec"]["template"]["spec"].pointer(field.pointer).cloned().unwrap_or_default())
}
