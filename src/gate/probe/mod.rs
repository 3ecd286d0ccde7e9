//! Learns through the ingress which version answers. It asks as a visitor would, each time on a new
//! connection, and is never told by the app: what the old version says is learnt before the switch,
//! and what it never said is the new one's.

mod answer;
mod ask;
mod baseline;
#[cfg(test)]
mod stand_in;
mod target;
mod tell;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

pub use target::{Target, Targets};

use super::Outside;
use crate::release::Sight;
use answer::Heard;
use ask::Asker;
use tell::{Tell, Wants};

/// From one request to the next of the same rule, which waits for the one before.
#[derive(Clone, Copy)]
struct Pace {
    round: Duration,
    /// Before the switch, after a request that failed: it may have been one too many.
    failed: Duration,
    /// Before the switch, when everything has been learnt.
    idle: Duration,
}

const PACE: Pace = Pace {
    round: Duration::from_millis(100),
    failed: Duration::from_secs(1),
    idle: Duration::from_secs(10),
};

/// Asks all targets, each at its own pace, for as long as somebody waits for `next`.
pub struct Prober {
    pace: Pace,
    asked: Vec<Asked>,
    asks: JoinSet<(usize, Heard)>,
    tell: Tell,
    is_switched: bool,
    /// What was returned last.
    told: Option<Sight>,
}

struct Asked {
    asker: Arc<Asker>,
    started: Instant,
    /// When it is asked next; none while it is being asked, or if that is of no use any more.
    due: Option<Instant>,
}

impl Prober {
    /// `replicas`: of the old version.
    pub fn new(found: Targets, replicas: u64, outside: &Outside) -> Result<Prober, String> {
        let rules = found.targets.iter().map(|target| (target.to_string(), target.way())).collect();
        let nothing = match found.left_out.as_slice() {
            [] => "no rule of an Ingress can be asked".to_owned(),
            reasons => reasons.join("; "),
        };
        let now = Instant::now();
        let asked = found.targets.into_iter().map(|target| {
            let asker = Arc::new(Asker::new(target, outside)?);
            Ok(Asked { asker, started: now, due: Some(now) })
        });
        Ok(Prober {
            pace: PACE,
            asked: asked.collect::<Result<_, String>>()?,
            asks: JoinSet::new(),
            tell: Tell::new(rules, found.unasked, nothing, replicas),
            is_switched: false,
            told: None,
        })
    }

    /// Returns when there is something new to know: a sight of another kind, or one that says
    /// something else, or new answers that have become enough. May be dropped at any time and called
    /// again. Before the switch it returns `Old` when it will be able to tell.
    pub async fn next(&mut self, switched: bool, now: impl Fn() -> Timestamp) -> Sight {
        if switched && !self.is_switched {
            self.switch(now());
        }
        // Who answers after a switch back can't be learnt: it may be either for a while.
        if self.is_switched && !switched {
            return pending().await;
        }
        loop {
            if let Some(sight) = self.news(now()) {
                self.told = Some(sight.clone());
                return sight;
            }
            self.ask_what_is_due();
            let due = self.asked.iter().filter_map(|asked| asked.due).min();
            tokio::select! {
                Some(done) = self.asks.join_next() => {
                    // Or the switch would never be seen to arrive: a target with no answer is not asked again.
                    let (nth, heard) = done.expect("asking does not panic");
                    self.heard(nth, heard, now());
                }
                () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {}
                else => return pending().await,
            }
        }
    }

    fn switch(&mut self, at: Timestamp) {
        self.is_switched = true;
        self.tell.switch(at);
        for (nth, asked) in self.asked.iter_mut().enumerate() {
            match self.tell.wants(nth) {
                Wants::Nothing => asked.due = None,
                Wants::Answers | Wants::News => {
                    asked.due = asked.due.map(|_| asked.started + self.pace.round);
                }
            }
        }
    }

    fn ask_what_is_due(&mut self) {
        let now = Instant::now();
        for (nth, asked) in self.asked.iter_mut().enumerate() {
            if asked.due.is_some_and(|due| due <= now) {
                (asked.started, asked.due) = (now, None);
                let asker = Arc::clone(&asked.asker);
                self.asks.spawn(async move { (nth, asker.ask().await) });
            }
        }
    }

    fn heard(&mut self, nth: usize, heard: Heard, at: Timestamp) {
        let is_failure = matches!(heard, Heard::Nobody(_));
        self.tell.note(nth, heard, at);
        let pause = match self.tell.wants(nth) {
            Wants::Nothing => None,
            Wants::News => Some(self.pace.idle),
            Wants::Answers if is_failure && !self.is_switched => Some(self.pace.failed),
            Wants::Answers => Some(self.pace.round),
        };
        let asked = &mut self.asked[nth];
        asked.due = pause.map(|pause| asked.started + pause);
    }

    fn news(&self, now: Timestamp) -> Option<Sight> {
        let sight = self.tell.sight()?;
        let is_known = match (&sight, &self.told) {
            // Beforehand it counts whether they will be told apart, not what they say.
            (Sight::Blind { .. }, Some(Sight::Blind { .. })) if !self.is_switched => true,
            (Sight::Old { .. }, Some(Sight::Old { .. })) if !self.is_switched => true,
            (Sight::Blind { why }, Some(Sight::Blind { why: told })) => why == told,
            (Sight::Old { said, .. }, Some(Sight::Old { said: told, .. })) => said == told,
            (Sight::New { .. }, Some(told @ Sight::New { .. })) => {
                told.is_enough(now) || !sight.is_enough(now)
            }
            _ => false,
        };
        (!is_known).then_some(sight)
    }
}

#[cfg(test)]
#[path = "prober_tests.rs"]
mod tests;
