//! `init`: the app taken in.

use std::time::Duration;

use super::session::Session;
use super::verdict;
use crate::cli;
use crate::error::Error;
use crate::release::{Goal, Init};
use crate::report;

const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(common: &cli::Common, args: &cli::Init) -> Result<(), Error> {
    let session = Session::open(common, args.app.as_ref()).await?;
    let goal = Goal::Init(Init { target_port: args.target_port });
    let ended = session.drive(goal, None, PATIENCE).await?;
    let mut said = verdict::of(&session, &ended)?;
    if ended.writes == 0 {
        said += " already, nothing was changed";
    }
    report::result(
        common.output,
        &format!("{said}: {}", session.command("deploy") + " --image IMAGE"),
    );
    Ok(())
}
