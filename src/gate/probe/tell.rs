//! Which version answers, by what was learnt of the old one before the switch. Pure.
//!
//! What the new version says can't be known beforehand, so it is known by what the old one never
//! said. An answer that the old one may have given is the old one's, unless for long nothing else
//! comes: then both say the same, or the switch does not arrive, and it can't be told which.
//!
//! Each Ingress has a patch of its own, and the controller may take one in seconds after another; what is
//! behind another address may be another controller. So a rule that is new says something for the
//! other rules of its Ingress at its address, and of no others.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::answer::Heard;
use super::baseline::{Baseline, Known};
use crate::release::Sight;

/// When every answer has been one of the old version's for so long after the switch, both versions
/// answer alike. Longer than a switch took to arrive where it was measured: 7 s with a controller
/// that has 300 Ingresses.
const ALIKE: SignedDuration = SignedDuration::from_secs(10);

/// Several rules or addresses, told apart each for itself.
pub struct Tell {
    asked: Vec<Asked>,
    /// The Ingresses of the app that are not asked.
    unasked: Vec<String>,
    /// Why there is nothing to ask, if there isn't.
    nothing: String,
}

struct Asked {
    name: String,
    /// Ingress and address.
    way: String,
    baseline: Baseline,
    /// When something was heard last.
    heard: Timestamp,
    switched: Option<Switched>,
}

/// What came after the switch.
struct Switched {
    known: Result<Known, String>,
    /// The last time that an answer was new or nobody answered; else the switch.
    other: Timestamp,
    /// When the first came of the new answers that came last, and how many they are.
    new: Option<(Timestamp, u64)>,
    /// The last that was not new: when it came, and what it said.
    old: (Timestamp, String),
}

/// What one rule shows.
enum Shows {
    Nothing(String),
    Old(Timestamp, String),
    New(Timestamp, u64),
}

impl Tell {
    /// `rules`: name and way of each; `replicas`: of the old version.
    pub fn new(
        rules: Vec<(String, String)>,
        unasked: Vec<String>,
        nothing: String,
        replicas: u64,
    ) -> Tell {
        let asked = rules.into_iter().map(|(name, way)| Asked {
            name,
            way,
            baseline: Baseline::new(replicas),
            heard: Timestamp::MIN,
            switched: None,
        });
        Tell { asked: asked.collect(), unasked, nothing }
    }

    /// From here on the new version may answer.
    pub fn switch(&mut self, at: Timestamp) {
        for asked in &mut self.asked {
            let known = if asked.baseline.is_empty() {
                Err("nothing was asked before the switch".to_owned())
            } else {
                asked.baseline.learn()
            };
            let old = (at, "nothing heard since the switch".to_owned());
            asked.switched = Some(Switched { known, other: at, new: None, old });
        }
    }

    pub fn note(&mut self, nth: usize, heard: Heard, at: Timestamp) {
        let asked = &mut self.asked[nth];
        asked.heard = at;
        match &mut asked.switched {
            None => asked.baseline.note(heard),
            Some(switched) => switched.note(heard, at),
        }
    }

    /// Whether there is something to learn from asking this one.
    pub fn wants(&self, nth: usize) -> Wants {
        let asked = &self.asked[nth];
        match &asked.switched {
            Some(switched) if switched.known.is_err() => Wants::Nothing,
            Some(_) => Wants::Answers,
            None if asked.baseline.is_full() || asked.baseline.is_hopeless() => Wants::News,
            None => Wants::Answers,
        }
    }

    /// None as long as too little was asked to say. Before the switch it is old, or blind if that will
    /// not be told from new.
    pub fn sight(&self) -> Option<Sight> {
        let mut blind = Vec::new();
        let mut old: Option<(Timestamp, String)> = None;
        let mut new: Option<(Timestamp, u64)> = None;
        let mut is_early = false;
        let mut seen = BTreeSet::new();
        for asked in &self.asked {
            match asked.shows() {
                None => is_early = true,
                Some(Shows::Nothing(why)) => {
                    blind.push((&asked.way, format!("{}: {why}", asked.name)));
                }
                Some(Shows::Old(at, said)) => {
                    old = old.max(Some((at, format!("{}: {said}", asked.name))));
                }
                Some(Shows::New(since, answers)) => {
                    let (latest, fewest) = new.unwrap_or((since, answers));
                    new = Some((latest.max(since), fewest.min(answers)));
                    seen.insert(&asked.way);
                }
            }
        }
        if let Some((at, said)) = old {
            return Some(Sight::Old { at, said });
        }
        if is_early {
            return None;
        }
        blind.retain(|(way, _)| !seen.contains(way));
        let unasked = self.unasked.iter().map(|name| format!("Ingress {name} is not asked"));
        let unseen: Vec<String> = blind.into_iter().map(|(_, why)| why).chain(unasked).collect();
        let unseen = (!unseen.is_empty()).then(|| unseen.join("; "));
        Some(match new {
            Some((since, answers)) => Sight::New { since, answers, unseen },
            None if self.asked.is_empty() => Sight::Blind { why: self.nothing.clone() },
            None => Sight::Blind { why: unseen.unwrap_or_default() },
        })
    }
}

/// How much it helps to ask on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wants {
    /// Soon.
    Answers,
    /// Now and then, to hear what has changed.
    News,
    Nothing,
}

impl Asked {
    fn shows(&self) -> Option<Shows> {
        match &self.switched {
            Some(switched) => Some(switched.shows()),
            None => match self.baseline.learn() {
                Ok(_) => Some(Shows::Old(self.heard, self.baseline.last())),
                Err(why) if self.baseline.is_full() || self.baseline.is_hopeless() => {
                    Some(Shows::Nothing(why))
                }
                Err(_) => None,
            },
        }
    }
}

impl Switched {
    fn note(&mut self, heard: Heard, at: Timestamp) {
        let Ok(known) = &self.known else { return };
        match heard {
            Heard::Answer(answer) if known.is_old(&answer) => {
                let said = format!("{}, as before the switch", answer.status());
                (self.old, self.new) = ((at, said), None);
            }
            Heard::Answer(_) => {
                let (since, answers) = self.new.unwrap_or((at, 0));
                (self.new, self.other) = (Some((since, answers + 1)), at);
            }
            Heard::Nobody(why) => {
                (self.old, self.new) = ((at, why), None);
                self.other = at;
            }
        }
    }

    fn shows(&self) -> Shows {
        let (at, said) = &self.old;
        match (&self.known, self.new) {
            (Err(why), _) => Shows::Nothing(why.clone()),
            (_, Some((since, answers))) => Shows::New(since, answers),
            _ if at.duration_since(self.other) >= ALIKE => {
                Shows::Nothing(format!("both versions answer alike, {said}"))
            }
            _ => Shows::Old(*at, said.clone()),
        }
    }
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;
