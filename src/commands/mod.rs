//! One file a subcommand: settings in, drive, report out.

mod abort;
mod after;
mod check;
mod completions;
mod demo;
mod deploy;
mod dry_run;
mod gate;
mod history;
mod init;
mod input;
mod promote;
mod rollback;
pub mod schema;
mod session;
mod status;
mod surroundings;
mod verdict;

use std::process::ExitCode;

pub use surroundings::Surroundings;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::report;

/// Runs the command line, and says in the exit code how it went.
pub fn main(cli: Cli) -> ExitCode {
    report::set_colours(cli.common.color);
    // Two TLS back ends in one process panic at the first connection unless one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(run_in(&cli, &Surroundings::default()));
            // What still runs is reads that nobody waits for.
            runtime.shutdown_background();
            code
        }
        Err(error) => failed(&Error::new(crate::error::Kind::Unexpected, error.to_string())),
    };
    ExitCode::from(code)
}

/// The same in a process that goes on: the exit code.
pub async fn run_in(cli: &Cli, around: &Surroundings) -> u8 {
    let run = async { run(cli, around).await.map_or_else(|error| failed(&error), |()| 0) };
    report::onto(around.paper.clone(), run).await
}

fn failed(error: &Error) -> u8 {
    report::error(error);
    error.kind.exit_code()
}

async fn run(cli: &Cli, around: &Surroundings) -> Result<(), Error> {
    let common = &cli.common;
    match &cli.command {
        Command::Init(args) => init::run(around, common, args).await,
        Command::Deploy(args) => deploy::run(around, common, args).await,
        Command::Status(args) => status::run(around, common, args).await,
        Command::History(args) => history::run(around, common, args).await,
        Command::Check(args) => check::run(around, common, args).await,
        Command::Promote(args) => promote::run(around, common, args).await,
        Command::Abort(args) => abort::run(around, common, args).await,
        Command::Rollback(args) => rollback::run(around, common, args).await,
        Command::Schema(args) => {
            schema::run(args);
            Ok(())
        }
        Command::Demo(args) => demo::run(common, args).await,
        Command::Completions(args) => completions::run(args),
    }
}
