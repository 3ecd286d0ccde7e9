//! Which version answers through the ingress, by what both are known to say. Pure.
//!
//! A proxy may add headers, compress, redirect, or answer in the app's place: so only what both versions
//! say directly, each something else, and what was seen to come through the ingress as it is, tells
//! them apart. What neither of them says is neither's answer, and an error that neither of them was
//! seen to give is nobody's.

mod rule;
mod served;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::answer::Heard;
use super::pacing::{Pacing, may_be_a_limit};
use super::versions::{Apart, Version, Versions};
use crate::model::Colour;
use crate::release::{Came, Failed, LATELY, Sight, Voice};
use rule::said;
use served::{Known, LATER};

/// So many answers before the switch, and it is known what comes through the ingress.
const FEW: usize = 10;
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
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "lent_tests.rs"]
mod lent_tests;
