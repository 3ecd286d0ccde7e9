//! Every driver stands still at every one of its calls, as a suspended process does, until another
//! command has taken its release over: then it writes nothing more.

use anyhow::{Context, Result, bail, ensure};
use http::Method;
use tokio::task::LocalSet;

use super::SEED;
use super::bed::{Bed, in_time};
use super::facts::{Facts, record};
use super::run::{Follow, prepare, tidied};
use super::scenes::{Goal, Scene};
use super::wire::{Cut, Made};
use crate::bed::in_paused_time;

/// Who comes in between.
pub const TAKERS: [Follow; 2] = [Follow::Abort, Follow::Promote];
pub const CUTS: [Cut; 2] = [Cut::Frozen, Cut::FrozenAfter];

/// Returns whether it was taken over.
pub fn frozen(scene: &Scene, nth: usize, cut: Cut, taker: Follow) -> Result<bool> {
    in_paused_time(async {
        let bed = Bed::new(SEED, scene).await?;
        let came = LocalSet::new().run_until(Box::pin(play(&bed, scene, nth, cut, taker))).await;
        bed.is_guarded().and(came)
    })
}

async fn play(bed: &Bed, scene: &Scene, nth: usize, cut: Cut, taker: Follow) -> Result<bool> {
    let driver = prepare(bed, scene).await?;
    let before = reign(bed);
    let wire = bed.cut_wire(nth, cut);
    let command = bed.command(&wire, scene.line, scene.answers);
    // It is not even looked at until it is thawed: its timers do not run either.
    let mut frozen = Box::pin(command.ends());
    tokio::select! {
        biased;
        () = wire.stands() => {}
        ended = &mut frozen => bail!("the call never came: {ended:?}"),
    }
    let held = reign(bed);
    let taken = bed.run(&bed.wire(), &taker.line(scene), scene.answers).await?;
    let (facts, after) = (Facts::of(bed.store()), reign(bed));
    let made = wire.made().len() - usize::from(cut == Cut::Frozen);
    wire.thaw();
    let (code, said) = in_time("the thawed command", frozen).await??;
    // What it makes has no precondition to fail: the next command finds it and removes it.
    let is_written = |made: &Made| {
        let is_creation = made.call.method == Method::POST;
        made.call.is_write()
            && !is_creation
            && made.status.is_some_and(|status| status.is_success())
    };
    let written: Vec<_> = wire.made().into_iter().skip(made).filter(is_written).collect();
    let is_taken = held.1 && held != before && after.0 != held.0;
    let image = Facts::of(bed.store()).image;
    let nothing_to_do = [10, 11].contains(&taken.code);
    if is_taken || !nothing_to_do {
        ensure!(written.is_empty(), "it wrote: {written:#?}\n{}", said.err);
        ensure!(facts.image == image, "the live version has changed");
        ensure!(!is_taken || code == 6, "taken over, it ended with exit {code}: {}", said.err);
    } else {
        ensure!(code == scene.code, "left alone, it ended with exit {code}: {}", said.err);
        ensure!(image == if scene.goal == Goal::New { scene.to } else { scene.from }, "{image}");
    }
    tidied(bed, scene, driver, is_taken).await.context("at last")?;
    Ok(is_taken)
}

/// Which one it is, and whether anybody drives in it: each driver that takes over begins another.
fn reign(bed: &Bed) -> (Option<u64>, bool) {
    let record = record(bed.store()).unwrap_or_default();
    (record["epoch"].as_u64(), record["driver"].is_object())
}
