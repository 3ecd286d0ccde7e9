//! `docs/commands.md` is every help, one below the other: a reference, and in a change of the command line
//! the place where a reviewer sees all of it.

use std::fs;

use super::files::root;
use super::help::{bluegreen, subcommands};

/// `make completions` sets it.
const REFRESH: &str = "BLUEGREEN_REFRESH";
const INTRODUCTION: &str = "\
# Commands

What `bluegreen COMMAND --help` prints, for every command. `-h` prints a summary, and `bluegreen completions SHELL`
has the shell complete all of it. What a command's exit code means is in the [README](../README.md#in-scripts), what it
prints with `-o json` in [`json.md`](json.md), and what a file of settings may say in [`settings.md`](settings.md).

This page is made of the program, by `make completions`.
";

/// What every command has: it stands on the page once.
const COMMON: &str = "Common options:\n";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let first = help(&[]);
    let (before, common) = first.split_once(COMMON).expect("the program has them");
    let common = common.split("\n\nExamples:").next().unwrap();
    assert!(!before.is_empty() && common.contains("--namespace"), "{common}");
    for subcommand in subcommands() {
        let mut help = help(&subcommand);
        if !subcommand.is_empty() {
            assert!(help.contains(common), "{subcommand:?} has other common options:\n{help}");
            help = help.replace(common, "  those of bluegreen, above");
        }
        let name = [&["bluegreen".to_owned()][..], &subcommand].concat().join(" ");
        page += &format!("\n## {name}\n\n```text\n{help}\n```\n");
    }
    page
}

/// A terminal is given spaces in empty lines, too.
fn help(subcommand: &[String]) -> String {
    let words: Vec<&str> = subcommand.iter().map(String::as_str).chain(["--help"]).collect();
    let help = bluegreen(&words);
    help.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn commands_are_current() {
    let made = page();
    assert!(made.matches("\n## ").count() > 10, "the subcommands were not found");
    let path = root().join("docs/commands.md");
    if std::env::var_os(REFRESH).is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/commands.md is not current: make completions");
}
