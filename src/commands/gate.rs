//! What the environment says of the gate, and the webhooks that are asked.

use std::env::VarError;
use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::error::{Error, Kind};
use crate::gate::{Outside, Webhooks};
use crate::settings::Files;
use crate::settings::resolve::{CA, Environment, HEADERS, SECRET, WEBHOOK, WithFiles, unusable};

pub fn environment() -> Result<Environment, Error> {
    let files = Files { secret: None, headers: path(HEADERS), ca: path(CA) };
    Ok(Environment { webhook: secret(WEBHOOK)?, secret: secret(SECRET)?, files })
}

/// With what they are asked with read.
pub fn webhooks(hooks: Vec<WithFiles>, outside: &Outside) -> Result<Option<Webhooks>, Error> {
    let hooks = hooks.into_iter().map(WithFiles::read).collect::<Result<_, _>>()?;
    Webhooks::new(hooks, outside).map_err(unusable)
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
