//! What asking the app has shown, and what follows from it. An Ingress has no acknowledgement, so this
//! is the only proof that a switch has arrived. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failed::Failed;
use crate::model::Colour;

/// So long answers of one version alone have to come. Old and new answers mix while nginx reloads, for
/// at most a quarter of a second where it was measured.
pub const ENOUGH: SignedDuration = SignedDuration::from_secs(1);
/// And at least so many: behind one address may be several controllers, each late by itself.
pub const ENOUGH_ANSWERS: u64 = 30;
/// So long, and so many, errors where answers were are more than a hiccup.
const BAD: SignedDuration = SignedDuration::from_secs(5);
const BAD_ANSWERS: u64 = 10;
/// So few failures are a hiccup's.
const HICCUPS: u64 = 3;
/// So many say whether anybody else answers, or nobody.
pub const LATELY: usize = 10;

/// Why nothing is heard where somebody wants it so.
pub const NOT_ASKED: &str = "probing is turned off";

/// What one process has seen of a release.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probed {
    pub release: u64,
    pub sight: Sight,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sight {
    pub rules: Vec<Rule>,
    /// What is not asked, and why not.
    pub unasked: Vec<String>,
    /// The candidate itself answers errors where the live version does not: what it said.
    pub fails: Option<String>,
    /// It refuses what the live version answers: what it said.
    pub refuses: Option<String>,
    /// Where the hosts of our own Ingress are asked for.
    pub marks: Vec<Mark>,
}

/// Hosts of our own Ingress, asked for at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// As a person would type it.
    pub at: String,
    /// Whether one that the Ingress has is answered otherwise there than one that nobody has; none as long
    /// as too little is heard.
    pub tells: Option<bool>,
    /// Whether there is no doubt that the marker is answered like one that the Ingress has.
    pub has_it: bool,
}

/// One rule of an Ingress, asked at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// As a person would type it.
    pub name: String,
    /// The same at each address.
    pub rule: String,
    /// By what one switch arrives: each Ingress has a patch of its own, each address maybe a controller.
    pub way: String,
    pub telling: Telling,
    /// Whether an answer came until the switch; none where this process did not ask then.
    pub answered: Option<bool>,
    /// The status of that, where it was an error that neither version has given.
    pub erred: Option<u16>,
    /// The last answers, as far as they are all alike.
    pub streak: Option<Streak>,
    /// The last few, alike or not, the newest first: who gave them, and what they said.
    pub lately: Vec<(Voice, String)>,
    /// When the version that is on its way out was heard last.
    pub heard_other: Option<Timestamp>,
    /// When errors that were no hiccup came last since the switch.
    pub erred_until: Option<Timestamp>,
    /// Why too little is heard there, and will be.
    pub limited: Option<String>,
    /// By which parts of an answer the app's are known there; none where that was never found out.
    pub known_by: Option<BTreeSet<String>>,
    /// How it was answered until the switch, whatever the versions say themselves; none where it was not.
    pub came: Option<Came>,
    /// What comes instead of them since the switch.
    pub unserved: Option<Unserved>,
    /// What comes since the switch and may be the app's or not: nobody can tell.
    pub unsure: Option<String>,
    pub failed: Failed,
}

/// Nothing of the app's comes where its answers came until the switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unserved {
    /// What comes instead, if anything was heard at all.
    pub said: Option<String>,
    /// Whether that is more than a hiccup.
    pub is_lasting: bool,
}

/// How the app was answered through the ingress until a switch. It stands in the record: none of it is a secret.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Came {
    pub statuses: BTreeSet<u16>,
    /// Whether people were led to another host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// Whether somebody else answered some of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// Whether the versions can be told apart there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Telling {
    Learning,
    Yes,
    No(String),
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voice {
    Version(Colour),
    /// Neither version was seen to answer like that, or nobody can tell.
    Unclear,
    /// An error that is the proxy's own, or none that the version before had.
    Error,
}

impl Voice {
    const ALL: [Voice; 4] =
        [Voice::Version(Colour::Blue), Voice::Version(Colour::Green), Voice::Unclear, Voice::Error];
}

/// Answers one after the other, all of one voice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Streak {
    pub voice: Voice,
    pub since: Timestamp,
    pub at: Timestamp,
    pub answers: u64,
    /// The last of them.
    pub said: String,
    /// Whether that has a status of 500 or more.
    pub is_5xx: bool,
}

/// Whether all that is asked is answered by one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It is too early to say.
    Learning,
    /// Nobody else answers. What could not be told of another Ingress or address, and why.
    Arrived { unseen: Option<String> },
    /// Somebody else answers, or too little was heard yet.
    Not { said: Option<String> },
    /// It can't be told, and why not.
    Inconclusive { why: String },
}

