//! From an outcome to an exit code, and to the words that go with it.

use super::session::Session;
use crate::drive::Ended;
use crate::error::{Error, Kind};
use crate::release::{Finished, Outcome, Verdict};

/// What the outcome of a command that drives means.
pub fn of(session: &Session, ended: &Ended) -> Result<String, Error> {
    let Ended { outcome, in_progress, .. } = ended;
    let app = &session.names.app;
    let error = |kind, what: String| Err(Error::new(kind, what));
    match outcome {
        Outcome::Rehearsed => Ok("nothing was written (--dry-run=server)".to_owned()),
        Outcome::Initialised => Ok(format!("{app} is ready for releases")),
        Outcome::Finished(finished) => finished_as(session, finished),
        Outcome::AlreadyLive { images } => {
            Ok(format!("{app}: {} is live already", images.join(", ")))
        }
        Outcome::Detached { number } => Ok(format!(
            "{app}: release {number} is ready and waits: {}",
            session.command("promote")
        )),
        Outcome::Busy { driver } => Err(Error::new(
            Kind::Busy,
            format!("{app} is being released by {}, since {}", driver.holder, driver.since),
        )
        .hint(session.command("status"))),
        Outcome::TakenOver { holder } => Err(Error::new(
            Kind::Busy,
            format!("the release was taken over by {holder} while this command did not answer"),
        )
        .hint(session.command("status"))),
        Outcome::Changed { what } => {
            let error = Error::new(
                Kind::Changed,
                format!("the cluster was changed by somebody else: {what}"),
            )
            .because("both versions are kept, and nothing was changed back".to_owned())
            .hint(session.command("status"));
            Err(match in_progress {
                true => error.hint(format!("to end the release: {}", session.command("abort"))),
                false => error,
            })
        }
        Outcome::NothingToDo { why } => {
            Err(Error::new(Kind::NothingToDo, why).hint(session.command("status")))
        }
        Outcome::InTheWay { number, images } => Err(Error::new(
            Kind::NothingToDo,
            format!("release {number} ({}) is unfinished", images.join(", ")),
        )
        .hint(session.command("abort"))
        .hint("or the same deploy with --replace".to_owned())),
        Outcome::NotReady { number, why, deploy_again } => {
            let error =
                Error::new(Kind::NothingToDo, format!("release {number} is not ready: {why}"));
            Err(match deploy_again {
                true => error
                    .hint("the same deploy again, or".to_owned())
                    .hint(session.command("abort")),
                false => error.hint(format!("{} --when-ready", session.command("promote"))),
            })
        }
        Outcome::NotInitialised => {
            Err(Error::new(Kind::Unfit, format!("{app} has not been prepared for releases"))
                .hint(session.command("init")))
        }
        Outcome::Unfit { reasons } => {
            let mut error = Error::new(Kind::Unfit, format!("{app} can't be released as it is"));
            error.causes.clone_from(reasons);
            Err(error)
        }
        Outcome::Unprepared { reasons } => {
            let what = format!("{app} is no longer prepared for releases");
            let mut error = Error::new(Kind::Unfit, what).hint(session.command("init"));
            error.causes.clone_from(reasons);
            Err(error)
        }
        Outcome::Misfit { why } => error(Kind::Usage, why.clone()),
    }
}

fn finished_as(session: &Session, finished: &Finished) -> Result<String, Error> {
    let app = &session.names.app;
    let number = finished.number;
    let by = finished.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let kind = match finished.outcome {
        Verdict::Promoted => return Ok(promoted(session, finished)),
        Verdict::Rejected => Kind::Rejected,
        Verdict::Unhealthy => Kind::Unhealthy,
        Verdict::Aborted => Kind::Aborted,
    };
    let what = match finished.outcome {
        Verdict::Aborted => format!("release {number} of {app} was aborted{by}"),
        Verdict::Unhealthy => format!("release {number} of {app} did not become healthy"),
        _ => format!("release {number} of {app} was rejected"),
    };
    Err(Error::new(kind, what).because(finished.reason.clone()).hint(format!(
        "{} serves as before: {}",
        session.names.deployment(finished.from),
        session.command("status")
    )))
}

fn promoted(session: &Session, finished: &Finished) -> String {
    let took = finished.ended.duration_since(finished.started).as_secs();
    format!(
        "{}: release {} is live: {} in {}; {} is put away; it took {took} s",
        session.names.app,
        finished.number,
        finished.images.values().cloned().collect::<Vec<_>>().join(", "),
        session.names.deployment(finished.to),
        session.names.deployment(finished.from),
    )
}
