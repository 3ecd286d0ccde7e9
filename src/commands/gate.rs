//! Whom `deploy` asks, and with what: the command line, the environment and a file together.

use std::env::VarError;
use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::cli;
use crate::error::{Error, Kind};
use crate::gate::{Outside, Webhooks};
use crate::release::Gate;
use crate::report;
use crate::settings::{Address, Credentials, Files, Given, Hook, keys};

/// The environment's words for `--webhook` and what goes with it.
const WEBHOOK: &str = "BLUEGREEN_WEBHOOK";
const SECRET: &str = "BLUEGREEN_WEBHOOK_SECRET";
const HEADERS: &str = "BLUEGREEN_HEADER_FILE";
const CA: &str = "BLUEGREEN_CA_FILE";

/// What the command line says counts, then the environment, then the file.
pub fn of(
    args: &cli::Deploy,
    flag: Option<Address>,
    given: Option<&Given>,
    outside: &Outside,
) -> Result<(Gate, Option<Webhooks>), Error> {
    if args.yes {
        return Ok((Gate::Open, None));
    }
    if args.detach {
        return Ok((Gate::Person, None));
    }
    let environment = secret(WEBHOOK)?.as_ref().map(address).transpose()?;
    let hooks = match (flag.or(environment), given) {
        (Some(address), given) => {
            let files = given.map(|given| given.files.clone()).unwrap_or_default();
            vec![Hook { files, ..Hook::new(address) }]
        }
        (None, Some(given)) if given.settings.skip => return Ok((Gate::Open, None)),
        (None, Some(given)) => given.hooks.clone(),
        (None, None) => Vec::new(),
    };
    let hooks = with_credentials(&args.credentials, hooks)?;
    let watched = args.dry_run.is_some() || report::is_watched();
    match Webhooks::new(hooks, outside).map_err(unusable)? {
        Some(webhooks) => Ok((Gate::Webhook, Some(webhooks))),
        None => Ok((Gate::Unsaid { watched }, None)),
    }
}

/// The message says what is wrong with an address, not what it is: it is a secret.
pub fn address(url: &SecretString) -> Result<Address, Error> {
    Address::parse(url.expose_secret()).map_err(unusable)
}

fn unusable(why: String) -> Error {
    Error::new(Kind::Usage, "the webhook's address is not valid")
        .because(why)
        .hint("give the full address: https://gate.example.com/confirm")
}

fn with_credentials(
    flags: &cli::Credentials,
    hooks: Vec<Hook>,
) -> Result<Vec<(Hook, Credentials)>, Error> {
    let flags = Files {
        secret: flags.webhook_secret_file.clone(),
        headers: flags.header_file.clone(),
        ca: flags.ca_file.clone(),
    };
    if hooks.is_empty() && !flags.is_empty() {
        let what = "there is no webhook for these files";
        return Err(Error::new(Kind::Usage, what)
            .because("--webhook-secret-file, --header-file and --ca-file need a webhook")
            .hint("--webhook URL: go live when this address answers 200"));
    }
    let environment = Files { secret: None, headers: path(HEADERS), ca: path(CA) };
    let files = flags.or(environment);
    let origins = || hooks.iter().map(|hook| hook.address.origin());
    if files.headers.is_some() && origins().any(|origin| Some(origin) != origins().next()) {
        return Err(Error::new(Kind::Usage, "one header file is given for several webhooks")
            .because(
                "their addresses differ, and each would receive the headers meant for the others",
            )
            .hint("set headerFile at its webhook in a bluegreen.yaml"));
    }
    let secret = match files.secret {
        Some(_) => None,
        None => secret(SECRET)?,
    };
    hooks.into_iter().map(|hook| with(hook, &files, secret.as_ref())).collect()
}

/// The environment's secret goes before a file that settings name.
fn with(
    mut hook: Hook,
    files: &Files,
    secret: Option<&SecretString>,
) -> Result<(Hook, Credentials), Error> {
    let mut files = files.clone().or(std::mem::take(&mut hook.files));
    let Some(secret) = secret else { return Ok((hook, files.read()?)) };
    files.secret = None;
    let keys = keys(secret.expose_secret()).map_err(|why| {
        Error::new(Kind::Usage, format!("{SECRET} can't be used as the webhook's secret"))
            .because(why)
    })?;
    Ok((hook, Credentials { keys: keys.into(), ..files.read()? }))
}

/// A word of the environment's. An empty one says nothing.
fn secret(name: &str) -> Result<Option<SecretString>, Error> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty()).map(SecretString::from)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            let what = format!("{name} can't be used");
            Err(Error::new(Kind::Usage, what).because("it is not UTF-8 text"))
        }
    }
}

fn path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|path: &OsString| !path.is_empty()).map(PathBuf::from)
}
