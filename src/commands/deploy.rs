//! `deploy`: a new version beside the live one, and live when the gate says yes.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::session::Session;
use super::{dry_run, verdict};
use crate::cli;
use crate::error::{Error, Kind};
use crate::gate::Webhook;
use crate::release::{Change, Deploy, Gate, Goal, Names};
use crate::report;
use crate::settings::template_from_file;

/// The environment's word for `--webhook`.
const WEBHOOK: &str = "BLUEGREEN_WEBHOOK";

pub async fn run(common: &cli::Common, args: &cli::Deploy) -> Result<(), Error> {
    let webhook = webhook(args)?;
    let gate = gate(args, webhook.is_some())?;
    let session = Session::open(common, args.app.as_ref()).await?;
    let change = match &args.filename {
        Some(path) => Change::Template(template(&session, path)?),
        None => Change::Images(args.image.clone()),
    };
    let deploy = Deploy {
        change,
        gate,
        detach: args.detach,
        replace: args.replace,
        timeout_seconds: args.timeout,
        deadline_seconds: args.deadline,
        drain_seconds: args.drain,
    };
    if args.dry_run.is_some() {
        return dry_run::run(&session, &deploy).await;
    }
    let patience = Duration::from_secs(args.timeout);
    let ended = session.drive(Goal::Deploy(deploy), webhook.as_ref(), patience).await?;
    report::result(common.output, &verdict::of(&session, &ended)?);
    Ok(())
}

fn template(session: &Session, path: &Path) -> Result<Value, Error> {
    let Names { app, namespace, .. } = &session.names;
    let look = session.cluster.kubectl(&format!("get deployment {app} -o yaml"));
    template_from_file(path, app, namespace, look)
}

fn webhook(args: &cli::Deploy) -> Result<Option<Webhook>, Error> {
    let from_environment = || match args.yes || args.detach {
        true => None,
        false => std::env::var(WEBHOOK).ok().filter(|url| !url.is_empty()),
    };
    let Some(url) = args.webhook.clone().or_else(from_environment) else { return Ok(None) };
    // The address is a secret: the message says what is wrong with it, not what it is.
    let wrong =
        |why: String| Error::new(Kind::Usage, "the webhook's address can't be used").because(why);
    let url = url.parse().map_err(|error: url::ParseError| wrong(error.to_string()))?;
    Webhook::new(url).map(Some).map_err(wrong)
}

fn gate(args: &cli::Deploy, has_webhook: bool) -> Result<Gate, Error> {
    if args.yes {
        return Ok(Gate::Open);
    }
    if has_webhook {
        let (interval_seconds, threshold) = (args.interval, args.threshold);
        return Ok(Gate::Webhook { interval_seconds, threshold });
    }
    if args.detach || args.dry_run.is_some() || std::io::stderr().is_terminal() {
        return Ok(Gate::Person);
    }
    Err(Error::new(Kind::Usage, "nothing says when the new version may go live")
        .because("without a terminal nobody sees that it waits for a promote")
        .hint("--webhook URL: when this address answers 200")
        .hint("--detach: return when it is ready, and let a later promote or abort decide")
        .hint("--yes: as soon as it is ready"))
}
