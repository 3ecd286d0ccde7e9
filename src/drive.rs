//! The only loop: observe, plan, execute, observe …, until there is nothing left to do.

mod interrupt;
mod look;
mod pause;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

pub use interrupt::Interrupts;
use look::Look;
use pause::{Pause, Woken};

use crate::cluster::{Breadth, CallError, Change, Cluster};
use crate::error::{Error, Kind};
use crate::event::{Event, What};
use crate::gate::Webhook;
use crate::model::{Kind as ObjectKind, Write};
use crate::release::plan::{self, Doing, Next, Step};
use crate::release::{Goal, Me, Names, Outcome, Snapshot, Verdict};

/// How long a throttled request waits, where the API server gives no time, and at most.
const THROTTLED: Duration = Duration::from_secs(1);
const THROTTLED_AT_MOST: Duration = Duration::from_secs(30);
/// How often the release is put down again after somebody else changed the record meanwhile.
const LET_GO_TRIES: u32 = 5;

/// What a command drives, and with what.
pub struct Drive<'a> {
    pub cluster: &'a Cluster,
    pub names: Names,
    pub goal: Goal,
    pub me: Me,
    pub gate: Option<&'a Webhook>,
    /// How long a cluster that went away is waited for.
    pub patience: Duration,
    pub report: &'a mut dyn FnMut(&Event),
    /// Words the command line of a verb, for hints.
    pub command: &'a dyn Fn(&str) -> String,
    pub interrupts: &'a mut Interrupts,
}

/// The loop's own state: what is known, and what came of the last write.
struct Loop<'a> {
    drive: Drive<'a>,
    look: Look,
    pause: Pause,
    /// A write that may still arrive.
    lost: Option<Write>,
    /// A write that was refused, to tell a conflict from a rule.
    refused: Option<Write>,
    /// Writes that were acknowledged and changed nothing, since the last that did.
    idle: Vec<Write>,
    /// Since when writes have been failing.
    failing: Option<Instant>,
    /// Whether a refusal has been looked at a second time.
    doubted: bool,
    release: Option<u64>,
    /// What an interrupt leaves behind, as far as it is known.
    left: Left,
}

#[derive(Default)]
enum Left {
    #[default]
    Nothing,
    /// A release; with one that ends there is no more to decide.
    Release { ends: bool },
    /// One that somebody else was seen to drive.
    Driven { holder: String },
}

/// How a drive ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    pub outcome: Outcome,
    /// Whether a release is still in progress.
    pub in_progress: bool,
}

/// Drives a goal to its outcome.
pub async fn drive(drive: Drive<'_>) -> Result<Ended, Error> {
    let mut this = Loop {
        drive,
        look: Look::default(),
        pause: Pause::default(),
        lost: None,
        refused: None,
        idle: Vec::new(),
        failing: None,
        doubted: false,
        release: None,
        left: Left::Nothing,
    };
    match this.run().await {
        Ok(outcome) => {
            // It may end in the middle of a release that it holds.
            if !matches!(outcome, Outcome::Finished(_) | Outcome::Detached { .. }) {
                this.let_go().await;
            }
            this.emit(What::Ended { outcome: outcome.clone() });
            Ok(Ended { outcome, in_progress: !matches!(this.left, Left::Nothing) })
        }
        Err(error) => {
            // Nobody should have to wait for a driver that has gone.
            if error.kind != Kind::Unreachable {
                this.let_go().await;
            }
            this.emit(What::failed(&error));
            Err(error)
        }
    }
}

