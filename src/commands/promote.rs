//! `promote`: a person's yes, which stands for all gates.

use std::time::Duration;

use super::session::{Ask, Session};
use super::{Surroundings, after, verdict};
use crate::cli;
use crate::error::Error;
use crate::release::Goal;
use crate::report;

const PATIENCE: Duration = Duration::from_secs(600);

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Promote,
) -> Result<(), Error> {
    let probe = after::probe(&args.probed)?.unwrap_or_default();
    let mut session = Session::open(around, common, args.app.as_ref()).await?;
    if !probe.routes().is_empty() {
        session.again = Some(
            "if --probe is wrong, correct it; otherwise: ".to_owned() + &session.command("check"),
        );
    }
    let goal = Goal::Promote { release: args.release, when_ready: args.when_ready };
    let ended = session.drive(goal, Ask { gate: None, probe: &probe }, PATIENCE).await?;
    report::result(common.output, &verdict::of(&session, &ended)?);
    Ok(())
}
