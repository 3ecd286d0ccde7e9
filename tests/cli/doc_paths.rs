//! Pages lead somewhere: each file that they name exists, and so does each page and heading that they
//! link to. So do the comments in the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::files::{root, shown, sources, under};

/// A word that begins so is a path from the top of the repository.
const FOLDERS: [&str; 8] =
    ["completions/", "crates/", "docs/", "examples/", "findings/", "fuzz/", "src/", "tests/"];

fn pages() -> Vec<PathBuf> {
    let top = ["README.md", "CONTRIBUTING.md"].map(|page| root().join(page));
    [&top[..], &under("docs", ".md")].concat()
}

/// A page's text without its fenced blocks, and what stands in those.
fn parts(page: &str) -> (String, String) {
    let (mut text, mut fenced) = (String::new(), String::new());
    let mut is_fenced = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
            continue;
        }
        let part = if is_fenced { &mut fenced } else { &mut text };
        part.push_str(line);
        part.push('\n');
    }
    (text, fenced)
}

/// Whatever is written as code, in a sentence or a block, word by word.
fn words(page: &str) -> Vec<String> {
    let (text, fenced) = parts(page);
    let spans = text.split('`').skip(1).step_by(2);
    let all = spans.chain([fenced.as_str()]).flat_map(str::split_whitespace);
    let bare = |word: &str| word.trim_matches(|c: char| "'\",;:()".contains(c)).to_owned();
    all.map(bare).collect()
}

/// Why nothing stands where this word leads, if it is a path at all.
fn misled(word: &str, sources: &[String]) -> Option<String> {
    let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
    if is_path {
        // Of a pattern its folder.
        let before = ["*", "NAME"].iter().find_map(|any| word.split_once(any));
        let path = before.map_or(word, |(before, _)| &before[..before.rfind('/').unwrap_or(0)]);
        return (!root().join(path).exists()).then(|| format!("{word} is not there"));
    }
    let is_source = word.ends_with(".rs") && word.len() > ".rs".len();
    let ends_so = || sources.iter().any(|source| source.ends_with(&format!("/{word}")));
    (is_source && !ends_so()).then(|| format!("no file is called {word}"))
}

/// The targets of a page's links but those that lead out of the repository.
fn links(page: &str) -> Vec<String> {
    let (text, _) = parts(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// By what a page's headings are linked to: of two alike the second ends in a number.
fn anchors(page: &str) -> BTreeSet<String> {
    let (text, _) = parts(page);
    let mut found = BTreeSet::new();
    for heading in text.lines().filter(|line| line.starts_with('#')) {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let all = (1..).map(|number| format!("{anchor}-{number}"));
        found.extend(std::iter::once(anchor.clone()).chain(all).find(|it| !found.contains(it)));
    }
    found
}

fn broken(link: &str, page: &Path) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        _ => page.parent().unwrap().join(file),
    };
    if !target.exists() {
        return Some(format!("the link to {link} leads nowhere"));
    }
    let has = || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor);
    (!anchor.is_empty() && !has()).then(|| format!("{link}: no such heading"))
}

/// What a source file says to its reader.
fn comments(source: &str) -> String {
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    lines.map(|line| line.trim_start_matches(['/', '!'])).collect::<Vec<_>>().join("\n")
}

#[test]
fn files_that_pages_and_comments_name_exist() {
    let files = sources();
    let names: Vec<String> = files.iter().map(|path| shown(path)).collect();
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let pages = pages().into_iter().map(|page| (shown(&page), read(&page)));
    let sources_say = files.iter().map(|file| (shown(file), comments(&read(file))));
    let mut wrong = Vec::new();
    for (place, text) in pages.chain(sources_say) {
        let misled = words(&text).into_iter().filter_map(|word| misled(&word, &names));
        wrong.extend(misled.map(|why| format!("{place}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_lead_to_pages_and_headings() {
    let mut wrong = Vec::new();
    // What it says of a version's files was true of that version; its links are for today's reader.
    for page in pages().into_iter().chain([root().join("CHANGELOG.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        let broken = links(&text).into_iter().filter_map(|link| broken(&link, &page));
        wrong.extend(broken.map(|why| format!("{}: {why}", shown(&page))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_not_there_is_found() {
    let sources = ["src/drive.rs".to_owned()];
    let page =
        "See `src/drive.rs`, `drive.rs`, `driven.rs`.\n```\n$ tests/no/run 'src/none'\n```\n";
    let found: Vec<_> = words(page).iter().filter_map(|word| misled(word, &sources)).collect();
    let [source, script, quoted] = &found[..] else { panic!("{found:?}") };
    assert_eq!(comments("fn a() {}\n    /// See `b.rs`.\n"), " See `b.rs`.");
    assert!(source.contains("driven.rs") && script.contains("tests/no/run"), "{found:?}");
    assert!(quoted.contains("src/none"), "{found:?}");
    let page = root().join("docs/json.md");
    assert_eq!(links("[a](b.md#c), [d](https://e)"), ["b.md#c"]);
    assert!(broken("none.md", &page).is_some() && broken("#none", &page).is_some());
    assert_eq!(broken("../README.md#in-scripts", &page), None);
}
