//! What is wrong with a command line, without the secrets in it: a CI keeps what it is told.

use clap::Error;
use clap::error::{ContextKind, ContextValue};

/// The same error, with no more of an address than its scheme and host.
pub fn hidden(mut error: Error) -> Error {
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand]
    {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && let Some(shown) = without_secret(text)
        {
            error.insert(kind, ContextValue::String(shown));
        }
    }
    error
}

/// Of an address with more in it than that.
fn without_secret(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    // The last @ of the authority: what is before it is a user and a password, whatever is in it.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    (host.len() < rest.trim_end_matches('/').len()).then(|| format!("{scheme}://{host}/..."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_shown_than_scheme_and_host() {
        let shown = |text| without_secret(text);
        for secret in [
            "https://a.example.com/hush",
            "https://me:hush@a.example.com",
            "https://a.example.com?hush",
            "https://me@b:hush@a.example.com/#hush",
        ] {
            assert_eq!(shown(secret).as_deref(), Some("https://a.example.com/..."), "{secret}");
        }
        for plain in ["https://a.example.com/", "http://127.0.0.1:80", "parrot", "a@b:c"] {
            assert_eq!(shown(plain), None, "{plain}");
        }
    }
}
