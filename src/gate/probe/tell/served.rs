//! Whether what comes since a switch is the app's. Who asks to come again later, and whoever answers in the
//! app's place, say nothing of a version: but nothing is confirmed as long as only they answer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::answer::{Answer, Feature, Heard, Says};
use super::super::versions::Version;
use super::{Apart, Tell, Way, said};
use crate::model::Colour;
use crate::release::{Came, Unserved, Voice, is_lasting};

/// So many of the newest tell who answers now.
const NEWEST: usize = 3;
/// So many pages of those before the switch are compared.
const SHOWN: usize = 10;
/// One answer of so many that is somebody else's was a hiccup.
const SHARED: usize = 20;
/// So long after it an answer is counted as somebody else's: what is new to both versions, they were asked for
/// again by then.
pub(super) const LATER: SignedDuration = SignedDuration::from_secs(3);

/// By what the app's answers are known at an address.
#[derive(Clone, Default)]
pub struct Known {
    /// The parts of an answer that, until the switch, were as the version itself has them; none where that was
    /// not found out: nobody has asked it yet, or may not.
    pub parts: Option<BTreeSet<String>>,
    /// How it was answered there.
    pub came: Option<Came>,
}

/// Whose an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    TheApps,
    /// It may be the app's or not.
    Anybodys,
    Others,
}

/// All that whoever answers is known by.
struct Judge<'a> {
    tell: &'a Tell,
    way: &'a Way,
    apart: &'a Apart,
    known: Known,
    judged: Vec<Part>,
}

/// A part of an answer that may be written down by its name: few, so that a record stays small.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Status,
    Media,
    Location,
    Body,
}

impl Part {
    const ALL: [Part; 4] = [Part::Status, Part::Media, Part::Location, Part::Body];

    fn word(self) -> &'static str {
        match self {
            Part::Status => "status",
            Part::Media => "content-type",
            Part::Location => "location",
            Part::Body => "body",
        }
    }

    fn feature(self) -> Feature {
        match self {
            Part::Status => Feature::Status,
            Part::Media | Part::Location => Feature::Header(self.word().to_owned()),
            Part::Body => Feature::Body,
        }
    }

    /// Whether the version is known to say but so much there.
    fn is_closed(self, version: &Version) -> bool {
        match self {
            Part::Body => version.has_known_pages(),
            _ => version.closed(&self.feature()).is_some(),
        }
    }

    /// Whether the version says so there.
    fn is_of(self, version: &Version, answer: &Answer) -> bool {
        match self {
            Part::Status => version.answers().any(|own| own.status() == answer.status()),
            Part::Media => version.answers().any(|own| own.media() == answer.media()),
            Part::Location => {
                let location = self.feature();
                let said = answer.says(&location);
                version.answers().any(|own| own.says(&location) == said)
            }
            Part::Body => version.has_page(answer),
        }
    }
}

impl Tell {
    /// By what the app's answers are known there; none where no answer of anybody's came until the switch.
    pub(super) fn known(&self, way: &Way) -> Option<Known> {
        let mut known = match &way.found {
            Some(found) => found.clone(),
            None if way.before.is_empty() => way.known.clone()?,
            None => self.found(way)?,
        };
        let written = || way.known.as_ref().and_then(|known| known.parts.clone());
        known.parts = known.parts.or_else(written);
        if known.parts.is_none() {
            known.parts = self.status_alone(way, known.came.as_ref());
        }
        Some(known)
    }

    /// The same, as far as this process has found it out.
    pub(super) fn found(&self, way: &Way) -> Option<Known> {
        let before: Vec<&Answer> =
            way.before.iter().filter_map(|(_, heard)| self.answer(way, heard)).collect();
        let came = came(&before)?;
        let parts = self.parts(way, &before);
        let shared = self.is_shared(way, &before, parts.as_ref(), &came);
        Some(Known { parts, came: Some(Came { shared, ..came }) })
    }

    /// Whether hardly anything else came until the switch.
    pub(super) fn is_clear(&self, way: &Way) -> bool {
        let known = match way.before.is_empty() {
            true => way.known.clone(),
            false => self.found(way),
        };
        known.and_then(|known| known.came).is_some_and(|came| !came.shared)
    }

    /// Whether a part of the people may be led to another app for good.
    fn is_shared(
        &self,
        way: &Way,
        before: &[&Answer],
        parts: Option<&BTreeSet<String>>,
        came: &Came,
    ) -> bool {
        let old = self.rules[way.rule].1.of(self.candidate.other());
        let is_known = |part: &Part| parts.is_some_and(|parts| parts.contains(part.word()));
        let is_other = |answer: &&&Answer| {
            !came.statuses.contains(&answer.status().as_u16())
                || answer.is_elsewhere() && !came.elsewhere
                || Part::ALL
                    .iter()
                    .filter(|part| is_known(part))
                    .any(|part| !part.is_of(old, answer))
        };
        before.iter().filter(is_other).count() * SHARED > way.before.len()
    }

