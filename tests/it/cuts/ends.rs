//! How the app can rest when nothing was cut: whatever was cut has to end like one of these.

use std::collections::HashSet;
use std::sync::{LazyLock, OnceLock};

use anyhow::{Context, Result, ensure};

use super::pairs;
use super::rest::Rest;
use super::run::{Came, Follow, Turn, run};
use super::scenes::{ENDS, ENDS_BY_SERVICE, ENDS_OF_TWO, SCENES, Scene, of_pairs};
use super::{AT_A_TIME, none, outcome};
use crate::bed::each;

pub struct Uncut {
    /// The command of each scene, to its end.
    pub whole: Vec<Came>,
    pub ends: Ends,
}

pub struct Ends(HashSet<Rest>);

/// Each command to its end or not begun at all, and everything that can follow it.
pub static AFTER_ONE: LazyLock<Uncut> = LazyLock::new(|| {
    let scenes = || SCENES.iter().chain(ENDS).chain(ENDS_BY_SERVICE);
    let mut came = tried(scenes(), &Follow::ALL.map(|follow| vec![follow]), outcome::judge);
    let ends = came.iter().map(|came| came.rest.clone()).collect();
    // The first of each scene is its command to the end.
    let each_scene = came.len() / scenes().count();
    came.truncate(each_scene * SCENES.len());
    Uncut { whole: came.into_iter().step_by(each_scene).collect(), ends: Ends(ends) }
});

/// And these two after it; or the last of them alone, where the one before it was not finished.
pub fn after_two([then, last]: [Follow; 2]) -> &'static Ends {
    static KNOWN: [[OnceLock<Ends>; 5]; 5] = [const { [const { OnceLock::new() }; 5] }; 5];
    KNOWN[then as usize][last as usize].get_or_init(|| {
        let judge = pairs::outcome::judge;
        let mut came = tried(of_pairs().iter(), &[vec![then, last]], judge);
        came.extend(tried(ENDS_OF_TWO.iter(), &[vec![last]], judge));
        Ends(came.into_iter().map(|came| came.rest).collect())
    })
}

fn tried(
    scenes: impl Iterator<Item = &'static Scene>,
    follows: &[Vec<Follow>],
    judge: fn(&Scene, &Came) -> Result<()>,
) -> Vec<Came> {
    let mut jobs = Vec::new();
    for scene in scenes {
        for first in [Some(Follow::Same), None] {
            let turns = |follow: &Vec<Follow>| {
                first.into_iter().chain(follow.iter().copied()).map(Turn::uncut).collect::<Vec<_>>()
            };
            jobs.extend(follows.iter().map(|follow| (scene, turns(follow))));
        }
    }
    let came = each(&jobs, AT_A_TIME, |(scene, turns)| {
        let came = run(scene, turns).and_then(|came| judge(scene, &came).map(|()| came));
        came.with_context(|| format!("{}: {}", scene.name, Turn::all_told(turns)))
    });
    let failed = came.iter().filter_map(|came| Some(format!("{:#}", came.as_ref().err()?)));
    none(&failed.collect::<Vec<_>>());
    came.into_iter().flatten().collect()
}

impl Ends {
    pub fn have(&self, rest: &Rest) -> Result<()> {
        ensure!(self.0.contains(rest), "no uncut run ends like this: {}", self.odd(rest));
        Ok(())
    }

    /// What the nearest of them has not, and what it lacks.
    fn odd(&self, rest: &Rest) -> String {
        let nearest = self.0.iter().min_by_key(|end| end.symmetric_difference(rest).count());
        let Some(nearest) = nearest else { return "there is none".to_owned() };
        let lines = |sign: &str, lines: Vec<&String>| {
            lines.iter().map(|line| format!("\n  {sign} {line}")).collect::<String>()
        };
        let more = lines("+", rest.difference(nearest).collect());
        format!("{more}{}", lines("-", nearest.difference(rest).collect()))
    }
}
