//! Installed as `kubectl-bluegreen`: usage, help and hints say `kubectl bluegreen`.

use std::os::unix::fs::symlink;
use std::process::{Command, Output};

/// Started through a link, as a package would install it.
fn started_as(name: &str, words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join(name);
    symlink(env!("CARGO_BIN_EXE_bluegreen"), &link).unwrap();
    Command::new(link)
        .args(words)
        .env_clear()
        .env("HOME", folder.path())
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

fn said(name: &str, code: i32, words: &[&str]) -> String {
    let output = started_as(name, words);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words:?}: {text}");
    text
}

#[test]
fn usage_help_and_examples_name_the_plugin() {
    for words in [&["--help"][..], &["deploy", "--help"], &["help", "promote"]] {
        let text = said("kubectl-bluegreen", 0, words);
        assert!(text.contains("Usage: kubectl bluegreen "), "{text}");
        let examples = text.split("Examples:").nth(1).unwrap();
        let lines = examples.lines().filter(|line| line.contains("bluegreen "));
        assert!(lines.clone().count() > 0, "{text}");
        assert!(lines.clone().all(|line| line.contains("kubectl bluegreen ")), "{text}");
        let alone = said("bluegreen", 0, words);
        assert_eq!(alone.matches("kubectl bluegreen").count(), 0, "{alone}");
    }
}

#[test]
fn errors_and_hints_name_the_plugin() {
    let text = said("kubectl-bluegreen", 2, &["promte", "parrot"]);
    assert!(text.contains("Usage: kubectl bluegreen "), "{text}");
    let text = said("kubectl-bluegreen", 2, &["deploy", "parrot", "--imgae", "x"]);
    assert!(text.contains("Usage: kubectl bluegreen deploy "), "{text}");
    // With no word at all, the short help.
    let text = said("kubectl-bluegreen", 2, &[]);
    assert!(text.contains("Usage: kubectl bluegreen "), "{text}");
}

#[test]
fn completions_are_of_the_word_that_is_typed() {
    let alone = said("bluegreen", 0, &["completions", "bash"]);
    assert_eq!(said("kubectl-bluegreen", 0, &["completions", "bash"]), alone);
}
