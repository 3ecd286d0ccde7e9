//! What a command may come to, whatever it finds: what it is for, an ending that somebody decided
//! before it, or a refusal that leaves everything as it was.

use anyhow::{Result, ensure};

use crate::acceptance::field::{V1, V2, V3};
use crate::cuts::facts::UnderWay;
use crate::cuts::run::{Came, Follow, Took};
use crate::cuts::scenes::Scene;

pub fn judge(scene: &Scene, came: &Came) -> Result<()> {
    for (n, took) in came.took.iter().enumerate() {
        let Some(code) = took.ended else { continue };
        let Took { found, under_way, facts, .. } = took;
        let what = took.turn.follow;
        ensure!(
            may(scene, took, code),
            "command {}, {what:?}, exit {code}: {found:?} with {under_way:?} became {facts:?}",
            n + 1
        );
    }
    Ok(())
}

fn may(scene: &Scene, took: &Took, code: u8) -> bool {
    let Took { turn, found, under_way, facts, .. } = took;
    let line = turn.follow.line(scene);
    let verb = line.split(' ').next().unwrap_or_default();
    let rests = |image: &str| {
        facts.release.is_none() && !facts.driven && facts.agree && facts.image == image
    };
    let untouched = facts.image == found.image && facts.release == found.release;
    // The version that serves if the release in progress does not go live.
    let old = under_way.as_ref().map_or(&found.image, |release| &release.from);
    let led = under_way.as_ref().is_some_and(|release| {
        let goes = release.ending.is_some();
        facts.image == release.from || !goes && facts.image == release.image
    });
    let ends = |as_what: &[&str]| {
        let ending = under_way.as_ref().and_then(|release| release.ending.as_deref());
        ending.is_some_and(|ending| as_what.contains(&ending)) && rests(old)
    };
    match (verb, code) {
        (_, 10) => scene.before.is_empty() && verb != "init" && untouched,
        // A driver that lives may have led people on, or back, meanwhile.
        (_, 11) if untouched || scene.has_driver() && led => true,
        ("init", 0) => untouched || found.image.is_empty() && rests(V1),
        ("deploy", 0) if line.contains(" --detach") && facts.release.is_some() => {
            !facts.driven && facts.image == *old
        }
        ("deploy", 0) => rests(if turn.follow == Follow::Replace { V3 } else { V2 }),
        ("rollback", 0) => rests(V1),
        ("promote", 0) => under_way
            .as_ref()
            .is_some_and(|UnderWay { image, ending, .. }| ending.is_none() && rests(image)),
        ("abort", 0) => rests(old),
        ("abort", 11) => ends(&["rejected", "unhealthy"]),
        ("deploy" | "rollback" | "promote", 3) => {
            ends(&["rejected"]) || scene.code == 3 && turn.follow == Follow::Same && rests(old)
        }
        ("deploy" | "rollback" | "promote", 5) => ends(&["aborted"]),
        ("deploy", 6) => scene.has_driver() && (untouched || led),
        _ => false,
    }
}
