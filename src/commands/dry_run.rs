//! `deploy --dry-run=server`: what would be made and changed, checked by the API server.

use super::session::Session;
use super::verdict;
use crate::cli::Output;
use crate::cluster::{Breadth, CallError, read_once};
use crate::error::{Error, Kind};
use crate::model::Write;
use crate::release::plan::rehearse;
use crate::release::{Deploy, Memory, Snapshot};
use crate::report;

pub async fn run(session: &Session, deploy: &Deploy) -> Result<(), Error> {
    let objects = read_once(&session.cluster, &session.names, Breadth::All).await?;
    let s = Snapshot::new(session.names.clone(), objects, Memory::default())
        .map_err(|error| session.cluster.unreadable(&error))?;
    let now = session.cluster.clock().now();
    let steps = match rehearse::steps(deploy, &s, now) {
        Ok(steps) => steps,
        Err(outcome) => {
            let said = verdict::of(session, &outcome)?;
            report::result(session.output, &said);
            return Ok(());
        }
    };
    for step in steps {
        check(session, &step.write).await?;
        match session.output {
            Output::Json => report::json(&report::rehearsed(&step)),
            Output::Human => report::result(session.output, &report::rehearsal(&step)),
        }
    }
    report::result(session.output, "nothing was written (--dry-run=server)");
    Ok(())
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
