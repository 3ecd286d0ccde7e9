//! Before a version is taken away, and after it: whether anybody else than the one that stays still answers.

use jiff::Timestamp;

use super::arrive::sight;
use super::{Context, Next, WaitFor, later};
use crate::model::Colour;
use crate::release::condition::{Aim, Condition, Need};
use crate::release::{Cause, Confirmed, Release, Sight};

/// So long a process that goes on with a release waits until it has heard something.
pub const FIRST_WORD_SECONDS: u64 = 20;

/// So long failures that have just begun are heard at a time.
const STILL_SECONDS: u64 = 5;

/// Who answers besides the version that stays.
pub struct Others {
    /// That nobody does, and enough has been heard to say so.
    pub condition: Condition,
    stays: Colour,
    said: Option<String>,
}

/// `since`: when nobody else had to answer any more.
pub fn of(cx: Context, release: &Release, stays: Colour, since: Timestamp) -> Others {
    let since = cx.since(since);
    let said = sight(cx, release).and_then(|s| s.astray(stays, &release.answered));
    let failing = sight(cx, release).and_then(|s| s.is_failing(&release.answered));
    let until = match (&said, &failing) {
        (Some(_), _) => Some(later(since, release.timeout_seconds)),
        // It has just begun, and may go on.
        (None, Some(_)) => Some(later(cx.now, STILL_SECONDS)),
        (None, None) => first_words(cx, release, since),
    };
    let now = match (said.as_ref().or(failing.as_ref()), until) {
        (Some(said), _) => said.clone(),
        (None, Some(_)) => "too few answers to tell".to_owned(),
        (None, None) => "none".to_owned(),
    };
    let wanted = "none through the ingress";
    let condition = Condition::new(Need::NotAsked, until.is_none(), now, wanted).until(until);
    Others { condition: cx.heard(condition), stays, said }
}

impl Others {
    /// Waits as long as anybody does, and gives up at the timeout. `kept`: what can't be done to the version
    /// that was to be taken away, which is of this colour.
    pub fn next(self, cx: Context, aim: Aim, colour: Colour, kept: &str) -> Option<Next> {
        let until = self.condition.until;
        if cx.all(aim, [self.condition]) {
            return None;
        }
        let on = match self.said {
            None => WaitFor::Drain { colour },
            Some(said) if until.is_some_and(|until| cx.now >= until) => {
                return Some(cx.stopped(Cause::NotArrived, format!("{kept}: {said}")));
            }
            Some(said) => {
                WaitFor::Arrival { colour: self.stays, by: Confirmed::Probe, why: Some(said) }
            }
        };
        Some(Next::Wait { until, on })
    }
}

/// Until when this process listens at least, if it has not heard enough yet: whoever takes a release up
/// knows nothing of it.
pub fn first_words(cx: Context, release: &Release, since: Timestamp) -> Option<Timestamp> {
    let is_heard_out = |sight: &Sight| sight.is_heard_out(&release.answered);
    let until = later(since, FIRST_WORD_SECONDS);
    let is_deaf = !cx.s.memory.asks || cx.now >= until;
    (!is_deaf && !sight(cx, release).is_some_and(is_heard_out)).then_some(until)
}
