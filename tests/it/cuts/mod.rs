//! Every command, cut at every call that it makes to the API server; and who goes on with what is left.
//!
//! `cuts::every_cut` with `BLUEGREEN_CUT="deploy --yes/7/After/Abort"` runs those alone whose names
//! begin so, and says what each came to.

mod bed;
mod facts;
mod frozen;
mod gate;
mod outcome;
mod rest;
mod run;
mod scenes;
mod wire;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::bed::each;
use crate::tally;
use rest::Rest;
use run::{Came, Follow, Way, run};
use scenes::{ENDS, SCENES, Scene};
use wire::Cut;

const SEED: u64 = 1;
/// One run alone, or those of one beginning.
const ONLY: &str = "BLUEGREEN_CUT";

/// While a challenge runs, and when it has been decided.
const LATE: Duration = Duration::from_secs(3);
const LATER: Duration = Duration::from_secs(12);

struct Job {
    scene: &'static Scene,
    nth: usize,
    cut: Cut,
    follow: Follow,
}

impl Job {
    fn name(&self) -> String {
        let Job { scene, nth, cut, follow } = self;
        format!("{}/{nth}/{cut:?}/{follow:?}", scene.name)
    }

    fn run(&self, ends: &HashSet<Rest>) -> Result<Came> {
        let came = run(self.scene, Way::At(self.nth, self.cut), self.follow, SEED)?;
        let is_cut = came.ended.is_none();
        ensure!(is_cut || matches!(self.cut, Cut::Late(_)), "the call never came");
        outcome::judge(self.scene, self.follow, &came)?;
        ensure!(
            ends.contains(&came.rest),
            "no uncut run ends like this: {}",
            odd(&came.rest, ends)
        );
        Ok(came)
    }
}

/// What the nearest of them has not, and what it lacks.
fn odd(rest: &Rest, ends: &HashSet<Rest>) -> String {
    let nearest = ends.iter().min_by_key(|end| end.symmetric_difference(rest).count());
    let Some(nearest) = nearest else { return "there is none".to_owned() };
    let lines = |sign: &str, lines: Vec<&String>| {
        lines.iter().map(|line| format!("\n  {sign} {line}")).collect::<String>()
    };
    let more = lines("+", rest.difference(nearest).collect());
    format!("{more}{}", lines("-", nearest.difference(rest).collect()))
}

/// Each command to its end or not begun at all, and everything that can follow it.
fn uncut() -> Result<(Vec<Came>, HashSet<Rest>)> {
    let ways = [Way::Uncut, Way::Not];
    let mut jobs = Vec::new();
    for scene in SCENES.iter().chain(ENDS) {
        for way in ways {
            jobs.extend(Follow::ALL.map(|follow| (scene, way, follow)));
        }
    }
    let came = each(&jobs, 2, |(scene, way, follow)| {
        let what = || format!("{}, {way:?}, then {follow:?}", scene.name);
        let came = run(scene, *way, *follow, SEED).with_context(what)?;
        outcome::judge(scene, *follow, &came).with_context(what)?;
        Ok(came)
    });
    let came: Vec<Came> = came.into_iter().collect::<Result<_>>()?;
    let ends = came.iter().map(|came| came.rest.clone()).collect();
    // The first of each scene is its command to the end.
    Ok((came.into_iter().step_by(ways.len() * Follow::ALL.len()).collect(), ends))
}

/// Two cuts that leave the same cluster at the same instant are one. A read that is answered 504 is
/// read again, whatever follows: one of the five has to do.
fn jobs(whole: &[Came]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (scene, whole) in SCENES.iter().zip(whole) {
        let mut left = HashSet::new();
        for (nth, made) in whole.made.iter().enumerate() {
            let mut cuts = Vec::new();
            cuts.extend(left.insert(Some(made.before)).then_some(Cut::Before));
            cuts.extend(left.insert(made.after).then_some(Cut::After));
            if made.call.is_write() {
                cuts.extend([Cut::Late(LATE), Cut::Orphaned(LATE), Cut::Orphaned(LATER)]);
            } else {
                let (cut, follow) = (Cut::Late(LATE), Follow::ALL[nth % Follow::ALL.len()]);
                jobs.push(Job { scene, nth, cut, follow });
            }
            for cut in cuts {
                jobs.extend(Follow::ALL.map(|follow| Job { scene, nth, cut, follow }));
            }
        }
    }
    jobs
}

#[test]
fn every_cut() {
    let (whole, ends) = uncut().unwrap_or_else(|error| panic!("{error:#}"));
    let only = std::env::var(ONLY).ok();
    let mut jobs = jobs(&whole);
    jobs.retain(|job| only.as_ref().is_none_or(|only| job.name().starts_with(only)));
    let came = each(&jobs, 2, |job| job.run(&ends));
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
    let shown = failed.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(failed.is_empty(), "{} failed, the first of them:\n\n{shown}", failed.len());
}

#[test]
fn every_driver_frozen_at_every_call() {
    let alone: Vec<_> = SCENES.iter().filter(|scene| !scene.has_driver()).collect();
    let whole = each(&alone, 2, |scene| run(scene, Way::Uncut, Follow::Same, SEED));
    let mut runs = Vec::new();
    for (scene, whole) in alone.iter().zip(whole) {
        let calls = whole.expect("an uncut run").made.len();
        for nth in 0..calls {
            for cut in frozen::CUTS {
                runs.extend(frozen::TAKERS.map(|taker| (*scene, nth, cut, taker)));
            }
        }
    }
    let only = std::env::var(ONLY).ok();
    let name = |(scene, nth, cut, taker): &(&Scene, usize, Cut, Follow)| {
        format!("{}/{nth}/{cut:?}/{taker:?}", scene.name)
    };
    runs.retain(|run| only.as_ref().is_none_or(|only| name(run).starts_with(only)));
    let came = each(&runs, 2, |(scene, nth, cut, taker)| frozen::frozen(scene, *nth, *cut, *taker));
    let failed: Vec<_> = runs
        .iter()
        .zip(&came)
        .filter_map(|(run, came)| Some(format!("{}: {:#}", name(run), came.as_ref().err()?)))
        .collect();
    let taken_over = came.iter().flatten().filter(|is_taken| **is_taken).count();
    assert!(only.is_some() || taken_over > 0, "nobody was taken over");
    tally::record("cuts: drivers frozen", runs.len(), runs.len() - failed.len());
    let shown = failed.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(failed.is_empty(), "{} failed, the first of them:\n\n{shown}", failed.len());
}
