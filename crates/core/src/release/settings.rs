//! The numbers that a release goes by: from the command line or a file, as `init` recorded them, or
//! by default.

use serde::{Deserialize, Serialize};

use crate::route::{RouteKind, SECONDS_FOR_THE_NODES};

pub use crate::route::SECONDS_AFTER_A_SWITCH as SETTLE_SECONDS;

/// The time between two questions to the gate.
pub const INTERVAL_SECONDS: u64 = 10;
/// So many answers in a row that are not a yes destroy the candidate.
pub const THRESHOLD: u64 = 60;
/// How long a candidate may take to be ready.
pub const TIMEOUT_SECONDS: u64 = 600;
/// How long the old version is kept after the switch.
pub const DRAIN_SECONDS: u64 = 30;

/// What somebody said, in one place; the rest is for others to say. Nothing in it is secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bake_seconds: Option<u64>,
    /// The old version is not put away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_old: Option<bool>,
    /// No gate, unless somebody names one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
}

impl Settings {
    /// The same, and what it does not say as the other has it.
    pub fn or(self, other: Settings) -> Settings {
        Settings {
            interval_seconds: self.interval_seconds.or(other.interval_seconds),
            threshold: self.threshold.or(other.threshold),
            deadline_seconds: self.deadline_seconds.or(other.deadline_seconds),
            timeout_seconds: self.timeout_seconds.or(other.timeout_seconds),
            drain_seconds: self.drain_seconds.or(other.drain_seconds),
            settle_seconds: self.settle_seconds.or(other.settle_seconds),
            bake_seconds: self.bake_seconds.or(other.bake_seconds),
            keep_old: self.keep_old.or(other.keep_old),
            skip: self.skip || other.skip,
        }
    }

    pub fn interval(&self) -> u64 {
        self.interval_seconds.unwrap_or(INTERVAL_SECONDS)
    }

    pub fn threshold(&self) -> u64 {
        self.threshold.unwrap_or(THRESHOLD)
    }

    pub fn timeout(&self) -> u64 {
        self.timeout_seconds.unwrap_or(TIMEOUT_SECONDS)
    }

    pub fn drain(&self) -> u64 {
        self.drain_seconds.unwrap_or(DRAIN_SECONDS)
    }

    pub fn settle(&self, route: RouteKind) -> u64 {
        self.settle_seconds.unwrap_or(match route {
            RouteKind::Ingress => SETTLE_SECONDS,
            RouteKind::Service => SECONDS_FOR_THE_NODES,
        })
    }

    pub fn bake(&self) -> u64 {
        self.bake_seconds.unwrap_or(0)
    }

    pub fn keep_old(&self) -> bool {
        self.keep_old.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_the_first_ones_that_says_it() {
        let flags = Settings { timeout_seconds: Some(1), ..Settings::default() };
        let file = Settings { timeout_seconds: Some(2), drain_seconds: Some(2), ..flags };
        let all = Settings {
            interval_seconds: Some(3),
            threshold: Some(3),
            deadline_seconds: Some(3),
            timeout_seconds: Some(3),
            drain_seconds: Some(3),
            settle_seconds: Some(3),
            bake_seconds: Some(3),
            keep_old: Some(true),
            skip: true,
        };
        let settled = flags.or(file).or(all);
        assert_eq!(settled, Settings { timeout_seconds: Some(1), drain_seconds: Some(2), ..all });
        assert_eq!(Settings::default().or(all), all);
        assert_eq!(all.or(Settings::default()), all);
        let never = Settings { keep_old: Some(false), ..Settings::default() };
        assert!(!never.or(all).keep_old(), "a no is a word, too");
    }

    #[test]
    fn what_nobody_says_is_the_default() {
        let nothing = Settings::default();
        let numbers = [nothing.interval(), nothing.threshold(), nothing.timeout(), nothing.drain()];
        assert_eq!(numbers, [10, 60, 600, 30]);
        assert_eq!(serde_json::to_string(&nothing).unwrap(), "{}");
    }
}