impl Loop<'_> {
    async fn run(&mut self) -> Result<Outcome, Error> {
        self.observe(Breadth::All).await?;
        loop {
            if let Some(signal) = self.drive.interrupts.pending() {
                return Err(self.interrupted(signal));
            }
            let s = self.snapshot()?;
            let next = plan::plan(&self.drive.goal, &self.drive.me, &s, self.now());
            match next {
                Next::Do(step) if step.fresh && !self.look.is_fresh() => {
                    self.observe(Breadth::Serving).await?;
                }
                Next::Do(step) => self.step(*step, &s).await?,
                Next::Ask(question) => {
                    if let Some(asked) = self.pause.ask(&self.drive, &s, question) {
                        self.emit(asked);
                    }
                    let on = plan::WaitFor::Gate { failures: 0, threshold: 0 };
                    self.wait(&s, None, &on).await?;
                }
                Next::Wait { until, on } => {
                    if self.pause.is_news(&on) {
                        self.emit(What::Waiting { on: on.clone(), until });
                    }
                    self.wait(&s, until, &on).await?;
                }
                // Lists are read one beside the other, and no watch brings ReplicaSets: what does not
                // fit together may do so a moment later.
                Next::Done(Outcome::Unfit { .. } | Outcome::Changed { .. }) if !self.doubted => {
                    self.doubted = true;
                    self.observe(Breadth::All).await?;
                }
                Next::Done(outcome) => return Ok(outcome),
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.drive.cluster.clock().now()
    }

    fn snapshot(&mut self) -> Result<Snapshot, Error> {
        let s = self.look.snapshot(&self.drive, self.now())?;
        self.release = s.record.as_ref().and_then(|(_, record)| {
            let following = s.memory.following.as_ref().map(|(number, _)| *number);
            following.or_else(|| record.release.as_ref().map(|release| release.number))
        });
        self.left = Left::of(&s, &self.drive.me);
        Ok(s)
    }

    fn emit(&mut self, what: What) {
        let event = Event {
            what,
            at: self.now(),
            app: self.drive.names.app.clone(),
            release: self.release,
        };
        (self.drive.report)(&event);
    }

    /// Reads, and waits for a cluster that is away.
    async fn observe(&mut self, breadth: Breadth) -> Result<(), Error> {
        let since = self.failing.unwrap_or_else(Instant::now);
        let mut away = false;
        let mut pause = Duration::from_millis(250);
        loop {
            let limit = self.look.patience(&self.drive);
            let read = tokio::select! {
                read = self.look.read(self.drive.cluster, &self.drive.names, breadth) => read,
                signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
            };
            let error = match read {
                Ok(versions) => {
                    self.pause.watches.read_at(versions);
                    if away {
                        self.emit(What::Reachable);
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let (kind, error) = error;
            let explained =
                self.drive.cluster.explain(error.clone(), &format!("list {}", kind.plural()));
            match &error {
                CallError::Refused { .. } => return Err(explained),
                CallError::Throttled { retry_after } => {
                    let pause = throttled(*retry_after).min(self.look.pause_at_most());
                    self.sleep(pause).await?;
                }
                CallError::Lost { .. } => {}
            }
            if since.elapsed() >= limit {
                return Err(explained);
            }
            if self.look.has_read() {
                away = true;
                self.emit(What::Unreachable { why: error.to_string() });
            }
            self.sleep(pause).await?;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Carries out one step, and takes in what came of it.
    async fn step(&mut self, step: Step, s: &Snapshot) -> Result<(), Error> {
        let step = match self.fence(&step, s) {
            Some(fence) => fence,
            None => step,
        };
        if self.idle.contains(&step.write) {
            let what = format!("{} {} changes nothing", step.write.verb(), step.write.id());
            return Err(Error::new(Kind::Unexpected, "the same step is planned again and again")
                .because(format!("{what}: {:?}", step.doing)));
        }
        if let Doing::End { ending } = &step.doing
            && ending.outcome == Verdict::Unhealthy
        {
            self.last_words(s).await;
        }
        self.emit(What::Doing(step.doing.clone()));
        match self.drive.cluster.execute(&step.write).await {
            Ok(reply) => {
                let changed = self.look.written(step.write.id(), reply);
                if changed {
                    self.idle.clear();
                } else {
                    self.idle.push(step.write);
                }
                (self.lost, self.refused, self.failing) = (None, None, None);
                self.doubted = false;
                // What a record write began or ended is this event's release.
                self.snapshot()?;
                self.emit(What::Done(step.doing.clone()));
                self.show_preview(&step.doing);
                // Whoever followed another driver knows only the record as it is now.
                if matches!(step.doing, Doing::Hold | Doing::TakeOver { .. })
                    && !self.look.is_fresh()
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
                self.sleep(throttled(retry_after)).await
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
                self.emit(What::Unreachable { why: error.to_string() });
                if self.lost.is_some() {
                    self.sleep(Duration::from_secs(1)).await?;
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
            if matches!(step.doing, Doing::MakeCandidate { .. }) {
                self.look.memory.refused = Some(message);
                return Ok(());
            }
            let what =
                format!("the API server refuses to {} {}", step.write.verb(), step.write.id());
            return Err(Error::new(Kind::Unexpected, what).because(message));
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

    async fn wait(
        &mut self,
        s: &Snapshot,
        until: Option<Timestamp>,
        on: &plan::WaitFor,
    ) -> Result<(), Error> {
        self.look.paused();
        // Nothing is left to write: what failed before has come to its end.
        self.failing = None;
        let now = self.now();
        match self.pause.wait(&mut self.drive, s, now, until, on).await {
            Woken::Changes(changes) => {
                let denied = changes.iter().find_map(|change| match change {
                    Change::Denied { kind, error } => Some((kind, error.clone())),
                    _ => None,
                });
                if let Some((kind, error)) = denied {
                    let doing = format!("watch {}", kind.plural());
                    return Err(self.drive.cluster.explain(error, &doing));
                }
                // Every change is taken in, whatever has to be read again for one of them.
                let again: Vec<Breadth> =
                    changes.into_iter().filter_map(|change| self.look.take(change)).collect();
                match again[..] {
                    [] => Ok(()),
                    _ if again.contains(&Breadth::All) => self.observe(Breadth::All).await,
                    _ => self.observe(Breadth::Serving).await,
                }
            }
            Woken::Answered(answered) => {
                let (answer, said) = answered.answer.words();
                let (answer, said) = (answer.to_owned(), said.to_owned());
                self.look.memory.answer = Some(answered);
                self.emit(What::GateAnswered { answer, said });
                Ok(())
            }
            Woken::Time | Woken::Signal => Ok(()),
        }
    }

    /// Sleeps, unless somebody interrupts.
    async fn sleep(&mut self, duration: Duration) -> Result<(), Error> {
        self.look.paused();
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            signal = self.drive.interrupts.next() => Err(self.interrupted(signal)),
        }
    }

    /// What an interrupt means for the release, and how to go on.
    fn interrupted(&self, signal: u8) -> Error {
        let error = |what: &str| Error::new(Kind::Interrupted(signal), what);
        let command = |verb: &str| (self.drive.command)(verb);
        let again = "to go on: the same command again";
        let to_end = || format!("to end it: {}", command("abort"));
        match (&self.left, &self.drive.goal) {
            (Left::Nothing, _) | (_, Goal::Init(_)) => error("interrupted").hint(again),
            (Left::Driven { holder }, _) => {
                let what = format!("interrupted; the release goes on, driven by {holder}");
                error(&what).hint(command("status"))
            }
            (Left::Release { ends }, goal) => {
                let error = error("interrupted; the release is kept as it is");
                match goal {
                    Goal::Deploy(_) if !ends => {
                        error.hint(format!("{again}, or {}", command("promote"))).hint(to_end())
                    }
                    Goal::Promote { .. } if !ends => error.hint(again).hint(to_end()),
                    _ => error.hint(again),
                }
            }
        }
    }

    /// Puts the release down, as far as that can be done now.
    async fn let_go(&mut self) {
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
            if self.look.read(cluster, names, Breadth::Serving).await.is_err() {
                return;
            }
        }
    }

    /// What the container that keeps the candidate from being ready said last.
    async fn last_words(&mut self, s: &Snapshot) {
        let Some(release) = s.record.as_ref().and_then(|(_, record)| record.release.as_ref())
        else {
            return;
        };
        let Some(trouble) = s.trouble(release.to, release.number) else { return };
        let (Some(pod), Some(container)) = (trouble.pod, trouble.container) else { return };
        let cluster = self.drive.cluster;
        let lines = cluster.last_lines(&pod, &container, trouble.restarted).await;
        if !lines.is_empty() {
            self.emit(What::Logs { pod, container, lines });
        }
    }

    fn show_preview(&mut self, doing: &Doing) {
        if *doing == Doing::MarkReady {
            let names = &self.drive.names;
            let service = self.look.objects.get(ObjectKind::Service, &names.preview());
            if let Some(address) = service.and_then(|service| names.preview_address(service)) {
                self.emit(What::Preview { address });
            }
        }
    }
}

impl Left {
    fn of(s: &Snapshot, me: &Me) -> Left {
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

fn throttled(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or(THROTTLED).min(THROTTLED_AT_MOST)
}
