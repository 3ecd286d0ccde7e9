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
    /// Whether some failed before the switch as well.
    pub is_flaky: bool,
    /// Those that go on.
    pub spell: Option<Spell>,
}

/// Failures among answers, never so many answers in a row between them that they are over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spell {
    pub since: Timestamp,
    pub at: Timestamp,
    pub failures: u64,
    /// How many requests it has had.
    pub requests: u64,
    /// How many answers have come since the last of them.
    pub answers: usize,
}

/// So many answers in a row end all but what fails once in a while.
const MOST: u64 = 100;
/// So many times as many answers as came between two failures, and it is chance but once in a thousand times.
const TIMES: u64 = 7;

impl Spell {
    /// How many answers in a row end it: the less often it fails, the more come in a row by chance.
    fn ends_after(&self, is_flaky: bool) -> u64 {
        let few = LATELY as u64;
        let most = if is_flaky { few } else { MOST };
        let until_then = self.requests - self.answers as u64;
        (TIMES * until_then / self.failures.max(1)).clamp(few, most)
    }
}

impl Failed {
    /// One more request, and how it failed if it did.
    pub fn note(&mut self, failure: Option<String>, at: Timestamp) {
        self.requests += 1;
        if let Some(spell) = &mut self.spell {
            spell.requests += 1;
        }
        let Some(said) = failure else {
            if let Some(spell) = &mut self.spell {
                spell.answers += 1;
            }
            let is_flaky = self.is_flaky;
            self.spell = self
                .spell
                .take()
                .filter(|spell| (spell.answers as u64) < spell.ends_after(is_flaky));
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
        let begun = Spell { since: at, at, failures: 0, requests: 1, answers: 0 };
        let spell = self.spell.get_or_insert(begun);
        (spell.at, spell.failures, spell.answers) = (at, spell.failures + 1, 0);
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
    fn what_failed_before_as_well_is_over_sooner() {
        let mut failed = heard(20, 4, 9);
        failed.is_flaky = true;
        failed.note(None, Timestamp::UNIX_EPOCH);
        assert_eq!(failed.spell, None);
    }

    #[test]
    fn what_fails_again_and_again_is_no_hiccup() {
        for (turns, failures, answers, lasting, is_over) in [
            (26, 1, 1, true, false),
            (24, 1, 1, false, false),
            (51, 1, 0, true, false),
            (50, 1, 0, false, false),
            (1, 1, 9, false, false),
            (1, 1, 10, false, true),
            (1, 3, 10, false, true),
            (9, 1, 9, false, false),
            (11, 1, 9, true, false),
            // Ten in a row come by chance, where a third fails.
            (20, 4, 9, true, false),
            (9, 5, 100, false, true),
        ] {
            let failed = heard(turns, failures, answers);
            assert_eq!(failed.lasting().is_some(), lasting, "{turns} {failures} {answers}");
            assert_eq!(failed.spell.is_none(), is_over, "{turns} {failures} {answers}");
            assert_eq!(failed.failures, (turns * failures) as u64);
            assert_eq!(failed.requests, (turns * (failures + answers)) as u64);
        }
    }
}
