//! What a command wants.

use std::str::FromStr;

use serde_json::Value;

use super::carried::Marks;
use super::{Declared, Settings};
use crate::route::RouteKind;

/// Who this process is, as the record names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Me {
    /// Random: two processes of one person on one machine differ in it.
    pub id: String,
    /// `user@host (pid)`.
    pub holder: String,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Goal {
    Init(Init),
    /// To see what becomes of the app, without touching it.
    Watch,
    Deploy(Deploy),
    Promote {
        release: Option<u64>,
        when_ready: bool,
    },
    Abort {
        release: Option<u64>,
        reason: Option<String>,
    },
    /// The version that was live before, live again.
    Rollback {
        /// The release to undo; by default the last one that went live.
        release: Option<u64>,
        /// The release whose version is to be live again; by default the one before.
        to: Option<u64>,
        settings: Settings,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Init {
    /// The container port behind the Service, where the app has not exactly one.
    pub target_port: Option<u16>,
    pub expected: Declared,
    /// Absent, what is recorded stays; at first an Ingress.
    pub route: Option<RouteKind>,
    /// What later deploys go by; absent, what is recorded stays.
    pub settings: Option<Settings>,
    /// Absent, what is recorded stays.
    pub preview_host: Option<PreviewHost>,
    /// Absent, what is recorded stays.
    pub preview_tls: Option<PreviewTls>,
    /// Whether a candidate may be without a NetworkPolicy that the live pods have.
    pub allow_policy_gap: bool,
}

/// Whether the candidate can be seen from outside, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PreviewHost {
    None,
    At(String),
}

/// With which certificate the preview host is served, by the name of its Secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PreviewTls {
    None,
    Secret(String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Deploy {
    pub change: Change,
    /// The labels and annotations of the Deployment in a file; otherwise the live one's.
    pub marks: Option<Marks>,
    pub gate: Gate,
    pub detach: bool,
    /// Gives up an unfinished release of another version first.
    pub replace: bool,
    /// Waits for an unfinished release to end, where it would be in the way.
    pub wait: bool,
    /// What it does not say is as `init` recorded it, or by default.
    pub settings: Settings,
    pub expected: Declared,
    /// Whether the candidate may be without a NetworkPolicy that the live pods have.
    pub allow_policy_gap: bool,
}

impl Deploy {
    /// The same, and what it was not given as `init` recorded it. The gate is unsaid where nobody says.
    pub fn resolved(&self, recorded: Settings) -> Deploy {
        let gate = match self.gate {
            Gate::Unsaid { .. } if recorded.skip => Gate::Open,
            Gate::Unsaid { watched: true } => Gate::Person,
            said => said,
        };
        Deploy { gate, settings: self.settings.or(recorded), ..self.clone() }
    }
}

/// What differs from the version that is live.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    Images(Vec<ImageChange>),
    /// A whole pod template.
    Template(Value),
}

/// `[CONTAINER=]IMAGE`
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageChange {
    pub container: Option<String>,
    pub image: String,
}

impl FromStr for ImageChange {
    type Err = String;

    fn from_str(text: &str) -> Result<ImageChange, String> {
        let (container, image) = match text.split_once('=') {
            Some((container, image)) => (Some(container.to_owned()), image),
            None => (None, text),
        };
        // In an image's place an address may stand, and what is before a = in it is nobody's to read.
        match container.as_deref() {
            Some("") => return Err("the name before = is empty".to_owned()),
            Some(name) if !is_plain_name(name) => {
                return Err("the part before = is not the name of a container".to_owned());
            }
            _ => {}
        }
        unlike_an_image(image).map_or(Ok(()), |why| Err(why.to_owned()))?;
        Ok(ImageChange { container, image: image.to_owned() })
    }
}

fn is_plain_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Why this is no name of an image: no node would even try to get it. `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`
fn unlike_an_image(text: &str) -> Option<&'static str> {
    let (name, digest) = text.split_once('@').map_or((text, None), |(a, b)| (a, Some(b)));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let (path, tag) = match name.rsplit_once(':') {
        // Behind a colon with a slash after it stands a port.
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    let (host, path) = match path.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
            (Some(host), path)
        }
        _ => (None, path),
    };
    let in_path = |c: char| !c.is_ascii_uppercase() && is_plain(c);
    if text.is_empty() {
        Some("there is no image")
    } else if text.contains("://") {
        Some("an image has no scheme: HOST/PATH:TAG")
    } else if path.contains(|c: char| c.is_ascii_uppercase()) {
        Some("the name of an image is in lower case; its tag need not be")
    } else if path.split('/').any(|part| part.is_empty() || !part.chars().all(in_path))
        || host.is_some_and(|host| !host.chars().all(|c| is_plain(c) || ":[]".contains(c)))
    {
        Some("this is not the name of an image")
    } else if tag.is_some_and(|tag| !(1..=128).contains(&tag.len()) || !tag.chars().all(is_plain)) {
        Some("a tag has up to 128 letters, digits, and . _ -")
    } else if digest
        .is_some_and(|it| !it.chars().all(|c| is_plain(c) || ":+".contains(c)) || !it.contains(':'))
    {
        Some("a digest is its algorithm and its value: sha256:...")
    } else {
        None
    }
}

/// What must say yes before the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// `--yes`
    Open,
    /// `promote`, in this or another terminal.
    Person,
    Webhook,
    /// Nobody said: nothing, where `init` recorded so; else a person, if there is one who sees that
    /// it waits.
    Unsaid {
        watched: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_may_name_its_container() {
        let parsed = |text: &str| text.parse::<ImageChange>();
        let named = parsed("parrot=kmharish/parrot-app:v2.2").unwrap();
        assert_eq!(named.container.as_deref(), Some("parrot"));
        assert_eq!(named.image, "kmharish/parrot-app:v2.2");
        assert_eq!(parsed("a@sha256:00").unwrap().container, None);
        for wrong in ["", "parrot=", "=a", "Parrot=a", "a b", "parrot=a=b", "parrot=a\tb"] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_no_node_could_get_is_no_image() {
        for right in [
            "a",
            "kmharish/parrot-app:v2.2",
            "a:V2_x",
            "Reg.example.com/a/b",
            "localhost/a",
            "reg:5000/a__b:1",
            "[::1]:5000/a",
            "reg.example.com:5000/a:v1@sha256:00ff",
        ] {
            assert_eq!(unlike_an_image(right), None, "{right}");
        }
        let long = format!("a:{}", "x".repeat(129));
        for wrong in [
            "Parrot",
            "a/B",
            "a//b",
            "/a",
            "a/",
            "a:",
            "a:b:c",
            &long,
            "a@",
            "a@b",
            "a@b:c d",
            "https://reg.example.com/a",
            "a$b",
            "a:ü",
            "reg.exa mple.com/a",
            "ä",
        ] {
            assert!(unlike_an_image(wrong).is_some(), "{wrong}");
        }
    }
}
