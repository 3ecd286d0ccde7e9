//! `deploy --dry-run=server`: what would be made and changed, checked by the API server.

use futures_util::future::try_join;
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
use crate::release::plan::{self, Step, dry_run, preflight};
use crate::release::{Action, Deploy, Goal, Outcome, Reading, checks};
use crate::report;
use crate::settings::Template;

pub async fn run(session: &Session, deploy: &Deploy, file: Option<&Template>) -> Result<(), Error> {
    let mut events = Events { session, release: None, order: Order::default() };
    match dry_run(session, deploy, &mut events).await {
        Ok(outcome) => {
            events.emit(What::Ended { outcome: outcome.clone() });
            let ended = Ended { outcome, in_progress: false, writes: 0, next: Vec::new() };
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
    let mut s = session.look(Breadth::Fitness).await?;
    let goal = Goal::Deploy(deploy.clone());
    if let Some((tried, write)) = plan::unread(&goal, &s) {
        let reply = cluster::tried(&session.cluster, &write).await;
        let explained = |error| session.cluster.explain(error, "dry-run the new version");
        s.memory.reading = Some(Reading { tried, reply: reply.map_err(explained)? });
    }
    let now = session.cluster.clock().now();
    let steps = match dry_run::steps(&goal, &s, now) {
        Ok(steps) => steps,
        Err(outcome) => return Ok(outcome),
    };
    let look = steps.first().and_then(|start| preflight(&goal, &start.action, &s, now));
    let look = look.unwrap_or_default();
    for warning in look.warnings {
        let Check { name, what, hint, .. } = warning;
        events.emit(What::Warned { check: name, what, hint });
    }
    for step in steps {
        check(session, &step.write).await?;
        if let Action::Start { number, .. } = &step.action {
            events.release = Some(*number);
        }
        report::result(session.output, &report::dry_run(&step));
        events.emit(what(step));
    }
    let others = dry_run::beside_the_template(&s);
    let (cluster, pod) = (&session.cluster, look.pod.as_ref());
    let tried = try_join(cluster::dry_run(cluster, others), cluster::reply_if_any(cluster, pod));
    let (tried, pod) = tried.await.map_err(|error| cluster.explain(error, "dry-run the steps"))?;
    let mut told = checks::admission(&tried, &s);
    told.extend(pod.map(|pod| checks::pod_template(Some(&pod))));
    let reasons = checks::failed(&told);
    Ok(if reasons.is_empty() { Outcome::DryRun } else { Outcome::Unfit { reasons } })
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
