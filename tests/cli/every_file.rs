//! No source file is forgotten: each is a Cargo target, or a `mod` line leads to it from one. What nobody
//! compiles tests nothing, and nobody notices.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{shown, sources, under};

/// What Cargo compiles by itself: the files that it looks for, and those that a manifest names.
fn targets() -> Vec<PathBuf> {
    let manifests = under("", "Cargo.toml");
    manifests.iter().flat_map(|manifest| targets_of(manifest)).collect()
}

fn targets_of(manifest: &Path) -> Vec<PathBuf> {
    let package = manifest.parent().unwrap();
    let mut found =
        ["src/lib.rs", "src/main.rs", "build.rs"].map(|file| package.join(file)).to_vec();
    for folder in ["tests", "examples", "benches", "src/bin"] {
        for entry in fs::read_dir(package.join(folder)).into_iter().flatten() {
            let path = entry.unwrap().path();
            found.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    let text = fs::read_to_string(manifest).unwrap();
    let named = text.lines().filter_map(|line| quoted(line.strip_prefix("path = ")?));
    found.extend(named.map(|path| package.join(path)));
    found.retain(|path| path.is_file() && path.extension().is_some_and(|it| it == "rs"));
    found
}

fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}

/// The name in `mod name;`, whoever may see it.
fn module(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(';')?;
    let visibility = |line| match str::strip_prefix(line, "pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ").map(|(_, rest)| rest),
        Some(rest) => rest.strip_prefix(' '),
        None => Some(line),
    };
    visibility(line)?.strip_prefix("mod ")
}

/// The files to which a file's `mod` lines lead. `is_root`: its modules stand beside it, and not in a folder
/// of its name.
fn modules(file: &Path, is_root: bool) -> Vec<(PathBuf, bool)> {
    let text = fs::read_to_string(file).unwrap();
    let beside = file.parent().unwrap();
    let is_root = is_root || file.ends_with("mod.rs");
    let folder = if is_root { beside.to_owned() } else { file.with_extension("") };
    let mut path = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(named) = line.trim().strip_prefix("#[path = ") {
            path = quoted(named);
        } else if let Some(name) = module(line) {
            found.extend(match path.take() {
                Some(path) => vec![(beside.join(path), true)],
                None => vec![
                    (folder.join(format!("{name}.rs")), false),
                    (folder.join(name).join("mod.rs"), true),
                ],
            });
        }
    }
    found.retain(|(path, _)| path.is_file());
    found
}

/// All that is compiled.
fn reached() -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = targets().into_iter().map(|target| (target, true)).collect();
    while let Some((file, is_root)) = open.pop() {
        if found.insert(fs::canonicalize(&file).unwrap()) {
            open.extend(modules(&file, is_root));
        }
    }
    found
}

#[test]
fn every_source_file_is_compiled() {
    let reached = reached();
    let files = sources();
    let is_forgotten = |file: &&PathBuf| !reached.contains(&fs::canonicalize(file).unwrap());
    let forgotten: Vec<_> = files.iter().filter(is_forgotten).map(|file| shown(file)).collect();
    assert!(forgotten.is_empty(), "no `mod` line leads to:\n{}", forgotten.join("\n"));
}

#[test]
fn a_mod_line_is_one() {
    assert_eq!(module("mod plan;"), Some("plan"));
    assert_eq!(module("    pub mod plan;"), Some("plan"));
    assert_eq!(module("pub(crate) mod plan;"), Some("plan"));
    for other in ["// mod plan;", "mod plan {", "use plan;", "pub use plan;", "modern;"] {
        assert_eq!(module(other), None, "{other}");
    }
}
