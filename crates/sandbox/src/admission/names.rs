//! The forms of names, and what is said of a text that has not the form. Lengths are in bytes.

const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

type Wrong = Vec<String>;

fn says(is_wrong: bool, words: impl FnOnce() -> String) -> Option<String> {
    is_wrong.then(words)
}

fn too_long(text: &str, most: usize) -> Option<String> {
    says(text.len() > most, || format!("must be no more than {most} characters"))
}

/// The same of labels, in the newer words.
fn too_many_bytes(text: &str) -> Option<String> {
    says(text.len() > 63, || "must be no more than 63 bytes".to_owned())
}

fn form(what: &str, examples: &str, regex: &str) -> String {
    let mut words = format!("{what} (e.g. ");
    for (i, example) in examples.split(' ').enumerate() {
        if i > 0 {
            words += " or ";
        }
        words += &format!("'{example}', ");
    }
    words + &format!("regex used for validation is '{regex}')")
}

fn is_small(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// Begins and ends with what `edge` takes, and is not empty; a hyphen is for inside.
fn is_part(text: &str, edge: fn(char) -> bool, inner: &str) -> bool {
    let ends = [text.chars().next(), text.chars().last()];
    ends.iter().all(|end| end.is_some_and(edge))
        && text.chars().all(|c| edge(c) || inner.contains(c))
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(|part| is_part(part, is_small, "-"))
}

pub fn subdomain(text: &str) -> Wrong {
    let words = || {
        let what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                    characters, '-' or '.', and must start and end with an alphanumeric character";
        form(what, "example.com", SUBDOMAIN)
    };
    [too_long(text, 253), says(!is_subdomain(text), words)].into_iter().flatten().collect()
}

pub fn wildcard(text: &str) -> Wrong {
    let valid = text.strip_prefix("*.").is_some_and(is_subdomain);
    let words = || {
        let what = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS \
                    subdomain, which must consist of lower case alphanumeric characters, '-' or \
                    '.' and end with an alphanumeric character";
        form(what, "*.example.com", &format!("\\*\\.{SUBDOMAIN}"))
    };
    [too_long(text, 253), says(!valid, words)].into_iter().flatten().collect()
}

pub fn label(text: &str) -> Wrong {
    let words = || match is_subdomain(text) {
        true => "must not contain dots".to_owned(),
        false => form(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
             and must start and end with an alphanumeric character",
            "my-name 123-abc",
            "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
        ),
    };
    let valid = is_part(text, is_small, "-");
    [too_long(text, 63), says(!valid, words)].into_iter().flatten().collect()
}

const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const EDGES: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
                     with an alphanumeric character";

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// The key of a label or an annotation, the name of a finalizer.
pub fn qualified(text: &str) -> Wrong {
    let parts: Vec<&str> = text.split('/').collect();
    let shape = form(EDGES, "MyName my.name 123-abc", QUALIFIED);
    let (prefix, name) = match parts.as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a valid label key {shape} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')"
            )];
        }
    };
    let mut wrong = match prefix {
        None => Vec::new(),
        Some("") => vec!["prefix part must be non-empty".to_owned()],
        Some(prefix) => {
            subdomain(prefix).into_iter().map(|it| format!("prefix part {it}")).collect()
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    }
    wrong.extend(too_many_bytes(name).map(|it| format!("name part {it}")));
    if !is_part(name, is_alphanumeric, "-_.") {
        wrong.push(format!("name part {shape}"));
    }
    wrong
}

pub fn label_value(text: &str) -> Wrong {
    let valid = text.is_empty() || is_part(text, is_alphanumeric, "-_.");
    let words = || {
        let what = format!("a valid label must be an empty string or {}", &EDGES["must ".len()..]);
        form(&what, "MyValue my_value 12345", &format!("({QUALIFIED})?"))
    };
    [too_many_bytes(text), says(!valid, words)].into_iter().flatten().collect()
}

pub fn port_name(text: &str) -> Wrong {
    [
        too_long(text, 15),
        says(text.is_empty() || !text.chars().all(|c| is_small(c) || c == '-'), || {
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned()
        }),
        says(!text.contains(|c: char| c.is_ascii_lowercase()), || {
            "must contain at least one letter (a-z)".to_owned()
        }),
        says(text.contains("--"), || "must not contain consecutive hyphens".to_owned()),
        says(text.starts_with('-') || text.ends_with('-'), || {
            "must not begin or end with a hyphen".to_owned()
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub fn port_number(number: i64) -> Wrong {
    let valid = (1..=65_535).contains(&number);
    says(!valid, || "must be between 1 and 65535, inclusive".to_owned()).into_iter().collect()
}

pub fn config_key(text: &str) -> Wrong {
    let valid = !text.is_empty() && text.chars().all(|c| is_alphanumeric(c) || "-_.".contains(c));
    let words = || {
        let what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        form(what, "key.name KEY_NAME key-name", "[-._a-zA-Z0-9]+")
    };
    let dots = match text {
        "." => Some("must not be '.'"),
        ".." => Some("must not be '..'"),
        text if text.starts_with("..") => Some("must not start with '..'"),
        _ => None,
    };
    let dots = dots.map(str::to_owned);
    [too_long(text, 253), says(!valid, words), dots].into_iter().flatten().collect()
}

pub fn variable(text: &str) -> Wrong {
    let valid = text.chars().all(|c| (' '..='~').contains(&c) && c != '=');
    let words = || {
        "a valid environment variable name must consist only of printable ASCII characters other \
         than '='"
            .to_owned()
    };
    says(!valid, words).into_iter().collect()
}

pub fn percent(text: &str) -> Wrong {
    let number = text.strip_suffix('%').unwrap_or_default();
    let valid = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    let words = || {
        let what = "a valid percent string must be a numeric string followed by an ending '%'";
        form(what, "1% 93%", "[0-9]+%")
    };
    says(!valid, words).into_iter().collect()
}

/// What may stand between two slashes of a URL.
pub fn segment(text: &str) -> Wrong {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let held = ["/", "%"].into_iter().filter(|it| text.contains(it));
    held.map(|it| format!("may not contain '{it}'")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_forms() {
        type Form = fn(&str) -> Wrong;
        let cases: &[(Form, &[&str], &[&str])] = &[
            (subdomain, &["a", "a-b.c1", "1"], &["", "A", "-a", "a-", "a..b", "a_b", "a."]),
            (label, &["a", "a-b", "1"], &["", "a.b", "A", "-a"]),
            (wildcard, &["*.a.b"], &["*", "*a", "a.*", "*.*"]),
            (qualified, &["A", "a.b/C_d", "x-y"], &["", "/a", "a/", "a/b/c", "A_b/c", "-a"]),
            (label_value, &["", "a", "A_b.c-d"], &["-", "a b", "_a", "a/b"]),
            (port_name, &["http", "h-2"], &["", "80", "HTTP", "a--b", "-a", "sixteen-letters-"]),
            (config_key, &["a", ".a", "A_b"], &["", ".", "..a", "a/b", "a b"]),
            (variable, &["A", "a b", "1"], &["a=b", "\u{e9}"]),
            (percent, &["0%", "25%"], &["", "%", "25", "-1%", "1.5%"]),
            (segment, &["a", "A b"], &[".", "..", "a/b", "a%b"]),
        ];
        for (form, good, bad) in cases {
            for text in *good {
                assert_eq!(form(text), Vec::<String>::new(), "{text}");
            }
            for text in *bad {
                assert_ne!(form(text), Vec::<String>::new(), "{text}");
            }
        }
    }
}
