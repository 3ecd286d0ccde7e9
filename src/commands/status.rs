//! `status`: a picture of the app, at any moment, from anywhere.

use super::session::Session;
use crate::cli::{self, Output};
use crate::cluster::{Breadth, read_once};
use crate::error::{Error, Kind};
use crate::model::Colour;
use crate::release::status::{self, Status};
use crate::release::{Memory, Names, Snapshot};
use crate::report;

pub async fn run(common: &cli::Common, args: &cli::Status) -> Result<(), Error> {
    let session = Session::open(common, args.app.as_ref()).await?;
    let objects = read_once(&session.cluster, &session.names, Breadth::Serving).await?;
    let s = Snapshot::new(session.names.clone(), objects, Memory::default())
        .map_err(|error| session.cluster.unreadable(&error))?;
    let Some((_, record)) = &s.record else { return unprepared(&session, &s) };
    let status = status::of(&s, record);
    match session.output {
        Output::Json => report::json(&status),
        Output::Human => {
            report::status(&status, session.cluster.clock().now(), &|verb| session.command(verb))
        }
    }
    Ok(())
}

/// The status of an app that nobody has taken in yet.
fn unprepared(session: &Session, s: &Snapshot) -> Result<(), Error> {
    let Names { app, namespace, .. } = &session.names;
    if s.slot(Colour::Blue).is_none() {
        let what = format!("there is no Deployment {app} in namespace {namespace}");
        return Err(Error::new(Kind::Unfit, what));
    }
    let status = Status {
        app: app.clone(),
        namespace: namespace.clone(),
        live: None,
        candidate: None,
        route: Vec::new(),
        release: None,
        healthy: false,
    };
    match session.output {
        Output::Json => report::json(&status),
        Output::Human => report::unprepared(&status, &session.command("init")),
    }
    Ok(())
}
