//! One run: commands one after the other, each from what the one before it has left; all but the last
//! may be cut.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use super::SEED;
use super::bed::{Bed, Ended, in_time};
use super::facts::{Facts, UnderWay};
use super::rest::{self, Rest};
use super::scenes::{Before, REPLACE, Scene};
use super::wire::{Cut, Made};
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

/// A command whose turn it is, and where it is cut.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Turn {
    pub follow: Follow,
    pub cut: Option<(usize, Cut)>,
}

impl Turn {
    pub fn uncut(follow: Follow) -> Turn {
        Turn { follow, cut: None }
    }

    pub fn cut(follow: Follow, nth: usize, cut: Cut) -> Turn {
        Turn { follow, cut: Some((nth, cut)) }
    }

    pub fn all_told(turns: &[Turn]) -> String {
        let told = |turn: &Turn| match turn.cut {
            Some((nth, cut)) => format!("{:?} cut at call {nth}, {cut:?}", turn.follow),
            None => format!("{:?}", turn.follow),
        };
        turns.iter().map(told).collect::<Vec<_>>().join(", then ")
    }

    /// Whether what it sent may be carried out after it.
    fn is_late(&self) -> bool {
        matches!(self.cut, Some((_, Cut::Late(_) | Cut::Orphaned(_))))
    }
}

/// What came of a command.
#[derive(Debug)]
pub struct Took {
    pub turn: Turn,
    /// What it found.
    pub found: Facts,
    pub under_way: Option<UnderWay>,
    /// The calls that it made.
    pub made: Vec<Made>,
    /// How it ended, if it did.
    pub ended: Option<u8>,
    /// What it left.
    pub facts: Facts,
}

impl Took {
    /// Whether the call came at which it was to be: one that is only told of a failure lives on.
    pub fn was_cut(&self) -> bool {
        match self.turn.cut {
            Some((nth, Cut::Late(_))) => self.made.len() > nth,
            Some(_) => self.ended.is_none(),
            None => true,
        }
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Came {
    pub took: Vec<Took>,
    /// At the end, when what was left over has been ended too.
    pub rest: Rest,
}

impl Came {
    pub fn last(&self) -> &Took {
        self.took.last().expect("a run has a command")
    }
}

pub fn run(scene: &Scene, turns: &[Turn]) -> Result<Came> {
    in_paused_time(async {
        let bed = Bed::new(SEED, scene).await?;
        let came = LocalSet::new().run_until(Box::pin(play(&bed, scene, turns))).await;
        let served = bed.is_guarded();
        let came = came?;
        served?;
        Ok(came)
    })
}

async fn play(bed: &Bed, scene: &Scene, turns: &[Turn]) -> Result<Came> {
    let driver = prepare(bed, scene).await?;
    let mut took = Vec::new();
    let mut last = None;
    for (n, turn) in turns.iter().enumerate() {
        let (came, ended) = take(bed, scene, *turn).await?;
        let what = || format!("after command {}, {:?}", n + 1, turn.follow);
        bed.status_is_true().await.with_context(what)?;
        took.push(came);
        last = ended.map(|ended| (turn, ended));
    }
    let (turn, ended) = last.context("the last command is not cut")?;
    again(bed, scene, *turn, &ended).await.context("a further run")?;
    // What was made too late is found by the next command.
    tidied(bed, scene, driver, turns.iter().any(Turn::is_late)).await.context("at last")?;
    Ok(Came { took, rest: rest::of(bed.store()) })
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

/// One command, to its end or its cut.
async fn take(bed: &Bed, scene: &Scene, turn: Turn) -> Result<(Took, Option<Ended>)> {
    let wire = match turn.cut {
        Some((nth, cut)) => bed.cut_wire(nth, cut),
        None => bed.wire(),
    };
    let (found, under_way) = (Facts::of(bed.store()), UnderWay::of(bed.store()));
    let line = turn.follow.line(scene);
    let ended = tokio::select! {
        biased;
        () = wire.stands() => None,
        ended = bed.run(&wire, &line, scene.answers) => Some(ended?),
    };
    let (made, facts) = (wire.made(), Facts::of(bed.store()));
    let code = ended.as_ref().map(|ended| ended.code);
    Ok((Took { turn, found, under_way, made, ended: code, facts }, ended))
}

/// The same once more writes nothing, whether it was done or refused.
async fn again(bed: &Bed, scene: &Scene, turn: Turn, before: &Ended) -> Result<()> {
    if before.code == 6 {
        // Busy: whether it still is has to be asked again, and it may have its turn now.
        return Ok(());
    }
    let (wire, line) = (bed.wire(), turn.follow.line(scene));
    let ended = bed.run(&wire, &line, scene.answers).await?;
    let written: Vec<_> = wire.made().into_iter().filter(|made| made.call.is_write()).collect();
    let begins = line.starts_with("deploy") || line.starts_with("rollback");
    if begins && [3, 5].contains(&before.code) {
        // After a rejection or an abort the same is a new release.
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
