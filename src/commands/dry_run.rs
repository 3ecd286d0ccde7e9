//! `deploy --dry-run=server`: what would be made and changed, checked by the API server.

use serde_json::{Value, json};

use super::session::Session;
use super::verdict;
use crate::cli::Output;
use crate::cluster::{self, Breadth, CallError};
use crate::drive::{Ended, LOOKS, Said, asked, not_permitted};
use crate::error::{Error, Kind};
use crate::event::{Event, Order, What};
use crate::model::Write;
use crate::release::checks::{Check, rights};
use crate::release::plan::{self, Preflight, Step, dry_run, preflight};
use crate::release::{Action, Deploy, Goal, Outcome, Reading, Snapshot, checks};
use crate::report;
use crate::settings::Template;

pub async fn run(session: &Session, deploy: &Deploy, file: Option<&Template>) -> Result<(), Error> {
    let mut events = Events { session, release: None, order: Order::default() };
    match dry_run(session, deploy, &mut events).await {
        Ok(outcome) => {
            events.emit(What::Ended { outcome: outcome.clone() });
            let (in_progress, writes, next, gone) = (false, 0, Vec::new(), Vec::new());
            let ended = Ended { outcome, in_progress, writes, next, outage: None, gone };
            report::result(session.output, &verdict::of_file(session, &ended, file)?);
            Ok(())
        }
        Err(error) => {
            events.emit(What::failed(&error));
            Err(error)
        }
    }
}

async fn dry_run(
    session: &Session,
    deploy: &Deploy,
    events: &mut Events<'_>,
) -> Result<Outcome, Error> {
    let goal = Goal::Deploy(deploy.clone());
    let mut looks = 1;
    let (s, now, steps, refusal) = loop {
        let s = look(session, &goal).await?;
        let now = session.cluster.clock().now();
        let steps = match dry_run::steps(&goal, &s, now) {
            Ok(steps) => steps,
            Err(outcome) => return Ok(outcome),
        };
        let refusal = first_refusal(session, &steps).await;
        let is_outdated = refusal.as_ref().is_some_and(|(_, error)| error.is_outdated());
        if !is_outdated || looks == LOOKS {
            break (s, now, steps, refusal);
        }
        looks += 1;
    };
    let look = steps.first().and_then(|start| preflight(&goal, Some(&start.action), &s, now));
    let look = look.unwrap_or_default();
    for warning in look.warnings.iter().cloned() {
        let Check { name, what, hint, .. } = warning;
        events.emit(What::Warned { check: name, what, hint });
    }
    let accepted = refusal.as_ref().map_or(steps.len(), |(nth, _)| *nth);
    for (nth, step) in steps.into_iter().enumerate() {
        if nth == accepted
            && let Some((_, error)) = refusal
        {
            return Err(explained(session, &step.write, error));
        }
        if let Action::Start { number, .. } = &step.action {
            events.release = Some(*number);
        }
        report::result(session.output, &report::dry_run(&step));
        events.emit(what(step));
    }
    let steps = dry_run::beside_the_template(&s);
    let hint = rights::hint(&session.command("check"));
    let look = Preflight { steps, pod: look.pod, ..Preflight::default() };
    let Said { rights, tried, .. } = asked(&session.cluster, &s, look, &hint).await?;
    not_permitted(rights, &hint)?;
    let reasons = checks::failed(&tried);
    Ok(if reasons.is_empty() { Outcome::DryRun } else { Outcome::Unfit { reasons } })
}

async fn look(session: &Session, goal: &Goal) -> Result<Snapshot, Error> {
    let mut s = session.look(Breadth::Fitness).await?;
    if let Some((tried, write)) = plan::unread(goal, &s) {
        let reply = cluster::tried(&session.cluster, &write).await;
        let explained = |error| session.cluster.explain(error, "dry-run the new version");
        s.memory.reading = Some(Reading { tried, reply: reply.map_err(explained)? });
    }
    Ok(s)
}

/// Which of the steps the API server does not accept.
async fn first_refusal(session: &Session, steps: &[Step]) -> Option<(usize, CallError)> {
    for (nth, step) in steps.iter().enumerate() {
        if let Err(error) = session.cluster.dry_run(&step.write).await {
            return Some((nth, error));
        }
    }
    None
}

fn what(Step { action, write, .. }: Step) -> What {
    let (verb, id) = (write.verb(), write.id().clone());
    let write: Value = match write {
        Write::Create { object, .. } => json!({"object": object}),
        Write::Patch { patch, .. } => json!({"patch": patch}),
        Write::Delete { .. } => json!({}),
    };
    What::DryRun { action, verb, kind: id.kind, name: id.name, write }
}

/// For programs: what a person reads of it is a result.
struct Events<'a> {
    session: &'a Session,
    release: Option<u64>,
    order: Order,
}

impl Events<'_> {
    fn emit(&mut self, what: What) {
        if self.session.output == Output::Json {
            let at = self.order.at(self.session.cluster.clock().now());
            let app = self.session.names.app.clone();
            report::json(&Event { what, at, app, release: self.release });
        } else if let What::Warned { .. } = what {
            report::beside(&what).iter().for_each(|line| report::notice(line));
        }
    }
}

fn explained(session: &Session, write: &Write, error: CallError) -> Error {
    let (verb, id) = (write.verb(), write.id());
    if error.is_outdated() {
        let what = format!("{id} changed each time that the steps were dry-run");
        return Error::new(Kind::Changed, what)
            .because(error.to_string())
            .hint("run the command again");
    }
    match error {
        CallError::Refused { ref message, .. } if !error.is_about_rights() => {
            let what = format!("the API server would refuse to {verb} {id}");
            Error::new(Kind::Unfit, what).because(message)
        }
        error => session.cluster.explain(error, &format!("{verb} {}", id.kind.plural())),
    }
}