/// Whether answers that are all alike are enough to go by, of a version or of a marker.
pub fn are_enough(answers: u64, lasted: SignedDuration) -> bool {
    answers >= ENOUGH_ANSWERS && lasted >= ENOUGH
}

/// Whether what comes in the place of answers is more than a hiccup.
pub fn is_lasting(answers: u64, lasted: SignedDuration) -> bool {
    answers >= BAD_ANSWERS && lasted >= BAD
}

impl Streak {
    fn lasted(&self) -> SignedDuration {
        self.at.duration_since(self.since)
    }

    fn is_enough(&self) -> bool {
        are_enough(self.answers, self.lasted())
    }

    /// Errors that are no hiccup.
    pub fn is_bad(&self) -> bool {
        self.voice == Voice::Error && is_lasting(self.answers, self.lasted())
    }
}

/// What one rule shows.
enum Shows<'a> {
    Learning,
    Nothing(String),
    Arrived,
    Not(Option<&'a Streak>),
    /// Nobody of the app's answers: neither time nor a marker makes up for that.
    Unserved(Option<&'a str>),
}

impl Rule {
    /// Whether there is no doubt that this version alone answers.
    pub fn has_arrived(&self, wanted: Colour) -> bool {
        let wanted = Voice::Version(wanted);
        let streak = self.streak.as_ref().filter(|streak| streak.voice == wanted);
        self.telling == Telling::Yes && streak.is_some_and(Streak::is_enough)
    }

    /// What comes instead of the app's answers.
    fn unserved(&self) -> Option<&str> {
        self.unserved.as_ref()?.said.as_deref()
    }

    /// What failed there, and whether anything else came lately.
    fn failing(&self, said: &str) -> String {
        let is_alone = self.lately.iter().all(|(voice, _)| *voice == Voice::Error);
        let among = if is_alone { "" } else { ", among other answers" };
        format!("{}: {said}{among}", self.name)
    }

    fn shows(&self, wanted: Colour, answered: &[String]) -> Shows<'_> {
        let streak = self.streak.as_ref();
        if let Some(streak) = streak.filter(|streak| streak.voice == Voice::Error) {
            // Errors alone, before the switch as well, say nothing of it.
            // Where nobody has asked before it, what a proxy says of its own trouble is taken for the
            // switch's: it is no answer of an app that works.
            let is_unknown = answered.is_empty() && self.answered.is_none();
            let is_told = answered.contains(&self.name) || self.telling == Telling::Yes;
            return match is_told || is_unknown && streak.is_5xx {
                true => Shows::Not(Some(streak)),
                false => Shows::Nothing(format!("{}: {}", self.name, streak.said)),
            };
        }
        if let Some(unserved) = &self.unserved {
            return Shows::Unserved(unserved.said.as_deref());
        }
        match &self.telling {
            Telling::Learning => Shows::Learning,
            Telling::No(why) => Shows::Nothing(format!("{}: {why}", self.name)),
            Telling::Yes if self.has_arrived(wanted) => Shows::Arrived,
            Telling::Yes => match &self.limited {
                Some(why) if streak.is_some_and(|it| it.voice == Voice::Version(wanted)) => {
                    Shows::Nothing(format!("{}: {why}", self.name))
                }
                _ => Shows::Not(streak),
            },
        }
    }
}

impl Rule {
    /// Whether it is still waited for, and what it has shown.
    pub fn heard(&self, wanted: Colour, answered: &[String]) -> (bool, String) {
        let counted = |streak: &Streak| match streak.answers {
            1 => format!("1 answer in a row: {}", streak.said),
            answers => format!("{answers} answers in a row: {}", streak.said),
        };
        match self.shows(wanted, answered) {
            Shows::Learning => (true, "learning to tell the versions apart".to_owned()),
            Shows::Not(None) => (true, "no answer yet".to_owned()),
            Shows::Not(Some(streak)) => (true, counted(streak)),
            Shows::Nothing(why) => (false, format!("can't be told: {why}")),
            Shows::Unserved(said) => (true, said.unwrap_or("no answer of the app").to_owned()),
            Shows::Arrived => {
                let streak = self.streak.as_ref().map(counted);
                (false, streak.unwrap_or_default())
            }
        }
    }
}

impl Sight {
    /// Nothing can be asked, and why not.
    pub fn nothing(why: impl Into<String>) -> Sight {
        Sight { unasked: vec![why.into()], ..Sight::default() }
    }

    /// Whether it is known of each rule if it is answered before the switch.
    pub fn is_heard(&self) -> bool {
        self.rules.iter().all(|rule| rule.answered.is_some())
    }

