//! What a command may come to that finds what another one has left: what it is for, or a refusal.

use anyhow::{Result, ensure};

use super::facts::Facts;
use super::run::{Came, Follow, Took};
use super::scenes::{Goal, Scene};
use crate::acceptance::field::{V1, V3};

pub fn judge(scene: &Scene, came: &Came) -> Result<()> {
    for took in came.took.iter().rev().skip(1) {
        let ended = took.ended;
        ensure!(ended.is_none_or(|code| code == scene.code), "it ended with exit {ended:?}");
    }
    let Took { turn, found: left, facts, ended, .. } = came.last();
    let follow = turn.follow;
    let followed = ended.expect("the last command is not cut");
    let is_over = facts.release.is_none() && !facts.driven && facts.agree;
    let rests = |image: &str| is_over && facts.image == image;
    let untouched = facts.image == left.image && facts.release == left.release;
    // A driver that lives may have ended the release meanwhile.
    let refused = untouched || scene.has_driver() && is_over;
    let is_fine = match (follow, followed) {
        (_, 10) => scene.before.is_empty() && follow != Follow::Same && untouched,
        (Follow::Same, code) if code == scene.code => match scene.goal {
            Goal::Old => rests(scene.from),
            Goal::New => rests(scene.to),
            Goal::Waits => !facts.driven && facts.release.is_some() && facts.image == scene.from,
        },
        // Of what is done already there is nothing to do.
        (Follow::Same, 11) => match scene.line.split(' ').next() {
            Some("promote") => rests(scene.to),
            Some("abort") => rests(scene.from),
            _ => false,
        },
        (Follow::Abort, 0) => rests(scene.from),
        (Follow::Abort, 11) => is_over && (refused || ends(scene, left)),
        (Follow::Promote, 0) => rests(scene.to) && left.release.is_some(),
        // There is none, it is over, or only a deploy has the template to make its candidate.
        (Follow::Promote, 11) => refused,
        // The decision that the candidate goes has been made.
        (Follow::Promote, 3) => rests(scene.from) && scene.code == 3,
        (Follow::Promote, 5) => rests(scene.from) && scene.line.starts_with("abort"),
        (Follow::Rollback, 0) => rests(V1),
        (Follow::Rollback, 11) => refused,
        (Follow::Replace, 0) => rests(V3),
        (Follow::Replace, 6) => scene.has_driver(),
        _ => false,
    };
    ensure!(is_fine, "exit {followed} of {follow:?}: {left:?} became {facts:?}");
    Ok(())
}

/// Whether an ending may have been decided: then there is no more to abort.
fn ends(scene: &Scene, left: &Facts) -> bool {
    scene.code == 3 && left.release.is_some()
}
