//! Which word counts, where several say something: the command line's, then the environment's, then a file's.
//! What `init` recorded comes after them, and is the planner's to add: it is in the cluster.

use secrecy::{ExposeSecret, SecretString};

use super::{Address, Credentials, Files, Given, Hook, Probe, keys};
use crate::error::{Error, Kind};
use crate::release::{Declared, Gate, Settings};

/// The environment's words for `--webhook` and what goes with it.
pub const WEBHOOK: &str = "BLUEGREEN_WEBHOOK";
pub const SECRET: &str = "BLUEGREEN_WEBHOOK_SECRET";
pub const HEADERS: &str = "BLUEGREEN_HEADER_FILE";
pub const CA: &str = "BLUEGREEN_CA_FILE";

/// What the command line says.
#[derive(Default)]
pub struct Flags {
    /// `--yes` or `--detach`.
    pub gate: Option<Gate>,
    pub webhook: Option<Address>,
    pub files: Files,
    pub probe: Option<Probe>,
    pub settings: Settings,
}

/// What the environment says.
#[derive(Default)]
pub struct Environment {
    pub webhook: Option<SecretString>,
    pub secret: Option<SecretString>,
    pub files: Files,
}

/// What they say together.
pub struct Resolved {
    /// None where nobody says.
    pub gate: Option<Gate>,
    /// All of them have to say yes.
    pub hooks: Vec<WithFiles>,
    pub probe: Probe,
    pub settings: Settings,
    pub declared: Declared,
}

/// A webhook, and where what it is asked with stands.
pub struct WithFiles {
    pub hook: Hook,
    pub files: Files,
    /// The secret itself, which counts before a file with one.
    pub secret: Option<SecretString>,
}

pub fn resolve(
    flags: Flags,
    environment: Environment,
    file: Option<Given>,
) -> Result<Resolved, Error> {
    let (gate, hooks) = match flags.gate {
        Some(gate) => (Some(gate), Vec::new()),
        None => gate(&flags, environment, file.as_ref())?,
    };
    let probe = flags.probe.or_else(|| file.as_ref()?.probe.clone()).unwrap_or_default();
    let settings = flags.settings.or(file.as_ref().map(|file| file.settings).unwrap_or_default());
    let declared = file.map(|file| file.expected).unwrap_or_default();
    let declared = Declared { asked: probe.routes(), ..declared };
    Ok(Resolved { gate, hooks, probe, settings, declared })
}

fn gate(
    flags: &Flags,
    environment: Environment,
    file: Option<&Given>,
) -> Result<(Option<Gate>, Vec<WithFiles>), Error> {
    let address = match (&flags.webhook, &environment.webhook) {
        (Some(address), _) => Some(address.clone()),
        (None, url) => url.as_ref().map(address).transpose()?,
    };
    let hooks = match (address, file) {
        (Some(address), file) => {
            let files = file.map(|file| file.files.clone()).unwrap_or_default();
            vec![Hook { files, ..Hook::new(address) }]
        }
        (None, Some(file)) if file.settings.skip => return Ok((Some(Gate::Open), Vec::new())),
        (None, Some(file)) => file.hooks.clone(),
        (None, None) => Vec::new(),
    };
    let hooks = with_files(&flags.files, environment, hooks)?;
    Ok(((!hooks.is_empty()).then_some(Gate::Webhook), hooks))
}

/// The message says what is wrong with an address, not what it is: it is a secret.
pub fn address(url: &SecretString) -> Result<Address, Error> {
    Address::parse(url.expose_secret()).map_err(unusable)
}

pub fn unusable(why: String) -> Error {
    Error::new(Kind::Usage, "the webhook's address is not valid")
        .because(why)
        .hint("give the full address: https://gate.example.com/confirm")
}

fn with_files(
    flags: &Files,
    environment: Environment,
    hooks: Vec<Hook>,
) -> Result<Vec<WithFiles>, Error> {
    if hooks.is_empty() && !flags.is_empty() {
        let what = "there is no webhook for these files";
        return Err(Error::new(Kind::Usage, what)
            .because("--webhook-secret-file, --header-file and --ca-file need a webhook")
            .hint("--webhook URL: go live when this address answers 200"));
    }
    let secret = environment.secret.filter(|_| flags.secret.is_none());
    let files = flags.clone().or(environment.files);
    let origins = || hooks.iter().map(|hook| hook.address.origin());
    if files.headers.is_some() && origins().any(|origin| Some(origin) != origins().next()) {
        return Err(Error::new(Kind::Usage, "one header file is given for several webhooks")
            .because(
                "their addresses differ, and each would receive the headers meant for the others",
            )
            .hint("set headerFile at its webhook in a bluegreen.yaml"));
    }
    let of = |mut hook: Hook| {
        let mut files = files.clone().or(std::mem::take(&mut hook.files));
        if secret.is_some() {
            files.secret = None;
        }
        WithFiles { hook, files, secret: secret.clone() }
    };
    Ok(hooks.into_iter().map(of).collect())
}

impl WithFiles {
    /// What it is asked with.
    pub fn read(self) -> Result<(Hook, Credentials), Error> {
        let credentials = self.files.read()?;
        let Some(secret) = self.secret else { return Ok((self.hook, credentials)) };
        let keys = keys(secret.expose_secret()).map_err(|why| {
            Error::new(Kind::Usage, format!("{SECRET} can't be used as the webhook's secret"))
                .because(why)
        })?;
        Ok((self.hook, Credentials { keys: keys.into(), ..credentials }))
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
