//! What a command wants.

use std::str::FromStr;

use serde_json::Value;

use super::{Expected, Settings};

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
    pub expected: Expected,
    /// What later deploys go by; absent, what is recorded stays.
    pub settings: Option<Settings>,
    /// Absent, what is recorded stays.
    pub preview_host: Option<PreviewHost>,
    /// Whether a candidate may be without a NetworkPolicy that the live pods have.
    pub allow_policy_gap: bool,
}

/// Whether the candidate can be seen from outside, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PreviewHost {
    None,
    At(String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Deploy {
    pub change: Change,
    pub gate: Gate,
    pub detach: bool,
    /// Gives up an unfinished release of another version first.
    pub replace: bool,
    /// What it does not say is as `init` recorded it, or by default.
    pub settings: Settings,
    pub expected: Expected,
    /// Whether the candidate may be without a NetworkPolicy that the live pods have.
    pub allow_policy_gap: bool,
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
        if image.is_empty() || image.contains(char::is_whitespace) || image.contains('=') {
            return Err(format!("{image:?} is not the name of an image"));
        }
        if container.as_deref() == Some("") {
            return Err("the name before = is empty".to_owned());
        }
        Ok(ImageChange { container, image: image.to_owned() })
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
        for wrong in ["", "parrot=", "=a", "a b", "parrot=a=b", "parrot=a\tb"] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
