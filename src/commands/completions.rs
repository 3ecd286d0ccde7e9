//! `completions`: a script for a shell.

use std::io::Write;

use crate::cli;
use crate::error::{Error, Kind};

/// Shells complete the word that is typed, which never has a space in it.
const NAME: &str = "bluegreen";

pub fn run(args: &cli::Completions) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(NAME), NAME, &mut script);
    match std::io::stdout().write_all(&script) {
        // Nobody reads any more.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Error::new(Kind::Unexpected, "the script can't be written").because(error.to_string())
        }),
    }
}
