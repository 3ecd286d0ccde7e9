//! What the two versions answer when they are asked directly, and by what they can be told apart. Pure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::answer::{Answer, Feature, Heard, Says};
use crate::model::Colour;

/// So many answers at least tell what a version always says.
const FEW: usize = 10;
/// For each pod, where answers differ from pod to pod: that one of them has answered none of so
/// many happens to one app in three thousand.
const A_POD: usize = 8;
/// No more are kept: what was said long ago may not be said any more.
const KEPT: usize = 100;

/// So many of the newest are compared, where each is another one.
const PAGES: usize = 30;
/// And so many different ones with what comes through the ingress.
const FEW_PAGES: usize = 5;

/// One version, at one rule of the route.
pub struct Version {
    heard: VecDeque<Answer>,
    /// The values of each feature of those, if they are closed.
    closed: BTreeMap<Feature, Option<Values>>,
    /// All their bodies, and the few newest of them that differ.
    bodies: BTreeSet<Option<String>>,
    pages: Vec<Answer>,
    /// So many answers without a new value, and a feature that has several has no more.
    enough: usize,
    /// Whether all pages that came of late are much alike.
    is_steady: bool,
    /// Why it can't be asked.
    denied: Option<String>,
    /// Why the last question got no answer.
    missed: Option<String>,
}

/// Both.
pub struct Versions {
    both: [Version; 2],
    apart: Apart,
    /// Whether an answer came from elsewhere than the version itself.
    is_lent: bool,
}

/// What tells the versions apart: for each such feature the values of blue and of green.
pub type Apart = BTreeMap<Feature, [Values; 2]>;

type Values = BTreeSet<Option<String>>;

impl Version {
    fn new(replicas: u64) -> Version {
        let replicas = usize::try_from(replicas).unwrap_or(usize::MAX);
        let enough = replicas.saturating_mul(A_POD).clamp(FEW, KEPT / 2);
        Version {
            heard: VecDeque::new(),
            closed: BTreeMap::new(),
            bodies: BTreeSet::new(),
            pages: Vec::new(),
            enough,
            is_steady: false,
            denied: None,
            missed: None,
        }
    }

    fn note(&mut self, heard: Heard) {
        match heard {
            // Of a version itself an error is its own, whatever it asks for: nobody stands before it who might
            // limit how often it is asked.
            Heard::Answer(answer) if answer.is_put_off() && !answer.status().is_server_error() => {
                self.missed = Some(answer.status().to_string());
            }
            Heard::Answer(answer) => {
                if self.heard.len() == KEPT {
                    self.heard.pop_front();
                }
                self.heard.push_back(answer);
                self.missed = None;
                self.know();
            }
            Heard::Nobody(why) => self.missed = Some(why),
            Heard::Denied(why) => self.denied = Some(why),
        }
    }

    /// What follows from what was heard: it is asked for again and again between two answers.
    fn know(&mut self) {
        self.is_steady = self.is_steady();
        let features: BTreeSet<&Feature> = self.answers().flat_map(Answer::features).collect();
        let closed = features.into_iter().map(|it| (it.clone(), self.found_closed(it)));
        self.closed = closed.collect();
        self.bodies.clear();
        self.pages.clear();
        for own in self.heard.iter().rev() {
            if self.bodies.insert(own.body().map(str::to_owned)) && self.pages.len() < FEW_PAGES {
                self.pages.push(own.clone());
            }
        }
    }

    pub fn answers(&self) -> impl DoubleEndedIterator<Item = &Answer> {
        self.heard.iter()
    }

    pub fn is_denied(&self) -> bool {
        self.denied.is_some()
    }

    /// Whether enough was heard to know what it always says.
    pub fn is_known(&self) -> bool {
        self.heard.len() >= self.enough
    }

    /// Whether more would tell little.
    pub fn is_full(&self) -> bool {
        self.heard.len() >= self.enough + FEW
    }

    pub fn last_is_a_failure(&self) -> bool {
        self.missed.is_some() || self.heard.back().is_some_and(|a| a.status().is_server_error())
    }

    /// The values of a feature, if it has no others: none came but once, and none for the first time
    /// of late. So the names of three pods are a closed set; a counter, a clock, an id of the request
    /// is not, for each brings new ones for ever.
    pub fn closed(&self, feature: &Feature) -> Option<Values> {
        self.closed.get(feature).cloned().unwrap_or_else(|| self.found_closed(feature))
    }

    fn found_closed(&self, feature: &Feature) -> Option<Values> {
        let mut counts: BTreeMap<Says, usize> = BTreeMap::new();
        let mut since_new = 0;
        for says in self.heard.iter().map(|answer| answer.says(feature)) {
            if says == Says::Unknown {
                return None;
            }
            let count = counts.entry(says).or_default();
            *count += 1;
            since_new = if *count == 1 { 1 } else { since_new + 1 };
        }
        let enough = if counts.len() == 1 { FEW } else { self.enough };
        let is_closed = since_new >= enough && counts.values().all(|count| *count > 1);
        is_closed.then(|| counts.into_keys().map(value).collect())
    }

