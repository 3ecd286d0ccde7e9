//! One command of one person, in this process.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use bluegreen::drive::{Drive, Ended, Interrupts, drive};
use bluegreen::error::Error;
use bluegreen::event::{Event, What};
use bluegreen::gate::{Courier, Failure, Outside, Webhooks};
use bluegreen::release::goal::ImageChange;
use bluegreen::release::{
    Change, Deploy, Expected, Gate, Goal, Init, Me, Names, Outcome, Settings, Verdict,
};
use bluegreen::settings::{Hook, Probe};
use tokio::time::timeout;
use tower::service_fn;

use super::field::Field;

/// A command that takes longer hangs.
const HANG: Duration = Duration::from_secs(300);
/// What is no status: the webhook can't be reached.
pub const BROKEN: u16 = 0;

/// Short times: nobody is behind the ingress.
pub const SETTINGS: Settings = Settings {
    interval_seconds: Some(1),
    threshold: Some(3),
    deadline_seconds: None,
    timeout_seconds: Some(60),
    drain_seconds: Some(1),
    settle_seconds: Some(0),
    bake_seconds: None,
    keep_old: false,
    skip: false,
};

pub struct Command<'a> {
    field: &'a Field,
    me: Me,
    goal: Goal,
    answers: Vec<u16>,
    polls: Arc<AtomicUsize>,
    pub events: Rc<RefCell<Vec<Event>>>,
}

impl Field {
    pub fn command(&self, who: &str, goal: Goal) -> Command<'_> {
        let me = Me { id: who.to_owned(), holder: format!("{who}@host (pid 1)") };
        Command {
            field: self,
            me,
            goal,
            answers: vec![200],
            polls: Arc::default(),
            events: Rc::default(),
        }
    }

    pub async fn outcome(&self, who: &str, goal: Goal) -> Result<Outcome> {
        self.command(who, goal).outcome().await
    }

    /// Taken in by `init`, ready for releases.
    pub async fn initialised(&self) -> Result<()> {
        let outcome = self.outcome("init", Goal::Init(Init::default())).await?;
        ensure!(outcome == Outcome::Initialised, "{outcome:?}");
        Ok(())
    }

    /// A release that nobody is asked about, to its end.
    pub async fn released(&self, image: &str) -> Result<()> {
        let outcome = self.outcome("deploy", deploy(image, Gate::Open)).await?;
        verdict(&outcome, Verdict::Promoted)
    }
}

impl Command<'_> {
    /// What its gate says, the last of them for ever.
    pub fn answers(self, answers: &[u16]) -> Self {
        Self { answers: answers.to_vec(), ..self }
    }

    pub fn polls(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.polls)
    }

    pub async fn outcome(&self) -> Result<Outcome> {
        Ok(self.ended().await?.outcome)
    }

    pub async fn ended(&self) -> Result<Ended> {
        match timeout(HANG, self.run()).await {
            Ok(Ok(ended)) => Ok(ended),
            Ok(Err(error)) => bail!("{error}"),
            Err(_) => bail!("it hangs: {:#?}", self.events.borrow()),
        }
    }

    pub async fn run(&self) -> Result<Ended, Error> {
        let outside = Outside::given(self.courier());
        let hook = Hook::new("http://gate.example.com/".parse().expect("this is a URL"));
        let webhooks = Webhooks::new(&[hook], &outside).expect("nothing is made that could fail");
        let events = Rc::clone(&self.events);
        drive(Drive {
            cluster: &self.field.cluster(),
            names: Names::new(&self.field.namespace, "parrot"),
            goal: self.goal.clone(),
            me: self.me.clone(),
            gate: webhooks.as_ref(),
            probe: &Probe::None,
            outside: &outside,
            patience: Duration::from_secs(60),
            report: &mut |event: &Event| events.borrow_mut().push(event.clone()),
            command: &|verb: &str| format!("bluegreen {verb}"),
            interrupts: &mut Interrupts::none(),
        })
        .await
    }

    fn courier(&self) -> Courier {
        let (answers, polls) = (self.answers.clone(), Arc::clone(&self.polls));
        Courier::new(service_fn(move |_: reqwest::Request| {
            let n = polls.fetch_add(1, Ordering::SeqCst);
            let status = answers.get(n).or(answers.last()).copied().unwrap_or(BROKEN);
            async move {
                if status == BROKEN {
                    return Err(Failure::from("nobody is there"));
                }
                let answer = http::Response::builder().status(status).body("");
                Ok(reqwest::Response::from(answer?))
            }
        }))
    }

    /// Returns when an event has come; never, if it does not.
    pub async fn comes(&self, wanted: impl Fn(&What) -> bool) -> Result<Infallible> {
        loop {
            if self.events.borrow().iter().any(|event| wanted(&event.what)) {
                bail!("it came");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs until an event has come, and is killed there.
    pub async fn killed_at(&self, wanted: impl Fn(&What) -> bool) -> Result<()> {
        tokio::select! {
            ended = self.ended() => bail!("it ended before: {ended:?}"),
            _ = self.comes(wanted) => Ok(()),
        }
    }
}

pub fn deploy(image: &str, gate: Gate) -> Goal {
    Goal::Deploy(plain(image, gate))
}

pub fn plain(image: &str, gate: Gate) -> Deploy {
    Deploy {
        change: Change::Images(vec![ImageChange { container: None, image: image.to_owned() }]),
        gate,
        detach: false,
        replace: false,
        settings: SETTINGS,
        expected: Expected::default(),
    }
}

/// Ready, and left there.
pub fn detached(image: &str) -> Goal {
    Goal::Deploy(Deploy { detach: true, ..plain(image, Gate::Person) })
}

pub fn promote() -> Goal {
    Goal::Promote { release: None, when_ready: false }
}

pub fn abort() -> Goal {
    Goal::Abort { release: None, reason: Some("not today".to_owned()) }
}

pub fn rollback() -> Goal {
    Goal::Rollback { release: None, to: None, settings: SETTINGS }
}

/// Asserts that a release is over, and how.
pub fn verdict(outcome: &Outcome, wanted: Verdict) -> Result<()> {
    match outcome {
        Outcome::Finished(finished) if finished.outcome == wanted => Ok(()),
        other => bail!("not {wanted:?}, but {other:?}"),
    }
}
