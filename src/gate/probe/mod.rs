//! Learns which version answers. Both are asked directly, and the app through its ingress, as a visitor
//! would, each time on a new connection. Both versions are there from the candidate's readiness until the
//! old one is put away, so whoever drives a release can find out by himself.

mod answer;
mod ask;
mod marks;
mod pacing;
mod page;
#[cfg(test)]
mod stand_in;
mod target;
mod tell;
mod versions;

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use url::Url;

pub use target::{Target, Targets};

use super::{Courier, Outside};
use crate::model::Colour;
use crate::release::marker::Hosts;
use crate::release::{Rule, Sight, Telling};
use answer::Heard;
use ask::Asker;
use marks::{Marks, Whose};
pub use tell::Until;
use tell::{Named, Tell};

/// From one request to the next of the same kind, which waits for the one before.
#[derive(Clone, Copy)]
struct Pace {
    /// While there is something to find out.
    round: Duration,
    /// Where a switch is known to have arrived: whether it stays so.
    watch: Duration,
    /// Before the switch, after a request that failed: it may have been one too many.
    failed: Duration,
    /// When everything has been learnt.
    idle: Duration,
    /// The same, of the versions themselves.
    idle_direct: Duration,
}

const PACE: Pace = Pace {
    round: Duration::from_millis(100),
    watch: Duration::from_millis(500),
    failed: Duration::from_secs(1),
    idle: Duration::from_secs(10),
    idle_direct: Duration::from_secs(60),
};

/// Asks all targets, each at its own pace, for as long as somebody waits for `next`.
pub struct Prober {
    pace: Pace,
    lines: Vec<Line>,
    asks: JoinSet<(usize, Heard)>,
    tell: Tell,
    wanted: Option<Colour>,
    /// Whether the versions themselves are asked as well.
    both: bool,
    /// What is asked through the ingress, or was.
    ways: Vec<Target>,
    /// The port by which each rule's versions are asked, as the route names it, and for what.
    rules: Vec<(Value, Url)>,
    candidate: Colour,
    /// Whether the preview host leads to the candidate.
    is_previewed: bool,
    /// Where hosts of our own Ingress are asked for, and what came of it.
    marks: Vec<(Target, Marks)>,
    /// Which of them are asked for now.
    marking: Marking,
    /// Whether the versions can be told apart by each rule, so that nothing else is of use.
    is_told: bool,
    /// What was returned last.
    told: Option<Sight>,
}

/// Which hosts of our own Ingress are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marking {
    None,
    /// All but the marker, which is not there yet.
    Others,
    All,
}

/// One thing that is asked again and again.
struct Line {
    ear: Ear,
    asker: Arc<Asker>,
    started: Instant,
    /// When it is asked next; none while it is being asked, or if that is of no use any more.
    due: Option<Instant>,
}

#[derive(Clone, Copy)]
enum Ear {
    /// A rule at an address of the ingress.
    Way(usize),
    /// A version itself, by a rule.
    Version(usize, Colour),
    /// A host of our own Ingress at an address.
    Mark(usize, Whose),
    /// The candidate under its preview host, by a rule.
    Preview(usize),
}

impl Prober {
    /// `replicas`: of a version. `direct`: how a version is asked itself for a target, or why it can't be.
    pub fn new(
        candidate: Colour,
        found: &Targets,
        replicas: u64,
        outside: &Outside,
        direct: impl Fn(&Value, Colour) -> Result<Courier, String>,
    ) -> Result<Prober, String> {
        let mut prober = Prober {
            pace: PACE,
            lines: Vec::new(),
            asks: JoinSet::new(),
            tell: Tell::new(candidate, Vec::new(), Vec::new(), replicas),
            wanted: None,
            both: true,
            ways: Vec::new(),
            rules: Vec::new(),
            candidate,
            is_previewed: false,
            marks: Vec::new(),
            marking: Marking::None,
            is_told: false,
            told: None,
        };
        prober.find(found, outside, direct)?;
        Ok(prober)
    }

