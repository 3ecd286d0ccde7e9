//! One file a subcommand: settings in, drive, report out.

mod abort;
mod after;
mod completions;
mod demo;
mod deploy;
mod dry_run;
mod history;
mod init;
mod input;
mod promote;
mod rollback;
mod schema;
mod session;
mod status;
mod verdict;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::report;

/// Runs the command line, and says in the exit code how it went.
pub fn main(cli: Cli) -> ExitCode {
    report::set_colours(cli.common.color);
    // Two TLS back ends in one process panic at the first connection unless one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(&cli));
            // What still runs is reads that nobody waits for.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Error::new(crate::error::Kind::Unexpected, error.to_string())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

async fn run(cli: &Cli) -> Result<(), Error> {
    let common = &cli.common;
    match &cli.command {
        Command::Init(args) => init::run(common, args).await,
        Command::Deploy(args) => deploy::run(common, args).await,
        Command::Status(args) => status::run(common, args).await,
        Command::History(args) => history::run(common, args).await,
        Command::Promote(args) => promote::run(common, args).await,
        Command::Abort(args) => abort::run(common, args).await,
        Command::Rollback(args) => rollback::run(common, args).await,
        Command::Schema(args) => {
            schema::run(args);
            Ok(())
        }
        Command::Demo(args) => demo::run(common, args).await,
        Command::Completions(args) => completions::run(args),
    }
}
