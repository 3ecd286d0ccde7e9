//! What a command leaves behind when it ends early, and how it puts that down.

use super::Loop;
use crate::cluster::Breadth;
use crate::error::{Error, Kind};
use crate::event::What;
use crate::release::{Goal, Me, Snapshot, plan};

/// How often the release is put down again after somebody else changed the record meanwhile.
const LET_GO_TRIES: u32 = 5;

#[derive(Default)]
pub enum Left {
    #[default]
    Nothing,
    /// A release; with one that ends there is no more to decide.
    Release { ends: bool },
    /// One that somebody else was seen to drive.
    Driven { holder: String },
}

impl Left {
    pub fn of(s: &Snapshot, me: &Me) -> Left {
        let Some((_, record)) = &s.record else { return Left::Nothing };
        match (&record.release, &record.driver) {
            (None, _) => Left::Nothing,
            (_, Some(other)) if other.id != me.id && s.memory.heard.is_some() => {
                Left::Driven { holder: other.holder.clone() }
            }
            (Some(release), _) => Left::Release { ends: release.ending.is_some() },
        }
    }
}

impl Loop<'_> {
    /// What an interrupt means for the release, and how to go on.
    pub fn interrupted(&self, signal: u8) -> Error {
        let error = |what: &str| Error::new(Kind::Interrupted(signal), what);
        let command = |verb: &str| (self.drive.command)(verb);
        match (&self.left, &self.drive.goal) {
            (_, Goal::Watch) => error("interrupted"),
            (Left::Nothing, _) | (_, Goal::Init(_)) => {
                error("interrupted").hint("the same command again goes on")
            }
            (Left::Driven { holder }, _) => {
                let what = format!("interrupted; the release goes on, driven by {holder}");
                error(&what).hint(command("status"))
            }
            (Left::Release { ends }, goal) => {
                let error = error("interrupted; the release is kept as it is")
                    .hint("the same command again goes on with it");
                match goal {
                    Goal::Deploy(_) if !ends => {
                        error.hint(command("promote")).hint(command("abort"))
                    }
                    Goal::Promote { .. } | Goal::Rollback { .. } if !ends => {
                        error.hint(command("abort"))
                    }
                    _ => error,
                }
            }
        }
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
                self.emit(What::Done(step.doing));
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
