//! `check`: whether an app can be released as it is, and what would be in the way.

use futures_util::future::{join, try_join};

use super::Surroundings;
use super::session::Session;
use crate::cli::{self, Output};
use crate::cluster::{Breadth, dry_run, missing, reply_if_any};
use crate::drive::{LOOKS, Said, asked};
use crate::error::{Error, Kind};
use crate::release::checks::{self, Check, CheckInput, Report, direct, rights};
use crate::release::plan::{check_input, dry_run, preflight};
use crate::release::{Action, Goal, Init, Settings, Snapshot, Way};
use crate::report;

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Check,
) -> Result<(), Error> {
    let session = Session::open(around, common, args.app.as_ref()).await?;
    if args.role {
        let mut roles = rights::role(&session.names);
        if args.probe {
            roles = format!("{roles}\n---\n{}", direct::role(&session.names));
        }
        report::document(&roles);
        return Ok(());
    }
    let checks = checks(&session, args).await?;
    let names = &session.names;
    let report = Report::new(&names.app, &names.namespace, checks);
    match session.output {
        Output::Json => report::json(&report),
        Output::Human => report::checks(&report),
    }
    if report.fit {
        return Ok(());
    }
    let failed = report.checks.iter().filter(|check| check.has_failed());
    let mut failed: Vec<&str> = failed.map(|check| check.name).collect();
    failed.dedup();
    let what = format!("{} can't be released as it is", names.app);
    Err(Error::new(Kind::Unfit, what).because(format!("failed: {}", failed.join(", "))))
}

async fn checks(session: &Session, args: &cli::Check) -> Result<Vec<Check>, Error> {
    let mut looks = 1;
    loop {
        let (checks, is_outdated) = looked(session, args).await?;
        if !is_outdated || looks == LOOKS {
            return Ok(checks);
        }
        looks += 1;
    }
}

/// And whether what was tried has changed between the look and the try.
async fn looked(session: &Session, args: &cli::Check) -> Result<(Vec<Check>, bool), Error> {
    let wanted = [rights::all(), direct::rights()].concat();
    let asking = missing(&session.cluster, wanted);
    let (missing, look) = join(asking, session.look(Breadth::Report)).await;
    let has = |kind| look.as_ref().is_ok_and(|s| s.objects.list(kind).next().is_some());
    let command = session.command("check");
    let direct = direct::check(missing.as_deref(), &direct::hint(&command));
    let rights = rights::told(missing, has, &rights::hint(&command));
    let s = match look {
        // What may not be read is told with the other rights that are missing.
        Err(error) if error.kind == Kind::NotPermitted => {
            return if rights.iter().any(Check::has_failed) {
                Ok((rights, false))
            } else {
                Err(error)
            };
        }
        look => look?,
    };
    let mut checks = rights;
    checks.push(direct);
    let (of_the_app, is_outdated) = of(session, &s, args).await?;
    checks.extend(of_the_app);
    Ok((checks, is_outdated))
}

async fn of(
    session: &Session,
    s: &Snapshot,
    args: &cli::Check,
) -> Result<(Vec<Check>, bool), Error> {
    let (allow_policy_gap, route) = (args.allow_policy_gap, args.route);
    let init = Init { allow_policy_gap, route, ..Init::default() };
    let check_input = match check_input(s, &init) {
        Ok(check_input) => check_input,
        Err(checks) => {
            let look = session.cluster.kubectl("get deployments,services,ingresses");
            let checks = checks.into_iter().map(|check| check.or_hint(&look)).collect();
            return Ok((checks, false));
        }
    };
    let mut checks = checks::table(&check_input);
    checks.extend(checks::prepared(s, &session.command("init"), &session.command("status")));
    checks.extend(checks::drift(s, &session.command("init")));
    let (tried, is_outdated) = tried(session, &init, &check_input).await?;
    checks.extend(tried);
    Ok((checks, is_outdated))
}

/// What the API server says to the steps of a release and to a pod, as a dry run.
async fn tried(
    session: &Session,
    init: &Init,
    check_input: &CheckInput<'_>,
) -> Result<(Vec<Check>, bool), Error> {
    let (mut steps, waiting) = (dry_run::of(check_input), dry_run::of_waiting(check_input.s));
    // The pods of a release that is in progress are there.
    let pod = (!steps.is_empty()).then(|| dry_run::pod(check_input));
    steps.extend(waiting);
    steps.extend(dry_run::of_init(init, check_input.s, session.cluster.clock().now()));
    let (cluster, pod) = (&session.cluster, pod.as_ref());
    let tried = try_join(dry_run(cluster, steps), reply_if_any(cluster, pod)).await;
    let (tried, pod) =
        tried.map_err(|error| session.cluster.explain(error, "dry-run the steps"))?;
    let mut checks = checks::dry_run(&tried);
    checks.extend(checks::admission(&tried, check_input.s));
    checks.push(checks::pod_template(pod.as_ref()));
    Ok((checks, checks::are_outdated(&tried)))
}

/// Why the API server would not let a release begin, as far as it says that: for `status --why`.
pub async fn refused(session: &Session, s: &Snapshot) -> Vec<String> {
    let init = Init::default();
    let Ok(check_input) = check_input(s, &init) else { return Vec::new() };
    let asking = missing(&session.cluster, rights::all());
    let (missing, tried) = join(asking, tried(session, &init, &check_input)).await;
    let has = |kind| s.objects.list(kind).next().is_some();
    let rights = rights::told(missing, has, &rights::hint(&session.command("check")));
    let (tried, _) = tried.unwrap_or_default();
    checks::failed(&[rights, tried].concat())
}

/// What of a way back and of a yes it would refuse.
pub async fn without(session: &Session, s: &Snapshot) -> Vec<Way> {
    let now = session.cluster.clock().now();
    let release = s.record.as_ref().and_then(|(_, record)| record.release.as_ref());
    let (ways, goal, action) = match release {
        Some(release) => {
            let goal = Goal::Promote { release: None, when_ready: true };
            let action = Action::Approve { number: release.number };
            (&[Way::Promote, Way::PromoteWhenReady][..], goal, Some(action))
        }
        None => {
            let back = Goal::Rollback { release: None, to: None, settings: Settings::default() };
            let steps = dry_run::steps(&back, s, now).unwrap_or_default();
            (&[Way::Rollback][..], back, steps.into_iter().next().map(|start| start.action))
        }
    };
    let Some(look) = action.and_then(|action| preflight(&goal, Some(&action), s, now)) else {
        return Vec::new();
    };
    let hint = rights::hint(&session.command("check"));
    let fails = match asked(&session.cluster, s, look, &hint).await {
        Ok(Said { rights, tried, .. }) => rights.iter().chain(&tried).any(Check::has_failed),
        Err(_) => false,
    };
    if fails { ways.to_vec() } else { Vec::new() }
}
