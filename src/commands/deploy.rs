//! `deploy`: a new version beside the live one, and live when the gate says yes.

use std::time::Duration;

use super::session::{Ask, Session};
use super::{Surroundings, after, dry_run, input, verdict};
use crate::cli;
use crate::error::{Error, Kind};
use crate::gate::{Outside, Webhooks};
use crate::release::{Change, Deploy, Gate, Goal, Settings};
use crate::report;
use crate::settings::{Given, Hook, Template, address};

/// The environment's word for `--webhook`.
const WEBHOOK: &str = "BLUEGREEN_WEBHOOK";

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Deploy,
) -> Result<(), Error> {
    let flag = args.webhook.as_deref().map(hook).transpose()?;
    let (common, input) = input::read(common, &args.filename, args.app.as_deref(), true)?;
    if input.template.is_none() && input.settings.is_none() && !args.filename.is_empty() {
        let files: Vec<_> = args.filename.iter().map(|file| file.display().to_string()).collect();
        let what = format!("there is neither a Deployment nor settings in {}", files.join(", "));
        return Err(Error::new(Kind::Usage, what)
            .because("a kind that is not known is passed over, and these are all that count")
            .hint("give a Deployment, a Flagger Canary or a bluegreen.yaml"));
    }
    let change = change(args, input.template)?;
    let given = input.settings.map(|loaded| loaded.given);
    let (gate, webhooks) = gate(args, flag, given.as_ref(), &around.outside)?;
    let probe = args.after.probe.clone().or_else(|| given.as_ref()?.probe.clone());
    let said = given.as_ref().map(|given| given.settings).unwrap_or_default();
    let deploy = Deploy {
        change,
        gate,
        detach: args.detach,
        replace: args.replace,
        settings: flags(args).or(said),
        expected: given.map(|given| given.expected).unwrap_or_default(),
    };
    let session = Session::open(around, &common, input.app.as_ref()).await?;
    if args.dry_run.is_some() {
        return dry_run::run(&session, &deploy).await;
    }
    let patience = Duration::from_secs(deploy.settings.timeout());
    let ask = Ask { gate: webhooks.as_ref(), probe: &probe.unwrap_or_default() };
    let ended = session.drive(Goal::Deploy(deploy), ask, patience).await?;
    report::result(common.output, &verdict::of(&session, &ended)?);
    Ok(())
}

/// The new version, from one place.
fn change(args: &cli::Deploy, template: Option<Template>) -> Result<Change, Error> {
    match (template, args.image.is_empty()) {
        (None, false) => Ok(Change::Images(args.image.clone())),
        (Some(Template { template, .. }), true) => Ok(Change::Template(template)),
        (Some(Template { shown, .. }), false) => {
            Err(Error::new(Kind::Usage, "the new version is given twice")
                .because(format!("by --image, and by the Deployment in {shown}"))
                .hint("with --image, give files of settings only"))
        }
        (None, true) => Err(Error::new(Kind::Usage, "nothing says what the new version is")
            .because(match args.filename.is_empty() {
                true => "there is neither --image nor -f",
                false => "there is no --image, and no Deployment in what -f names",
            })
            .hint("--image [CONTAINER=]IMAGE: the live version with another image")
            .hint("-f FILE: the pod template of the Deployment in it")),
    }
}

fn flags(args: &cli::Deploy) -> Settings {
    Settings {
        interval_seconds: args.interval,
        threshold: args.threshold,
        deadline_seconds: args.deadline,
        timeout_seconds: args.timeout,
        ..after::settings(&args.after)
    }
}

fn hook(url: &str) -> Result<Hook, Error> {
    // The address is a secret: the message says what is wrong with it, not what it is.
    address(url).map(Hook::new).map_err(unusable)
}

fn unusable(why: String) -> Error {
    Error::new(Kind::Usage, "the webhook's address can't be used").because(why)
}

/// What the command line says counts, then the environment, then the file.
fn gate(
    args: &cli::Deploy,
    flag: Option<Hook>,
    given: Option<&Given>,
    outside: &Outside,
) -> Result<(Gate, Option<Webhooks>), Error> {
    if args.yes {
        return Ok((Gate::Open, None));
    }
    if args.detach {
        return Ok((Gate::Person, None));
    }
    let environment = std::env::var(WEBHOOK).ok().filter(|url| !url.is_empty());
    let hooks = match (flag, environment, given) {
        (Some(hook), ..) => vec![hook],
        (None, Some(url), _) => vec![hook(&url)?],
        (None, None, Some(given)) if given.settings.skip => return Ok((Gate::Open, None)),
        (None, None, Some(given)) => given.hooks.clone(),
        (None, None, None) => Vec::new(),
    };
    let watched = args.dry_run.is_some() || report::is_watched();
    match Webhooks::new(&hooks, outside).map_err(unusable)? {
        Some(webhooks) => Ok((Gate::Webhook, Some(webhooks))),
        None => Ok((Gate::Unsaid { watched }, None)),
    }
}
