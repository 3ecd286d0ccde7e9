//! `history`: the releases that are over, and how they ended.

use super::session::Session;
use crate::cli::{self, Output};
use crate::cluster::{Breadth, read_once};
use crate::error::{Error, Kind};
use crate::release::{Memory, Snapshot, history};
use crate::report;

pub async fn run(common: &cli::Common, args: &cli::History) -> Result<(), Error> {
    let session = Session::open(common, args.app.as_ref()).await?;
    let objects = read_once(&session.cluster, &session.names, Breadth::Record).await?;
    let s = Snapshot::new(session.names.clone(), objects, Memory::default())
        .map_err(|error| session.cluster.unreadable(&error))?;
    let Some((_, record)) = &s.record else {
        let what = format!("{} has not been prepared for releases", session.names.app);
        return Err(Error::new(Kind::Unfit, what).hint(session.command("init")));
    };
    let history = history::of(&s.names, record);
    match session.output {
        Output::Json => report::json(&history),
        Output::Human => report::history(&history, session.cluster.clock().now()),
    }
    Ok(())
}
