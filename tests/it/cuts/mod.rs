//! Every command, cut at every call that it makes to the API server; and who goes on with what is left.
//!
//! `cuts::every_cut` with `BLUEGREEN_CUT="deploy --yes/7/After/Abort"` runs those alone whose names
//! begin so, and says what each came to. `cuts::pairs_of_cuts` draws its runs from a seed, which
//! `BLUEGREEN_PAIRS=SEED:COUNT` sets.

mod bed;
mod each;
mod ends;
mod facts;
mod frozen;
mod gate;
mod outcome;
mod pairs;
mod rest;
mod run;
mod scenes;
mod wire;

use std::collections::BTreeMap;

use crate::bed::each;
use crate::tally;
use ends::AFTER_ONE;
use run::Follow;
use scenes::{SCENES, Scene};
use wire::Cut;

const SEED: u64 = 1;
const AT_A_TIME: usize = 2;
/// One run alone, or those of one beginning.
const ONLY: &str = "BLUEGREEN_CUT";

#[test]
fn every_cut() {
    let only = std::env::var(ONLY).ok();
    let mut jobs = each::jobs();
    jobs.retain(|job| only.as_ref().is_none_or(|only| job.name().starts_with(only)));
    let came = each(&jobs, AT_A_TIME, |job| job.run(&AFTER_ONE.ends));
    let mut rows: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failed = Vec::new();
    for (job, came) in jobs.iter().zip(came) {
        if only.is_some() {
            eprintln!("{}: {came:#?}", job.name());
        }
        let (tried, passed) = rows.entry(job.scene.name).or_default();
        *tried += 1;
        match came {
            Ok(_) => *passed += 1,
            Err(error) => failed.push(format!("{}: {error:#}", job.name())),
        }
    }
    for (name, (tried, passed)) in rows {
        tally::record(&format!("cuts: {name}"), tried, passed);
    }
    none(&failed);
}

#[test]
fn pairs_of_cuts() {
    let (seed, count) = pairs::asked().unwrap_or_else(|error| panic!("{error:#}"));
    eprintln!("cuts: {count} pairs from seed {seed}");
    let seeds: Vec<u64> = (0..count).map(|n| seed.wrapping_add(n)).collect();
    let came = each(&seeds, AT_A_TIME, |seed| pairs::run_drawn(*seed));
    let failed = seeds.iter().zip(came).filter_map(|(seed, came)| {
        Some(format!("{}={seed}:1: {:#}", pairs::VARIABLE, came.err()?))
    });
    let failed: Vec<_> = failed.collect();
    tally::record("cuts: pairs", seeds.len(), seeds.len() - failed.len());
    none(&failed);
}

#[test]
fn every_driver_frozen_at_every_call() {
    let alone = SCENES.iter().zip(&AFTER_ONE.whole).filter(|(scene, _)| !scene.has_driver());
    let mut runs = Vec::new();
    for (scene, whole) in alone {
        for nth in 0..whole.took[0].made.len() {
            for cut in frozen::CUTS {
                runs.extend(frozen::TAKERS.map(|taker| (scene, nth, cut, taker)));
            }
        }
    }
    let only = std::env::var(ONLY).ok();
    let name = |(scene, nth, cut, taker): &(&Scene, usize, Cut, Follow)| {
        format!("{}/{nth}/{cut:?}/{taker:?}", scene.name)
    };
    runs.retain(|run| only.as_ref().is_none_or(|only| name(run).starts_with(only)));
    let came = each(&runs, AT_A_TIME, |(scene, nth, cut, taker)| {
        frozen::frozen(scene, *nth, *cut, *taker)
    });
    let failed: Vec<_> = runs
        .iter()
        .zip(&came)
        .filter_map(|(run, came)| Some(format!("{}: {:#}", name(run), came.as_ref().err()?)))
        .collect();
    let taken_over = came.iter().flatten().filter(|is_taken| **is_taken).count();
    assert!(only.is_some() || taken_over > 0, "nobody was taken over");
    tally::record("cuts: drivers frozen", runs.len(), runs.len() - failed.len());
    none(&failed);
}

fn none(failed: &[String]) {
    let shown = failed.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(failed.is_empty(), "{} failed, the first of them:\n\n{shown}", failed.len());
}
