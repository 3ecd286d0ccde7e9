//! `deploy --dry-run=server`: what would be made and changed, checked by the API server.

use serde_json::{Value, json};

use super::session::Session;
use super::verdict;
use crate::cli::Output;
use crate::cluster::{self, Breadth, CallError};
use crate::drive::Ended;
use crate::error::{Error, Kind};
use crate::event::{Event, Order, What};
use crate::model::Write;
use crate::release::checks::Check;
use crate::release::plan::{Step, preflight, rehearse};
use crate::release::{Deploy, Doing, Goal, Outcome, checks};
use crate::report;

pub async fn run(session: &Session, deploy: &Deploy) -> Result<(), Error> {
    let mut events = Events { session, release: None, order: Order::default() };
    match rehearsed(session, deploy, &mut events).await {
        Ok(outcome) => {
            events.emit(What::Ended { outcome: outcome.clone() });
            let ended = Ended { outcome, in_progress: false, writes: 0, next: Vec::new() };
            report::result(session.output, &verdict::of(session, &ended)?);
            Ok(())
        }
        Err(error) => {
            events.emit(What::failed(&error));
            Err(error)
        }
    }
}

async fn rehearsed(
    session: &Session,
    deploy: &Deploy,
    events: &mut Events<'_>,
) -> Result<Outcome, Error> {
    let s = session.look(Breadth::Fitness).await?;
    let now = session.cluster.clock().now();
    let steps = match rehearse::steps(deploy, &s, now) {
        Ok(steps) => steps,
        Err(outcome) => return Ok(outcome),
    };
    let goal = Goal::Deploy(deploy.clone());
    let look = steps.first().and_then(|start| preflight(&goal, &start.doing, &s, now));
    for warning in look.map(|look| look.warnings).unwrap_or_default() {
        let Check { name, what, hint, .. } = warning;
        events.emit(What::Warned { check: name, what, hint });
    }
    for step in steps {
        check(session, &step.write).await?;
        if let Doing::Start { number, .. } = &step.doing {
            events.release = Some(*number);
        }
        report::result(session.output, &report::rehearsal(&step));
        events.emit(what(step));
    }
    let others = rehearse::beside_the_template(&s);
    let tried = cluster::rehearsed(&session.cluster, others).await;
    let tried = tried.map_err(|error| session.cluster.explain(error, "try the steps"))?;
    let reasons = checks::failed(&checks::admission(&tried, &s));
    Ok(if reasons.is_empty() { Outcome::Rehearsed } else { Outcome::Unfit { reasons } })
}

fn what(Step { doing, write, .. }: Step) -> What {
    let (verb, id) = (write.verb(), write.id().clone());
    let write: Value = match write {
        Write::Create { object, .. } => json!({"object": object}),
        Write::Patch { patch, .. } => json!({"patch": patch}),
        Write::Delete { .. } => json!({}),
    };
    What::Rehearsed { doing, verb, kind: id.kind, name: id.name, write }
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

async fn check(session: &Session, write: &Write) -> Result<(), Error> {
    let attempt = format!("{} {}", write.verb(), write.id().kind.plural());
    match session.cluster.dry_run(write).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_about_rights() => Err(session.cluster.explain(error, &attempt)),
        Err(CallError::Refused { message, .. }) => {
            let what = format!("the API server would refuse to {} {}", write.verb(), write.id());
            Err(Error::new(Kind::Unfit, what).because(message))
        }
        Err(error) => Err(session.cluster.explain(error, &attempt)),
    }
}
