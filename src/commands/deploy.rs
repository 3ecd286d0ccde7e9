//! `deploy`: a new version beside the live one, and live when the gate says yes.

use std::time::Duration;

use super::session::{Ask, Session};
use super::{Surroundings, after, dry_run, gate, input, verdict};
use crate::cli;
use crate::error::{Error, Kind};
use crate::release::carried::Marks;
use crate::release::{Change, Deploy, Gate, Goal, Settings};
use crate::report;
use crate::settings::resolve::{self, Environment, Flags, resolve};
use crate::settings::{self, Files, Template};

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Deploy,
) -> Result<(), Error> {
    let flags = flags(args)?;
    let (common, input) = input::read(common, &args.filename, args.app.as_deref(), true)?;
    if input.template.is_none() && input.settings.is_none() && !args.filename.is_empty() {
        let files: Vec<_> = args.filename.iter().map(|file| settings::shown(file)).collect();
        let what = format!("{} contains neither a Deployment nor settings", files.join(", "));
        return Err(Error::new(Kind::Usage, what)
            .because(input::passed(&input.passed))
            .hint("give a Deployment, a Flagger Canary or a bluegreen.yaml"));
    }
    input::say_what_is_left(&input);
    let file = input.template;
    let marks = file.as_ref().map(|file| Marks::of(&file.metadata));
    let change = change(args, file.as_ref())?;
    let environment = match flags.gate {
        Some(_) => Environment::default(),
        None => gate::environment()?,
    };
    let said = resolve(flags, environment, input.settings.map(|loaded| loaded.given))?;
    let webhooks = gate::webhooks(said.hooks, &around.outside)?;
    let watched = args.dry_run.is_some() || report::is_watched();
    let probe = said.probe;
    let deploy = Deploy {
        change,
        marks,
        gate: said.gate.unwrap_or(Gate::Unsaid { watched }),
        detach: args.detach,
        replace: args.replace,
        wait: args.wait,
        settings: said.settings,
        expected: said.declared,
        allow_policy_gap: args.allow_policy_gap,
    };
    let mut session = Session::open(around, &common, input.app.as_ref()).await?;
    if !args.filename.is_empty() || !deploy.expected.asked.is_empty() {
        let again = "to check a corrected file: the same command with --dry-run=server";
        session.again = Some(again.to_owned());
    }
    if args.dry_run.is_some() {
        return dry_run::run(&session, &deploy, file.as_ref()).await;
    }
    let patience = Duration::from_secs(deploy.settings.timeout());
    let ask = Ask { gate: webhooks.as_ref(), probe: &probe };
    let ended = session.drive(Goal::Deploy(deploy), ask, patience).await?;
    report::result(common.output, &verdict::of_file(&session, &ended, file.as_ref())?);
    Ok(())
}

/// The new version, from one place.
fn change(args: &cli::Deploy, file: Option<&Template>) -> Result<Change, Error> {
    match (file, args.image.is_empty()) {
        (None, false) => Ok(Change::Images(args.image.clone())),
        (Some(file), true) => Ok(Change::Template(file.template.clone())),
        (Some(file), false) => Err(Error::new(Kind::Usage, "the new version is given twice")
            .because(format!("by --image, and by the Deployment in {}", file.shown()))
            .hint("with --image, use -f for settings only")),
        (None, true) => Err(Error::new(Kind::Usage, "no new version given")
            .because(match args.filename.is_empty() {
                true => "neither --image nor -f is set",
                false => "--image is not set, and the -f files contain no Deployment",
            })
            .hint("--image [CONTAINER=]IMAGE: deploy the live version with another image")
            .hint("-f FILE: deploy the pod template of the Deployment in it")),
    }
}

fn flags(args: &cli::Deploy) -> Result<Flags, Error> {
    let gate = match (args.yes, args.detach) {
        (true, _) => Some(Gate::Open),
        (false, true) => Some(Gate::Person),
        (false, false) => None,
    };
    Ok(Flags {
        gate,
        webhook: args.webhook.as_ref().map(resolve::address).transpose()?,
        files: Files {
            secret: args.credentials.webhook_secret_file.clone(),
            headers: args.credentials.header_file.clone(),
            ca: args.credentials.ca_file.clone(),
        },
        probe: after::probe(&args.after.probed)?,
        settings: Settings {
            interval_seconds: args.interval,
            threshold: args.threshold,
            deadline_seconds: args.deadline,
            timeout_seconds: args.timeout,
            ..after::settings(&args.after)
        },
    })
}
