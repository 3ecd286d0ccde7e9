//! What a process has heard of a release, for rows of the table.

use bluegreen::model::Colour;
use bluegreen::release::{
    Failed, LATELY, Probed, Rule, Sight, Spell, Streak, Telling, Unserved, Voice,
};
use jiff::{SignedDuration, Timestamp};

use crate::world::World;
use crate::world::driver::Driver;

/// What is heard by one rule.
#[derive(Clone)]
pub struct Heard {
    name: &'static str,
    telling: Telling,
    /// With the number of answers, and the seconds that they took.
    voice: Option<(Voice, u64, i64)>,
    other: Option<Timestamp>,
    unserved: Option<Unserved>,
    /// Failures among the answers: how many, and the seconds that they took.
    failures: Option<(u64, i64)>,
}

impl Heard {
    pub fn version(colour: Colour, answers: u64, seconds: i64) -> Heard {
        let voice = Some((Voice::Version(colour), answers, seconds));
        Heard { telling: Telling::Yes, voice, ..Heard::learning() }
    }

    pub fn errors(answers: u64, seconds: i64) -> Heard {
        let voice = Some((Voice::Error, answers, seconds));
        Heard { telling: Telling::Yes, voice, ..Heard::learning() }
    }

    /// Somebody answers, and it can't be told who.
    pub fn nothing(why: &str) -> Heard {
        let voice = Some((Voice::Unclear, 64, 6));
        Heard { telling: Telling::No(why.to_owned()), voice, ..Heard::learning() }
    }

    pub fn learning() -> Heard {
        Heard {
            name: "parrot",
            telling: Telling::Learning,
            voice: None,
            other: None,
            unserved: None,
            failures: None,
        }
    }

    /// Where both versions answer alike.
    pub fn alike(self) -> Heard {
        Heard { telling: Telling::No("both versions give the same answers".to_owned()), ..self }
    }

    pub fn named(self, name: &'static str) -> Heard {
        Heard { name, ..self }
    }

    /// Since the switch nothing of the app's comes there.
    pub fn unserved(self, said: &str, is_lasting: bool) -> Heard {
        Heard { unserved: Some(Unserved { said: Some(said.to_owned()), is_lasting }), ..self }
    }

    /// Some of what comes since the switch is none of the app's.
    pub fn failing(self, failures: u64, seconds: i64) -> Heard {
        Heard { failures: Some((failures, seconds)), ..self }
    }

    /// When the version that is not wanted was heard last.
    pub fn other(self, at: Timestamp) -> Heard {
        Heard { other: Some(at), ..self }
    }

    pub fn rule(&self, now: Timestamp) -> Rule {
        let streak = self.voice.map(|(voice, answers, seconds)| Streak {
            voice,
            since: now - SignedDuration::from_secs(seconds),
            at: now,
            answers,
            said: said(voice),
            is_5xx: voice == Voice::Error,
        });
        let few = |answers: u64| answers.min(LATELY as u64) as usize;
        let lately = self.voice.map(|(voice, answers, _)| vec![(voice, said(voice)); few(answers)]);
        let lately = lately.unwrap_or_default();
        Rule {
            name: self.name.to_owned(),
            rule: self.name.to_owned(),
            way: self.name.to_owned(),
            telling: self.telling.clone(),
            answered: Some(true),
            erred: None,
            lately,
            streak,
            heard_other: self.other,
            erred_until: None,
            limited: None,
            known_by: None,
            came: None,
            unserved: self.unserved.clone(),
            unsure: None,
            failed: self.failed(now),
        }
    }
}

impl Heard {
    fn failed(&self, now: Timestamp) -> Failed {
        let Some((failures, seconds)) = self.failures else { return Failed::default() };
        let since = now - SignedDuration::from_secs(seconds);
        Failed {
            requests: failures * 2,
            failures,
            said: Some("404 Not Found".to_owned()),
            is_limit: false,
            spell: Some(Spell { since, at: now, failures, requests: failures * 2, answers: 1 }),
            ..Failed::default()
        }
    }
}

fn said(voice: Voice) -> String {
    if voice == Voice::Error { "502 Bad Gateway" } else { "200 OK" }.to_owned()
}

pub fn sight(world: &World, heard: &[Heard]) -> Sight {
    sight_at(world.now, heard)
}

pub fn sight_at(now: Timestamp, heard: &[Heard]) -> Sight {
    let rules = heard.iter().map(|heard| heard.rule(now)).collect();
    Sight { rules, ..Sight::default() }
}

/// What the process has heard up to now.
pub fn of(driver: &mut Driver, world: &World, heard: &[Heard]) {
    hears(driver, sight(world, heard));
}

pub fn hears(driver: &mut Driver, sight: Sight) {
    driver.memory.asks = true;
    driver.memory.probed = Some(Probed { release: 1, sight });
}

/// Until the switch these rules were answered.
pub fn before(driver: &mut Driver, world: &World, names: &[&'static str]) {
    let heard: Vec<Heard> = names.iter().map(|name| Heard::learning().named(name)).collect();
    of(driver, world, &heard);
    driver.memory.asks = false;
}