    /// What is known by having asked the version itself as well.
    fn parts(&self, way: &Way, before: &[&Answer]) -> Option<BTreeSet<String>> {
        let versions = &self.rules[way.rule].1;
        let old = versions.of(self.candidate.other());
        if !old.is_known() {
            return None;
        }
        let known = Part::ALL.into_iter().filter(|part| {
            // Under another host, or on another way, the rest of an answer may differ.
            if versions.is_lent() && *part != Part::Status || !part.is_closed(old) {
                return false;
            }
            let few = if *part == Part::Body { SHOWN } else { before.len() };
            let asked = &before[before.len().saturating_sub(few)..];
            // More often than not: a single other one was a hiccup.
            let own = asked.iter().filter(|answer| part.is_of(old, answer)).count();
            own * 2 > asked.len() && (*part != Part::Body || own + 1 >= asked.len())
        });
        let known: BTreeSet<String> = known.map(|part| part.word().to_owned()).collect();
        // Who puts other statuses in front of the app may change all else as well.
        Some(if known.contains("status") { known } else { BTreeSet::new() })
    }

    /// Of somebody who had not asked the versions yet: what came was theirs by its status at least.
    fn status_alone(&self, way: &Way, came: Option<&Came>) -> Option<BTreeSet<String>> {
        let old = self.rules[way.rule].1.of(self.candidate.other());
        let statuses = old.closed(&Feature::Status)?;
        let is_own = |status: &u16| statuses.contains(&Some(status.to_string()));
        let all = came?.statuses.iter().all(is_own);
        all.then(|| BTreeSet::from([Part::Status.word().to_owned()]))
    }

    /// An answer that asks nobody to come again, and is no error where answers were.
    fn answer<'a>(&self, way: &Way, heard: &'a Heard) -> Option<&'a Answer> {
        let Heard::Answer(answer) = heard else { return None };
        let is_one = !answer.is_put_off()
            && !self.was_too_often(way, answer)
            && self.voice(way, heard, &Apart::new()) != Voice::Error;
        is_one.then_some(answer)
    }

    /// The parts by which an answer is judged now: both versions have to be known there.
    fn judged(&self, way: &Way, apart: &Apart, known: &Known) -> Vec<Part> {
        let versions = &self.rules[way.rule].1;
        let Some(parts) = &known.parts else { return Vec::new() };
        let judged = Part::ALL.into_iter().filter(|part| {
            // By what differs it is told which version it is.
            let is_told = !apart.is_empty() && versions.apart().contains_key(&part.feature());
            parts.contains(part.word())
                && !(versions.is_lent() && *part != Part::Status)
                && !is_told
                && Colour::BOTH.into_iter().all(|colour| part.is_closed(versions.of(colour)))
        });
        judged.collect()
    }

    fn whose(
        &self,
        way: &Way,
        heard: &Heard,
        apart: &Apart,
        (known, judged): (&Known, &[Part]),
    ) -> Whose {
        let Some(answer) = self.answer(way, heard) else { return Whose::Others };
        let versions = &self.rules[way.rule].1;
        let is_told = !apart.is_empty();
        if is_told && !matches!(self.voice(way, heard, apart), Voice::Version(_)) {
            return Whose::Others;
        }
        let both = || Colour::BOTH.into_iter().map(|colour| versions.of(colour));
        // A proxy that leads people on elsewhere may write a new version's address anew.
        let is_home = |part: Part| {
            part == Part::Location
                && versions.apart().contains_key(&part.feature())
                && both().flat_map(Version::answers).any(|own| own.leads_as(answer))
        };
        let is_own = |part: &Part| both().any(|own| part.is_of(own, answer)) || is_home(*part);
        if !judged.iter().all(is_own) {
            return Whose::Others;
        }
        let is_by = |part: Part| is_told || judged.contains(&part);
        match &known.came {
            Some(came) if !(is_by(Part::Status) && judged.contains(&Part::Location)) => {
                self.by_what_came(way, answer, came, is_by(Part::Status))
            }
            _ => Whose::TheApps,
        }
    }

    /// What nobody but the ingress can tell: it is answered now as it was until the switch. `is_status`: the
    /// status is the app's.
    fn by_what_came(&self, way: &Way, answer: &Answer, came: &Came, is_status: bool) -> Whose {
        let versions = &self.rules[way.rule].1;
        let location = Part::Location.feature();
        let own = || {
            let all = Colour::BOTH.into_iter().flat_map(|colour| versions.of(colour).answers());
            all.filter(|own| own.status() == answer.status())
        };
        if own().any(|own| own.says(&location) == answer.says(&location)) {
            return Whose::TheApps;
        }
        if answer.is_elsewhere() && !came.elsewhere {
            // Where the candidate leads to, the API server does not pass on.
            let may_be = own().any(|own| own.says(&location) == Says::Unknown);
            return if may_be { Whose::Anybodys } else { Whose::Others };
        }
        let class = answer.status().as_u16() / 100;
        match is_status || came.statuses.iter().any(|status| status / 100 == class) {
            true => Whose::TheApps,
            false => Whose::Anybodys,
        }
    }

    /// What comes there now instead of the app's answers, where they came until the switch; or what may be its
    /// answer or not.
    pub(super) fn served(&self, way: &Way, apart: &Apart) -> (Option<Unserved>, Option<String>) {
        let Some(judge) = self.judge(way, apart) else { return (None, None) };
        let Some((last, heard)) = way.after.back() else {
            return (Some(Unserved { said: None, is_lasting: false }), None);
        };
        let newest = || way.after.iter().rev().map(|(_, heard)| heard).take(NEWEST);
        if newest().any(|heard| judge.whose(heard) == Whose::TheApps) {
            return (None, None);
        }
        if let Some(heard) = newest().find(|heard| judge.whose(heard) == Whose::Anybodys) {
            return (None, Some(anybodys(heard, &judge.known)));
        }
        let alone = way.after.iter().rev();
        let alone = alone.take_while(|(_, heard)| judge.whose(heard) == Whose::Others);
        let alone: Vec<Timestamp> = alone.map(|(at, _)| *at).collect();
        let since = alone.last().unwrap_or(last);
        let is_lasting = is_lasting(alone.len() as u64, last.duration_since(*since));
        (Some(Unserved { said: Some(others(heard, &judge.known)), is_lasting }), None)
    }

    fn judge<'a>(&'a self, way: &'a Way, apart: &'a Apart) -> Option<Judge<'a>> {
        self.wanted?;
        let known = self.known(way).filter(|_| way.reaches())?;
        let judged = self.judged(way, apart, &known);
        Some(Judge { tell: self, way, apart, known, judged })
    }

    /// Whether the newest answer there is somebody else's, and what of that came a while ago. Errors are counted
    /// as they come, and whoever asks to come again.
    pub(super) fn others(&self, way: &Way, apart: &Apart, now: Timestamp) -> (bool, Vec<String>) {
        let Some(judge) = self.judge(way, apart) else { return (false, Vec::new()) };
        let newest = way.after.back();
        let is_others = newest.is_some_and(|(_, heard)| judge.whose(heard) == Whose::Others);
        let is_due = |at: Timestamp| {
            way.counted.is_none_or(|counted| at > counted) && now.duration_since(at) >= LATER
        };
        let is_counted = |heard: &Heard| match heard {
            Heard::Answer(answer) if answer.is_put_off() => true,
            Heard::Answer(answer) if self.was_too_often(way, answer) => true,
            _ => self.voice(way, heard, apart) == Voice::Error,
        };
        let due = way.after.iter().filter(|(at, heard)| is_due(*at) && !is_counted(heard));
        let due = due.filter(|(_, heard)| way.is_clear && judge.whose(heard) == Whose::Others);
        (is_others, due.map(|(_, heard)| others(heard, &judge.known)).collect())
    }
}

