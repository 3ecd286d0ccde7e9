//! The acceptance cases on the sandbox, in paused time.

use anyhow::{Context, Result};

use crate::acceptance::{Case, all, short};
use crate::bed::{Bed, each, in_paused_time};
use crate::tally;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

fn run((name, case): Case, seed: u64) -> Result<()> {
    let ran = in_paused_time(async {
        let Bed { sandbox: _sandbox, field } = Bed::new(seed).await?;
        case(field).await
    });
    ran.with_context(|| format!("{} with seed {seed}", short(name)))
}

/// Each in the histories of a few seeds.
#[test]
fn acceptance() {
    let cases = all();
    let tried_in_all = cases.len() * SEEDS.count();
    let failed: Vec<String> = each(&cases, 2, tried).concat();
    tally::record("acceptance, on the sandbox", tried_in_all, tried_in_all - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn tried(case: &Case) -> Vec<String> {
    let ran = SEEDS.map(|seed| run(*case, seed));
    ran.filter_map(Result::err).map(|error| format!("{error:#}")).collect()
}
