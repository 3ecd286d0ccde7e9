//! What the README says one has to be allowed is enough, and nothing in it is there for nothing.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::parrot::{Parrot, V2};
use crate::bed::Bed;

pub fn trials() -> Vec<Trial> {
    crate::cases![rights_in_the_readme_suffice]
}

/// The rules of the README's table: `| deployments (apps), pods | list, watch; a remark |`.
pub fn rules() -> Result<Vec<Value>> {
    let readme = include_str!("../../../README.md");
    let (_, table) = readme.split_once("| resource | verbs |\n").context("no table of rights")?;
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut rules = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let verbs = cells[1].split(';').next().unwrap_or_default();
        let verbs: Vec<&str> = verbs.split(',').map(str::trim).collect();
        for resource in cells[0].split(',').map(str::trim) {
            let (name, group) = resource.split_once(" (").unwrap_or((resource, ""));
            let group = group.trim_end_matches(')');
            rules.push(json!({ "apiGroups": [group], "resources": [name], "verbs": verbs }));
        }
    }
    Ok(rules)
}

async fn rights_in_the_readme_suffice(bed: Arc<Bed>) -> Result<()> {
    let app = Parrot::applied(&bed).await?;
    let rules = rules()?;
    let user = bed.narrow_user(&app.ns, json!(rules)).await?;
    let allowed = Parrot { user, ..app.clone() };
    allowed.ok(&["init", "parrot"]).await?;
    let deploy = ["deploy", "parrot", "--drain", "1s", "--settle", "0s", "--image"];
    // This one is deleted again; the one that crashes below meets an older version in its slot.
    allowed.ok(&[&deploy[..], &["parrot-app:v3", "--detach"]].concat()).await?;
    allowed.ok(&["abort", "parrot"]).await?;
    allowed.ok(&[&deploy[..], &[V2, "--yes"]].concat()).await?;
    let crash = allowed.fails(4, &[&deploy[..], &["parrot-app:crash", "--yes"]].concat()).await?;
    ensure!(crash.stderr.contains("the last lines of container"), "{crash:?}");
    allowed.ok(&["status", "parrot"]).await?;

    // A rule is needed for something: every verb that was used stands in the table, and each of
    // its resources was asked for.
    let lines = bed.audit(&allowed.user.name).await?;
    for rule in &rules {
        let resource = rule["resources"][0].as_str().unwrap_or_default();
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        for verb in rule["verbs"].as_array().into_iter().flatten() {
            let used = |line: &&crate::bed::AuditLine| {
                line.resource == resource
                    && line.subresource == subresource
                    && line.verb == verb.as_str().unwrap_or_default()
            };
            ensure!(lines.iter().any(|line| used(&line)), "nothing needs to {verb} {resource}");
        }
    }
    Ok(())
}
