//! Every help: it fits a screen, and its examples are command lines.

use std::process::Command;

use bluegreen::cli::{self, Cli};
use clap::{CommandFactory, Parser};

use super::examples;

const PROGRAMS: [&str; 2] = ["bluegreen", "kubectl bluegreen"];
const COLUMNS: usize = 80;
/// A screen; of the program itself, which lists its subcommands, a taller one, and of `deploy`, which
/// has the most to choose from, a screen and a half.
const LINES: usize = 24;
const LINES_OF_ALL: usize = 30;
const LINES_OF_DEPLOY: usize = 40;

pub fn bluegreen(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bluegreen"))
        .args(words)
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The program itself, as no word, and its subcommands.
pub fn subcommands() -> Vec<Vec<String>> {
    let command = Cli::command();
    let names = command.get_subcommands().map(|command| vec![command.get_name().to_owned()]);
    [Vec::new()].into_iter().chain(names).collect()
}

#[test]
fn short_help_fits_a_screen() {
    for subcommand in subcommands() {
        let words: Vec<&str> = subcommand.iter().map(String::as_str).chain(["-h"]).collect();
        let help = bluegreen(&words);
        let lines = match words[0] {
            "-h" => LINES_OF_ALL,
            "deploy" | "rollback" => LINES_OF_DEPLOY,
            _ => LINES,
        };
        assert!(help.lines().count() <= lines, "{words:?} has more than {lines} lines:\n{help}");
        let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= COLUMNS, "{words:?} is {widest} wide:\n{help}");
    }
}

#[test]
fn every_example_is_a_command_line_of_its_subcommand() {
    for program in PROGRAMS {
        for subcommand in subcommands() {
            let mut command = cli::command(program);
            command.build();
            let command = match subcommand.first() {
                Some(name) => command.find_subcommand_mut(name).unwrap(),
                None => &mut command,
            };
            let examples = examples::of(&command.render_long_help().to_string());
            assert!(!examples.is_empty(), "{subcommand:?} has no example");
            for example in examples {
                let words = examples::words(&example);
                let start = program.split(' ').map(str::to_owned).chain(subcommand.clone());
                assert!(words.starts_with(&start.collect::<Vec<_>>()), "{example}");
                let rest = &words[program.split(' ').count() - 1..];
                if let Err(error) = Cli::try_parse_from(rest) {
                    panic!("{example}: {error}");
                }
            }
        }
    }
}

/// A line that the terminal breaks is no longer one that can be pasted.
#[test]
fn examples_are_not_broken_by_the_terminal() {
    for subcommand in subcommands() {
        let words: Vec<&str> = subcommand.iter().map(String::as_str).chain(["--help"]).collect();
        let help = bluegreen(&words);
        for example in examples::of(&help) {
            assert!(example.starts_with("bluegreen "), "{example:?}:\n{help}");
        }
    }
}
