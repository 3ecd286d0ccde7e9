//! From an outcome to an exit code, and to the words that go with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::session::Session;
use crate::clean::clean;
use crate::drive::Ended;
use crate::error::{Error, Kind};
use crate::model;
use crate::release::{
    Cause, Confirmed, Fault, Finished, GitOpsTool, LastWriter, Outcome, ReleaseOutcome, Way,
};
use crate::report::lasted;
use crate::route::Route;
use crate::settings::Template;

/// The same of a deploy: what is wrong with its file is shown there.
pub fn of_file(session: &Session, ended: &Ended, file: Option<&Template>) -> Result<String, Error> {
    match (&ended.outcome, file) {
        (Outcome::Misread { fields }, Some(file)) => {
            let explain = explain(session, fields);
            Err(file.wrong(fields).hint(explain))
        }
        // Of the commands that meet another driver, a deploy alone can wait for its turn.
        (Outcome::Busy { .. }, _) => of(session, ended).map_err(|error| {
            error.hint("to wait for the end of that release: the same command with --wait")
        }),
        _ => of(session, ended),
    }
}

/// The command that shows what may stand in the first of these fields, or beside it.
fn explain(session: &Session, fields: &[Fault]) -> String {
    let path = fields.first().map(Fault::explained).filter(|path| !path.is_empty());
    let path = path.unwrap_or_else(|| "spec.template.spec".to_owned());
    session.cluster.kubectl(&format!("explain deployment.{path}"))
}

/// What the outcome of a command that drives means.
pub fn of(session: &Session, ended: &Ended) -> Result<String, Error> {
    let Ended { outcome, next, .. } = ended;
    let app = &session.names.app;
    match outcome {
        Outcome::DryRun => Ok("nothing was written (--dry-run=server)".to_owned()),
        Outcome::Initialised => Ok(format!("{app} is ready for releases")),
        Outcome::Finished(finished) => finished_as(session, ended, finished),
        Outcome::AlreadyLive { images, differs } => {
            let live = format!("{app}: {} is live already", clean(&images.join(", ")));
            let differ = format!(
                "  differs   {} of the Deployment: applied with the next version",
                clean(&differs.join(", "))
            );
            let differ = (!differs.is_empty()).then_some(differ);
            Ok([live].into_iter().chain(differ).collect::<Vec<_>>().join("\n"))
        }
        Outcome::Detached { number, preview } => Ok(waits(session, *number, preview.as_deref())),
        Outcome::Busy { holder, since } => Err(Error::new(
            Kind::Busy,
            format!("{app} is being released by {holder}, since {since:.0}"),
        )
        .hint(session.command("status"))),
        Outcome::TakenOver { holder } => Err(Error::new(
            Kind::Busy,
            format!("{holder} took over the release while this command did not respond"),
        )
        .hint(session.command("status"))),
        Outcome::Changed { what, cause, by } => {
            Err(stopped(session, (what, *cause), by.as_ref(), ended))
        }
        Outcome::NothingToDo { why } => {
            Err(Error::new(Kind::NothingToDo, why).hint(session.command("status")))
        }
        Outcome::InTheWay { number, images } => Err(Error::new(
            Kind::NothingToDo,
            format!("release {number} ({}) is unfinished", images.join(", ")),
        )
        .hint(session.command("abort"))
        .hint("to replace it: the same command with --replace".to_owned())),
        Outcome::NotReady { number, why, deploy_again } => {
            let error =
                Error::new(Kind::NothingToDo, format!("release {number} is not ready: {why}"));
            Err(match deploy_again {
                true => error
                    .hint("to continue it: run the same deploy again")
                    .hint(session.command("abort")),
                false => error.hint(format!("{} --when-ready", session.command("promote"))),
            })
        }
        Outcome::NotInitialised if next.contains(&Way::Check) => {
            Err(Error { hints: vec![session.command("check")], ..not_initialised(session) })
        }
        Outcome::NotInitialised => Err(not_initialised(session)),
        Outcome::Unfit { reasons } if reasons[..] == [session.names.no_deployment()] => {
            Err(no_deployment(session))
        }
        // Each reason ends with its own way out; this one shows whether that was all.
        Outcome::Unfit { reasons } => {
            let mut error = Error::new(Kind::Unfit, format!("{app} can't be released as it is"));
            error.causes.clone_from(reasons);
            Err(error.hint(session.again.clone().unwrap_or_else(|| session.command("check"))))
        }
        Outcome::Unprepared { reasons } => {
            let what = format!("the setup of {app} is incomplete");
            // There may be something else in its way.
            let verb = if next.contains(&Way::Check) { "check" } else { "init" };
            let mut error = Error::new(Kind::Unfit, what).hint(session.command(verb));
            error.causes.clone_from(reasons);
            Err(error)
        }
        Outcome::Ungated => Err(Error::new(Kind::Usage, "choose how the new version is approved")
            .because(
                "without a terminal, nobody would see that the candidate waits for bluegreen \
                 promote",
            )
            .hint("--webhook URL: go live when this address answers 200")
            .hint("--detach: return when the candidate is ready; a later promote or abort decides")
            .hint("--yes: go live as soon as the candidate is ready")),
        Outcome::Misread { fields } => {
            let what = format!("the API server does not accept this version of {app}");
            let mut error = Error::new(Kind::Usage, what).hint(explain(session, fields));
            error.causes = fields.iter().map(Fault::sentence).collect();
            Err(error)
        }
        Outcome::Misfit { why } => {
            let look = format!("get deployment {app} -o yaml");
            Err(Error::new(Kind::Usage, why.clone()).hint(session.cluster.kubectl(&look)))
        }
    }
}

