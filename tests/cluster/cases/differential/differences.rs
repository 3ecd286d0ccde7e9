//! Where the sandbox is not as the real API server is, on purpose: `differences.yaml`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;

use super::compare::Difference;

const FILE: &str = include_str!("../../differences.yaml");

struct Entry {
    name: String,
    reason: String,
    kind: Regex,
    verb: Regex,
    path: Regex,
    real: Regex,
    sandbox: Regex,
}

pub struct Known {
    entries: Vec<Entry>,
    met: BTreeSet<usize>,
}

impl Known {
    pub fn read() -> Result<Known> {
        let file: Value = serde_saphyr::from_str(FILE)?;
        let entries = file.as_array().context("differences.yaml is no list")?;
        let entries = entries.iter().map(entry).collect::<Result<_>>()?;
        Ok(Known { entries, met: BTreeSet::new() })
    }

    /// Whether the file has it; what it has is met from now on.
    pub fn has(&mut self, kind: &str, verb: &str, difference: &Difference) -> bool {
        let (real, sandbox) = (difference.real.to_string(), difference.sandbox.to_string());
        let found = self.entries.iter().position(|entry| {
            entry.kind.is_match(kind)
                && entry.verb.is_match(verb)
                && entry.path.is_match(&difference.path)
                && entry.real.is_match(&real)
                && entry.sandbox.is_match(&sandbox)
        });
        self.met.extend(found);
        found.is_some()
    }

    /// All of them: their names, and why.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (&*entry.name, &*entry.reason))
    }

    /// The names of those that never occurred.
    pub fn unmet(&self) -> Vec<&str> {
        let entries = self.entries.iter().enumerate();
        entries.filter(|(n, _)| !self.met.contains(n)).map(|(_, entry)| &*entry.name).collect()
    }
}

fn entry(entry: &Value) -> Result<Entry> {
    let name = entry["name"].as_str().context("a difference has no name")?;
    let reason = entry["reason"].as_str().with_context(|| format!("{name} has no reason"))?;
    let pattern = |field: &str| -> Result<Regex> {
        let pattern = entry[field].as_str().unwrap_or(".*");
        Regex::new(&format!("^(?s:{pattern})$")).with_context(|| format!("{field} of {name}"))
    };
    entry["path"].as_str().with_context(|| format!("{name} has no path"))?;
    Ok(Entry {
        name: name.to_owned(),
        reason: reason.trim().to_owned(),
        kind: pattern("kind")?,
        verb: pattern("verb")?,
        path: pattern("path")?,
        real: pattern("real")?,
        sandbox: pattern("sandbox")?,
    })
}
