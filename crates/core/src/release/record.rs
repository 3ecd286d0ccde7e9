//! The record: the app's durable state, one ConfigMap. It holds only what cannot be read off other
//! objects, and it is the lock as well: one compare-and-swap covers both.

mod finished;
mod read;
mod release;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Names, Settings};
use crate::model::{APP_LABEL, MANAGED_BY, MANAGER};
use crate::route::{Label, RouteKind};
pub use finished::{Ending, Finished, HISTORY, ReleaseOutcome};
pub use release::{Approval, Before, Confirmed, GateKind, GateState, Observed, Release};

/// The key of the ConfigMap's data that holds the record.
pub const RECORD_KEY: &str = "record";
/// No release gets as far: whatever is more is somebody's edit.
pub const LAST_NUMBER: u64 = u64::MAX / 2;
/// The form of the record of an app that Ingresses lead to, as 0.1.0 reads it, which knows no other route.
const FORM: u32 = 1;
/// That of an app whose route is a Service: whoever would take it for another leaves it alone.
const FORM_WITH_ROUTE: u32 = 2;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    form: u32,
    /// The live Service's name.
    pub service: String,
    /// What leads people to the app. 0.1.0 knew Ingresses alone.
    #[serde(default, skip_serializing_if = "RouteKind::is_ingress")]
    pub route: RouteKind,
    pub label: Label,
    /// The number of the last release that was started.
    pub number: u64,
    /// Raised by every driver that takes over from one which did not answer.
    pub epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    /// What `init` was given for the releases to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// The host under which our own Ingress shows the candidate to people outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_host: Option<String>,
    /// The Secret of its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_tls_secret: Option<String>,
    /// Which controller serves the class of the app's Ingresses, as it was read when a release began last:
    /// whoever goes on with it, or goes back, does not ask again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controllers: BTreeMap<String, String>,
    /// The last finished releases, oldest first.
    #[serde(default)]
    pub history: Vec<Finished>,
}

/// The process that now advances the release.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    pub id: String,
    /// `user@host (pid)`, for people.
    pub holder: String,
    pub since: Timestamp,
    pub seen: Timestamp,
    /// Counts the driver's writes to the record: it grows while the driver lives.
    pub writes: u64,
}

/// Asks the driver for a sign of life.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Challenge {
    pub by: String,
    pub at: Timestamp,
}

impl Record {
    /// A record's beginning. Where there was one before, its numbers go on: what it wrote still
    /// bears them.
    pub fn new(service: String, label: Label, number: u64, epoch: u64) -> Record {
        Record {
            form: FORM,
            service,
            route: RouteKind::default(),
            label,
            number,
            epoch,
            driver: None,
            challenge: None,
            release: None,
            settings: None,
            preview_host: None,
            preview_tls_secret: None,
            controllers: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    /// What leads people to the app from now on.
    pub fn lead_by(&mut self, route: RouteKind) {
        self.route = route;
        self.form = match route {
            RouteKind::Ingress => FORM,
            RouteKind::Service => FORM_WITH_ROUTE,
        };
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("a record is plain data")
    }

    /// The ConfigMap of a record that was not there before.
    pub fn config_map(&self, names: &Names) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": names.record().name,
                "namespace": names.namespace,
                "labels": {MANAGED_BY: MANAGER, APP_LABEL: names.app},
            },
            "data": {RECORD_KEY: self.text()},
        })
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