    /// Asks what is found now. What was known before stays known.
    pub fn find(
        &mut self,
        found: &Targets,
        outside: &Outside,
        direct: impl Fn(&Value, Colour) -> Result<Courier, String>,
    ) -> Result<(), String> {
        let mut unasked = found.unasked();
        if found.targets.is_empty() && unasked.is_empty() {
            unasked.push("no Ingress rule can be probed".to_owned());
        }
        self.tell.leave_out(unasked);
        for target in &found.targets {
            match self.ways.iter().position(|known| known.is_where(target)) {
                Some(way) => {
                    self.rules[self.tell.rule_of(way)].0 = target.port.clone();
                    self.ways[way] = target.clone();
                }
                None => self.add(target, outside, &direct)?,
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        target: &Target,
        outside: &Outside,
        direct: &impl Fn(&Value, Colour) -> Result<Courier, String>,
    ) -> Result<(), String> {
        let asker = Asker::new(target.clone(), outside)?;
        let way = self.tell.add(Named {
            name: target.to_string(),
            rule: target.rule(),
            way: target.way(),
        });
        self.ways.push(target.clone());
        let rule = self.tell.rule_of(way);
        if self.rules.len() == rule {
            self.rules.push((target.port.clone(), target.url.clone()));
            for colour in Colour::BOTH {
                match direct(&target.port, colour) {
                    Ok(courier) => {
                        let asker = Asker::direct(target.url.clone(), courier);
                        self.line(Ear::Version(rule, colour), asker);
                    }
                    Err(why) => self.tell.deny(rule, colour, why),
                }
            }
        }
        self.line(Ear::Way(way), asker);
        Ok(())
    }

    fn line(&mut self, ear: Ear, asker: Asker) {
        let now = Instant::now();
        self.lines.push(Line { ear, asker: Arc::new(asker), started: now, due: Some(now) });
    }

    /// Hosts of our own Ingress are asked for, too, wherever the app is, as long as the versions can't be told
    /// apart.
    pub fn marks(&mut self, marking: Marking, hosts: &Hosts, outside: &Outside) {
        self.marking = marking;
        if marking == Marking::None {
            return;
        }
        let is_new = |target: &&Target| !self.marks.iter().any(|(at, _)| at.is_at(target));
        let new: Vec<Target> = self.places().filter(is_new).cloned().collect();
        for target in new {
            let asked = Whose::ALL.map(|whose| {
                let target = target.at(whose.host(hosts), &hosts.path)?;
                Some((whose, target.to_string(), Asker::new(target, outside).ok()?))
            });
            // Of one address nothing follows for another: what can't be asked there has no answers.
            let at = asked[Whose::Marker as usize].as_ref().map(|(_, at, _)| at.clone());
            let place = self.marks.len();
            self.marks.push((target.clone(), Marks::new(at.unwrap_or_else(|| target.to_string()))));
            for (whose, _, asker) in asked.into_iter().flatten() {
                self.line(Ear::Mark(place, whose), asker);
            }
        }
    }

    /// The addresses at which the app is asked, each as one of its targets.
    fn places(&self) -> impl Iterator<Item = &Target> {
        let ways = self.ways.iter().enumerate().filter(|(way, _)| self.tell.is_there(*way));
        let mut known: Vec<&Target> = Vec::new();
        for (_, target) in ways {
            if !known.iter().any(|known| known.is_at(target)) {
                known.push(target);
            }
        }
        known.into_iter()
    }

    /// The versions are asked another way from now on: their pods have changed.
    pub fn lead(&mut self, direct: impl Fn(&Value, Colour) -> Result<Courier, String>) {
        for line in &mut self.lines {
            let Ear::Version(rule, colour) = line.ear else { continue };
            let (port, url) = &self.rules[rule];
            if let Ok(courier) = direct(port, colour) {
                line.asker = Arc::new(Asker::direct(url.clone(), courier));
            }
        }
    }

    /// How rules were answered before the switch, as whoever asked then has written it down.
    pub fn knows(&mut self, until: &Until) {
        self.tell.knows(until);
    }

    /// Of rules that somebody has taken away nothing more is asked or told, nor at addresses where they are no
    /// more. A route that has no address for a while is asked where it had one.
    pub fn keep(&mut self, rules: &BTreeSet<String>, found: &Targets) {
        let ways = &self.ways;
        self.tell.keep(|way| {
            let (target, found) = (&ways[way], &found.targets);
            let mut of_ingress =
                found.iter().filter(|found| found.ingress == target.ingress).peekable();
            rules.contains(&target.rule())
                && (of_ingress.peek().is_none() || of_ingress.any(|found| found.is_where(target)))
        });
    }

    /// Whether the versions are asked, too, or the app alone.
    pub fn asks_versions(&mut self, both: bool) {
        self.both = both;
    }

    /// Where visitors see the candidate now, if they do: it is asked there by whoever can't ask it itself.
    pub fn previews(&mut self, preview: Option<&Url>, outside: &Outside) {
        self.is_previewed = preview.is_some();
        let Some(preview) = preview else { return };
        for rule in 0..self.rules.len() {
            let is_it = |line: &Line| matches!(line.ear, Ear::Preview(of) if of == rule);
            if self.lines.iter().any(is_it) {
                continue;
            }
            let way = self.tell.ways_of(rule).into_iter().next();
            let target = way.and_then(|way| self.ways[way].previewed(preview));
            if let Some(Ok(asker)) = target.map(|target| Asker::new(target, outside)) {
                self.line(Ear::Preview(rule), asker);
            }
        }
    }

    /// Returns when there is something new to know. `wanted`: the version that is to answer, once a switch
    /// has begun. May be dropped at any time and called again.
    pub async fn next(&mut self, wanted: Option<Colour>, now: impl Fn() -> Timestamp) -> Sight {
        if let Some(colour) = wanted.filter(|_| wanted != self.wanted) {
            self.wanted = wanted;
            self.tell.want(colour);
            for line in &mut self.lines {
                if let Ear::Way(way) = line.ear {
                    let pause = self.pace.round * self.tell.pacing(way).factor();
                    line.due = line.due.map(|_| line.started + pause);
                }
            }
        }
        loop {
            let there: Vec<&Target> = self.places().collect();
            let marks = self.marks.iter().filter(|(at, _)| there.iter().any(|it| it.is_at(at)));
            let marks = marks.map(|(_, marks)| marks.mark()).collect();
            let mut sight = Sight { marks, ..self.tell.sight(now()) };
            // That a switch has arrived says nothing of whoever answers then.
            if sight.rules.iter().any(|rule| rule.unsure.is_some()) {
                sight.marks.clear();
            }
            self.is_told = sight.rules.iter().all(|rule| rule.telling == Telling::Yes);
            if self.told.as_ref().is_none_or(|told| told.gist() != sight.gist()) {
                self.told = Some(sight.clone());
                return sight;
            }
            self.ask_what_is_due();
            let asked = self.lines.iter().filter(|line| self.is_asked(line.ear));
            let due = asked.filter_map(|line| line.due).min();
            tokio::select! {
                Some(done) = self.asks.join_next() => {
                    // Or the switch would never be seen to arrive: a line with no answer is not asked again.
                    let (nth, heard) = done.expect("asking does not panic");
                    self.heard(nth, heard, now());
                }
                () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {}
                else => return pending().await,
            }
        }
    }

    fn ask_what_is_due(&mut self) {
        let now = Instant::now();
        for nth in 0..self.lines.len() {
            let is_asked = self.is_asked(self.lines[nth].ear);
            let line = &mut self.lines[nth];
            if is_asked && line.due.is_some_and(|due| due <= now) {
                (line.started, line.due) = (now, None);
                let asker = Arc::clone(&line.asker);
                self.asks.spawn(async move { (nth, asker.ask().await) });
            }
        }
    }

    fn is_asked(&self, ear: Ear) -> bool {
        match ear {
            Ear::Way(way) => self.tell.is_there(way),
            Ear::Version(..) => self.both,
            Ear::Preview(rule) => {
                let is_denied = self.tell.version(rule, self.candidate).is_denied();
                self.both && self.is_previewed && is_denied
            }
            Ear::Mark(..) if self.is_told => false,
            Ear::Mark(_, Whose::Marker) => self.marking == Marking::All,
            Ear::Mark(..) => self.marking != Marking::None,
        }
    }

    fn heard(&mut self, nth: usize, heard: Heard, at: Timestamp) {
        let pause = match self.lines[nth].ear {
            Ear::Way(way) => {
                self.tell.note_way(way, heard, at);
                let rule = self.tell.rule_at(way, at);
                self.compare_soon(way);
                Some(self.pause_of_way(way, &rule))
            }
            Ear::Version(rule, colour) => {
                self.tell.note_version(rule, colour, heard, at);
                self.pause_of_version(rule, colour, at)
            }
            Ear::Preview(rule) => {
                self.tell.note_preview(rule, &heard);
                let is_answer =
                    matches!(&heard, Heard::Answer(answer) if answer.status().is_success());
                let is_full = self.tell.version(rule, self.candidate).is_full();
                Some(if is_answer && !is_full { self.pace.round } else { self.pace.failed })
            }
            Ear::Mark(place, whose) => {
                let (_, marks) = &mut self.marks[place];
                marks.note(whose, &heard, at);
                let is_over = marks.is_learnt(whose) || marks.mark().has_it;
                let late =
                    if marks.is_out_of_step() { self.pace.round / 2 } else { Duration::ZERO };
                Some(late + if is_over { self.pace.failed } else { self.pace.round })
            }
        };
        let line = &mut self.lines[nth];
        line.due = pause.map(|pause| line.started + pause);
    }

    /// What is not the app's answer may be a new one of its own: then the versions say so, too.
    fn compare_soon(&mut self, way: usize) {
        if !self.tell.is_others(way) {
            return;
        }
        let rule = self.tell.rule_of(way);
        for line in &mut self.lines {
            if matches!(line.ear, Ear::Version(of, _) if of == rule) {
                let soon = line.started + self.pace.failed;
                line.due = line.due.map(|due| due.min(soon));
            }
        }
    }

    fn pause_of_way(&self, way: usize, shows: &Rule) -> Duration {
        let pause = match self.wanted {
            None if !self.tell.is_heard(way) && self.tell.last_failed(way) => self.pace.failed,
            None if !self.tell.is_heard(way) => self.pace.round,
            None => self.pace.idle,
            Some(wanted) if shows.has_arrived(wanted) => self.pace.watch,
            Some(_) => self.pace.round,
        };
        // Whoever limits how often it is asked would answer our own asking with errors.
        pause.max(self.pace.round * self.tell.pacing(way).factor())
    }

    fn pause_of_version(&self, rule: usize, colour: Colour, now: Timestamp) -> Option<Duration> {
        let version = self.tell.version(rule, colour);
        // Answers change in time, those of a cache say: as long as it matters they are asked on.
        let matters = self.wanted.is_some_and(|wanted| {
            let ways = self.tell.ways_of(rule);
            ways.into_iter().any(|way| !self.tell.rule_at(way, now).has_arrived(wanted))
        });
        match version {
            version if version.is_denied() => None,
            version if version.last_is_a_failure() => Some(self.pace.watch),
            version if !version.is_full() => Some(self.pace.round),
            _ if matters => Some(self.pace.failed),
            _ => Some(self.pace.idle_direct),
        }
    }
}

#[cfg(test)]
#[path = "prober_tests.rs"]
mod tests;
