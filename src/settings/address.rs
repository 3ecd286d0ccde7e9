//! A webhook's address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Origin, Url};

const SCHEME: &str = "a webhook's address must begin with http:// or https://";

/// Whoever has it may be able to say yes, so it is a secret: scheme and host are all that is shown.
#[derive(Clone)]
pub struct Address {
    shown: String,
    whole: SecretString,
}

impl Address {
    /// The message says what is wrong with an address, not what it is.
    pub fn parse(text: &str) -> Result<Address, String> {
        // They would be left out, and what stands on both sides made one word.
        if text.trim().contains(['\n', '\r', '\t']) {
            return Err("it contains a line break or a tab".to_owned());
        }
        let url: Url = text.parse().map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => SCHEME.to_owned(),
            error => error.to_string(),
        })?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let Some(host) = host else {
            return Err(SCHEME.to_owned());
        };
        if is_the_machines_own(&url) {
            let why = "a gate can't be at a link-local address";
            return Err(format!("{why}: clouds serve a machine's credentials there"));
        }
        // Programs pass addresses on and write them down; for what proves who asks there is a place.
        if !url.username().is_empty() || url.password().is_some() {
            let why = "it contains a user or a password: use an Authorization header";
            return Err(format!("{why} in a file given by --header-file"));
        }
        Ok(Address { shown: format!("{}://{host}", url.scheme()), whole: String::from(url).into() })
    }

    /// All of it, to be asked.
    pub fn url(&self) -> Url {
        self.whole.expose_secret().parse().expect("it was an address when it was read")
    }

    pub fn origin(&self) -> Origin {
        self.url().origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Whether it is where a cloud tells a machine who it is, and proves it. A file in a repository may name
/// it, and a CI would ask. A name that leads there is not looked up for this.
pub fn is_the_machines_own(url: &Url) -> bool {
    let v4 = |address: Ipv4Addr| address.is_link_local();
    match url.host() {
        None => false,
        Some(Host::Ipv4(address)) => v4(address),
        Some(Host::Ipv6(address)) => {
            address.is_unicast_link_local()
                || address == METADATA_V6
                || address.to_ipv4_mapped().is_some_and(v4)
        }
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "metadata.google.internal",
    }
}

/// As the machines of one cloud have it.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Whether a host is the machine that we run on: nobody's proxy leads there.
pub fn is_this_machine(host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_asked_and_scheme_and_host_are_shown() {
        let text = "https://hooks.example.com:8443/hush?token=hush";
        let address = Address::parse(text).unwrap();
        assert_eq!(address.url().as_str(), text);
        assert_eq!(address.to_string(), "https://hooks.example.com");
        assert_eq!(format!("{address:?}"), "Address(https://hooks.example.com)");
    }

    #[test]
    fn one_that_can_not_be_used_is_refused_without_being_repeated() {
        for (text, why) in [
            ("hush", SCHEME),
            ("https://gate.example.com/hush\nhush", "it contains a line break"),
            ("https://gate.example.com/\thush", "it contains a line break or a tab"),
            ("ftp://hush.example.com/", "a webhook's address must begin with"),
            ("http://hush.example.com:99999/", "invalid port number"),
            ("https://me:hush@gate.example.com/", "it contains a user or a password"),
            ("https://hush@gate.example.com/", "it contains a user or a password"),
            ("https://:hush@gate.example.com/", "it contains a user or a password"),
        ] {
            let said = Address::parse(text).unwrap_err();
            assert!(said.starts_with(why) && !said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn where_a_cloud_tells_secrets_is_no_gate() {
        for own in [
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9.0xfe.0xa9.0xfe/",
            "http://169.254.1.1:8080",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://Metadata.google.internal./computeMetadata/v1/",
        ] {
            let said = Address::parse(own).unwrap_err();
            assert!(said.starts_with("a gate can't be at a link-local address"), "{own}: {said}");
        }
        for other in ["http://169.253.0.1/", "http://[fd00::1]/", "http://metadata.example.com/"] {
            assert!(Address::parse(other).is_ok(), "{other}");
        }
    }

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
