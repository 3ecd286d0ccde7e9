//! What the answers at one address show: whose they are, and which version's.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;

use super::super::answer::{Answer, Heard};
use super::super::pacing::may_be_a_limit;
use super::super::versions::{Apart, value};
use super::{FEW, Tell, Way};
use crate::model::Colour;
use crate::release::{LATELY, Rule, Streak, Telling, Voice};

/// Fewer errors before a switch are a hiccup: whether it is always answered so is not known.
const SOME: usize = 3;

impl Tell {
    /// What one way shows.
    pub fn rule_at(&self, way: usize, now: Timestamp) -> Rule {
        self.rule(&self.ways[way], self.is_early(now))
    }

    pub(super) fn rule(&self, way: &Way, is_early: bool) -> Rule {
        let apart = self.apart(way);
        let (unserved, unsure) = self.served(way, &apart);
        let known = (way.after.len() < FEW).then(|| self.known(way)).flatten();
        let known = known.unwrap_or_default();
        Rule {
            name: way.named.name.clone(),
            rule: way.named.rule.clone(),
            way: way.named.way.clone(),
            answered: match self.wanted {
                Some(_) => way.answered,
                None => self.answered(way, &apart),
            },
            erred: self.erred(way),
            streak: self.streak(way, &apart),
            lately: self
                .newest(way)
                .take(LATELY)
                .map(|(_, heard)| self.said(way, heard, &apart))
                .collect(),
            telling: match &unsure {
                Some(why) => Telling::No(why.clone()),
                None => self.telling(way, &apart, is_early),
            },
            heard_other: way.heard_other,
            erred_until: way.erred_until,
            limited: self.limited(way),
            // It is written down with the switch, and costs something.
            known_by: known.parts,
            came: known.came,
            unserved,
            unsure,
            failed: way.failed.clone(),
        }
    }

    fn telling(&self, way: &Way, apart: &Apart, is_early: bool) -> Telling {
        let versions = &self.rules[way.rule].1;
        if !apart.is_empty() {
            return Telling::Yes;
        }
        if let Some(why) = versions.denied() {
            return Telling::No(format!("the versions can't be queried directly: {why}"));
        }
        if let Some((_, last)) = way.after.back().filter(|_| !way.reaches()) {
            return Telling::No(said(last));
        }
        let through = way.before.len() + way.after.len();
        if is_early && (!versions.are_known() || through < FEW) {
            return Telling::Learning;
        }
        Telling::No(match versions.missed() {
            Some(why) => format!("the versions can't be queried directly: {why}"),
            None if !versions.are_known() => "the versions gave too few answers".to_owned(),
            None if versions.apart().is_empty() => "both versions give the same answers".to_owned(),
            None => {
                "the difference between the versions' answers does not show through the ingress"
                    .to_owned()
            }
        })
    }

    /// Whether the last request before the switch brought an answer, if there was one.
    pub(super) fn answered(&self, way: &Way, apart: &Apart) -> Option<bool> {
        let (_, last) = self.last_before(way)?;
        let is_early = self.is_foreign_error(way, last) && way.before.len() < SOME;
        (!is_early).then(|| self.voice(way, last, apart) != Voice::Error)
    }

    /// The status of that, where it is an error that neither version was heard to give.
    fn erred(&self, way: &Way) -> Option<u16> {
        let (_, last) = self.last_before(way).filter(|_| way.before.len() >= SOME)?;
        match last {
            Heard::Answer(answer) if self.is_foreign_error(way, last) => {
                Some(answer.status().as_u16())
            }
            _ => None,
        }
    }

