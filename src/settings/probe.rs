//! What a person says about the probe: where to ask, or not to.

use std::str::FromStr;

use url::Url;

/// Where the ingress is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Probe {
    /// At the addresses in the Ingress's status.
    #[default]
    Auto,
    /// Nowhere.
    None,
    /// At this scheme, host and port.
    At(Url),
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Probe, String> {
        match text {
            "auto" => Ok(Probe::Auto),
            "none" => Ok(Probe::None),
            _ => base(text).map(Probe::At),
        }
    }
}

fn base(text: &str) -> Result<Url, String> {
    const FORM: &str = "it is auto, none, or a URL such as http://127.0.0.1:8080";
    let url: Url = text.parse().map_err(|error| format!("{error}: {FORM}"))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(format!("only http and https can be asked: {FORM}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("nobody logs in there: {FORM}"));
    }
    if super::is_the_machines_own(&url) {
        return Err(format!("no ingress is at a link-local address: {FORM}"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("paths are the Ingress's, only the address is asked for: {FORM}"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_auto_none_or_an_address() {
        assert_eq!("auto".parse(), Ok(Probe::Auto));
        assert_eq!("none".parse(), Ok(Probe::None));
        for url in ["http://127.0.0.1:8080", "https://lb.example.com/", "http://[::1]"] {
            assert_eq!(url.parse(), Ok(Probe::At(url.parse().unwrap())));
        }
    }

    #[test]
    fn anything_else_is_refused_and_a_password_not_repeated() {
        for (text, why) in [
            ("", "relative URL without a base"),
            ("127.0.0.1:8080", "relative URL without a base"),
            ("localhost:8080", "only http and https"),
            ("ftp://lb.example.com", "only http and https"),
            ("http://", "empty host"),
            ("http://lb.example.com:99999", "invalid port number"),
            ("http://me:hush@lb.example.com", "nobody logs in"),
            ("http://169.254.169.254", "no ingress is at a link-local address"),
            ("http://lb.example.com/parrot", "paths are the Ingress's"),
            ("http://lb.example.com/?a", "paths are the Ingress's"),
            ("http://lb.example.com/#a", "paths are the Ingress's"),
        ] {
            let error = text.parse::<Probe>().unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
            assert!(error.ends_with("http://127.0.0.1:8080"), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
