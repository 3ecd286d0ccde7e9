//! One command line of one person, run in this process: to its exit code, or until it is killed.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bluegreen::cli::Cli;
use bluegreen::commands::{Surroundings, run_in};
use bluegreen::drive::Interrupts;
use bluegreen::gate::Outside;
use bluegreen::report::Stream;
use clap::Parser;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::field::Field;
use super::outside;
use super::still::{self, Still};
use crate::schema;

/// A command that takes longer hangs.
const HANG: Duration = Duration::from_secs(600);

/// What is short where a case does not say it: nobody is behind the ingress.
const SHORT: [(&str, &[(&str, &str)]); 4] = [
    (
        "deploy",
        &[
            ("--interval", "1s"),
            ("--threshold", "3"),
            ("--timeout", "60s"),
            ("--drain", "1s"),
            ("--settle", "0s"),
            ("--probe", "none"),
        ],
    ),
    ("rollback", &[("--drain", "1s"), ("--settle", "0s"), ("--probe", "none")]),
    ("promote", &[("--probe", "none")]),
    ("abort", &[("--probe", "none")]),
];

/// What a command said up to now.
#[derive(Clone, Default, Debug)]
pub struct Said {
    pub out: String,
    pub err: String,
    pub events: Vec<Value>,
}

impl Said {
    fn line(&mut self, stream: Stream, line: &str) {
        let text = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        *text += line;
        text.push('\n');
        if stream == Stream::Out {
            self.events.extend(serde_json::from_str::<Value>(line).ok());
        }
    }

    /// How the command ended, for programs.
    pub fn outcome(&self) -> &Value {
        self.events.last().map_or(&Value::Null, |last| &last["outcome"])
    }

    pub fn has(&self, wanted: impl Fn(&Value) -> bool) -> bool {
        self.events.iter().any(wanted)
    }

    /// When a step was taken last, by the API server's clock.
    pub fn when(&self, step: &'static str) -> Result<Timestamp> {
        let last = self.events.iter().rev().find(|event| done(step)(event));
        let at = last.and_then(|event| event["at"].as_str());
        Ok(at.with_context(|| format!("there was no {step}: {self:#?}"))?.parse()?)
    }

    /// Whether anything was written.
    pub fn wrote(&self) -> bool {
        self.has(|event| event["event"] == "done")
    }
}

/// This step is about to be taken: its request has not left yet.
pub fn doing(step: &'static str) -> impl Fn(&Value) -> bool + Send {
    move |event| event["event"] == "doing" && event["step"] == step
}

/// This step was taken.
pub fn done(step: &'static str) -> impl Fn(&Value) -> bool + Send {
    move |event| event["event"] == "done" && event["step"] == step
}

/// The gate answered.
pub fn answered(event: &Value) -> bool {
    event["event"] == "gate-answered"
}

pub struct Command {
    field: Field,
    cli: Cli,
    line: String,
    around: Surroundings,
    send: Box<dyn Fn(u8)>,
    polls: Arc<AtomicUsize>,
    said: Arc<Mutex<Said>>,
    still: Arc<Still>,
    has_ended: AtomicBool,
}

impl Field {
    /// `bluegreen LINE`, with JSON as its output and short times unless the line says otherwise.
    pub fn command(&self, line: &str) -> Command {
        self.command_but(line, &[])
    }

    /// The same, where these flags are left to their defaults.
    pub fn command_but(&self, line: &str, unsaid: &[&str]) -> Command {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let says = |flag: &str| line.split_whitespace().any(|word| word == flag);
        let (_, short) = SHORT.iter().find(|(verb, _)| words[0] == *verb).unwrap_or(&("", &[]));
        let short = short.iter().filter(|(flag, _)| !says(flag) && !unsaid.contains(flag));
        words.extend(short.flat_map(|(flag, value)| [*flag, *value]));
        if !says("-o") {
            words.extend(["-o", "json"]);
        }
        words.extend(["-n", &self.namespace]);
        let cli = Cli::parse_from([&["bluegreen"], &words[..]].concat());
        let said: Arc<Mutex<Said>> = Arc::default();
        let still = Still::never();
        let (paper, hears) = (Arc::clone(&said), Arc::clone(&still));
        let polls: Arc<AtomicUsize> = Arc::default();
        let (send, interrupts) = Interrupts::given();
        let around = Surroundings {
            client: Some(still.client(&self.client, &self.namespace)),
            outside: outside::answers(self, &[200], &polls),
            interrupts: Some(interrupts),
            paper: Some(Arc::new(move |stream, line: &str| {
                let mut said = paper.lock().expect("no holder panics");
                let heard = said.events.len();
                said.line(stream, line);
                said.events[heard..].iter().for_each(|event| hears.hears(event));
            })),
        };
        let (line, has_ended) = (line.to_owned(), AtomicBool::new(false));
        let (field, send) = (self.clone(), Box::new(send));
        Command { field, cli, line, around, send, polls, said, still, has_ended }
    }

