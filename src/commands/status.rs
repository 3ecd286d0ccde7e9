//! `status`: a picture of the app, at any moment, from anywhere.

use std::time::Duration;

use tokio::sync::Notify;

use super::session::{NOBODY, Session};
use super::{Surroundings, check, verdict};
use crate::cli::{self, Output};
use crate::cluster::Breadth;
use crate::error::{Error, Kind};
use crate::event::{Event, What};
use crate::model::Colour;
use crate::release::{Goal, Way, status};
use crate::report::{self, Picture};

/// How long a watch waits for a cluster that went away.
const PATIENCE: Duration = Duration::from_secs(600);

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Status,
) -> Result<(), Error> {
    let session = Session::open(around, common, args.app.as_ref()).await?;
    if args.watch {
        return watch(&session).await;
    }
    let mut s = session.look(Breadth::Serving).await?;
    // Where nobody has taken it in yet, there may be no app at all.
    if s.record.is_none() && s.slot(Colour::Blue).is_none() {
        return Err(verdict::no_deployment(&session));
    }
    let (mut refused, mut without) = (Vec::new(), Vec::new());
    if args.why {
        // What decides rests on more than what serves, as much as the command that would decide reads.
        let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
        let is_idle = release.is_none();
        let breadth = if is_idle { Breadth::Fitness } else { Breadth::All };
        s = session.look(breadth).await?;
        if is_idle {
            refused = check::refused(&session, &s).await;
        }
        without = check::without(&session, &s).await;
    }
    let now = session.cluster.clock().now();
    let mut status = match args.why {
        true => status::with_why(&s, now, &refused, &without),
        false => status::of(&s, now),
    };
    let has_candidate = status.release.as_ref().is_some_and(|it| it.phase.has_candidate());
    let is_green = status.live.as_ref().is_some_and(|live| live.colour == Colour::Green);
    if !args.why && (has_candidate || is_green && status.release.is_none()) {
        // Its pods say why, and what scales the app whether green has it, to whoever may read them.
        if let Ok(all) = session.look_further(&s).await {
            s = all;
            status = status::of(&s, now);
        }
    }
    // Without room neither of these gets anywhere.
    let needs_room = |way: &Way| matches!(way, Way::Init | Way::Deploy | Way::Rollback);
    if !args.why && status.next.iter().any(needs_room) {
        session.look_for_room(&mut s).await;
        status = status::of(&s, now);
    }
    match session.output {
        Output::Json => report::json(&status),
        Output::Human => report::status(&status, now, &|verb| session.command(verb)),
    }
    Ok(())
}

/// Until somebody interrupts, which is how it is meant to end.
async fn watch(session: &Session) -> Result<(), Error> {
    let command = |verb: &str| session.command(verb);
    let mut picture = Picture::here();
    let unread = Notify::new();
    let mut show = |event: &Event| {
        match (&event.what, session.output) {
            (What::Seen(status), Output::Json) => report::json(status),
            (What::Seen(status), Output::Human) => picture.show(status, event.at, &command),
            (what @ (What::Unreachable { .. } | What::Reachable), Output::Human) => {
                report::beside(what).iter().for_each(|line| picture.note(line));
            }
            _ => {}
        }
        if !report::is_read() {
            unread.notify_one();
        }
    };
    let ended = tokio::select! {
        ended = session.drive_with(Goal::Watch, NOBODY, PATIENCE, &mut show) => ended,
        () = unread.notified() => return Ok(()),
    };
    picture.leave();
    match ended {
        Err(error) if matches!(error.kind, Kind::Interrupted(_)) => Ok(()),
        ended => ended.map(drop),
    }
}
