//! The new version out of a file: what the API server makes of it.

use std::fs;

use anyhow::{Context, Result, ensure};
use bluegreen::model::Kind;
use serde_json::json;

use super::command::done;
use super::field::{Field, V1, V2, V3};
use super::{Case, cases};

pub const CASES: &[Case] = cases![
    the_manifest_of_what_is_live_begins_nothing,
    the_manifest_of_what_somebody_has_edited_since_is_released,
    a_field_that_there_is_not_is_shown_in_the_file,
    what_is_of_the_wrong_type_is_shown_in_the_file,
    what_of_a_file_is_passed_over_is_named,
];

/// A folder with the article's manifest, changed; and the command line that deploys it.
fn manifest(field: &Field, changes: &[(&str, &str)]) -> Result<(tempfile::TempDir, String)> {
    let namespace = format!("namespace: {}", field.namespace);
    let text = include_str!("../../../../examples/parrot/parrot.yaml");
    let mut text = text.replace("namespace: blue-green", &namespace);
    for (from, to) in changes {
        ensure!(text.contains(from), "the manifest has no {from}");
        text = text.replace(from, to);
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("parrot.yaml");
    fs::write(&file, text)?;
    let line = format!("deploy parrot -f {} --yes", file.display());
    Ok((folder, line))
}

async fn is_live_already(field: &Field, line: &str) -> Result<()> {
    let before = field.versions().await?;
    for line in [line.to_owned(), format!("{line} --dry-run=server")] {
        let said = field.exits(0, &line).await?;
        ensure!(said.outcome()["result"] == "already-live" && !said.wrote(), "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn the_manifest_of_what_is_live_begins_nothing(field: Field) -> Result<()> {
    field.initialised().await?;
    let (_first, first) = manifest(&field, &[])?;
    is_live_already(&field, &first).await?;
    // Whoever brought it, into either slot.
    let (_second, second) = manifest(&field, &[(V1, V2)])?;
    field.released(V2).await?;
    is_live_already(&field, &second).await?;
    field.exits(0, &first).await?;
    field.is_live("parrot", V1).await?;
    is_live_already(&field, &first).await?;
    field.exits(0, &second).await?;
    field.is_live("parrot-green", V2).await?;
    is_live_already(&field, &second).await
}

async fn the_manifest_of_what_somebody_has_edited_since_is_released(field: Field) -> Result<()> {
    field.initialised().await?;
    let (_folder, line) = manifest(&field, &[(V1, V2)])?;
    field.exits(0, &line).await?;
    let ports = json!([{"containerPort": 3000}]);
    let containers = json!([{"name": "parrot", "image": V3, "ports": ports}]);
    let edit = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    field.edit(Kind::Deployment, "parrot-green", edit).await?;
    field.has_ready("parrot-green", 1).await?;
    let said = field.exits(0, &line).await?;
    ensure!(said.has(done("make-candidate")), "{said:?}");
    field.is_live("parrot", V2).await
}

const PORTS: &str = "        ports:\n";
/// A typo in the container, beside a secret.
const TYPO: &str = "        env: [{name: DB_PASSWORD, value: hunter2}]\n        portz:\n";

/// Exit code 2, with the file, the line and this path, and nothing of the file's values.
async fn is_shown(field: &Field, changes: &[(&str, &str)], path: &str) -> Result<()> {
    let (folder, line) = manifest(field, changes)?;
    let text = fs::read_to_string(folder.path().join("parrot.yaml"))?;
    let at = text.lines().position(|line| line.contains("portz") || line.contains("value: yes"));
    let at = format!("line {}: ", at.context("the manifest has no such line")? + 1);
    let before = field.versions().await?;
    for line in [line.clone(), format!("{line} --dry-run=server"), format!("{line} -o human")] {
        let said = field.exits(2, &line).await?;
        let all = format!("{}{}", said.err, said.out);
        ensure!(said.err.contains("parrot.yaml can't be used as the new version"), "{said:?}");
        ensure!(said.err.contains(&at) && said.err.contains(path), "{at} {path}: {said:?}");
        ensure!(said.err.contains("kubectl explain deployment.spec.template.spec"), "{said:?}");
        ensure!(!all.contains("hunter2") && all.len() < 2000, "{said:?}");
    }
    ensure!(field.versions().await? == before, "something was written");
    Ok(())
}

async fn a_field_that_there_is_not_is_shown_in_the_file(field: Field) -> Result<()> {
    field.initialised().await?;
    let path = "unknown field spec.template.spec.containers[0].portz";
    is_shown(&field, &[(PORTS, TYPO)], path).await?;
    // Where the slot is there already, and the candidate a patch of it.
    field.released(V2).await?;
    field.released(V1).await?;
    is_shown(&field, &[(PORTS, TYPO)], path).await
}

async fn what_is_of_the_wrong_type_is_shown_in_the_file(field: Field) -> Result<()> {
    field.initialised().await?;
    let env = "        env:\n        - {name: DB_PASSWORD, value: hunter2}\n        - name: DEBUG\n          \
               value: yes\n        ports:\n";
    let path = "spec.template.spec.containers[0].env[1].value";
    is_shown(&field, &[(PORTS, env)], path).await
}

async fn what_of_a_file_is_passed_over_is_named(field: Field) -> Result<()> {
    field.initialised().await?;
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: feathers}\n---\n";
    let changes =
        [("spec:\n  replicas: 1\n", "spec:\n  replicas: 5\n"), ("---\n", config), (V1, V2)];
    let (_folder, line) = manifest(&field, &changes)?;
    let said = field.exits(0, &line).await?;
    for left in ["spec.replicas", "ConfigMap feathers", "Ingress parrot"] {
        ensure!(said.err.contains(left), "{left}: {said:?}");
    }
    ensure!(field.replicas("parrot-green").await? == Some(1), "the size is the live version's");
    field.is_live("parrot-green", V2).await
}
