//! What was compared, as a page shows it: a part of `docs/sandbox.md`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::run::Both;
use super::sequences::{COUNT, LENGTH};
use crate::cases::saved::{REFRESH, is_refreshing};

const PAGE: &str = "docs/sandbox.md";
const BEGIN: &str = "<!-- differential -->\n";
const END: &str = "<!-- end -->";
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

/// Fails where the page says something else.
pub fn check(rows: usize, both: &Both) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).context(PAGE)?;
    let (before, rest) = page.split_once(BEGIN).context("the page has no place for it")?;
    let (_, after) = rest.split_once(END).context("the part does not end")?;
    let new = format!("{before}{BEGIN}{}{END}{after}", part(rows, both)?);
    if is_refreshing() {
        std::fs::write(&path, &new)?;
    } else {
        ensure!(page == new, "{PAGE} is old: {REFRESH}=1 tests/cluster/run differential");
    }
    Ok(())
}

fn part(rows: usize, both: &Both) -> Result<String> {
    let mut by_kind: BTreeMap<&str, [usize; VERBS.len()]> = BTreeMap::new();
    for ((kind, verb), count) in &both.requests {
        let at =
            VERBS.iter().position(|known| known == verb).context("a verb that is not shown")?;
        by_kind.entry(kind).or_default()[at] += count;
    }
    let mut text = String::new();
    writeln!(text, "\n| kind | {} |", VERBS.join(" | "))?;
    writeln!(text, "|---|{}", "---:|".repeat(VERBS.len()))?;
    let line = |counts: &[usize]| counts.iter().map(|it| format!(" {it} |")).collect::<String>();
    for (kind, counts) in &by_kind {
        writeln!(text, "| {kind} |{}", line(counts))?;
    }
    let sums: Vec<usize> =
        (0..VERBS.len()).map(|at| by_kind.values().map(|counts| counts[at]).sum()).collect();
    writeln!(text, "| **{rows} rows** |{}", line(&sums))?;
    writeln!(
        text,
        "\nBesides, {COUNT} sequences of {LENGTH} requests that are drawn from a seed."
    )?;
    writeln!(text, "\n| tolerated difference | why |\n|---|---|")?;
    for (name, why) in both.known.all() {
        writeln!(text, "| {name} | {why} |")?;
    }
    text.push('\n');
    Ok(text)
}
