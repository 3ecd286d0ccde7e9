//! The table: every kind, by every verb, in all variants that are listed.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bluegreen::sandbox::resources;
use serde_json::Value;

use super::ask::{Ask, Step, get, json_patch, post};
use super::kinds::{Kind, patch};
use super::run::Both;
use super::verbs::{self, Scene};
use super::{others, page};
use crate::bed::Bed;

pub async fn answers_as_the_real_one(_: Arc<Bed>) -> Result<()> {
    let mut both = Both::new().await?;
    let only = std::env::var("BLUEGREEN_DIFFERENTIAL").unwrap_or_default();
    let (mut kinds, mut rows) = (std::collections::BTreeSet::new(), 0);
    let all = Kind::read()?;
    for (n, kind) in all.iter().enumerate() {
        let namespace = format!("table-{n}");
        both.namespace(&namespace).await?;
        for (name, steps) in rows_of(kind, &namespace) {
            let row = format!("{}: {name}", kind.plural);
            if !row.contains(&only) {
                continue;
            }
            both.begin(row);
            for step in &steps {
                both.take(kind.plural, step).await?;
            }
            both.clear().await?;
            rows += 1;
        }
        kinds.insert(kind.plural);
    }
    both.namespace("others").await?;
    for (kind, name, asks) in others::rows(&all, "others") {
        let row = format!("{kind}: {name}");
        if !row.contains(&only) {
            continue;
        }
        both.begin(row);
        for ask in asks {
            both.take(kind, &Step::Ask(ask)).await?;
        }
        both.clear().await?;
        rows += 1;
        kinds.insert(kind);
    }
    both.judge(only.is_empty())?;
    let requests: usize = both.requests.values().sum();
    eprintln!("differential: {rows} rows, {requests} requests compared");
    if only.is_empty() {
        ensure!(kinds.len() == resources::ALL.len(), "{kinds:?}");
        page::check(rows, &both)?;
    }
    Ok(())
}

/// Every row has an object of its own.
fn rows_of(kind: &Kind, namespace: &str) -> Vec<(String, Vec<Step>)> {
    let mut rows: Vec<(String, Vec<Step>)> = Vec::new();
    let add = |name: &str, make: &dyn Fn(&Scene) -> Vec<Step>, rows: &mut Vec<_>| {
        let name_of_object = kind.name(namespace, Vec::len(rows));
        let scene = Scene { kind, namespace, name: name_of_object };
        rows.push((name.to_owned(), make(&scene)));
    };
    let asks = |asks: Vec<Ask>| asks.into_iter().map(Step::Ask).collect();
    if !kind.is_part {
        for (name, row) in verbs::rows(kind.is_read) {
            add(name, &|scene| asks(row(scene)), &mut rows);
        }
        let watches = match kind.is_read {
            true => 0,
            false => Scene { kind, namespace, name: String::new() }.watches().len(),
        };
        for n in 0..watches {
            let name = Scene { kind, namespace, name: String::new() }.watches()[n].0;
            add(name, &|scene| scene.watches().swap_remove(n).1, &mut rows);
        }
    }
    for (name, changes) in &kind.new {
        add(&format!("new: {name}"), &|scene| asks(new(scene, changes)), &mut rows);
    }
    for (name, changes) in &kind.changed {
        add(&format!("changed: {name}"), &|scene| asks(changed(scene, changes)), &mut rows);
    }
    rows
}

fn new(scene: &Scene, changes: &Value) -> Vec<Ask> {
    let mut object = scene.object();
    let patch: json_patch::Patch = serde_json::from_value(patch(changes)).expect("it is a patch");
    json_patch::patch(&mut object, &patch).expect("it fits the object");
    vec![post(&scene.all(), &object), get(&scene.one())]
}

fn changed(scene: &Scene, changes: &Value) -> Vec<Ask> {
    vec![scene.made(), json_patch(&scene.one(), &patch(changes))]
}