    /// A command that has to end with this exit code.
    pub async fn exits(&self, code: u8, line: &str) -> Result<Said> {
        self.command(line).exits(code).await
    }
}

impl Command {
    /// What its gate says, the last of them for ever.
    pub fn answers(self, answers: &[u16]) -> Self {
        let outside = outside::answers(&self.field, answers, &self.polls);
        self.with(outside)
    }

    /// With something else outside of the cluster.
    pub fn with(mut self, outside: Outside) -> Self {
        self.around.outside = outside;
        self
    }

    /// As somebody who may not do what has this in its address.
    pub fn without(mut self, part: &'static str) -> Self {
        let client = self.around.client.take().expect("it was made with one");
        self.around.client = Some(still::refusing(client, &self.field.namespace, part));
        self
    }

    pub fn polls(&self) -> usize {
        self.polls.load(Ordering::SeqCst)
    }

    pub fn said(&self) -> Said {
        self.said.lock().expect("no holder panics").clone()
    }

    pub fn interrupt(&self, signal: u8) {
        (self.send)(signal);
    }

    /// How it ends, whatever that is.
    pub async fn ends(&self) -> Result<(u8, Said)> {
        let ended = timeout(HANG, Box::pin(run_in(&self.cli, &self.around))).await;
        self.has_ended.store(true, Ordering::SeqCst);
        let ended = ended.with_context(|| format!("{} hangs: {:#?}", self.line, self.said()))?;
        let said = self.said();
        self.form(&said.out).map_err(anyhow::Error::msg)?;
        Ok((ended, said))
    }

    pub async fn exits(&self, code: u8) -> Result<Said> {
        let (ended, said) = self.ends().await?;
        ensure!(ended == code, "{}: exit {ended}, not {code}: {said:#?}", self.line);
        Ok(said)
    }

    /// What it printed is what the schemas say.
    fn form(&self, out: &str) -> Result<(), String> {
        let is_human = self.line.contains("-o human");
        match self.line.split_whitespace().next() {
            _ if is_human || out.is_empty() => Ok(()),
            Some("status") if self.line.ends_with(" -w") => schema::pictures(out),
            Some("status") => schema::status(out).map(drop),
            Some("check") if self.line.contains("--role") => Ok(()),
            Some("check") => schema::check(out).map(drop),
            Some("history") => schema::history(out).map(drop),
            _ => schema::events(out).map(drop),
        }
    }

    /// Returns when an event has come.
    pub async fn comes(&self, wanted: impl Fn(&Value) -> bool) -> Result<()> {
        while !self.said().has(&wanted) {
            let has_ended = self.has_ended.load(Ordering::SeqCst);
            ensure!(!has_ended, "{} ended before: {:#?}", self.line, self.said());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// To its end, with something else that is done once an event has come.
    pub async fn meanwhile<T>(
        &self,
        code: u8,
        wanted: impl Fn(&Value) -> bool,
        other: impl Future<Output = Result<T>>,
    ) -> Result<(Said, T)> {
        let other = async {
            self.comes(wanted).await?;
            other.await
        };
        tokio::try_join!(self.exits(code), other)
    }

    /// Runs until it says this, and is killed there.
    pub async fn killed_at(&self, wanted: impl Fn(&Value) -> bool + Send + 'static) -> Result<()> {
        self.still.at(wanted);
        let running = timeout(HANG, Box::pin(run_in(&self.cli, &self.around)));
        tokio::select! {
            ended = running => bail!("exit {ended:?} before: {:#?}", self.said()),
            () = self.still.stands() => Ok(()),
        }
    }

    /// Stands still from what it says on, until something else is over: as a suspended process does.
    pub async fn frozen_at(
        &self,
        code: u8,
        wanted: impl Fn(&Value) -> bool + Send + 'static,
        meanwhile: impl Future<Output = Result<()>>,
    ) -> Result<Said> {
        let (ended, said) = self.frozen(wanted, meanwhile).await?;
        ensure!(ended == code, "{}: exit {ended}, not {code}: {said:#?}", self.line);
        Ok(said)
    }

    /// The same, however it ends.
    pub async fn frozen(
        &self,
        wanted: impl Fn(&Value) -> bool + Send + 'static,
        meanwhile: impl Future<Output = Result<()>>,
    ) -> Result<(u8, Said)> {
        self.still.at(wanted);
        let mut running = Box::pin(run_in(&self.cli, &self.around));
        tokio::select! {
            ended = &mut running => bail!("exit {ended} before: {:#?}", self.said()),
            () = self.still.stands() => {}
        }
        meanwhile.await?;
        self.still.go_on();
        let ended = timeout(HANG, running).await.context("it hangs after it woke up")?;
        Ok((ended, self.said()))
    }
}
