//! Which version answers through the ingress, by what both are known to say. Pure.
//!
//! A proxy may add headers, compress, redirect, or answer in the app's place: so only what both versions
//! say directly, each something else, and what was seen to come through the ingress as it is, tells
//! them apart. What neither of them says is neither's answer, and an error that neither of them was
//! seen to give is nobody's.

mod served;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::answer::{Answer, Heard};
use super::pacing::{Pacing, may_be_a_limit};
use super::versions::{Apart, Version, Versions, value};
use crate::model::Colour;
use crate::release::{Came, Failed, LATELY, Rule, Sight, Streak, Telling, Voice};
use served::{Known, LATER};

/// So many answers before the switch, and it is known what comes through the ingress.
const FEW: usize = 10;
/// Fewer errors before it are a hiccup: whether it is always answered so is not known.
const SOME: usize = 3;
/// No more are kept, of those before the switch and of those after it.
const KEPT: usize = 64;
/// So long a limit of how often it is asked may hold up what is to be heard.
const LIMITED_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// After so long it is said that nothing can be told, until it can.
const LEARNT_WITHIN: SignedDuration = SignedDuration::from_secs(20);

/// What is asked: a rule of a route at an address.
pub struct Named {
    pub name: String,
    pub rule: String,
    pub way: String,
}

/// How rules were answered until a switch, by their names.
#[derive(Default)]
pub struct Until {
    /// Those that were.
    pub answered: Vec<String>,
    /// By which errors.
    pub erred: BTreeMap<String, u16>,
    /// By what the app's answers were known.
    pub known_by: BTreeMap<String, BTreeSet<String>>,
    /// How they came through the ingress.
    pub came: BTreeMap<String, Came>,
}

pub struct Tell {
    candidate: Colour,
    /// Of a version.
    replicas: u64,
    ways: Vec<Way>,
    /// By the rule's name.
    rules: Vec<(String, Versions)>,
    unasked: Vec<String>,
    began: Option<Timestamp>,
    /// The version that is to answer, since it was decided.
    wanted: Option<Colour>,
}

struct Way {
    named: Named,
    rule: usize,
    before: VecDeque<(Timestamp, Heard)>,
    after: VecDeque<(Timestamp, Heard)>,
    /// The status of the error by which it was answered before this process asked.
    erred: Option<u16>,
    /// By what the app's answers were known before this process asked.
    known: Option<Known>,
    /// What this process knows of it, from the switch on: what the versions say changes in time.
    found: Option<Known>,
    /// Whether the route still has the rule.
    is_there: bool,
    answered: Option<bool>,
    heard_other: Option<Timestamp>,
    /// When errors that were no hiccup came last.
    erred_until: Option<Timestamp>,
    /// How often it may be asked.
    pacing: Pacing,
    /// When it was first asked too often since the switch, as far as that can be told.
    refused: Option<Timestamp>,
    /// What was asked since the switch, and came to nothing.
    failed: Failed,
    /// Up to when somebody else's answers are among that.
    counted: Option<Timestamp>,
    /// Whether the newest answer is somebody else's.
    is_others: bool,
    /// Whether hardly any was before the switch.
    is_clear: bool,
    /// Whether some requests failed before it.
    is_flaky: bool,
}

impl Way {
    /// Whether silence is news. Who began after the switch may be where no way leads to the ingress, while
    /// whoever asked before was answered there.
    fn reaches(&self) -> bool {
        !self.before.is_empty() || self.after.iter().any(|(_, it)| matches!(it, Heard::Answer(_)))
    }
}

impl Tell {
    /// `replicas`: of a version.
    pub fn new(candidate: Colour, asked: Vec<Named>, unasked: Vec<String>, replicas: u64) -> Tell {
        let (ways, rules) = (Vec::new(), Vec::new());
        let mut tell =
            Tell { candidate, replicas, ways, rules, unasked, began: None, wanted: None };
        for named in asked {
            tell.add(named);
        }
        tell
    }

