//! One run: a command that is cut, and who goes on from what is left.

use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::bed::{Bed, Ended, in_time};
use super::facts::Facts;
use super::rest::{self, Rest};
use super::scenes::{Before, REPLACE, Scene};
use super::wire::{Cut, Made, Wire};
use crate::acceptance::command::done;
use crate::bed::in_paused_time;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Follow {
    Same,
    Abort,
    Promote,
    Rollback,
    Replace,
}

impl Follow {
    pub const ALL: [Follow; 5] =
        [Follow::Same, Follow::Abort, Follow::Promote, Follow::Rollback, Follow::Replace];

    pub fn line(self, scene: &Scene) -> String {
        match self {
            Follow::Same => scene.line.to_owned(),
            Follow::Abort => "abort parrot".to_owned(),
            Follow::Promote => "promote parrot".to_owned(),
            Follow::Rollback => "rollback parrot --release 1".to_owned(),
            Follow::Replace => REPLACE.to_owned(),
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Way {
    /// The command is not even begun.
    Not,
    /// To its end, with nothing in its way.
    Uncut,
    At(usize, Cut),
}

/// What came of it.
#[derive(Debug)]
pub struct Came {
    /// The calls that the command made.
    pub made: Vec<Made>,
    /// How the command ended, if it did.
    pub ended: Option<u8>,
    pub left: Facts,
    /// How the one that followed ended.
    pub followed: u8,
    pub facts: Facts,
    /// At the end, when what was left over has been ended too.
    pub rest: Rest,
}

pub fn run(scene: &Scene, way: Way, follow: Follow, seed: u64) -> Result<Came> {
    in_paused_time(async {
        let bed = Bed::new(seed).await?;
        let came = LocalSet::new().run_until(Box::pin(play(&bed, scene, way, follow))).await;
        let served = bed.is_guarded();
        let came = came?;
        served?;
        Ok(came)
    })
}

async fn play(bed: &Bed, scene: &Scene, way: Way, follow: Follow) -> Result<Came> {
    let driver = prepare(bed, scene).await?;
    let wire = match way {
        Way::At(nth, cut) => bed.cut_wire(nth, cut),
        Way::Not | Way::Uncut => bed.wire(),
    };
    let ended = match way {
        Way::Not => None,
        _ => cut(bed, scene, &wire).await?,
    };
    if let Some(code) = ended {
        ensure!(code == scene.code, "it ended with exit {code}");
    }
    bed.status_is_true().await.context("after the cut")?;
    let left = Facts::of(bed.store());
    let line = follow.line(scene);
    let followed = bed.run(&bed.wire(), &line, scene.answers).await?;
    bed.status_is_true().await.context("after what followed")?;
    let facts = Facts::of(bed.store());
    again(bed, &line, scene, &followed).await.context("a further run")?;
    // What was made too late is found by the next command.
    let is_late = matches!(way, Way::At(_, Cut::Late(_) | Cut::Orphaned(_)));
    tidied(bed, scene, driver, is_late).await.context("at last")?;
    Ok(Came {
        made: wire.made(),
        ended,
        left,
        followed: followed.code,
        facts,
        rest: rest::of(bed.store()),
    })
}

pub type Driver = JoinHandle<Result<u8>>;

pub async fn prepare(bed: &Bed, scene: &Scene) -> Result<Option<Driver>> {
    let mut driver = None;
    for before in scene.before {
        match before {
            Before::Ran(line) => bed.ok(line).await?,
            Before::Killed(line, step) => {
                bed.command(&bed.wire(), line, &[]).killed_at(done(step)).await?;
            }
            Before::Drives(line, event) => {
                let command = Rc::new(bed.command(&bed.wire(), line, scene.answers));
                let running = Rc::clone(&command);
                driver = Some(spawn_local(async move { Ok(running.ends().await?.0) }));
                command.comes(|said| event.is(said)).await?;
            }
        }
    }
    Ok(driver)
}

/// The command, to its end or its cut.
async fn cut(bed: &Bed, scene: &Scene, wire: &Arc<Wire>) -> Result<Option<u8>> {
    let command = bed.command(wire, scene.line, scene.answers);
    let ended = in_time(scene.line, async {
        tokio::select! {
            biased;
            () = wire.stands() => Ok(None),
            ended = command.ends() => ended.map(|(code, _)| Some(code)),
        }
    });
    ended.await?
}

/// The same once more writes nothing, whether it was done or refused.
async fn again(bed: &Bed, line: &str, scene: &Scene, before: &Ended) -> Result<()> {
    if before.code == 6 {
        // Busy: whether it still is has to be asked again, and it may have its turn now.
        return Ok(());
    }
    let wire = bed.wire();
    let ended = bed.run(&wire, line, scene.answers).await?;
    let written: Vec<_> = wire.made().into_iter().filter(|made| made.call.is_write()).collect();
    if scene.code == 3 && ended.code == 3 {
        // After a rejection the same deploy is a new release.
        return Ok(());
    }
    let code = ended.code;
    ensure!(written.is_empty(), "exit {}, then {code}: {written:#?}\n{before:#?}", before.code);
    Ok(())
}

/// Whatever is still under way is ended, and what was made too late removed.
pub async fn tidied(bed: &Bed, scene: &Scene, driver: Option<Driver>, is_late: bool) -> Result<()> {
    bed.calm().await;
    if scene.before.is_empty() {
        bed.ok("init parrot").await?;
    }
    if is_late || Facts::of(bed.store()).release.is_some() {
        let ended = bed.run(&bed.wire(), "abort parrot", &[]).await?;
        ensure!([0, 11].contains(&ended.code), "abort: {ended:#?}");
    }
    if let Some(driver) = driver {
        let code = in_time("the driver", driver).await???;
        ensure!([0, 5].contains(&code), "the driver ended with exit {code}");
    }
    bed.calm().await;
    let facts = Facts::of(bed.store());
    ensure!(facts.release.is_none() && !facts.driven && facts.agree, "{facts:?}");
    Ok(())
}
