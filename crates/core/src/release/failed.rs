//! Requests that failed since a switch, among others that were answered.

use jiff::Timestamp;

use super::probe_result::{LATELY, is_lasting};

/// How many requests failed since the switch.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Failed {
    pub requests: u64,
    pub failures: u64,
    /// The last failure.
    pub said: Option<String>,
    /// Whether it was for asking too often, as far as that can be told.
    pub is_limit: bool,
    /// Those that go on.
    pub spell: Option<Spell>,
}

/// Failures among answers, never so many answers in a row that they are over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spell {
    pub since: Timestamp,
    pub at: Timestamp,
    pub failures: u64,
    /// How many answers have come since the last of them.
    pub answers: usize,
}

impl Failed {
    /// One more request, and how it failed if it did.
    pub fn note(&mut self, failure: Option<String>, at: Timestamp) {
        self.requests += 1;
        let Some(said) = failure else {
            self.spell = self.spell.take().and_then(|spell| {
                let answers = spell.answers + 1;
                (answers < LATELY).then_some(Spell { answers, ..spell })
            });
            return;
        };
        self.fails(said, at);
    }

    /// One more request, and whoever answered asks to come again later: that is no failure that goes on.
    pub fn put_off(&mut self, said: String) {
        self.requests += 1;
        self.failures += 1;
        (self.said, self.is_limit) = (Some(said), true);
    }

    /// How a request failed that is counted already.
    pub fn fails(&mut self, said: String, at: Timestamp) {
        self.failures += 1;
        (self.said, self.is_limit) = (Some(said), false);
        let (since, failures) = match &self.spell {
            Some(spell) => (spell.since, spell.failures + 1),
            None => (at, 1),
        };
        self.spell = Some(Spell { since, at, failures, answers: 0 });
    }

    /// What goes on for longer than a hiccup.
    pub(super) fn lasting(&self) -> Option<&str> {
        let spell = self.spell.as_ref()?;
        let is_lasting = is_lasting(spell.failures, spell.at.duration_since(spell.since));
        self.said.as_deref().filter(|_| is_lasting)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// So often in turn, ten a second: failures, and then answers.
    fn heard(turns: usize, failures: usize, answers: usize) -> Failed {
        let (mut failed, mut at) = (Failed::default(), Timestamp::UNIX_EPOCH);
        for nth in 0..turns * (failures + answers) {
            let fails = nth % (failures + answers) < failures;
            failed.note(fails.then(|| "502 Bad Gateway".to_owned()), at);
            at += SignedDuration::from_millis(100);
        }
        failed
    }

    #[test]
    fn what_fails_again_and_again_is_no_hiccup() {
        for (turns, failures, answers, lasting) in [
            (26, 1, 1, true),
            (24, 1, 1, false),
            (51, 1, 0, true),
            (50, 1, 0, false),
            (9, 1, 9, false),
            (11, 1, 9, true),
            (90, 5, 10, false),
            (5, 10, 9, true),
        ] {
            let failed = heard(turns, failures, answers);
            assert_eq!(failed.lasting().is_some(), lasting, "{turns} {failures} {answers}");
            assert_eq!(failed.spell.is_some(), answers < LATELY, "{turns} {failures} {answers}");
            assert_eq!(failed.failures, (turns * failures) as u64);
            assert_eq!(failed.requests, (turns * (failures + answers)) as u64);
        }
    }
}