    /// One more that is asked.
    pub fn add(&mut self, named: Named) -> usize {
        let known = self.rules.iter().position(|(name, _)| *name == named.rule);
        let rule = known.unwrap_or_else(|| {
            self.rules.push((named.rule.clone(), Versions::new(self.replicas)));
            self.rules.len() - 1
        });
        self.ways.push(Way {
            named,
            rule,
            before: VecDeque::new(),
            after: VecDeque::new(),
            erred: None,
            known: None,
            found: None,
            is_there: true,
            answered: None,
            heard_other: None,
            erred_until: None,
            pacing: Pacing::new(),
            refused: None,
            failed: Failed::default(),
            counted: None,
            is_others: false,
            is_clear: false,
            is_flaky: false,
        });
        self.ways.len() - 1
    }

    /// What is not asked from now on, and why not.
    pub fn leave_out(&mut self, unasked: Vec<String>) {
        self.unasked = unasked;
    }

    /// Which rule a way is about.
    pub fn rule_of(&self, way: usize) -> usize {
        self.ways[way].rule
    }

    /// Those that ask a rule.
    pub fn ways_of(&self, rule: usize) -> Vec<usize> {
        (0..self.ways.len()).filter(|way| self.ways[*way].rule == rule).collect()
    }

    /// Of the others nothing is told any more: whoever takes a rule away wants nobody to be served by it.
    pub fn keep(&mut self, is_there: impl Fn(usize) -> bool) {
        for (nth, way) in self.ways.iter_mut().enumerate() {
            way.is_there = is_there(nth);
        }
    }

    pub fn is_there(&self, way: usize) -> bool {
        self.ways[way].is_there
    }

    /// How rules were answered before a switch, as somebody else has heard it.
    pub fn knows(&mut self, until: &Until) {
        for way in &mut self.ways {
            let name = &way.named.name;
            way.erred = until.erred.get(name).copied();
            let known = Known {
                parts: until.known_by.get(name).cloned(),
                came: until.came.get(name).cloned(),
            };
            // Of an older record no more may be known than that answers came.
            let is_known = until.answered.contains(name) || known.parts.is_some();
            way.known = is_known.then_some(known);
        }
    }

    /// From here on this version is to answer.
    pub fn want(&mut self, wanted: Colour) {
        let is_first = self.wanted.is_none();
        for nth in 0..self.ways.len() {
            let way = &self.ways[nth];
            let answered = self.answered(way, &Apart::new());
            let way = &mut self.ways[nth];
            if is_first {
                way.answered = answered;
                let old = self.candidate.other();
                way.before.iter().for_each(|(_, it)| self.rules[way.rule].1.lend(old, it));
            }
            way.after.clear();
            (way.heard_other, way.erred_until, way.refused) = (None, None, None);
            way.counted = None;
        }
        if is_first {
            let found = self.ways.iter().map(|way| (self.found(way), self.is_clear(way)));
            let found: Vec<_> = found.collect();
            let flaky: Vec<bool> = self.ways.iter().map(|way| self.is_flaky(way)).collect();
            for ((way, (found, is_clear)), flaky) in self.ways.iter_mut().zip(found).zip(flaky) {
                (way.is_clear, way.is_flaky) = (is_clear, flaky);
                way.found = found.filter(|found| found.parts.is_some());
            }
        }
        for way in &mut self.ways {
            way.failed = Failed { is_flaky: way.is_flaky, ..Failed::default() };
        }
        self.wanted = Some(wanted);
    }

    /// Whether more than a hiccup of the requests before the switch failed.
    fn is_flaky(&self, way: &Way) -> bool {
        let is_error = |heard: &Heard| self.voice(way, heard, &Apart::new()) == Voice::Error;
        way.before.iter().filter(|(_, heard)| is_error(heard)).count() > 1
    }