/// Each cause has a sentence of its own: nobody looks for an edit that there was not.
fn stopped(
    session: &Session,
    (what, cause): (&str, Cause),
    by: Option<&LastWriter>,
    ended: &Ended,
) -> Error {
    let what = match cause {
        Cause::Edited => format!("the cluster was changed by somebody else: {what}"),
        Cause::NotArrived | Cause::NotApplied | Cause::Refused | Cause::NotReady => what.to_owned(),
    };
    let kept = match &ended.gone[..] {
        [] => "both versions were kept; nothing was reverted".to_owned(),
        gone => format!("nothing was reverted; there is no Deployment {}", gone.join(" or ")),
    };
    let mut error = Error::new(Kind::Changed, what).because(kept);
    if let Some(hand) = by {
        let LastWriter { manager, kind, name, at } = hand;
        error =
            error.because(format!("the last write was by {manager}, to {kind} {name}, at {at}"));
    }
    error = error.hint(session.command("status"));
    if let Some(exclude) = by.and_then(excluded) {
        error = error.hint(exclude);
    }
    if ended.in_progress && cause != Cause::Edited {
        error = error.hint("to continue the release: run the same command again");
    }
    match ended.in_progress {
        true => error.hint(session.command("abort")),
        false => error,
    }
}

/// What a tool that brings objects back to what is in a repository has to leave alone.
fn excluded(hand: &LastWriter) -> Option<String> {
    let object = format!("{} {}", hand.kind, hand.name);
    let backends = model::Kind::parse(&hand.kind).and_then(Route::backends_in_jq);
    let field = backends.unwrap_or(match hand.kind.as_str() {
        "Service" => ".spec.selector",
        _ => ".spec.template, .spec.replicas",
    });
    Some(match hand.tool()? {
        GitOpsTool::ArgoCd => {
            let known = match backends {
                Some(_) => {
                    ". Syncs then no longer change its rules: to add a host or path, remove that \
                     entry, sync, and restore it, while no release is in progress"
                }
                None => "",
            };
            format!(
                "in the Argo CD Application: add ignoreDifferences for {object}, jqPathExpressions \
                 {field}, and the sync option RespectIgnoreDifferences=true{known}"
            )
        }
        GitOpsTool::Flux => format!(
            "for Flux: add the annotation kustomize.toolkit.fluxcd.io/ssa: IfNotPresent to \
             {object} in its repository"
        ),
    })
}

/// What was named is not there at all.
pub fn no_deployment(session: &Session) -> Error {
    Error::new(Kind::Unfit, session.names.no_deployment())
        .hint(session.cluster.kubectl("get deployments"))
}

/// `init` has not taken the app in.
pub fn not_initialised(session: &Session) -> Error {
    let what = format!("{} is not set up for releases", session.names.app);
    Error::new(Kind::Unfit, what).hint(session.command("init"))
}

/// Who serves after a release that did not go live.
pub fn served(session: &Session, ended: &Ended, finished: &Finished) -> String {
    match &ended.outage {
        None => {
            let live = session.names.deployment(finished.from);
            format!("Deployment {live} still serves all traffic")
        }
        Some(why) => format!("nothing serves the app's traffic: {why}"),
    }
}

