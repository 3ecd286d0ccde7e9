//! Files as they are read: YAML documents, and what is wrong with them, shown in place.

use std::path::{Path, PathBuf};

use super::tree::{Mark, Node, What, Wrong};
use crate::error::{Error, Kind};

/// A file's text, under the name by which people know it.
pub struct Source {
    pub shown: String,
    /// What it names is seen from here.
    pub folder: PathBuf,
    text: String,
}

impl Source {
    /// `-` is standard input.
    pub fn read(path: &Path) -> Result<Source, Error> {
        let (shown, text) = match path.as_os_str() == "-" {
            true => ("standard input".to_owned(), std::io::read_to_string(std::io::stdin())),
            false => (path.display().to_string(), std::fs::read_to_string(path)),
        };
        match text {
            Ok(text) => {
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                Ok(Source { shown, folder, text })
            }
            Err(error) => Err(Error::new(Kind::Usage, format!("{shown} can't be read"))
                .because(error.to_string())),
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
            // 0644 means what kubectl means by it; yes and on are strings.
            legacy_octal_numbers: true,
            strict_booleans: true,
        };
        let documents: Vec<Node> = serde_saphyr::from_multiple_with_options(&self.text, options)
            .map_err(|error| {
                let wrong = Wrong { at: error.location().map(Mark::from), why: bare(&error) };
                self.wrong("can't be understood", &wrong)
            })?;
        Ok(documents.into_iter().flat_map(unpacked).collect())
    }

    /// An error about this file.
    pub fn wrong(&self, what: &str, wrong: &Wrong) -> Error {
        Error::new(Kind::Usage, format!("{} {what}", self.shown)).because(self.show(wrong))
    }

    /// What is wrong, and under it the line up to the place, with a caret.
    fn show(&self, wrong: &Wrong) -> String {
        let line =
            wrong.at.and_then(|at| Some((at, self.text.lines().nth(at.line.checked_sub(1)?)?)));
        let Some((at, line)) = line else { return wrong.why.clone() };
        let before = at.column.saturating_sub(1);
        let length = line.chars().count();
        let width = at.width.min(length.saturating_sub(before)).max(1);
        let marked: String = line.chars().skip(before).take(width).collect();
        let mut shown: String = masked(line).chars().take(before).collect();
        // What the sentence names need not be hidden under it.
        shown += &match wrong.why.contains(&marked) {
            true => marked,
            false => masked(line).chars().skip(before).take(width).collect(),
        };
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

fn unpacked(document: Node) -> Vec<Node> {
    let is_list = document.get("kind").and_then(Node::text) == Some("List");
    match document.get("items").map(|items| &items.what) {
        Some(What::List(items)) if is_list => items.clone(),
        _ => vec![document],
    }
}

/// The parser's message without its place, which is shown in our own way.
fn bare(error: &serde_saphyr::Error) -> String {
    let options = serde_saphyr::render_options! { snippets: serde_saphyr::SnippetMode::Off };
    let text = error.render_with_options(options);
    let place = text.find(" at line ").unwrap_or(text.len());
    text[..place].trim_start_matches("error: ").to_owned()
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
        assert!(said("kind: Deployment\nkind: Deployment").contains("duplicate"));
    }

    #[test]
    fn a_value_in_a_keys_place_is_not_repeated() {
        let said = crate::settings::tree::unknown("https://hush.example.com", &["url"]);
        assert_eq!(said, "this is no key: it can be url");
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
