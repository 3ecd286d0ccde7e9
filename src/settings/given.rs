//! What a file of settings says, whatever its form.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use url::Url;

use super::Probe;
use crate::release::{Expected, Settings};

/// The settings of one app.
#[derive(Clone, PartialEq, Debug)]
pub struct Given {
    pub app: String,
    pub namespace: Option<String>,
    pub expected: Expected,
    pub settings: Settings,
    /// All of them have to say yes.
    pub hooks: Vec<Hook>,
    pub probe: Option<Probe>,
}

/// A webhook as it is to be asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// How its answers are told apart from another's.
    pub name: Option<String>,
    pub url: Url,
    pub timeout_seconds: u64,
    pub retries: u32,
    pub metadata: BTreeMap<String, String>,
    /// Its certificate is not checked.
    pub disable_tls: bool,
}

/// How long a webhook may take to answer, where nobody says.
pub const ANSWER_WITHIN_SECONDS: u64 = 10;

impl Hook {
    /// A webhook of which only the address is known.
    pub fn new(url: Url) -> Hook {
        Hook {
            name: None,
            url,
            timeout_seconds: ANSWER_WITHIN_SECONDS,
            retries: 0,
            metadata: BTreeMap::new(),
            disable_tls: false,
        }
    }
}

/// The message says what is wrong with an address, not what it is: it is a secret.
pub fn address(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error: url::ParseError| error.to_string())?;
    match matches!(url.scheme(), "http" | "https") && url.host_str().is_some() {
        true => Ok(url),
        false => Err("a webhook's address begins with http:// or https://".to_owned()),
    }
}

/// Whether a host is the machine that we run on: nobody's proxy leads there.
pub fn is_this_machine(host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Without the address, and without metadata, in which people put tokens.
impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hook({:?})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn this_machine_has_several_names() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_this_machine(Some(host)), "{host}");
        }
        for host in ["10.0.0.1", "localhost.example.com", "[fe80::1]", ""] {
            assert!(!is_this_machine(Some(host)), "{host}");
        }
        assert!(!is_this_machine(None));
    }
}