    /// Whatever was asked last before the switch, but for what was asked too often among answers.
    fn last_before<'a>(&self, way: &'a Way) -> Option<&'a (Timestamp, Heard)> {
        let newest = way.before.iter().rev().take(FEW);
        let borne: Vec<_> = newest.filter(|(_, it)| !self.is_refusal(way, it)).collect();
        let is_among = borne.len() * 2 >= way.before.len().min(FEW);
        way.before.back().map(|last| match borne.first() {
            Some(borne) if is_among => borne,
            _ => last,
        })
    }

    fn is_foreign_error(&self, way: &Way, heard: &Heard) -> bool {
        let Heard::Answer(answer) = heard else { return false };
        let is_error = answer.status().is_client_error() || answer.status().is_server_error();
        is_error && !self.rules[way.rule].1.have_status(answer)
    }

    /// What came since the switch, the newest first. Who asks to come again later is nobody.
    fn newest<'a>(&self, way: &'a Way) -> impl Iterator<Item = &'a (Timestamp, Heard)> {
        let reaches = way.reaches();
        let counts = move |heard: &Heard| match heard {
            Heard::Answer(answer) => !answer.is_put_off() && !self.was_too_often(way, answer),
            Heard::Nobody(_) | Heard::Denied(_) => reaches,
        };
        way.after.iter().rev().filter(move |(_, heard)| counts(heard))
    }

    pub(super) fn said(&self, way: &Way, heard: &Heard, apart: &Apart) -> (Voice, String) {
        let voice = self.voice(way, heard, apart);
        let said = match voice {
            Voice::Version(colour) => format!("{}, as {colour} answers", said(heard)),
            Voice::Unclear | Voice::Error => said(heard),
        };
        (voice, said)
    }

    /// The newest answers, as far as they are of one voice.
    pub(super) fn streak(&self, way: &Way, apart: &Apart) -> Option<Streak> {
        let mut newest = self.newest(way);
        let (at, last) = newest.next()?;
        let (voice, said) = self.said(way, last, apart);
        let is_5xx = matches!(last, Heard::Answer(answer) if answer.status().is_server_error());
        let mut streak = Streak { voice, since: *at, at: *at, answers: 1, said, is_5xx };
        for (at, _) in newest.take_while(|(_, heard)| self.voice(way, heard, apart) == voice) {
            streak.since = *at;
            streak.answers += 1;
        }
        Some(streak)
    }

    /// What tells the versions apart at the end of this way.
    pub(super) fn apart(&self, way: &Way) -> Apart {
        let versions = &self.rules[way.rule].1;
        let mut apart = versions.apart().clone();
        if apart.is_empty() {
            return apart;
        }
        let of_a_version = |all: &'_ VecDeque<(Timestamp, Heard)>| -> Vec<Answer> {
            let answers = all.iter().filter_map(|(_, heard)| match heard {
                Heard::Answer(answer) if self.is_of_a_version(way, answer) => Some(answer.clone()),
                _ => None,
            });
            answers.collect()
        };
        let (before, after) = (of_a_version(&way.before), of_a_version(&way.after));
        apart.retain(|feature, both| {
            let values = |answers: &[Answer]| -> BTreeSet<Option<String>> {
                answers.iter().map(|answer| value(answer.says(feature))).collect()
            };
            let (before, after) = (values(&before), values(&after));
            // Under another host, or on another way, a version may say something else: what comes through
            // the ingress has to bear it out.
            if versions.is_lent() && after.is_disjoint(&both[self.candidate as usize]) {
                return false;
            }
            let [old, new] = [self.candidate.other(), self.candidate].map(|it| &both[it as usize]);
            // What is never there proves nothing: it may have been taken off on the way. And nobody but
            // the old version answers before a switch: what says otherwise has changed by itself.
            before.iter().chain(&after).any(Option::is_some)
                && before.is_subset(old)
                && after.iter().all(|value| old.contains(value) || new.contains(value))
        });
        apart
    }

    /// Whether it is what came among answers before the switch as well, as often as not, for asking too often.
    pub(super) fn was_too_often(&self, way: &Way, answer: &Answer) -> bool {
        if !may_be_a_limit(answer.status()) {
            return false;
        }
        let is_alike =
            |heard: &Heard| matches!(heard, Heard::Answer(b) if b.is_such_an_error(answer));
        let alike = way.before.iter().filter(|(_, heard)| is_alike(heard)).count();
        alike * 2 >= way.before.len() && alike < way.before.len()
    }

    /// Whether somebody asks to come again later, who did not do so before the switch as well.
    pub(super) fn is_put_off(&self, way: &Way, heard: &Heard) -> bool {
        matches!(heard, Heard::Answer(it) if it.is_put_off() && !self.was_too_often(way, it))
    }

    /// Whether an answer may be one of the app's.
    fn is_of_a_version(&self, way: &Way, answer: &Answer) -> bool {
        let versions = &self.rules[way.rule].1;
        versions.have_status(answer) && !answer.is_put_off() && !self.is_error(way, answer)
    }

    /// An error of the app's own is one that it was seen to give, and of its own trouble one that the
    /// version before gave as well.
    fn is_error(&self, way: &Way, answer: &Answer) -> bool {
        let status = answer.status();
        // More often than not: a single one was a hiccup.
        let came_before = || {
            let alike = way.before.iter().filter(|(_, heard)| match heard {
                Heard::Answer(before) => before.is_such_an_error(answer),
                Heard::Nobody(_) | Heard::Denied(_) => false,
            });
            let alike = alike.count();
            let is_known = way.before.is_empty() && way.erred == Some(status.as_u16());
            is_known || alike > 0 && alike * 2 >= way.before.len()
        };
        let versions = &self.rules[way.rule].1;
        if status.is_server_error() {
            let old = versions.of(self.candidate.other());
            return !old.answers().any(|own| own.status() == status) && !came_before();
        }
        status.is_client_error() && !versions.say(answer) && !came_before()
    }

    pub(super) fn voice(&self, way: &Way, heard: &Heard, apart: &Apart) -> Voice {
        let answer = match heard {
            Heard::Answer(answer) => answer,
            Heard::Nobody(_) | Heard::Denied(_) => return Voice::Error,
        };
        if !answer.is_put_off() && self.is_error(way, answer) {
            return Voice::Error;
        }
        if !self.is_of_a_version(way, answer) {
            return Voice::Unclear;
        }
        let said = apart.iter().filter_map(|(feature, [blue, green])| {
            let value = value(answer.says(feature));
            match (blue.contains(&value), green.contains(&value)) {
                (true, _) => Some(Colour::Blue),
                (_, true) => Some(Colour::Green),
                _ => None,
            }
        });
        let said: BTreeSet<Colour> = said.collect();
        match said.into_iter().collect::<Vec<_>>()[..] {
            [colour] => Voice::Version(colour),
            _ => Voice::Unclear,
        }
    }
}

pub(super) fn said(heard: &Heard) -> String {
    match heard {
        Heard::Answer(answer) => answer.status().to_string(),
        Heard::Nobody(why) | Heard::Denied(why) => why.clone(),
    }
}
