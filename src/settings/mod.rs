//! Flags and files become checked settings here, once.

mod address;
mod canary;
mod config;
mod credentials;
mod deployment;
mod fields;
mod files;
mod given;
mod kubectl;
mod place;
mod probe;
pub mod resolve;
mod tree;
mod values;
mod yaml;

use std::net::IpAddr;
use std::time::Duration;

use crate::release::{PreviewHost, PreviewTls};
use crate::route::RouteKind;

use address::is_the_machines_own;
pub use address::{Address, is_this_machine};
pub use config::Config;
pub use credentials::{Credentials, Files, Key, keys};
pub use fields::{FIELDS, HOOKS, Use};
pub use files::{Asked, Input, Loaded, Template, read};
pub use given::{Given, Hook};
pub use probe::{Addresses, Probe, Word};
pub use yaml::shown;

/// Kubernetes' names of namespaces, Services and labels: RFC 1123 labels.
pub fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A name that a name server may know: RFC 1123 labels with dots between them.
pub fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

pub fn parse_preview_host(text: &str) -> Result<PreviewHost, String> {
    // The API server takes no address, either.
    let is_address = text.parse::<IpAddr>().is_ok();
    match text {
        "none" => Ok(PreviewHost::None),
        host if is_host(host) && host.contains('.') && !is_address => {
            Ok(PreviewHost::At(host.to_owned()))
        }
        _ => {
            Err("use a full host name in lower case, without scheme, port or *, or none".to_owned())
        }
    }
}

pub fn parse_route(word: &str) -> Result<RouteKind, String> {
    let found = RouteKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    found
        .ok_or_else(|| format!("a route is {}", RouteKind::ALL.map(RouteKind::as_str).join(" or ")))
}

pub fn parse_preview_tls(text: &str) -> Result<PreviewTls, String> {
    match text {
        "none" => Ok(PreviewTls::None),
        name if is_host(name) => Ok(PreviewTls::Secret(name.to_owned())),
        _ => {
            Err("use the name of a Secret (lower case letters, digits, - and .), or none"
                .to_owned())
        }
    }
}

pub fn parse_app(text: &str) -> Result<String, String> {
    if is_dns_label(text) {
        Ok(text.to_owned())
    } else {
        Err("an app is named like its Deployment: lower case letters, digits and -".to_owned())
    }
}

/// `10s`, `1m30s`, `2h`; whole seconds, since the API server's clock has no finer ones.
pub fn parse_seconds(text: &str) -> Result<u64, String> {
    /// A year: beyond it is a slip of the keyboard.
    const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
    let duration = humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => "that is longer than a year".to_owned(),
        _ => "use a number and a unit, such as 30s, 10m or 2h".to_owned(),
    })?;
    if duration.subsec_nanos() != 0 {
        return Err("use whole seconds".to_owned());
    }
    if duration > LONGEST {
        return Err("that is longer than a year".to_owned());
    }
    Ok(duration.as_secs())
}

/// The same, for what can't be at once.
pub fn parse_some_seconds(text: &str) -> Result<u64, String> {
    match parse_seconds(text)? {
        0 => Err("it must be at least 1s".to_owned()),
        seconds => Ok(seconds),
    }
}

pub fn parse_namespace(text: &str) -> Result<String, String> {
    match is_dns_label(text) {
        true => Ok(text.to_owned()),
        false => Err("a namespace's name consists of lower case letters, digits and -".to_owned()),
    }
}

/// How often, or the how manieth: from 1 on.
pub fn parse_times(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(times @ 1..) => Ok(times),
        _ => Err("it must be a whole number of at least 1".to_owned()),
    }
}

/// The known word that somebody most likely meant.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness =
        |known: &str| strsim::jaro_winkler(&word.to_ascii_lowercase(), &known.to_ascii_lowercase());
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.8).then_some(best)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod settings_tests;

/// Words for the others and for the record, which has to hold ten of them.
pub fn parse_reason(text: &str) -> Result<String, String> {
    const LONGEST: usize = 1024;
    match text.chars().count() {
        // It stands in one line wherever it is told.
        0..=LONGEST => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        _ => Err(format!("a reason has at most {LONGEST} characters")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_kubectls_and_whole_seconds() {
        assert_eq!(parse_seconds("10s"), Ok(10));
        assert_eq!(parse_seconds("1m30s"), Ok(90));
        assert_eq!(parse_seconds("2h"), Ok(7200));
        assert_eq!(parse_seconds("0s"), Ok(0));
        for wrong in ["", "10", "-1s", "1.5s", "500ms", "9999999h", "soon"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
        assert!(parse_some_seconds("0s").is_err());
    }

    #[test]
    fn a_preview_host_is_a_full_name_or_none() {
        let at = |host: &str| Ok(PreviewHost::At(host.to_owned()));
        assert_eq!(parse_preview_host("green.example.com"), at("green.example.com"));
        assert_eq!(parse_preview_host("none"), Ok(PreviewHost::None));
        let long = format!("{}com", "a.".repeat(126));
        let shapes =
            ["", "green", "*.example.com", "a..b", "http://a.b", "a.b:80", "A.b", "10.0.0.1"];
        for wrong in shapes.into_iter().chain([long.as_str()]) {
            assert!(parse_preview_host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_no_book() {
        assert!(parse_reason(&"ü".repeat(1024)).is_ok());
        assert!(parse_reason(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn names_are_dns_labels() {
        for right in ["parrot", "a", "v1-2", &"x".repeat(63)] {
            assert!(is_dns_label(right), "{right}");
        }
        for wrong in ["", "-a", "a-", "A", "a.b", "a/b", "../x", &"x".repeat(64)] {
            assert!(!is_dns_label(wrong), "{wrong}");
        }
    }
}
