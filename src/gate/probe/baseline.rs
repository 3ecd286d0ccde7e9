//! What the old version answers while nobody else does, and by what it will be known. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::answer::{Answer, Feature, Heard};

/// So many answers at least tell what a version always says.
const FEW: usize = 20;
/// For each pod, where answers differ from pod to pod: that one of them has answered none of so
/// many happens to one app in three thousand.
const A_POD: usize = 8;
/// No more are kept: what was said long ago may not be said any more.
const KEPT: usize = 200;
/// So many failures in a row say that there is nothing to learn for now.
const HOPELESS: usize = 5;

/// The newest answers of the old version, through one rule of the Ingress.
pub struct Baseline {
    heard: VecDeque<Heard>,
    /// So many answers without a new value, and a feature that has several has no more.
    enough: usize,
}

/// What the old version is known by: the values that features have which have no others.
#[derive(Debug)]
pub struct Known(BTreeMap<Feature, BTreeSet<Option<String>>>);

impl Baseline {
    pub fn new(replicas: u64) -> Baseline {
        let replicas = usize::try_from(replicas).unwrap_or(usize::MAX);
        Baseline { heard: VecDeque::new(), enough: replicas.saturating_mul(A_POD).max(FEW) }
    }

    pub fn note(&mut self, heard: Heard) {
        // What starts to answer is learnt afresh.
        if self.is_hopeless() && matches!(heard, Heard::Answer(_)) {
            self.heard.clear();
        }
        if self.heard.len() == KEPT {
            self.heard.pop_front();
        }
        self.heard.push_back(heard);
    }

    pub fn is_empty(&self) -> bool {
        self.heard.is_empty()
    }

    /// Whether more would not help.
    pub fn is_full(&self) -> bool {
        self.heard.len() >= self.enough.saturating_add(FEW).min(KEPT)
    }

    pub fn is_hopeless(&self) -> bool {
        let mut newest = self.heard.iter().rev().take(HOPELESS);
        self.heard.len() >= HOPELESS && newest.all(|heard| matches!(heard, Heard::Nobody(_)))
    }

    fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.heard.iter().filter_map(|heard| match heard {
            Heard::Answer(answer) => Some(answer),
            Heard::Nobody(_) => None,
        })
    }

    fn failures(&self) -> impl Iterator<Item = &str> {
        self.heard.iter().filter_map(|heard| match heard {
            Heard::Answer(_) => None,
            Heard::Nobody(why) => Some(why.as_str()),
        })
    }

    /// The last answer's status, or why there was none.
    pub fn last(&self) -> String {
        match self.heard.back() {
            Some(Heard::Answer(answer)) => answer.status().to_string(),
            Some(Heard::Nobody(why)) => why.clone(),
            None => String::new(),
        }
    }

    /// What the old version is known by, or why it can't be.
    pub fn learn(&self) -> Result<Known, String> {
        let (all, failures) = (self.heard.len(), self.failures().count());
        // If requests failed before the switch, those that fail after it say nothing.
        if let Some(last) = self.failures().last().filter(|_| failures * 10 > all) {
            return Err(format!("{failures} of {all} requests failed before the switch: {last}"));
        }
        let answers: Vec<&Answer> = self.answers().collect();
        if answers.len() < FEW {
            return Err(format!("only {} answers came before the switch", answers.len()));
        }
        let features: BTreeSet<&Feature> =
            answers.iter().flat_map(|answer| answer.features()).collect();
        let closed = features.into_iter().filter_map(|feature| {
            let values: Vec<_> = answers.iter().map(|answer| answer.value(feature)).collect();
            self.closed(&values).map(|values| (feature.clone(), values))
        });
        let known: BTreeMap<_, _> = closed.collect();
        if known.is_empty() {
            return Err("no two answers were alike before the switch".to_owned());
        }
        Ok(Known(known))
    }

    /// The values of a feature, if it has no others: none came but once, and none for the first time
    /// of late. So the names of three pods are a closed set; a counter, a clock, an id of the request
    /// is not, for each brings new ones for ever.
    fn closed(&self, values: &[Option<&str>]) -> Option<BTreeSet<Option<String>>> {
        let mut counts: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        let mut since_new = 0;
        for value in values {
            let count = counts.entry(*value).or_default();
            *count += 1;
            since_new = if *count == 1 { 1 } else { since_new + 1 };
        }
        let enough = if counts.len() == 1 { FEW } else { self.enough };
        let is_closed = since_new >= enough && counts.values().all(|count| *count > 1);
        is_closed.then(|| counts.into_keys().map(|value| value.map(str::to_owned)).collect())
    }
}

impl Known {
    /// Whether the old version may have said this.
    pub fn is_old(&self, answer: &Answer) -> bool {
        self.0.iter().all(|(feature, values)| {
            values.iter().any(|value| value.as_deref() == answer.value(feature))
        })
    }
}
