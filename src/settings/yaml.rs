//! Files as they are read: YAML documents, and what is wrong with them, shown in place.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as Parser, SnippetMode};

use super::kubectl::{self, Plain};
use super::tree::{Mark, Node, What, Wrong};
use crate::error::{Error, Kind, quoted};

/// All manifests of a large cluster are shorter.
const LONGEST: u64 = 16 << 20;

/// So much of a line is shown before the place.
const LONGEST_LINE: usize = 72;
const MOST_DOCUMENTS: usize = 10_000;
/// With what its aliases unfold to.
const MOST_PARTS: usize = 500_000;

/// A file's text, under the name by which people know it.
#[derive(Clone)]
pub struct Source {
    pub shown: String,
    /// What it names is seen from here.
    pub folder: PathBuf,
    text: String,
}

impl Source {
    /// `-` is standard input.
    pub fn read(path: &Path) -> Result<Source, Error> {
        let shown = shown(path);
        let text = match path.as_os_str() == "-" {
            true => text(std::io::stdin()),
            false => File::open(path).and_then(text),
        };
        match text {
            Ok(text) => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                Ok(Source { shown, folder, text })
            }
            Err(error) => Err(Error::new(Kind::Usage, format!("{shown} can't be read"))
                .because(error.to_string())
                .hint(remedy(&error, path))),
        }
    }

    #[cfg(test)]
    pub fn of(text: &str) -> Source {
        let (shown, folder) = ("file.yaml".to_owned(), PathBuf::new());
        Source { shown, folder, text: text.to_owned() }
    }

    /// Every document; those within a `List`, which is what kubectl prints of several objects, one
    /// by one.
    pub fn documents(&self) -> Result<Vec<Node>, Error> {
        let options = serde_saphyr::options! {
            // In settings of our own yes and on are strings.
            legacy_octal_numbers: true,
            strict_booleans: true,
            non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
            budget: serde_saphyr::budget! {
                max_documents: MOST_DOCUMENTS,
                max_nodes: MOST_PARTS,
                max_events: 4 * MOST_PARTS,
            },
        };
        let documents: Vec<Node> = serde_saphyr::from_multiple_with_options(&self.text, options)
            .map_err(|error| {
                let wrong = Wrong { at: error.location().map(Mark::from), why: bare(&error) };
                self.wrong("can't be understood", &wrong)
            })?;
        let plain = Plain::of(&self.text);
        let mut all = Vec::new();
        for mut document in documents {
            // Kubernetes' own are read as kubectl reads them.
            let read = match document.get("kind") {
                Some(_) => kubectl::reread(&mut document, &plain),
                None => kubectl::check_numbers(&document, &plain),
            };
            read.map_err(|wrong| self.wrong("can't be understood", &wrong))?;
            all.extend(unpacked(document));
        }
        Ok(all)
    }

    /// An error about this file.
    pub fn wrong(&self, what: &str, wrong: &Wrong) -> Error {
        Error::new(Kind::Usage, format!("{} {what}", self.shown)).because(self.show(wrong))
    }

    /// What is wrong, and under it the line up to the place, with a caret.
    pub fn show(&self, wrong: &Wrong) -> String {
        let line =
            wrong.at.and_then(|at| Some((at, self.text.lines().nth(at.line.checked_sub(1)?)?)));
        let Some((at, line)) = line else { return wrong.why.clone() };
        let before = at.column.saturating_sub(1);
        let length = line.chars().count();
        let width = at.width.min(length.saturating_sub(before)).clamp(1, LONGEST_LINE);
        let marked: String = line.chars().skip(before).take(width).collect();
        let mut shown: String = masked(line).chars().take(before).collect();
        // What the sentence names need not be hidden under it.
        shown += &match wrong.why.contains(&marked) {
            true => marked,
            false => masked(line).chars().skip(before).take(width).collect(),
        };
        // Of a long line, its end: the place is there.
        let hidden = before.saturating_sub(LONGEST_LINE);
        if hidden > 0 {
            shown = format!("...{}", shown.chars().skip(hidden).collect::<String>());
        }
        let before = if hidden > 0 { LONGEST_LINE + 3 } else { before };
        let number = at.line.to_string();
        let margin = " ".repeat(number.len());
        format!(
            "line {number}: {}\n{margin} |\n{number} | {shown}\n{margin} | {}{}",
            wrong.why,
            " ".repeat(before),
            "^".repeat(width)
        )
    }
}

/// A file's name, as people know it.
pub fn shown(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// Of something that may have no end.
fn text(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    match from.take(LONGEST + 1).read_to_string(&mut text) {
        Ok(length) if length as u64 > LONGEST => {
            let what = format!("it is larger than {} MiB", LONGEST >> 20);
            Err(io::Error::new(ErrorKind::FileTooLarge, what))
        }
        read => read.map(|_| text),
    }
}

/// What to do about a file that can't be read.
fn remedy(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        ErrorKind::IsADirectory => "give each file in it with its own -f".to_owned(),
        ErrorKind::InvalidData => "it must be UTF-8".to_owned(),
        ErrorKind::FileTooLarge => {
            "give a file with only the app's manifest, or only its settings".to_owned()
        }
        _ => listing(path),
    }
}

