//! Every sentence that the tool can say, side by side and in one snapshot: a new one is read beside the
//! others, in the same review. They are taken from the sources, so that none can be left out: the
//! literals of the files that word something for a person, with the names of the values in them.

use std::fs;
use std::path::Path;

/// Where a person is spoken to.
const ROOTS: [&str; 9] = [
    "src/report",
    "src/commands",
    "src/cli",
    "src/settings",
    "src/cluster",
    "src/gate",
    "src/drive",
    "src/drive.rs",
    "crates/core/src",
];
/// Shorter ones are names and keys.
const WORDS: usize = 3;

#[test]
fn every_sentence_stands_beside_the_others() {
    let mut all = String::new();
    for root in ROOTS {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), &mut files);
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let sentences: Vec<String> =
                literals(&text).into_iter().filter(|text| is_a_sentence(text)).collect();
            if sentences.is_empty() {
                continue;
            }
            let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            all += &format!("== {}\n", name.display());
            for sentence in sentences {
                all += &format!("{}\n", sentence.trim_end().replace('\n', "\n  "));
            }
        }
    }
    insta::assert_snapshot!("messages", all);
}

/// The product's own source files, without those of its tests.
fn sources(path: &Path, found: &mut Vec<std::path::PathBuf>) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.is_dir() {
        if name == "tests" || name == "snapshots" {
            return;
        }
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if name.ends_with(".rs") && !name.ends_with("_tests.rs") && name != "stand_in.rs" {
        found.push(path.to_owned());
    }
}

fn is_a_sentence(text: &str) -> bool {
    let is_word = |word: &&str| {
        let word = word.trim_end_matches([',', ':', ';', '.']);
        word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || "'-".contains(c))
    };
    text.split_whitespace().filter(is_word).count() >= WORDS
}

/// What stands in quotes in a source, up to its tests, as the program has it.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if rest.starts_with("r#\"") => {
                let end = rest.find("\"#").map_or(rest.len(), |end| end + 2);
                found.push(rest[3..end - 2].to_owned());
                end
            }
            // A quote in single quotes is a character.
            '\'' if rest.starts_with("'\"'") => 3,
            '"' => {
                let (text, end) = quoted(rest);
                // What an expectation says is for who breaks it, a derive's word for the compiler.
                let before = &source[..source.len() - rest.len()];
                if !["expect(", "unreachable!(", "reason = "].iter().any(|it| before.ends_with(it))
                {
                    found.push(text);
                }
                end
            }
            c => c.len_utf8(),
        };
        rest = &rest[after..];
    }
    found
}

/// A literal with its escapes taken out, and where it ends.
fn quoted(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                // The line goes on below, where the text begins.
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, c)) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    (text, rest.len())
}
