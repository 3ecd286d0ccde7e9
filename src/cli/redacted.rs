//! What clap says of a command line that it can't take, without what may be secret in it: a word that
//! stands in the wrong place, the address of a webhook say, is repeated there.

use std::io::Write;
use std::process::exit;

use crate::clean::clean;

/// Says it as clap does, and ends the process as clap does.
pub fn end(error: &clap::Error) -> ! {
    let shown = shown(error);
    // Help is no error, and has none of it.
    if !error.use_stderr() || error.render().to_string() == shown {
        error.exit();
    }
    // Nobody may read it: that changes nothing.
    let _ = write!(std::io::stderr(), "{shown}");
    exit(error.exit_code())
}

pub fn shown(error: &clap::Error) -> String {
    redacted(&error.render().to_string())
}

fn redacted(said: &str) -> String {
    said.split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> String {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    let text = clean(text);
    let mut shown = String::new();
    for word in text.split_inclusive([' ', '\'', '"']) {
        shown += &self::word(word);
    }
    shown + end
}

/// Of an address, scheme and host; of a secret that signs, that it is one.
fn word(word: &str) -> String {
    let body = word.trim_end_matches([' ', '\'', '"']);
    let end = &word[body.len()..];
    if let Some((before, _)) = body.split_once("whsec_") {
        return format!("{before}whsec_...{end}");
    }
    let Some((scheme, rest)) = body.split_once("://") else { return word.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = if path.trim_matches('/').is_empty() { path } else { "/..." };
    format!("{scheme}://{host}{path}{end}")
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn addresses_keep_scheme_and_host() {
        for (said, shown) in [
            ("unexpected argument 'https://a.b/hush?c=d' found\n", "'https://a.b/...' found\n"),
            ("value 'https://me:hush@a.b:8' for", "value 'https://a.b:8' for"),
            ("value 'x=http://me@a.b/#hush' for", "value 'x=http://a.b/...' for"),
            ("a URL such as http://127.0.0.1:8080\n", "a URL such as http://127.0.0.1:8080\n"),
            ("argument 'whsec_hush' found", "argument 'whsec_...' found"),
            ("value 'a\u{1b}[2J' for\n\n  tip", "value 'a\\u{1b}[2J' for\n\n  tip"),
        ] {
            let said = redacted(said);
            assert!(said.ends_with(shown) && !said.contains("hush"), "{said}");
        }
    }
}