    /// The rules that were answered until the switch. `known`: what is written down of it already, by
    /// which a process goes that did not ask then.
    pub fn answered(&self, known: &[String]) -> Vec<String> {
        let says = |name: &String| self.rules.iter().find(|rule| rule.name == *name)?.answered;
        let heard = self.rules.iter().filter(|rule| rule.answered == Some(true));
        let others = known.iter().filter(|name| says(name).is_none());
        heard.map(|rule| &rule.name).chain(others).cloned().collect()
    }

    /// `answered`: those that were answered until the switch, as was written down then.
    pub fn arrival(&self, wanted: Colour, answered: &[String]) -> Arrival {
        let (mut blind, mut seen, mut not) = (Vec::new(), BTreeSet::new(), Vec::new());
        let (mut is_early, mut unserved) = (false, None);
        for rule in &self.rules {
            match rule.shows(wanted, answered) {
                Shows::Learning => is_early = true,
                Shows::Nothing(why) => blind.push((&rule.way, why)),
                Shows::Arrived => drop(seen.insert(&rule.way)),
                Shows::Not(streak) => not.push((rule, streak)),
                Shows::Unserved(said) => {
                    let said = said.map(|said| format!("{}: {said}", rule.name));
                    unserved = unserved.or(Some(said));
                }
            }
        }
        // Who is heard instead, before that too little was heard.
        let other = not.iter().filter_map(|(rule, streak)| {
            let streak = streak.filter(|streak| streak.voice != Voice::Version(wanted))?;
            Some((streak.at, format!("{}: {}", rule.name, streak.said)))
        });
        if let Some((_, said)) = other.max() {
            return Arrival::Not { said: Some(said) };
        }
        if !not.is_empty() || unserved.is_some() {
            return Arrival::Not { said: unserved.flatten() };
        }
        if is_early {
            return Arrival::Learning;
        }
        blind.retain(|(way, _)| !seen.contains(way));
        let unseen = blind.into_iter().map(|(_, why)| why).chain(self.unasked.iter().cloned());
        let unseen: Vec<String> = unseen.collect();
        let unseen = (!unseen.is_empty()).then(|| unseen.join("; "));
        if seen.is_empty() {
            let why = unseen.unwrap_or_else(|| "no Ingress rule can be probed".to_owned());
            return Arrival::Inconclusive { why };
        }
        Arrival::Arrived { unseen }
    }

