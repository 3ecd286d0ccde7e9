//! One cut a run: every command at every call, and each that can follow it.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::ends::{AFTER_ONE, Ends};
use super::outcome;
use super::run::{Came, Follow, Turn, run};
use super::scenes::{SCENES, Scene};
use super::wire::Cut;

/// While a challenge runs, and when it has been decided.
pub const LATE: Duration = Duration::from_secs(3);
pub const LATER: Duration = Duration::from_secs(12);

pub struct Job {
    pub scene: &'static Scene,
    nth: usize,
    cut: Cut,
    follow: Follow,
}

impl Job {
    pub fn name(&self) -> String {
        let Job { scene, nth, cut, follow } = self;
        format!("{}/{nth}/{cut:?}/{follow:?}", scene.name)
    }

    pub fn run(&self, ends: &Ends) -> Result<Came> {
        let turns = [Turn::cut(Follow::Same, self.nth, self.cut), Turn::uncut(self.follow)];
        let came = run(self.scene, &turns)?;
        ensure!(came.took[0].was_cut(), "the call never came");
        outcome::judge(self.scene, &came)?;
        ends.have(&came.rest)?;
        Ok(came)
    }
}

/// Two cuts that leave the same cluster at the same instant are one. A read that is answered 504 is
/// read again, whatever follows: one of the five has to do.
pub fn jobs() -> Vec<Job> {
    let mut jobs = Vec::new();
    for (scene, whole) in SCENES.iter().zip(&AFTER_ONE.whole) {
        let mut left = HashSet::new();
        for (nth, made) in whole.took[0].made.iter().enumerate() {
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
