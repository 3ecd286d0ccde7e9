//! The acceptance cases on the sandbox, in paused time.

use anyhow::{Context, Result};

use crate::acceptance::{Case, all, short};
use crate::bed::{Bed, each, in_paused_time};
use crate::tally;

/// `make check` has one, for the sake of time.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let given = std::env::var("BLUEGREEN_SEEDS").ok();
    1..=given.map_or(3, |given| given.parse().expect("BLUEGREEN_SEEDS is a number"))
}

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
    let tried_in_all = cases.len() * seeds().count();
    let failed: Vec<String> = each(&cases, 2, tried).concat();
    tally::record("acceptance, on the sandbox", tried_in_all, tried_in_all - failed.len());
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

fn tried(case: &Case) -> Vec<String> {
    let ran = seeds().map(|seed| run(*case, seed));
    ran.filter_map(Result::err).map(|error| format!("{error:#}")).collect()
}
