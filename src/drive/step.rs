//! One step: sent, and what came of it taken in.

use std::time::Duration;

use tokio::time::Instant;

use super::{Loop, throttled};
use crate::cluster::{Breadth, CallError};
use crate::error::{Error, Kind};
use crate::event::What;
use crate::model::Write;
use crate::release::plan::{self, Action, Fresh, Step};
use crate::release::{ReleaseOutcome, Snapshot};

/// From one write that is lost to the next.
pub const LULL: Duration = Duration::from_secs(1);
const LULL_AT_MOST: Duration = Duration::from_secs(8);

impl Loop<'_> {
    /// Carries out one step, and takes in what came of it.
    pub async fn step(&mut self, step: Step, s: &Snapshot) -> Result<(), Error> {
        let step = match self.fence(&step, s) {
            Some(fence) => fence,
            None => step,
        };
        if self.idle.contains(&step.write) {
            let what = format!("{} {} changes nothing", step.write.verb(), step.write.id());
            return Err(Error::new(Kind::Unexpected, "the same step is planned again and again")
                .because(format!("{what}: {:?}", step.action)));
        }
        if let Action::End { ending } = &step.action
            && ending.outcome == ReleaseOutcome::Unhealthy
        {
            self.last_words(s).await;
        }
        self.emit(What::Doing(step.action.clone()));
        match self.drive.cluster.execute(&step.write).await {
            Ok(reply) => {
                self.lost = None;
                self.reached();
                let changed = self.look.written(step.write.id(), reply);
                if changed {
                    self.idle.clear();
                } else {
                    self.idle.push(step.write);
                }
                if let Action::Mark { .. } = step.action {
                    self.look.memory.marked = self.release;
                }
                self.writes += 1;
                (self.refused, self.failing) = (None, None);
                self.lull = LULL;
                self.doubted = false;
                // What is new in the record is our own doing.
                self.known = None;
                // What a record write began or ended is this event's release.
                self.snapshot()?;
                self.emit(What::Done(step.action.clone()));
                if !step.action.is_part_of_a_wait() {
                    self.pause.say_again();
                }
                // Whoever followed another driver knows only the record as it is now.
                if matches!(step.action, Action::Acquire | Action::TakeOver { .. })
                    && self.look.fresh() < Fresh::Serving
                {
                    self.observe(Breadth::All).await?;
                }
                Ok(())
            }
            Err(error @ CallError::Throttled { retry_after }) => {
                let since = *self.failing.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.drive.patience {
                    return Err(self.drive.cluster.explain(error, &attempt(&step.write)));
                }
                self.unreachable(error.to_string());
                self.sleep(throttled(retry_after)).await
            }
            Err(error) if error.is_about_rights() && step.action.is_dispensable() => {
                self.look.memory.refused.insert(step.write.id().clone(), error.to_string());
                Ok(())
            }
            Err(error) if error.is_about_rights() => {
                Err(self.drive.cluster.explain(error, &attempt(&step.write)))
            }
            Err(CallError::Refused { message, .. }) => self.turned_down(step, message).await,
            Err(error @ CallError::Lost { .. }) => {
                let since = *self.failing.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.drive.patience {
                    return Err(self.drive.cluster.explain(error, &attempt(&step.write)));
                }
                if !self.away {
                    self.unreachable(error.to_string());
                }
                if self.lost.is_some() {
                    self.sleep(self.lull).await?;
                    self.lull = (self.lull * 2).min(LULL_AT_MOST);
                }
                self.lost = Some(step.write);
                self.observe(Breadth::Serving).await
            }
        }
    }

    /// A refused write was planned on an older look, or it breaks a rule: then it is refused again
    /// on a new one.
    async fn turned_down(&mut self, step: Step, message: String) -> Result<(), Error> {
        if self.refused.as_ref().is_some_and(|before| is_same(before, &step.write)) {
            let is_decided_on = matches!(
                step.action,
                Action::MakeCandidate { .. }
                    | Action::Switch { .. }
                    | Action::SwitchBack { .. }
                    | Action::SwitchService { .. }
                    | Action::SwitchServiceBack { .. }
                    | Action::Stamp { .. }
            );
            if is_decided_on || step.action.is_dispensable() {
                self.look.memory.refused.insert(step.write.id().clone(), message);
                return Ok(());
            }
            let what =
                format!("the API server refuses to {} {}", step.write.verb(), step.write.id());
            let status = (self.drive.command)("status");
            return Err(Error::new(Kind::Unexpected, what)
                .because(message)
                .hint("to continue: run the same command again")
                .hint(status));
        }
        self.refused = Some(step.write);
        self.observe(Breadth::Serving).await
    }

    /// A write that may still arrive must not meet the object as it was planned for. The same
    /// object's next write sees to that itself; before any other, everything gets a new epoch.
    fn fence(&mut self, step: &Step, s: &Snapshot) -> Option<Step> {
        let lost = self.lost.as_ref()?;
        if lost.id() == step.write.id() || !self.look.could_arrive(lost) {
            return None;
        }
        plan::raise_epoch(&self.drive.me, s, self.drive.cluster.clock().now())
    }

    /// What the container that keeps the candidate from being ready said last.
    async fn last_words(&mut self, s: &Snapshot) {
        let Some(release) = s.record.as_ref().and_then(|(_, record)| record.release.as_ref())
        else {
            return;
        };
        let Some(trouble) = s.trouble(release.to) else { return };
        let (Some(pod), Some(container)) = (trouble.pod, trouble.container) else { return };
        let cluster = self.drive.cluster;
        let lines = cluster.last_lines(&pod, &container, trouble.restarted).await;
        if !lines.is_empty() {
            self.emit(What::Logs { pod, container, lines });
        }
    }
}

/// The same write on the same state, whatever the instants in it.
fn is_same(a: &Write, b: &Write) -> bool {
    match (a, b) {
        (Write::Patch { id: a, patch: p }, Write::Patch { id: b, patch: q }) => {
            a == b && p.0.get(..2) == q.0.get(..2)
        }
        _ => a == b,
    }
}

/// The write, as RBAC has it.
fn attempt(write: &Write) -> String {
    format!("{} {}", write.verb(), write.id().kind.plural())
}
