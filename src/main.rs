use std::process::ExitCode;

fn main() -> ExitCode {
    bluegreen::commands::main(bluegreen::cli::parse())
}
