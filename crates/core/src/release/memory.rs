//! What this process alone has seen in the course of its observations.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checks::Reply;
use super::{Beyond, Goal, Me, Probed, Record, Sight};
use crate::model::{Colour, Id, Version, name, version};

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory {
    /// The driver last seen, and how often it had written then.
    driver: Option<(String, u64)>,
    /// When this process looked first, or, if it drives the release, when it began to: until then it asked
    /// nobody.
    pub started_at: Option<Timestamp>,
    /// When another driver was last seen to act; never, if this is the first look.
    pub driver_seen_at: Option<Timestamp>,
    /// The release that this process is about: number and template hash.
    pub following: Option<(u64, String)>,
    /// Whether this process drove it.
    pub drove: bool,
    /// The epoch in which it drove it last.
    pub epoch: Option<u64>,
    /// Objects that the API server does not let us make or change as they have to be, and why.
    pub refused: BTreeMap<Id, String>,
    /// The gate's last answer.
    pub answer: Option<Answered>,
    /// What the API server makes of the template in a file.
    pub reading: Option<Reading>,
    /// What the last writes of Deployments were answered with, by their names.
    replied: BTreeMap<String, Replied>,
    /// Whether this process asks the app.
    pub asks: bool,
    /// What asking the app has shown.
    pub probed: Option<Probed>,
    /// The release whose marker this process has written: whoever takes that away is not fought.
    pub marked: Option<u64>,
    /// The release whose old version was put away, and when its last pod was seen to be gone.
    pub gone: Option<(u64, Timestamp)>,
    /// What was found beyond the app's namespace.
    pub beyond: Beyond,
    /// What had been said of the app's routes when this process was about to change them.
    pub said_before: Option<SaidBefore>,
}

/// The Events of the app's routes before a switch, or a switch back: whatever is new since then, or has
/// grown, is about that. A controller's clock need not be the API server's, and its times have seconds.
#[derive(Clone, PartialEq, Debug)]
pub struct SaidBefore {
    pub release: u64,
    /// Whom the routes were to lead to.
    pub to: Colour,
    pub events: Vec<Value>,
}

/// What the API server said to a template that it was to try on the live Deployment.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    pub tried: Tried,
    pub reply: Reply,
}

/// Which template was tried, and on what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    pub hash: String,
    pub uid: String,
    pub generation: Option<i64>,
}

/// The state of a Deployment that a write of ours has left.
#[derive(Clone, PartialEq, Debug)]
pub struct Replied {
    at: Version,
    /// As it was before it, if it was there; of several writes with nothing between them, before the
    /// first.
    before: Option<Value>,
    after: Value,
}

/// A gate's answer, and what it was asked about.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered {
    pub release: u64,
    pub hash: String,
    pub at: Timestamp,
    pub answer: Answer,
    /// Not before then does it want to be asked again.
    pub not_before: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Pass,
    /// What it said instead of yes.
    NotYet(String),
    /// That it is asked too often: no word about the candidate.
    Later(String),
    Reject(String),
    /// Why it could not be asked.
    Broken(String),
}

/// A gate's answer without what it said, as the record and events name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum AnswerKind {
    Pass,
    NotYet,
    Later,
    Reject,
    Broken,
}

impl fmt::Display for AnswerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AnswerKind::Pass => "pass",
            AnswerKind::NotYet => "not-yet",
            AnswerKind::Later => "later",
            AnswerKind::Reject => "reject",
            AnswerKind::Broken => "broken",
        })
    }
}

impl Answer {
    /// What it comes to, and what was said.
    pub fn parts(&self) -> (AnswerKind, &str) {
        match self {
            Answer::Pass => (AnswerKind::Pass, ""),
            Answer::NotYet(said) => (AnswerKind::NotYet, said),
            Answer::Later(said) => (AnswerKind::Later, said),
            Answer::Reject(said) => (AnswerKind::Reject, said),
            Answer::Broken(why) => (AnswerKind::Broken, why),
        }
    }
}

impl Memory {
    /// Why the API server does not take this object.
    pub fn refusal(&self, id: &Id) -> Option<&str> {
        self.refused.get(id).map(String::as_str)
    }

    /// What asking has shown of a release.
    pub fn sight(&self, release: u64) -> Option<&Sight> {
        let probed = self.probed.as_ref().filter(|probed| probed.release == release)?;
        Some(&probed.sight)
    }

    /// Takes in that nothing of a release's old version is left.
    pub fn note_gone(&mut self, release: u64, now: Timestamp) {
        if self.gone.is_none_or(|(gone, _)| gone != release) {
            self.gone = Some((release, now));
        }
    }

    /// Takes in what a write has made of a Deployment.
    pub fn reply(&mut self, before: Option<&Value>, after: &Value) {
        let earlier = self.replied.remove(name(after));
        let earlier = earlier.filter(|earlier| before.map(version) == Some(earlier.at.clone()));
        let before = earlier.map_or_else(|| before.cloned(), |earlier| earlier.before);
        let replied = Replied { at: version(after), before, after: after.clone() };
        self.replied.insert(name(after).to_owned(), replied);
    }

    /// How the last write of this process has left a Deployment, whatever came after it, and how it was
    /// before that, if it was there.
    pub fn left(&self, deployment: &Value) -> Option<(Option<&Value>, &Value)> {
        let replied = self.replied.get(name(deployment))?;
        let is_it = replied.at.uid == version(deployment).uid;
        is_it.then_some((replied.before.as_ref(), &replied.after))
    }

    /// Whether a Deployment is as a write of this process has left it, with nobody between the two: then
    /// how it was before that, if it was there.
    pub fn written(&self, deployment: &Value) -> Option<Option<&Value>> {
        let replied = self.replied.get(name(deployment))?;
        (replied.at == version(deployment)).then_some(replied.before.as_ref())
    }

    /// Takes in an observation of the record.
    pub fn note(&mut self, goal: &Goal, me: &Me, record: Option<&Record>, now: Timestamp) {
        self.started_at.get_or_insert(now);
        let Some(record) = record else { return };
        let mine = record.driver.as_ref().filter(|driver| driver.id == me.id);
        if let Some(driver) = mine.filter(|_| !self.drove) {
            self.started_at = self.started_at.max(Some(driver.since));
        }
        let mine = mine.is_some();
        self.drove |= mine;
        if mine {
            self.epoch = Some(record.epoch);
        }
        if let Some(release) = &record.release {
            // Who starts a release is about the one that it drives; promote and abort about the one that
            // they meet first, so that an older look never approves a newer candidate.
            let about = match goal {
                Goal::Init(_) | Goal::Watch => false,
                Goal::Deploy(_) | Goal::Rollback { .. } => mine,
                Goal::Promote { .. } | Goal::Abort { .. } => self.following.is_none(),
            };
            if about {
                self.following = Some((release.number, release.hash.clone()));
            }
        }
        let seen = record.driver.as_ref().map(|driver| (driver.id.clone(), driver.writes));
        if seen != self.driver {
            if self.driver.is_some() && seen.is_some() {
                self.driver_seen_at = Some(now);
            }
            self.driver = seen;
        }
    }
}
