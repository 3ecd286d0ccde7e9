//! `docs/security.md` names what holds its claims, and that is there.

use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../docs/security.md");

/// Whatever stands in code within brackets that are no link.
fn named() -> Vec<&'static str> {
    let groups = PAGE.split("[`").skip(1).filter_map(|rest| rest.split_once(']'));
    let groups = groups.filter(|(_, after)| !after.starts_with('('));
    groups.flat_map(|(group, _)| group.split('`').step_by(2)).filter(|it| !it.is_empty()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

#[test]
fn what_holds_the_claims_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "crates", "tests"].map(|folder| files(&root.join(folder))).concat();
    let text: String = sources.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let named = named();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        let is_there = match name {
            path if path.contains('/') => root.join(path).exists(),
            patch if patch.ends_with(".patch") => root.join("tests/sabotage").join(patch).exists(),
            test => text.contains(&format!("fn {test}(")),
        };
        assert!(is_there, "there is no {name}");
    }
}