    pub fn note_way(&mut self, nth: usize, heard: Heard, at: Timestamp) {
        let wanted = self.wanted;
        let way = &mut self.ways[nth];
        let kept = if wanted.is_some() { &mut way.after } else { &mut way.before };
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((at, heard));
        self.pace(nth);
        let way = &self.ways[nth];
        let apart = self.apart(way);
        let newest = way.after.back().map(|(_, heard)| self.voice(way, heard, &apart));
        let is_unserved = self.served(way, &apart).0.is_some_and(|it| it.is_lasting);
        let is_error = newest == Some(Voice::Error);
        let failure = way.after.back().and_then(|(_, heard)| {
            let is_put_off = self.is_put_off(way, heard);
            (is_error || is_put_off).then(|| (said(heard), is_put_off))
        });
        let (is_others, others) = self.others(way, &apart, at);
        let is_bad = is_error && self.streak(way, &apart).is_some_and(|streak| streak.is_bad());
        let way = &mut self.ways[nth];
        if is_bad || is_unserved {
            way.erred_until = Some(at);
        }
        if newest.is_some() && way.reaches() {
            match failure {
                Some((said, true)) => way.failed.put_off(said),
                failure => way.failed.note(failure.map(|(said, _)| said), at),
            }
        }
        way.is_others = is_others;
        way.counted = Some(at - LATER);
        others.into_iter().for_each(|said| way.failed.fails(said, at));
        if let (Some(wanted), Some(Voice::Version(heard))) = (wanted, newest)
            && heard != wanted
        {
            self.ways[nth].heard_other = Some(at);
        }
    }

    /// Whether the newest answer there is somebody else's, as far as is known.
    pub fn is_others(&self, nth: usize) -> bool {
        self.ways[nth].is_others
    }

    /// Slows down where the newest answer says that this may be too often, and takes back what came of asking
    /// too often: errors that end when it is asked slowly are not the app's.
    fn pace(&mut self, nth: usize) {
        let way = &self.ways[nth];
        let Some((at, newest)) = way.after.back().or(way.before.back()) else { return };
        let (at, is_after) = (*at, !way.after.is_empty());
        let is_refusal = self.is_refusal(way, newest);
        let is_error = self.voice(way, newest, &Apart::new()) == Voice::Error;
        let way = &mut self.ways[nth];
        if is_refusal {
            way.pacing.refused();
            if is_after {
                way.refused.get_or_insert(at);
            }
        } else if !is_error {
            way.pacing.answered();
        }
        if !way.pacing.is_borne() || !is_after {
            return;
        }
        let way = &self.ways[nth];
        let refusals = way.after.iter().map(|(_, heard)| self.is_refusal(way, heard));
        let refusals: Vec<bool> = refusals.collect();
        let way = &mut self.ways[nth];
        let heard = way.after.iter_mut().zip(refusals);
        for ((_, heard), _) in heard.filter(|(_, is_refusal)| *is_refusal) {
            if let Heard::Answer(answer) = heard {
                answer.put_off();
            }
            way.failed.is_limit |= way.failed.said == Some(said(heard));
        }
    }

    /// How often a way may be asked.
    pub fn pacing(&self, way: usize) -> &Pacing {
        &self.ways[way].pacing
    }

    /// Whether that may mean that it is asked too often: neither version answers so.
    fn is_refusal(&self, way: &Way, heard: &Heard) -> bool {
        let Heard::Answer(answer) = heard else { return false };
        let versions = &self.rules[way.rule].1;
        answer.is_put_off() || may_be_a_limit(answer.status()) && !versions.have_status(answer)
    }

    /// Why too little is heard there: it is asked too often as soon as it is asked often enough.
    fn limited(&self, way: &Way) -> Option<String> {
        let (now, _) = way.after.back()?;
        let is_long = now.duration_since(way.refused?) >= LIMITED_WITHIN;
        let is_well = usize::try_from(way.pacing.good()).is_ok_and(|good| good >= LATELY);
        (is_long && is_well).then(|| "the ingress limits the request rate".to_owned())
    }

