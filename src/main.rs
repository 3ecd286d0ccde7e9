use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    bluegreen::commands::main(bluegreen::cli::Cli::parse())
}