    /// Whether its pages are known: there are but so many, or all that came of late are much alike.
    pub fn has_known_pages(&self) -> bool {
        self.is_known() && self.is_steady || self.closed(&Feature::Body).is_some()
    }

    fn is_steady(&self) -> bool {
        let newest = || self.heard.iter().rev().take(PAGES);
        newest().next_back().is_some_and(|first| newest().all(|own| own.is_page_of(first)))
    }

    /// Whether that is one of its pages, or was one before a proxy has changed it.
    pub fn has_page(&self, answer: &Answer) -> bool {
        self.bodies.contains(&answer.body().map(str::to_owned))
            || self.pages.iter().any(|own| answer.is_page_of(own))
    }

    /// Whether it was seen to answer with that status, and like this.
    fn was_seen_to_say(&self, answer: &Answer) -> bool {
        let mut alike = self.heard.iter().filter(|own| own.status() == answer.status()).peekable();
        if alike.peek().is_none() {
            return false;
        }
        let media = Feature::Header("content-type".to_owned());
        let by = if self.closed(&Feature::Body).is_some() { &Feature::Body } else { &media };
        alike.any(|own| match (own.says(by), answer.says(by)) {
            (Says::Unknown, _) | (_, Says::Unknown) => true,
            (own, said) => own == said,
        })
    }
}

pub fn value(says: Says) -> Option<String> {
    match says {
        Says::This(value) => Some(value.to_owned()),
        Says::Nothing | Says::Unknown => None,
    }
}

impl Versions {
    pub fn new(replicas: u64) -> Versions {
        let both = [Version::new(replicas), Version::new(replicas)];
        Versions { both, apart: Apart::new(), is_lent: false }
    }

    pub fn of(&self, colour: Colour) -> &Version {
        &self.both[colour as usize]
    }

    pub fn note(&mut self, colour: Colour, heard: Heard) {
        self.both[colour as usize].note(heard);
        self.apart = self.compared();
    }

    /// What came another way, where a version can't be asked itself: under the preview host, or through the
    /// ingress before the switch. An error may be of that way.
    pub fn lend(&mut self, colour: Colour, heard: &Heard) {
        let Heard::Answer(answer) = heard else { return };
        if self.of(colour).is_denied() && !answer.is_put_off() && answer.status().as_u16() < 400 {
            self.is_lent = true;
            self.note(colour, heard.clone());
        }
    }

    /// Whether that tells nothing yet: it may depend on the host, or on the way.
    pub fn is_lent(&self) -> bool {
        self.is_lent
    }

    /// Why they can't be asked.
    pub fn denied(&self) -> Option<&str> {
        self.both.iter().find_map(|version| version.denied.as_deref())
    }

    pub fn are_known(&self) -> bool {
        self.both.iter().all(Version::is_known)
    }

    /// Why too little was heard of one of them.
    pub fn missed(&self) -> Option<&str> {
        let unknown = self.both.iter().filter(|version| !version.is_known());
        unknown.into_iter().find_map(|version| version.missed.as_deref())
    }

    /// Features whose values are closed for each of them, and of which none is both's.
    pub fn apart(&self) -> &Apart {
        &self.apart
    }

    fn compared(&self) -> Apart {
        let [blue, green] = &self.both;
        let answers = self.both.iter().flat_map(Version::answers);
        let features: BTreeSet<&Feature> = answers.flat_map(Answer::features).collect();
        let apart = features.into_iter().filter_map(|feature| {
            let sets = [blue.closed(feature)?, green.closed(feature)?];
            sets[0].is_disjoint(&sets[1]).then(|| (feature.clone(), sets))
        });
        apart.collect()
    }

    /// Whether either of them was seen to answer with that status.
    pub fn have_status(&self, answer: &Answer) -> bool {
        self.both.iter().flat_map(Version::answers).any(|own| own.status() == answer.status())
    }

    /// Whether one of them was seen to answer like this.
    pub fn say(&self, answer: &Answer) -> bool {
        self.both.iter().any(|version| version.was_seen_to_say(answer))
    }

    /// The candidate's own trouble, where the live version has none: nothing but errors of its own for so
    /// many answers; or that it refuses what the other answers.
    pub fn trouble(&self, candidate: Colour) -> (Option<String>, Option<String>) {
        if self.is_lent {
            return (None, None);
        }
        let (new, old) = (self.of(candidate), self.of(candidate.other()));
        let newest: Vec<&Answer> = new.answers().rev().take(FEW).collect();
        let Some(last) = newest.first().filter(|_| newest.len() == FEW && !old.heard.is_empty())
        else {
            return (None, None);
        };
        let all = |of: fn(&Answer) -> bool| newest.iter().all(|answer| of(answer));
        let none = |of: fn(&Answer) -> bool| !old.answers().any(of);
        let is_5xx = |answer: &Answer| answer.status().is_server_error();
        let is_4xx = |answer: &Answer| answer.status().is_client_error();
        let said = last.status().to_string();
        match () {
            () if all(is_5xx) && none(is_5xx) => (Some(said), None),
            () if all(is_4xx) && none(is_4xx) => (None, Some(said)),
            () => (None, None),
        }
    }
}
