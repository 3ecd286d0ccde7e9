//! The only loop: observe, plan, execute, observe …, until there is nothing left to do.

mod asking;
mod beyond;
mod interrupt;
mod left;
mod listen;
mod look;
mod pause;
mod preflight;
mod step;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

pub use interrupt::Interrupts;
use left::Left;
use look::Look;
use pause::{Pause, Woken};
use preflight::Begin;
pub use preflight::{LOOKS, Said, asked, not_permitted};

use crate::cluster::{Breadth, CallError, Change, Cluster};
use crate::error::{Error, Kind};
use crate::event::{Event, Order, What};
use crate::gate::{Outside, Webhooks};
use crate::model::Write;
use crate::release::plan::{self, Next, WaitFor};
use crate::release::status::{self, Status};
use crate::release::{Goal, Me, Names, Outcome, Record, Sight, Snapshot, Way, changes_by_others};
use crate::settings::Probe;

/// How long a throttled request waits, where the API server gives no time, and at most.
const THROTTLED: Duration = Duration::from_secs(1);
const THROTTLED_AT_MOST: Duration = Duration::from_secs(30);

/// What a command drives, and with what.
pub struct Drive<'a> {
    pub cluster: &'a Cluster,
    pub names: Names,
    pub goal: Goal,
    pub me: Me,
    pub gate: Option<&'a Webhooks>,
    /// Where a switch is confirmed.
    pub probe: &'a Probe,
    /// How whoever is asked outside of the cluster is reached.
    pub outside: &'a Outside,
    /// Whether somebody reads what works when the command has ended.
    pub is_advised: bool,
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
    /// Whether it was said that the cluster is away.
    away: bool,
    /// Since when writes have been failing.
    failing: Option<Instant>,
    /// How long the next write waits, after one that was lost.
    lull: Duration,
    /// Whether what has to be known before a first write has been asked.
    checked: bool,
    /// How often that was asked.
    looks: usize,
    /// Whether a refusal has been looked at a second time.
    doubted: bool,
    release: Option<u64>,
    order: Order,
    /// The record as it was known last, to tell what others did to it.
    known: Option<Record>,
    /// The picture that was given last.
    seen: Option<Status>,
    /// The release whose candidate's address has been said.
    shown: Option<u64>,
    /// The release whose candidate was said to refuse what the live version answers.
    refusing: Option<u64>,
    /// What an interrupt leaves behind, as far as it is known.
    left: Left,
    writes: u32,
}

/// How a drive ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    pub outcome: Outcome,
    /// Whether a release is still in progress.
    pub in_progress: bool,
    /// How many writes it took.
    pub writes: u32,
    /// What works now.
    pub next: Vec<Way>,
    /// Why nobody is served, where that was seen.
    pub outage: Option<String>,
    /// Deployments of the release in progress that are not there.
    pub gone: Vec<String>,
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
        away: false,
        failing: None,
        lull: step::LULL,
        checked: false,
        looks: 0,
        doubted: false,
        release: None,
        order: Order::default(),
        known: None,
        seen: None,
        shown: None,
        refusing: None,
        left: Left::Nothing,
        writes: 0,
    };
    match Box::pin(this.run()).await {
        Ok(outcome) => {
            // It may end in the middle of a release that it holds.
            if !matches!(outcome, Outcome::Finished(_) | Outcome::Detached { .. }) {
                this.let_go().await;
            }
            this.emit(What::Ended { outcome: outcome.clone() });
            let follows = matches!(outcome, Outcome::Finished(_)) && !this.look.memory.drove;
            if follows && this.drive.is_advised {
                this.see_what_is_left().await;
            }
            let is_seen = !follows || this.drive.is_advised;
            Ok(Ended {
                outcome,
                in_progress: !matches!(this.left, Left::Nothing),
                writes: this.writes,
                next: this.next(),
                outage: if is_seen { this.outage() } else { None },
                gone: this.gone(),
            })
        }
        Err(error) => {
            // Nobody should have to wait for a driver that has gone.
            if error.kind != Kind::Unreachable {
                this.let_go().await;
            }
            let error = this.left_behind(error);
            this.emit(What::failed(&error));
            Err(error)
        }
    }
}