    pub fn note_version(&mut self, rule: usize, colour: Colour, heard: Heard, at: Timestamp) {
        self.began.get_or_insert(at);
        self.rules[rule].1.note(colour, heard);
    }

    /// The candidate's answer under the preview host, where it can't be asked itself.
    pub fn note_preview(&mut self, rule: usize, heard: &Heard) {
        self.rules[rule].1.lend(self.candidate, heard);
    }

    /// It can't be asked at all, and why not.
    pub fn deny(&mut self, rule: usize, colour: Colour, why: String) {
        self.rules[rule].1.note(colour, Heard::Denied(why));
    }

    pub fn version(&self, rule: usize, colour: Colour) -> &Version {
        self.rules[rule].1.of(colour)
    }

    /// Whether it is known what comes through the ingress before the switch.
    pub fn is_heard(&self, nth: usize) -> bool {
        self.ways[nth].before.len() >= FEW
    }

    /// Whether the last request there failed.
    pub fn last_failed(&self, nth: usize) -> bool {
        let way = &self.ways[nth];
        let last = way.after.back().or(way.before.back());
        last.is_some_and(|(_, heard)| self.voice(way, heard, &Apart::new()) == Voice::Error)
    }

    pub fn sight(&self, now: Timestamp) -> Sight {
        let is_early = self.is_early(now);
        let trouble = self.rules.iter().map(|(name, versions)| {
            let (fails, refuses) = versions.trouble(self.candidate);
            let told = |said: Option<String>| said.map(|said| format!("{name}: {said}"));
            (told(fails), told(refuses))
        });
        let (fails, refuses): (Vec<_>, Vec<_>) = trouble.unzip();
        let ways = self.ways.iter().filter(|way| way.is_there);
        Sight {
            rules: ways.map(|way| self.rule(way, is_early)).collect(),
            unasked: self.unasked.clone(),
            fails: fails.into_iter().flatten().next(),
            refuses: refuses.into_iter().flatten().next(),
            marks: Vec::new(),
        }
    }

    fn is_early(&self, now: Timestamp) -> bool {
        self.began.is_none_or(|began| now.duration_since(began) < LEARNT_WITHIN)
    }

    /// What one way shows.
    pub fn rule_at(&self, way: usize, now: Timestamp) -> Rule {
        self.rule(&self.ways[way], self.is_early(now))
    }

    fn rule(&self, way: &Way, is_early: bool) -> Rule {
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
    fn answered(&self, way: &Way, apart: &Apart) -> Option<bool> {
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

    fn said(&self, way: &Way, heard: &Heard, apart: &Apart) -> (Voice, String) {
        let voice = self.voice(way, heard, apart);
        let said = match voice {
            Voice::Version(colour) => format!("{}, as {colour} answers", said(heard)),
            Voice::Unclear | Voice::Error => said(heard),
        };
        (voice, said)
    }

    /// The newest answers, as far as they are of one voice.
    fn streak(&self, way: &Way, apart: &Apart) -> Option<Streak> {
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
    fn apart(&self, way: &Way) -> Apart {
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
    fn was_too_often(&self, way: &Way, answer: &Answer) -> bool {
        if !may_be_a_limit(answer.status()) {
            return false;
        }
        let is_alike =
            |heard: &Heard| matches!(heard, Heard::Answer(b) if b.is_such_an_error(answer));
        let alike = way.before.iter().filter(|(_, heard)| is_alike(heard)).count();
        alike * 2 >= way.before.len() && alike < way.before.len()
    }

    /// Whether somebody asks to come again later, who did not do so before the switch as well.
    fn is_put_off(&self, way: &Way, heard: &Heard) -> bool {
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

    fn voice(&self, way: &Way, heard: &Heard, apart: &Apart) -> Voice {
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

fn said(heard: &Heard) -> String {
    match heard {
        Heard::Answer(answer) => answer.status().to_string(),
        Heard::Nobody(why) | Heard::Denied(why) => why.clone(),
    }
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "lent_tests.rs"]
mod lent_tests;
