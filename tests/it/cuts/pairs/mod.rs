//! Two cuts a run: a command is cut, then the one that follows it is cut too, and a third goes on.
//! Drawn from a seed, since there are millions.

pub mod outcome;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use super::each::{LATE, LATER};
use super::ends::{AFTER_ONE, after_two};
use super::run::{Came, Follow, Turn, run};
use super::scenes::{Scene, of_pairs};
use super::wire::{Cut, Made};

/// Other seeds, and how many pairs: `SEED` or `SEED:COUNT`; the seed may be `random`.
pub const VARIABLE: &str = "BLUEGREEN_PAIRS";
const SEED: u64 = 1;
const COUNT: u64 = 40;

/// The seed of the first, and how many.
pub fn asked() -> Result<(u64, u64)> {
    let Ok(given) = std::env::var(VARIABLE) else { return Ok((SEED, COUNT)) };
    let what = || format!("{VARIABLE} is SEED:COUNT");
    let (seed, count) = given.split_once(':').unwrap_or((&given, ""));
    let count = if count.is_empty() { COUNT } else { count.parse().with_context(what)? };
    let seed = match seed {
        "random" => fastrand::u64(..1_000_000),
        seed => seed.parse().with_context(what)?,
    };
    Ok((seed, count))
}

/// The one that this seed draws. Which calls the second command makes is known only once the first
/// was cut: that it then goes on to its end is a run as well.
pub fn run_drawn(seed: u64) -> Result<Came> {
    let mut random = Rng::with_seed(seed);
    let n = random.usize(..of_pairs().len());
    let (scene, whole) = (&of_pairs()[n], &AFTER_ONE.whole[n].took[0].made);
    let (nth, cut) = drawn(&mut random, whole);
    let first = Turn::cut(Follow::Same, nth, cut);
    let [then, last] = [(); 2].map(|()| Follow::ALL[random.usize(..Follow::ALL.len())]);
    let came = judged(scene, &[first, Turn::uncut(then), Turn::uncut(last)])?;
    let (nth, cut) = drawn(&mut random, &came.took[1].made);
    judged(scene, &[first, Turn::cut(then, nth, cut), Turn::uncut(last)])
}

/// As often a write as any call.
fn drawn(random: &mut Rng, made: &[Made]) -> (usize, Cut) {
    let writes = made.iter().enumerate().filter(|(_, made)| made.call.is_write());
    let writes: Vec<usize> = writes.map(|(nth, _)| nth).collect();
    let nth = match writes.len() {
        0 => random.usize(..made.len()),
        _ if random.bool() => random.usize(..made.len()),
        count => writes[random.usize(..count)],
    };
    let cuts =
        [Cut::Before, Cut::After, Cut::Late(LATE), Cut::Orphaned(LATE), Cut::Orphaned(LATER)];
    (nth, cuts[random.usize(..cuts.len())])
}

fn judged(scene: &Scene, turns: &[Turn; 3]) -> Result<Came> {
    let [then, last] = [turns[1].follow, turns[2].follow];
    let judge = || {
        let came = run(scene, turns)?;
        for took in &came.took {
            ensure!(took.was_cut(), "the call of {:?} never came", took.turn.follow);
        }
        outcome::judge(scene, &came)?;
        AFTER_ONE.ends.have(&came.rest).or_else(|_| after_two([then, last]).have(&came.rest))?;
        Ok(came)
    };
    judge().with_context(|| format!("{}: {}", scene.name, Turn::all_told(turns)))
}