impl Judge<'_> {
    fn whose(&self, heard: &Heard) -> Whose {
        self.tell.whose(self.way, heard, self.apart, (&self.known, &self.judged))
    }
}

/// Those statuses that came more than now and then: a single other answer was a hiccup.
fn came(before: &[&Answer]) -> Option<Came> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in before {
        *counts.entry(answer.status().as_u16()).or_default() += 1;
    }
    let often = counts.into_iter().filter(|(_, count)| count * 4 > before.len());
    let statuses: BTreeSet<u16> = often.map(|(status, _)| status).collect();
    let elsewhere = before.iter().filter(|answer| answer.is_elsewhere()).count();
    let elsewhere = elsewhere * 4 > before.len();
    (!statuses.is_empty()).then_some(Came { statuses, elsewhere, shared: false })
}

fn others(heard: &Heard, known: &Known) -> String {
    match heard {
        Heard::Answer(answer) if answer.is_put_off() => {
            format!("{}, which asks to retry later", said(heard))
        }
        Heard::Answer(answer)
            if answer.is_elsewhere() && known.came.as_ref().is_some_and(|came| !came.elsewhere) =>
        {
            format!("{} to another host, which is not the app's answer", said(heard))
        }
        Heard::Answer(_) => format!("{}, which is not the app's answer", said(heard)),
        Heard::Nobody(_) | Heard::Denied(_) => said(heard),
    }
}

fn anybodys(heard: &Heard, known: &Known) -> String {
    let statuses = known.came.iter().flat_map(|came| &came.statuses);
    let statuses: Vec<String> = statuses.map(u16::to_string).collect();
    let before = statuses.join(" or ");
    format!(
        "{}, where {before} was answered before the switch, may not be the app's answer",
        said(heard)
    )
}