fn finished_as(session: &Session, ended: &Ended, finished: &Finished) -> Result<String, Error> {
    let app = &session.names.app;
    let number = finished.number;
    let by = finished.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let kind = match finished.outcome {
        ReleaseOutcome::Promoted => return Ok(promoted(session, finished, &ended.next)),
        ReleaseOutcome::Rejected => Kind::Rejected,
        ReleaseOutcome::Unhealthy => Kind::Unhealthy,
        ReleaseOutcome::Aborted => Kind::Aborted,
    };
    let how = match finished.outcome {
        ReleaseOutcome::Aborted => format!("was aborted{by}"),
        ReleaseOutcome::Unhealthy => "did not become healthy".to_owned(),
        _ => "was rejected".to_owned(),
    };
    let served = served(session, ended, finished);
    let what = format!("release {number} of {app} {how}; {served}");
    let error = Error::new(kind, what).because(finished.reason.clone());
    let warnings = finished.warnings.iter().cloned();
    Err(warnings.fold(error, Error::because).hint(session.command("status")))
}

fn waits(session: &Session, number: u64, preview: Option<&str>) -> String {
    let app = &session.names.app;
    let mut lines = vec![format!("{app}: release {number} is ready and waits for approval")];
    lines.extend(preview.map(|address| format!("  preview   {}", clean(address))));
    lines.push(format!("  yes       {}", session.command("promote")));
    lines.push(format!("  no        {}", session.command("abort")));
    lines.join("\n")
}

fn promoted(session: &Session, finished: &Finished, next: &[Way]) -> String {
    let names = &session.names;
    // In lines of ours, none of which anybody else may begin.
    let images = |images: &BTreeMap<String, String>| -> String {
        clean(&images.values().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    let (new, old) = (names.deployment(finished.to), names.deployment(finished.from));
    let (app, number) = (&names.app, finished.number);
    let what = if finished.rollback { ", a rollback," } else { "" };
    let mut lines = vec![format!(
        "{app}: release {number}{what} is live: {} in {new}",
        images(&finished.images)
    )];
    if !finished.observed.is_empty() {
        lines.push(format!("  runs      {} (changed by admission)", images(&finished.observed)));
    }
    if !finished.replaces.is_empty() {
        let now = if finished.kept { "still running" } else { "scaled to 0" };
        lines.push(format!("  replaced  {} in {old}, {now}", images(&finished.replaces)));
    }
    lines.push(format!("  took      {}", parts(finished)));
    match finished.confirmed {
        Some(Confirmed::Settle) => {
            lines.push(format!("  switch    not confirmed: {}", clean(&unconfirmed(finished))));
        }
        Some(Confirmed::Endpoints) => {
            let by = "by its EndpointSlices; not confirmed by a probe";
            lines.push(format!("  switch    {by}: {}", clean(&unconfirmed(finished))));
        }
        Some(Confirmed::Probe | Confirmed::Marker) | None => {}
    }
    if let Some(said) = &finished.missed {
        let what = format!(
            "requests failed after {old} was scaled down to 0 ({said}); it is running again"
        );
        lines.push(format!("  warning   {}", clean(&what)));
    }
    lines.extend(finished.warnings.iter().map(|what| format!("  warning   {}", clean(what))));
    if next.contains(&Way::Rollback) {
        lines.push(format!("  back      {}", session.command("rollback")));
    }
    lines.join("\n")
}

/// Why nobody saw that the switch had arrived, and what was done instead.
fn unconfirmed(finished: &Finished) -> String {
    let why = finished.unconfirmed.as_deref().unwrap_or("nothing could be probed");
    let waited = finished.switched.zip(finished.arrived);
    let waited = waited.map(|(from, to)| lasted(to.duration_since(from))).unwrap_or_default();
    format!("{why}; waited {waited}")
}

/// How long a release took, and which part of it took how long.
fn parts(finished: &Finished) -> String {
    let (started, ended) = (finished.started, finished.ended);
    let part = |name: &str, from: Timestamp, to: Timestamp| {
        format!("{name} {}", lasted(to.duration_since(from)))
    };
    let mut parts = Vec::new();
    let switched = finished.switched.unwrap_or(ended);
    match finished.ready {
        Some(ready) => {
            parts.push(part("ready after", started, ready));
            parts.push(part("gate", ready, switched));
        }
        None => parts.push(part("live after", started, switched)),
    }
    let arrived = finished.arrived.unwrap_or(switched);
    parts.push(part("switch", switched, arrived));
    parts.push(part("drain", arrived, ended));
    format!("{}: {}", lasted(ended.duration_since(started)), parts.join(", "))
}
