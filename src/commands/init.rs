//! `init`: the app taken in.

use std::time::Duration;

use super::session::{NOBODY, Session};
use super::{Surroundings, input, verdict};
use crate::cli;
use crate::error::{Error, Kind};
use crate::release::{Goal, Init, Way};
use crate::report;
use crate::settings::Loaded;

const PATIENCE: Duration = Duration::from_secs(60);

pub async fn run(
    around: &Surroundings,
    common: &cli::Common,
    args: &cli::Init,
) -> Result<(), Error> {
    let (common, input) = input::read(common, &args.filename, args.app.as_deref(), false)?;
    if !args.filename.is_empty() && input.settings.is_none() {
        return Err(Error::new(Kind::Usage, "the -f files contain no settings")
            .because(input::passed(&input.passed))
            .hint("give a bluegreen.yaml or a Flagger Canary")
            .hint("init needs no file: it reads the Deployment and the Ingress from the cluster"));
    }
    let mut session = Session::open(around, &common, input.app.as_ref()).await?;
    let goal = goal(args, input.settings.as_ref());
    if goal != (Init { allow_policy_gap: goal.allow_policy_gap, ..Init::default() }) {
        let again = "change the flags or files given to init, or the app, and run init again";
        session.again = Some(again.to_owned());
    } else if goal.allow_policy_gap {
        session.again = Some(session.command("check") + " --allow-policy-gap");
    }
    let goal = Goal::Init(goal);
    let ended = session.drive(goal, NOBODY, PATIENCE).await?;
    let mut said = verdict::of(&session, &ended)?;
    if ended.writes == 0 {
        said += " already; nothing was changed";
    }
    if let Some(loaded) = input.settings.filter(|loaded| !loaded.given.hooks.is_empty()) {
        let notice = format!(
            "the webhook's address in {} is a secret and was not recorded; give it to deploy again",
            loaded.shown
        );
        report::notice(&notice);
    }
    // With a release in progress another one would be in the way.
    let next = match ended.next.contains(&Way::Deploy) {
        true => session.command("deploy") + " --image IMAGE",
        false => session.command("status"),
    };
    report::result(common.output, &format!("{said}: {next}"));
    Ok(())
}

fn goal(args: &cli::Init, settings: Option<&Loaded>) -> Init {
    let given = settings.map(|loaded| &loaded.given);
    let mut expected = given.map(|given| given.expected.clone()).unwrap_or_default();
    if let (Some(port), Some(service)) = (args.target_port, &mut expected.service) {
        service.target_port = Some(port.into());
    }
    // The flag's word is the newer one.
    let route = args.route.or(expected.route.take());
    Init {
        target_port: args.target_port,
        expected,
        route,
        settings: given.map(|given| given.settings),
        preview_host: args.preview_host.clone(),
        preview_tls: args
            .preview_tls_secret
            .clone()
            .or(given.and_then(|it| it.preview_tls.clone())),
        allow_policy_gap: args.allow_policy_gap,
    }
}
