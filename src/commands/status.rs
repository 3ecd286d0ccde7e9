//! `status`: a picture of the app, at any moment, from anywhere.

use super::session::Session;
use crate::cli::{self, Output};
use crate::cluster::{Breadth, read_once};
use crate::error::{Error, Kind};
use crate::release::{Memory, Snapshot, status};
use crate::report;

pub async fn run(common: &cli::Common, args: &cli::Status) -> Result<(), Error> {
    let session = Session::open(common, args.app.as_ref()).await?;
    let objects = read_once(&session.cluster, &session.names, Breadth::Serving).await?;
    let s = Snapshot::new(session.names.clone(), objects, Memory::default())
        .map_err(|error| session.cluster.unreadable(&error))?;
    let Some((_, record)) = &s.record else {
        let app = &session.names.app;
        return Err(Error::new(Kind::Unfit, format!("{app} has not been prepared for releases"))
            .hint(session.command("init")));
    };
    let status = status::of(&s, record);
    match session.output {
        Output::Json => report::json(&status),
        Output::Human => {
            report::status(&status, session.cluster.clock().now(), &|verb| session.command(verb))
        }
    }
    Ok(())
}
