//! `rollback`: the version that was live before, live again.

use std::time::Duration;

use super::session::{Ask, Session};
use super::{Surroundings, after, verdict};
use crate::cli;
use crate::error::Error;
use crate::release::{Goal, Outcome, Settings};
use crate::report;

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Rollback,
) -> Result<(), Error> {
    let probe = after::probe(&args.after.probed)?.unwrap_or_default();
    let mut session = Session::open(around, common, args.app.as_ref()).await?;
    if !probe.routes().is_empty() {
        session.again = Some(
            "if --probe is wrong, correct it; otherwise: ".to_owned() + &session.command("check"),
        );
    }
    let settings = Settings { timeout_seconds: args.timeout, ..after::settings(&args.after) };
    let patience = Duration::from_secs(settings.timeout());
    let goal = Goal::Rollback { release: args.release, to: args.to, settings };
    let ended = session.drive(goal, Ask { gate: None, probe: &probe }, patience).await?;
    let said = verdict::of(&session, &ended).map_err(|error| match &ended.outcome {
        Outcome::NothingToDo { .. } if ended.in_progress => error.hint(session.command("abort")),
        Outcome::NothingToDo { .. } => error.hint(session.command("history")),
        _ => error,
    })?;
    report::result(common.output, &said);
    Ok(())
}
