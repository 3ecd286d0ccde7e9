//! A row of the tables: an input, and what has to come of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::content::{Content, written};

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What is bad.
    pub row: String,
    /// The command lines that come first; those after the `init`, if there is none among them.
    #[serde(default = "taken_in")]
    pub first: Vec<String>,
    /// What is then changed in the cluster.
    #[serde(default)]
    pub cluster: Vec<Change>,
    /// Beside each other, in the folder that `DIR` stands for.
    #[serde(default)]
    pub files: BTreeMap<String, Content>,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub stdin: String,
    /// What the gate answers, as it goes over the wire.
    pub gate: Option<Gate>,
    pub line: String,
    pub exit: u8,
    #[serde(default)]
    pub leaves: Leaves,
    /// From `error:` on, where it is an error. `[..]` is what differs from run to run.
    pub says: String,
}

/// What has to be the same afterwards.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Leaves {
    /// Everything: no request that writes was sent.
    #[default]
    Everything,
    /// Everything but the record, which says who looked.
    AllButTheRecord,
    /// What serves, and the candidate is gone.
    WhatServes,
    /// Nothing: it was no bad input after all.
    Nothing,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(untagged, deny_unknown_fields)]
pub enum Change {
    /// `Kind name`, and a merge patch.
    Edit {
        edit: String,
        with: Value,
    },
    Delete {
        delete: String,
    },
    Create {
        create: Value,
    },
    /// Of the record's JSON: a merge patch, or what stands there instead.
    Record {
        record: Value,
    },
    /// Of the whole ConfigMap.
    Data {
        data: Content,
    },
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    #[serde(default)]
    pub tls: bool,
    pub says: Content,
    /// What comes after that, for ever.
    pub then: Option<Content>,
    #[serde(default)]
    pub pause_ms: u64,
}

fn taken_in() -> Vec<String> {
    vec!["init parrot".to_owned()]
}

impl Row {
    /// The words of the line, as a shell has them.
    pub fn words(&self, folder: &Path, known: &[(&str, String)]) -> Vec<String> {
        let line = self.line.replace("DIR", &folder.display().to_string());
        words(&with(&line, known))
    }

    /// The files, in a folder of their own.
    pub fn lay(&self, folder: &Path, known: &[(&str, String)]) -> Result<()> {
        self.files.iter().try_for_each(|(name, content)| {
            let content = match content {
                Content::Text(text) => &Content::Text(with(text, known)),
                other => other,
            };
            written(content, &folder.join(name)).with_context(|| format!("{name} of {}", self.row))
        })
    }

    /// What is wrong with how it ended, if anything is.
    pub fn held_against(&self, exit: u8, said: &str) -> Result<()> {
        let same = alike(&self.says, said);
        ensure!(
            same && exit == self.exit,
            "{}\n$ {}\n? {exit}, wanted {}\n{said}\nwanted:\n{}",
            self.row,
            self.line,
            self.exit,
            self.says
        );
        let hints = said.lines().filter_map(|line| line.strip_prefix("hint: "));
        for hint in hints {
            // Half a command can't be pasted.
            let programs = ["bluegreen ", "kubectl ", "ls "];
            let is_whole = programs.iter().any(|program| hint.starts_with(program));
            let has_none = !programs[..2].iter().any(|program| hint.contains(program));
            ensure!(is_whole || has_none, "{}: {hint}", self.row);
        }
        Ok(())
    }
}

/// With what is known only when it runs: addresses.
fn with(text: &str, known: &[(&str, String)]) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// The other way about.
pub fn without(text: &str, known: &[(&str, String)]) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(value, name))
}

/// What somebody reads of an error: what goes before it is progress.
pub fn shown(said: &str, folder: &Path) -> String {
    let said = said.replace(&folder.display().to_string(), "DIR");
    match said.lines().position(|line| line.starts_with("error: ")) {
        Some(first) => said.lines().skip(first).flat_map(|line| [line, "\n"]).collect(),
        None => said,
    }
}

fn alike(wanted: &str, said: &str) -> bool {
    let (mut wanted, mut said) = (wanted.trim_end().lines(), said.trim_end().lines());
    loop {
        match (wanted.next(), said.next()) {
            (None, None) => return true,
            (Some(wanted), Some(said)) if line_is(wanted.trim_end(), said.trim_end()) => {}
            _ => return false,
        }
    }
}

fn line_is(wanted: &str, said: &str) -> bool {
    let mut parts = wanted.split("[..]");
    let Some(mut rest) = said.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quoted, mut open) = (false, false);
    for c in line.chars() {
        match c {
            '\'' => {
                if !open {
                    words.push(String::new());
                }
                (quoted, open) = (!quoted, true);
            }
            c if c.is_whitespace() && !quoted => open = false,
            c => {
                if !open {
                    words.push(String::new());
                }
                open = true;
                words.last_mut().expect("one is open").push(c);
            }
        }
    }
    words
}

/// The rows of a file beside this one.
pub fn rows(subject: &str) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file(subject))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{subject}.yaml"))
}

fn file(subject: &str) -> String {
    format!("{}/tests/it/bad_input/{subject}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// Puts down what each row came to, where that is asked for: whoever asks has to read it.
pub fn refresh(subject: &str, came: &[Option<(u8, String)>]) -> Result<()> {
    let text = fs::read_to_string(file(subject))?;
    let mut parts = text.split("\n- row:");
    let mut fresh = parts.next().unwrap_or_default().to_owned();
    for (part, came) in parts.zip(came) {
        let part = part.trim_end();
        let Some((exit, said)) = came else {
            fresh += &format!("\n- row:{part}");
            continue;
        };
        let (before, after) =
            part.split_once("\n  exit:").context("a row without its exit code")?;
        let (_, after) = after.split_once('\n').context("a row without what it says")?;
        let (kept, _) = after.split_once("  says:").context("a row without what it says")?;
        let says: String = said.trim_end().lines().map(indented).collect();
        fresh += &format!("\n- row:{before}\n  exit: {exit}\n{kept}  says: |{says}");
    }
    Ok(fs::write(file(subject), fresh + "\n")?)
}

fn indented(line: &str) -> String {
    match line.trim_end() {
        "" => "\n".to_owned(),
        line => format!("\n    {line}"),
    }
}
