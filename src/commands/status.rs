//! `status`: a picture of the app, at any moment, from anywhere.

use std::time::Duration;

use super::session::Session;
use crate::cli::{self, Output};
use crate::cluster::{Breadth, read_once};
use crate::error::{Error, Kind};
use crate::event::{Event, What};
use crate::model::Colour;
use crate::release::status;
use crate::release::{Goal, Memory, Names, Snapshot};
use crate::report::{self, Picture};

/// How long a watch waits for a cluster that went away.
const PATIENCE: Duration = Duration::from_secs(600);

pub async fn run(common: &cli::Common, args: &cli::Status) -> Result<(), Error> {
    let session = Session::open(common, args.app.as_ref()).await?;
    if args.watch {
        return watch(&session).await;
    }
    let objects = read_once(&session.cluster, &session.names, Breadth::Serving).await?;
    let s = Snapshot::new(session.names.clone(), objects, Memory::default())
        .map_err(|error| session.cluster.unreadable(&error))?;
    let status = match &s.record {
        Some((_, record)) => status::of(&s, record),
        None => {
            exists(&s)?;
            status::unprepared(&s)
        }
    };
    match session.output {
        Output::Json => report::json(&status),
        Output::Human => {
            report::status(&status, session.cluster.clock().now(), &|verb| session.command(verb))
        }
    }
    Ok(())
}

/// Whether there is an app at all, where nobody has taken it in yet.
fn exists(s: &Snapshot) -> Result<(), Error> {
    let Names { app, namespace, .. } = &s.names;
    match s.slot(Colour::Blue) {
        Some(_) => Ok(()),
        None => {
            let what = format!("there is no Deployment {app} in namespace {namespace}");
            Err(Error::new(Kind::Unfit, what))
        }
    }
}

/// Until somebody interrupts, which is how it is meant to end.
async fn watch(session: &Session) -> Result<(), Error> {
    let command = |verb: &str| session.command(verb);
    let mut picture = Picture::here();
    let mut show = |event: &Event| match (&event.what, session.output) {
        (What::Seen(status), Output::Json) => report::json(status),
        (What::Seen(status), Output::Human) => picture.show(status, event.at, &command),
        (what @ (What::Unreachable { .. } | What::Reachable), Output::Human) => {
            report::beside(what).iter().for_each(|line| picture.note(line));
        }
        _ => {}
    };
    let ended = session.drive_with(Goal::Watch, None, PATIENCE, &mut show).await;
    picture.leave();
    match ended {
        Err(error) if matches!(error.kind, Kind::Interrupted(_)) => Ok(()),
        ended => ended.map(drop),
    }
}
