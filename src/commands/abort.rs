//! `abort`: the candidate goes; people are back where they were.

use std::time::Duration;

use super::session::{Ask, Session};
use super::{Surroundings, after, verdict};
use crate::cli;
use crate::error::{Error, Kind};
use crate::release::{Goal, Outcome, ReleaseOutcome};
use crate::report;

const PATIENCE: Duration = Duration::from_secs(600);

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Abort,
) -> Result<(), Error> {
    let probe = after::probe(&args.probed)?.unwrap_or_default();
    let mut session = Session::open(around, common, args.app.as_ref()).await?;
    if !probe.routes().is_empty() {
        session.again = Some(
            "if --probe is wrong, correct it; otherwise: ".to_owned() + &session.command("check"),
        );
    }
    let goal = Goal::Abort {
        release: args.release,
        reason: args.reason.clone().filter(|reason| !reason.is_empty()),
    };
    let ended = session.drive(goal, Ask { gate: None, probe: &probe }, PATIENCE).await?;
    let said = match &ended.outcome {
        Outcome::Finished(finished) if finished.outcome == ReleaseOutcome::Aborted => format!(
            "{}: aborted release {}; Deployment {} still serves all traffic",
            session.names.app,
            finished.number,
            session.names.deployment(finished.from),
        ),
        // It ended in another way before the abort could count.
        Outcome::Finished(finished) => {
            let how = match finished.outcome {
                ReleaseOutcome::Promoted => "is live: it was promoted",
                ReleaseOutcome::Rejected => "is over: the gate rejected it",
                ReleaseOutcome::Unhealthy => "is over: it did not become healthy",
                ReleaseOutcome::Aborted => unreachable!("handled above"),
            };
            let what = format!("there is nothing to abort: release {} {how}", finished.number);
            return Err(Error::new(Kind::NothingToDo, what).hint(session.command("status")));
        }
        _ => verdict::of(&session, &ended)?,
    };
    report::result(common.output, &said);
    Ok(())
}