    /// Where answers came until the switch.
    fn of<'a>(&'a self, answered: &'a [String]) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(|rule| answered.contains(&rule.name))
    }

    /// A rule that gives nothing but errors at every address at which answers came until the switch.
    pub fn bad(&self, answered: &[String]) -> Option<String> {
        let mut rules: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in self.of(answered) {
            rules.entry(&rule.rule).or_default().push(rule);
        }
        let bad = rules.into_values().find(|addresses| {
            addresses.iter().all(|rule| rule.streak.as_ref().is_some_and(Streak::is_bad))
        })?;
        let first = bad.first()?;
        Some(format!("{}: {}", first.name, first.streak.as_ref()?.said))
    }

    /// What came lately that is not this version's: an error where answers came until the switch, the other
    /// version's answer, nothing of the app's, or failures among its answers.
    pub fn astray(&self, wanted: Colour, answered: &[String]) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let is_answered = answered.contains(&rule.name);
            if let Some(said) = rule.unserved().filter(|_| is_answered) {
                return Some(format!("{}: {said}", rule.name));
            }
            if let Some(said) = rule.failed.lasting().filter(|_| is_answered) {
                return Some(rule.failing(said));
            }
            let mut lately = rule.lately.iter();
            let (_, said) = lately.find(|(voice, _)| match voice {
                Voice::Version(heard) => *heard != wanted,
                Voice::Error => is_answered,
                Voice::Unclear => false,
            })?;
            Some(format!("{}: {said}", rule.name))
        })
    }

    /// The rules that are answered now, of those as well of which that was not known before.
    pub fn answered_now(&self, known: &[String]) -> Vec<String> {
        let answers =
            |rule: &&Rule| rule.streak.as_ref().is_some_and(|streak| streak.voice != Voice::Error);
        let new = self.rules.iter().filter(answers).map(|rule| &rule.name);
        let new = new.filter(|name| !known.contains(name));
        known.iter().chain(new).cloned().collect()
    }

    /// Whether enough came lately, where answers came until the switch, to say that nobody else answers.
    pub fn is_heard_out(&self, answered: &[String]) -> bool {
        self.of(answered).all(|rule| rule.lately.len() >= LATELY)
    }

    /// Errors that are no hiccup, at one address at least where answers came until the switch.
    pub fn lasting(&self, answered: &[String]) -> Option<String> {
        self.of(answered).find_map(|rule| {
            let streak = rule.streak.as_ref().filter(|streak| streak.is_bad())?;
            Some(format!("{}: {}", rule.name, streak.said))
        })
    }

    /// Where nothing of the app's came for longer than a hiccup, and what came instead.
    pub fn unserved(&self, answered: &[String]) -> Option<String> {
        self.of(answered).find_map(|rule| {
            let said = rule
                .unserved()
                .filter(|_| rule.unserved.as_ref().is_some_and(|it| it.is_lasting))?;
            Some(format!("{}: {said}", rule.name))
        })
    }

    /// Where requests have failed among answers for longer than a hiccup, and still do.
    pub fn fails_in_part(&self, answered: &[String]) -> Option<String> {
        self.of(answered).find_map(|rule| Some(rule.failing(rule.failed.lasting()?)))
    }

    /// Where requests have failed, with too few answers since to say that it is over.
    pub fn is_failing(&self, answered: &[String]) -> Option<String> {
        self.of(answered).find_map(|rule| {
            rule.failed.spell.as_ref()?;
            Some(rule.failing(rule.failed.said.as_deref()?))
        })
    }

    /// Where more than a hiccup of requests failed since the switch, though others were answered.
    pub fn failures(&self) -> Option<String> {
        let rules = self.rules.iter().filter(|rule| rule.failed.failures >= HICCUPS);
        let most = rules.max_by_key(|rule| rule.failed.failures)?;
        let Failed { requests, failures, said, is_limit, .. } = &most.failed;
        let limit = if *is_limit { " (the ingress may limit the request rate)" } else { "" };
        Some(format!(
            "{failures} of {requests} requests to {} failed: {}{limit}",
            most.name,
            said.as_ref()?
        ))
    }

    /// Whether anybody is heard instead of the version that is wanted, errors aside, where that can be told.
    pub fn hears_others(&self, wanted: Colour) -> bool {
        let told = self.rules.iter().filter(|rule| rule.telling == Telling::Yes);
        let mut voices = told.filter_map(|rule| Some(rule.streak.as_ref()?.voice));
        voices.any(|voice| voice != Voice::Error && voice != Voice::Version(wanted))
    }

    /// Whether all is answered without an error lately, where answers came until the switch.
    pub fn is_well(&self, answered: &[String]) -> bool {
        let is_asked = |rule: &&Rule| answered.is_empty() || answered.contains(&rule.name);
        let mut rules = self.rules.iter().filter(is_asked).peekable();
        rules.peek().is_some()
            && rules.all(|rule| {
                let mut voices = rule.lately.iter().map(|(voice, _)| *voice);
                rule.unserved.is_none()
                    && rule.lately.len() >= LATELY
                    && voices.all(|voice| voice != Voice::Error)
            })
    }

    /// When errors that were no hiccup came last, where answers came until the switch.
    pub fn erred_until(&self, answered: &[String]) -> Option<Timestamp> {
        self.of(answered).filter_map(|rule| rule.erred_until).max()
    }

    /// What comes now where answers came until the switch, and is none.
    pub fn errs(&self, answered: &[String]) -> Option<String> {
        self.of(answered).find_map(|rule| {
            let streak = rule.streak.as_ref().filter(|streak| streak.voice == Voice::Error);
            let said = streak.map(|streak| streak.said.as_str()).or(rule.unserved())?;
            Some(format!("{}: {said}", rule.name))
        })
    }

    /// When the version that is not wanted was heard last.
    pub fn heard_other(&self) -> Option<Timestamp> {
        self.rules.iter().filter_map(|rule| rule.heard_other).max()
    }

    /// What has to change for a new look to be worth it: not each answer is.
    pub fn gist(&self) -> impl PartialEq + use<> {
        let rules = self.rules.iter().map(|rule| {
            let streak = rule.streak.as_ref().map(|streak| {
                (streak.voice, streak.said.clone(), streak.is_enough(), streak.is_bad())
            });
            let has = |wanted: Voice| rule.lately.iter().any(|(voice, _)| *voice == wanted);
            let lately = Voice::ALL.map(has);
            let limited = rule.limited.clone();
            (
                rule.telling.clone(),
                rule.answered,
                streak,
                rule.lately.len() >= LATELY,
                lately,
                limited,
                rule.unserved.clone(),
                rule.unsure.clone(),
                (rule.failed.spell.is_some(), rule.failed.lasting().is_some()),
            )
        });
        let rules: Vec<_> = rules.collect();
        (rules, self.fails.clone(), self.refuses.clone(), self.marks.clone())
    }
}