/// The command that shows what stands where a file was looked for.
pub fn listing(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    format!("ls -l {}", quoted(&folder.display().to_string()))
}

fn unpacked(document: Node) -> Vec<Node> {
    let is_list = document.get("kind").and_then(Node::text) == Some("List");
    match document.get("items").map(|items| &items.what) {
        Some(What::List(items)) if is_list => items.clone(),
        _ => vec![document],
    }
}

/// What the parser found, without its place, which is shown in our own way.
fn bare(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        Parser::DuplicateMappingKey { .. } => "duplicate key".to_owned(),
        Parser::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            format!("it contains more than {MOST_DOCUMENTS} documents")
        }
        Parser::Budget { .. } => {
            "it expands to too much: too many nodes, or too many aliases".to_owned()
        }
        Parser::UnknownAnchor { .. } => {
            "an alias of an anchor that is not defined before it".to_owned()
        }
        error => {
            let options = serde_saphyr::render_options! { snippets: SnippetMode::Off };
            let text = error.render_with_options(options);
            let place = text.find(" at line ").unwrap_or(text.len());
            match text[..place].trim_start_matches("error: ") {
                "expected string scalar" => "a key must be text".to_owned(),
                text if text.starts_with("budget breached") => {
                    "it expands to too much: too many aliases".to_owned()
                }
                "recursion limit exceeded" => "nested too deeply".to_owned(),
                text => text.to_owned(),
            }
        }
    }
}

/// The words that a line may show: names of keys that stand at its beginning. Anything else may be a
/// secret, or a part of one.
const SHOWN: [&str; 35] = [
    "analysis",
    "apiVersion",
    "app",
    "bake",
    "caFile",
    "containers",
    "deadline",
    "drain",
    "gate",
    "headerFile",
    "image",
    "ingress",
    "interval",
    "items",
    "keepOld",
    "kind",
    "metadata",
    "name",
    "namespace",
    "port",
    "probe",
    "provider",
    "replicas",
    "retries",
    "secretFile",
    "service",
    "settle",
    "spec",
    "targetRef",
    "template",
    "threshold",
    "timeout",
    "url",
    "webhook",
    "webhooks",
];

/// A line in which no secret can be read: its shape, and the key that it begins with.
fn masked(line: &str) -> String {
    let inner = |c: char| c.is_whitespace() || matches!(c, '-' | '{' | '"' | '\'');
    let start = line.len() - line.trim_start_matches(inner).len();
    let rest = &line[start..];
    let key = SHOWN.iter().find(|key| {
        let after = rest.strip_prefix(**key).map(|after| after.trim_start_matches(['"', '\'']));
        after.is_some_and(|after| after.starts_with(": ") || after == ":")
    });
    let shown = start + key.map_or(0, |key| key.len());
    let (before, after) = line.split_at(shown);
    let shape = |c: char| c.is_whitespace() || "{}[],:".contains(c);
    let after = after.chars().map(|c| if shape(c) { c } else { '*' });
    before.chars().chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Source::of(text).documents().unwrap_err().to_string()
    }

    #[test]
    fn shows_the_place_with_a_caret() {
        assert_eq!(
            said("kind: Deployment\nspec:\n  replicas: [1\n"),
            "error: file.yaml can't be understood\n\
             caused by: line 3: unclosed bracket '['\n  \
             |\n3 |   replicas: [\n  |             ^"
        );
        assert!(said("kind: Deployment\nkind: Deployment").contains("duplicate key"));
    }

    #[test]
    fn a_value_in_a_keys_place_is_not_repeated() {
        let said = crate::settings::tree::unknown("https://hush.example.com", &["url"]);
        assert_eq!(said, "not a valid key; expected one of url");
        assert!(crate::settings::tree::unknown("ulr", &["url"]).contains("ulr"));
    }

    #[test]
    fn shows_no_secret() {
        for text in [
            "a: {b: https://hush.example.com, c: 1, c: 2}",
            "gate: {webhook: hush.example.com, c: 1, c: 2}",
            "  - {url: 'hush.example.com', c: 1, c: 2}",
            "hook: {metadata: {a: hush, b: hush}, c: 1, c: 2}",
            "gate: {webhook: 'https://gate.example.com/?a=1,token=hush', c: 1, c: 2}",
            "gate: {\"webhook\": \"hush.example.com/hush\", c: 1, c: 2}",
            "token: 'hush' trailing",
        ] {
            let said = said(text);
            assert!(said.contains("line 1:") && said.contains("***"), "{said}");
            assert!(!said.contains("hush"), "{said}");
        }
        assert_eq!(masked("- {url: 'a.b/c', v: http://d/e }"), "- {url: *******, *: ****:***** }");
        assert_eq!(masked("    token: HUSH: more"), "    *****: ****: ****");
    }

    #[test]
    fn looks_into_a_list() {
        let text = "kind: List\nitems:\n- kind: A\n- kind: B\n---\nkind: C\n---\n";
        let kinds: Vec<_> = Source::of(text)
            .documents()
            .unwrap()
            .iter()
            .map(|node| node.get("kind").and_then(Node::text).unwrap().to_owned())
            .collect();
        assert_eq!(kinds, ["A", "B", "C"]);
    }
}
