//! What bluegreen advises to do by kubectl, done by it: `kubectl scale … && kubectl patch …`.

use anyhow::{Context, Result, bail};
use bluegreen::model::Kind;
use serde_json::{Value, json};

use super::field::Field;

/// One after the other, as a shell does it.
pub async fn runs(field: &Field, line: &str) -> Result<()> {
    for command in line.split(" && ") {
        run(field, command).await.with_context(|| command.to_owned())?;
    }
    Ok(())
}

async fn run(field: &Field, command: &str) -> Result<()> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let patch = command.split_once("-p '").map(|(_, patch)| patch.trim_end_matches('\''));
    let deployment = || words.iter().find_map(|word| word.strip_prefix("deployment/"));
    match (words[1], patch) {
        ("get" | "describe" | "auth" | "cluster-info", _) => Ok(()),
        ("scale", _) => {
            let (_, size) = command.split_once("--replicas=").context("no size")?;
            let size = json!({"spec": {"replicas": size.parse::<u64>()?}});
            let name = deployment().context("no Deployment")?;
            field.edit(Kind::Deployment, name, size).await.map(drop)
        }
        ("rollout", _) => {
            let name = deployment().context("no Deployment")?;
            let object = field.get(Kind::Deployment, name).await?;
            field.has_ready(name, object["spec"]["replicas"].as_u64().unwrap_or(1)).await
        }
        ("patch", Some(patch)) if command.contains("--type=json") => {
            let patch: Value = serde_json::from_str(patch)?;
            let mut ingress = field.get(Kind::Ingress, words[3]).await?;
            for op in patch.as_array().context("no list")? {
                let path = op["path"].as_str().context("no path")?;
                *ingress.pointer_mut(path).context("not there")? = op["value"].clone();
            }
            let edit = json!({
                "metadata": {"annotations": ingress["metadata"]["annotations"]},
                "spec": ingress["spec"],
            });
            field.edit(Kind::Ingress, words[3], edit).await.map(drop)
        }
        ("patch", Some(patch)) if words[2] == "service" => {
            field.edit(Kind::Service, words[3], serde_json::from_str(patch)?).await.map(drop)
        }
        _ => bail!("nobody knows what this does"),
    }
}
