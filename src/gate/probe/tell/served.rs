//! Whether what comes since a switch is the app's. Who asks to come again later, and whoever answers in the
//! app's place, say nothing of a version: but nothing is confirmed as long as only they answer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::answer::{Answer, Feature, Heard};
use super::super::versions::value;
use super::{Apart, Tell, Way, said};
use crate::model::Colour;
use crate::release::{Unserved, Voice, is_lasting};

/// So many of the newest tell who answers now.
const NEWEST: usize = 3;

type Values = BTreeSet<Option<String>>;

/// What may be written down of an answer's features: few, so that a record stays small.
fn parts() -> [(&'static str, Feature); 4] {
    let header = |name: &str| Feature::Header(name.to_owned());
    [
        ("status", Feature::Status),
        ("content-type", header("content-type")),
        ("location", header("location")),
        ("body", Feature::Body),
    ]
}

impl Tell {
    /// By what the app's answers are known there: the parts that, until the switch, were as the version
    /// itself has them. None where no answer of anybody's came.
    pub(super) fn known_by(&self, way: &Way) -> Option<BTreeSet<String>> {
        if way.before.is_empty() {
            return way.known_by.clone();
        }
        let before: Vec<&Answer> =
            way.before.iter().filter_map(|(_, heard)| self.answer(way, heard)).collect();
        if before.is_empty() {
            return None;
        }
        let versions = &self.rules[way.rule].1;
        let known = parts().into_iter().filter(|(_, feature)| {
            // Under another host, or on another way, the rest of an answer may differ.
            if versions.is_lent() && *feature != Feature::Status {
                return false;
            }
            let own = versions.of(self.candidate.other()).closed(feature);
            // More often than not: a single other one was a hiccup.
            own.is_some_and(|own| {
                let alike = before.iter().filter(|it| own.contains(&value(it.says(feature))));
                alike.count() * 2 > before.len()
            })
        });
        let known: BTreeSet<String> = known.map(|(word, _)| word.to_owned()).collect();
        // Who puts other statuses in front of the app may change all else as well.
        Some(if known.contains("status") { known } else { BTreeSet::new() })
    }

    /// An answer that asks nobody to come again, and is no error where answers were.
    fn answer<'a>(&self, way: &Way, heard: &'a Heard) -> Option<&'a Answer> {
        let Heard::Answer(answer) = heard else { return None };
        let is_one = !answer.is_put_off()
            && !self.was_too_often(way, answer)
            && self.voice(way, heard, &Apart::new()) != Voice::Error;
        is_one.then_some(answer)
    }

    /// What those parts may be now, where both versions say the same always.
    fn values(&self, way: &Way, known: &BTreeSet<String>) -> Vec<(Feature, Values)> {
        let versions = &self.rules[way.rule].1;
        let parts = parts().into_iter().filter(|(word, _)| known.contains(*word));
        let both = parts.filter_map(|(_, feature)| {
            let [old, new] = Colour::BOTH.map(|colour| versions.of(colour).closed(&feature));
            Some((feature, old?.into_iter().chain(new?).collect()))
        });
        both.collect()
    }

    /// What comes there now instead of the app's answers, where they came until the switch.
    pub(super) fn unserved(&self, way: &Way, apart: &Apart) -> Option<Unserved> {
        self.wanted?;
        let newest = || way.after.iter().rev().take(NEWEST);
        let is_a_version =
            |heard: &Heard| matches!(self.voice(way, heard, apart), Voice::Version(_));
        if newest().any(|(_, heard)| is_a_version(heard)) {
            return None;
        }
        let known = self.known_by(way).filter(|_| way.reaches())?;
        let values = if apart.is_empty() { self.values(way, &known) } else { Vec::new() };
        let is_the_apps = |heard: &Heard| match self.answer(way, heard) {
            None => false,
            Some(_) if !apart.is_empty() => is_a_version(heard),
            Some(answer) => {
                values.iter().all(|(part, own)| own.contains(&value(answer.says(part))))
            }
        };
        if newest().any(|(_, heard)| is_the_apps(heard)) {
            return None;
        }
        let Some((last, heard)) = way.after.back() else {
            return Some(Unserved { said: None, is_lasting: false });
        };
        let alone = way.after.iter().rev().take_while(|(_, heard)| !is_the_apps(heard));
        let alone: Vec<Timestamp> = alone.map(|(at, _)| *at).collect();
        let since = alone.last().unwrap_or(last);
        let is_lasting = is_lasting(alone.len() as u64, last.duration_since(*since));
        Some(Unserved { said: Some(not_the_apps(heard)), is_lasting })
    }
}

fn not_the_apps(heard: &Heard) -> String {
    match heard {
        Heard::Answer(answer) if answer.is_put_off() => {
            format!("{}, which asks to retry later", said(heard))
        }
        Heard::Answer(_) => format!("{}, which is not the app's answer", said(heard)),
        Heard::Nobody(_) | Heard::Denied(_) => said(heard),
    }
}