impl Loop<'_> {
    async fn run(&mut self) -> Result<Outcome, Error> {
        self.look.memory.asks = *self.drive.probe != Probe::None;
        let breadth = match self.drive.goal {
            Goal::Init(_) | Goal::Deploy(_) => Breadth::Fitness,
            Goal::Rollback { .. } => Breadth::Room,
            _ => Breadth::All,
        };
        self.observe(breadth).await?;
        self.look_beyond().await?;
        loop {
            if let Some(signal) = self.drive.interrupts.pending() {
                return Err(self.interrupted(signal));
            }
            let s = self.snapshot()?;
            if let Some((tried, write)) = plan::unread(&self.drive.goal, &s) {
                self.read_template(tried, &write).await?;
                continue;
            }
            let next = plan::plan(&self.drive.goal, &self.drive.me, &s, self.now());
            match next {
                Next::Do(step) if step.fresh > self.look.fresh() => {
                    self.observe(Breadth::of(step.fresh)).await?;
                }
                Next::Do(step) => match self.preflight(Some(&step.action), &s).await? {
                    Begin::Not(outcome) => return Ok(outcome),
                    Begin::LookAgain => {}
                    Begin::Go => {
                        self.listen(&step, &s).await?;
                        self.step(*step, &s).await?;
                    }
                },
                Next::Ask(question) => {
                    if let Some(asked) = self.pause.ask(&self.drive, &s, question) {
                        self.emit(asked);
                    }
                    let on = WaitFor::Answer;
                    self.show_preview(&s);
                    self.wait(&s, None, &on).await?;
                }
                Next::Wait { until, on: on @ WaitFor::Change } => {
                    self.picture(&s);
                    self.wait(&s, until, &on).await?;
                }
                Next::Wait { until, on } => {
                    if matches!(on, WaitFor::Gate { .. } | WaitFor::Person) {
                        self.show_preview(&s);
                    }
                    if self.pause.is_news(&on) {
                        self.emit(What::Waiting { on: on.clone(), until });
                    }
                    self.wait(&s, until, &on).await?;
                }
                // Lists are read one beside the other, and no watch brings ReplicaSets: what does not
                // fit together may do so a moment later. Nor does every sign of a takeover say by whom.
                Next::Done(
                    Outcome::Unfit { .. }
                    | Outcome::Unprepared { .. }
                    | Outcome::Changed { .. }
                    | Outcome::TakenOver { .. },
                ) if !self.doubted => {
                    self.doubted = true;
                    self.observe(breadth).await?;
                }
                // Where there is nothing to write, it is said of a release all the same.
                Next::Done(Outcome::Initialised) => match self.preflight(None, &s).await? {
                    Begin::Not(outcome) => return Ok(outcome),
                    Begin::LookAgain => {}
                    Begin::Go => return Ok(Outcome::Initialised),
                },
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
        self.tell(&s);
        Ok(s)
    }

    /// Says what others did to the release since the record was known last.
    fn tell(&mut self, s: &Snapshot) {
        let record = s.record.as_ref().map(|(_, record)| record);
        let news = match (&self.known, record) {
            (Some(before), Some(after)) => {
                changes_by_others::between(before, after, &self.drive.me)
            }
            _ => Vec::new(),
        };
        self.known = record.cloned();
        for news in news {
            self.emit(What::News(news));
        }
    }

    /// Says once where the candidate can be tested while it waits for a yes.
    fn show_preview(&mut self, s: &Snapshot) {
        if self.shown == self.release {
            return;
        }
        self.shown = self.release;
        if let Some(address) = s.preview_site() {
            self.emit(What::Preview { address });
        }
    }

    /// Says once what the candidate itself refuses and the live version answers: it may mean to.
    fn warn_of_refusals(&mut self, sight: &Sight) {
        let Some(said) = sight.refuses.as_ref().filter(|_| self.refusing != self.release) else {
            return;
        };
        let what = format!("the candidate rejects requests that the live version answers: {said}");
        self.refusing = self.release;
        self.emit(What::Warned { check: "direct", what, hint: None });
    }

    /// Says what the app looks like, if that has changed.
    fn picture(&mut self, s: &Snapshot) {
        let status = status::of(s, self.now());
        if self.seen.as_ref() != Some(&status) {
            self.seen = Some(status.clone());
            self.emit(What::Seen(Box::new(status)));
        }
    }

    fn emit(&mut self, what: What) {
        let at = self.order.at(self.now());
        let (app, release) = (self.drive.names.app.clone(), self.release);
        let event = Event { what, at, app, release };
        (self.drive.report)(&event);
    }

    fn unreachable(&mut self, why: String) {
        self.away = true;
        self.emit(What::Unreachable { why });
    }

    /// A reply came: an outage is over, if there was one, and what was written last has got through.
    fn reached(&mut self) {
        if self.lost.is_none() && std::mem::take(&mut self.away) {
            self.emit(What::Reachable);
            // What was waited for is waited for again.
            self.pause.say_again();
        }
    }

    /// Reads, and waits for a cluster that is away.
    async fn observe(&mut self, breadth: Breadth) -> Result<(), Error> {
        let since = self.failing.unwrap_or_else(Instant::now);
        let mut pause = Duration::from_millis(250);
        loop {
            let read = tokio::select! {
                read = self.look.read(self.drive.cluster, &self.drive.names, breadth) => read,
                signal = self.drive.interrupts.next() => return Err(self.interrupted(signal)),
            };
            let error = match read {
                Ok(versions) => {
                    self.pause.watches.read_at(versions);
                    self.reached();
                    return Ok(());
                }
                Err(error) => error,
            };
            let (kind, error) = error;
            let explained =
                self.drive.cluster.explain(error.clone(), &format!("list {}", kind.plural()));
            let pause_now = match &error {
                CallError::Refused { .. } => return Err(explained),
                CallError::Throttled { retry_after } => {
                    self.look.meet();
                    throttled(*retry_after).max(pause)
                }
                CallError::Lost { .. } => pause,
            };
            if since.elapsed() >= self.look.patience(&self.drive) {
                return Err(explained);
            }
            if self.look.is_met() {
                self.unreachable(error.to_string());
            }
            self.sleep(pause_now).await?;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn wait(
        &mut self,
        s: &Snapshot,
        until: Option<Timestamp>,
        on: &WaitFor,
    ) -> Result<(), Error> {
        self.look.paused();
        // Nothing is left to write: what failed before has come to its end.
        (self.failing, self.lull) = (None, step::LULL);
        if std::mem::take(&mut self.away) {
            self.emit(What::Reachable);
        }
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
                // No watch brings ReplicaSets, one of which a release may need before it begins.
                let is_before = self.release.is_none() && matches!(on, WaitFor::Ready { .. });
                let sets = (is_before && changes.iter().any(look::is_of_a_deployment))
                    .then_some(Breadth::All);
                // Every change is taken in, whatever has to be read again for one of them.
                let again: Vec<Breadth> = changes
                    .into_iter()
                    .filter_map(|change| self.look.take(change))
                    .chain(sets)
                    .collect();
                match again[..] {
                    [] => Ok(()),
                    _ if again.contains(&Breadth::All) => self.observe(Breadth::All).await,
                    _ => self.observe(Breadth::Serving).await,
                }
            }
            Woken::Answered(answered) => {
                let (answer, said) = answered.answer.parts();
                let said = said.to_owned();
                self.look.memory.answer = Some(answered);
                self.emit(What::GateAnswered { answer, said });
                Ok(())
            }
            Woken::Probed(probed) => {
                self.warn_of_refusals(&probed.sight);
                self.look.memory.probed = Some(probed);
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
}

fn throttled(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or(THROTTLED).min(THROTTLED_AT_MOST)
}
