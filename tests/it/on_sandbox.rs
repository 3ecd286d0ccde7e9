//! The acceptance cases on the sandbox, in paused time.

use std::sync::Arc;

use anyhow::{Context, Result};
use bluegreen::sandbox::{Sandbox, Scripts};
use kube::Client;
use serde_json::json;
use tokio::runtime::Builder;

use crate::acceptance::{Case, Field, all, short};
use crate::tally;

pub const NAMESPACE: &str = "blue-green";
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

fn run((name, case): Case, seed: u64) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let ran = runtime.block_on(async {
        let (_sandbox, field) = parrot(seed).await?;
        case(field).await
    });
    ran.with_context(|| format!("{} with seed {seed}", short(name)))
}

/// A cluster with the article's app.
pub async fn parrot(seed: u64) -> Result<(Sandbox, Field)> {
    let began = "2026-01-01T00:00:00Z".parse()?;
    let sandbox = Sandbox::start(seed, began, Arc::new(Scripts::default()));
    sandbox.store().add(json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE},
    }));
    let client = Client::new(sandbox.api(), NAMESPACE);
    let field = Field::with_parrot(client, NAMESPACE).await?;
    Ok((sandbox, field))
}

/// Each in the histories of a few seeds.
#[test]
fn acceptance() {
    let cases = all();
    let tried_in_all = cases.len() * SEEDS.count();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<Vec<Case>> =
            (0..2).map(|half| cases.iter().skip(half).step_by(2).copied().collect()).collect();
        let ran: Vec<_> = halves
            .into_iter()
            .map(|half| scope.spawn(move || half.into_iter().flat_map(tried).collect::<Vec<_>>()))
            .collect();
        ran.into_iter().flat_map(|ran| ran.join().expect("a case panicked")).collect()
    });
    tally::record("acceptance, on the sandbox", tried_in_all, tried_in_all - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn tried(case: Case) -> Vec<String> {
    let ran = SEEDS.map(|seed| run(case, seed));
    ran.filter_map(Result::err).map(|error| format!("{error:#}")).collect()
}
