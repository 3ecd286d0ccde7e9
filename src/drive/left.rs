//! What a command leaves behind when it ends early, and how it puts that down.

use std::time::Duration;

use super::Loop;
use crate::cluster::Breadth;
use crate::error::{Error, Kind};
use crate::event::What;
use crate::model::Colour;
use crate::release::{Goal, Me, Phase, Snapshot, Way, plan, status, ways};

/// For so long a look at the end of a command is waited for.
const LAST_LOOK: Duration = Duration::from_secs(5);
/// How often the release is put down again after somebody else changed the record meanwhile.
const LET_GO_TRIES: u32 = 5;

#[derive(Default)]
pub enum Left {
    #[default]
    Nothing,
    /// A release; with one that ends there is no more to decide.
    Release { number: u64, phase: Phase, ends: bool },
    /// One that somebody else was seen to drive.
    Driven { holder: String },
}

impl Left {
    pub fn of(s: &Snapshot, me: &Me) -> Left {
        let Some((_, record)) = &s.record else { return Left::Nothing };
        match (&record.release, &record.driver) {
            (None, _) => Left::Nothing,
            (_, Some(other)) if other.id != me.id && s.memory.driver_seen_at.is_some() => {
                Left::Driven { holder: other.holder.clone() }
            }
            (Some(release), _) => Left::Release {
                number: release.number,
                phase: s.phase(record, release),
                ends: release.ending.is_some(),
            },
        }
    }
}

/// How a release stands that nobody goes on with for now.
fn kept(phase: Phase, ends: bool) -> &'static str {
    match phase {
        _ if ends => "it is being removed",
        Phase::Starting => "its candidate is not ready yet and gets no traffic",
        Phase::Waiting => "its candidate waits for approval and gets no traffic",
        Phase::Switching => "the switch is in progress",
        Phase::Confirming => "it is switched, and the switch is not confirmed yet",
        Phase::Baking | Phase::Draining => {
            "it is switched, and the previous version is still running"
        }
    }
}

impl Loop<'_> {
    /// What an interrupt means for the release, and how to go on.
    pub fn interrupted(&mut self, signal: u8) -> Error {
        let error = |what: &str| Error::new(Kind::Interrupted(signal), what);
        let decisions = self.decisions();
        let command = |verb: &str| (self.drive.command)(verb);
        match (&self.left, &self.drive.goal) {
            (_, Goal::Watch) => error("interrupted"),
            (Left::Nothing, _) | (_, Goal::Init(_)) => {
                error("interrupted").hint("to continue: run the same command again")
            }
            (Left::Driven { holder }, _) => {
                let what = format!("interrupted; {holder} continues the release");
                error(&what).hint(command("status"))
            }
            (Left::Release { .. }, _) => {
                let mut error = error("interrupted; the release is paused, nothing was undone")
                    .hint("to continue it: run the same command again");
                error.hints.extend(decisions);
                error
            }
        }
    }

    /// An error in the middle of a release, with what that means for it, and what goes on with it.
    pub fn left_behind(&mut self, error: Error) -> Error {
        let is_about_it = !matches!(self.drive.goal, Goal::Init(_) | Goal::Watch);
        if !(is_about_it && matches!(error.kind, Kind::NotPermitted | Kind::Unreachable)) {
            return error;
        }
        let decisions = self.decisions();
        match &self.left {
            Left::Nothing => error,
            Left::Driven { holder } => error.because(format!("{holder} continues the release")),
            Left::Release { number, phase, ends } => {
                let what = kept(*phase, *ends);
                let mut error = error
                    .because(format!("release {number} is paused, nothing was undone: {what}"))
                    .hint("to continue the release: run the same command again");
                error.hints.extend(decisions);
                error
            }
        }
    }

    /// The commands by which the release that is left behind is decided on, beside the same one again.
    fn decisions(&mut self) -> Vec<String> {
        let Left::Release { ends: false, .. } = self.left else { return Vec::new() };
        let next = self.next();
        let command = |verb: &str| (self.drive.command)(verb);
        let yes = match &self.drive.goal {
            Goal::Deploy(_) if next.contains(&Way::Promote) => Some(command("promote")),
            Goal::Deploy(_) if next.contains(&Way::PromoteWhenReady) => {
                Some(format!("{} --when-ready", command("promote")))
            }
            _ => None,
        };
        let goes = !matches!(self.drive.goal, Goal::Abort { .. });
        yes.into_iter().chain(goes.then(|| command("abort"))).collect()
    }

    /// Whoever only followed another driver has watched its record alone: what it can say of the rest is old.
    /// Without this look nothing is named.
    pub async fn see_what_is_left(&mut self) {
        let (cluster, names) = (self.drive.cluster, &self.drive.names);
        let reading = self.look.read(cluster, names, Breadth::All);
        tokio::select! {
            _ = tokio::time::timeout(LAST_LOOK, reading) => {}
            _ = self.drive.interrupts.again() => {}
        }
    }

    /// What works after this command, by what it knows, with nobody driving.
    pub fn next(&mut self) -> Vec<Way> {
        let now = self.now();
        let Ok(mut s) = self.look.snapshot(&self.drive, now) else { return Vec::new() };
        if let Some((_, record)) = &mut s.record {
            record.driver = record.driver.take().filter(|driver| driver.id != self.drive.me.id);
        }
        ways::of(&s, now)
    }

    /// Why the live version serves nobody, by what is known.
    pub fn outage(&mut self) -> Option<String> {
        let now = self.now();
        let s = self.look.snapshot(&self.drive, now).ok()?;
        status::outage(&s)
    }

    /// The Deployments of the release in progress that are not there.
    pub fn gone(&mut self) -> Vec<String> {
        let now = self.now();
        let Ok(s) = self.look.snapshot(&self.drive, now) else { return Vec::new() };
        let is_under_way = s.record.as_ref().is_some_and(|(_, record)| record.release.is_some());
        let gone =
            Colour::BOTH.into_iter().filter(|colour| is_under_way && s.slot(*colour).is_none());
        gone.map(|colour| s.names.deployment(colour)).collect()
    }

    /// Puts the release down, as far as that can be done now.
    pub async fn let_go(&mut self) {
        for _ in 0..LET_GO_TRIES {
            let Ok(s) = self.look.snapshot(&self.drive, self.now()) else { return };
            let Some(step) = plan::let_go(&self.drive.me, &s, self.now()) else { return };
            let written = tokio::select! {
                written = self.drive.cluster.execute(&step.write) => written,
                _ = self.drive.interrupts.again() => return,
            };
            if let Ok(reply) = written {
                self.look.written(step.write.id(), reply);
                self.emit(What::Done(step.action));
                return;
            }
            let (cluster, names) = (self.drive.cluster, &self.drive.names);
            let read = tokio::select! {
                read = self.look.read(cluster, names, Breadth::Serving) => read.map(drop),
                _ = self.drive.interrupts.again() => return,
            };
            if read.is_err() {
                return;
            }
        }
    }
}
